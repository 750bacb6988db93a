"""The variational autoencoder: a code that is a small cloud, and a loss in nats.

The network is the plain one of `models` with one layer more, which says how wide an image's cloud
is. A nat is a unit of information, as a bit is: 1 nat is 1.44 bits.

Source: Kingma & Welling 2014, 'Auto-Encoding Variational Bayes'.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ae_utils.checks import as_float, check_whole
from ae_utils.images import N_PIXELS, check_images, map_batches
from ae_utils.layers import builder, scaled_linear, seeded, set_bias
from ae_utils.models import Autoencoder, dense_autoencoder

PIXELS = ("bernoulli", "gaussian")
LOG_VARIANCE = -2.0  # before training: clouds of width 0.37, pixels that err by as much


class VariationalAutoencoder(Autoencoder):
    """An autoencoder whose encoder answers with a normal distribution over codes.

    `encode` gives its mean, so that maps, grids and metrics work as for every other model.

    Args:
        plain: the network to start from: its encoder ends in a linear layer, which gives the mean,
            its decoder in a sigmoid.
        log_variance: the layer beside that last one: what it gives is the distribution's
            log-variance, coordinate by coordinate.
        pixels: what the decoder's output says of a pixel. 'bernoulli': the chance that it is white,
            and not black; 'gaussian': its mean grey, around which it has a variance that is learned
            and the same for all pixels.
        recipe: the builder's name and arguments.
    """

    encoder: nn.Sequential
    decoder: nn.Sequential

    def __init__(
        self, plain: Autoencoder, log_variance: nn.Linear, pixels: str, recipe: dict[str, Any]
    ) -> None:
        super().__init__(plain.encoder, plain.decoder, plain.latent_dim, recipe)
        self.log_variance, self.pixels = log_variance, pixels
        if pixels == "gaussian":
            self.pixel_log_variance = nn.Parameter(torch.tensor(LOG_VARIANCE))

    def encode_distribution(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, (N, latent_dim) each, of the codes of images (N, 1, 28, 28).

        Raises: TypeError, ValueError, as in `check_images`.
        """
        if not self.training:  # in training `fit` has checked all images, once
            check_images(x)
        *hidden, mean = self.encoder
        features = nn.Sequential(*hidden)(x)  # (N, units of the last hidden layer)
        return mean(features), self.log_variance(features)

    def decode_logits(self, z: Tensor) -> Tensor:
        """What the decoder computes before its sigmoid: (N, 784), from codes (N, latent_dim)."""
        return self.decoder[:-2](z)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) in nats, (N,): of images (N, 1, 28, 28), one by one, given their codes.

        For 'gaussian' it is the logarithm of a density, which may be positive.
        """
        logits, x = self.decode_logits(z), x.flatten(1)
        if self.pixels == "bernoulli":
            return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
        scaled = (x - logits.sigmoid()).square() * (-self.pixel_log_variance).exp()
        return -0.5 * (scaled + self.pixel_log_variance + math.log(2 * math.pi)).sum(1)


@builder
def variational_autoencoder(
    latent_dim: int = 2,
    *,
    widths: Sequence[int] = (256, 256, 128),
    activation: str = "silu",
    pixels: str = "bernoulli",
    mean_image: Tensor | None = None,
    seed: int = 0,
) -> VariationalAutoencoder:
    """`dense_autoencoder` with the same arguments, its starting weights too, and clouds for codes.

    Args:
        pixels: 'bernoulli' or 'gaussian'; see `VariationalAutoencoder`.
        latent_dim, widths, activation, mean_image, seed: as in `dense_autoencoder`.

    Raises:
        TypeError, ValueError: if an argument is not what it should be.
    """
    if pixels not in PIXELS:
        raise ValueError(f"pixels: got {pixels!r}. Pass 'bernoulli' or 'gaussian'.")
    plain = dense_autoencoder(
        latent_dim, widths=widths, activation=activation, mean_image=mean_image, seed=seed
    )
    with seeded(seed):
        log_variance = scaled_linear([N_PIXELS, *widths][-1], plain.latent_dim, gain=0.1)
    set_bias(log_variance, torch.tensor(LOG_VARIANCE))
    recipe = (plain.recipe or {}) | {"pixels": pixels}
    recipe["builder"] = "variational.variational_autoencoder"
    return VariationalAutoencoder(plain, log_variance, pixels, recipe)


def draw_binary(x: Tensor, generator: torch.Generator) -> Tensor:
    """Make every pixel black or white, drawn with its grey level as the chance of white.

    Args:
        x: images (N, 1, 28, 28) in 0..1; what is black and white already stays as it is.
        generator: of the CPU.

    Source: Salakhutdinov & Murray 2008, who made MNIST binary so.
    """
    return (torch.rand(x.shape, generator=generator).to(x.device) < x).to(x.dtype)


def binarize(images: Tensor, seed: int = 0) -> Tensor:
    """`draw_binary` once for a whole data set, uint8 (N, 1, 28, 28): of the values 0 and 255."""
    generator = torch.Generator().manual_seed(check_whole(seed, "seed", 0))
    return map_batches(lambda x: 255 * draw_binary(x, generator).to(torch.uint8), images)


def draw_codes(mean: Tensor, log_variance: Tensor, generator: torch.Generator) -> Tensor:
    """One code of each cloud: mean + sd * noise, (N, latent_dim), through which gradients pass.

    Source: Kingma & Welling 2014, section 2.4, the 'reparameterization trick'.
    """
    noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype).to(mean.device)
    return mean + (log_variance / 2).exp() * noise


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """How far clouds, (N, latent_dim) each, are from the prior N(0, I): (N,) nats, 0 or more.

    Source: Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)


@dataclass
class NegativeElbo:
    """A loss for `fit`: distortion + `beta` * rate of a batch, in nats an image.

    With `beta` 1 it is minus the evidence lower bound. It draws random numbers: in training from a
    generator that goes on from batch to batch, so make a new one for every training; in evaluation
    the same ones for every batch.

    Attributes:
        beta: 0 or more.
        binary: whether images are made black and white first, anew each time; otherwise their grey
            levels stand for the average of what would be drawn.
        seed: for these draws and the codes'.

    Source: Kingma & Welling 2014, equation 10; `beta`: Higgins et al. 2017, 'beta-VAE'.
    """

    beta: float = 1.0
    binary: bool = True
    seed: int = 0
    _generator: torch.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= as_float(self.beta) < math.inf:
            raise ValueError(f"beta: got {self.beta!r}. Pass a number, 0 or more.")
        self.seed = check_whole(self.seed, "seed", 0)
        self._generator = self._start()

    def __call__(self, model: VariationalAutoencoder, x: Tensor, labels: Any = None) -> Tensor:
        """The loss of images (N, 1, 28, 28) in 0..1, a scalar; labels play no part."""
        generator = self._generator if model.training else self._start()
        if self.binary:
            x = draw_binary(x, generator)
        rate, distortion = rate_and_distortion(model, x, generator)
        return (distortion + self.beta * rate).mean()

    def _start(self) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed)


def rate_and_distortion(
    model: VariationalAutoencoder, x: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """What images (N, 1, 28, 28) in 0..1 cost, in nats: (N,) each. Minus their sum is the ELBO.

    The rate is what the code tells of the image, the distortion what the image still needs once one
    code, drawn from its cloud, is known.
    """
    mean, log_variance = model.encode_distribution(x)
    z = draw_codes(mean, log_variance, generator)
    return kl_divergence(mean, log_variance), -model.log_likelihood(x, z)


def measure_rate_and_distortion(
    model: VariationalAutoencoder, images: Tensor, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """`rate_and_distortion` over a data set, uint8 (N, 1, 28, 28), `binarize`d beforehand."""
    generator = torch.Generator().manual_seed(check_whole(seed, "seed", 0))

    def both(x: Tensor) -> Tensor:
        return torch.stack(rate_and_distortion(model, x, generator), 1)

    rate, distortion = map_batches(both, images).T
    return rate, distortion
