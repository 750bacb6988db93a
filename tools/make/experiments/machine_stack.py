"""The deep autoencoder of 2006: a stack of machines, unrolled and fine-tuned, or from scratch."""

from dataclasses import dataclass
from functools import partial
from time import process_time

import torch
from torch import Tensor

from ae_utils.boltzmann import BoltzmannMachine
from ae_utils.data import DataSet
from ae_utils.images import N_PIXELS, mean_image
from ae_utils.losses import evaluate
from ae_utils.machine_stack import SIZES, make_machines, pretrain, sigmoid_autoencoder, unroll
from ae_utils.models import Autoencoder
from ae_utils.training import Settings, fit
from tools.make.experiments import Experiment, Figures

LRS = (0.1, 0.1, 0.1, 2e-3)  # of the machines, the last one's code being real numbers


@dataclass(frozen=True)
class Length:
    """How long a network is trained: by machines and fine-tuning, or from scratch for as long.

    Attributes:
        pretraining: of each machine.
        tuning: of the unrolled network.
        scratch: of the same network without machines.
    """

    pretraining: tuple[Settings, ...]
    tuning: Settings
    scratch: Settings


@dataclass(frozen=True)
class MachineStack:
    """A deep network of sigmoids, trained in two ways and at two lengths.

    Attributes:
        sizes: numbers a layer, from the image to the code.
        lengths: by name.
        decays: of the weights, decoupled from the gradient, for the last of the lengths. That with
            the lowest error of the unrolled network on images held back is taken for all.
        n_held_back: the last so many training images.
    """

    sizes: tuple[int, ...]
    lengths: dict[str, Length]
    decays: tuple[float, ...]
    n_held_back: int


def run_machine_stack(digits: DataSet, settings: MachineStack) -> Figures:
    """Squared errors an image, and seconds, by length and way of training."""
    known, held_back = digits.train_images.tensor_split([-settings.n_held_back])
    *_, longest = settings.lengths.values()
    machines, _ = pretrain_machines(settings.sizes, known, longest)
    errors = {}
    for decay in settings.decays:
        model, _ = tune(unroll(machines), known, longest.tuning, decay)
        errors[decay] = squared_error(model, held_back)
        print(f"decay {decay:g}: {errors[decay]} on images held back")
    decay = min(errors, key=errors.__getitem__)
    figures: Figures = {"decay": decay, "selection errors": {f"{d:g}": errors[d] for d in errors}}
    for name, length in settings.lengths.items():
        figures[name] = compare(digits, settings.sizes, length, decay)
        print(name, figures[name])
    return figures


def compare(digits: DataSet, sizes: tuple[int, ...], length: Length, decay: float) -> Figures:
    """The network before and after fine-tuning, and from scratch."""
    images = digits.train_images
    machines, before = pretrain_machines(sizes, images, length)
    tuned, after = tune(unroll(machines), images, length.tuning, decay)
    fresh = sigmoid_autoencoder(sizes, seed=length.scratch.seed)
    scratch, seconds = tune(fresh, images, length.scratch, decay)
    return {
        "machines": measure(unroll(machines), digits, before),
        "fine-tuned": measure(tuned, digits, before + after),
        "scratch": measure(scratch, digits, seconds),
    }


def pretrain_machines(
    sizes: tuple[int, ...], images: Tensor, length: Length
) -> tuple[list[BoltzmannMachine], float]:
    """Trained machines, and the seconds that it took."""
    start = process_time()
    machines = make_machines(sizes, mean_image=mean_image(images), seed=length.tuning.seed)
    pretrain(machines, images, length.pretraining)
    return machines, process_time() - start


def tune(
    model: Autoencoder, images: Tensor, how: Settings, decay: float
) -> tuple[Autoencoder, float]:
    """The whole network, trained with weights that decay, and the seconds that it took."""
    start = process_time()
    adam = partial(torch.optim.AdamW, betas=(0.9, 0.99), weight_decay=decay, fused=True)
    fit(model, images, how, make_optimizer=adam)
    return model, process_time() - start


def measure(model: Autoencoder, digits: DataSet, seconds: float) -> Figures:
    """The errors, and the processor time until then."""
    return {
        "test error": squared_error(model, digits.test_images),
        "training error": squared_error(model, digits.train_images),
        "seconds": round(seconds, 1),
    }


def squared_error(model: Autoencoder, images: Tensor) -> float:
    """The error as Hinton & Salakhutdinov give it, summed over an image's pixels."""
    return round(N_PIXELS * evaluate(model, images), 3)


def in_steps(*steps: int) -> tuple[Settings, ...]:
    """Settings of the four machines."""
    return tuple(Settings(n, 100, lr) for n, lr in zip(steps, LRS, strict=True))


def at_rate(steps: int) -> Settings:
    """Settings of the whole network."""
    return Settings(steps, 128, 4.8e-3)


EXPERIMENT = Experiment(
    run_machine_stack,
    MachineStack(
        sizes=SIZES,
        lengths={
            "3 minutes": Length(
                in_steps(1_200, 1_200, 2_400, 6_000), at_rate(4_300), at_rate(7_700)
            ),
            "8 minutes": Length(
                in_steps(2_400, 2_400, 4_800, 9_000), at_rate(14_000), at_rate(20_000)
            ),
        },
        decays=(0.0, 0.01, 0.03, 0.1),
        n_held_back=5_000,
    ),
    MachineStack(
        sizes=(784, 64, 32, 24, 6),
        lengths={"seconds": Length(in_steps(100, 100, 100, 100), at_rate(100), at_rate(200))},
        decays=(0.0, 10.0),
        n_held_back=100,
    ),
)
