"""How notebooks begin, and what they say when their cells run out of order."""

from contextlib import suppress

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from ae_utils.notebook import explain_missing_names
from tools.execution import native_kernel

SETUP = "from ae_utils.notebook import set_up_notebook\nset_up_notebook()"


def run_cells(*sources: str) -> nbformat.NotebookNode:
    """The last of some cells, run in a kernel of their own."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    client = NotebookClient(notebook, km=native_kernel(), timeout=60)
    with suppress(CellExecutionError):
        client.execute(cleanup_kc=True)
    return notebook.cells[-1]


def texts(cell: nbformat.NotebookNode) -> str:
    """All that a cell printed."""
    return "".join(output.get("text", "") for output in cell.outputs)


def test_missing_name_is_explained_once_beside_the_error() -> None:
    cell = run_cells(SETUP, SETUP, "codes.shape")
    assert [o.ename for o in cell.outputs if o.output_type == "error"] == ["NameError"]
    assert texts(cell).count("'codes' is made by a cell further up") == 1
    assert "Run All Above Selected Cell" in texts(cell)


@pytest.mark.parametrize("source", ["1 / 0", "x = 1", "raise NameError('no name')"])
def test_nothing_else_is_explained(source: str) -> None:
    assert texts(run_cells(SETUP, source)) == ""


def test_one_thread_computes() -> None:
    count = "import torch\nfrom threadpoolctl import threadpool_info\n" + (
        "print(torch.get_num_threads(), {pool['num_threads'] for pool in threadpool_info()})"
    )
    assert texts(run_cells("import sklearn", SETUP, count)) == "1 {1}\n"


def test_nothing_happens_outside_a_notebook() -> None:
    explain_missing_names()
