"""Each notebook, executed cell by cell under nbval: once on MNIST, once on the embedded digits.

On the embedded digits every cell runs twice, and must say and draw the same again. After the last
cell the notebook tells its story (see `tools/publish/stories.py`). A cell that fails is a test that
fails. Nothing is fetched: what is not on disk is missing.
"""

import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from unittest import mock

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbval.plugin import IPyNbCell, IPyNbFile

from ae_utils.data import DataError, load_digits
from tools.execution import KERNEL_SETTINGS
from tools.processes import BUDGET, process_peak_memory
from tools.publish.stories import story_cells

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
OFFLINE = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}  # nothing there
TIMES = re.compile(r"\d+(\.\d+)? (s|ms|seconds)\b")
OPEN_FIGURES = "import matplotlib.pyplot\nassert matplotlib.pyplot.get_fignums() == []"


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector:
    """Take a story for the tests of its chapter, not for a module of tests."""
    return Chapter.from_parent(parent, path=module_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the notebooks, the last and longest first: so two processes end together."""
    items.sort(key=lambda item: str(item.path) if item.getparent(Run) else "", reverse=True)


@cache
def has_mnist() -> bool:
    """Whether MNIST is at hand, or can be fetched."""
    try:
        load_digits("mnist")
    except DataError:
        return False
    return True


class Chapter(pytest.File):
    """A notebook and its solutions, each on both data sets."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield the four runs."""
        for path in NOTEBOOKS.rglob(f"{self.path.stem}*.ipynb"):
            for data in ("mnist", "digits"):
                nodeid = f"{path.relative_to(self.config.rootpath).as_posix()}::{data}"
                run = Run.from_parent(self, path=path, name=f"{path.stem} {data}", nodeid=nodeid)
                run.data = data
                yield run


class Run(IPyNbFile):
    """A notebook and its story in a kernel of their own, with one of the data sets.

    Attributes:
        data: which, 'mnist' or 'digits'.
        failed: whether a cell has failed, so that those after it need not be tried.
    """

    data: str
    failed = False

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the cells."""
        notebook = nbformat.read(self.path, as_version=4)
        on_mnist = self.data == "mnist"
        code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
        for number, cell in enumerate(code, start=1):
            first = Cell.make(self, "Cell", number, cell)
            yield first
            if not on_mnist:
                yield Cell.make(self, "Again cell", number, cell, first)
        committed = notebook.metadata.get("figures", {}) if on_mnist else {}
        story = [new_code_cell(OPEN_FIGURES), *story_cells(self.path.stem, committed)]
        for number, cell in enumerate(story):
            yield Cell.make(self, "Story", number, cell)
        if sys.platform == "linux":  # elsewhere no peak is known
            yield PeakMemory.from_parent(self, name="Peak memory")

    def setup(self) -> None:
        """Start the kernel, which takes its data set from the environment."""
        if self.data == "mnist" and not has_mnist():
            pytest.skip("needs real MNIST: no network, and AE_DATA_DIR names no folder with it")
        with mock.patch.dict(os.environ, KERNEL_SETTINGS | OFFLINE | {"AE_DATA": self.data}):
            super().setup()


class Cell(IPyNbCell):
    """A cell that must run without an error and without a warning, of a notebook or its story.

    Attributes:
        first: the same cell's first run, if this is its second: it must give the same.
    """

    first: "Cell | None" = None

    @classmethod
    def make(
        cls, run: Run, kind: str, number: int, cell: NotebookNode, first: "Cell | None" = None
    ) -> "Cell":
        """A cell of a run, as nbval wants it."""
        options = {"skip": False, "check": False, "check_exception": False}
        name = f"{kind} {number}"
        item = cls.from_parent(run, name=name, cell_num=number, cell=cell, options=options)
        item.first, item.output_timeout = first, 60  # on a busy machine nbval's 5 s are too few
        return item

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the cell is and what it is called."""
        return self.path, 0, self.nodeid

    def runtest(self) -> None:
        """Run the cell; after one of the notebook that failed, all others are skipped."""
        if self.parent.failed:
            pytest.skip("an earlier cell of this notebook failed")
        try:
            super().runtest()
        except Exception:
            self.parent.failed = not self.name.startswith("Story")  # its parts stand alone
            raise
        if warnings := printed(self, "stderr"):
            self.raise_cell_error(f"stderr: {warnings}")
        if self.first and printed(self) != printed(self.first):
            self.raise_cell_error(f"prints first\n{printed(self.first)}\nthen\n{printed(self)}")
        if self.first and pictures(self) != pictures(self.first):
            self.raise_cell_error("draws another picture when it runs again")


class PeakMemory(pytest.Item):
    """The most memory that the kernel has held."""

    def runtest(self) -> None:
        """Compare it with what Binder gives."""
        assert process_peak_memory(self.parent.kernel.km.provisioner.pid) <= BUDGET


def printed(cell: Cell, stream: str = "stdout") -> str:
    """What a cell that ran has printed, less the times that it took."""
    texts = [output.text for output in cell.test_outputs if output.get("name") == stream]
    return TIMES.sub("", "".join(texts))


def pictures(cell: Cell) -> list[str]:
    """The pictures that a cell has drawn, PNG in base64."""
    data = [output.get("data", {}) for output in cell.test_outputs]
    return [each["image/png"] for each in data if "image/png" in each]
