"""How likely images are to a Boltzmann machine, in nats; and what one can say without its log Z.

log p(v) = -free energy of v - log Z, and Z is a sum over all the pictures there are. A machine with
few units in one layer allows that sum; for others `annealing` estimates it.
"""

from copy import deepcopy

import torch
from torch import Tensor
from torch.nn import functional as F

from ae_utils.boltzmann import BoltzmannMachine
from ae_utils.checks import check_whole
from ae_utils.images import map_batches

MOST_UNITS = 24  # of a layer whose states are summed over: 16.8 million states
PIECE = 2**12  # states at a time


def all_states(n: int) -> Tensor:
    """Every state of `n` units, float64 (2^n, n), of the values 0 and 1.

    Raises: TypeError, ValueError, for another `n` than a whole number from 1 to `MOST_UNITS`.
    """
    return _to_states(torch.arange(2 ** check_whole(n, "n", 1, MOST_UNITS)), n)


@torch.no_grad()
def exact_log_z(model: BoltzmannMachine) -> float:
    """log Z by a sum over the states of the smaller layer, of at most `MOST_UNITS` units.

    For each of them the sum over the other layer has a closed form.

    Raises: TypeError, ValueError, if the layer is larger, or the hidden units are real numbers.
    """
    machine = _in_64_bits(model)
    sides = (machine.weight, machine.hidden_bias), (machine.weight.T, machine.visible_bias)
    (weight, bias), (_, other_bias) = sorted(sides, key=lambda side: len(side[1]))
    n = check_whole(len(bias), "units of the smaller layer", 1, MOST_UNITS)
    sums = []
    for numbers in torch.arange(2**n).split(PIECE):
        states = _to_states(numbers, n)  # (PIECE, n)
        each = states @ bias + F.softplus(states @ weight + other_bias).sum(1)
        sums.append(each.logsumexp(0))
    return torch.stack(sums).logsumexp(0).item()


def log_likelihood(model: BoltzmannMachine, images: Tensor, log_z: float) -> Tensor:
    """log p(v) in nats, float64 (N,), of images of black and white pixels.

    Args:
        images: uint8 (N, 1, 28, 28) of the values 0 and 255, or floating point (N, n_visible) of
            the values 0 and 1.
        log_z: the machine's, exact or estimated.

    Raises:
        TypeError, ValueError: if the images are others, or the hidden units real numbers.
    """
    machine = _in_64_bits(model)

    def score(x: Tensor) -> Tensor:
        return -machine.free_energy(check_pictures(machine, x)) - log_z

    return map_batches(score, images.cpu())


def pseudo_log_likelihood(model: BoltzmannMachine, images: Tensor) -> Tensor:
    """The sum over all pixels of log p(pixel | all other pixels), in nats: float64 (N,).

    It needs no log Z, which cancels out; it says how well single pixels are filled in, not how
    likely whole images are. Pixel by pixel it takes time: 1,000 images at 500 units, seconds.

    Args:
        images: as in `log_likelihood`.

    Raises: TypeError, ValueError, as in `log_likelihood`.
    """
    machine = _in_64_bits(model)

    def score(x: Tensor) -> Tensor:
        v = check_pictures(machine, x)
        arriving, total = machine.hidden_input(v), v.new_zeros(len(v))
        here = F.softplus(arriving).sum(1)
        for pixel, bias in enumerate(machine.visible_bias):
            change = 1 - 2 * v[:, pixel]  # to the other colour
            arriving_there = torch.addr(arriving, change, machine.weight[:, pixel])
            there = F.softplus(arriving_there).sum(1) + change * bias
            total += F.logsigmoid(here - there)  # free energy there, less that here
        return total

    return map_batches(score, images.cpu(), 500)


def check_model(model: BoltzmannMachine) -> BoltzmannMachine:
    """Hand a machine through whose hidden units are 0 or 1; TypeError if they are not."""
    if type(model) is not BoltzmannMachine:
        raise TypeError(
            f"model: got {type(model).__name__}. Pass a machine whose hidden units are 0 or 1, "
            "such as `boltzmann_machine` makes."
        )
    return model


def check_pictures(model: BoltzmannMachine, x: Tensor) -> Tensor:
    """Images (N, 1, 28, 28) or rows of pixels, 0 or 1, as the model's rows (N, n_visible).

    Raises: ValueError, for another number of pixels, or pixels that are neither 0 nor 1.
    """
    v = x.flatten(1)
    if v.shape[1] != model.n_visible:
        raise ValueError(f"images: they have {v.shape[1]} pixels; the model has {model.n_visible}.")
    if not ((v == 0) | (v == 1)).all():
        low, high = v.aminmax()
        raise ValueError(
            f"images: pixels from {low:g} to {high:g}, and not all of them are 0 or 1.\n"
            "Only black and white ones have a likelihood here: `binarize` the images first."
        )
    return v.to(model.weight)


def _in_64_bits(model: BoltzmannMachine) -> BoltzmannMachine:
    return deepcopy(check_model(model)).cpu().double()


def _to_states(numbers: Tensor, n: int) -> Tensor:
    """The `n` binary digits of whole numbers (N,): float64 (N, n)."""
    return (numbers.unsqueeze(1) >> torch.arange(n)).bitwise_and(1).double()
