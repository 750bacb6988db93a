"""The exercises of notebook 7."""

import math

import torch
from torch import Tensor

from ae_utils.exercises.exercise import Exercise


def log_evidence(log_joint: Tensor, spacing: float) -> Tensor:
    """log p(x), (N,), from log p(x, z), (N, P), at points of the plane, `spacing` apart."""
    return log_joint.logsumexp(1) + 2 * math.log(spacing)


def _grids() -> list[tuple[Tensor, float]]:
    """Of likely images, of unlikely ones, and of one that has all but one point far below."""
    likely = torch.tensor([[-2.0, -1.0, -3.0], [-4.0, -6.0, -3.5]])
    unlikely = torch.tensor([[-1_000.0, -1_002.0, -1_001.0], [-100.0, -1_000.0, -1_010.0]])
    return [(likely, 0.1), (likely[:1], 0.5), (unlikely, 0.1)]


LOG_EVIDENCE = Exercise(
    right=log_evidence,
    cases=_grids,
    mistakes={
        "exp(-1,000) is 0 to a computer, and its logarithm minus infinity: use `logsumexp`.": (
            lambda log_joint, spacing: log_joint.exp().sum(1).log() + 2 * math.log(spacing)
        ),
        "To add logarithms is to multiply what they stand for: use `logsumexp`.": (
            lambda log_joint, spacing: log_joint.sum(1) + 2 * math.log(spacing)
        ),
        "It adds over the images: add over the points, axis 1.": (
            lambda log_joint, spacing: log_joint.logsumexp(0) + 2 * math.log(spacing)
        ),
        "It keeps the largest point alone: all of them count.": (
            lambda log_joint, spacing: log_joint.amax(1) + 2 * math.log(spacing)
        ),
        "The area of a cell is missing: add its logarithm, 2 log spacing.": (
            lambda log_joint, spacing: log_joint.logsumexp(1)
        ),
        "The area counts twice: the last line of the function adds it already.": (
            lambda log_joint, spacing: log_evidence(log_joint, spacing) + 2 * math.log(spacing)
        ),
        "It has the shape (N, 1): leave out `keepdim`, for (N,).": (
            lambda log_joint, spacing: log_evidence(log_joint, spacing)[:, None]
        ),
        "A cell has two sides: add the logarithm of the spacing twice.": (
            lambda log_joint, spacing: log_joint.logsumexp(1) + math.log(spacing)
        ),
    },
)


def iwae_bound(log_w: Tensor, k: int) -> Tensor:
    """The mean bound, (N,), of groups of `k` log-weights (N, n), one after the other."""
    return (log_w.unflatten(1, (-1, k)).logsumexp(2) - math.log(k)).mean(1)


def _weights() -> list[tuple[Tensor, int]]:
    log_w = torch.tensor(
        [
            [-3.0, -1.0, -2.0, -7.0, -1.5, -2.5],
            [-1_000.0, -1_006.0, -1_001.0, -1_002.0, -1_003.0, -1_004.0],
            [-10.0, -900.0, -950.0, -1_000.0, -910.0, -20.0],
        ]
    )
    return [(log_w, k) for k in (1, 2, 3, 6)]


IWAE_BOUND = Exercise(
    right=iwae_bound,
    cases=_weights,
    mistakes={
        "It averages the logarithms, which gives the ELBO for every k: average the weights.": (
            lambda log_w, k: log_w.mean(1)
        ),
        "It grows with k for no reason: to make a mean of the sum, subtract log k.": (
            lambda log_w, k: log_w.unflatten(1, (-1, k)).logsumexp(2).mean(1)
        ),
        "The logarithm of the sum was divided by k: divide the sum, by subtracting log k.": (
            lambda log_w, k: (log_w.unflatten(1, (-1, k)).logsumexp(2) / k).mean(1)
        ),
        "exp(-1,000) is 0 to a computer, and its logarithm minus infinity: use `logsumexp`.": (
            lambda log_w, k: log_w.unflatten(1, (-1, k)).exp().mean(2).log().mean(1)
        ),
        "Only the first k weights count: make groups of all, and average their bounds.": (
            lambda log_w, k: log_w[:, :k].logsumexp(1) - math.log(k)
        ),
        "It gives a bound for each group: average over the groups, (N,).": (
            lambda log_w, k: log_w.unflatten(1, (-1, k)).logsumexp(2) - math.log(k)
        ),
        "It makes k groups: groups of k weights are `log_w.unflatten(1, (-1, k))`.": (
            lambda log_w, k: (log_w.unflatten(1, (k, -1)).logsumexp(2) - math.log(k)).mean(1)
        ),
        "It adds over the groups, axis 1: add within each of them, axis 2.": (
            lambda log_w, k: (log_w.unflatten(1, (-1, k)).logsumexp(1) - math.log(k)).mean(1)
        ),
        "It divides by the number of all weights: a group has k, so subtract log k.": (
            lambda log_w, k: iwae_bound(log_w, k) + math.log(k) - math.log(log_w.shape[1])
        ),
        "It makes one group of all weights, so that k plays no part.": (
            lambda log_w, k: log_w.logsumexp(1) - math.log(log_w.shape[1])
        ),
    },
)


def posterior(log_joint: Tensor) -> Tensor:
    """p(z|x) of each point of a grid, (N, P), from log p(x, z), (N, P)."""
    return (log_joint - log_joint.logsumexp(1, keepdim=True)).exp()


POSTERIOR = Exercise(
    right=posterior,
    cases=lambda: [(log_joint,) for log_joint, _ in _grids()],
    mistakes={
        "exp(-1,000) is 0 to a computer, and 0 / 0 no number: subtract each row's largest first.": (
            lambda log_joint: log_joint.exp() / log_joint.exp().sum(1, keepdim=True)
        ),
        "exp(-1,000) is 0 to a computer, and the row is lost: subtract each row's largest first.": (
            lambda log_joint: (log_joint.exp() / log_joint.exp().sum(1, keepdim=True)).nan_to_num()
        ),
        "A row adds up to more than 1, its largest is 1: divide by the row's sum.": (
            lambda log_joint: (log_joint - log_joint.amax(1, keepdim=True)).exp()
        ),
        "Its columns add up to 1, over the images: it is each row that should.": (
            lambda log_joint: log_joint.softmax(0)
        ),
        "All images share one sum, so an unlikely image is left with nothing: a sum for each.": (
            lambda log_joint: log_joint.flatten().softmax(0).view_as(log_joint)
        ),
        "These are the logarithms still: take exp.": lambda log_joint: log_joint.log_softmax(1),
    },
)


def mean_bound(log_w: Tensor) -> Tensor:
    """The bound of K log-weights an image, (N, K), averaged over the images: a scalar."""
    return (log_w.logsumexp(1) - math.log(log_w.shape[1])).mean()


def _drop_the_lost(log_w: Tensor) -> Tensor:
    bound = log_w.exp().mean(1).log()
    return bound[bound.isfinite()].mean()


def _drop_the_unlikely(log_w: Tensor) -> Tensor:
    bound = log_w.logsumexp(1) - math.log(log_w.shape[1])
    return bound[bound > -700].mean()


def _bounds() -> list[tuple[Tensor]]:
    lost = torch.tensor([[-90.0, -80.0], [-301.0, -300.0], [-721.0, -720.0], [-1_000.0, -990.0]])
    return [(_weights()[0][0],), (lost,)]


MEAN_BOUND = Exercise(
    right=mean_bound,
    cases=_bounds,
    bug=_drop_the_lost,
    mistakes={
        "Now the images count whose weights are lost, as minus infinity: do not lose them.": (
            lambda log_w: log_w.exp().mean(1).log().mean()
        ),
        "float64 reaches further, to -745, and no further: stay with logarithms.": (
            lambda log_w: _drop_the_lost(log_w.double())
        ),
        "It leaves out the unlikely images still: all of them count.": _drop_the_unlikely,
        "It grows with k for no reason: to make a mean of the sum, subtract log k.": (
            lambda log_w: log_w.logsumexp(1).mean()
        ),
        "A floor under the weights makes up a bound for the images that were lost.": (
            lambda log_w: log_w.exp().mean(1).clamp(min=1e-38).log().mean()
        ),
        "These are means of logarithms, which is the ELBO: average the weights.": (
            lambda log_w: log_w.mean()
        ),
    },
)

EXERCISES = (LOG_EVIDENCE, IWAE_BOUND, POSTERIOR, MEAN_BOUND)
