"""Execute the notebooks, each in a kernel of its own, and hold their peak memory to the budget.

python -m tools.memory                   the whole series
python -m tools.memory 01_compression    some of it: names, or patterns such as '0[12]*'
"""

import argparse
import sys
from pathlib import Path

import nbformat

from tools.run_series import ROOT, Execution, SeriesError, execute, select_notebooks

# Bytes that a notebook's kernel may hold at its peak. With Python 3.13 PyTorch's import alone takes
# 120 MB more than with 3.11 and 3.12, and a notebook that trains 170 to 190 MB more.
BUDGET = 1.2e9 if sys.version_info < (3, 13) else 1.4e9


def measure(paths: list[Path]) -> list[str]:
    """Execute notebooks, print a line for each, and return the names of those over the budget.

    Raises:
        SeriesError: naming the notebook that failed, the cell and the error.
    """
    width = max(len(path.stem) for path in paths)
    over = []
    for path in paths:
        run = Execution(path.stem, nbformat.read(path, as_version=4))
        try:
            execute(path, run)
        except SeriesError as fault:
            raise SeriesError(f"{run.name} {fault}") from fault
        share = run.peak_memory / BUDGET
        print(f"{run.name:<{width}} {run.peak_memory / 1e6:7,.0f} MB {share:6.0%}", flush=True)
        if share > 1:
            over.append(run.name)
    return over


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command; return its exit status, 1 if a notebook failed or is over the budget."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.memory", description="Measure the peak memory of each notebook."
    )
    parser.add_argument("notebooks", nargs="*", default=["*"], help="names or patterns (all)")
    patterns = parser.parse_args(arguments).notebooks
    try:
        over = measure(select_notebooks(root / "notebooks", patterns))
    except SeriesError as error:
        print(error, file=sys.stderr)
        return 1
    if over:
        print(f"Over the budget of {BUDGET / 1e6:,.0f} MB: {', '.join(over)}", file=sys.stderr)
    return bool(over)


if __name__ == "__main__":
    sys.exit(main())
