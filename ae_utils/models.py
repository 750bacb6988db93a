"""The autoencoder of the series, and its linear and its dense form.

Every model maps images (N, 1, 28, 28) to codes (N, latent_dim) with `encode`, and codes back to
images with `decode`; calling the model does both. A builder returns a model with fresh weights
that depend on its `seed` alone.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.checks import check_sizes, check_whole
from ae_utils.images import IMAGE_SHAPE, N_PIXELS, check_images
from ae_utils.layers import ACTIVATIONS, Standardize, builder, dense_layers, seeded, set_bias

LATENT_LIMIT = 1e6  # further out than this, 32-bit arithmetic may overflow inside a decoder


class Autoencoder(nn.Module):
    """An encoder and a decoder, trained together to give back their input.

    Args:
        encoder: maps images (N, 1, 28, 28) in 0..1 to codes (N, latent_dim).
        decoder: maps codes (N, latent_dim) to images (N, 1, 28, 28).
        latent_dim: how many numbers a code has, 1 to 784.
        recipe: the builder's name and arguments, kept so that a checkpoint can rebuild the model.

    Source: Hinton & Salakhutdinov 2006, 'Reducing the Dimensionality of Data with Neural Networks'.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        latent_dim: int,
        recipe: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.recipe = encoder, decoder, recipe
        self.latent_dim = check_latent_dim(latent_dim)

    def encode(self, x: Tensor) -> Tensor:
        """Compress images, float32 (N, 1, 28, 28) in 0..1, to codes (N, latent_dim).

        Raises: TypeError, ValueError, as in `check_images`.
        """
        return self.encoder(check_images(x))

    def decode(self, z: Tensor | Sequence[Any]) -> Tensor:
        """Decompress codes, or any other points of the latent space, to images (N, 1, 28, 28).

        `z` holds points (N, latent_dim), or is one point (latent_dim,): a tensor or nested lists.
        The images lie within 0..1 for every model but a linear one.

        Raises:
            ValueError: if a point has the wrong dimension, or is not finite or absurdly far out.
        """
        weight = next(self.decoder.parameters())
        return self.decoder(check_points(z, self.latent_dim, weight))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct images: (N, 1, 28, 28) -> (N, latent_dim) -> (N, 1, 28, 28)."""
        if not self.training:  # in training `fit` has checked all images, once
            check_images(x)
        return self.decoder(self.encoder(x))


@builder
def linear_autoencoder(
    latent_dim: int = 2, *, mean_image: Tensor | None = None, seed: int = 0
) -> Autoencoder:
    """One linear layer down, one linear layer up, nothing else: the network that PCA solves.

    Its outputs, like PCA's, may leave 0..1 a little.

    Args:
        latent_dim: numbers in a code, 1 to 784.
        mean_image: (1, 28, 28) in 0..1, the decoder's starting bias; zeros if left out.
        seed: for the starting weights.

    Raises: TypeError, ValueError, as in `check_latent_dim` and `check_images`.

    Source: Bourlard & Kamp 1988; Baldi & Hornik 1989.
    """
    latent_dim = check_latent_dim(latent_dim)
    with seeded(seed):
        down, up = nn.Linear(N_PIXELS, latent_dim), nn.Linear(latent_dim, N_PIXELS)
        if mean_image is not None:
            mean = check_images(mean_image, "mean_image", n_axes=3).flatten()
            set_bias(up, mean)
            set_bias(down, -(down.weight.detach() @ mean))  # the mean has code 0
    encoder = nn.Sequential(nn.Flatten(), down)
    decoder = nn.Sequential(up, nn.Unflatten(1, IMAGE_SHAPE))
    recipe = {"builder": "models.linear_autoencoder", "latent_dim": latent_dim}
    return Autoencoder(encoder, decoder, latent_dim, recipe)


@builder
def dense_autoencoder(
    latent_dim: int = 2,
    *,
    widths: Sequence[int] = (256, 256, 128),
    activation: str = "silu",
    mean_image: Tensor | None = None,
    seed: int = 0,
) -> Autoencoder:
    """The series' default: fully connected layers, 784 -> widths -> latent_dim, and its mirror.

    It ends in a sigmoid: outputs lie in 0..1.

    Args:
        latent_dim: numbers in a code, 1 to 784.
        widths: units of the encoder's hidden layers, outermost first; the decoder mirrors them.
        activation: the function between the layers: 'silu', which trains faster, or 'tanh', which
            levels off, so that codes gain nothing by running far away from 0.
        mean_image: (1, 28, 28) in 0..1; the untrained decoder starts at this image, so that
            training need not spend its first steps on it. Mid-grey if left out.
        seed: for the starting weights.

    Raises:
        TypeError, ValueError: if an argument is not what it should be.

    Source: the mirrored funnel is Hinton & Salakhutdinov's (2006), with other widths; the starting
        weights follow He et al. 2015, with the gain of the activation in place of ReLU's.
    """
    latent_dim = check_latent_dim(latent_dim)
    widths = check_sizes(widths, "widths")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: got {activation!r}. Pass 'silu' or 'tanh'.")
    sizes = [N_PIXELS, *widths, latent_dim]
    with seeded(seed):
        encoder_layers = dense_layers(sizes, activation, last_gain=1.0)
        decoder_layers = dense_layers(sizes[::-1], activation, last_gain=0.5)
    if mean_image is not None:
        start_at(mean_image, decoder_layers[-1])
    encoder = nn.Sequential(Standardize(), nn.Flatten(), *encoder_layers)
    decoder = nn.Sequential(*decoder_layers, nn.Sigmoid(), nn.Unflatten(1, IMAGE_SHAPE))
    recipe = {"builder": "models.dense_autoencoder", "latent_dim": latent_dim}
    recipe |= {"widths": widths, "activation": activation}
    return Autoencoder(encoder, decoder, latent_dim, recipe)


def count_parameters(module: nn.Module) -> int:
    """How many numbers training can change in `module`."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def check_latent_dim(latent_dim: int) -> int:
    """Hand `latent_dim` through as an int, or raise TypeError (no whole number) or ValueError."""
    return check_whole(latent_dim, "latent_dim", 1, N_PIXELS)


def check_points(z: Tensor | Sequence[Any], latent_dim: int, weight: Tensor) -> Tensor:
    """Points of a latent space, (N, latent_dim) or one of them, as (N, latent_dim).

    They come back as numbers of the decoder's `weight`'s type, on its device.

    Raises:
        ValueError: if a point has the wrong dimension, or is not finite or absurdly far out.
    """
    wanted = f"Pass shape (N, {latent_dim})."
    try:
        z = torch.as_tensor(z, dtype=weight.dtype, device=weight.device)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        cause = f"cannot read this {type(z).__name__} as numbers ({error})"
        raise ValueError(f"latent points: {cause}.\n{wanted}") from error
    points = z.unsqueeze(0) if z.ndim == 1 else z
    if points.ndim != 2 or points.shape[1] != latent_dim:
        raise ValueError(
            f"latent points: got shape {tuple(z.shape)}, but this model's latent space has "
            f"{latent_dim} dimension(s).\n{wanted}"
        )
    if z.numel() and not z.abs().max() <= LATENT_LIMIT:  # `not <=` is true for NaN as well
        raise ValueError(
            f"latent points: a coordinate is not finite, or beyond +-{LATENT_LIMIT:g}.\n"
            "Codes of real images lie near 0; pass finite coordinates."
        )
    return points


def start_at(mean_image: Tensor, last: nn.Module) -> None:
    """Let a decoder's `last` linear layer, before its sigmoid, start at `mean_image`."""
    mean = check_images(mean_image, "mean_image", n_axes=3).flatten()
    set_bias(last, mean.clamp(1e-3, 1 - 1e-3).logit())
