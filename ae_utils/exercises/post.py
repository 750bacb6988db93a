"""The exercises of notebook 8."""

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from ae_utils.exercises.exercise import Exercise


def count_steps(n_images: int, n_epochs: int, batch_size: int) -> int:
    """How many steps a training takes."""
    return n_epochs * math.ceil(n_images / batch_size)


COUNT_STEPS = Exercise(
    right=count_steps,
    cases=lambda: [(1_000, 200, 32), (10, 3, 4), (64, 2, 32)],
    mistakes={
        "The images left over at the end of an epoch get no step: they are a batch, too.": (
            lambda n_images, n_epochs, batch_size: n_epochs * (n_images // batch_size)
        ),
        "A part of a step was counted: the smaller last batch takes a whole one.": (
            lambda n_images, n_epochs, batch_size: n_epochs * n_images / batch_size
        ),
        "A batch cannot reach into the next epoch: count the batches of one epoch first.": (
            lambda n_images, n_epochs, batch_size: math.ceil(n_epochs * n_images / batch_size)
        ),
        "It counts images: one step is taken for a whole batch.": (
            lambda n_images, n_epochs, batch_size: n_epochs * n_images
        ),
    },
)


def epoch_error(losses: Tensor, sizes: Tensor) -> Tensor:
    """The mean error an image, from the mean errors of batches of different sizes."""
    return (losses * sizes).sum() / sizes.sum()


EPOCH_ERROR = Exercise(
    right=epoch_error,
    cases=lambda: [
        (torch.tensor([0.25, 0.5, 1.0]), torch.tensor([32, 32, 8])),
        (torch.tensor([0.5, 0.25]), torch.tensor([4, 1])),
    ],
    mistakes={
        "The small last batch counts as much as a full one: weigh each batch by its size.": (
            lambda losses, sizes: losses.mean()
        ),
        "Means of batches were divided by the number of images: first make sums of them again.": (
            lambda losses, sizes: losses.sum() / sizes.sum()
        ),
        "The sums are right, but divided by the number of batches: divide by that of images.": (
            lambda losses, sizes: (losses * sizes).sum() / len(losses)
        ),
        "It is the sum over the images: divide it by how many there are.": (
            lambda losses, sizes: (losses * sizes).sum()
        ),
    },
)


def shift(images: Tensor, rows: int, columns: int) -> Tensor:
    """Images moved down by rows and to the right by columns; what comes in is 0."""
    return pad(images, (columns, -columns, rows, -rows))


def _shift_by_slices(images: Tensor, rows: int, columns: int) -> Tensor:
    moved = torch.zeros_like(images)
    moved[..., rows:, columns:] = images[..., :-rows, :-columns]
    return moved


def _pictures_to_shift() -> list[tuple[Tensor, int, int]]:
    images = torch.arange(1.0, 25.0).view(2, 1, 4, 3)
    moves = [(1, 1), (2, 1), (0, 1), (1, 0), (-1, 0), (0, -2)]
    return [(images.clone(), *move) for move in moves]


SHIFT = Exercise(
    right=shift,
    cases=_pictures_to_shift,
    mistakes={
        "What leaves at one edge comes in at the other: there must be 0.": (
            lambda images, rows, columns: images.roll((rows, columns), (-2, -1))
        ),
        "It moves up and to the left: 1 row is one row down, 1 column one to the right.": (
            lambda images, rows, columns: shift(images, -rows, -columns)
        ),
        "Rows and columns are exchanged: of (N, 1, 28, 28) rows are the last axis but one.": (
            lambda images, rows, columns: shift(images, columns, rows)
        ),
        "It fails where one number is 0 or below: `[:-0]` is empty.": _shift_by_slices,
    },
)


def stop_early(errors: list[float], patience: int) -> int:
    """The number of the look at held-back images whose weights to keep."""
    best = 0
    for look, error in enumerate(errors):
        if error < errors[best]:
            best = look
        elif look - best >= patience:
            break
    return best


def _where_it_stops(errors: list[float], patience: int) -> int:
    best = stop_early(errors, patience)
    return min(best + patience, len(errors) - 1)


def _count_rises(errors: list[float], patience: int) -> int:
    best, rises = 0, 0
    for look in range(1, len(errors)):
        rises = rises + 1 if errors[look] > errors[look - 1] else 0
        best = look if errors[look] < errors[best] else best
        if rises == patience:
            break
    return best


STOP_EARLY = Exercise(
    right=stop_early,
    cases=lambda: [
        ([5.0, 4.0, 3.0, 3.5, 3.6, 2.0], 2),
        ([5.0, 4.0, 4.5, 3.0, 3.1, 3.2, 1.0], 2),
        ([5.0, 3.0, 3.5, 3.4, 3.3, 2.0, 2.5], 3),
        ([3.0, 2.0, 1.0], 2),
    ],
    mistakes={
        "It gives the look at which training stops; wanted is the best look before.": (
            _where_it_stops
        ),
        "It sees looks that come after the stop: those are never measured.": (
            lambda errors, patience: errors.index(min(errors))
        ),
        "It stops at the first rise: it should wait for as many looks as `patience` says.": (
            lambda errors, patience: stop_early(errors, 1)
        ),
        "A fall from one look to the next resets its patience: only a new lowest error should.": (
            _count_rises
        ),
    },
)


def hold_back(images: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Images to train on, and n others that are held back, drawn at random."""
    order = torch.randperm(len(images))
    return images[order[n:]], images[order[:n]]


def _hold_back_twice_drawn(images: Tensor, n: int) -> tuple[Tensor, Tensor]:
    known = images[torch.randperm(len(images))[n:]]
    held_back = images[torch.randperm(len(images))[:n]]
    return known, held_back


def _hold_back_with_replacement(images: Tensor, n: int) -> tuple[Tensor, Tensor]:
    chosen = torch.randint(len(images), (len(images),))
    return images[chosen[n:]], images[chosen[:n]]


def _count_both(parts: tuple[Tensor, Tensor], images: Tensor, n: int) -> list[int]:
    """How many images there are in each part, how many different ones, and how many in both."""
    known, held_back = (set(part.flatten().tolist()) for part in parts)
    return [len(parts[0]), len(parts[1]), len(known | held_back), len(known & held_back)]


HOLD_BACK = Exercise(
    right=hold_back,
    cases=lambda: [(torch.arange(12.0).view(12, 1, 1, 1), 4)],
    mistakes={
        "All images are trained on, the held-back ones, too: leave these out.": (
            lambda images, n: (images, images[-n:])
        ),
        "The parts are exchanged: the n images are held back, and the first part is the rest.": (
            lambda images, n: hold_back(images, n)[::-1]
        ),
        "Some images are drawn twice, others never: `randperm` draws each once.": (
            _hold_back_with_replacement
        ),
    },
    bug=_hold_back_twice_drawn,
    outcome=_count_both,
)

EXERCISES = (COUNT_STEPS, EPOCH_ERROR, SHIFT, STOP_EARLY, HOLD_BACK)
