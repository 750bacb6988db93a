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
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.annealing import anneal, anneal_backwards
from ae_utils.boltzmann import BoltzmannMachine, ContrastiveDivergence, boltzmann_machine
from ae_utils.checkpoints import save_checkpoint
from ae_utils.classifier import DigitClassifier, digit_classifier
from ae_utils.convolutional import convolutional_autoencoder
from ae_utils.data import DataSet, load_digits
from ae_utils.images import mean_image, to_float
from ae_utils.likelihood import exact_log_likelihood, importance_bound, log_weights
from ae_utils.losses import classification_loss, evaluate
from ae_utils.machine_likelihood import log_likelihood, pseudo_log_likelihood
from ae_utils.models import Autoencoder, dense_autoencoder
from ae_utils.training import Settings, fit
from ae_utils.variational import (
    NegativeElbo,
    VariationalAutoencoder,
    binarize,
    measure_rate_and_distortion,
    variational_autoencoder,
)
from tools.commands import ROOT, choose
from tools.make.experiments.post import BATCH_SIZE, LR, train_as_the_post

WEIGHTS = ROOT / "ae_utils" / "weights"
N_VALIDATION = 5_000  # the last training images, held back to choose a start
SEEDS = range(6)
TRIAL_STEPS, FINAL_STEPS = 1_000, 10_000
TANH_LR = 3e-3  # at SiLU's 5e-3 a network of tanh trains less steadily
SMALL_WIDTHS, SMALL_STEPS = (128, 128), 6_000
SWEEP = (1, 2, 3, 8, 16, 32, 64)  # code sizes
# Variational autoencoders: numbers a code, widths, and settings, tried on images held back.
CLOUDS = {
    "2d": (2, (256, 256, 128), Settings(20_000, lr=4e-3)),
    "20d": (20, (256, 128), Settings(20_000, batch_size=128, lr=3e-3)),
    "40d": (40, (768, 384), Settings(22_000, lr=4e-3)),
}
BETAS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
SMALL = 2, SMALL_WIDTHS, Settings(SMALL_STEPS)
N_WEIGHTS = 500  # codes an image, for the importance-weighted bound
# Boltzmann machines: whether chains persist, and settings, tried on images held back.
MACHINES = {
    "boltzmann": (True, Settings(80_000, batch_size=100, lr=0.1)),
    "boltzmann_cd1": (False, Settings(14_000, batch_size=100, lr=0.1)),
}
N_CHAINS, N_TEMPERATURES = 100, 10_000  # for the likelihood of a machine
CHAIN_STEPS = 2_000  # from data to what the machine draws
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


def train(
    model: Autoencoder, digits: DataSet, settings: Settings
) -> tuple[Autoencoder, dict[str, Any]]:
    """Train an autoencoder; return it with what there is to know about it."""
    fit(model, digits.train_images, settings)
    return model, describe(model, digits.train_images, digits, asdict(settings))


def describe(
    model: nn.Module, images: Tensor, digits: DataSet, settings: dict[str, Any]
) -> dict[str, Any]:
    """What there is to know about a model that reconstructs, trained on these `images`."""
    return {
        "data": str(digits),
        "settings": settings,
        "train_error": evaluate(model, images),
        "test_error": evaluate(model, digits.test_images),
        "torch": torch.__version__,
    }


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


def describe_likelihood(
    model: VariationalAutoencoder, images: Tensor, beta: float
) -> dict[str, float]:
    """What images that are black and white cost, and how likely they are: nats an image.

    The likelihood is exact in the plane; elsewhere it is the bound of `N_WEIGHTS` samples. Where
    the rate was free, codes lie beyond the part of the plane that is summed over.
    """
    rate, distortion = measure_rate_and_distortion(model, images)
    figures = {"rate": rate, "distortion": distortion, "elbo": -(rate + distortion)}
    if model.latent_dim == 2 and beta > 0:
        figures["log_likelihood"], _ = exact_log_likelihood(model, images)
    elif beta > 0:
        weights = log_weights(model, images, N_WEIGHTS)
        figures["importance_bound"] = importance_bound(weights, N_WEIGHTS)
    return {name: each.mean().item() for name, each in figures.items()}


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


def describe_machine(machine: BoltzmannMachine, digits: DataSet) -> dict[str, float]:
    """Log-likelihoods of binary test images, in nats an image, by log Z from either side."""
    images, chances = binarize(digits.test_images), mean_image(digits.train_images).flatten()
    start = to_float(binarize(digits.train_images[:N_CHAINS])).flatten(1)
    drawn = machine.run_chains(start, CHAIN_STEPS, torch.Generator().manual_seed(0))
    forwards = anneal(machine, chances, N_CHAINS, N_TEMPERATURES)
    backwards = anneal_backwards(machine, chances, drawn, N_TEMPERATURES)
    unnormalized = log_likelihood(machine, images, log_z=0.0).mean().item()
    return {
        "log_likelihood": unnormalized - forwards.log_z,
        "log_likelihood_error": forwards.error,
        "log_likelihood_backwards": unnormalized - backwards.log_z,
        "log_likelihood_backwards_error": backwards.error,
        "pseudo_log_likelihood": pseudo_log_likelihood(machine, images).mean().item(),
    }


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
