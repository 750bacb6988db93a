"""The exercises of notebook 6."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from ae_utils.exercises.exercise import Exercise
from ae_utils.exercises.reparametrization import REPARAMETRIZE


def bernoulli_log_likelihood(x: Tensor, chance: Tensor) -> Tensor:
    """log p(x|z), (N,), of images of 0 and 1, from each pixel's chance of white."""
    log_chance = x * chance.log() + (1 - x) * (1 - chance).log()
    return log_chance.flatten(1).sum(1)


def _two_images() -> list[tuple[Tensor, ...]]:
    x = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]], [[[0.0, 0.0], [1.0, 0.0]]]])
    chance = torch.tensor([[[[0.9, 0.2], [0.4, 0.01]]], [[[0.3, 0.1], [0.6, 0.99]]]])
    return [(x.repeat(1, 1, 14, 14), chance.repeat(1, 1, 14, 14))]


BERNOULLI = Exercise(
    right=bernoulli_log_likelihood,
    cases=_two_images,
    mistakes={
        "Its black pixels count for nothing: each shows what had the chance 1 - chance.": (
            lambda x, chance: (x * chance.log()).flatten(1).sum(1)
        ),
        "It adds chances up. Those of independent pixels multiply: add their logarithms.": (
            lambda x, chance: (x * chance + (1 - x) * (1 - chance)).flatten(1).sum(1)
        ),
        "Black and white are exchanged: `chance` is that of white, where x is 1.": (
            lambda x, chance: bernoulli_log_likelihood(1 - x, chance)
        ),
        "It is positive, so it is the distortion: leave out the minus.": (
            lambda x, chance: -bernoulli_log_likelihood(x, chance)
        ),
        "It is one number for all images together: add up each image by itself, (N,).": (
            lambda x, chance: bernoulli_log_likelihood(x, chance).sum()
        ),
        "`log_chance` must keep the shape (N, 1, 28, 28): a logarithm for each pixel, not added.": (
            lambda x, chance: binary_cross_entropy(chance, x).flatten(1).sum(1)
        ),
    },
)


def kl_to_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    """What clouds, (N, latent_dim) each, cost: (N,) nats."""
    return _kl_terms(mean, log_variance).sum(1)


def _kl_terms(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)


def _three_clouds() -> list[tuple[Tensor, ...]]:
    """Of two numbers a code, and of three."""
    mean = torch.tensor([[0.0, 0.0], [1.0, -2.0], [0.5, 0.0]])
    log_variance = torch.tensor([[0.0, 0.0], [-1.0, 0.5], [-4.0, 1.0]])
    clouds = [(mean, log_variance), (torch.tensor([[1.0, 2.0, 3.0]]), torch.ones(1, 3))]
    return [(m.requires_grad_(), v.requires_grad_()) for m, v in clouds]


def _cost_and_gradients(cost: Tensor, mean: Tensor, log_variance: Tensor) -> list[Any]:
    """What clouds cost, and whether gradients pass, in words."""
    slopes: tuple[Tensor | None, ...] = (None, None)
    if torch.as_tensor(cost).requires_grad:
        slopes = torch.autograd.grad(cost.sum(), (mean, log_variance), allow_unused=True)
    passed = ["none" if slope is None else "one" for slope in slopes]
    return [cost, f"gradients: {passed[0]} to the mean, {passed[1]} to the log-variance"]


KL = Exercise(
    right=kl_to_prior,
    cases=_three_clouds,
    outcome=_cost_and_gradients,
    mistakes={
        "exp(log_variance / 2) is the width, sigma; the formula has its square.": (
            lambda mean, log_variance: (
                0.5 * (mean**2 + (log_variance / 2).exp() - log_variance - 1).sum(1)
            )
        ),
        "It takes `log_variance` for the variance: the variance is its exp.": (
            lambda mean, log_variance: (
                0.5 * (mean**2 + log_variance - log_variance.log() - 1).sum(1)
            )
        ),
        "It is negative, and a cloud can only cost: turn the sign around.": (
            lambda mean, log_variance: -kl_to_prior(mean, log_variance)
        ),
        "The prior itself should cost nothing, and costs 1: subtract 1 in each coordinate.": (
            lambda mean, log_variance: (0.5 * (mean**2 + log_variance.exp() - log_variance)).sum(1)
        ),
        "It is a mean over the coordinates, and their costs add up: take the sum.": (
            lambda mean, log_variance: kl_to_prior(mean, log_variance) / mean.shape[1]
        ),
        "It is one number for all clouds together: add up each row by itself, (N,).": (
            lambda mean, log_variance: kl_to_prior(mean, log_variance).sum()
        ),
        "It is the average cloud's cost: leave one number for each cloud, (N,).": (
            lambda mean, log_variance: kl_to_prior(mean, log_variance).mean()
        ),
        "It is a mean over everything: add up each row, and leave one number for each, (N,).": (
            lambda mean, log_variance: kl_to_prior(mean, log_variance).mean() / mean.shape[1]
        ),
        "It is twice the cost: the formula begins with one half.": (
            lambda mean, log_variance: 2 * kl_to_prior(mean, log_variance)
        ),
        "It adds over the clouds: add over the coordinates, axis 1.": (
            lambda mean, log_variance: _kl_terms(mean, log_variance).sum(0)
        ),
        "It has a cost for each coordinate: add them up, one number for each cloud, (N,).": (
            lambda mean, log_variance: _kl_terms(mean, log_variance)
        ),
        "It has the shape (N, 1): leave out `keepdim`, for (N,).": (
            lambda mean, log_variance: kl_to_prior(mean, log_variance)[:, None]
        ),
    },
)


def prior_quantiles(n: int) -> Tensor:
    """The middles of `n` equal shares of the prior, along one axis: (n,)."""
    return torch.special.ndtri((torch.arange(n) + 0.5) / n)


QUANTILES = Exercise(
    right=prior_quantiles,
    cases=lambda: [(2,), (5,), (16,)],
    mistakes={
        "Its ends are infinite, since all of the prior lies between: begin half a share inside.": (
            lambda n: torch.special.ndtri(torch.linspace(0, 1, n))
        ),
        "Its first place is minus infinity: add half a share to each.": (
            lambda n: torch.special.ndtri(torch.arange(n) / n)
        ),
        "Its last place is infinite: take half a share from each.": (
            lambda n: torch.special.ndtri(torch.arange(1, n + 1) / n)
        ),
        "Its places are equally far apart, from -1 to 1, and a third of the prior lies outside.": (
            lambda n: torch.linspace(-1, 1, n)
        ),
        "It leaves out a twentieth of the prior at each end, however large n is.": (
            lambda n: torch.special.ndtri(torch.linspace(0.05, 0.95, n))
        ),
        "These are the bounds of n + 1 shares: take the middles of n shares instead.": (
            lambda n: torch.special.ndtri(torch.arange(1, n + 1) / (n + 1))
        ),
        "These are shares, between 0 and 1: ndtri makes places of them.": (
            lambda n: (torch.arange(n) + 0.5) / n
        ),
    },
)


def vae_loss(x_hat: Tensor, x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Distortion + rate, nats an image, a scalar."""
    distortion = binary_cross_entropy(x_hat, x, reduction="sum") / len(x)
    return distortion + kl_to_prior(mean, log_variance).mean()


def _averaged(x_hat: Tensor, x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    return binary_cross_entropy(x_hat, x) + kl_to_prior(mean, log_variance).mean()


def _batches() -> list[tuple[Tensor, ...]]:
    x = torch.eye(28).repeat(3, 1, 1, 1)
    mean, log_variance = (each.detach() for each in _three_clouds()[0])
    return [
        (0.1 + 0.7 * x, x, mean, log_variance),
        (torch.full_like(x[:2], 0.5), x[:2], mean[:2], log_variance[:2]),
    ]


def _total(x_hat: Tensor, x: Tensor) -> Tensor:
    return binary_cross_entropy(x_hat, x, reduction="sum")


VAE_LOSS = Exercise(
    right=vae_loss,
    cases=_batches,
    bug=_averaged,
    mistakes={
        "Now the distortion grows with the batch: divide it by the number of images.": (
            lambda x_hat, x, *cloud: _total(x_hat, x) + kl_to_prior(*cloud).mean()
        ),
        "Both are means now, and 784 pixels are weighed like 2 numbers: take sums instead.": (
            lambda x_hat, x, *cloud: binary_cross_entropy(x_hat, x) + kl_to_prior(*cloud).mean() / 2
        ),
        "Now the rate grows with the batch: it is a sum over all images.": (
            lambda x_hat, x, *cloud: _total(x_hat, x) / len(x) + kl_to_prior(*cloud).sum()
        ),
        "Both grow with the batch: divide them by the number of images.": (
            lambda x_hat, x, *cloud: _total(x_hat, x) + kl_to_prior(*cloud).sum()
        ),
        "Both are right, and were divided by 784: nats an image are sums over its pixels.": (
            lambda x_hat, x, *cloud: vae_loss(x_hat, x, *cloud) / 784
        ),
        "It takes the rate away: both are costs, which add up.": (
            lambda x_hat, x, *cloud: _total(x_hat, x) / len(x) - kl_to_prior(*cloud).mean()
        ),
        "It has a number for each image: average them.": (
            lambda x_hat, x, *cloud: (
                binary_cross_entropy(x_hat, x, reduction="none").flatten(1).sum(1)
                + kl_to_prior(*cloud)
            )
        ),
    },
)

EXERCISES = (BERNOULLI, KL, REPARAMETRIZE, QUANTILES, VAE_LOSS)
