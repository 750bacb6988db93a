"""The book as one PDF, and the slides of each chapter, from the outputs that the notebooks hold.

    python -m tools.publish.pdf    write build/pdf/; nothing is executed; needs Chromium

Chromium prints what it would show. The pages of the book are joined into one first, so that links
between chapters lead to pages of the same PDF, and its outline holds all chapters and sections.
"""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from tools.commands import BUILD, ROOT, write_whole
from tools.measure.browser import launch_chromium
from tools.notebooks import data_line, select_notebooks
from tools.publish.book import write_edition
from tools.publish.navigation import SOLUTIONS
from tools.publish.slides import write_slides
from tools.publish.stamp import read_stamp

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGE_NUMBER = """<div style="width: 100%; text-align: center; font: 9px system-ui, sans-serif">
<span class="pageNumber"></span></div>"""
BOOK: dict[str, Any] = {
    "format": "A4",
    "margin": {"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"},
    "display_header_footer": True,
    "header_template": "<span></span>",
    "footer_template": PAGE_NUMBER,
}
SLIDES: dict[str, Any] = {
    "prefer_css_page_size": True
}  # their style sheet says how large a slide is
UNLINK_FILES = """() => document.querySelectorAll('a[href]').forEach((link) => {
    if (!/^(#|https?:)/.test(link.getAttribute('href'))) link.removeAttribute('href');
})"""
ATTRIBUTE = re.compile(r' (id|href)="([^"]*)"')


def join_pages(pages: Mapping[str, str]) -> str:
    """Return one page that holds the texts of several, with the links between them within it.

    Args:
        pages: the HTML of each page by name, in the order of reading. The first one's head is that
            of all.
    """
    head = next(iter(pages.values())).partition("</head>")[0]
    texts = ""
    for name, page in pages.items():
        text = move_links(name, page, pages)
        texts += f'<section class="chapter" id="{name}" data-page="{name}">{text}</section>\n'
    return f"{head}</head>\n<body>\n{texts}</body>\n</html>\n"


def move_links(name: str, page: str, pages: Mapping[str, str]) -> str:
    """Return a page's text as a part of a larger one: anchors named after it, links within that."""

    def replace(found: re.Match[str]) -> str:
        kind, value = found.groups()
        if kind == "id":
            return f' id="{name}/{value}"'
        path, _, anchor = value.partition("#")
        target = path.removesuffix(".html") or name
        if target not in pages:
            return found[0]
        return f' href="#{target}/{anchor}"' if anchor else f' href="#{target}"'

    text = page.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    return re.sub(r"<[^>]+>", lambda tag: ATTRIBUTE.sub(replace, tag[0]), text)


def print_page(browser: "Browser", page_file: Path, target: Path, options: dict[str, Any]) -> None:
    """Print a page, with its headings as the outline, and without its links to files.

    A PDF is read without the files that lie beside the page.

    Args:
        browser: Chromium.
        page_file: the page.
        target: the PDF.
        options: how it is printed: arguments of playwright's `Page.pdf`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.evaluate(UNLINK_FILES)
    page.pdf(path=target, outline=True, tagged=True, print_background=True, **options)
    page.close()


def write_book(folder: Path) -> Path:
    """Write the book, as one web page, into a folder: chapters, solutions, glossary."""
    source = ROOT / "notebooks"
    found = {p.stem: nbformat.read(p, as_version=4) for p in select_notebooks(source, ["*"])}
    data = sorted({line for notebook in found.values() if (line := data_line(notebook))})
    write_edition(found, folder, source, data, read_stamp(ROOT))
    chapters = sorted(found, key=lambda name: (name.endswith(SOLUTIONS), name))
    names = ["index", *chapters, "glossary"]
    pages = {name: (folder / f"{name}.html").read_text(encoding="utf-8") for name in names}
    book = folder / "book.html"
    write_whole(book, join_pages(pages))
    return book


def main() -> None:
    """Write the PDFs."""
    from playwright.sync_api import sync_playwright

    folder = BUILD / "pdf"
    chapters = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        jobs = [(write_book(Path(place) / "book"), folder / "autoencoders.pdf", BOOK)]
        for page_file in write_slides(chapters, Path(place) / "slides"):
            jobs.append((page_file, folder / "slides" / f"{page_file.stem}.pdf", SLIDES))
        for page_file, target, options in jobs:
            print_page(browser, page_file, target, options)
            print(f"{target} ({target.stat().st_size / 1e6:.1f} MB)", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
