"""Train the models that the package ships, on MNIST, and write them to `ae_utils/weights/`.

    python -m tools.make.weights                      all of them, nearly two hours
    python -m tools.make.weights dense_3d sweep_8d    some of them

Where training ends depends on where it starts, by more than most settings matter. So the 2-D model
is started several times, each start is trained a little, and the best start is then trained at
length. It is chosen on training images held back for the purpose, not on the test images.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from itertools import count, islice
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.boltzmann import BoltzmannMachine, ContrastiveDivergence, boltzmann_machine
from ae_utils.checkpoints import save_checkpoint
from ae_utils.classifier import DigitClassifier, digit_classifier
from ae_utils.convolutional import convolutional_autoencoder
from ae_utils.data import DataSet, load_digits
from ae_utils.images import mean_image
from ae_utils.losses import classification_loss, evaluate, reconstruction_loss
from ae_utils.models import Autoencoder, dense_autoencoder
from ae_utils.recording import Recording, recording
from ae_utils.training import Settings, fit
from ae_utils.variational import (
    NegativeElbo,
    VariationalAutoencoder,
    binarize,
    variational_autoencoder,
)
from tools.commands import ROOT, choose
from tools.make.descriptions import describe, describe_likelihood, describe_machine
from tools.make.experiments.post import BATCH_SIZE, LR, train_as_the_post

WEIGHTS = ROOT / "ae_utils" / "weights"
N_VALIDATION = 5_000  # the last training images, held back to choose a start
SEEDS = range(6)
TRIAL_STEPS, FINAL_STEPS = 1_000, 10_000
TANH_LR = 3e-3  # at SiLU's 5e-3 a network of tanh trains less steadily
SMALL_WIDTHS, SMALL_STEPS = (128, 128), 6_000
SWEEP = (1, 2, 3, 8, 16, 32, 64)  # code sizes
RECORDED = (0, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 4_000, SMALL_STEPS)
# Variational autoencoders: numbers a code, widths, and settings, tried on images held back.
CLOUDS = {
    "2d": (2, (256, 256, 128), Settings(20_000, lr=4e-3)),
    "20d": (20, (256, 128), Settings(20_000, batch_size=128, lr=3e-3)),
    "40d": (40, (768, 384), Settings(22_000, lr=4e-3)),
}
BETAS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
SMALL = 2, SMALL_WIDTHS, Settings(SMALL_STEPS)
# Boltzmann machines: whether chains persist, and settings, tried on images held back.
MACHINES = {
    "boltzmann": (True, Settings(80_000, batch_size=100, lr=0.1)),
    "boltzmann_cd1": (False, Settings(14_000, batch_size=100, lr=0.1)),
}
POST = {"post": (1_000, 6_400), "post_60000": (60_000, 30_000)}  # images, and steps: 200 epochs, 16


def train_dense_2d(digits: DataSet) -> tuple[Autoencoder, dict[str, Any]]:
    """The model of the maps: a code of two numbers."""
    mean = mean_image(digits.train_images)
    build = partial(dense_autoencoder, 2, activation="tanh", mean_image=mean)
    trial_errors = [trial_error(build(seed=seed), digits.train_images, seed) for seed in SEEDS]
    best = SEEDS[trial_errors.index(min(trial_errors))]
    settings = Settings(FINAL_STEPS, lr=TANH_LR, seed=best)
    model, about = train(build(seed=best), digits, settings)
    return model, about | {"trial_steps": TRIAL_STEPS, "trial_errors": trial_errors}


def trial_error(model: Autoencoder, images: Tensor, seed: int) -> float:
    """The error on the images held back, after a short training on the others."""
    fit(model, images[:-N_VALIDATION], Settings(TRIAL_STEPS, lr=TANH_LR, seed=seed))
    error = evaluate(model, images[-N_VALIDATION:])
    print(f"start {seed}: error {error:.5f} after {TRIAL_STEPS:,} steps")
    return error


def train_dense_3d(digits: DataSet) -> tuple[Autoencoder, dict[str, Any]]:
    """A smaller model for maps in space: a code of three numbers."""
    mean = mean_image(digits.train_images)
    model = dense_autoencoder(3, widths=SMALL_WIDTHS, activation="tanh", mean_image=mean)
    return train(model, digits, Settings(SMALL_STEPS, lr=TANH_LR))


def train_sweep(latent_dim: int, digits: DataSet) -> tuple[Autoencoder, dict[str, Any]]:
    """One of the small models that differ in nothing but the size of the code."""
    mean = mean_image(digits.train_images)
    model = dense_autoencoder(latent_dim, widths=SMALL_WIDTHS, mean_image=mean)
    return train(model, digits, Settings(SMALL_STEPS))


def record_training(digits: DataSet) -> tuple[Recording, dict[str, Any]]:
    """A tiny autoencoder as it was at several steps of its training."""
    kept, steps = recording(RECORDED), count()

    def keep_and_lose(model: nn.Module, x: Tensor, labels: Any = None) -> Tensor:
        if model.training and (step := next(steps)) in kept.moments:
            kept.moments[step].load_state_dict(model.state_dict())
        return reconstruction_loss(model, x)

    mean, settings = mean_image(digits.train_images), Settings(SMALL_STEPS)
    model = dense_autoencoder(2, widths=kept.recipe["widths"], mean_image=mean)
    fit(model, digits.train_images, settings, loss=keep_and_lose)
    kept.moments[SMALL_STEPS].load_state_dict(model.state_dict())
    errors = [
        [evaluate(each, images) for each in kept.models]
        for images in (digits.train_images, digits.test_images)
    ]
    about = describe(model, digits.train_images, digits, asdict(settings))
    return kept, about | {"train_errors": errors[0], "test_errors": errors[1]}


def train(
    model: Autoencoder, digits: DataSet, settings: Settings
) -> tuple[Autoencoder, dict[str, Any]]:
    """Train an autoencoder; return it with what there is to know about it."""
    fit(model, digits.train_images, settings)
    return model, describe(model, digits.train_images, digits, asdict(settings))


def train_post(n: int, steps: int, digits: DataSet) -> tuple[Autoencoder, dict[str, Any]]:
    """The post's network, trained as in the post, on the first `n` images."""
    model, images = convolutional_autoencoder(2), digits.train_images[:n]
    for done, _ in enumerate(islice(train_as_the_post(model, images, seed=0), steps), start=1):
        if done % 1_000 == 0:
            print(f"step {done:,} of {steps:,}")
    settings = {"images": n, "steps": steps, "batch_size": BATCH_SIZE, "lr": LR, "seed": 0}
    return model, describe(model, images, digits, settings)


def train_twin(
    latent_dim: int, widths: Sequence[int], settings: Settings, digits: DataSet
) -> tuple[Autoencoder, dict[str, Any]]:
    """The plain autoencoder with a variational one's network, starting weights and batches."""
    mean = mean_image(digits.train_images)
    return train(dense_autoencoder(latent_dim, widths=widths, mean_image=mean), digits, settings)


def train_variational(
    latent_dim: int, widths: Sequence[int], settings: Settings, digits: DataSet, beta: float = 1.0
) -> tuple[VariationalAutoencoder, dict[str, Any]]:
    """A variational autoencoder, and how likely it finds binary test images."""
    mean = mean_image(digits.train_images)
    model = variational_autoencoder(latent_dim, widths=widths, mean_image=mean)
    fit(model, digits.train_images, settings, loss=NegativeElbo(beta))
    about = describe(model, digits.train_images, digits, asdict(settings) | {"beta": beta})
    return model, about | describe_likelihood(model, binarize(digits.test_images), beta)


def train_machine(
    persistent: bool, settings: Settings, digits: DataSet
) -> tuple[BoltzmannMachine, dict[str, Any]]:
    """A Boltzmann machine of 500 hidden units, and how likely it finds binary test images."""
    images, loss = digits.train_images, ContrastiveDivergence(persistent=persistent)
    machine = boltzmann_machine(500, mean_image=mean_image(images))
    fit(machine, images, settings, loss=loss, make_optimizer=torch.optim.SGD)
    machine.half().float()  # as it is stored: log Z hangs on the rounding, too
    about = describe(machine, images, digits, asdict(settings) | {"persistent": persistent})
    return machine, about | describe_machine(machine, digits)


def train_digit_classifier(digits: DataSet) -> tuple[DigitClassifier, dict[str, Any]]:
    """The classifier that names digits."""
    model = digit_classifier()
    settings = Settings(4_000, batch_size=128, lr=2e-3)
    labels = digits.train_labels
    fit(model, digits.train_images, settings, labels=labels, loss=classification_loss)
    named, _ = model.eval().label_and_confidence(digits.test_images)
    return model, {
        "data": str(digits),
        "settings": asdict(settings),
        "test_accuracy": (named == digits.test_labels).float().mean().item(),
        "torch": torch.__version__,
    }


RECIPES: dict[str, Callable[[DataSet], tuple[Any, dict[str, Any]]]] = {
    "dense_2d": train_dense_2d,
    "dense_3d": train_dense_3d,
    **{f"sweep_{size}d": partial(train_sweep, size) for size in SWEEP},
    "recording": record_training,
    **{name: partial(train_post, *numbers) for name, numbers in POST.items()},
    **{f"variational_{name}": partial(train_variational, *CLOUDS[name]) for name in CLOUDS},
    "twin_20d": partial(train_twin, *CLOUDS["20d"]),
    **{f"beta_{beta:g}": partial(train_variational, *SMALL, beta=beta) for beta in BETAS},
    **{name: partial(train_machine, *MACHINES[name]) for name in MACHINES},
    "digit_classifier": train_digit_classifier,
}


def main() -> None:
    """Train and save."""
    names = choose(RECIPES, "Train the models that the package ships.")
    torch.set_num_threads(1)
    digits = load_digits("mnist")
    for name in names:
        model, about = RECIPES[name](digits)
        path = save_checkpoint(model, WEIGHTS / name, about, half=True)
        figure = "test_error" if "test_error" in about else "test_accuracy"
        print(f"{path.name}: {path.stat().st_size:,} bytes, {figure} {about[figure]:.5f}")


if __name__ == "__main__":
    main()
