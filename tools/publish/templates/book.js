// What the pages of the book can do beyond being read: search the series, copy code. A classic
// script, since browsers load no module from a disk.
"use strict";
(() => {
  const MOST = 12; // results shown
  const AROUND = 70; // characters of a snippet before the word found, and twice as many after it

  // Search.

  const form = document.querySelector(".search");
  const [field, status, list] = ["input", "p", "ol"].map((name) => form.querySelector(name));
  let sections = null; // [{ page, chapter, section, text, terms }], once somebody searches

  const loadSections = () =>
    new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = "search.js";
      script.onload = () => resolve(globalThis.bookSections);
      document.head.append(script);
    });

  // Letters and digits, with what stands between them: k-NN, x_hat, z.
  const WORDS = /[\p{L}\p{N}](?:\S*[\p{L}\p{N}])?/gu;

  // Where a text has a word, or one that begins with it.
  const makePattern = (word) => {
    const literal = word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
    return new RegExp(`(?<![\\p{L}\\p{N}])${literal}`, "giu");
  };

  const count = (text, pattern) => (text.match(pattern) ?? []).length;

  // How well a section answers the words, 0 if it lacks one. A word counts most in the heading; in
  // the text each further time counts less. A section whose heading or bold term is the very query
  // explains it.
  const rate = ({ chapter, section, text, terms }, query, patterns) => {
    const heading = section || chapter;
    const parts = patterns.map((pattern) => {
      const found = count(text, pattern) + count(chapter, pattern) + count(heading, pattern);
      return found && Math.log1p(found) + 3 * count(heading, pattern);
    });
    if (!parts.every(Boolean)) return 0;
    const explained = heading.toLowerCase() === query ? 20 : terms.includes(query) ? 10 : 0;
    return parts.reduce((sum, part) => sum + part, explained);
  };

  const search = (typed) => {
    const query = typed.trim().toLowerCase();
    const patterns = (query.match(WORDS) ?? []).map(makePattern);
    const rated = sections.map((each) => [patterns.length && rate(each, query, patterns), each]);
    const found = rated.filter(([rating]) => rating > 0).sort(([a], [b]) => b - a);
    return { found: found.map(([, each]) => each), patterns };
  };

  const makeElement = (name, text) => Object.assign(document.createElement(name), {
    textContent: text,
  });

  // The text around the first word, if it has it, that word marked; else how the text begins.
  const makeSnippet = (text, patterns) => {
    const snippet = document.createElement("small");
    const place = Math.max(0, text.search(patterns[0]));
    const from = place > AROUND ? text.indexOf(" ", place - AROUND) + 1 : 0;
    const [word] = text.slice(place).match(patterns[0]) ?? [];
    const after = text.slice(place + (word ?? "").length, place + 2 * AROUND);
    const marked = word ? makeElement("mark", word) : "";
    snippet.append(from ? "… " : "", text.slice(from, place), marked, after, "…");
    return snippet;
  };

  const makeResult = ({ page, chapter, section, text }, patterns) => {
    const link = makeElement("a", section ? `${chapter}: ${section}` : chapter);
    link.href = page;
    link.append(makeSnippet(text, patterns));
    const item = document.createElement("li");
    item.append(link);
    return item;
  };

  const showResults = async () => {
    sections ??= await loadSections();
    const { found, patterns } = search(field.value);
    list.replaceChildren(...found.slice(0, MOST).map((each) => makeResult(each, patterns)));
    const more = found.length > MOST ? `, the first ${MOST} shown` : "";
    status.textContent = patterns.length ? `Sections found: ${found.length}${more}` : "";
  };

  // Up and down go from the field through the results, Escape from a result back to the field.
  const moveFocus = (event) => {
    const stops = [field, ...list.querySelectorAll("a")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const place = stops.indexOf(document.activeElement);
    if (step && stops[place + step]) stops[place + step].focus();
    else if (event.key === "Escape" && place > 0) field.focus();
    else return;
    event.preventDefault();
  };

  const openFirst = (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
  };

  // Code.

  const copy = async (code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch { // a browser that has no clipboard for a page from a disk
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
  };

  const addCopyButton = (block) => {
    const button = makeElement("button", "Copy");
    button.type = "button";
    button.className = "copy";
    button.onclick = async () => {
      await copy(block.querySelector("pre"));
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    };
    block.append(button);
  };

  form.hidden = false;
  field.addEventListener("input", showResults);
  form.addEventListener("keydown", moveFocus);
  form.addEventListener("submit", openFirst);
  document.querySelectorAll(".highlight").forEach(addCopyButton);
  // Beside the text there is room for all of it.
  document.querySelector(".contents").open = matchMedia("(min-width: 72rem)").matches;
})();
