"""The series' training loop against the one that tutorials on MNIST show.

All train the same network for as many steps, by the clock and in turns, on one thread: what else
runs on the machine then disturbs them alike. The tutorials' loop is measured twice, as many write
it and with two worker processes, as others do.

As a command, `python -m tools.bench.loops NETWORK LOOP BATCH` trains a few steps and prints the
peak memory of its process.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain, islice, repeat
from pathlib import Path

import torch
from torch import nn

from ae_utils.data import Digits, load_digits
from ae_utils.models import Autoencoder, dense_autoencoder, linear_autoencoder
from ae_utils.training import Settings, choose_device, fit
from tools.bench.report import Result, median_and_range
from tools.processes import process_peak_memory

ROOT = Path(__file__).resolve().parents[2]
N_STEPS = 1_500  # of a run: as many as notebook 1 trains its deep model for
N_REPETITIONS = 3
N_MEMORY_STEPS = 50

# What is trained. The second is what many tutorials build; the third is the series' default.
NETWORKS: dict[str, Callable[[], Autoencoder]] = {
    "784-2 linear": partial(linear_autoencoder, 2),
    "784-128-64-12-3": partial(dense_autoencoder, 3, widths=(128, 64, 12)),
    "784-256-256-128-2": partial(dense_autoencoder, 2),
}


def train_as_the_series_does(model: Autoencoder, digits: Digits, settings: Settings) -> None:
    """`fit`, with the records that it keeps."""
    fit(model, digits.train_images, settings)


def train_as_tutorials_do(
    model: Autoencoder, digits: Digits, settings: Settings, n_workers: int = 0
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

    from tools.bench.tutorials import LoadedMNIST  # it loads torchvision

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


LOOPS: dict[str, Callable[[Autoencoder, Digits, Settings], None]] = {
    "tutorials": train_as_tutorials_do,
    "tutorials, 2 workers": partial(train_as_tutorials_do, n_workers=2),
    "series": train_as_the_series_does,
}
CASES = [("tutorials", 64), ("tutorials, 2 workers", 64), ("series", 64), ("series", 256)]
COMPARED_WITH = CASES[:2]

Speeds = dict[tuple[str, int], list[float]]  # for a loop and a batch size: images a second


def bench_loops(
    networks: Iterable[str] = NETWORKS,
    n_steps: int = N_STEPS,
    n_repetitions: int = N_REPETITIONS,
) -> Result:
    """Images a second and peak memory, loop by loop."""
    digits = load_digits()
    rows, bars = [], {}
    for name in networks:
        speeds = measure_speeds(NETWORKS[name], digits, n_steps, n_repetitions)
        for (loop, batch), own in speeds.items():
            ratios = [
                median_and_range([a / b for a, b in zip(own, speeds[other], strict=True)])
                for other in COMPARED_WITH
            ]
            megabytes = f"{peak_memory(name, loop, batch) / 1e6:,.0f}"
            speed = median_and_range(own, "{:,.0f}")
            rows.append([name, loop, str(batch), speed, *ratios, megabytes])
            bars[f"{name}: {loop}, batch {batch}"] = statistics.median(own)
    return Result(
        "Training loops",
        f"{n_steps:,} steps a run, {n_repetitions} runs of each in turns: median (range); "
        f"{digits}; one thread; 'tutorials': torchvision's MNIST, ToTensor, DataLoader, Adam; "
        "'series': `fit`; peak memory of one process, without workers",
        [
            "network",
            "loop",
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
    build: Callable[[], Autoencoder], digits: Digits, n_steps: int, n_repetitions: int
) -> Speeds:
    """Train with each loop in turn, each time from fresh weights, after a short warm-up."""
    device = choose_device()
    speeds: Speeds = {case: [] for case in CASES}
    for repetition in range(n_repetitions + 1):
        is_warm_up = repetition == 0
        for loop, batch in CASES:
            settings = Settings(2 if is_warm_up else n_steps, batch)
            model = build().to(device)
            start = time.perf_counter()
            LOOPS[loop](model, digits, settings)
            seconds = time.perf_counter() - start
            if not is_warm_up:
                speeds[loop, batch].append(n_steps * batch / seconds)
    return speeds


def peak_memory(network: str, loop: str, batch: int) -> int:
    """The peak memory, in bytes, of a process that does nothing but train so."""
    command = [sys.executable, "-m", "tools.bench.loops", network, loop, str(batch)]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return int(result.stdout.splitlines()[-1])


def main() -> None:
    """Train a little and print this process's peak memory."""
    network, loop, batch = sys.argv[1:]
    torch.set_num_threads(1)
    model = NETWORKS[network]().to(choose_device())
    LOOPS[loop](model, load_digits(), Settings(N_MEMORY_STEPS, int(batch)))
    print(process_peak_memory(os.getpid()))


if __name__ == "__main__":
    main()
