"""Latent space: a data set as codes, boxes, grids, lines and samples, the distance to the data.

Nothing here knows a model: what encodes or decodes is handed in as a function, such as
`model.encode`. Points are tensors whose last axis has `latent_dim` numbers.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ae_utils.images import map_batches


def encode_dataset(encode: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Encode images, a batch at a time to keep memory small.

    Args:
        encode: maps float32 images (B, 1, 28, 28) in 0..1 to codes (B, latent_dim).
        images: (N, 1, 28, 28), uint8, or float32 in 0..1; N at least 1.

    Returns:
        Codes (N, latent_dim).

    Raises:
        ValueError: if `encode` does not give one code an image.
    """
    return map_batches(encode, images)


def decode_points(decode: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """Decode points laid out in any way, a batch at a time.

    Args:
        decode: maps points (B, latent_dim) to images (B, 1, 28, 28).
        points: (..., latent_dim), such as a grid (rows, columns, 2); at least one.

    Returns:
        Images (..., 1, 28, 28), laid out as the points are.
    """
    images = map_batches(decode, points.reshape(-1, points.shape[-1]))
    return images.reshape(*points.shape[:-1], *images.shape[1:])


def latent_box(codes: Tensor, coverage: float = 0.98) -> tuple[Tensor, Tensor]:
    """The box that holds the share `coverage` of the codes along each axis, outliers left out.

    Args:
        codes: (N, latent_dim).
        coverage: above 0, at most 1.

    Returns:
        Its lowest and its highest corner, (latent_dim,) each.

    Raises:
        ValueError: if `coverage` is out of range, or there are no codes.
    """
    if not 0 < coverage <= 1:
        raise ValueError(f"coverage: got {coverage!r}. Pass a share above 0, at most 1.")
    if codes.ndim != 2 or len(codes) == 0:
        raise ValueError(f"codes: got shape {tuple(codes.shape)}. Pass (N, latent_dim), N >= 1.")
    ordered = codes.sort(0).values
    outside = round((1 - coverage) / 2 * (len(codes) - 1))
    return ordered[outside], ordered[len(codes) - 1 - outside]


def make_grid(low: Tensor, high: Tensor, n: int = 20) -> Tensor:
    """A regular grid of points over a box of the plane, laid out like a map.

    Args:
        low: the corner (2,) at the lower left.
        high: the corner (2,) at the upper right.
        n: points along each side, at least 2.

    Returns:
        Points (n, n, 2). Row 0 is the top row, with the largest second coordinate; column 0 is at
        the left, with the smallest first one. So images laid out in these rows and columns lie
        where their points lie.

    Raises:
        ValueError: if the box is not one of the plane, or `n` is below 2.
    """
    if low.shape != (2,) or high.shape != (2,) or not (low < high).all():
        raise ValueError(
            f"box: got corners {low.tolist()} and {high.tolist()}.\n"
            "Pass two corners (2,), the first below the second along both axes."
        )
    if n < 2:
        raise ValueError(f"n: got {n!r}. Pass a whole number, 2 or more.")
    across = torch.linspace(low[0].item(), high[0].item(), n)
    down = torch.linspace(high[1].item(), low[1].item(), n)
    z2, z1 = torch.meshgrid(down, across, indexing="ij")
    return torch.stack((z1, z2), dim=-1)


def sample_uniform(low: Tensor, high: Tensor, n: int, seed: int = 0) -> Tensor:
    """Points drawn evenly from a box: (n, latent_dim), from corners (latent_dim,)."""
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(n, len(low), generator=generator)


def interpolate(start: Tensor, end: Tensor, n: int) -> Tensor:
    """Points at equal steps along the straight line from `start` to `end`, both included.

    Args:
        start: (latent_dim,).
        end: (latent_dim,).
        n: how many points, at least 2.

    Returns:
        (n, latent_dim); the first is `start` and the last is `end`, to the last bit.

    Raises:
        ValueError: if the shapes differ or `n` is below 2.
    """
    if start.shape != end.shape or start.ndim != 1:
        raise ValueError(
            f"line: got ends of shape {tuple(start.shape)} and {tuple(end.shape)}.\n"
            "Pass two points (latent_dim,) of one latent space."
        )
    if n < 2:
        raise ValueError(f"n: got {n!r}. Pass a whole number, 2 or more.")
    share = torch.linspace(0, 1, n, dtype=start.dtype).unsqueeze(1)
    return start * (1 - share) + end * share


class DataDistance:
    """How far points of the latent space are from the codes of real images.

    The unit is the data's own: 1 is as far from its nearest codes as a code typically is (the
    median). Around 1 a point lies among the data; at 10, ten times as lonely as a typical code.

    Args:
        codes: (N, latent_dim), N above `n_neighbours`.
        n_neighbours: over how many nearest codes the distance is averaged.

    Raises:
        ValueError: if there are too few codes, or they all coincide.
    """

    def __init__(self, codes: Tensor, n_neighbours: int = 10) -> None:
        from scipy.spatial import KDTree  # type: ignore[import-untyped]

        if codes.ndim != 2 or len(codes) <= n_neighbours:
            raise ValueError(
                f"codes: got shape {tuple(codes.shape)}.\n"
                f"Pass (N, latent_dim) with more than {n_neighbours} codes."
            )
        self._tree: Any = KDTree(codes.numpy())
        self._places = list(range(1, n_neighbours + 1))  # the nearest, the second nearest, ...
        own, _ = self._tree.query(codes.numpy(), [place + 1 for place in self._places])
        self.unit = float(torch.from_numpy(own).mean(1).median())  # the first is the code itself
        if self.unit == 0:
            raise ValueError("codes: most of them coincide, so there is no unit of distance.")

    def __call__(self, points: Tensor) -> Tensor:
        """The distances (N,) of points (N, latent_dim), 0 or more, in the unit above."""
        distances, _ = self._tree.query(points.numpy(), self._places)
        return torch.from_numpy(distances).mean(1).float() / self.unit

    def nearest(self, points: Tensor) -> Tensor:
        """The numbers (N,), int64, of the codes nearest to points (N, latent_dim)."""
        return torch.from_numpy(self._tree.query(points.numpy())[1])
