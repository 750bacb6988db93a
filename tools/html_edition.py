"""The HTML edition of the series: a page a notebook, linked, readable with no network.

nbconvert's own pages fetch MathJax and other scripts when they are opened. These pages hold no
address of a script: formulas are written as MathML, which browsers show by themselves.
"""

import os
import posixpath
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path

from jinja2 import pass_context
from jinja2.runtime import Context
from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from tools.web_explorer import embed_explorer

PAGE_TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}
<style>
.jp-InputArea-editor { overflow-x: auto; }
nav { padding: 1em 0 1em 105px; }
@media (max-width: 600px) {
  .jp-InputPrompt, .jp-OutputPrompt { display: none; }
  nav { padding-left: 0; }
}
</style>
{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block body_header -%}{{ super() }}{{ resources.page_links }}{%- endblock -%}
{%- block body_footer -%}{{ resources.page_links }}{{ super() }}{%- endblock -%}
{%- block data_png scoped -%}
<div class="jp-RenderedImage jp-OutputArea-output">
<img src="data:image/png;base64,{{ output.data['image/png'] }}"
{%- if cell.metadata.alt %} alt="{{ cell.metadata.alt | escape }}"{% endif %}
{%- set width = output | get_metadata('width', 'image/png') %}
{%- if width %} width="{{ width }}"{% endif %}>
</div>
{%- endblock -%}
"""

PAGE_LINKS_START = '<nav class="jp-RenderedHTMLCommon">'

INDEX_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Autoencoders</title>
<style>
body {{ font-family: sans-serif; line-height: 1.5; max-width: 45em; margin: auto; padding: 2em; }}
li {{ list-style: none; margin: 1em 0; }}
</style>
</head>
<body>
<main>
<h1>Autoencoders</h1>
<ul>
{entries}
</ul>
<p>{data}</p>
</main>
</body>
</html>
"""


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


class PageExporter(HTMLExporter):
    """nbconvert's HTML, less its scripts from the network, plus alternative texts and page links.

    The text for a picture is the sentence under `alt` in the metadata of the cell that drew it.
    """

    def __init__(self) -> None:
        super().__init__(raw_template=PAGE_TEMPLATE, embed_images=True)

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Return a text cell as HTML."""
        renderer = MathmlRenderer(
            escape=False,
            attachments=context.get("cell", {}).get("attachments", {}),
            embed_images=self.embed_images,
            path=context["resources"]["metadata"]["path"],
            anchor_link_text=self.anchor_link_text,
        )
        return MarkdownWithMath(renderer=renderer).render(source)


def heading_and_question(notebook: NotebookNode) -> tuple[str, str]:
    """Return the first heading of a notebook and the sentence that follows it, as plain text."""
    text = next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), "")
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text.strip(), maxsplit=2)]
    heading, _, rest = blocks[0].partition("\n")
    question = rest or (blocks[1] if len(blocks) > 1 else "")
    unlabelled = re.sub(r"^\*\*[^*]+[.:]\*\*", "", question.strip())  # **The question.**
    return plain_text(heading.lstrip("# ")), plain_text(unlabelled)


def plain_text(markdown: str) -> str:
    """Return a line of Markdown without its emphasis and links, on one line."""
    unlinked = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", markdown)
    return " ".join(re.sub(r"[*_`]", "", unlinked).split())


def page_links(titles: Mapping[str, str], name: str) -> str:
    """Return the links to the chapter before a page, to the index, and to the chapter after."""
    names = [each for each in titles if each == name or not each.endswith("_solutions")]
    place = names.index(name)
    links = ['<a href="index.html">All notebooks</a>']
    if place > 0:
        before = names[place - 1]
        links.insert(0, f'<a rel="prev" href="{before}.html">← {escape(titles[before])}</a>')
    if place + 1 < len(names):
        after = names[place + 1]
        links.append(f'<a rel="next" href="{after}.html">{escape(titles[after])} →</a>')
    return f"{PAGE_LINKS_START}{' | '.join(links)}</nav>"


def relink(html: str, names: Mapping[str, str], way_to_source: str) -> str:
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
    exporter = PageExporter()
    heads = {name: heading_and_question(notebook) for name, notebook in notebooks.items()}
    titles = {name: title for name, (title, _) in heads.items()}
    way_to_source = Path(os.path.relpath(source, folder)).as_posix()
    for name, notebook in notebooks.items():
        resources = {
            "metadata": {"name": titles[name], "path": str(source)},
            "page_links": page_links(titles, name),
        }
        html, _ = exporter.from_notebook_node(embed_explorer(notebook, folder), resources)
        page = folder / f"{name}.html"
        page.write_text(relink(html, titles, way_to_source), encoding="utf-8")
    entries = "\n".join(
        f'<li><a href="{name}.html">{escape(title)}</a><br>{escape(question)}</li>'
        for name, (title, question) in heads.items()
    )
    index = folder / "index.html"
    index.write_text(
        INDEX_PAGE.format(entries=entries, data=escape(" / ".join(data))), encoding="utf-8"
    )
    return index
