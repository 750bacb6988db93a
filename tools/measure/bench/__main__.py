"""Measure what the command names, or everything; write `build/bench.md` and `build/bench.png`.

python -m tools.measure.bench                 everything, in about 35 minutes
python -m tools.measure.bench linear dense    some of it
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from ae_utils.plots import MUTED, plot_bars, use_series_style
from tools.commands import BUILD, choose
from tools.measure.bench.busy import bench_busy
from tools.measure.bench.imports import bench_imports
from tools.measure.bench.loops import bench_loops
from tools.measure.bench.machine import describe_machine
from tools.measure.bench.quality import bench_2d, bench_30d
from tools.measure.bench.report import Result
from tools.measure.bench.slider import bench_slider

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
    names = choose(BENCHES, "Measure how fast the series is here.", arguments)
    torch.set_num_threads(1)
    use_series_style()
    folder.mkdir(exist_ok=True)
    machine = describe_machine()
    print(machine)
    results = []
    for name in names:
        results.append(BENCHES[name]())
        print(f"\n{results[-1].to_markdown()}", flush=True)
    tables = [result.to_markdown() for result in results]
    report = "\n\n".join(["# How fast the series is here", machine, *tables])
    (folder / "bench.md").write_text(report + "\n", encoding="utf-8")
    draw_results(results, machine).savefig(folder / "bench.png")
    print(f"\nWritten: {folder / 'bench.md'} and {folder / 'bench.png'}")


if __name__ == "__main__":
    main()
