"""The autoencoders of the series: linear, dense and convolutional.

Every model maps images (N, 1, 28, 28) to codes (N, latent_dim) with `encode`, and codes back to
images with `decode`; calling the model does both. A builder returns a model with fresh weights
that depend on its `seed` alone.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.layers import builder

IMAGE_SHAPE = (1, 28, 28)
N_PIXELS = 28 * 28
LATENT_LIMIT = 1e6  # further out than this, 32-bit arithmetic may overflow inside a decoder

# The mean and standard deviation of a pixel over MNIST's 60,000 training images.
PIXEL_MEAN, PIXEL_SD = 0.1307, 0.3081

# The functions between dense layers. With the gain beside it a hidden layer hands on the variance
# it received (own computation: one over the root mean square of f(t) for t from N(0, 1)).
ACTIVATIONS: dict[str, tuple[type[nn.Module], float]] = {
    "silu": (nn.SiLU, 1.676),
    "tanh": (nn.Tanh, 1.593),
}


class Autoencoder(nn.Module):
    """An encoder and a decoder, trained together to give back their input.

    Args:
        encoder: maps images (N, 1, 28, 28) in 0..1 to codes (N, latent_dim).
        decoder: maps codes (N, latent_dim) to images (N, 1, 28, 28).
        latent_dim: how many numbers a code has, at least 1.
        recipe: the builder and its arguments, kept so that a checkpoint can rebuild the model.

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
        self.encoder = encoder
        self.decoder = decoder
        self.latent_dim = check_latent_dim(latent_dim)
        self.recipe = recipe

    def encode(self, x: Tensor) -> Tensor:
        """Compress images.

        Args:
            x: images, float32 (N, 1, 28, 28), 0 is black paper and 1 is full ink.

        Returns:
            Codes (N, latent_dim), any real numbers.

        Raises:
            TypeError: if `x` is not a float32 tensor.
            ValueError: if its shape or range is wrong.
        """
        return self.encoder(check_images(x))

    def decode(self, z: Tensor | Sequence[Any]) -> Tensor:
        """Decompress codes, or any other points of the latent space.

        Args:
            z: points (N, latent_dim), or one point (latent_dim,); a tensor or nested lists.

        Returns:
            Images (N, 1, 28, 28); within 0..1 for every model but the linear one.

        Raises:
            ValueError: if a point has the wrong dimension, or is not finite or absurdly far out.
        """
        return self.decoder(self._check_codes(z))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct images: (N, 1, 28, 28) -> (N, latent_dim) -> (N, 1, 28, 28)."""
        return self.decoder(self.encode(x))

    def _check_codes(self, z: Tensor | Sequence[Any]) -> Tensor:
        weight = next(self.decoder.parameters())
        try:
            z = torch.as_tensor(z, dtype=weight.dtype, device=weight.device)
        except (TypeError, ValueError, RuntimeError, OverflowError) as error:
            raise ValueError(
                f"latent points: cannot read this {type(z).__name__} as numbers ({error}).\n"
                f"Pass a tensor or nested lists of shape (N, {self.latent_dim})."
            ) from error
        shape = tuple(z.shape)
        if z.ndim == 1:
            z = z.unsqueeze(0)
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(
                f"latent points: got shape {shape}, but this model's latent space has "
                f"{self.latent_dim} dimension(s).\nPass shape (N, {self.latent_dim})."
            )
        if z.numel() and not z.abs().max() <= LATENT_LIMIT:  # `not <=` is true for NaN as well
            raise ValueError(
                f"latent points: a coordinate is not finite, or beyond +-{LATENT_LIMIT:g}.\n"
                "Codes of real images lie near 0; pass finite coordinates."
            )
        return z


@builder
def linear_autoencoder(
    latent_dim: int = 2, *, mean_image: Tensor | None = None, seed: int = 0
) -> Autoencoder:
    """One linear layer down, one linear layer up, nothing else: the network that PCA solves.

    Args:
        latent_dim: numbers in a code, at least 1.
        mean_image: (1, 28, 28) in 0..1, the decoder's starting bias; zeros if left out.
        seed: for the starting weights.

    Returns:
        A model whose outputs, like PCA's, may leave 0..1 a little.

    Raises:
        TypeError, ValueError: if `latent_dim` or `mean_image` is not what it should be.

    Source: Bourlard & Kamp 1988; Baldi & Hornik 1989.
    """
    latent_dim = check_latent_dim(latent_dim)
    with seeded(seed):
        down, up = nn.Linear(N_PIXELS, latent_dim), nn.Linear(latent_dim, N_PIXELS)
    if mean_image is not None:
        _check_mean_image(mean_image)
        _set_bias(up, mean_image.flatten())
        _set_bias(down, -(down.weight.detach() @ mean_image.flatten()))  # the mean has code 0
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

    Args:
        latent_dim: numbers in a code, at least 1.
        widths: units of the encoder's hidden layers, outermost first; the decoder mirrors them.
        activation: the function between the layers: 'silu', which trains faster, or 'tanh', which
            levels off, so that codes gain nothing by running far away from 0.
        mean_image: (1, 28, 28) in 0..1; the untrained decoder starts at this image, so that
            training need not spend its first steps on it. Mid-grey if left out.
        seed: for the starting weights.

    Returns:
        A model with a sigmoid at the end: outputs lie in 0..1.

    Raises:
        TypeError, ValueError: if an argument is not what it should be.

    Source: the mirrored funnel is Hinton & Salakhutdinov's (2006), with other widths; the starting
        weights follow He et al. 2015, with the gain of the activation in place of ReLU's.
    """
    latent_dim = check_latent_dim(latent_dim)
    if not all(type(width) is int and width >= 1 for width in widths):
        raise ValueError(f"widths: got {widths!r}. Pass whole numbers, each 1 or more.")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: got {activation!r}. Pass 'silu' or 'tanh'.")
    sizes = [N_PIXELS, *widths, latent_dim]
    with seeded(seed):
        encoder_layers = _dense_layers(sizes, activation, last_gain=1.0)
        decoder_layers = _dense_layers(sizes[::-1], activation, last_gain=0.5)
    if mean_image is not None:
        _check_mean_image(mean_image)
        _set_bias(decoder_layers[-1], mean_image.flatten().clamp(1e-3, 1 - 1e-3).logit())
    encoder = nn.Sequential(Standardize(), nn.Flatten(), *encoder_layers)
    decoder = nn.Sequential(*decoder_layers, nn.Sigmoid(), nn.Unflatten(1, IMAGE_SHAPE))
    recipe = {
        "builder": "models.dense_autoencoder",
        "latent_dim": latent_dim,
        "widths": list(widths),
        "activation": activation,
    }
    return Autoencoder(encoder, decoder, latent_dim, recipe)


@builder
def residual_autoencoder(
    latent_dim: int = 30, *, mean_image: Tensor | None = None, seed: int = 0
) -> Autoencoder:
    """A wide encoder and a deeper decoder with a residual block, for codes of tens of numbers.

    Args:
        latent_dim: numbers in a code, at least 1.
        mean_image: (1, 28, 28) in 0..1, what the untrained decoder starts at; mid-grey if left out.
        seed: for the starting weights.

    Returns:
        A model with a sigmoid at the end: outputs lie in 0..1.

    Raises:
        TypeError, ValueError: if `latent_dim` or `mean_image` is not what it should be.

    Source: own design; the block is that of He et al. 2016, 'Identity Mappings in Deep Residual
        Networks', with the normalization of Ba et al. 2016, 'Layer Normalization'.
    """
    latent_dim = check_latent_dim(latent_dim)
    gain = ACTIVATIONS["silu"][1]
    with seeded(seed):
        encoder = nn.Sequential(
            Standardize(), nn.Flatten(),
            _linear(N_PIXELS, 1024, 1.0), nn.SiLU(), _linear(1024, latent_dim, gain),
        )  # fmt: skip
        last = _linear(512, N_PIXELS, 0.5)
        decoder = nn.Sequential(
            _linear(latent_dim, 512, 1.0), ResidualBlock(512), nn.SiLU(),
            last, nn.Sigmoid(), nn.Unflatten(1, IMAGE_SHAPE),
        )  # fmt: skip
    if mean_image is not None:
        _check_mean_image(mean_image)
        _set_bias(last, mean_image.flatten().clamp(1e-3, 1 - 1e-3).logit())
    recipe = {"builder": "models.residual_autoencoder", "latent_dim": latent_dim}
    return Autoencoder(encoder, decoder, latent_dim, recipe)


@builder
def convolutional_autoencoder(latent_dim: int = 2, *, seed: int = 0) -> Autoencoder:
    """Four convolutions down, four transposed ones up: 200,963 parameters at latent_dim 2.

    Args:
        latent_dim: numbers in a code, at least 1.
        seed: for the starting weights.

    Returns:
        A model with leaky ReLU inside and a sigmoid at the end: outputs lie in 0..1.

    Raises:
        TypeError, ValueError: if `latent_dim` is not what it should be.

    Source: Foster 2019, 'Generative Deep Learning', chapter 3; starting weights as in
        Glorot & Bengio 2010, biases 0.
    """
    latent_dim = check_latent_dim(latent_dim)
    with seeded(seed):
        encoder = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=1, padding=1),  # (N, 32, 28, 28)
            nn.LeakyReLU(0.3),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),  # (N, 64, 14, 14)
            nn.LeakyReLU(0.3),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),  # (N, 64, 7, 7)
            nn.LeakyReLU(0.3),
            nn.Conv2d(64, 64, 3, stride=1, padding=1),  # (N, 64, 7, 7)
            nn.LeakyReLU(0.3),
            nn.Flatten(),  # (N, 3136)
            nn.Linear(3136, latent_dim),
        )
        decoder = nn.Sequential(
            nn.Linear(latent_dim, 3136),
            nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 64, 3, stride=1, padding=1),  # (N, 64, 7, 7)
            nn.LeakyReLU(0.3),
            nn.ConvTranspose2d(64, 64, 3, stride=2, padding=1, output_padding=1),  # (N, 64, 14, 14)
            nn.LeakyReLU(0.3),
            nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1),  # (N, 32, 28, 28)
            nn.LeakyReLU(0.3),
            nn.ConvTranspose2d(32, 1, 3, stride=1, padding=1),  # (N, 1, 28, 28)
            nn.Sigmoid(),
        )
        for layer in [*encoder, *decoder]:
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                nn.init.xavier_uniform_(layer.weight)
                _set_bias(layer, torch.zeros(()))
    recipe = {"builder": "models.convolutional_autoencoder", "latent_dim": latent_dim}
    return Autoencoder(encoder, decoder, latent_dim, recipe)


BUILDERS: dict[str, Callable[..., Autoencoder]] = {
    "linear": linear_autoencoder,
    "dense": dense_autoencoder,
    "residual": residual_autoencoder,
    "convolutional": convolutional_autoencoder,
}


class Standardize(nn.Module):
    """Shift and scale pixels to mean 0 and standard deviation 1 over MNIST; keeps the shape."""

    def forward(self, x: Tensor) -> Tensor:
        """Standardize pixels in 0..1, of any shape."""
        return (x - PIXEL_MEAN) / PIXEL_SD


class ResidualBlock(nn.Module):
    """Adds to its input (N, width) a small correction computed from it; keeps the shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        gain = ACTIVATIONS["silu"][1]
        self.correction = nn.Sequential(
            nn.LayerNorm(width), _linear(width, width, gain), nn.SiLU(), _linear(width, width, 0.3)
        )

    def forward(self, h: Tensor) -> Tensor:
        """Hand on `h` (N, width) with its correction."""
        return h + self.correction(h)


def count_parameters(module: nn.Module) -> int:
    """How many numbers training can change in `module`."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def check_images(x: Tensor) -> Tensor:
    """Hand `x` through if it is a batch of images the series can use.

    Args:
        x: should be float32, (N, 1, 28, 28), within 0..1.

    Raises:
        TypeError: if it is not a float32 tensor.
        ValueError: if its shape is different, or a value is NaN or outside 0..1.
    """
    wanted = "Pass a float32 tensor of shape (N, 1, 28, 28) with values in 0..1"
    if not isinstance(x, Tensor):
        raise TypeError(f"images: got {type(x).__name__}.\n{wanted} (torch.as_tensor converts).")
    if x.dtype != torch.float32:
        raise TypeError(
            f"images: got {x.dtype}.\n{wanted} (`to_float(images)` turns uint8 into it)."
        )
    if x.ndim != 4 or x.shape[1:] != IMAGE_SHAPE:
        raise ValueError(f"images: got shape {tuple(x.shape)}.\n{wanted}.")
    if x.numel():
        low, high = x.aminmax()
        if not (low >= 0 and high <= 1):  # `not (...)` is true for NaN as well
            raise ValueError(f"images: values run from {low:g} to {high:g}.\n{wanted}.")
    return x


def check_latent_dim(latent_dim: int) -> int:
    """Hand `latent_dim` through if it is a whole number from 1 to 784.

    Raises:
        TypeError: if it is not an int.
        ValueError: if it is out of range.
    """
    if isinstance(latent_dim, bool) or not isinstance(latent_dim, int):
        raise TypeError(
            f"latent_dim: got {latent_dim!r}. Pass a whole number from 1 to {N_PIXELS}."
        )
    if not 1 <= latent_dim <= N_PIXELS:
        raise ValueError(f"latent_dim: got {latent_dim}. Pass a whole number from 1 to {N_PIXELS}.")
    return latent_dim


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from `seed` inside the block; leave the caller's random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # of the CPU, where builders draw
        yield


def _dense_layers(sizes: Sequence[int], activation: str, last_gain: float) -> list[nn.Module]:
    """Linear layers between consecutive `sizes`, `activation` between them, none after the last."""
    function, gain = ACTIVATIONS[activation]
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        layers += [_linear(fan_in, fan_out, gain), function()]
    return [*layers, _linear(sizes[-2], sizes[-1], last_gain)]


def _linear(fan_in: int, fan_out: int, gain: float) -> nn.Linear:
    """A linear layer with weights from N(0, gain^2 / fan_in) and biases 0."""
    layer = nn.Linear(fan_in, fan_out)
    nn.init.normal_(layer.weight, std=gain / math.sqrt(fan_in))
    nn.init.zeros_(layer.bias)
    return layer


def _check_mean_image(mean_image: Tensor) -> None:
    try:
        check_images(mean_image[None])
    except (TypeError, ValueError) as error:
        cause = str(error).splitlines()[0]
        raise type(error)(
            f"mean_image, as a batch of one: {cause}\n"
            "Pass a float32 tensor of shape (1, 28, 28) with values in 0..1."
        ) from error


def _set_bias(layer: nn.Module, bias: Tensor) -> None:
    assert isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d) and layer.bias is not None
    with torch.no_grad():
        layer.bias.copy_(bias)
