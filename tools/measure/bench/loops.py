"""The series' training loop against the one that tutorials on MNIST show.

All train the same network for as many steps, by the clock and in turns: what else runs on the
machine then disturbs them alike. The tutorials' loop is measured twice, as many write it and with
two worker processes, as others do; it leaves the number of threads to PyTorch, which takes all
cores. The series' loop runs on one thread, as in the notebooks, and on all cores.

As a command, `python -m tools.measure.bench.loops NETWORK LOOP THREADS BATCH` trains a few steps
and prints the peak memory of its process.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import chain, islice, repeat
from typing import NamedTuple

import torch
from torch import nn

from ae_utils.data import DataSet, load_digits
from ae_utils.device import choose_device
from ae_utils.models import Autoencoder, dense_autoencoder, linear_autoencoder
from ae_utils.training import Settings, fit
from tools.commands import ROOT
from tools.measure.bench.machine import ALL_CORES, use_threads
from tools.measure.bench.report import Result, median_and_range
from tools.processes import process_peak_memory

N_STEPS = 1_500  # of a run: as many as notebook 1 trains its deep model for
N_REPETITIONS = 3
N_MEMORY_STEPS = 50

# What is trained. The second is what many tutorials build; the third is the series' default.
NETWORKS: dict[str, Callable[[], Autoencoder]] = {
    "784-2 linear": partial(linear_autoencoder, 2),
    "784-128-64-12-3": partial(dense_autoencoder, 3, widths=(128, 64, 12)),
    "784-256-256-128-2": partial(dense_autoencoder, 2),
}


def train_as_the_series_does(model: Autoencoder, digits: DataSet, settings: Settings) -> None:
    """`fit`, with the records that it keeps."""
    fit(model, digits.train_images, settings)


def train_as_tutorials_do(
    model: Autoencoder, digits: DataSet, settings: Settings, n_workers: int = 0
) -> None:
    """A data set of single images, each transformed when it is drawn, and a loader that piles them.

    It trains the same layers, without the checks that the series' models make of their input.

    Args:
        model: changed in place.
        digits: its training images are used.
        settings: but for the learning rate, which is 1e-3, and the schedule: there is none.
        n_workers: processes that draw and transform the images; with 0 the training itself does.
    """
    from torch.utils.data import DataLoader

    from tools.measure.bench.tutorials import LoadedMNIST  # it loads torchvision

    device = next(model.parameters()).device
    network = nn.Sequential(model.encoder, model.decoder)
    loader: DataLoader = DataLoader(
        LoadedMNIST(digits), settings.batch_size, shuffle=True, num_workers=n_workers
    )
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    running_loss = 0.0
    for x, _ in islice(chain.from_iterable(repeat(loader)), settings.steps):
        x = x.to(device)
        loss = criterion(network(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        running_loss += loss.item()


LOOPS: dict[str, Callable[[Autoencoder, DataSet, Settings], None]] = {
    "tutorials": train_as_tutorials_do,
    "tutorials, 2 workers": partial(train_as_tutorials_do, n_workers=2),
    "series": train_as_the_series_does,
}


class Case(NamedTuple):
    """A loop, the threads that it runs on, and its batch size."""

    loop: str
    n_threads: int
    batch_size: int


COMPARED_WITH = [Case("tutorials", ALL_CORES, 64), Case("tutorials, 2 workers", ALL_CORES, 64)]
CASES = [
    *COMPARED_WITH,
    Case("series", 1, 64),
    Case("series", 1, 256),
    Case("series", ALL_CORES, 64),
    Case("series", ALL_CORES, 256),
    Case("series", ALL_CORES, 1024),
]


def bench_loops(network: str, n_steps: int = N_STEPS, n_repetitions: int = N_REPETITIONS) -> Result:
    """Images a second and peak memory, loop by loop, for one of the networks."""
    digits = load_digits()
    speeds = measure_speeds(NETWORKS[network], digits, n_steps, n_repetitions)
    rows, bars = [], {}
    for case, own in speeds.items():
        ratios = [
            median_and_range([a / b for a, b in zip(own, speeds[other], strict=True)])
            for other in COMPARED_WITH
        ]
        megabytes = f"{peak_memory(network, case) / 1e6:,.0f}"
        rows.append([*map(str, case), median_and_range(own, "{:,.0f}"), *ratios, megabytes])
        label = f"{case.loop}, {case.n_threads} thread(s), batch {case.batch_size}"
        bars[label] = statistics.median(own)
    return Result(
        f"Training {network}",
        f"{n_steps:,} steps a run, {n_repetitions} runs of each in turns: median (range); "
        f"{digits}; 'tutorials': torchvision's MNIST, ToTensor, DataLoader, Adam; "
        "'series': `fit`; peak memory of one process, without workers",
        [
            "loop",
            "threads",
            "batch",
            "images a second",
            "times the tutorials'",
            "times theirs with 2 workers",
            "peak memory, MB",
        ],
        rows,
        bars,
        "images a second (median)",
        "{:,.0f}",
    )


def measure_speeds(
    build: Callable[[], Autoencoder], digits: DataSet, n_steps: int, n_repetitions: int
) -> dict[Case, list[float]]:
    """Train in each way in turn, after a short warm-up; return the images a second of each run."""
    speeds: dict[Case, list[float]] = {case: [] for case in CASES}  # on one core some are the same
    for case in speeds:
        time_training(build, digits, 2, case)
    for _ in range(n_repetitions):
        for case, own in speeds.items():
            own.append(n_steps * case.batch_size / time_training(build, digits, n_steps, case))
    return speeds


def time_training(
    build: Callable[[], Autoencoder], digits: DataSet, n_steps: int, case: Case
) -> float:
    """The seconds that it takes to train a network with fresh weights."""
    model = build().to(choose_device())
    settings = Settings(n_steps, case.batch_size)
    with use_threads(case.n_threads):
        start = time.perf_counter()
        LOOPS[case.loop](model, digits, settings)
        return time.perf_counter() - start


def peak_memory(network: str, case: Case) -> int:
    """The peak memory, in bytes, of a process that does nothing but train so."""
    command = [sys.executable, "-m", "tools.measure.bench.loops", network, *map(str, case)]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return int(result.stdout.splitlines()[-1])


def main() -> None:
    """Train a little and print this process's peak memory."""
    network, loop, n_threads, batch_size = sys.argv[1:]
    case = Case(loop, int(n_threads), int(batch_size))
    time_training(NETWORKS[network], load_digits(), N_MEMORY_STEPS, case)
    print(process_peak_memory(os.getpid()))


if __name__ == "__main__":
    main()
