"""Every notebook on the embedded digits: with each cell run twice, and out of order."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tools.run_series import Execution, SeriesError, data_line, execute

FOLDER = Path(__file__).parents[1] / "notebooks"
PATHS = {path.stem: path for path in sorted(FOLDER.rglob("[0-9][0-9]_*.ipynb"))}
OPEN_FIGURES = "import matplotlib.pyplot\nprint(len(matplotlib.pyplot.get_fignums()))"
TIMES = re.compile(r"\d+(\.\d+)? (s|ms|seconds)\b")


@pytest.fixture(autouse=True)
def embedded_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kernels use the embedded digits, as a reader without a network does."""
    monkeypatch.setenv("AE_DATA", "digits")


def code_cells(path: Path) -> list[NotebookNode]:
    """The code cells of a notebook that hold any code."""
    notebook = nbformat.read(path, as_version=4)
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def run(path: Path, cells: list[NotebookNode]) -> tuple[Execution, SeriesError | None]:
    """Execute some cells of a notebook in a fresh kernel; say what went wrong, if anything."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = cells
    execution = Execution(path.stem, notebook)
    try:
        execute(path, execution)
    except SeriesError as fault:
        return execution, fault
    return execution, None


def printed(cell: NotebookNode) -> str:
    """What a cell printed, less the times that it took."""
    texts = [output.text for output in cell.outputs if output.get("name") == "stdout"]
    return TIMES.sub("", "".join(texts))


def pictures(cell: NotebookNode) -> list[str]:
    """The pictures that a cell drew."""
    data = [output.get("data", {}) for output in cell.outputs]
    return [each["image/png"] for each in data if "image/png" in each]


@pytest.mark.parametrize("name", PATHS)
def test_each_cell_run_twice_gives_the_same(name: str) -> None:
    path = PATHS[name]
    twice = [new_code_cell(c.source) for c in code_cells(path) for _ in range(2)]
    execution, fault = run(path, [*twice, new_code_cell(OPEN_FIGURES)])
    assert fault is None
    assert (data_line(execution.notebook) or "").startswith("Embedded digits:")
    *cells, open_figures = execution.notebook.cells
    for first, second in zip(cells[::2], cells[1::2], strict=True):
        assert printed(second) == printed(first), first.source
        assert pictures(second) == pictures(first), first.source
        assert not [o for o in second.outputs if o.get("name") == "stderr"], first.source
    assert printed(open_figures).strip() == "0"


@pytest.mark.parametrize("name", [name for name in PATHS if not name.endswith("_solutions")])
def test_last_cell_run_right_after_the_set_up_says_what_to_run(name: str) -> None:
    find_package, imports, set_up, *_, last = code_cells(PATHS[name])
    execution, fault = run(PATHS[name], [find_package, imports, set_up, last])
    assert fault is not None and "NameError" in str(fault)
    assert "Run > Run All Above Selected Cell" in printed(execution.notebook.cells[-1])
