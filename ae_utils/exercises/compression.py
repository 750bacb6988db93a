"""The exercises of notebook 1."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from ae_utils.exercises.exercise import Exercise
from ae_utils.layers import seeded
from ae_utils.metrics import reconstruction_error
from ae_utils.models import Autoencoder


def mse(x_hat: Tensor, x: Tensor) -> Tensor:
    """The mean squared error a pixel."""
    return ((x_hat - x) ** 2).mean()


def _images(n: int) -> Tensor:
    """Images in shades of grey, each another."""
    return torch.linspace(0, 1, n * 784).square().reshape(n, 1, 28, 28)


def _two_batches() -> list[tuple[Tensor, Tensor]]:
    """Off by 1, up and down; off by 1 and by 3."""
    signs, sizes = torch.tensor([1.0, -1.0]).repeat(784), torch.tensor([1.0, 3.0]).repeat(1176)
    pairs = [(signs.view(2, 1, 28, 28), _images(2)), (sizes.view(3, 1, 28, 28), _images(3))]
    return [(x + off, x) for off, x in pairs]


MSE = Exercise(
    right=mse,
    cases=_two_batches,
    mistakes={
        "Errors of +1 and -1 cancelled each other: square each before you average.": (
            lambda x_hat, x: (x_hat - x).mean() ** 2
        ),
        "It is as many times too large as an image has pixels: average over all of them.": (
            lambda x_hat, x: ((x_hat - x) ** 2).sum() / len(x)
        ),
        "It is as many times too large as the batch has images: average over them as well.": (
            lambda x_hat, x: ((x_hat - x) ** 2).sum() / 784
        ),
        "That is the sum over all pixels of all images: divide by how many there are, or take the "
        "mean.": lambda x_hat, x: ((x_hat - x) ** 2).sum(),
        "That is one number an image: average over the batch as well.": (
            lambda x_hat, x: ((x_hat - x) ** 2).mean(dim=(1, 2, 3))
        ),
        "An error of 2 counts 2, and should count 4: square it.": (
            lambda x_hat, x: (x_hat - x).abs().mean()
        ),
        "That is the root of it: leave the mean of the squares as it is.": (
            lambda x_hat, x: ((x_hat - x) ** 2).mean().sqrt()
        ),
    },
)


def pca_back(x: Tensor, V: Tensor, mean: Tensor) -> Tensor:
    """Images x (N, 784) along PCA's directions, the columns of V (784, 2), and back."""
    return (x - mean) @ V @ V.T + mean


def _plane() -> list[tuple[Tensor, ...]]:
    """Two directions, in one case along two pixels; images as many as neither, nor the other."""
    slanted = torch.linalg.qr(torch.linspace(0, 60, 1568).cos().reshape(784, 2)).Q
    mean = torch.linspace(1, 0, 784)
    return [
        (_images(n).flatten(1), V, mean) for n, V in ((3, slanted), (5, torch.eye(784)[:, 9:11]))
    ]


PCA_BACK = Exercise(
    right=pca_back,
    cases=_plane,
    mistakes={
        "The mean plays no part, and the plane was laid through 0: subtract the mean first, and "
        "add it again at the end.": lambda x, V, mean: x @ V @ V.T,
        "What comes back lies around 0 and not around the mean: add it again at the end.": (
            lambda x, V, mean: (x - mean) @ V @ V.T
        ),
        "The mean is added, and was not subtracted: the positions along the directions count from "
        "it.": lambda x, V, mean: x @ V @ V.T + mean,
        "You took the mean of these few images: positions count from the average image, which is "
        "handed in as `mean`.": lambda x, V, mean: (x - x.mean(0)) @ V @ V.T + x.mean(0),
        "That is the code, two numbers an image. The way back is a product with `V.T`, and the "
        "mean added.": lambda x, V, mean: (x - mean) @ V,
    },
)


def train_step(model: nn.Module, optimizer: Optimizer, x: Tensor) -> float:
    """One step on a batch x; the error before it."""
    optimizer.zero_grad()
    loss = reconstruction_error(model(x), x)
    loss.backward()
    optimizer.step()
    return loss.item()


def _training(lr: float) -> tuple[Autoencoder, Optimizer, Tensor]:
    """A small model on its way: the gradients of a step before are still there."""
    with seeded(0):
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 2))
        decoder = nn.Sequential(nn.Linear(2, 784), nn.Unflatten(1, (1, 28, 28)))
    model, x = Autoencoder(encoder, decoder, latent_dim=2), _images(2)
    reconstruction_error(model(1 - x), 1 - x).backward()
    return model, SGD(model.parameters(), lr), x


def _weights_after(loss: Any, model: nn.Module, optimizer: Optimizer, x: Tensor) -> Any:
    return [loss, *(weight.detach() for weight in model.parameters())]


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
    cases=lambda: [_training(1.0), _training(10.0)],
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
    """The mean squared error a pixel of flat reconstructions (N, 784) of images (N, 1, 28, 28)."""
    return ((x_hat - x.flatten(1)) ** 2).mean()


def _flat_and_square() -> list[tuple[Tensor, Tensor]]:
    return [(_images(2).flatten(1), _images(2)), (torch.full((3, 784), 0.25), _images(3))]


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
        "(N, 784).": lambda x_hat, x: ((x_hat - x.flatten(2).mean(0)) ** 2).mean(),
    },
)

EXERCISES = (MSE, PCA_BACK, TRAIN_STEP, BATCH_ERROR)
