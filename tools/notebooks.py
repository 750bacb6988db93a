"""The notebooks of the series as files: which there are, what they hold, what of it is kept."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.commands import write_whole

DATA_LINE = re.compile(r".+: [\d,]+ training and [\d,]+ test images")
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PROGRESS_BAR = re.compile(r"\d+%\||\d+it \[")  # how tqdm's widgets describe themselves
WIDGET_NOTE = "A live widget: run this cell in Jupyter to use it."


class SeriesError(Exception):
    """The series could not be executed, or its outputs may not be saved; the text says why."""


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


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook's file."""
    write_whole(path, nbformat.writes(notebook) + "\n")


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
            if DATA_LINE.match(line):
                return line
    return None


def check_saveable(name: str, notebook: NotebookNode) -> None:
    """Refuse outputs that do not belong into the notebooks of the series.

    Raises:
        SeriesError: the notebook used other images than MNIST's, or wrote to stderr.
    """
    line = data_line(notebook)
    if line and not line.startswith("MNIST:"):
        raise SeriesError(f"{name} used {line}; outputs are saved from real MNIST only")
    for cell in notebook.cells:
        if any(output.get("name") == "stderr" for output in cell.get("outputs", [])):
            raise SeriesError(f"{name} wrote to stderr in cell [{cell.execution_count}]")
