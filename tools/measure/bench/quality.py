"""The test error that a given time of training reaches.

The learning rate falls to nothing at the end of a training, so each time is a training of its own,
not a point on the curve of a longer one. The steps are fixed and the time is measured: the errors
are the same on every machine, but for rounding, the times are not.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch

from ae_utils.data import DataSet, load_digits
from ae_utils.device import choose_device
from ae_utils.images import N_PIXELS, mean_image
from ae_utils.losses import evaluate
from ae_utils.models import Autoencoder, dense_autoencoder
from ae_utils.training import Settings, fit
from tools.make.residual import residual_autoencoder
from tools.measure.bench.machine import ALL_CORES, use_threads
from tools.measure.bench.report import Result, median_and_range

SETTINGS_2D = [Settings(1_500), Settings(5_000)]  # the first is notebook 1's
SETTINGS_30D = [Settings(steps, 128, 3e-3) for steps in (1_800, 4_000, 8_000)]


def bench_2d(trainings: Sequence[Settings] = SETTINGS_2D, n_seeds: int = 5) -> Result:
    """The dense model, two numbers a code."""
    build = partial(dense_autoencoder, 2)
    return measure("Two numbers a code: the error reached", build, trainings, n_seeds)


def bench_30d(trainings: Sequence[Settings] = SETTINGS_30D, n_seeds: int = 1) -> Result:
    """The residual model, thirty numbers a code, on all cores: its layers are wide enough."""
    build = partial(residual_autoencoder, 30)
    with use_threads(ALL_CORES):
        return measure("Thirty numbers a code: the error reached", build, trainings, n_seeds)


def measure(
    title: str, build: Callable[..., Autoencoder], trainings: Sequence[Settings], n_seeds: int
) -> Result:
    """Train from each seed with each of the settings; note the time and the error."""
    digits = load_digits()
    rows, bars = [], {}
    for settings in trainings:
        runs = [train(build, replace(settings, seed=seed), digits) for seed in range(n_seeds)]
        wall, processor, errors = zip(*runs, strict=True)
        rows.append(
            [
                f"{settings.steps:,}",
                str(settings.batch_size),
                f"{settings.lr:g}",
                median_and_range(wall),
                median_and_range(processor),
                median_and_range(errors, "{:.4f}"),
                median_and_range([N_PIXELS * error for error in errors], "{:.2f}"),
            ]
        )
        label = f"{settings.steps:,} steps, {statistics.median(wall):.0f} s"
        bars[label] = N_PIXELS * statistics.median(errors)
    return Result(
        title,
        f"{n_seeds} seed(s): median (range); {digits}; {torch.get_num_threads()} thread(s)",
        [
            "steps",
            "batch",
            "rate",
            "seconds",
            "of processor",
            "error a pixel",
            "squared error an image",
        ],
        rows,
        bars,
        "squared error a test image (median)",
        "{:.2f}",
    )


def train(
    build: Callable[..., Autoencoder], settings: Settings, digits: DataSet
) -> tuple[float, float, float]:
    """Train a fresh model; return the seconds gone by, those of processor, and the test error."""
    model = build(mean_image=mean_image(digits.train_images), seed=settings.seed)
    model = model.to(choose_device())
    start, start_processor = time.perf_counter(), time.process_time()
    fit(model, digits.train_images, settings)
    wall, processor = time.perf_counter() - start, time.process_time() - start_processor
    return wall, processor, evaluate(model, digits.test_images)
