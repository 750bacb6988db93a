"""The exercises of notebook 3."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from ae_utils.exercises.exercise import Exercise, Function

N_DRAWN = 4_000  # enough that shares and spreads, as they are rounded here, come out the same


def decode_grid(decode: Function, low: Tensor, high: Tensor, n: int) -> Tensor:
    """A table (n, n, ...) of decoded points, the first row at the largest z2."""
    return _decode_rows(decode, low, high, n).flip(0)


def _decode_rows(decode: Function, low: Tensor, high: Tensor, n: int) -> Tensor:
    """The table as the reader gets it: the first row is at the smallest z2."""
    z1, z2 = _ticks(low, high, n)
    return torch.stack([decode(torch.stack((z1, each.expand(n)), dim=1)) for each in z2])


def _ticks(low: Tensor, high: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """The numbers (n,) along each axis, both rising."""
    z1, z2 = (torch.linspace(*ends, n) for ends in zip(low.tolist(), high.tolist(), strict=True))
    return z1, z2


def _tables() -> list[tuple[Any, ...]]:
    """A decoder whose images (2, 2) show the point: z1 at the upper left, z2 at the lower left."""

    def decode(z: Tensor) -> Tensor:
        return torch.stack((z, torch.zeros_like(z)), dim=-1)

    return [(decode, torch.tensor([0.0, 4.0]), torch.tensor([2.0, 8.0]), n) for n in (2, 3)]


DECODE_GRID = Exercise(
    right=decode_grid,
    cases=_tables,
    bug=_decode_rows,
    mistakes={
        "Now z1 runs from right to left: the columns were right, only the rows were not.": (
            lambda *case: _decode_rows(*case).flip(0, 1)
        ),
        "The columns are turned round, and the rows are as they were: turn the other axis.": (
            lambda *case: _decode_rows(*case).flip(1)
        ),
        "Each picture stands on its head, and the rows are where they were: turn axis 0.": (
            lambda *case: _decode_rows(*case).flip(-2)
        ),
        "Rows and columns have changed places: z1 must still run along a row.": (
            lambda *case: _decode_rows(*case).transpose(0, 1)
        ),
    },
)


def grid(low: Tensor, high: Tensor, n: int) -> Tensor:
    """Points (n, n, 2) over a box, the first row at the largest z2."""
    z1, z2 = _ticks(low, high, n)
    return torch.stack(torch.meshgrid(z1, z2.flip(0), indexing="xy"), dim=-1)


GRID = Exercise(
    right=grid,
    cases=lambda: [(torch.tensor([0.0, 4.0]), torch.tensor([2.0, 8.0]), n) for n in (2, 3)],
    mistakes={
        "The rows are upside down: the topmost one has the *largest* z2.": (
            lambda *case: grid(*case).flip(0)
        ),
        "The coordinates are swapped: a point is (z1, z2), in that order.": (
            lambda *case: grid(*case).flip(-1)
        ),
        "Rows and columns are exchanged: z1 must change along a row, and z2 from row to row.": (
            lambda *case: grid(*case).transpose(0, 1)
        ),
        "The points come in the first axis: put z1 and z2 together in the last, dim=-1.": (
            lambda *case: grid(*case).movedim(-1, 0)
        ),
    },
)


def line(a: Tensor, b: Tensor, n: int) -> Tensor:
    """Points (n, latent_dim) at equal steps from a to b, both included."""
    return torch.lerp(a, b, torch.linspace(0, 1, n)[:, None])


def _ends() -> list[tuple[Any, ...]]:
    """Ends of as many numbers as there are points, so that shares of shape (n,) raise no error."""
    plane = torch.tensor([1.0, 10.0]), torch.tensor([3.0, 20.0])
    space = torch.tensor([0.0, 1.0, 5.0]), torch.tensor([4.0, 3.0, 2.0])
    return [(*plane, 2), (*space, 3), (torch.tensor([2.0]), torch.tensor([8.0]), 4)]


LINE = Exercise(
    right=line,
    cases=_ends,
    mistakes={
        "It never arrives: the last point must be b itself, so the last share of the way is 1.": (
            lambda a, b, n: a + (torch.arange(n) / n)[:, None] * (b - a)
        ),
        "It goes on by b instead of *to* b: what has to be added to a is a share of b - a.": (
            lambda a, b, n: a + torch.linspace(0, 1, n)[:, None] * b
        ),
        "It begins at b and ends at a.": lambda a, b, n: line(b, a, n),
        "The shares, (n,), meet the coordinates, (latent_dim,), one by one: make them (n, 1).": (
            lambda a, b, n: a + torch.linspace(0, 1, n) * (b - a)
        ),
    },
)


def _draw(mixture: Any, n: int, change: str = "") -> Tensor:
    """Points (n, latent_dim) from a mixture of hills, perhaps with a usual mistake."""
    parts = mixture.weights_, mixture.means_, mixture.covariances_
    weights, means, covariances = (torch.as_tensor(part).float() for part in parts)
    if change == "equal weights":
        weights = torch.ones(len(weights))
    roots = {
        "covariance": covariances,
        "each number": covariances.sqrt(),
        "no slant": torch.diag_embed(covariances.diagonal(dim1=1, dim2=2).sqrt()),
        "wrong side": torch.linalg.cholesky(covariances).mT,
    }.get(change, torch.linalg.cholesky(covariances))
    hill = torch.multinomial(weights, n, replacement=True)
    size = (n, 2 if change == "two numbers" else means.shape[1], 1)
    return means[hill] + (roots[hill] @ torch.randn(size)).squeeze(2)


def sample(mixture: Any, n: int) -> Tensor:
    """Points (n, latent_dim) drawn from a Gaussian mixture."""
    return _draw(mixture, n)


def _two_hills() -> list[tuple[Any, ...]]:
    """Mixtures in the plane and in space of two hills far apart, wide and slanted."""
    cases = []
    for latent_dim in (2, 3):
        covariance = torch.full((latent_dim, latent_dim), 12.0)
        covariance.diagonal().fill_(16.0)
        means = torch.zeros(2, latent_dim)
        means[1] = 1_000
        parts = torch.tensor([0.25, 0.75]), means, torch.stack([covariance] * 2)
        names = "weights_", "means_", "covariances_"
        arrays = {name: part.double().numpy() for name, part in zip(names, parts, strict=True)}
        cases.append((SimpleNamespace(**arrays), N_DRAWN))
    return cases


def _describe_points(points: Any, mixture: Any, n: int) -> list[str] | None:
    """What of drawn points does not hang on the drawing, in words; None of what is no answer."""
    if points is None:
        return None
    points = torch.as_tensor(points).double()
    words = [f"points of shape {tuple(points.shape)}"]
    if points.shape != (n, mixture.means_.shape[1]):
        return words
    far = points[:, 0] > 500
    words.append(f"{round(4 * far.double().mean().item())} of 4 points on the hill of weight 0.75")
    if far.all():
        return words
    covariance = torch.cov(points[~far].T, correction=0)
    width = covariance[0, 0].sqrt()
    words.append(f"a hill that is {2 ** width.log2().round().item():g} wide")
    slant = covariance[0, 1] / (width * covariance[1, 1].sqrt())
    return [*words, f"a slant (correlation) of {(4 * slant).round().item() / 4:g}"]


SAMPLE = Exercise(
    right=sample,
    cases=_two_hills,
    outcome=_describe_points,
    mistakes={
        "All hills come up equally often: draw each by its weight, with `torch.multinomial`.": (
            lambda mixture, n: _draw(mixture, n, "equal weights")
        ),
        "The hills are far too wide: multiply by a *root* of the covariance, not by itself.": (
            lambda mixture, n: _draw(mixture, n, "covariance")
        ),
        "The root of each number is no root of the matrix: take `torch.linalg.cholesky`.": (
            lambda mixture, n: _draw(mixture, n, "each number")
        ),
        "The hills have lost their slant: the root is that of the matrix, not of its diagonal.": (
            lambda mixture, n: _draw(mixture, n, "no slant")
        ),
        "The root stands on the wrong side: it is root @ noise, with the noise as a column.": (
            lambda mixture, n: _draw(mixture, n, "wrong side")
        ),
        "It works in the plane only: the noise must have as many numbers as a middle has.": (
            lambda mixture, n: _draw(mixture, n, "two numbers")
        ),
    },
)

EXERCISES = (DECODE_GRID, GRID, LINE, SAMPLE)
