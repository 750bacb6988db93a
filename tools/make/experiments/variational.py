"""Variational autoencoders: three ways to score pixels, and what the weight of the rate does."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ae_utils.data import DataSet
from ae_utils.images import mean_image
from ae_utils.latent import encode_dataset
from ae_utils.likelihood import exact_log_likelihood
from ae_utils.losses import evaluate
from ae_utils.metrics import knn_labels
from ae_utils.training import Settings, fit
from ae_utils.variational import (
    NegativeElbo,
    VariationalAutoencoder,
    binarize,
    kl_divergence,
    measure_rate_and_distortion,
    variational_autoencoder,
)
from tools.make.experiments import Experiment, Figures

PIXELS = {"binary": "bernoulli", "grey": "bernoulli", "gaussian": "gaussian"}
ACTIVE = 0.05  # nats of rate from which a coordinate counts as one that is used
N_GRID = 241  # points a side to sum over: clouds are still wide after a short training


@dataclass(frozen=True)
class Variational:
    """Trainings that differ in the pixels' score, and in the weight of the rate.

    Attributes:
        steps: of each training, at the settings' own batch size and rate.
        seeds: one for each training of a kind.
        widths: of the hidden layers.
        n_exact: test images whose likelihood is computed exactly.
        n_voters: training images whose codes name those of the test images.
        betas: weights of the rate.
        latent_dim: numbers a code where `beta` varies.
    """

    steps: int = 1_500
    seeds: Sequence[int] = (0, 1, 2)
    widths: Sequence[int] = (256, 256, 128)
    n_exact: int = 1_000
    n_voters: int = 10_000
    betas: Sequence[float] = (0.1, 0.5, 1, 2, 5, 10, 30)
    latent_dim: int = 20


def run_variational(digits: DataSet, settings: Variational) -> Figures:
    """The figures of every training, on test images, those for likelihoods made binary."""
    binary = binarize(digits.test_images)
    figures: Figures = {"pixels": {}, "beta": {}}
    for kind in PIXELS:
        runs = [compare_pixels(kind, seed, digits, binary, settings) for seed in settings.seeds]
        figures["pixels"][kind] = {key: [run[key] for run in runs] for key in runs[0]}
        print(kind, figures["pixels"][kind])
    for beta in settings.betas:
        figures["beta"][f"{beta:g}"] = vary_beta(beta, digits, binary, settings)
        print(f"beta {beta:g}", figures["beta"][f"{beta:g}"])
    return figures


def compare_pixels(
    kind: str, seed: int, digits: DataSet, binary: Tensor, settings: Variational
) -> Figures:
    """Two numbers a code: the error, the neighbours' vote, and what the pixels' score allows."""
    loss = NegativeElbo(binary=kind == "binary", seed=seed)
    model = train(2, PIXELS[kind], loss, digits, settings)
    parts = (digits.train_images[: settings.n_voters], digits.test_images)
    known, codes = (encode_dataset(model.encode, images) for images in parts)
    named = knn_labels(codes, known, digits.train_labels[: settings.n_voters])
    figures = {
        "error": evaluate(model, digits.test_images),
        "neighbours": (named == digits.test_labels).float().mean().item(),
    }
    if kind == "gaussian":
        return figures | {"pixel variance": math.exp(model.pixel_log_variance.item())}
    rate, distortion = measure_rate_and_distortion(model, binary)
    exact, _ = exact_log_likelihood(model, binary[: settings.n_exact], N_GRID)
    return figures | {"elbo": -(rate + distortion).mean().item(), "exact": exact.mean().item()}


def vary_beta(beta: float, digits: DataSet, binary: Tensor, settings: Variational) -> Figures:
    """Many numbers a code: rate, distortion, and how many of the numbers are used."""
    loss = NegativeElbo(beta, seed=settings.seeds[0])
    model = train(settings.latent_dim, "bernoulli", loss, digits, settings)
    rate, distortion = measure_rate_and_distortion(model, binary)
    rates = rate_by_coordinate(model, binary)
    return {
        "rate": rate.mean().item(),
        "distortion": distortion.mean().item(),
        "active": int((rates > ACTIVE).sum()),
    }


def rate_by_coordinate(model: VariationalAutoencoder, images: Tensor) -> Tensor:
    """What each number of the code tells of an image, in nats: (latent_dim,)."""

    def rates(x: Tensor) -> Tensor:  # each number as a cloud of its own
        mean, log_variance = model.encode_distribution(x)
        alone = kl_divergence(mean.reshape(-1, 1), log_variance.reshape(-1, 1))
        return alone.view_as(mean)

    return encode_dataset(rates, images).mean(0)


def train(
    latent_dim: int, pixels: str, loss: NegativeElbo, digits: DataSet, settings: Variational
) -> VariationalAutoencoder:
    """Train one model, ready for evaluation."""
    model = variational_autoencoder(
        latent_dim, widths=settings.widths, pixels=pixels, seed=loss.seed,
        mean_image=mean_image(digits.train_images),
    )  # fmt: skip
    fit(model, digits.train_images, Settings(settings.steps, seed=loss.seed), loss=loss)
    return model.eval()


EXPERIMENT = Experiment(
    run_variational, Variational(), Variational(60, (0, 1), (32,), 20, 200, (0.5, 30), 4)
)
