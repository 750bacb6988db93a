"""How far a point of the latent space is from the data, as a number and in words."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ae_utils.checks import as_array, check_whole
from ae_utils.latent import decode_points, evenly


class DataDistance:
    """How far points of the latent space are from the codes of real images.

    The unit is the data's own: 1 is as far from its nearest codes as a code typically is (the
    median). Around 1 a point lies among the data; at 10, ten times as lonely as a typical code.

    Args:
        codes: (N, latent_dim), N above `n_neighbours`.
        n_neighbours: over how many nearest codes a distance is the mean.

    Raises:
        ValueError: if there are too few codes, or they all coincide.
    """

    def __init__(self, codes: Tensor, n_neighbours: int = 10) -> None:
        from scipy.spatial import KDTree  # type: ignore[import-untyped]

        known, n_neighbours = as_array(codes), check_whole(n_neighbours, "n_neighbours", 1)
        if known.ndim != 2 or len(known) <= n_neighbours:
            shape = known.shape
            raise ValueError(f"codes: got shape {shape}. Pass (N, latent_dim), N > {n_neighbours}.")
        self._tree: Any = KDTree(known)
        self._places = list(range(1, n_neighbours + 1))  # the nearest, the second nearest, ...
        own, _ = self._tree.query(known, n_neighbours + 1)  # the nearest is the code itself
        self.unit = float(torch.from_numpy(own[:, 1:]).mean(1).median())
        if self.unit == 0:
            raise ValueError("codes: most of them coincide, so there is no unit of distance.")

    def __call__(self, points: Tensor) -> Tensor:
        """The distances (N,) of points (N, latent_dim), 0 or more, in the unit above."""
        distances, _ = self._tree.query(as_array(points), self._places)
        return torch.from_numpy(distances).mean(1).float() / self.unit

    def nearest(self, points: Tensor) -> Tensor:
        """The numbers (N,), int64, of the codes nearest to points (N, latent_dim)."""
        return torch.from_numpy(self._tree.query(as_array(points))[1])


def place_levels(distance: DataDistance, codes: Tensor) -> list[float]:
    """Where 'among the data' ends (95 % of codes are less lonely), and 'at the edge' (99.9 %)."""
    shares = torch.tensor([0.95, 0.999], dtype=torch.float32)
    return distance(evenly(codes, 1_000)).quantile(shares).tolist()


def name_place(distance: float, levels: Sequence[float]) -> str:
    """Say where a point lies, by its distance and by where these places end."""
    names = ("among the data", "at the edge of the data", "far from all data")
    return names[sum(distance > level for level in levels)]


class PointView(NamedTuple):
    """What there is to see of a point of the latent space."""

    image: Tensor  # float32 (28, 28), what it decodes to
    nearest: int  # the number of the real image whose code lies nearest
    distance: float  # from the codes of real images


def view_point(decode: Callable[[Tensor], Tensor], distance: DataDistance, z: Tensor) -> PointView:
    """Decode a point (latent_dim,), and find out where it lies among the data.

    Raises:
        ValueError: if the decoded image is not finite.
    """
    image = decode_points(decode, z)[0].cpu()
    if not image.isfinite().all():
        cure = "Load the model's weights again, or train it again with a lower learning rate."
        raise ValueError(f"decoder: its image of this point is not finite.\n{cure}")
    return PointView(image, int(distance.nearest(z[None])), float(distance(z[None])))
