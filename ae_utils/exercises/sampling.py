"""The exercises of notebook 3."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.exercises.exercise import Exercise, Function

N_DRAWN = 4_000  # enough that shares and spreads, as they are rounded here, come out the same


def decode_grid(decode: Function, low: Tensor, high: Tensor, n: int) -> Tensor:
    """A table (n, n, ...) of decoded points, the first row at the largest z2."""
    return _decode_rows(decode, low, high, n).flip(0)


def _decode_rows(decode: Function, low: Tensor, high: Tensor, n: int) -> Tensor:
    """The table as the reader gets it: the first row is at the smallest z2."""
    z1, z2 = _ticks(low, high, n)
    return torch.stack([decode(torch.stack((z1, each.expand(n)), dim=1)) for each in z2])


def _swapping(decode: Function) -> Function:
    """A decoder that takes z2 for z1."""
    return lambda z: decode(z.flip(1))


def _ticks(low: Tensor, high: Tensor, *counts: int) -> tuple[Tensor, Tensor]:
    """The numbers along each axis, both rising: one count for both, or two."""
    ends = zip(low.tolist(), high.tolist(), (counts * 2)[:2], strict=True)
    z1, z2 = (torch.linspace(*each) for each in ends)
    return z1, z2


def _tables() -> list[tuple[Any, ...]]:
    """A decoder whose images show the point in their upper left corner, z1 and z2 side by side."""

    def decode(z: Tensor) -> Tensor:
        return nn.functional.pad(z[:, None, None], (0, 26, 0, 27))  # (N, 1, 28, 28)

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
        "Each row is where it belongs now, but each picture stands on its head: turn axis 0 "
        "alone.": lambda *case: decode_grid(*case).flip(-2),
        "Each picture is mirrored, and the rows are where they were: turn axis 0.": (
            lambda *case: _decode_rows(*case).flip(-1)
        ),
        "The decoder gets (z2, z1) now: a point is (z1, z2), in that order, as it was. Only the "
        "order of the rows is wrong.": lambda decode, *box: _decode_rows(_swapping(decode), *box),
        "The rows are right, but the decoder gets (z2, z1) now: a point is (z1, z2), in that "
        "order.": lambda decode, *box: decode_grid(_swapping(decode), *box),
        "Rows and columns have changed places: z1 must still run along a row.": (
            lambda *case: _decode_rows(*case).transpose(0, 1)
        ),
        "A tensor cannot be turned by `[::-1]`, as a list can: use `.flip(0)`.": (
            lambda decode, low, *_: low[::-1]
        ),
    },
)


def grid(low: Tensor, high: Tensor, rows: int, columns: int) -> Tensor:
    """Points (rows, columns, 2) over a box, the first row at the largest z2."""
    z1, z2 = _ticks(low, high, columns, rows)
    return torch.stack(torch.meshgrid(z1, z2.flip(0), indexing="xy"), dim=-1)


def _boxes() -> list[tuple[Any, ...]]:
    low, high = torch.tensor([0.0, 4.0]), torch.tensor([2.0, 8.0])
    return [(low, high, 2, 3), (low, high, 4, 2)]


GRID = Exercise(
    right=grid,
    cases=_boxes,
    mistakes={
        "The rows are upside down: the topmost one has the *largest* z2.": (
            lambda *case: grid(*case).flip(0)
        ),
        "The counts are exchanged: a row has as many points as there are columns.": (
            lambda low, high, rows, columns: grid(low, high, columns, rows)
        ),
        "The counts are exchanged, and the rows upside down: the topmost one has the *largest* "
        "z2.": lambda low, high, rows, columns: grid(low, high, columns, rows).flip(0),
        "The coordinates are swapped: a point is (z1, z2), in that order.": (
            lambda *case: grid(*case).flip(-1)
        ),
        "Rows and columns are exchanged: z1 must change along a row, and z2 from row to row.": (
            lambda *case: grid(*case).transpose(0, 1)
        ),
        "The points come in the first axis: put z1 and z2 together in the last, dim=-1.": (
            lambda *case: grid(*case).movedim(-1, 0)
        ),
        "A tensor cannot be turned by `[::-1]`: use `.flip(0)`, or let `linspace` run from the "
        "high end to the low one.": lambda low, *_: low[::-1],
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
        "A list of points is no tensor yet: `torch.stack` it.": lambda *case: [*line(*case)],
        "`torch.linspace` runs from a number to a number, not from a point to a point: let it give "
        "the shares of the way, from 0 to 1.": lambda a, b, n: torch.linspace(a, b, n),
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
    if change.endswith("hill only"):
        hill = torch.full((n,), ["first hill only", "second hill only"].index(change))
    draw = torch.rand if change == "even" else torch.randn
    size = 1 if change == "one noise" else n, 2 if change == "two numbers" else means.shape[1], 1
    points = (roots[hill] @ draw(size)).squeeze(2)
    return points if change == "no middle" else points + means[hill]


def _drawing(change: str) -> Function:
    return lambda mixture, n: _draw(mixture, n, change)


def sample(mixture: Any, n: int) -> Tensor:
    """Points (n, latent_dim) drawn from a Gaussian mixture."""
    return _draw(mixture, n)


def _two_hills() -> list[tuple[Any, ...]]:
    """Mixtures in the plane and in space of two hills far apart, wide and slanted."""
    cases = []
    for latent_dim in (2, 3):
        covariance = torch.full((latent_dim, latent_dim), 12.0)
        covariance.diagonal().fill_(16.0)
        means = torch.tensor([[-500.0], [1_000.0]]).repeat(1, latent_dim)
        parts = torch.tensor([0.25, 0.75]), means, torch.stack([covariance] * 2)
        names = "weights_", "means_", "covariances_"
        arrays = {name: part.double().numpy() for name, part in zip(names, parts, strict=True)}
        cases.append((SimpleNamespace(**arrays), N_DRAWN))
    return cases


def _describe_points(points: Any, mixture: Any, n: int) -> list[str]:
    """What of drawn points does not hang on the drawing, in words."""
    points = torch.as_tensor(points).double()
    words = [f"points of shape {tuple(points.shape)}"]
    if points.shape != (n, mixture.means_.shape[1]):
        return words
    near = (points[:, :1] - torch.as_tensor(mixture.means_)[:, 0]).abs() < 200  # (n, hills)
    for weight, share in zip(mixture.weights_, near.double().mean(0), strict=True):
        words.append(f"{round(4 * share.item())} of 4 points on the hill of weight {weight:g}")
    if near[:, 0].sum() < n / 8:
        return words
    covariance = torch.cov(points[near[:, 0]].T, correction=0)
    width = covariance[0, 0].sqrt()
    words.append(f"a width (standard deviation) of about {2 ** width.log2().round().item():g}")
    slant = covariance[0, 1] / (width * covariance[1, 1].sqrt())
    return [*words, f"a slant (correlation) of {(4 * slant).round().item() / 4:g}"]


USUAL = {  # what is wrong with the drawing, and what to say of it
    "equal weights": (
        "All hills come up equally often: draw each by its weight, with `torch.multinomial`."
    ),
    "covariance": (
        "The hills are far too wide: multiply by a *root* of the covariance, not by itself."
    ),
    "each number": (
        "The root of each number is no root of the matrix: take `torch.linalg.cholesky`."
    ),
    "no slant": (
        "The hills have lost their slant: the root is that of the matrix, not of its diagonal."
    ),
    "wrong side": (
        "The root stands on the wrong side: it is root @ noise, with the noise as a column."
    ),
    "even": (
        "The noise comes from `torch.rand`, even numbers from 0 to 1: take `torch.randn`, which "
        "lie around 0 on both sides, with a width of 1."
    ),
    "one noise": (
        "All points get the same noise, so each hill shrinks to a dot: draw `latent_dim` numbers "
        "for each of the n points."
    ),
    "no middle": (
        "The middle is missing: all points lie around 0. Add `means_` of each point's hill."
    ),
    "second hill only": "All points come from one hill: draw a hill for each point, n of them.",
    "first hill only": (
        "All points come from the first hill: draw a hill for each point, n of them."
    ),
    "two numbers": (
        "It works in the plane only: the noise must have as many numbers as a middle has."
    ),
}

SAMPLE = Exercise(
    right=sample,
    cases=_two_hills,
    outcome=_describe_points,
    mistakes={hint: _drawing(change) for change, hint in USUAL.items()}
    | {
        "The mixture given here has no `sample` of its own, only `weights_`, `means_` and "
        "`covariances_`: draw from these.": lambda mixture, n: mixture.sample(n)[0],
    },
)

EXERCISES = (DECODE_GRID, GRID, LINE, SAMPLE)
