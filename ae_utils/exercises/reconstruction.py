"""The exercises of notebook 4."""

import torch
from torch import Tensor

from ae_utils.exercises.exercise import Exercise
from ae_utils.metrics import image_errors

Box = tuple[Tensor, Tensor]


def share_of_blank(x_hat: Tensor, x: Tensor) -> Tensor:
    """Each image's error, as a share of what a blank sheet would err."""
    return image_errors(x_hat, x) / x.square().flatten(1).mean(1)


def _three_copies() -> list[tuple[Tensor, ...]]:
    x = torch.zeros(3, 1, 28, 28)
    x[0, 0, 4:24, 12:16] = 1.0
    x[1, 0, 6:22, 5:20] = 0.5
    x[2, 0, 10, 3:25] = 0.2
    return [((0.8 * x).roll(1, dims=3) + 0.1, x)]


SHARE_OF_BLANK = Exercise(
    right=share_of_blank,
    cases=_three_copies,
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
        "Your sheet is full of ink, all ones: one without ink has pixels 0.": (
            lambda x_hat, x: image_errors(x_hat, x) / image_errors(torch.ones_like(x), x)
        ),
        "`blank` holds images, not errors: how much does a sheet of zeros err on each x?": (
            lambda x_hat, x: image_errors(x_hat, x) / torch.zeros_like(x)
        ),
        "`blank` has the shape (N, 1), so each image was divided by the error of every other: "
        "make it (N,), with `flatten(1)` and `mean(1)`.": (
            lambda x_hat, x: image_errors(x_hat, x) / x.square().mean((2, 3))
        ),
        "`blank` has the shape (N, 1, 1, 1), so each image was divided by the error of every "
        "other: make it (N,), without `keepdim`.": (
            lambda x_hat, x: image_errors(x_hat, x) / x.square().mean((1, 2, 3), keepdim=True)
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


def _cells_as_bytes(result: Tensor, *arguments: object) -> Tensor | str:
    """The cells, modulo 256 if they are of another type than uint8; told if that is all."""
    cell = result.double().remainder(256)
    are_right = torch.equal(cell, quantise(*arguments).double())  # type: ignore[arg-type]
    return "right cells" if are_right and result.dtype != torch.uint8 else cell


QUANTISE = Exercise(
    right=quantise,
    cases=_codes_in_a_box,
    outcome=_cells_as_bytes,
    mistakes={
        "It goes to the nearest edge of a cell, not to the cell that the number lies in: "
        "cut off what follows the point with `floor`.": (
            lambda z, low, high, bits: (
                ((z - low) / (high - low) * 2**bits).round().clamp(0, 2**bits - 1)
            )
        ),
        "A code outside of the box gets a cell that there is not, such as -1, which as uint8 is "
        "255: use `clamp` before you convert.": (
            lambda z, low, high, bits: ((z - low) / (high - low) * 2**bits).floor()
        ),
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
        "The cells are right, but not of the type uint8: end with `.to(torch.uint8)`.": (
            lambda z, low, high, bits: quantise(z, low, high, bits).float()
        ),
        "In Python `^` is no power, which is `**`.": lambda z, low, high, bits: z ^ bits,
        "In Python `2^bits` is no power: write `2**bits`.": (
            lambda z, low, high, bits: (
                ((z - low) / (high - low) * (2 ^ bits)).floor().clamp(0, (2 ^ bits) - 1)
            )
        ),
    },
)


def dequantise(cell: Tensor, low: Tensor, high: Tensor, bits: int) -> Tensor:
    """The middle of each cell."""
    return low + (cell + 0.5) * (high - low) / 2**bits


def _cells_in_a_box() -> list[tuple[object, ...]]:
    few = torch.tensor([[0, 3], [2, 1]], dtype=torch.uint8)
    many = torch.tensor([[0, 128], [200, 255]], dtype=torch.uint8)
    return [(few, *_box(), 2), (many, *_box(), 8)]


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
        "From cell 128 on it goes wrong: twice a uint8 is a uint8, and after 255 comes 0. Make "
        "the cells `float()` first, or add 0.5.": (
            lambda cell, low, high, bits: low + (2 * cell + 1) * (high - low) / 2**bits / 2
        ),
    },
)


def auc(normal: Tensor, strange: Tensor) -> Tensor:
    """How often a strange score is above a normal one, over all pairs."""
    above = strange[:, None] - normal  # (M, N)
    return (above.sign() / 2 + 0.5).mean()


def _scores() -> list[tuple[Tensor, ...]]:
    normal = torch.tensor([0.6, 0.4, 0.9, 0.7, 0.5, 0.6])
    strange = torch.tensor([0.8, 0.7, 0.7, 0.4])
    return [(normal, strange), (torch.tensor([0.1, 0.4, 0.6, 0.2]), torch.tensor([0.4, 0.7, 0.3]))]


AUC = Exercise(
    right=auc,
    cases=_scores,
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
        "Each strange score meets one normal one only: compare each with each.": (
            lambda normal, strange: torch.tensor(
                [float(s > n) for s, n in zip(strange, normal, strict=False)]
            ).mean()
        ),
        "It compares with the mean of the normal scores: compare each with each, not with the "
        "mean.": lambda normal, strange: (strange > normal.mean()).float().mean(),
        "Scores that repeat count once only: every one of them counts.": (
            lambda normal, strange: auc(normal.unique(), strange.unique())
        ),
        "That is how many pairs there are: divide by the number of all pairs.": (
            lambda normal, strange: auc(normal, strange) * len(normal) * len(strange)
        ),
    },
)


def pca_codes(x: Tensor, size: int) -> Box:
    """PCA's codes of some images, and what comes back of them."""
    return _pca(x, size, x.mean(0), x.mean(0))


def _pca(x: Tensor, size: int, fitted_from: Tensor | float, coded_from: Tensor | float) -> Box:
    """PCA with these subtracted from the images before the fit, and before the projection."""
    directions = torch.linalg.svd(x - fitted_from, full_matrices=False).Vh[:size]
    z = (x - coded_from) @ directions.T
    return z, z @ directions + coded_from


def _describe_codes(result: Box, x: Tensor, size: int) -> list[Tensor | str]:
    """What is compared. A direction may point either way, so codes count without their signs."""
    averages = result[0].mean(0).abs().double().mul(100).round().div(100)
    return [f"codes that average {averages.tolist()}", result[0].abs(), result[1]]


PCA_CODES = Exercise(
    right=pca_codes,
    cases=lambda: [
        (torch.tensor([[3.0, 1.0, 2.0], [5.0, 2.0, 1.0], [4.0, 4.0, 3.0], [6.0, 3.0, 1.5]]), size)
        for size in (2, 1)
    ],
    mistakes={
        "The directions are right now, but the codes still count from 0: subtract the mean from "
        "what you project, too.": lambda x, size: _pca(x, size, x.mean(0), 0.0),
        "The codes average 0 now, but the directions were fitted to images that do not: subtract "
        "the mean there, too.": lambda x, size: _pca(x, size, 0.0, x.mean(0)),
        "The codes are right now. What comes back lacks the mean: add it again.": (
            lambda x, size: (pca_codes(x, size)[0], pca_codes(x, size)[1] - x.mean(0))
        ),
        "You subtracted one number from all pixels: each has a mean of its own, `x.mean(0)`.": (
            lambda x, size: _pca(x, size, x.mean(), x.mean())
        ),
        "You subtracted from each image the mean of its own pixels: subtract from each pixel its "
        "mean over the images, `x.mean(0)`.": (
            lambda x, size: _pca(x, size, x.mean(1, keepdim=True), x.mean(1, keepdim=True))
        ),
        "You centred the codes only, afterwards: the directions are still those of images that do "
        "not average 0. Subtract the mean from x, before the fit.": (
            lambda x, size: (_pca(x, size, 0.0, x.mean(0))[0], _pca(x, size, 0.0, 0.0)[1])
        ),
        "The two results are the wrong way round: return the codes first.": (
            lambda x, size: pca_codes(x, size)[::-1]
        ),
    },
    bug=lambda x, size: _pca(x, size, 0.0, 0.0),
    outcome=_describe_codes,
)

EXERCISES = (SHARE_OF_BLANK, PCA_CODES, QUANTISE, DEQUANTISE, AUC)
