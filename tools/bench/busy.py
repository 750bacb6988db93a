"""What it costs the series' loop that another program holds a core, on one thread and on all cores.

The threads of one training wait for one another many times a step. When one of them has to share
its core, all of them wait until it has its turn again.
"""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ae_utils.data import load_digits
from tools.bench.loops import NETWORKS, Case, images_a_second
from tools.bench.machine import ALL_CORES
from tools.bench.report import Result, median_and_range

NETWORK = "784-256-256-128-2"  # the series' default, at its batch size
CASES = [Case("series", 1, 256), Case("series", ALL_CORES, 256)]
N_STEPS = 60
N_REPETITIONS = 3


def bench_busy(n_steps: int = N_STEPS, n_repetitions: int = N_REPETITIONS) -> Result:
    """Images a second alone, and beside a program that computes without a pause."""
    digits, build = load_digits(), NETWORKS[NETWORK]
    rows, bars = [], {}
    for case in dict.fromkeys(CASES):
        images_a_second(build, digits, 2, case)
        alone, beside = [], []
        for _ in range(n_repetitions):
            alone.append(images_a_second(build, digits, n_steps, case))
            with one_core_held():
                beside.append(images_a_second(build, digits, n_steps, case))
        slowdown = [a / b for a, b in zip(alone, beside, strict=True)]
        speeds = [median_and_range(values, "{:,.0f}") for values in (alone, beside)]
        label = f"{case.n_threads} thread(s)"
        rows.append([label, *speeds, median_and_range(slowdown)])
        bars[label] = statistics.median(slowdown)
    return Result(
        "Beside a busy program",
        f"{NETWORK}, batch 256, {n_steps} steps a run, {n_repetitions} runs: median (range); "
        f"{digits}; another process holds one core",
        ["threads", "images a second alone", "beside it", "times slower"],
        rows,
        bars,
        "times slower (median)",
    )


@contextmanager
def one_core_held() -> Iterator[None]:
    """Have another program compute inside the block, in a session of its own, as a user's would."""
    command = [sys.executable, "-c", "while True: pass"]
    with subprocess.Popen(command, start_new_session=True) as program:
        try:
            yield
        finally:
            program.kill()
