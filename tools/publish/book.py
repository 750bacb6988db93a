"""The HTML edition of the series: an index, a page a notebook and a glossary, with no network.

Every page can be read without a script. The one that all pages share, `templates/book.js`, adds the
search and copies code.
"""

import html
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from tools.commands import ROOT, write_whole
from tools.publish.export import (
    TEMPLATES,
    OfflineExporter,
    heading_and_question,
    opening,
    read_style,
    relink,
    unfold_texts,
)
from tools.publish.navigation import (
    SOLUTIONS,
    list_chapters,
    make_sidebar,
    notebook_links,
    page_links,
    render,
    write_search,
)
from tools.publish.playground_page import embed_explorer, write_beside

COVER_TAG = "cover"  # of the cell whose picture stands for its notebook in the index
GLOSSARY = ROOT / "notebooks" / "glossary.md"


def duration(notebook: NotebookNode) -> str:
    """Return the sentence in which a notebook says how long it takes, or nothing."""
    sentence = re.search(r"\bIt takes [^.]+\.", opening(notebook))
    return sentence[0] if sentence else ""


def cover(notebook: NotebookNode) -> dict[str, str] | None:
    """Return the picture that stands for a notebook, `png` in base64 with its `alt` text.

    It is the first of the cell that is tagged as the cover, or else of the notebook.
    """

    def is_other(cell: NotebookNode) -> bool:
        return COVER_TAG not in cell.metadata.get("tags", [])

    for cell in sorted(notebook.cells, key=is_other):
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                return {"png": picture, "alt": cell.metadata.get("alt", "")}
    return None


def index_page(notebooks: Mapping[str, NotebookNode], data: list[str]) -> str:
    """Return the index: a picture, the question and the minutes of each chapter.

    Args:
        notebooks: executed notebooks by name, in order. Solutions stand beside their chapter.
        data: the lines that say what data the notebooks used.
    """
    titles = {name: heading_and_question(notebook)[0] for name, notebook in notebooks.items()}
    entries = []
    for name in list_chapters(titles):
        title, question = heading_and_question(notebooks[name])
        solutions = name + SOLUTIONS
        entries.append(
            {
                "name": name,
                "title": title,
                "question": question,
                "duration": duration(notebooks[name]),
                "cover": cover(notebooks[name]),
                "solutions": solutions if solutions in notebooks else None,
            }
        )
    return render(
        "index.html.j2",
        entries=entries,
        data=" / ".join(data),
        style=read_style("book.css"),
        sidebar=make_sidebar(titles, "index"),
    )


def read_glossary(names: Collection[str]) -> NotebookNode:
    """Return the glossary as a notebook of one text, its links to missing chapters taken out.

    Args:
        names: the chapters that have a page.
    """

    def replace(link: re.Match[str]) -> str:
        return link[0] if link[2] in names else link[1]

    text = GLOSSARY.read_text(encoding="utf-8")
    linked = re.sub(r"\[([^]]+)\]\((\w+)\.ipynb[^)]*\)", replace, text)
    return new_notebook(cells=[new_markdown_cell(linked)])


def link_terms(page: str, glossary: str) -> str:
    """Let the first time that a page stresses a term of the glossary lead to it.

    Args:
        page: the HTML of a chapter.
        glossary: the HTML of the glossary.
    """
    anchors = {
        html.unescape(term).lower(): term for term in re.findall('<h2 id="([^"]+)"', glossary)
    }
    linked = set[str]()

    def replace(words: re.Match[str]) -> str:
        term = html.unescape(words[2]).rstrip(".").replace(" ", "-").lower()
        anchor = anchors.get(term) or anchors.get(term.removesuffix("s"))
        if not anchor or anchor in linked:
            return words[0]
        linked.add(anchor)
        return f'<a class="term" href="glossary.html#{anchor}">{words[0]}</a>'

    return re.sub(r"<(strong|em)>([^<]+)</\1>", replace, page)


def find_way(source: Path, folder: Path, stamp: tuple[str, str]) -> str:
    """Return the way from a folder of pages to the notebooks, or their address if there is one."""
    if stamp[0]:
        return "{}/blob/{}/notebooks".format(*stamp)
    return Path(os.path.relpath(source, folder)).as_posix()


def write_edition(
    notebooks: Mapping[str, NotebookNode],
    folder: Path,
    source: Path,
    data: list[str],
    stamp: tuple[str, str] = ("", ""),
) -> Path:
    """Write a page for each notebook, the glossary, an index, and what the search knows.

    Args:
        notebooks: executed notebooks by name, in order.
        folder: where the pages go.
        source: the folder that the notebooks came from, which their relative links start at.
        data: the lines that say what data the notebooks used.
        stamp: the public address and the tag that links to sources then lead to, or '' and ''.

    Returns:
        The path of the index.
    """
    exporter = OfflineExporter("page.html.j2")
    titles = {name: heading_and_question(notebook)[0] for name, notebook in notebooks.items()}
    way = find_way(source, folder, stamp)
    pages = {}
    for name, notebook in {**notebooks, "glossary": read_glossary(titles)}.items():
        resources = {
            "metadata": {"name": titles.get(name, "Glossary"), "path": str(source)},
            "links": list(page_links(titles, name)),
            "page": name,
            "style": read_style("book.css"),
        }
        text, _ = exporter.from_notebook_node(embed_explorer(unfold_texts(notebook)), resources)
        links = notebook_links(name, way, stamp) if name in titles else ()
        sidebar = make_sidebar(titles, name, text, links)
        pages[name] = relink(text, titles, way).replace("<!-- sidebar -->", sidebar)
    for name in titles:
        pages[name] = link_terms(pages[name], pages["glossary"])
    files = {f"{name}.html": page for name, page in pages.items()}
    files["index.html"] = index_page(notebooks, data)
    files["search.js"] = write_search(pages)
    files["book.js"] = (TEMPLATES / "book.js").read_text(encoding="utf-8")
    for name, text in files.items():
        write_whole(folder / name, text)
    write_beside(pages.values(), folder)
    return folder / "index.html"
