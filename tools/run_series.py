"""Execute the notebooks of the series in order and write them down as linked web pages.

Each notebook runs in a fresh kernel of the Python that runs this command. The executed notebooks
go to `build/notebooks/`, the web pages to `build/html/`:

    python -m tools.run_series                   the whole series
    python -m tools.run_series 01_compression    some of it: names, or patterns such as '0[12]*'
    python -m tools.run_series --inplace         the same, and save the outputs into notebooks/
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tools.html_edition import write_edition
from tools.processes import process_peak_memory

ROOT = Path(__file__).resolve().parents[1]
CELL_TIMEOUT = 600  # seconds
KERNEL_SETTINGS = {
    "TQDM_DISABLE": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
DATA_LINES = ("MNIST:", "Embedded digits:")
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PROGRESS_BAR = re.compile(r"\d+%\||\d+it \[")  # how tqdm's widgets describe themselves
WIDGET_NOTE = "A live widget: run this cell in Jupyter to use it."


class SeriesError(Exception):
    """The series could not be executed, or its outputs may not be saved; the text says why."""


@dataclass
class Execution:
    """One notebook as it runs: what is known of it so far.

    Attributes:
        name: the notebook's file name without its ending.
        notebook: its content, which the kernel fills with outputs.
        cells_started: how many code cells have been started; the last one's execution count.
        peak_memory: the most memory that the kernel was seen to hold, in bytes.
        seconds: how long the execution took, kernel start included.
    """

    name: str
    notebook: NotebookNode
    cells_started: int = 0
    peak_memory: int = 0
    seconds: float = 0.0

    def summary(self) -> str:
        """Return what the progress line says of a notebook that ran to its end."""
        return f"executed in {self.seconds:.0f} s, peak memory {self.peak_memory / 1e6:,.0f} MB"


def native_kernel() -> AsyncKernelManager:
    """Return a manager for kernels of this Python, whatever kernels the user has installed."""
    return AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
    )


def execute(path: Path, run: Execution) -> None:
    """Execute a notebook in its own folder, filling in `run`.

    Args:
        path: the notebook's file, for its folder.
        run: the notebook, read but not yet executed.

    Raises:
        SeriesError: a cell failed, took too long or killed the kernel; outputs so far are in `run`.
    """
    manager = native_kernel()

    def count_cell(**_: Any) -> None:
        run.cells_started += 1

    def note_memory(**_: Any) -> None:
        pid = manager.provisioner.pid  # type: ignore[union-attr]  # a local kernel has one
        run.peak_memory = max(run.peak_memory, process_peak_memory(pid))

    client = NotebookClient(
        run.notebook,
        km=manager,
        resources={"metadata": {"path": str(path.parent)}},
        timeout=CELL_TIMEOUT,
        extra_arguments=["--log-level=ERROR"],
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        on_cell_execute=count_cell,
        on_cell_executed=note_memory,
    )
    start = time.perf_counter()
    try:
        client.execute(env=os.environ | KERNEL_SETTINGS, cleanup_kc=True)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise SeriesError(f"failed in cell [{run.cells_started}]: {brief(error)}") from error
    finally:
        run.seconds = time.perf_counter() - start
        tidy(run.notebook)


def brief(error: Exception) -> str:
    """Return an error's name and the first three lines of its text."""
    if isinstance(error, CellExecutionError):
        name, text = error.ename, error.evalue
    else:
        name, text = type(error).__name__, str(error)
    return f"{name}: " + "\n".join(text.splitlines()[:3])


def tidy(notebook: NotebookNode) -> None:
    """Remove from an executed notebook what differs from one run or machine to the next."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.kernelspec = NotebookNode(KERNELSPEC)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_progress_bar(output)]
    for output in outputs(notebook):
        if WIDGET_VIEW in output.get("data", {}):
            output.data = NotebookNode({"text/plain": WIDGET_NOTE})


def is_progress_bar(output: NotebookNode) -> bool:
    """Tell whether an output is one of tqdm's widgets, which ignore TQDM_DISABLE."""
    data = output.get("data", {})
    return WIDGET_VIEW in data and bool(PROGRESS_BAR.search(data.get("text/plain", "")))


def outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield every output of every code cell."""
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


def data_line(notebook: NotebookNode) -> str | None:
    """Return the line in which an executed notebook says what data it used, if it says so."""
    for output in outputs(notebook):
        for line in output.get("text", "").splitlines():
            if line.startswith(DATA_LINES):
                return line
    return None


def check_saveable(run: Execution) -> None:
    """Refuse outputs that do not belong into the notebooks of the series.

    Raises:
        SeriesError: the notebook used the embedded digits, or wrote to stderr.
    """
    if (data_line(run.notebook) or "").startswith("Embedded digits:"):
        raise SeriesError("used the embedded digits; outputs are saved from real MNIST only")
    for cell in run.notebook.cells:
        if any(output.get("name") == "stderr" for output in cell.get("outputs", [])):
            raise SeriesError(f"wrote to stderr in cell [{cell.execution_count}]")


def select_notebooks(folder: Path, patterns: list[str]) -> list[Path]:
    """Return the notebooks that match any of the patterns, each before its solutions.

    Raises:
        SeriesError: there are none.
    """
    found = (folder.glob(f"{place}[0-9][0-9]_*.ipynb") for place in ("", "solutions/"))
    series = sorted(chain.from_iterable(found), key=lambda path: path.stem)
    chosen = [path for path in series if any(fnmatch(path.stem, each) for each in patterns)]
    if not chosen:
        known = ", ".join(path.stem for path in series) or "none at all"
        raise SeriesError(f"No such notebook: {', '.join(patterns)}. The series has: {known}.")
    return chosen


def execute_series(paths: list[Path], folder: Path, saveable: bool) -> list[Execution]:
    """Execute notebooks one after the other and write each to `folder`, up to the first failure.

    Args:
        paths: the notebooks.
        folder: where the executed ones go, a failed one included.
        saveable: whether to stop at outputs that may not be saved into the notebooks.

    Raises:
        SeriesError: naming the notebook that failed, the cell and the error.
    """
    width = max(len(path.stem) for path in paths)
    runs = []
    for path in paths:
        print(f"{path.stem:<{width}}  ", end="", flush=True)
        run = Execution(path.stem, nbformat.read(path, as_version=4))
        try:
            execute(path, run)
            if saveable:
                check_saveable(run)
        except SeriesError as fault:
            print("stopped", flush=True)
            raise SeriesError(f"{run.name} {fault}\nSee {folder / path.name}") from fault
        finally:
            nbformat.write(run.notebook, folder / path.name)
        print(run.summary(), flush=True)
        runs.append(run)
    return runs


def empty_folder(folder: Path) -> Path:
    """Make a folder, or remove the files of an earlier run from it; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.is_file():
            old.unlink()
    return folder


def run_series(root: Path, patterns: list[str], inplace: bool = False) -> Path:
    """Execute the chosen notebooks and write the executed ones and the web pages to `build/`.

    Args:
        root: the folder that holds `notebooks/` and gets `build/`.
        patterns: names or patterns of notebooks.
        inplace: whether to save the outputs into `notebooks/` as well, if all of them may be.

    Returns:
        The first page of the HTML edition.

    Raises:
        SeriesError: a notebook failed, or its outputs may not be saved.
    """
    paths = select_notebooks(root / "notebooks", patterns)
    runs = execute_series(paths, empty_folder(root / "build" / "notebooks"), saveable=inplace)
    data = sorted({line for run in runs if (line := data_line(run.notebook))})
    notebooks = {run.name: run.notebook for run in runs}
    pages_folder = empty_folder(root / "build" / "html")
    index = write_edition(notebooks, pages_folder, root / "notebooks", data)
    print("\nData used:", " / ".join(data) or "none of the notebooks says")
    if inplace:
        for path, run in zip(paths, runs, strict=True):
            nbformat.write(run.notebook, path)
        print(f"Saved into {root / 'notebooks'}")
    return index


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.run_series",
        description="Execute the notebooks and write them, with a web page each, to build/.",
    )
    parser.add_argument("notebooks", nargs="*", default=["*"], help="names or patterns (all)")
    parser.add_argument(
        "--inplace", action="store_true", help="save outputs into notebooks/; needs real MNIST"
    )
    options = parser.parse_args(arguments)
    try:
        index = run_series(root, options.notebooks, options.inplace)
    except SeriesError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Look at {index}\nExecuted notebooks: {index.parent.with_name('notebooks')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
