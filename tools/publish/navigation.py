"""How readers find their way through the book: its sidebar, the links of a page, its search."""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping

from jinja2 import Environment, FileSystemLoader

from tools.publish.export import TEMPLATES
from tools.publish.stamp import places_to_open

SOLUTIONS = "_solutions"  # how the name of a chapter's solutions ends
SECTION = re.compile(r'<h2 id="([^"]+)">(.*?)<a class="anchor-link".*?</h2>', re.DOTALL)
UNREAD = re.compile(r'<(style|iframe)\b.*?</\1>|<a class="anchor-link".*?</a>', re.DOTALL)
WITHIN_A_LINE = re.compile(r"</?(?:a|em|strong|code|span|math|m[a-z]+)\b[^>]*>")


def render(template: str, **values: object) -> str:
    """Return a template of `templates/` filled in."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    return environment.get_template(template).render(values)


def shorten(title: str) -> str:
    """Return the part of a chapter's title before its colon."""
    return title.partition(":")[0]


def list_chapters(titles: Mapping[str, str]) -> list[str]:
    """Return the names of the pages, but for solutions that stand beside their chapter."""
    return [name for name in titles if name.removesuffix(SOLUTIONS) not in {*titles} - {name}]


def page_links(titles: Mapping[str, str], name: str) -> Iterator[dict[str, str]]:
    """Yield a page's links: to the chapter before, the index, its solutions, the chapter after.

    Args:
        titles: the heading of each page, by name, in order.
        name: the page. If it holds solutions, the chapter before is the one they belong to.
    """
    names = [each for each in titles if each == name or not each.endswith(SOLUTIONS)]
    place = names.index(name)
    if place > 0:
        before = names[place - 1]
        yield {"href": f"{before}.html", "text": f"← {shorten(titles[before])}", "rel": "prev"}
    yield {"href": "index.html", "text": "All notebooks"}
    if (solutions := name + SOLUTIONS) in titles:
        yield {"href": f"{solutions}.html", "text": "Solutions"}
    if place + 1 < len(names):
        after = names[place + 1]
        yield {"href": f"{after}.html", "text": f"{shorten(titles[after])} →", "rel": "next"}


def notebook_links(name: str, folder: str, stamp: tuple[str, str]) -> Iterator[dict[str, str]]:
    """Yield the links to a page's notebook, and to where it runs once its address is public.

    Args:
        name: the page.
        folder: the way to `notebooks/`, or the address of it.
        stamp: the address and the tag of the repository, or '' and ''.
    """
    path = f"solutions/{name}.ipynb" if name.endswith(SOLUTIONS) else f"{name}.ipynb"
    yield {"href": f"{folder}/{path}", "text": "The notebook"}
    if stamp[0]:
        places = places_to_open(*stamp)
        for place in ("Colab", "Binder"):
            yield {"href": places[place].format(path), "text": f"Run on {place}"}


def make_sidebar(
    titles: Mapping[str, str], name: str, page: str = "", links: Iterable[dict[str, str]] = ()
) -> str:
    """Return the sidebar of a page: all chapters, and the sections of this one.

    Args:
        titles: the heading of each page, by name, in order.
        name: the page.
        page: its HTML.
        links: those to its notebook.
    """
    chapters = {each: shorten(titles[each]) for each in list_chapters(titles)}
    return render(
        "sidebar.html.j2",
        chapters={"index": "All notebooks", **chapters, "glossary": "Glossary"},
        solutions={each + SOLUTIONS for each in chapters if each + SOLUTIONS in titles},
        here=name if name in chapters else name.removesuffix(SOLUTIONS),
        present=name,
        sections=[(anchor, read(heading)) for anchor, heading in SECTION.findall(page)],
        notebook_links=list(links),
    )


def read(page: str) -> str:
    """Return the text of some HTML, on one line."""
    joined = WITHIN_A_LINE.sub("", UNREAD.sub("", page))
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", joined)).split())


def read_sections(name: str, page: str) -> Iterator[dict[str, str | list[str]]]:
    """Yield what the search knows of each section: address, headings, text, terms in bold."""
    main = page.partition("<main")[2].partition("</main>")[0].partition(">")[2]
    title = read(re.findall("<h1.*?</h1>", main, re.DOTALL)[0])
    opening, *parts = SECTION.split(main)
    sections = [("", "", opening), *zip(parts[::3], parts[1::3], parts[2::3], strict=True)]
    for anchor, heading, text in sections:
        bold = map(read, re.findall("<strong>(.*?)</strong>", text, re.DOTALL))
        yield {
            "page": f"{name}.html" + (f"#{html.unescape(anchor)}" if anchor else ""),
            "chapter": shorten(title),
            "section": read(heading),
            "text": read(text),
            "terms": sorted({term.strip(".:?").lower() for term in bold}),
        }


def write_search(pages: Mapping[str, str]) -> str:
    """Return the script that tells the search all sections of the book.

    It is a script and not data, since a page that was opened from a disk may load no data.

    Args:
        pages: the HTML of each page by name, in the order of reading.
    """
    sections = [section for name, page in pages.items() for section in read_sections(name, page)]
    return f"globalThis.bookSections = {json.dumps(sections, ensure_ascii=False, indent=0)};\n"
