"""What the models of the series are built from: layers with well-scaled starting weights."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ae_utils.checks import check_whole
from ae_utils.device import ordinary_arithmetic

# The mean and standard deviation of a pixel over MNIST's 60,000 training images.
PIXEL_MEAN, PIXEL_SD = 0.1307, 0.3081

# The functions between layers. With the gain beside it a hidden layer hands on the variance that it
# received (own computation: one over the root mean square of f(t) for t from N(0, 1)).
ACTIVATIONS: dict[str, tuple[type[nn.Module], float]] = {
    "silu": (nn.SiLU, 1.676),
    "tanh": (nn.Tanh, 1.593),
}

Build = TypeVar("Build", bound=Callable[..., nn.Module])


def builder(function: Build) -> Build:
    """Mark a function that builds a model from its arguments, so that a checkpoint may call it."""
    function.is_builder = True  # type: ignore[attr-defined]
    return function


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw 32-bit numbers from `seed` inside the block; leave the caller's random state alone."""
    seed = check_whole(seed, "seed")
    with ordinary_arithmetic(), torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # of the CPU, where builders draw
        yield


class Standardize(nn.Module):
    """Shift and scale pixels to mean 0 and standard deviation 1 over MNIST; keeps the shape."""

    def forward(self, x: Tensor) -> Tensor:
        """Standardize pixels in 0..1, of any shape."""
        return (x - PIXEL_MEAN) / PIXEL_SD


def scaled_linear(fan_in: int, fan_out: int, gain: float) -> nn.Linear:
    """A linear layer with weights from N(0, gain^2 / fan_in) and biases 0."""
    layer = nn.Linear(fan_in, fan_out)
    nn.init.normal_(layer.weight, std=gain / math.sqrt(fan_in))
    nn.init.zeros_(layer.bias)
    return layer


def dense_layers(sizes: Sequence[int], activation: str, last_gain: float) -> list[nn.Module]:
    """Linear layers between consecutive `sizes`, `activation` between them, none after the last."""
    function, gain = ACTIVATIONS[activation]
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        layers += [scaled_linear(fan_in, fan_out, gain), function()]
    return [*layers, scaled_linear(sizes[-2], sizes[-1], last_gain)]


def set_bias(layer: Any, bias: Tensor) -> None:
    """Give a linear or convolutional layer other biases."""
    with torch.no_grad():
        layer.bias.copy_(bias)
