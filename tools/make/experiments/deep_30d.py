"""A deep autoencoder with 30 numbers a code, and PCA with as many."""

from dataclasses import dataclass, field

from ae_utils.data import DataSet
from ae_utils.images import N_PIXELS, mean_image
from ae_utils.losses import evaluate
from ae_utils.pca import pca_autoencoder
from ae_utils.training import Settings, fit
from tools.make.experiments import Experiment, Figures
from tools.make.residual import residual_autoencoder


@dataclass(frozen=True)
class Deep30D:
    """A deep autoencoder, trained at length.

    Attributes:
        latent_dim: numbers in a code.
        training: its settings; the seed is for the starting weights as well.
    """

    latent_dim: int = 30
    training: Settings = field(default_factory=lambda: Settings(14_000, 128, 3e-3))


def run_deep_30d(digits: DataSet, settings: Deep30D) -> Figures:
    """Squared errors an image, the network's and PCA's, as Hinton & Salakhutdinov give them."""
    mean, seed = mean_image(digits.train_images), settings.training.seed
    model = residual_autoencoder(settings.latent_dim, mean_image=mean, seed=seed)
    fit(model, digits.train_images, settings.training)
    pca = pca_autoencoder(digits.train_images, settings.latent_dim)
    return {
        "test error": N_PIXELS * evaluate(model, digits.test_images),
        "training error": N_PIXELS * evaluate(model, digits.train_images),
        "PCA's test error": N_PIXELS * evaluate(pca, digits.test_images),
    }


EXPERIMENT = Experiment(run_deep_30d, Deep30D(), Deep30D(training=Settings(60, 64, 3e-3)))
