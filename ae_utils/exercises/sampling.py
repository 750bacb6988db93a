"""The exercises of notebook 3; the last one has a module of its own."""

import torch
from torch import Tensor, nn

from ae_utils.exercises.drawing import SAMPLE
from ae_utils.exercises.exercise import Case, Exercise, Function


def decode_grid(decode: Function, low: Tensor, high: Tensor, n: int) -> Tensor:
    """A table (n, n, ...) of decoded points, the first row at the largest z2."""
    return _decode_rows(decode, low, high, n).flip(0)


def _decode_rows(decode: Function, low: Tensor, high: Tensor, n: int) -> Tensor:
    """The table as the reader gets it: the first row is at the smallest z2."""
    z1, z2 = _ticks(low, high, n, n)
    return torch.stack([decode(torch.stack((z1, each.expand(n)), dim=1)) for each in z2])


def _swapping(decode: Function) -> Function:
    """A decoder that takes z2 for z1."""
    return lambda z: decode(z.flip(1))


def _ticks(low: Tensor, high: Tensor, n1: int, n2: int) -> tuple[Tensor, Tensor]:
    """The numbers along each axis, both rising."""
    ends = zip(low.tolist(), high.tolist(), (n1, n2), strict=True)
    z1, z2 = (torch.linspace(*each) for each in ends)
    return z1, z2


def _tables() -> list[Case]:
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


def _boxes() -> list[Case]:
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


def _ends() -> list[Case]:
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

EXERCISES = (DECODE_GRID, GRID, LINE, SAMPLE)
