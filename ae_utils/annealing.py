"""Annealed importance sampling: log Z of a Boltzmann machine too large to sum over its states.

Chains are led by many small steps from independent pixels, whose Z is known, to the machine in
question, and weighed on the way. Forwards that finds log Z too low on average, backwards too high.

Source: Neal 2001, 'Annealed Importance Sampling'; Salakhutdinov & Murray 2008, 'On the Quantitative
Analysis of Deep Belief Networks'.
"""

import math
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from ae_utils.boltzmann import BoltzmannMachine, base_rate_bias
from ae_utils.checks import check_whole
from ae_utils.machine_likelihood import check_model, check_pictures
from ae_utils.variational import draw_binary


@dataclass(frozen=True)
class Estimate:
    """log Z as estimated, in nats.

    Attributes:
        log_z: the estimate.
        error: its standard error, by the spread of the chains. It knows nothing of pictures that no
            chain has found, so it tends to be too small.
    """

    log_z: float
    error: float


class Bridge:
    """The machines between one of independent pixels, at 0, and the one in question, at 1.

    At beta, a number in 0..1, weights and hidden biases are beta times their own, and the visible
    biases lie on the line between the two machines'.

    Args:
        model: the machine at 1.
        chances: the pixels' chances of white at 0, (n_visible,) in 0..1; those of a mean image make
            the way shorter.

    Raises:
        TypeError, ValueError: if the chances are not one a pixel, or the hidden units real numbers.

    Source: Salakhutdinov & Murray 2008.
    """

    def __init__(self, model: BoltzmannMachine, chances: Tensor) -> None:
        self.model = deepcopy(check_model(model)).cpu()
        if chances.shape != (model.n_visible,):
            got, wanted = tuple(chances.shape), f"({model.n_visible},)"
            raise ValueError(f"chances: got shape {got}. Pass one chance a pixel, {wanted}.")
        self.bias = base_rate_bias(chances).to(self.model.visible_bias)  # at 0
        self.tilt = self.model.visible_bias.detach() - self.bias
        of_pixels = F.softplus(self.bias.double()).sum().item()
        self.log_z_at_0 = of_pixels + model.latent_dim * math.log(2)

    def draw_at_0(self, n: int, generator: torch.Generator) -> Tensor:
        """Pictures (n, n_visible) of independent pixels."""
        return draw_binary(self.bias.sigmoid().expand(n, -1), generator)

    @torch.no_grad()
    def lead(self, v: Tensor, betas: Tensor, generator: torch.Generator) -> Tensor:
        """Lead chains from the first of `betas` to the last; the logarithms of their weights.

        The mean of the weights is, on average, the ratio of the last machine's Z to the first's.

        Args:
            v: (N, n_visible), drawn from the machine at the first of `betas`.
            betas: (T,) in 0..1, rising or falling.
            generator: of the CPU.

        Returns:
            float64 (N,).

        Source: Neal 2001.
        """
        log_weights = torch.zeros(len(v), dtype=torch.float64)
        for beta, next_beta in pairwise(betas.tolist()):
            arriving = self.model.hidden_input(v)
            exactly = arriving.double()  # small differences of large sums
            gained = F.softplus(next_beta * exactly) - F.softplus(beta * exactly)
            log_weights += gained.sum(1) + (next_beta - beta) * (v @ self.tilt)
            v = self._gibbs_step(arriving, next_beta, generator)
        return log_weights

    def _gibbs_step(self, arriving: Tensor, beta: float, generator: torch.Generator) -> Tensor:
        h = draw_binary((beta * arriving).sigmoid(), generator)
        down = self.bias + beta * (self.tilt + h @ self.model.weight)
        return draw_binary(down.sigmoid(), generator)


def anneal(
    model: BoltzmannMachine,
    chances: Tensor,
    n_chains: int = 100,
    n_temperatures: int = 1_500,
    seed: int = 0,
) -> Estimate:
    """log Z forwards, from independent pixels to the machine: on average not above the truth.

    So likelihoods come out too high rather than too low, most of all with few temperatures.

    Args:
        model: with hidden units of 0 and 1.
        chances: see `Bridge`.
        n_chains: from 2 on; the standard error falls with the root of it.
        n_temperatures: from 2 on.
        seed: for all that is drawn.

    Raises: TypeError, ValueError, if an argument is not what it should be.
    """
    bridge, betas = Bridge(model, chances), make_betas(n_temperatures)
    generator = torch.Generator().manual_seed(check_whole(seed, "seed", 0))
    v = bridge.draw_at_0(check_whole(n_chains, "n_chains", 2), generator)
    log_mean, error = _log_mean(bridge.lead(v, betas, generator))
    return Estimate(bridge.log_z_at_0 + log_mean, error)


def anneal_backwards(
    model: BoltzmannMachine,
    chances: Tensor,
    pictures: Tensor,
    n_temperatures: int = 1_500,
    seed: int = 0,
) -> Estimate:
    """log Z backwards, from the machine to independent pixels: on average not below the truth.

    That holds if the pictures are drawn from the machine. Long chains from data come near it, if
    the machine has learned the data and mixes; otherwise the result is no bound.

    Args:
        pictures: floating point (N, n_visible) of the values 0 and 1, N at least 2.
        model, chances, n_temperatures, seed: as in `anneal`.

    Raises: TypeError, ValueError, if an argument is not what it should be.
    """
    bridge, betas = Bridge(model, chances), make_betas(n_temperatures).flip(0)
    generator = torch.Generator().manual_seed(check_whole(seed, "seed", 0))
    log_mean, error = _log_mean(bridge.lead(check_pictures(model, pictures), betas, generator))
    return Estimate(bridge.log_z_at_0 - log_mean, error)


def make_betas(n: int) -> Tensor:
    """`n` numbers from 0 to 1, float64 (n,), which lie the closer together the nearer to 1."""
    n = check_whole(n, "n_temperatures", 2)
    return 1 - torch.linspace(1, 0, n, dtype=torch.float64).square()


def _log_mean(log_weights: Tensor) -> tuple[float, float]:
    """The logarithm of the weights' mean, and its standard error."""
    log_mean = log_weights.logsumexp(0) - math.log(len(log_weights))
    error = (log_weights - log_mean).exp().std() / math.sqrt(len(log_weights))
    return log_mean.item(), error.item()
