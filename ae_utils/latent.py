"""Latent space: a data set as codes, boxes, grids, lines and samples, limits for sliders.

Nothing here knows a model: what encodes or decodes is handed in as a function, such as
`model.encode`. Points are tensors whose last axis has `latent_dim` numbers.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ae_utils.checks import as_float, as_floating, check_whole
from ae_utils.images import map_batches

MARGIN = 1 / 8  # of the codes' box, which sliders reach beyond it on every side
N_STEPS = (64, 80, 100, 128)  # of a slider: 100 / n is a binary fraction, as browsers count in %

Limits = tuple[float, float, float]  # of a slider: the lowest number, the highest, the step


def encode_dataset(encode: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Encode images, uint8 (N, 1, 28, 28) or float32, by the batch: codes (N, latent_dim).

    Raises:
        ValueError: if `encode` does not give one code an image.
    """
    return map_batches(encode, images)


def decode_points(decode: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """Decode points (..., latent_dim) by the batch: images (..., 1, 28, 28), laid out alike."""
    points = as_floating(points)
    images = map_batches(decode, points.reshape(-1, points.shape[-1]))
    return images.reshape(*points.shape[:-1], *images.shape[1:])


def latent_box(codes: Tensor, coverage: float = 0.98) -> tuple[Tensor, Tensor]:
    """The corners (latent_dim,), lowest and highest, of a box around codes (N, latent_dim).

    It holds the share `coverage` (0..1) of them along each axis.

    Raises:
        ValueError: if `coverage` is out of range, or there are no codes.
    """
    share = as_float(coverage)
    if not 0 < share <= 1:
        raise ValueError(f"coverage: got {coverage!r}. Pass a share above 0, at most 1.")
    if codes.ndim != 2 or len(codes) == 0:
        raise ValueError(f"codes: got shape {tuple(codes.shape)}. Pass (N, latent_dim), N >= 1.")
    ordered = codes.sort(0).values
    outside = round((1 - share) / 2 * (len(codes) - 1))
    return ordered[outside], ordered[len(codes) - 1 - outside]


def make_grid(low: Tensor, high: Tensor, n: int = 20) -> Tensor:
    """A regular grid of points (n, n, 2), n at least 2, over a box of the plane.

    Its corners `low` and `high` (2,) are the lower left and the upper right point. Row 0 is on top
    and column 0 at the left, so that images laid out likewise lie where their points lie.

    Raises:
        TypeError, ValueError: if the box is not one of the plane, or `n` is below 2 or not whole.
    """
    n = check_whole(n, "n", 2)
    if low.shape != (2,) or high.shape != (2,) or not (low < high).all():
        corners = f"{low.tolist()} and {high.tolist()}"
        raise ValueError(f"box: got corners {corners}. Pass two (2,), the first below the second.")
    across = torch.linspace(low[0].item(), high[0].item(), n, dtype=torch.float32)
    down = torch.linspace(high[1].item(), low[1].item(), n, dtype=torch.float32)
    return torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=-1)


def sample_uniform(low: Tensor, high: Tensor, n: int, seed: int = 0) -> Tensor:
    """Points drawn evenly from a box: (n, latent_dim), from corners (latent_dim,)."""
    low, high, n = as_floating(low), as_floating(high), check_whole(n, "n", 0)
    generator = torch.Generator().manual_seed(check_whole(seed, "seed"))
    share = torch.rand(n, len(low), generator=generator, dtype=torch.float32)
    return low + (high - low) * share.to(low.device)


def interpolate(start: Tensor, end: Tensor, n: int) -> Tensor:
    """Points at equal steps along a straight line: (n, latent_dim), n at least 2.

    The first is `start` and the last is `end`, (latent_dim,) each, to the last bit.

    Raises:
        TypeError, ValueError: if the shapes differ, or `n` is below 2 or not whole.
    """
    start, end, n = as_floating(start), as_floating(end), check_whole(n, "n", 2)
    if start.shape != end.shape or start.ndim != 1:
        ends = f"{tuple(start.shape)} and {tuple(end.shape)}"
        raise ValueError(f"line: got ends of shape {ends}. Pass two points, (latent_dim,) each.")
    share = torch.linspace(0, 1, n, dtype=start.dtype, device=start.device).unsqueeze(1)
    return start * (1 - share) + end * share


def evenly(data: Tensor, n: int) -> Tensor:
    """At most `n` of the rows, evenly spaced."""
    return data[:: -(-len(data) // n)]


def limits_around(codes: Tensor) -> list[Limits]:
    """Limits of a slider for each coordinate: nearly all codes (N, latent_dim), and some room."""
    low, high = latent_box(codes)
    margin = MARGIN * (high - low)
    return list(map(choose_limits, (low - margin).tolist(), (high + margin).tolist()))


def choose_limits(low: float, high: float) -> Limits:
    """Limits of a slider that covers `low`..`high`: numbers that browsers compute exactly.

    From others, such as a step of 0.05, a browser gets numbers that differ from Python's in the
    last digit; it sends them back, and so overwrites what Python has set.
    """
    if low == high:  # a coordinate that is the same everywhere
        low, high = low - 0.5, high + 0.5
    step = 2.0 ** math.ceil(math.log2((high - low) / 100))
    half = next(n for n in N_STEPS if n > (high - low) / step + 1) // 2
    middle = round((low + high) / 2 / step)
    return (middle - half) * step, (middle + half) * step, step
