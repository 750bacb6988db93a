"""A deep autoencoder with 30 numbers a code, and PCA with as many."""

from dataclasses import dataclass, field

import torch

from ae_utils.data import Digits, mean_image, to_float
from ae_utils.metrics import reconstruction_error
from ae_utils.models import N_PIXELS, residual_autoencoder
from ae_utils.training import Settings, evaluate, fit
from tools.make.experiments import Experiment, Figures


@dataclass(frozen=True)
class Deep30D:
    """A deep autoencoder, trained at length.

    Attributes:
        latent_dim: numbers in a code.
        training: its settings; the seed is for the starting weights as well.
    """

    latent_dim: int = 30
    training: Settings = field(default_factory=lambda: Settings(14_000, 128, 3e-3))


def run_deep_30d(digits: Digits, settings: Deep30D) -> Figures:
    """Squared errors an image, the network's and PCA's, as Hinton & Salakhutdinov give them."""
    mean, seed = mean_image(digits.train_images), settings.training.seed
    model = residual_autoencoder(settings.latent_dim, mean_image=mean, seed=seed)
    fit(model, digits.train_images, settings.training)
    return {
        "test error": N_PIXELS * evaluate(model, digits.test_images),
        "training error": N_PIXELS * evaluate(model, digits.train_images),
        "PCA's test error": N_PIXELS * pca_error(digits, settings.latent_dim),
    }


def pca_error(digits: Digits, n_components: int) -> float:
    """The test error of PCA, fitted to all training images: mean squared error a pixel."""
    mean = mean_image(digits.train_images).flatten()
    products = torch.zeros(N_PIXELS, N_PIXELS)
    for batch in digits.train_images.split(2_000):
        centred = to_float(batch).flatten(1) - mean  # (2000, 784)
        products += centred.T @ centred
    eigenvectors = torch.linalg.eigh(products.double()).eigenvectors.float()
    directions = eigenvectors[:, -n_components:]  # (784, n)
    x = to_float(digits.test_images).flatten(1)
    x_hat = (x - mean) @ directions @ directions.T + mean
    return reconstruction_error(x_hat, x).item()


EXPERIMENT = Experiment(run_deep_30d, Deep30D(), Deep30D(training=Settings(60, 64, 3e-3)))
