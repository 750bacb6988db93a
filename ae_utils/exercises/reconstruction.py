"""The exercises of notebook 4."""

import torch
from torch import Tensor

from ae_utils.exercises.exercise import Exercise
from ae_utils.metrics import image_errors

Box = tuple[Tensor, Tensor]


def share_of_blank(x_hat: Tensor, x: Tensor) -> Tensor:
    """Each image's error, as a share of what a blank sheet would err."""
    return image_errors(x_hat, x) / x.square().flatten(1).mean(1)


def _two_copies() -> list[tuple[Tensor, ...]]:
    x = torch.tensor([[[[0.0, 1.0], [0.5, 0.0]]], [[[0.0, 0.2], [0.0, 0.0]]]])
    x_hat = torch.tensor([[[[0.0, 0.8], [0.3, 0.2]]], [[[0.1, 0.1], [0.0, 0.1]]]])
    return [(x_hat, x)]


SHARE_OF_BLANK = Exercise(
    right=share_of_blank,
    cases=_two_copies,
    mistakes={
        "All images were divided by one number: average over the pixels of each image only.": (
            lambda x_hat, x: image_errors(x_hat, x) / x.square().mean()
        ),
        "You divided by the ink, the mean of the pixels: a blank sheet errs by their squares.": (
            lambda x_hat, x: image_errors(x_hat, x) / x.flatten(1).mean(1)
        ),
        "The blank sheet was held against the output: the input is what it should have been.": (
            lambda x_hat, x: image_errors(x_hat, x) / x_hat.square().flatten(1).mean(1)
        ),
        "The squares were added up: divide by the number of pixels, as the error does.": (
            lambda x_hat, x: image_errors(x_hat, x) / x.square().flatten(1).sum(1)
        ),
    },
)


def quantise(z: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
    """The number of the cell that each number of a code lies in."""
    share = (z - low) / (high - low)
    return (share * 2**bits).floor().clamp(0, 2**bits - 1).to(torch.uint8)


def _box() -> Box:
    return torch.tensor([-1.0, 0.0]), torch.tensor([1.0, 8.0])


def _codes_in_a_box() -> list[tuple[object, ...]]:
    z = torch.tensor([[-0.9, 7.5], [0.2, 3.0], [-1.4, 9.0], [0.9, 0.5]])  # the third lies outside
    return [(z, *_box(), 2), (z, *_box(), 8)]


def _wrapped(z: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
    cell = ((z - low) / (high - low) * 2**bits).floor()
    return cell.long().remainder(256).to(torch.uint8)  # as a processor does it


QUANTISE = Exercise(
    right=quantise,
    cases=_codes_in_a_box,
    mistakes={
        "It goes to the nearest edge of a cell, not to the cell that the number lies in: "
        "cut off what follows the point with `floor`.": (
            lambda z, low, high, bits: (
                ((z - low) / (high - low) * 2**bits).round().clamp(0, 2**bits - 1)
            )
        ),
        "A code outside of the box gets a cell that there is not, such as -1: use `clamp`.": (
            lambda z, low, high, bits: ((z - low) / (high - low) * 2**bits).floor()
        ),
        "A code below the box went to the far end, since -1 as uint8 is 255: use `clamp` "
        "before you convert.": _wrapped,
        "There is one cell too many: the last of 4 has the number 3.": (
            lambda z, low, high, bits: (
                ((z - low) / (high - low) * 2**bits).floor().clamp(0, 2**bits)
            )
        ),
        "It lays `2**bits` points from end to end, and goes to the nearest: for as many equal "
        "cells multiply by `2**bits`, and use `floor`.": (
            lambda z, low, high, bits: (
                ((z - low) / (high - low) * (2**bits - 1)).round().clamp(0, 2**bits - 1)
            )
        ),
    },
)


def dequantise(cell: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
    """The middle of each cell."""
    return low + (cell + 0.5) * (high - low) / 2**bits


def _cells_in_a_box() -> list[tuple[object, ...]]:
    cell = torch.tensor([[0, 3], [2, 1]], dtype=torch.uint8)
    return [(cell, *_box(), 2), (cell, *_box(), 8)]


DEQUANTISE = Exercise(
    right=dequantise,
    cases=_cells_in_a_box,
    mistakes={
        "It gives the lower edge of each cell, so all codes drift down: add half a cell.": (
            lambda cell, low, high, bits: low + cell * (high - low) / 2**bits
        ),
        "You added half a unit, not half a cell: add 0.5 to the cell, before it is scaled.": (
            lambda cell, low, high, bits: low + cell * (high - low) / 2**bits + 0.5
        ),
        "It begins at 0, not at the lower end of the box: add `low`.": (
            lambda cell, low, high, bits: (cell + 0.5) * (high - low) / 2**bits
        ),
        "The cells are too wide: divide the box by `2**bits`.": (
            lambda cell, low, high, bits: low + (cell + 0.5) * (high - low) / (2**bits - 1)
        ),
    },
)


def auc(normal: Tensor, strange: Tensor) -> Tensor:
    """How often a strange score is above a normal one, over all pairs."""
    above = strange[:, None] - normal  # (M, N)
    return (above.sign() / 2 + 0.5).mean()


AUC = Exercise(
    right=auc,
    cases=lambda: [(torch.tensor([0.1, 0.4, 0.6, 0.2]), torch.tensor([0.4, 0.7, 0.3]))],
    mistakes={
        "It counts the pairs where the *normal* one scores higher: exchange the two.": (
            lambda normal, strange: 1 - auc(normal, strange)
        ),
        "Equal scores count nothing, and should count half a pair.": (
            lambda normal, strange: (strange[:, None] > normal).float().mean()
        ),
        "Equal scores count as a whole pair, and should count half.": (
            lambda normal, strange: (strange[:, None] >= normal).float().mean()
        ),
        "That is the accuracy at one limit, 0.5: count pairs, without any limit.": (
            lambda normal, strange: torch.cat([normal <= 0.5, strange > 0.5]).float().mean()
        ),
        "That is how many pairs there are: divide by the number of all pairs.": (
            lambda normal, strange: auc(normal, strange) * len(normal) * len(strange)
        ),
    },
)


def pca_codes(x: Tensor, size: int) -> Box:
    """PCA's codes of some images, and what comes back of them."""
    mean = x.mean(0)
    directions = torch.linalg.svd(x - mean, full_matrices=False).Vh[:size]
    z = (x - mean) @ directions.T
    return z, z @ directions + mean


def _pca_without_centring(x: Tensor, size: int) -> Box:
    directions = torch.linalg.svd(x, full_matrices=False).Vh[:size]
    z = x @ directions.T
    return z, z @ directions


def _centred_fit_only(x: Tensor, size: int) -> Box:
    directions = torch.linalg.svd(x - x.mean(0), full_matrices=False).Vh[:size]
    z = x @ directions.T
    return z, z @ directions


def _centred_codes_only(x: Tensor, size: int) -> Box:
    directions = torch.linalg.svd(x, full_matrices=False).Vh[:size]
    z = (x - x.mean(0)) @ directions.T
    return z, z @ directions + x.mean(0)


def _one_mean_for_all(x: Tensor, size: int) -> Box:
    directions = torch.linalg.svd(x - x.mean(), full_matrices=False).Vh[:size]
    z = (x - x.mean()) @ directions.T
    return z, z @ directions + x.mean()


PCA_CODES = Exercise(
    right=pca_codes,
    cases=lambda: [
        (torch.tensor([[3.0, 1.0, 2.0], [5.0, 2.0, 1.0], [4.0, 4.0, 3.0], [6.0, 3.0, 1.5]]), 2)
    ],
    mistakes={
        "The directions are right now, but the codes still count from 0: subtract the mean from "
        "what you project, too.": _centred_fit_only,
        "The codes average 0 now, but the directions were fitted to images that do not: subtract "
        "the mean there, too.": _centred_codes_only,
        "The codes are right now. What comes back lacks the mean: add it again.": (
            lambda x, size: (pca_codes(x, size)[0], pca_codes(x, size)[1] - x.mean(0))
        ),
        "You subtracted one number from all pixels: each has a mean of its own, `x.mean(0)`.": (
            _one_mean_for_all
        ),
    },
    bug=_pca_without_centring,
    # A direction may point either way, so only the size of a code's numbers is compared.
    outcome=lambda result, x, size: [result[0].mean(0).abs(), result[0].abs(), result[1]],
)

EXERCISES = (SHARE_OF_BLANK, PCA_CODES, QUANTISE, DEQUANTISE, AUC)
