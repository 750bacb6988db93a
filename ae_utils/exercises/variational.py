"""The exercises of notebook 6."""

import math

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from ae_utils.exercises.exercise import Exercise


def bernoulli_log_likelihood(x: Tensor, chance: Tensor) -> Tensor:
    """log p(x|z), (N,), of images of 0 and 1, from each pixel's chance of white."""
    log_chance = x * chance.log() + (1 - x) * (1 - chance).log()
    return log_chance.flatten(1).sum(1)


def _two_images() -> list[tuple[Tensor, ...]]:
    x = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]], [[[0.0, 0.0], [1.0, 0.0]]]])
    return [(x, torch.tensor([[[[0.9, 0.2], [0.4, 0.5]]], [[[0.3, 0.1], [0.6, 0.05]]]]))]


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
    },
)


def kl_to_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    """What clouds, (N, latent_dim) each, cost: (N,) nats."""
    return 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(1)


def _three_clouds() -> list[tuple[Tensor, ...]]:
    mean = torch.tensor([[0.0, 0.0], [1.0, -2.0], [0.5, 0.0]])
    return [(mean, torch.tensor([[0.0, 0.0], [-1.0, 0.5], [-4.0, 1.0]]))]


KL = Exercise(
    right=kl_to_prior,
    cases=_three_clouds,
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
    },
)


def reparametrize(mean: Tensor, log_variance: Tensor) -> Tensor:
    """One code of each cloud, (N, latent_dim), through which gradients pass."""
    return mean + (log_variance / 2).exp() * torch.randn(mean.shape)


def _one_cloud_often() -> list[tuple[Tensor, ...]]:
    mean = torch.tensor([1.0, -2.0]).repeat(10_000, 1)
    log_variance = torch.tensor([0.0, 2 * math.log(2)]).repeat(10_000, 1)
    return [(mean.requires_grad_(), log_variance.requires_grad_())]


def _describe_draws(z: Tensor | None, mean: Tensor, log_variance: Tensor) -> list[Tensor] | None:
    """Whether codes moved, how far along each axis, together or not, and slopes; all rounded."""
    if z is None:  # nothing was returned
        return None
    noise = ((z - mean) / (log_variance / 2).exp()).detach()
    spread = noise.std(0).round()
    middle, together = noise.mean(0).round(), noise.prod(1).mean().round()
    slopes = torch.zeros(2, 2)
    if z.requires_grad:
        gradients = torch.autograd.grad(
            z.square().mean(0).sum(), (mean, log_variance), allow_unused=True
        )
        slopes = torch.stack([torch.zeros(2) if g is None else g.sum(0) for g in gradients])
    varied = spread.prod() > 0
    return [(noise != 0).any(), spread, middle * varied, together * varied, slopes.round() * varied]


REPARAMETRIZE = Exercise(
    right=reparametrize,
    cases=_one_cloud_often,
    outcome=_describe_draws,
    mistakes={
        "The noise is as wide as the variance: the width is exp(log_variance / 2).": (
            lambda mean, log_variance: mean + log_variance.exp() * torch.randn(mean.shape)
        ),
        "The noise was multiplied by the logarithm: the width is exp(log_variance / 2).": (
            lambda mean, log_variance: mean + log_variance * torch.randn(mean.shape)
        ),
        "There is no noise in it: every code is the middle of its cloud.": (
            lambda mean, log_variance: mean + 0 * log_variance
        ),
        "All clouds got the same noise: draw a number for each, `torch.randn(mean.shape)`.": (
            lambda mean, log_variance: mean + (log_variance / 2).exp() * torch.randn(2)
        ),
        "Both numbers of a code got the same noise: draw one for each.": (
            lambda mean, log_variance: mean + (log_variance / 2).exp() * torch.randn(len(mean), 1)
        ),
        "The draw is right, and no gradient gets through: write it as mean + width * noise.": (
            lambda mean, log_variance: torch.normal(mean, (log_variance / 2).exp())
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


def _three_batches() -> list[tuple[Tensor, ...]]:
    x = torch.eye(28).repeat(3, 1, 1, 1)
    return [
        (0.1 + 0.7 * x, x, *_three_clouds()[0]),
        (torch.full_like(x, 0.5), x, *_three_clouds()[0]),
    ]


VAE_LOSS = Exercise(
    right=vae_loss,
    cases=_three_batches,
    bug=_averaged,
    mistakes={
        "Now the distortion grows with the batch: divide it by the number of images.": (
            lambda x_hat, x, mean, log_variance: (
                binary_cross_entropy(x_hat, x, reduction="sum")
                + kl_to_prior(mean, log_variance).mean()
            )
        ),
        "Both are means now, and 784 pixels are weighed like 2 numbers: take sums instead.": (
            lambda x_hat, x, mean, log_variance: (
                binary_cross_entropy(x_hat, x) + kl_to_prior(mean, log_variance).mean() / 2
            )
        ),
        "Now the rate grows with the batch: it is a sum over all images.": (
            lambda x_hat, x, mean, log_variance: (
                binary_cross_entropy(x_hat, x, reduction="sum") / len(x)
                + kl_to_prior(mean, log_variance).sum()
            )
        ),
    },
)

EXERCISES = (BERNOULLI, KL, REPARAMETRIZE, QUANTILES, VAE_LOSS)
