"""What lecture mode makes of a notebook: what is shown, what is said, where slides begin."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.helpers import addresses_fetched
from tools.publish.slides import lecture, outline, write_slides


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A sentence that has all of eight words. No.", "A sentence that has all of eight words."),
        ("It does. The next one comes along. Not this.", "It does. The next one comes along."),
        (
            "Here are eight words, 0.5 of them short. This goes. **This stays.** And this goes.",
            "Here are eight words, 0.5 of them short. **This stays.**",
        ),
        ("**A label.** It stays with some words after it, all. No.",
         "**A label.** It stays with some words after it, all."),
        ("1. One has as many words as it needs here. No.\n2. Two. It is short. No.",
         "1. One has as many words as it needs here.\n2. Two. It is short."),
        ("**Predict.** What? Or what? Say it.", "**Predict.** What? Or what? Say it."),
        ("| a. B |\n|---|\n| c. D |", "| a. B |\n|---|\n| c. D |"),
        ("## Heading. All of it\n\nIt takes a minute.", "## Heading. All of it"),
    ],
)  # fmt: skip
def test_outline_keeps_the_lead_of_each_paragraph(text, shown):
    assert outline(text) == shown


def text_cell(source, slide_type):
    """Return a text cell with a slide type."""
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide_type}})


def test_text_is_cut_to_slides_with_all_of_it_in_the_notes():
    finding = "What we saw has a good many words. There is more to say."
    text = f"{finding}\n\n## Next\n\nWhy?\n\n**Predict.** What?\n\n## Sources\n\n- A book."
    cells = lecture(new_notebook(cells=[text_cell(text, "fragment")])).cells
    assert [(cell.metadata.slideshow.slide_type, cell.source) for cell in cells] == [
        ("fragment", "What we saw has a good many words."),
        ("notes", finding),
        ("slide", "## Next\n\nWhy?"),
        ("notes", "## Next\n\nWhy?"),
        ("subslide", "**Predict.** What?"),
        ("notes", "**Predict.** What?"),
    ]


@pytest.mark.parametrize(("slide_type", "left"), [("skip", []), ("notes", ["notes"])])
def test_text_that_is_not_shown_still_ends_where_a_section_begins(slide_type, left):
    cells = lecture(new_notebook(cells=[text_cell("Plumbing.\n\n## Next", slide_type)])).cells
    types = [cell.metadata.slideshow.slide_type for cell in cells]
    assert types == [*left, "slide", "notes"]


def test_slides_are_one_file_without_a_network_with_code_hidden_where_told(tmp_path):
    def code(source, slide_type, *tags):
        metadata = {"slideshow": {"slide_type": slide_type}, "tags": [*tags]}
        output = new_output("stream", text=f"{source} is run")
        return new_code_cell(source, metadata=metadata, outputs=[output])

    cells = [
        text_cell("# 1. Title\n\nWhat is $\\hat{x}$? See [2](02_second.ipynb).", "slide"),
        code("skipped", "skip"),
        code("shown", "subslide"),
        code("hidden", "fragment", "hide-input"),
    ]
    path = tmp_path / "01_first.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    (written,) = write_slides([path], tmp_path / "slides")
    html = written.read_text(encoding="utf-8")
    assert addresses_fetched(html) == []
    assert "<math" in html
    slides = BeautifulSoup(html, "html.parser").select(".slides > section > section")
    assert len(slides) == 2
    assert slides[0].h1.text == "1. Title"
    assert slides[0].select_one("a")["href"] == "../02_second.ipynb"
    assert " ".join(slides[1].text.split()) == "shown shown is run hidden is run"
    assert " ".join(slides[1].select_one(".fragment").text.split()) == "hidden is run"
