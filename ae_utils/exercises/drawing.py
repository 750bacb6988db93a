"""The exercise of notebook 3 that draws from a mixture."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from ae_utils.exercises.exercise import Case, Exercise, Function

N_DRAWN = 20_000  # enough that shares and spreads, as they are rounded here, come out the same


def _draw(mixture: Any, n: int, change: str = "") -> Tensor:
    """Points (n, latent_dim) from a mixture of hills, perhaps with a usual mistake."""
    parts = mixture.weights_, mixture.means_, mixture.covariances_
    weights, means, covariances = (torch.as_tensor(part).float() for part in parts)
    if change == "equal weights":
        weights = torch.ones(len(weights))
    roots = {
        "covariance": covariances,
        "each number": covariances.sqrt(),
        "no slant": torch.diag_embed(covariances.diagonal(dim1=1, dim2=2).sqrt()),
        "wrong side": torch.linalg.cholesky(covariances).mT,
    }.get(change, torch.linalg.cholesky(covariances))
    hill = torch.multinomial(weights, n, replacement=True)
    if change.endswith("hill only"):
        hill = torch.full((n,), ["first hill only", "second hill only"].index(change))
    draw = torch.rand if change == "even" else torch.randn
    size = 1 if change == "one noise" else n, 2 if change == "two numbers" else means.shape[1], 1
    points = (roots[hill] @ draw(size)).squeeze(2)
    return points if change == "no middle" else points + means[hill]


def _drawing(change: str) -> Function:
    return lambda mixture, n: _draw(mixture, n, change)


def sample(mixture: Any, n: int) -> Tensor:
    """Points (n, latent_dim) drawn from a Gaussian mixture."""
    return _draw(mixture, n)


def _two_hills() -> list[Case]:
    """Mixtures in the plane and in space of two hills far apart, wide and slanted."""
    cases = []
    for latent_dim in (2, 3):
        covariance = torch.full((latent_dim, latent_dim), 12.0)
        covariance.diagonal().fill_(18.0)
        means = torch.tensor([[-500.0], [1_000.0]]).repeat(1, latent_dim)
        parts = torch.tensor([0.25, 0.75]), means, torch.stack([covariance] * 2)
        names = "weights_", "means_", "covariances_"
        arrays = {name: part.double().numpy() for name, part in zip(names, parts, strict=True)}
        cases.append((SimpleNamespace(**arrays), N_DRAWN))
    return cases


def _describe_points(points: Any, mixture: Any, n: int) -> list[str]:
    """What of drawn points does not hang on the drawing, in words."""
    points = torch.as_tensor(points).double()
    words = [f"points of shape {tuple(points.shape)}"]
    if points.shape != (n, mixture.means_.shape[1]):
        return words
    near = (points[:, :1] - torch.as_tensor(mixture.means_)[:, 0]).abs() < 200  # (n, hills)
    for weight, share in zip(mixture.weights_, near.double().mean(0), strict=True):
        words.append(f"{round(4 * share.item())} of 4 points on the hill of weight {weight:g}")
    if near[:, 0].sum() < n / 8:
        return words
    covariance = torch.cov(points[near[:, 0]].T, correction=0)
    width, right = covariance[0, 0].sqrt(), mixture.covariances_[0, 0, 0] ** 0.5
    words.append(f"a width (standard deviation) of about {_power_of_two(width):g}")
    if _power_of_two(width) != _power_of_two(right):
        return words
    slant = covariance[0, 1] / (width * covariance[1, 1].sqrt())
    return [*words, f"a slant (correlation) of {(4 * slant).round().item() / 4 + 0.0:g}"]


def _power_of_two(width: Any) -> float:
    return float(2 ** torch.as_tensor(width).log2().round().item())


USUAL = {  # what is wrong with the drawing, and what to say of it
    "equal weights": (
        "All hills come up equally often: draw each by its weight, with `torch.multinomial`."
    ),
    "covariance": (
        "The hills are far too wide: multiply by a *root* of the covariance, not by itself."
    ),
    "each number": (
        "The root of each number is no root of the matrix: take `torch.linalg.cholesky`."
    ),
    "no slant": (
        "The hills have lost their slant: the root is that of the matrix, not of its diagonal."
    ),
    "wrong side": (
        "The root stands on the wrong side: it is root @ noise, with the noise as a column."
    ),
    "even": (
        "The noise comes from `torch.rand`, even numbers from 0 to 1: take `torch.randn`, which "
        "lie around 0 on both sides, with a width of 1."
    ),
    "one noise": (
        "All points get the same noise, so each hill shrinks to a dot: draw `latent_dim` numbers "
        "for each of the n points."
    ),
    "no middle": (
        "The middle is missing: all points lie around 0. Add `means_` of each point's hill."
    ),
    "second hill only": "All points come from one hill: draw a hill for each point, n of them.",
    "first hill only": (
        "All points come from the first hill: draw a hill for each point, n of them."
    ),
    "two numbers": (
        "It works in the plane only: the noise must have as many numbers as a middle has."
    ),
}

SAMPLE = Exercise(
    right=sample,
    cases=_two_hills,
    outcome=_describe_points,
    mistakes={hint: _drawing(change) for change, hint in USUAL.items()}
    | {
        "The mixture given here has no `sample` of its own, only `weights_`, `means_` and "
        "`covariances_`: draw from these.": lambda mixture, n: mixture.sample(n)[0],
    },
)
