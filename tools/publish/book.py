"""The HTML edition of the series: an index, and a page a notebook, readable with no network.

The pages hold no script at all, but for the explorer's, which has a page of its own.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from nbformat import NotebookNode

from tools.commands import write_whole
from tools.publish.export import (
    TEMPLATES,
    OfflineExporter,
    heading_and_question,
    opening,
    read_style,
    relink,
)
from tools.publish.playground_page import embed_explorer

COVER_TAG = "cover"  # of the cell whose picture stands for its notebook in the index
SOLUTIONS = "_solutions"  # how the name of a chapter's solutions ends


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


def page_links(titles: Mapping[str, str], name: str) -> Iterator[dict[str, str]]:
    """Yield a page's links: to the chapter before, the index, its solutions, the chapter after.

    Args:
        titles: the heading of each page, by name, in order.
        name: the page. If it holds solutions, the chapter before is the one they belong to.
    """
    names = [each for each in titles if each == name or not each.endswith(SOLUTIONS)]
    short = {each: title.partition(":")[0] for each, title in titles.items()}
    place = names.index(name)
    if place > 0:
        before = names[place - 1]
        yield {"href": f"{before}.html", "text": f"← {short[before]}", "rel": "prev"}
    yield {"href": "index.html", "text": "All notebooks"}
    if (solutions := name + SOLUTIONS) in titles:
        yield {"href": f"{solutions}.html", "text": "Solutions"}
    if place + 1 < len(names):
        after = names[place + 1]
        yield {"href": f"{after}.html", "text": f"{short[after]} →", "rel": "next"}


def contents(html: str) -> str:
    """Return the table of contents of a page: links to its sections, folded."""
    sections = re.findall(r'<h2 id="([^"]+)">(.*?)<a class="anchor-link"', html)
    if not sections:
        return ""
    links = "\n".join(f'<li><a href="#{anchor}">{text}</a></li>' for anchor, text in sections)
    return f"<details>\n<summary>On this page</summary>\n<ul>\n{links}\n</ul>\n</details>"


def index_page(notebooks: Mapping[str, NotebookNode], data: list[str]) -> str:
    """Return the index: a picture, the question and the minutes of each chapter.

    Args:
        notebooks: executed notebooks by name, in order. Solutions stand beside their chapter.
        data: the lines that say what data the notebooks used.
    """
    entries = []
    for name, notebook in notebooks.items():
        if name.endswith(SOLUTIONS) and name.removesuffix(SOLUTIONS) in notebooks:
            continue
        title, question = heading_and_question(notebook)
        solutions = name + SOLUTIONS
        entries.append(
            {
                "name": name,
                "title": title,
                "question": question,
                "duration": duration(notebook),
                "cover": cover(notebook),
                "solutions": solutions if solutions in notebooks else None,
            }
        )
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    return environment.get_template("index.html.j2").render(
        entries=entries, data=" / ".join(data), style=read_style("book.css")
    )


def write_edition(
    notebooks: Mapping[str, NotebookNode], folder: Path, source: Path, data: list[str]
) -> Path:
    """Write a page for each notebook, and an index.

    Args:
        notebooks: executed notebooks by name, in order.
        folder: where the pages go.
        source: the folder that the notebooks came from, which their relative links start at.
        data: the lines that say what data the notebooks used.

    Returns:
        The path of the index.
    """
    exporter = OfflineExporter("page.html.j2")
    titles = {name: heading_and_question(notebook)[0] for name, notebook in notebooks.items()}
    way_to_source = Path(os.path.relpath(source, folder)).as_posix()
    for name, notebook in notebooks.items():
        resources = {
            "metadata": {"name": titles[name], "path": str(source)},
            "links": list(page_links(titles, name)),
            "style": read_style("book.css"),
        }
        html, _ = exporter.from_notebook_node(embed_explorer(notebook, folder), resources)
        html = relink(html, titles, way_to_source).replace("<!-- contents -->", contents(html))
        write_whole(folder / f"{name}.html", html)
    index = folder / "index.html"
    write_whole(index, index_page(notebooks, data))
    return index
