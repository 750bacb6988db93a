"""The exercises of notebook 0."""

from typing import Any

import torch
from torch import Tensor

from ae_utils.exercises.exercise import Exercise, Function


def row_means(x: Tensor) -> Tensor:
    """The mean grey of each row of images (N, 1, rows, columns): (N, rows)."""
    return x.mean(dim=(1, 3))


def _small_images() -> list[tuple[Tensor]]:
    return [(torch.arange(12.0).reshape(2, 1, 2, 3),), (torch.eye(4)[None, None],)]


ROW_MEANS = Exercise(
    right=row_means,
    cases=_small_images,
    mistakes={
        "The channel is still there, as a dimension of 1: average over it as well.": (
            lambda x: x.mean(dim=3)
        ),
        "These are the means of the columns. The dimension that you name is the one that goes: to "
        "keep the rows, name the columns.": lambda x: x.mean(dim=(1, 2)),
        "All images were averaged into one: dimension 0, the batch, has to stay.": (
            lambda x: x.mean(dim=(0, 1, 3))
        ),
        "One number an image is left: dimension 2, the rows, has to stay.": (
            lambda x: x.mean(dim=(1, 2, 3))
        ),
    },
)


def level(x: Tensor) -> Tensor:
    """Flattened images (N, D), from each its own mean subtracted: (N, D)."""
    return x - x.mean(dim=1, keepdim=True)


def _flat_images() -> list[tuple[Tensor]]:
    square = torch.tensor([[0.0, 2.0], [4.0, 10.0]])  # where the wrong lines fit as well
    return [(square,), (torch.arange(6.0).reshape(2, 3),)]


LEVEL = Exercise(
    right=level,
    cases=_flat_images,
    mistakes={
        "The means, of shape (N,), were lined up with the columns, since shapes are matched from "
        "the right. Keep the dimension, as one of 1: `keepdim=True`.": (
            lambda x: x - x.mean(dim=1)
        ),
        "You subtracted the average image. Each image has a mean of its own: average over its "
        "pixels, dimension 1.": lambda x: x - x.mean(dim=0),
        "One mean of all numbers was subtracted, so bright images stay bright: average along "
        "dimension 1 only.": lambda x: x - x.mean(),
        "These are the means themselves: subtract them from x.": (
            lambda x: x.mean(dim=1, keepdim=True)
        ),
    },
)


def descend(loss: Function, w: Tensor, lr: float) -> Tensor:
    """The weight after one step down the slope of loss(w)."""
    return w.detach() - lr * _slope(loss, w)


def _slope(loss: Function, w: Tensor) -> Tensor:
    """The slope of loss(w), what was in `w.grad` left out."""
    return torch.autograd.grad(loss(w), w)[0]


def _curves() -> list[tuple[Function, Tensor, float]]:
    w, used = (torch.tensor(number, requires_grad=True) for number in (1.0, 4.0))
    used.grad = torch.tensor(5.0)  # left by someone before
    return [(lambda w: (2 * w - 6) ** 2, w, 0.05), (lambda w: (w - 1) ** 2, used, 0.25)]


def _descend_without_clearing(loss: Function, w: Any, lr: float) -> Any:
    loss(w).backward()
    return w.detach() - lr * w.grad


DESCEND = Exercise(
    right=descend,
    cases=_curves,
    in_place=True,
    mistakes={
        "You went uphill: a slope points to where the loss grows, so subtract it.": (
            lambda loss, w, lr: w + lr * _slope(loss, w)
        ),
        "There was an old slope in `w.grad`, and `backward` added the new one to it: set `w.grad` "
        "to None first.": _descend_without_clearing,
        "The learning rate plays no part: multiply the slope by `lr`.": (
            lambda loss, w, lr: w - _slope(loss, w)
        ),
        "You stepped by the height of the loss. Its slope is wanted: after `loss(w).backward()` "
        "it is in `w.grad`.": lambda loss, w, lr: w - lr * loss(w),
        "This is how far to go, and not where one arrives: subtract it from w.": (
            lambda loss, w, lr: lr * _slope(loss, w)
        ),
    },
)


def blend(a: Tensor, b: Tensor) -> Tensor:
    """The average of two stored images, uint8, as decimals in 0..255."""
    return a.float() / 2 + b.float() / 2


def _stored_images() -> list[tuple[Tensor, Tensor]]:
    a = torch.tensor([[255, 201], [7, 0]], dtype=torch.uint8)
    return [(a, a.clone()), (a, torch.tensor([[0, 100], [0, 255]], dtype=torch.uint8))]


BLEND = Exercise(
    right=blend,
    cases=_stored_images,
    bug=lambda a, b: (a + b) / 2,
    mistakes={
        "The sum is right now. Two images were added, so halve it.": (
            lambda a, b: a.float() + b.float()
        ),
        "`//` drops the halves: 255 and 255 must give 255. Divide decimals, with `/`.": (
            lambda a, b: a // 2 + b // 2
        ),
    },
)

EXERCISES = (ROW_MEANS, LEVEL, DESCEND, BLEND)
