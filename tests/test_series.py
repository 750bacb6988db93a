"""tools/run_series.py and the HTML edition, on a series of two notebooks that take no time."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import run_series
from tools.html_edition import cover, heading_and_question

PICTURE = """import base64
from IPython.display import Image, display
dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
display(Image(data=base64.b64decode(dot)))"""
MNIST = 'print("MNIST: 60,000 training and 10,000 test images")'
EMBEDDED = 'print("Embedded digits: 1,347 training and 450 test images")'


def write_notebook(folder: Path, name: str, heading: str, *code: str) -> Path:
    """Write a notebook with one text cell, then the code cells; the last has an `alt` text."""
    cells = [new_markdown_cell(heading), *map(new_code_cell, code)]
    cells[-1].metadata = {"alt": 'A "dot" <one pixel>', "slideshow": {"slide_type": "subslide"}}
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture(scope="module")
def make_series(tmp_path_factory):
    """Return a function that writes a series of two notebooks and returns its root folder."""

    def make(data: str = MNIST, second: str = "1 + 1") -> Path:
        root = tmp_path_factory.mktemp("series")
        folder = root / "notebooks"
        (folder / "solutions").mkdir(parents=True)
        link = "See [the next](02_second.ipynb#end), [the code](../ae_utils/a.py)."
        text = f"# 1. First: things\n\nWhat *is* first & `why`?\n\nIt takes a second. {link}"
        text += "\n\n$\\hat{x} = d(z)$\n\n## The end"
        write_notebook(folder, "02_second", "# 2. Second\nWhat follows?", data, second)
        write_notebook(folder, "01_first", text, data, PICTURE)
        back = "# Solutions\nHow?\n\n[Back](../01_first.ipynb)"
        write_notebook(folder / "solutions", "01_first_solutions", back, "1")
        return root

    return make


@pytest.fixture(scope="module")
def series(make_series):
    """A series that has been run once, with what a first run could leave behind."""
    root = make_series()
    for left in ("build/html/00_renamed.html", "build/notebooks/00_renamed.ipynb"):
        (root / left).parent.mkdir(parents=True, exist_ok=True)
        (root / left).write_text("from an earlier run")
    assert run_series.main([], root) == 0
    return root


def source_bytes(root: Path) -> dict[str, bytes]:
    """Return the notebooks' files as they are now."""
    return {path.name: path.read_bytes() for path in (root / "notebooks").glob("*.ipynb")}


def page(root: Path, name: str) -> str:
    """Return a page of the HTML edition."""
    return (root / "build" / "html" / f"{name}.html").read_text(encoding="utf-8")


def test_run_reports_each_notebook_in_order_then_data_and_place(make_series, capsys):
    root = make_series()
    assert run_series.main([], root) == 0
    first, solutions, second, _, data, look, executed = capsys.readouterr().out.splitlines()
    line = r"executed in \d+ s, peak memory (\d+) MB"
    assert 20 < int(re.fullmatch(rf"01_first            {line}", first)[1]) < 900
    assert re.fullmatch(rf"01_first_solutions  {line}", solutions)
    assert re.fullmatch(rf"02_second           {line}", second)
    assert data == "Data used: MNIST: 60,000 training and 10,000 test images"
    assert look == f"Look at {root / 'build' / 'html' / 'index.html'}"
    assert executed == f"Executed notebooks: {root / 'build' / 'notebooks'}"


def test_run_leaves_only_its_own_files(series):
    pages = {path.name for path in (series / "build" / "html").iterdir()}
    assert pages == {"index.html", "01_first.html", "01_first_solutions.html", "02_second.html"}
    executed = {path.name for path in (series / "build" / "notebooks").iterdir()}
    assert executed == {"01_first.ipynb", "01_first_solutions.ipynb", "02_second.ipynb"}


def test_executed_notebook_has_outputs_and_the_source_has_none(series):
    executed = nbformat.read(series / "build" / "notebooks" / "02_second.ipynb", as_version=4)
    assert executed.cells[2].outputs[0].data["text/plain"] == "2"
    source = nbformat.read(series / "notebooks" / "02_second.ipynb", as_version=4)
    assert source.cells[2].outputs == []


def test_index_has_an_entry_a_chapter_with_question_minutes_picture_and_solutions(series):
    soup = BeautifulSoup(page(series, "index"), "html.parser")
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
    assert "MNIST: 60,000 training" in soup.text


def test_solutions_alone_are_in_the_index(make_series):
    root = make_series()
    assert run_series.main(["01_first_solutions"], root) == 0
    assert '<a href="01_first_solutions.html">Solutions</a>' in page(root, "index")


def test_cover_is_the_tagged_picture_or_else_the_first():
    def draw(name):
        output = new_output("display_data", {"image/png": name})
        return new_code_cell(outputs=[output], metadata={"alt": f"This is {name}."})

    notebook = new_notebook(cells=[new_markdown_cell(), draw("one"), draw("two")])
    assert cover(notebook) == {"png": "one", "alt": "This is one."}
    notebook.cells[2].metadata.tags = ["cover"]
    assert cover(notebook) == {"png": "two", "alt": "This is two."}
    assert cover(new_notebook()) is None


def test_pages_link_back_and_forward(series):
    first, second = page(series, "01_first"), page(series, "02_second")
    assert first.count('<a href="02_second.html" rel="next">2. Second →</a>') == 2
    assert second.count('<a href="01_first.html" rel="prev">← 1. First</a>') == 2
    assert '" rel="prev"' not in first
    assert '" rel="next"' not in second
    assert first.count('<a href="index.html">') == second.count('<a href="index.html">') == 2
    assert first.count('<a href="01_first_solutions.html">Solutions</a>') == 2
    assert "_solutions.html" not in second


def test_contents_list_the_sections_of_a_page(series):
    soup = BeautifulSoup(page(series, "01_first"), "html.parser")
    (link,) = soup.select("details a")
    assert link.text == "The end"
    assert soup.find(id=link["href"].removeprefix("#")).name == "h2"
    assert "<details>" not in page(series, "02_second")


def test_solutions_link_to_their_chapter_and_the_next(series):
    solutions = page(series, "01_first_solutions")
    assert solutions.count('<a href="01_first.html" rel="prev">← 1. First</a>') == 2
    assert solutions.count('<a href="02_second.html" rel="next">2. Second →</a>') == 2
    assert '<a href="01_first.html">Back</a>' in solutions


def test_links_in_texts_lead_from_the_page_to_the_page_or_file_meant(series):
    assert 'href="02_second.html#end"' in page(series, "01_first")
    assert 'href="../../ae_utils/a.py"' in page(series, "01_first")


@pytest.mark.parametrize("name", ["index", "01_first", "02_second"])
def test_pages_fetch_nothing_from_the_network(series, name, addresses_fetched):
    assert addresses_fetched(page(series, name)) == []


def test_a_page_that_fetches_would_be_noticed(addresses_fetched):
    html = HTMLExporter().from_notebook_node(new_notebook())[0]
    assert any("require" in address for address in addresses_fetched(html))
    assert any("mathjax" in address for address in addresses_fetched(html))


def test_formulas_are_mathml(series):
    assert "<math" in page(series, "01_first")
    assert r"\hat" not in page(series, "01_first")


def test_pictures_have_the_alternative_text_of_their_cell(series):
    pictures = BeautifulSoup(page(series, "01_first"), "html.parser").select("img")
    assert [picture["alt"] for picture in pictures] == ['A "dot" <one pixel>']


def test_only_the_named_notebooks_run(make_series, capsys):
    root = make_series()
    assert run_series.main(["02*"], root) == 0
    assert "01_first" not in capsys.readouterr().out
    assert not (root / "build" / "html" / "01_first.html").exists()


def test_unknown_name_is_refused_with_the_known_ones(make_series, capsys):
    assert run_series.main(["03_third"], make_series()) == 1
    assert capsys.readouterr().err == (
        "No such notebook: 03_third. The series has: 01_first, 01_first_solutions, 02_second.\n"
    )


def test_failing_cell_stops_the_run_and_is_named(make_series, capsys):
    root = make_series(second="print('before')\nraise ValueError('no such digit')")
    assert run_series.main([], root) == 1
    partial = root / "build" / "notebooks" / "02_second.ipynb"
    assert capsys.readouterr().err == (
        f"02_second failed in cell [2]: ValueError: no such digit\nSee {partial}\n"
    )
    outputs = nbformat.read(partial, as_version=4).cells[2].outputs
    assert [output.output_type for output in outputs] == ["stream", "error"]
    assert not (root / "build" / "html" / "index.html").exists()


def test_killed_kernel_is_a_failure_too(make_series, capsys):
    root = make_series(second="import os\nos._exit(1)")
    assert run_series.main(["02_second"], root) == 1
    assert "02_second failed in cell [2]: DeadKernelError" in capsys.readouterr().err


def test_inplace_saves_outputs_and_a_second_run_changes_nothing(make_series):
    root = make_series()
    assert run_series.main(["--inplace"], root) == 0
    saved = source_bytes(root)
    notebook = nbformat.reads(saved["01_first.ipynb"].decode(), as_version=4)
    assert [cell.get("execution_count") for cell in notebook.cells] == [None, 1, 2]
    assert notebook.cells[2].metadata.slideshow == {"slide_type": "subslide"}
    assert notebook.metadata.kernelspec == run_series.KERNELSPEC
    assert "version" not in notebook.metadata.language_info
    assert run_series.main(["--inplace"], root) == 0
    assert source_bytes(root) == saved


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"data": EMBEDDED}, "01_first used the embedded digits"),
        ({"second": "import sys\nprint('!', file=sys.stderr)"}, "02_second wrote to stderr in"),
        ({"second": "1 / 0"}, "02_second failed in cell [2]: ZeroDivisionError"),
    ],
)
def test_inplace_refuses_and_leaves_every_notebook_as_it_was(make_series, capsys, cells, reason):
    root = make_series(**cells)
    before = source_bytes(root)
    assert run_series.main(["--inplace"], root) == 1
    assert reason in capsys.readouterr().err
    assert source_bytes(root) == before


def test_live_widgets_become_a_note_and_leave_no_state(make_series):
    root = make_series(second="import ipywidgets\nipywidgets.FloatSlider()")
    assert run_series.main(["02_second"], root) == 0
    executed = nbformat.read(root / "build" / "notebooks" / "02_second.ipynb", as_version=4)
    assert executed.cells[2].outputs[0].data == {"text/plain": run_series.WIDGET_NOTE}
    assert "widgets" not in executed.metadata
    assert run_series.WIDGET_NOTE in page(root, "02_second")


def test_progress_bars_leave_nothing(make_series):
    root = make_series(
        second="""import tqdm.notebook
from tqdm.auto import trange
for _ in tqdm.tqdm(trange(3, desc="loss 0.1")): pass
for _ in tqdm.notebook.tqdm(x for x in "ab"): pass"""
    )
    assert run_series.main(["02_second"], root) == 0
    executed = nbformat.read(root / "build" / "notebooks" / "02_second.ipynb", as_version=4)
    assert executed.cells[2].outputs == []


def test_kernel_is_this_python_whatever_kernels_the_user_has(make_series, monkeypatch, tmp_path):
    stale = tmp_path / "kernels" / "python3" / "kernel.json"
    stale.parent.mkdir(parents=True)
    stale.write_text('{"argv": ["/no/such/python"], "display_name": "", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    root = make_series(second="import sys\nprint(sys.executable)")
    assert run_series.main(["02_second"], root) == 0
    executed = nbformat.read(root / "build" / "notebooks" / "02_second.ipynb", as_version=4)
    assert executed.cells[2].outputs[0].text.strip() == sys.executable


def test_question_is_the_paragraph_after_the_heading():
    text = "# 3. Title\n\n**The question.** Which **codes** give\n[digits](x.ipynb)?\n\nMore."
    notebook = new_notebook(cells=[new_markdown_cell(text)])
    assert heading_and_question(notebook) == ("3. Title", "Which codes give digits?")
