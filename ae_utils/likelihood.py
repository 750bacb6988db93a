"""How likely images are to a variational autoencoder: bounds, and for two numbers the exact value.

All in nats, (N,) for N images that are black and white, with pixels 'bernoulli'.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ae_utils.checks import check_whole
from ae_utils.images import map_batches, to_float
from ae_utils.latent import make_grid
from ae_utils.variational import VariationalAutoencoder, draw_codes

# The plane is summed over from -6 to 6. The prior has all but 4e-9 of itself there, and so have
# codes that were made to follow it.
REACH = 6.0
PIECE = 2_000  # codes decoded at a time


def log_prior(z: Tensor) -> Tensor:
    """log of the density N(0, I) at points (..., latent_dim): (...)."""
    return -0.5 * (z.square() + math.log(2 * math.pi)).sum(-1)


def log_density(z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """log of a cloud's density at points, all (..., latent_dim) that fit one another: (...)."""
    scaled = (z - mean).square() * (-log_variance).exp()
    return -0.5 * (scaled + log_variance + math.log(2 * math.pi)).sum(-1)


def log_weights(model: VariationalAutoencoder, images: Tensor, n: int, seed: int = 0) -> Tensor:
    """log p(x, z) - log q(z|x) for `n` codes z drawn from each image's cloud q: (N, n).

    The mean of such numbers is the ELBO; the logarithm of the weights' own mean comes nearer.

    Args:
        images: uint8 (N, 1, 28, 28), black and white.

    Raises: TypeError, ValueError, for another `n` than a whole number from 1 on.
    """
    n = check_whole(n, "n", 1)
    generator = torch.Generator().manual_seed(check_whole(seed, "seed", 0))

    def weigh(x: Tensor) -> Tensor:  # (B, 1, 28, 28) -> (B, n)
        mean, log_variance = (each.repeat_interleave(n, 0) for each in model.encode_distribution(x))
        z = draw_codes(mean, log_variance, generator)  # (B * n, latent_dim)
        logits = model.decode_logits(z).view(len(x), n, -1)
        given = (logits @ x.flatten(1).unsqueeze(2)).squeeze(2) - F.softplus(logits).sum(2)
        return given + (log_prior(z) - log_density(z, mean, log_variance)).view(len(x), n)

    return map_batches(weigh, images, max(1, PIECE // n))


def importance_bound(weights: Tensor, k: int) -> Tensor:
    """The importance-weighted bound of `k` samples, from log-weights (N, n), n at least `k`: (N,).

    It is the mean over as many groups of `k` as there are; with k = 1 it is the ELBO.

    Raises: TypeError, ValueError, for another `k` than a whole number from 1 to n.

    Source: Burda et al. 2016, 'Importance Weighted Autoencoders', equation 8.
    """
    k = check_whole(k, "k", 1, weights.shape[1])
    groups = weights[:, : weights.shape[1] // k * k].unflatten(1, (-1, k))
    return (groups.logsumexp(2) - math.log(k)).mean(1)


def log_joint(x: Tensor, logits: Tensor, points: Tensor) -> Tensor:
    """log p(x, z) of every image with every point: (N, P).

    Args:
        x: images (N, 1, 28, 28), of the values 0 and 1.
        logits: what the decoder makes of the points, before its sigmoid: (P, 784).
        points: (P, latent_dim).
    """
    return x.flatten(1) @ logits.T - F.softplus(logits).sum(1) + log_prior(points)


@torch.no_grad()
def exact_log_likelihood(
    model: VariationalAutoencoder, images: Tensor, n: int = 481
) -> tuple[Tensor, Tensor]:
    """log p(x) of a model whose codes are two numbers, by summing p(x, z) over a grid of the plane.

    Args:
        images: uint8 (N, 1, 28, 28), black and white.
        n: points along each side of the grid, odd; time and accuracy grow with it.

    Returns:
        The values (N,), and how far from each the same sum over every second point lies, (N,): far
        more than its error, since the sum closes in quickly as the points do.

    Raises: TypeError, ValueError, for another `n`, or another model.
    """
    if model.latent_dim != 2 or model.pixels != "bernoulli":
        raise ValueError(
            f"model: it has {model.latent_dim} numbers a code and {model.pixels} pixels.\n"
            "Only a plane can be summed over: pass a model with two, and 'bernoulli'."
        )
    if (n := check_whole(n, "n", 3)) % 2 == 0:
        raise ValueError(f"n: got {n}. Pass an odd number: every second point reaches both ends.")
    corner = torch.tensor([REACH, REACH])
    grid = make_grid(-corner, corner, n)  # (n, n, 2)
    x, cell = to_float(images), (2 * REACH / (n - 1)) ** 2  # the area of a cell
    fine, coarse = x.new_full((2, len(x)), -math.inf)
    for number, row in enumerate(grid):
        joint = log_joint(x, model.decode_logits(row), row)  # (N, n)
        fine = fine.logaddexp(joint.logsumexp(1))
        if number % 2 == 0:
            coarse = coarse.logaddexp(joint[:, ::2].logsumexp(1))
    value = fine + math.log(cell)
    return value, (coarse + math.log(4 * cell) - value).abs()
