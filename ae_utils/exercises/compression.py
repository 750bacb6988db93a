"""The exercises of notebook 1."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from ae_utils.exercises.exercise import Exercise
from ae_utils.metrics import reconstruction_error


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


def pca_back(x: Tensor, V: Tensor, mean: Tensor) -> Tensor:
    """Images x (N, D) along PCA's directions, the columns of V (D, k), and back: (N, D)."""
    return (x - mean) @ V @ V.T + mean


def _dots() -> list[tuple[Tensor, ...]]:
    x = torch.tensor([[2.0, 0.0, 1.0], [3.0, 5.0, 4.0]])
    mean = torch.tensor([1.0, 2.0, 1.0])
    return [(x, torch.tensor([[0.6], [0.8], [0.0]]), mean), (x, torch.eye(3)[:, 1:], mean)]


PCA_BACK = Exercise(
    right=pca_back,
    cases=_dots,
    mistakes={
        "The mean plays no part, and the plane was laid through 0: subtract the mean first, and "
        "add it again at the end.": lambda x, V, mean: x @ V @ V.T,
        "What comes back lies around 0 and not around the mean: add it again at the end.": (
            lambda x, V, mean: (x - mean) @ V @ V.T
        ),
        "The mean is added, and was not subtracted: the positions along the directions count from "
        "it.": lambda x, V, mean: x @ V @ V.T + mean,
        "That is the code, k numbers an image. The way back is a product with `V.T`, and the mean "
        "added.": lambda x, V, mean: (x - mean) @ V,
    },
)


def train_step(model: nn.Module, optimizer: Optimizer, x: Tensor) -> float:
    """One step on a batch x; the error before it."""
    optimizer.zero_grad()
    loss = reconstruction_error(model(x), x)
    loss.backward()
    optimizer.step()
    return loss.item()


def _training(lr: float) -> tuple[nn.Module, Optimizer, Tensor]:
    """A small model on its way: the gradients of a step before are still there."""
    model, x = nn.Linear(2, 2, bias=False), torch.tensor([[1.0, 0.0], [0.5, 1.0]])
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[0.5, -1.0], [0.0, 2.0]]))
    reconstruction_error(model(2 * x), x).backward()
    return model, SGD(model.parameters(), lr), x


def _weights_after(loss: Any, model: nn.Module, optimizer: Optimizer, x: Tensor) -> Any:
    return loss if loss is None else [loss, *(weight.detach() for weight in model.parameters())]


def _step_without_clearing(model: nn.Module, optimizer: Optimizer, x: Tensor) -> float:
    loss = reconstruction_error(model(x), x)
    loss.backward()
    optimizer.step()
    return loss.item()


def _clear_after_backward(model: nn.Module, optimizer: Optimizer, x: Tensor) -> float:
    loss = reconstruction_error(model(x), x)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def _go_back_from_a_float(model: nn.Module, optimizer: Optimizer, x: Tensor) -> Any:
    optimizer.zero_grad()
    loss: Any = reconstruction_error(model(x), x).item()
    loss.backward()


def _measure_after_the_step(model: nn.Module, optimizer: Optimizer, x: Tensor) -> float:
    train_step(model, optimizer, x)
    return reconstruction_error(model(x), x).item()


TRAIN_STEP = Exercise(
    right=train_step,
    cases=lambda: [_training(0.1), _training(1.0)],
    outcome=_weights_after,
    mistakes={
        "The gradients of the step before were still there, and were added to the new ones: call "
        "`optimizer.zero_grad()` before `loss.backward()`.": _step_without_clearing,
        "No weight has moved. After `loss.backward()` comes `optimizer.step()`, with nothing "
        "between them that clears the gradients.": _clear_after_backward,
        "A float has forgotten how it was made, so there is no way back from it: call `backward` "
        "on the loss itself, and `.item()` at the end.": _go_back_from_a_float,
        "The weights are right. You return the error after the step: the one before it is wanted, "
        "which needs no second pass.": _measure_after_the_step,
    },
)


def batch_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """The mean squared error a pixel of flat reconstructions (N, D) of images (N, 1, h, w)."""
    return ((x_hat - x.flatten(1)) ** 2).mean()


def _flat_and_square() -> list[tuple[Tensor, Tensor]]:
    x = torch.tensor([0.0, 1.0, 0.5, 0.0, 1.0, 1.0, 0.0, 0.5]).reshape(2, 1, 2, 2)
    return [(x.flatten(1), x), (torch.full((2, 4), 0.25), x)]


BATCH_ERROR = Exercise(
    right=batch_error,
    cases=_flat_and_square,
    bug=lambda x_hat, x: ((x_hat - x.flatten(2)) ** 2).mean(),
    mistakes={
        "A smaller number, and the same bug: a perfect copy of two images must have error 0. Print "
        "the shape of the difference.": (
            lambda x_hat, x: ((x_hat - x.flatten(2)) ** 2).mean() / len(x)
        ),
        "Each image is compared with the average of the batch. Bring x to the shape of x_hat, "
        "(N, D).": lambda x_hat, x: ((x_hat - x.flatten(2).mean(0)) ** 2).mean(),
    },
)

EXERCISES = (MSE, PCA_BACK, TRAIN_STEP, BATCH_ERROR)
