"""The HTML edition: its index, its pages and their links."""

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.notebooks import WIDGET_NOTE
from tools.publish.book import cover, index_page, write_edition
from tools.publish.export import heading_and_question

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
FIRST = r"""# 1. First: things

What *is* first & `why`?

It takes a second. See [the next](02_second.ipynb#end), [the code](../ae_utils/a.py).

$\hat{x} = d(z)$

## The end"""


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
        assert len(soup.select("nav a")) == 2 * (len(ways) + 1)
        for way in [*ways, 'index.html">All notebooks']:
            assert pages[name].count(f'<a href="{way}') == 2


def test_contents_and_texts_lead_to_the_section_page_or_file_meant(pages):
    soup = BeautifulSoup(pages["01_first"], "html.parser")
    (link,) = soup.select("details a")
    assert link.text == "The end"
    assert soup.find(id=link["href"].removeprefix("#")).name == "h2"
    assert "<details>" not in pages["02_second"]
    assert 'href="02_second.html#end"' in pages["01_first"]
    assert 'href="../../ae_utils/a.py"' in pages["01_first"]
    assert '<a href="01_first.html">Back</a>' in pages["01_first_solutions"]


def test_pages_describe_their_pictures_and_keep_formulas_and_notes(pages):
    first = BeautifulSoup(pages["01_first"], "html.parser")
    assert first.math and r"\hat" not in pages["01_first"]
    assert [picture["alt"] for picture in first.select("img")] == ['A "dot" <one pixel>']
    assert WIDGET_NOTE in pages["02_second"]


def test_question_is_the_paragraph_after_the_heading():
    text = "# 3. Title\n\n**The question.** Which **codes** give\n[digits](x.ipynb)?\n\nMore."
    assert heading_and_question(make_notebook(text)) == ("3. Title", "Which codes give digits?")
