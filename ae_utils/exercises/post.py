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
        "Where it divides evenly there is no extra batch: round up, do not add one.": (
            lambda n_images, n_epochs, batch_size: n_epochs * (n_images // batch_size + 1)
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
    return [(images, *move) for move in moves]


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


def _count_rises(errors: list[float], patience: int) -> int:
    best, rises = 0, 0
    for look in range(1, len(errors)):
        rises = rises + 1 if errors[look] > errors[look - 1] else 0
        best = look if errors[look] < errors[best] else best
        if rises == patience:
            break
    return best


def _count_waits(
    errors: list[float], patience: int, first: int = 1, *, resets: bool = True, ties: bool = False
) -> int:
    """As `stop_early` with a counter, which may begin too early, or be reset never or too often."""
    best = wait = 0
    for look in range(first, len(errors)):
        if errors[look] < errors[best] or (ties and errors[look] == errors[best]):
            best, wait = look, 0 if resets else wait
        else:
            wait += 1
        if wait == patience:
            break
    return best


STOP_EARLY = Exercise(
    right=stop_early,
    cases=lambda: [
        ([5.0, 4.0, 3.0, 3.5, 3.6, 2.0], 2),
        ([5.0, 4.0, 4.5, 3.0, 3.1, 3.2, 1.0], 2),
        ([5.0, 3.0, 3.5, 3.4, 3.3, 2.0, 2.5], 3),
        ([3.0, 2.0, 1.0], 2),
        ([7.0, 4.0, 9.0, 2.0, 3.0, 1.0], 2),
        ([3.0, 2.0, 8.0, 9.0, 1.0, 1.0], 1),
        ([8.0, 1.0, 8.0, 1.0, 3.0, 0.0], 3),
    ],
    mistakes={
        "It gives the look at which training stops; wanted is the best look before.": (
            lambda errors, patience: min(stop_early(errors, patience) + patience, len(errors) - 1)
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
        "It adds up all looks without a new lowest: set the wait back to 0 at each new lowest.": (
            lambda errors, patience: _count_waits(errors, patience, resets=False)
        ),
        "It counts look 0 as a wait: that one is the lowest so far, and the wait is 0.": (
            lambda errors, patience: _count_waits(errors, patience, first=0)
        ),
        "An equal error sets the wait back: it is no new lowest, so compare with `<`.": (
            lambda errors, patience: _count_waits(errors, patience, ties=True)
        ),
    },
)


def hold_back(images: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Images to train on, and n others that are held back, drawn at random."""
    order = torch.randperm(len(images))
    return images[order[n:]], images[order[:n]]


def _hold_back_twice_drawn(images: Tensor, n: int) -> tuple[Tensor, Tensor]:
    return images[torch.randperm(len(images))[n:]], images[torch.randperm(len(images))[:n]]


def _hold_back_with_replacement(images: Tensor, n: int) -> tuple[Tensor, Tensor]:
    chosen = torch.randint(len(images), (len(images),))
    return images[chosen[n:]], images[chosen[:n]]


def _hold_back_with_mask(images: Tensor, n: int) -> tuple[Tensor, Tensor]:
    chosen = torch.randint(len(images), (n,))
    others = torch.ones(len(images), dtype=torch.bool)
    others[chosen] = False
    return images[others], images[chosen]


def _describe_parts(parts: tuple[Tensor, Tensor], images: Tensor, n: int) -> list[str]:
    """How many images are in both parts, and the faults of these, in words."""
    known, held_back = (part.flatten().tolist() for part in parts)
    faults = {
        "numbers that are no images": not {*known, *held_back} <= {*images.flatten().tolist()},
        "images twice in one part": any(len(set(p)) < len(p) for p in (known, held_back)),
        "images in both parts": bool({*known} & {*held_back}),
        "neighbours held back": max(held_back) - min(held_back) < len(held_back),
    }
    found = ", ".join(name for name, there in faults.items() if there)
    left = len(images) - n
    to_train_on = "too many" if len(known) > left else len(known)
    sizes = f"{to_train_on} images to train on, {len(held_back)} held back"
    return [sizes, found or "each image once, drawn at random"]


SPLITS = (40, 25), (80, 50)  # so many are held back that `randint` draws some twice

HOLD_BACK = Exercise(
    right=hold_back,
    cases=lambda: [(torch.arange(100.0, 100 + size).view(-1, 1, 1, 1), n) for size, n in SPLITS],
    mistakes={
        "All images are trained on, the held-back ones, too: leave these out.": (
            lambda images, n: (images, hold_back(images, n)[1])
        ),
        "The parts are exchanged: the n images are held back, and the first part is the rest.": (
            lambda images, n: hold_back(images, n)[::-1]
        ),
        "Some images are drawn twice, others never: `randperm` draws each once.": (
            _hold_back_with_replacement
        ),
        "Some images are held back twice, as `randint` draws them: `randperm` draws each once.": (
            _hold_back_with_mask
        ),
        "It returns numbers of images: index `images` with them.": (
            lambda images, n: torch.randperm(len(images)).tensor_split([len(images) - n])
        ),
        "It draws nothing, and neighbours may be alike: shuffle by `randperm` before you cut.": (
            lambda images, n: (images[n:], images[:n])
        ),
    },
    bug=_hold_back_twice_drawn,
    outcome=_describe_parts,
)

EXERCISES = (COUNT_STEPS, EPOCH_ERROR, SHIFT, STOP_EARLY, HOLD_BACK)
