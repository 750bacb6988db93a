"""A notebook as HTML that needs no network, for the book and the slides.

nbconvert's own pages fetch MathJax and other scripts when they are opened. Here formulas are
MathML, which browsers show by themselves. The looks are in `templates/`.
"""

import posixpath
import re
import struct
from base64 import b64decode
from collections.abc import Collection
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"


def read_style(name: str) -> str:
    """Return a style sheet of `templates/`, after what pages and slides have in common."""
    names = ("code.css", "print.css", name)
    return "".join((TEMPLATES / each).read_text(encoding="utf-8") for each in names)


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
        template: a file in `templates/`.
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


FOLDED_TEXT = re.compile(r"<details>\n<summary>.*</summary>\n\n(.*)\n\n</details>", re.DOTALL)


def unfold_texts(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook whose text cells are not folded each by itself, as Jupyter shows them."""
    cells = []
    for cell in notebook.cells:
        folded = cell.cell_type == "markdown" and FOLDED_TEXT.fullmatch(cell.source)
        cells.append(NotebookNode(cell, source=folded[1]) if folded else cell)
    return NotebookNode(notebook, cells=cells)


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


def plain_text(markdown: str) -> str:
    """Return a line of Markdown without its emphasis and links, on one line."""
    unlinked = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown)
    return " ".join(re.sub(r"[*_`]", "", unlinked).split())


def relink(html: str, names: Collection[str], way_to_source: str) -> str:
    """Point a page's relative links at other pages, or at the files beside the notebooks.

    Args:
        html: the page.
        names: the notebooks that have a page.
        way_to_source: the relative path from the page's folder to the notebooks' folder, or the
            address of that.
    """
    scheme, mark_of_scheme, folder = way_to_source.rpartition("//")

    def replace(match: re.Match[str]) -> str:
        path, mark, fragment = match[2].partition("#")
        name = posixpath.basename(path).removesuffix(".ipynb")
        beside = scheme + mark_of_scheme + posixpath.normpath(f"{folder}/{path}")
        path = f"{name}.html" if name in names else beside
        return f'{match[1]}{path}{mark}{fragment}"'

    is_relative = r"(?![a-z]+:|#|/|[^\"]*\.html[\"#])"
    return re.sub(rf'(<a [^>]*?href="){is_relative}([^"]+)"', replace, html)
