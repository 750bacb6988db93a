"""Execute the notebooks of the series, side by side, and write them down as linked web pages.

Each notebook runs in a fresh kernel of the Python that runs this command. The executed notebooks
go to `build/notebooks/`, the web pages to `build/html/`:

    python -m tools.publish.series                   the whole series
    python -m tools.publish.series 01_compression    some of it: names, or patterns such as '0[12]*'
    python -m tools.publish.series --jobs 1          one notebook at a time
    python -m tools.publish.series --inplace         the same, and save the outputs into notebooks/

Files are replaced one by one, so that two such commands at once do not disturb each other.
"""

import argparse
import sys
from pathlib import Path

from tools.commands import ROOT, remove_others
from tools.execution import Execution, execute_all, say_why
from tools.notebooks import (
    SeriesError,
    check_saveable,
    data_line,
    select_notebooks,
    write_notebook,
)
from tools.processes import count_jobs, free_memory, usable_cores
from tools.publish.stamp import read_stamp
from tools.publish.stories import keep_figures, tell_story


def execute_series(paths: list[Path], folder: Path, jobs: int, saveable: bool) -> list[Execution]:
    """Execute notebooks and write each to `folder`, up to the first failure.

    Args:
        paths: the notebooks.
        folder: where the executed ones go, a failed one included.
        jobs: how many to execute at a time.
        saveable: whether the notebooks tell their stories as well, and what they hold after that is
            to be saved: then to stop at outputs that may not be.

    Raises:
        SeriesError: naming the notebook that failed, the cell and the error.
    """
    width = max(len(path.stem) for path in paths)

    def keep(run: Execution, fault: BaseException | None) -> None:
        target = folder / f"{run.name}.ipynb"
        write_notebook(run.notebook, target)
        try:
            if fault:
                raise fault
            if saveable:
                check_saveable(run.name, run.notebook)
                keep_figures(run.notebook)
        except SeriesError as reason:
            raise SeriesError(f"{reason}\nSee {target}") from reason
        line = f"executed in {run.seconds:.0f} s, peak memory {run.peak_memory / 1e6:,.0f} MB"
        print(f"{run.name:<{width}}  {line}", flush=True)

    print(f"Notebooks to execute: {len(paths)}, the last first; at a time: {jobs}", flush=True)
    return execute_all(paths, jobs, keep, *([tell_story] if saveable else []))


def run_series(root: Path, patterns: list[str], jobs: int, inplace: bool = False) -> Path:
    """Execute the chosen notebooks and write the executed ones and the web pages to `build/`.

    Args:
        root: the folder that holds `notebooks/` and gets `build/`.
        patterns: names or patterns of notebooks.
        jobs: how many to execute at a time.
        inplace: whether to save the outputs into `notebooks/` as well, if all of them may be.

    Returns:
        The first page of the HTML edition.

    Raises:
        SeriesError: a notebook failed, or its outputs may not be saved.
    """
    source, executed, pages = root / "notebooks", root / "build/notebooks", root / "build/html"
    paths = select_notebooks(source, patterns)
    names = [path.stem for path in select_notebooks(source, ["*"])]
    remove_others(executed, [f"{name}.ipynb" for name in names])
    runs = execute_series(paths, executed, jobs, saveable=inplace)
    data = sorted({line for run in runs if (line := data_line(run.notebook))})

    from tools.publish.book import write_edition  # it loads PyTorch, which no kernel need wait for

    shared = ["book.js", "search.js", "glossary.html", "index.html", "playground.html"]
    remove_others(pages, [*shared, *(f"{name}.html" for name in names)])
    done = {run.name: run.notebook for run in runs}
    index = write_edition(done, pages, source, data, read_stamp(ROOT))
    print("\nData used:", " / ".join(data) or "none of the notebooks says")
    if inplace:
        for path, run in zip(paths, runs, strict=True):
            write_notebook(run.notebook, path)
        print(f"Saved into {source}")
    return index


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.publish.series",
        description="Execute the notebooks and write them, with a web page each, to build/.",
    )
    parser.add_argument("notebooks", nargs="*", default=["*"], help="names or patterns (all)")
    room = count_jobs(usable_cores(), free_memory())
    parser.add_argument(
        "--jobs", type=int, metavar="N", default=room, help="so many at a time (here %(default)s)"
    )
    parser.add_argument(
        "--inplace", action="store_true", help="save outputs into notebooks/; needs real MNIST"
    )
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs must be 1 or more, not {options.jobs}")
    try:
        index = run_series(root, options.notebooks, options.jobs, options.inplace)
    except (SeriesError, KeyboardInterrupt) as stop:
        return say_why(stop)
    print(f"Look at {index}\nExecuted notebooks: {index.parent.with_name('notebooks')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
