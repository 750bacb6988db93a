"""The exercise of notebook 6 that draws codes: what of its answers does not hang on the drawing."""

import torch
from torch import Tensor

from ae_utils.exercises.exercise import Exercise


def reparametrize(mean: Tensor, log_variance: Tensor) -> Tensor:
    """One code of each cloud, (N, latent_dim), through which gradients pass."""
    return mean + (log_variance / 2).exp() * torch.randn(mean.shape)


def _two_clouds_often() -> list[tuple[Tensor, Tensor]]:
    """Two clouds in turn, many times."""
    mean = torch.tensor([[1.0, -2.0], [4.0, 0.5]])
    log_variance = 2 * torch.tensor([[0.8, 3.2], [0.3, 1.2]]).log()
    clouds = [
        (mean.repeat(rows // 2, 1), log_variance.repeat(rows // 2, 1)) for rows in (20_000, 18_000)
    ]
    return [(m.requires_grad_(), v.requires_grad_()) for m, v in clouds]


def _describe_draws(z: Tensor, mean: Tensor, log_variance: Tensor) -> list[str]:
    """What the noise is like, and the slopes, in words that do not hang on the drawing."""
    if z.shape != mean.shape:
        return [f"codes of shape {tuple(z.shape)}"]
    width = (log_variance.detach() / 2).exp()
    noise = (z - mean).detach() / width
    each = noise.unflatten(0, (-1, 2)).flatten(1)  # (N / 2, 4): by cloud and coordinate
    spread = each.std(0)
    if spread.amin() < 0.01:  # the rest hangs on what was drawn
        return ["the same noise for all" if noise.any() else "no noise"]
    if ((spread - 1).abs() > 0.1).any():
        return [f"spread of the noise, in widths: about {_tenths(2 ** spread.log2().round())}"]
    middle = each.mean(0).round()
    if middle.any():
        return [f"mean of the noise, in widths: about {_tenths(middle)}"]
    return [
        f"product of both numbers' noise, on average: {_tenths(noise.prod(1).mean(0))}",
        f"{'some' if (noise.abs() > 2.5).any() else 'no'} noise beyond 2.5 widths",
        *_describe_slopes(z, mean, log_variance, noise / width),
    ]


def _tenths(numbers: Tensor) -> str:
    rounded = numbers.mul(10).round().div(10) + 0.0  # no -0.0
    return ", ".join(f"{number:.1f}" for number in rounded.flatten().tolist())


def _describe_slopes(z: Tensor, mean: Tensor, log_variance: Tensor, scale: Tensor) -> list[str]:
    slopes: tuple[Tensor | None, ...] = (None, None)
    if z.requires_grad:
        slopes = torch.autograd.grad(z.sum(), (mean, log_variance), allow_unused=True)
    in_mean, in_width = (torch.zeros(1) if slope is None else slope for slope in slopes)
    return [
        f"slope of the code in the mean: {_tenths(in_mean.mean())}",
        f"slope in the width, by the noise: {_tenths((2 * in_width * scale).mean())}",
    ]


REPARAMETRIZE = Exercise(
    right=reparametrize,
    cases=_two_clouds_often,
    outcome=_describe_draws,
    mistakes={
        "The noise is as wide as the variance: the width is exp(log_variance / 2).": (
            lambda mean, log_variance: mean + log_variance.exp() * torch.randn(mean.shape)
        ),
        "The noise was multiplied by the logarithm: the width is exp(log_variance / 2).": (
            lambda mean, log_variance: mean + log_variance * torch.randn(mean.shape)
        ),
        "`torch.rand` draws evenly from 0 to 1: `torch.randn` draws from the prior.": (
            lambda mean, log_variance: mean + (log_variance / 2).exp() * torch.rand(mean.shape)
        ),
        "All clouds are as wide as the prior: multiply the noise by the width.": (
            lambda mean, log_variance: mean + torch.randn(mean.shape)
        ),
        "All clouds lie around 0: add the mean.": (
            lambda mean, log_variance: (log_variance / 2).exp() * torch.randn(mean.shape)
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
