"""The exercises of notebook 0."""

from typing import Any

import torch
from torch import Tensor

from ae_utils.exercises.exercise import Exercise, Function


def row_means(x: Tensor) -> Tensor:
    """The mean grey of each row of images (N, 1, 28, 28): (N, 28)."""
    return x.mean(dim=(1, 3))


def _images() -> list[tuple[Tensor]]:
    return [(torch.linspace(0, 1, n * 784).reshape(n, 1, 28, 28).square(),) for n in (2, 3)]


ROW_MEANS = Exercise(
    right=row_means,
    cases=_images,
    mistakes={
        "The channel is still there, as a dimension of 1: average over it as well.": (
            lambda x: x.mean(dim=3)
        ),
        "These are the means of the columns. The dimension that you name is the one that goes: to "
        "keep the rows, name the columns.": lambda x: x.mean(dim=(1, 2)),
        "These are the means of the columns, with the channel as a dimension of 1: the rows, "
        "dimension 2, have to stay, and the other two go.": lambda x: x.mean(dim=2),
        "All images were averaged into one: dimension 0, the batch, has to stay.": (
            lambda x: x.mean(dim=(0, 1, 3))
        ),
        "One number an image is left: dimension 2, the rows, has to stay.": (
            lambda x: x.mean(dim=(1, 2, 3))
        ),
        "One number for each channel is left: dimension 2, the rows, has to stay, and the channel "
        "has to go.": lambda x: x.mean(dim=(2, 3)),
    },
)


def level(x: Tensor) -> Tensor:
    """Flattened images (N, D), from each its own mean subtracted: (N, D)."""
    return x - x.mean(dim=1, keepdim=True)


def _flat_images() -> list[tuple[Tensor]]:
    square = torch.tensor([[0.0, 2.0], [4.0, 10.0]])  # where the wrong lines fit as well
    return [(square,), (torch.arange(6.0).reshape(2, 3),)]


def _level_in_place(x: Tensor) -> Tensor:
    x -= x.mean(dim=1, keepdim=True)
    return x


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
        "x itself has changed, and may still be needed: `-=` writes "
        "into it, `-` makes a new tensor.": _level_in_place,
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


def _descend_from_no_slope(loss: Function, w: Any, lr: float) -> Any:
    w.grad.zero_()
    return _descend_without_clearing(loss, w, lr)


def _descend_without_backward(loss: Function, w: Any, lr: float) -> Any:
    w.grad = None
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
        "A fresh weight has None in `w.grad`, which has no `zero_`: write `w.grad = None`.": (
            _descend_from_no_slope
        ),
        "Nobody has put a slope into `w.grad`: call `loss(w).backward()` first.": (
            lambda loss, w, lr: w.detach() - lr * w.grad
        ),
        "You cleared `w.grad`, and nobody has put the new slope there: `loss(w).backward()` comes "
        "between.": _descend_without_backward,
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
    a = (torch.arange(784) % 256).to(torch.uint8).reshape(1, 28, 28)
    return [(a, a.clone()), (a, a.flip(1, 2))]


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
