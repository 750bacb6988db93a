"""The exercises of notebook 1."""

import torch
from torch import Tensor

from ae_utils.exercises.exercise import Exercise


def mse(x_hat: Tensor, x: Tensor) -> Tensor:
    """The mean squared error a pixel."""
    return ((x_hat - x) ** 2).mean()


def _two_pictures() -> list[tuple[Tensor, ...]]:
    flat = torch.tensor([[1.0, -1.0]]), torch.tensor([[0.0, 0.0]])
    return [flat, (torch.full((2, 1, 2, 2), 2.0), torch.zeros(2, 1, 2, 2))]


MSE = Exercise(
    right=mse,
    cases=_two_pictures,
    mistakes={
        "Errors of +1 and -1 cancelled each other: square each before you average.": (
            lambda x_hat, x: (x_hat - x).mean() ** 2
        ),
        "It is as many times too large as an image has pixels: average over all of them.": (
            lambda x_hat, x: ((x_hat - x) ** 2).sum() / len(x)
        ),
        "An error of 2 counts 2, and should count 4: square it.": (
            lambda x_hat, x: (x_hat - x).abs().mean()
        ),
    },
)

EXERCISES = (MSE,)
