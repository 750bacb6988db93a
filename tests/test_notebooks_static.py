"""The notebooks as they are committed: what readers see on the web, before anything runs."""

import ast
import json
import re
import statistics
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode

from tests.helpers import addresses_fetched
from tools.notebooks import KERNELSPEC, WIDGET_VIEW, data_line, outputs
from tools.publish.book import COVER_TAG
from tools.publish.slides import SLIDE_TYPES
from tools.publish.stamp import CELL_ID

FOLDER = Path(__file__).parents[1] / "notebooks"
SERIES = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
FOUND = [path for path in FOLDER.rglob("*.ipynb") if path.parent.name[0] != "."]
COMMITTED = sorted(FOUND, key=lambda path: path.stem)  # each chapter before its solutions
CLOSING_SECTIONS = ["What we learned", "Exercises", "Sources"]
WORDS_A_MINUTE = 150  # what one reads of such a text
GUESSED = "I have guessed"  # under it stands what answers a prediction
MACHINE_PATH = re.compile(r"(?:^|[\s\"'(=])/(?:home|root|tmp|Users)\b|\bC:\\", re.MULTILINE)
REGISTRY = re.compile(r"\b(?:py(?:pi|thonhosted)|(?:ana)?conda)\.(?:org|com)\b")
MEMORY_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")
EMBEDDED_DATA = re.compile(r"base64,[A-Za-z0-9+/=\s]+")


@pytest.fixture(params=COMMITTED, ids=lambda path: path.stem)
def path(request) -> Path:
    """Each notebook of the project, solutions included."""
    return request.param


@pytest.fixture
def notebook(path) -> NotebookNode:
    """The content of each notebook of the project."""
    return nbformat.read(path, as_version=4)


@pytest.fixture(params=SERIES, ids=lambda path: path.stem)
def chapter(request) -> Path:
    """Each notebook of the series."""
    return request.param


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells that hold any code."""
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def markdown(path: Path) -> str:
    """Return all the text cells of a notebook, fenced code left out."""
    notebook = nbformat.read(path, as_version=4)
    text = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def visible_texts(notebook: NotebookNode) -> list[str]:
    """Return every source and every text in the outputs, without pictures."""
    texts = [cell.source for cell in notebook.cells]
    for output in outputs(notebook):
        data = output.get("data", {})
        texts += [output.get("text", ""), *(data[kind] for kind in data if kind[:5] == "text/")]
    return [EMBEDDED_DATA.sub("", text) for text in texts]


def fold(cell: NotebookNode) -> str:
    """Return the line that a cell is folded under, in the book; '' if it stands open."""
    return cell.metadata.get("fold", "")


def imports(cell: NotebookNode) -> bool:
    """Tell whether a code cell holds an import statement."""
    code = re.sub(r"^(\s*)[%!].*", r"\1pass", cell.source, flags=re.MULTILINE)
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(ast.parse(code)))


def test_there_are_notebooks_numbered_without_a_gap():
    assert SERIES
    assert [int(path.name[:2]) for path in SERIES] == [*range(len(SERIES))]


def test_format_is_valid_with_an_id_for_each_cell(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(content)
    assert (content["nbformat"], content["nbformat_minor"]) >= (4, 5)


def test_metadata_name_no_machine_and_hold_no_widget_state(notebook):
    assert notebook.metadata.kernelspec == KERNELSPEC
    assert "version" not in notebook.metadata.get("language_info", {})
    assert "widgets" not in notebook.metadata


def test_outputs_come_from_one_clean_run_without_errors_or_live_widgets(notebook):
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for output in outputs(notebook):
        assert output.output_type != "error" and output.get("name") != "stderr"
        assert WIDGET_VIEW not in output.get("data", {})


def test_outputs_come_from_real_mnist(chapter):
    assert data_line(nbformat.read(chapter, as_version=4)).startswith("MNIST:")


def test_file_is_at_most_one_megabyte(path):
    assert path.stat().st_size <= 1_000_000


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY, MEMORY_ADDRESS])
def test_texts_name_nothing_of_the_machine_they_ran_on(notebook, pattern):
    assert [text for text in visible_texts(notebook) if pattern.search(text)] == []


def test_code_cells_are_short(path, notebook):
    cells = [cell for cell in code_cells(notebook) if not imports(cell)]
    lengths = [len(re.findall(r"^.*\S", cell.source, re.MULTILINE)) for cell in cells]
    assert max(lengths) <= 15
    assert statistics.median(lengths) <= (6 if path in SERIES else 10)


def test_paragraphs_are_short(path):
    parts = re.split(r"\n\s*\n|\n(?=- |\d+\. )", markdown(path))
    lengths = {part: len(part.split()) for part in parts if not part.startswith("|")}
    assert [part for part, length in lengths.items() if length > 90] == []


def test_the_time_to_read_is_what_its_words_take(chapter):
    notebook = nbformat.read(chapter, as_version=4)
    texts = [c.source for c in notebook.cells if c.cell_type == "markdown" and not fold(c)]
    words = len("\n".join(texts).partition("\n## Sources")[0].split())
    assert words <= 3_000
    promised = re.search(r"\bIt takes [^.]*\b(\d+)\s+minutes\s+to\s+read", texts[0])
    assert abs(int(promised[1]) - words / WORDS_A_MINUTE) <= 2


def test_what_answers_a_prediction_is_folded(chapter):
    cells = nbformat.read(chapter, as_version=4).cells
    for cell, following in pairwise(cells):
        if re.search(r"^\*\*Predict\.", cell.source, re.MULTILINE):
            assert fold(following) == GUESSED, cell.source


def test_what_is_folded_waits_for_a_click_in_jupyter_too_and_holds_no_heading(notebook):
    for cell in filter(fold, notebook.cells):
        if cell.cell_type == "markdown":
            begin = f"<details>\n<summary>{fold(cell)}</summary>\n\n"
            assert cell.source.startswith(begin) and cell.source.endswith("\n\n</details>")
            assert not re.search("^#", cell.source, re.MULTILINE)
        elif cell.outputs:
            assert cell.metadata.jupyter.outputs_hidden


def test_imports_stand_in_the_cell_after_the_one_that_finds_the_package(notebook):
    find_package, first, *others = code_cells(notebook)
    assert find_package.id == CELL_ID
    assert (
        find_package.metadata.jupyter.source_hidden and "hide-input" in find_package.metadata.tags
    )
    assert imports(first)
    assert [cell.source for cell in others if imports(cell)] == []


def test_first_line_is_a_heading_with_the_number_of_the_file(chapter):
    assert re.match(rf"# {int(chapter.name[:2])}\. \S", markdown(chapter))


def test_last_sections_are_the_agreed_ones(chapter):
    sections = re.findall(r"^## (.+?)\s*$", markdown(chapter), re.MULTILINE)
    assert sections[-len(CLOSING_SECTIONS) :] == CLOSING_SECTIONS


def test_sources_have_authors_title_venue_and_year(chapter):
    sources = markdown(chapter).partition("\n## Sources")[2]
    for source in re.findall(r"^- (.+)", sources, re.MULTILINE):
        for each in re.split(r"; (?=[A-Z]\. )", source):
            assert re.match(r"(.+, )?\*[^*]+\*, \S.*\b(18|19|20)\d\d\b", each), each


def test_cells_that_draw_have_an_alternative_text(notebook):
    for cell in code_cells(notebook):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            assert re.fullmatch(r".{20,}\.", cell.metadata.get("alt", ""), re.DOTALL), cell.source


def test_one_picture_stands_for_the_notebook_in_the_index(chapter):
    cells = code_cells(nbformat.read(chapter, as_version=4))
    (cover,) = [cell for cell in cells if COVER_TAG in cell.metadata.get("tags", [])]
    assert any("image/png" in output.get("data", {}) for output in cover.outputs)


def test_every_cell_has_its_place_among_the_slides(chapter):
    cells = nbformat.read(chapter, as_version=4).cells
    types = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in cells]
    assert types[0] == "slide"
    assert [
        cell.id for cell, kind in zip(cells, types, strict=True) if kind not in SLIDE_TYPES
    ] == []


def test_relative_links_lead_to_files(path):
    targets = re.findall(r"\]\(([^)\s]+)", markdown(path))
    relative = [t.partition("#")[0] for t in targets if not re.match(r"[a-z]+:|#", t)]
    assert [target for target in relative if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("page", ["index", "glossary", *(path.stem for path in COMMITTED)])
def test_web_page_is_complete_without_a_network(edition, page):
    html = (edition / f"{page}.html").read_text(encoding="utf-8")
    assert addresses_fetched(html) == []
    soup = BeautifulSoup(html, "html.parser")
    texts = [picture.get("alt", "") for picture in soup.select("img")]
    assert not [text for text in texts if not text or text.startswith("No description has been")]
    folded = soup.select("details.code:not([open]) pre")
    notebooks = [nbformat.read(path, as_version=4) for path in COMMITTED if path.stem == page]
    cells = [cell for notebook in notebooks for cell in code_cells(notebook)]
    tagged = [cell for cell in cells if "hide-input" in cell.metadata.get("tags", [])]
    assert [block.text.strip() for block in folded] == [c.source.strip() for c in tagged]
    links = [link["href"].partition("#")[0] for link in soup.select("a[href]")]
    relative = [link for link in links if link and not re.match(r"[a-z]+:", link)]
    assert [link for link in relative if not (edition / link).exists()] == []
