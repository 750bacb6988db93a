"""The figures that the notebooks compute: those committed, those of this machine, the text's."""

import re
import sys
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tools.memory import BUDGET
from tools.run_series import Execution, data_line, execute

FOLDER = Path(__file__).parents[1] / "notebooks"
PATHS = {path.stem: path for path in sorted(FOLDER.rglob("[0-9][0-9]_*.ipynb"))}
ACROSS_MACHINES = 0.02  # how far, relatively, a trained model's error moves between processors
# For each notebook a module with QUOTATIONS, which are the words around a number in its text and
# where that number comes from, and with `check`, which holds its figures to what the text tells.
# Some figures hang on where a training ended to the last bit, such as the place of a digit on a
# fresh map: another processor's rounding may move them at will. UNSTABLE is a pattern of their
# names; they are held to `check` alone.
STORIES = {name: import_module(f"tests.stories.story_{name}") for name in PATHS}
CASES = [(name, *quotation) for name in PATHS for quotation in STORIES[name].QUOTATIONS]


def read_figures(notebook: NotebookNode) -> dict[str, float]:
    """Return the figures that the last code cell of an executed notebook printed."""
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    lines = last.outputs[0].text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(": ", 1) for line in lines)}


def committed_figures(name: str) -> dict[str, float]:
    """Return the figures of a notebook as it is committed."""
    return read_figures(nbformat.read(PATHS[name], as_version=4))


def text_of(name: str) -> str:
    """Return a notebook's text cells, on one line."""
    notebook = nbformat.read(PATHS[name], as_version=4)
    text = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return " ".join(text.split())


def round_like(value: float, quoted: str) -> float:
    """Round a value to the significant digits that a quoted number has."""
    digits = quoted.replace(",", "")
    if "." not in digits:
        digits = digits.rstrip("0")
    significant = len(digits.replace(".", "").lstrip("0"))
    return float(f"{value:.{significant}g}")


@pytest.fixture(scope="module", params=PATHS)
def run(request) -> Execution:
    """Each notebook, executed on this machine with the data it finds."""
    path = PATHS[request.param]
    run = Execution(request.param, nbformat.read(path, as_version=4))
    execute(path, run)
    return run


@pytest.mark.parametrize(("name", "pattern", "source"), CASES)
def test_text_quotes_the_committed_figure(name, pattern, source):
    quoted = re.findall(pattern, text_of(name))
    assert quoted, "no such sentence any more"
    value = source(committed_figures(name))
    for number in quoted:
        assert float(number.replace(",", "")) == round_like(value, number)


def test_every_notebook_has_its_figures_quoted():
    assert [name for name in PATHS if not STORIES[name].QUOTATIONS] == []


def test_rounding_follows_the_quotation():
    assert round_like(0.055718, "0.0557") == 0.0557
    assert round_like(4673.2, "4,700") == 4700
    assert round_like(17.4, "17") == 17


def test_figures_of_this_machine_are_the_committed_ones(run):
    if not data_line(run.notebook).startswith("MNIST:"):
        pytest.skip("needs real MNIST: no network, and AE_DATA_DIR names no folder that holds it")
    unstable = getattr(STORIES[run.name], "UNSTABLE", r"(?!)")  # by default none
    here, there = (
        {name: value for name, value in figures.items() if not re.search(unstable, name)}
        for figures in (read_figures(run.notebook), committed_figures(run.name))
    )
    assert here
    assert here == pytest.approx(there, rel=ACROSS_MACHINES)


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is known on Linux only")
def test_memory_stays_within_what_binder_gives(run):
    assert 0.3e9 < run.peak_memory <= BUDGET


def test_figures_of_this_machine_tell_the_story_of_the_text(run):
    is_mnist = data_line(run.notebook).startswith("MNIST:")
    STORIES[run.name].check(read_figures(run.notebook), is_mnist)
