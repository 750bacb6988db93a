"""Execute the notebooks, each in a kernel of its own, and hold their peak memory to the budget.

python -m tools.measure.memory                   the whole series
python -m tools.measure.memory 01_compression    some of it: names, or patterns such as '0[12]*'
"""

import argparse
import sys
from pathlib import Path

from tools.commands import ROOT
from tools.execution import Execution, execute_all, say_why
from tools.notebooks import SeriesError, select_notebooks
from tools.processes import BUDGET, count_jobs, free_memory, usable_cores


def measure(paths: list[Path], budget: float) -> list[str]:
    """Execute notebooks, print a line for each, and return the names of those over the budget.

    Raises:
        SeriesError: naming the notebook that failed, the cell and the error.
    """
    width = max(len(path.stem) for path in paths)

    def note(run: Execution, fault: BaseException | None) -> None:
        if fault:
            raise fault
        share = run.peak_memory / budget
        print(f"{run.name:<{width}} {run.peak_memory / 1e6:7,.0f} MB {share:6.0%}", flush=True)

    runs = execute_all(paths, count_jobs(usable_cores(), free_memory()), note)
    return [run.name for run in runs if run.peak_memory > budget]


def main(arguments: list[str] | None = None, root: Path = ROOT, budget: float = BUDGET) -> int:
    """Run the command; return its exit status, 1 if a notebook failed or is over the budget."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.measure.memory", description="Measure each notebook's peak memory."
    )
    parser.add_argument("notebooks", nargs="*", default=["*"], help="names or patterns (all)")
    patterns = parser.parse_args(arguments).notebooks
    try:
        over = measure(select_notebooks(root / "notebooks", patterns), budget)
    except (SeriesError, KeyboardInterrupt) as stop:
        return say_why(stop)
    if over:
        print(f"Over the budget of {budget / 1e6:,.0f} MB: {', '.join(over)}", file=sys.stderr)
    return bool(over)


if __name__ == "__main__":
    sys.exit(main())
