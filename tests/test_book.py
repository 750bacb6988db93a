"""The HTML edition: its index, its pages and their links."""

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.notebooks import WIDGET_NOTE
from tools.publish.book import cover, index_page, write_edition
from tools.publish.export import heading_and_question
from tools.publish.navigation import read_sections

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
FIRST = r"""# 1. First: things

What *is* first & `why`?

It takes a second. See [the next](02_second.ipynb#end), [the code](../ae_utils/a.py).

$\hat{x} = d(z)$

## The end"""


FOLDED = "<details>\n<summary>{}</summary>\n\n{}\n\n</details>"


def draw(picture: str = DOT, **metadata: object):
    """Return a cell that has drawn a picture."""
    output = new_output("display_data", {"image/png": picture})
    return new_code_cell(outputs=[output], metadata=metadata)


def make_notebook(text: str, *code):
    """Return a notebook of a text and some code cells."""
    return new_notebook(cells=[new_markdown_cell(text), *code])


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    """The pages of a small series, by name."""
    root = tmp_path_factory.mktemp("book")
    note = new_code_cell(outputs=[new_output("display_data", {"text/plain": WIDGET_NOTE})])
    notebooks = {
        "01_first": make_notebook(FIRST, draw(alt='A "dot" <one pixel>')),
        "01_first_solutions": make_notebook("# Solutions\nHow?\n\n[Back](../01_first.ipynb)"),
        "02_second": make_notebook("# 2. Second\nWhat follows?", note),
    }
    folder = root / "build" / "html"
    write_edition(notebooks, folder, root / "notebooks", ["MNIST: 60,000"])
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_solutions_alone_are_in_the_index():
    index = index_page({"01_first_solutions": make_notebook("# A\nB?")}, [])
    assert '<a href="01_first_solutions.html">A</a>' in index


def test_index_has_an_entry_a_chapter_with_question_minutes_picture_and_solutions(pages):
    soup = BeautifulSoup(pages["index"], "html.parser")
    first, second = soup.select(".chapters > li")
    links = [(link["href"], link.text) for link in first.select("a")]
    solutions = ("01_first_solutions.html", "Solutions to the exercises")
    assert links == [("01_first.html", "1. First: things"), solutions]
    question, aside = (" ".join(text.text.split()) for text in first.select("p"))
    assert question == "What is first & why?"
    assert aside == "It takes a second. Solutions to the exercises"
    assert [picture["alt"] for picture in first.select("img")] == ['A "dot" <one pixel>']
    assert [link["href"] for link in second.select("a")] == ["02_second.html"]
    assert second.select("img") == []
    assert "MNIST: 60,000" in soup.text


def test_cover_is_the_tagged_picture_or_else_the_first():
    notebook = make_notebook("", draw("one", alt="One."), draw("two"))
    assert cover(notebook) == {"png": "one", "alt": "One."}
    notebook.cells[2].metadata.tags = ["cover"]
    assert cover(notebook) == {"png": "two", "alt": ""}
    assert cover(new_notebook()) is None


def test_pages_link_to_the_index_and_back_and_forward(pages):
    links = {
        "01_first": ['02_second.html" rel="next">2. Second →', '01_first_solutions.html">Soluti'],
        "01_first_solutions": ['01_first.html" rel="prev">← 1. ', '02_second.html" rel="next">2. '],
        "02_second": ['01_first.html" rel="prev">← 1. First'],
    }
    for name, ways in links.items():
        soup = BeautifulSoup(pages[name], "html.parser")
        before_and_after = "nav[aria-label^='Chapter before'] a"
        assert len(soup.select(before_and_after)) == 2 * (len(ways) + 1)
        for way in [*ways, 'index.html">All notebooks']:
            assert sum(str(link)[9:].startswith(way) for link in soup.select(before_and_after)) == 2


def test_contents_and_texts_lead_to_the_section_page_or_file_meant(pages):
    soup = BeautifulSoup(pages["01_first"], "html.parser")
    (link,) = soup.select(".contents li li a")
    assert link.text == "The end"
    assert soup.find(id=link["href"].removeprefix("#")).name == "h2"
    assert not BeautifulSoup(pages["02_second"], "html.parser").select(".contents li li")
    assert 'href="02_second.html#end"' in pages["01_first"]
    assert 'href="../../ae_utils/a.py"' in pages["01_first"]
    assert '<a href="01_first.html">Back</a>' in pages["01_first_solutions"]


def test_sidebar_names_chapters_glossary_and_the_present_page_and_landmarks_differ(pages):
    for name in ("index", "01_first", "01_first_solutions", "02_second", "glossary"):
        soup = BeautifulSoup(pages[name], "html.parser")
        links = [
            link["href"].removesuffix(".html") for link in soup.select(".contents > ul > li > a")
        ]
        solutions = ["01_first_solutions"] if name.startswith("01") else []
        assert links == ["index", "01_first", *solutions, "02_second", "glossary"]
        assert [link["href"] for link in soup.select("[aria-current]")] == [f"{name}.html"]
        labels = [nav["aria-label"] for nav in soup.select("nav")]
        assert len(labels) == len(set(labels))


def test_search_knows_each_section_with_its_text_and_bold_terms():
    text = "<h1>1. A: b</h1><p>Why?</p>{}<p>A <em>m</em>ap of <strong>a code</strong>.</p>"
    heading = '<h2 id="The-end">The end<a class="anchor-link" href="#">¶</a></h2>'
    opening, section = read_sections("01_a", f"<main>{text.format(heading)}</main>")
    expected = {"page": "01_a.html", "chapter": "1. A", "section": "", "text": "1. A: b Why?"}
    assert opening == {**expected, "terms": []}
    place = {"page": "01_a.html#The-end", "chapter": "1. A", "section": "The end"}
    assert section == {**place, "text": "A map of a code.", "terms": ["a code"]}


def test_stamped_pages_lead_to_the_public_files_and_to_where_they_run(tmp_path):
    first = {"01_first": make_notebook(FIRST)}
    stamp = ("https://github.com/ada/digits", "v7.0")
    write_edition(first, tmp_path, tmp_path, [], stamp)
    soup = BeautifulSoup((tmp_path / "01_first.html").read_text("utf-8"), "html.parser")
    links = [link["href"] for link in soup.select("a")]
    for place in (
        "https://github.com/ada/digits/blob/v7.0/notebooks/01_first.ipynb",
        "https://colab.research.google.com/github/ada/digits/blob/v7.0/notebooks/01_first.ipynb",
        "https://mybinder.org/v2/gh/ada/digits/v7.0?urlpath=lab/tree/notebooks/01_first.ipynb",
        "https://github.com/ada/digits/blob/v7.0/ae_utils/a.py",
    ):
        assert links.count(place) == 1


def test_glossary_is_in_order_and_its_links_lead_to_sections(edition):
    soup = BeautifulSoup((edition / "glossary.html").read_text("utf-8"), "html.parser")
    terms = [heading.contents[0] for heading in soup.select("h2")]
    assert terms == sorted(terms, key=lambda term: term.lower().replace("-", ""))
    for link in soup.select("main p a"):
        page, _, anchor = link["href"].partition("#")
        html = (edition / page).read_text("utf-8") if page else str(soup)
        assert f'<h2 id="{anchor}">' in html, link


def test_terms_of_the_glossary_are_linked_where_they_first_matter(edition):
    soup = BeautifulSoup((edition / "glossary.html").read_text("utf-8"), "html.parser")
    chapters = soup.select("main p a[href^='0'], main p a[href^='1']")
    assert len(chapters) > len(soup.select("h2")) / 2
    for chapter in chapters:
        term = chapter.find_previous("h2")["id"]
        page = (edition / chapter["href"].partition("#")[0]).read_text("utf-8")
        assert f'class="term" href="glossary.html#{term}"' in page, term


def test_pages_describe_their_pictures_and_keep_formulas_and_notes(pages):
    first = BeautifulSoup(pages["01_first"], "html.parser")
    assert first.math and r"\hat" not in pages["01_first"]
    assert [picture["alt"] for picture in first.select("img")] == ['A "dot" <one pixel>']
    assert WIDGET_NOTE in pages["02_second"]


def test_question_is_the_paragraph_after_the_heading():
    text = "# 3. Title\n\n**The question.** Which **codes** give\n[digits](x.ipynb)?\n\nMore."
    assert heading_and_question(make_notebook(text)) == ("3. Title", "Which codes give digits?")


def test_cells_with_one_fold_are_folded_together_under_its_line(tmp_path):
    def text(words: str, **metadata: str):
        return new_markdown_cell(words, metadata=metadata)

    cells = [
        text("# 1. First\nWhy?"),
        text("**Predict.** What comes?"),
        draw(fold="I have guessed", alt="A dot."),
        text(FOLDED.format("I have guessed", "It came."), fold="I have guessed"),
        text(FOLDED.format("Optional: <more>", "Now *optional*."), fold="Optional: <more>"),
        text("Go on."),
    ]
    write_edition({"01_first": new_notebook(cells=cells)}, tmp_path, tmp_path, [])
    soup = BeautifulSoup((tmp_path / "01_first.html").read_text("utf-8"), "html.parser")
    guessed, optional = soup.select("main details")
    assert [each.summary.text for each in (guessed, optional)] == [
        "I have guessed", "Optional: <more>",
    ]  # fmt: skip
    assert guessed.select("img") and "It came." in guessed.text
    assert "Now optional." in optional.text and not optional.select("details")
    assert not soup.select("details[open]") and "Go on." not in optional.text


def test_first_stressed_use_of_a_term_leads_to_the_glossary(tmp_path):
    text = "# 1. First\nWhy?\n\nA **code** and *codes*, a **k-NN accuracy.** A **thing**."
    write_edition({"01_first": make_notebook(text)}, tmp_path, tmp_path, [])
    soup = BeautifulSoup((tmp_path / "01_first.html").read_text("utf-8"), "html.parser")
    links = [(link.text, link["href"]) for link in soup.select("a.term")]
    terms = [("code", "glossary.html#Code"), ("k-NN accuracy.", "glossary.html#k-NN-accuracy")]
    assert links == terms
