"""Measure what the command names, or everything; write `build/bench.md` and `build/bench.png`.

python -m tools.bench               everything, in about 35 minutes
python -m tools.bench linear dense  some of it
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from ae_utils.plots import MUTED, plot_bars, use_series_style
from tools.bench.busy import bench_busy
from tools.bench.imports import bench_imports
from tools.bench.loops import bench_loops
from tools.bench.machine import describe_machine
from tools.bench.quality import bench_2d, bench_30d
from tools.bench.report import Result
from tools.bench.slider import bench_slider

BUILD = Path(__file__).resolve().parents[2] / "build"
BENCHES: dict[str, Callable[[], Result]] = {
    "linear": partial(bench_loops, "784-2 linear"),
    "dense": partial(bench_loops, "784-128-64-12-3"),
    "default": partial(bench_loops, "784-256-256-128-2"),
    "busy": bench_busy,
    "2d": bench_2d,
    "30d": bench_30d,
    "slider": bench_slider,
    "imports": bench_imports,
}


def draw_results(results: Sequence[Result], machine: str) -> Figure:
    """One panel of bars a result, and the machine below."""
    heights = [len(result.bars) + 2.5 for result in results]
    fig, axes = plt.subplots(
        len(results),
        figsize=(9, 0.3 * sum(heights) + 0.6),
        height_ratios=heights,
        squeeze=False,
    )
    for ax, result in zip(axes[:, 0], results, strict=True):
        plot_bars(result.bars, result.unit, result.fmt, ax)
        ax.set_title(result.title, loc="left", weight="bold")
    fig.supxlabel(machine, fontsize=8, color=MUTED)
    return fig


def main(arguments: list[str] | None = None, folder: Path = BUILD) -> None:
    """Run the command, writing each table as soon as it is there."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench", description="Measure how fast the series is here."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    names = parser.parse_args(arguments).names
    if unknown := set(names) - set(BENCHES):
        parser.error(f"nothing to measure is called {', '.join(sorted(unknown))}; see --help")
    torch.set_num_threads(1)
    use_series_style()
    folder.mkdir(exist_ok=True)
    machine = describe_machine()
    print(machine)
    results = []
    for name in names or BENCHES:
        results.append(BENCHES[name]())
        print(f"\n{results[-1].to_markdown()}", flush=True)
    tables = [result.to_markdown() for result in results]
    report = "\n\n".join(["# How fast the series is here", machine, *tables])
    (folder / "bench.md").write_text(report + "\n", encoding="utf-8")
    draw_results(results, machine).savefig(folder / "bench.png")
    print(f"\nWritten: {folder / 'bench.md'} and {folder / 'bench.png'}")


if __name__ == "__main__":
    main()
