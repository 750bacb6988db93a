"""The HTML edition of the series: an index, and a page a notebook, readable with no network.

nbconvert's own pages fetch MathJax and other scripts when they are opened. These pages hold no
script at all, but for the explorer's, which has a page of its own: formulas are written as MathML,
which browsers show by themselves. Their looks are in `tools/templates/`.
"""

import os
import posixpath
import re
import struct
from base64 import b64decode
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, pass_context
from jinja2.runtime import Context
from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from tools.web_explorer import embed_explorer

TEMPLATES = Path(__file__).parent / "templates"
COVER_TAG = "cover"  # of the cell whose picture stands for its notebook in the index
SOLUTIONS = "_solutions"  # how the name of a chapter's solutions ends


def read_template(name: str) -> str:
    """Return the text of a file in `tools/templates/`."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def read_style(name: str) -> str:
    """Return a style sheet of `tools/templates/`, with the colours of code before it."""
    return read_template("code.css") + read_template(name)


class MathmlRenderer(IPythonRenderer):
    """Markdown to HTML with formulas as MathML."""

    def inline_math(self, body: str) -> str:
        """Return a formula within a line."""
        return convert(body, display="inline")

    def block_math(self, body: str) -> str:
        """Return a formula on a line of its own."""
        return convert(body, display="block")

    def latex_environment(self, name: str, body: str) -> str:
        r"""Return a formula written as \begin{name} ... \end{name}."""
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")


class OfflineExporter(HTMLExporter):
    """nbconvert's HTML in a template of ours: nothing is fetched, formulas are MathML.

    The text alternative of a picture is the sentence under `alt` in the metadata of the cell that
    drew it; the template writes it.

    Args:
        template: a file in `tools/templates/`.
        options: more settings of nbconvert's exporter.
    """

    def __init__(self, template: str, **options: Any) -> None:
        super().__init__(
            template_file=template,
            extra_template_paths=[str(TEMPLATES)],
            embed_images=True,
            exclude_input_prompt=True,
            exclude_output_prompt=True,
            **options,
        )
        self.register_filter("png_size", png_size)

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Return a text cell as HTML."""
        renderer = MathmlRenderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            embed_images=self.embed_images,
            path=context["resources"]["metadata"]["path"],
            exclude_anchor_links=self.exclude_anchor_links,
        )
        return MarkdownWithMath(renderer=renderer).render(source)


def png_size(picture: str) -> tuple[int, int]:
    """Return the width and the height in pixels of a PNG file, given in base64."""
    width, height = struct.unpack(">II", b64decode(picture[:32])[16:24])
    return width, height


def opening(notebook: NotebookNode) -> str:
    """Return the source of a notebook's first text cell."""
    return next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")


def heading_and_question(notebook: NotebookNode) -> tuple[str, str]:
    """Return the first heading of a notebook and the sentence that follows it, as plain text."""
    blocks = [b.strip() for b in re.split(r"\n\s*\n", opening(notebook).strip(), maxsplit=2)]
    heading, _, rest = blocks[0].partition("\n")
    question = rest or (blocks[1] if len(blocks) > 1 else "")
    unlabelled = re.sub(r"^\*\*[^*]+[.:]\*\*", "", question.strip())  # **The question.**
    return plain_text(heading.lstrip("# ")), plain_text(unlabelled)


def duration(notebook: NotebookNode) -> str:
    """Return the sentence in which a notebook says how long it takes, or nothing."""
    sentence = re.search(r"\bIt takes [^.]+\.", opening(notebook))
    return sentence[0] if sentence else ""


def plain_text(markdown: str) -> str:
    """Return a line of Markdown without its emphasis and links, on one line."""
    unlinked = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown)
    return " ".join(re.sub(r"[*_`]", "", unlinked).split())


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


def relink(html: str, names: Collection[str], way_to_source: str) -> str:
    """Point a page's relative links at other pages, or at the files beside the notebooks.

    Args:
        html: the page.
        names: the notebooks that have a page.
        way_to_source: the relative path from the page's folder to the notebooks' folder.
    """

    def replace(match: re.Match[str]) -> str:
        path, mark, fragment = match[2].partition("#")
        name = posixpath.basename(path).removesuffix(".ipynb")
        beside = posixpath.normpath(f"{way_to_source}/{path}")
        path = f"{name}.html" if name in names else beside
        return f'{match[1]}{path}{mark}{fragment}"'

    is_relative = r"(?![a-z]+:|#|/|[^\"]*\.html\")"
    return re.sub(rf'(<a [^>]*?href="){is_relative}([^"]+)"', replace, html)


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
        folder: where the pages go; it exists.
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
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    index = folder / "index.html"
    index.write_text(index_page(notebooks, data), encoding="utf-8")
    return index
