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
from tools.measure.bench.loops import NETWORKS, Case, time_training
from tools.measure.bench.machine import ALL_CORES
from tools.measure.bench.report import Result, median_and_range

NETWORK = "784-256-256-128-2"  # the series' default, at its batch size
BATCH_SIZE = 256
N_STEPS = 60
N_REPETITIONS = 3


def bench_busy(n_steps: int = N_STEPS, n_repetitions: int = N_REPETITIONS) -> Result:
    """The time of a short training alone, and beside a program that computes without a pause."""
    digits, build = load_digits(), NETWORKS[NETWORK]
    rows, bars = [], {}
    for n_threads in sorted({1, ALL_CORES}):
        case = Case("series", n_threads, BATCH_SIZE)
        time_training(build, digits, 2, case)
        alone, beside = [], []
        for _ in range(n_repetitions):
            alone.append(time_training(build, digits, n_steps, case))
            with one_core_held():
                beside.append(time_training(build, digits, n_steps, case))
        slowdown = [b / a for a, b in zip(alone, beside, strict=True)]
        rows.append([str(n_threads), *map(median_and_range, (alone, beside, slowdown))])
        bars[f"{n_threads} thread(s)"] = statistics.median(slowdown)
    return Result(
        "Beside a busy program",
        f"{NETWORK}, batch {BATCH_SIZE}, {n_steps} steps a run with their records, {n_repetitions} "
        f"runs: median (range); {digits}; another process holds one core",
        ["threads", "seconds alone", "beside it", "times slower"],
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
