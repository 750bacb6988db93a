"""The exercises of notebook 2; two of them have modules of their own."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.exercises.comparison import THIRD_NUMBER
from ae_utils.exercises.exercise import Case, Exercise, Function
from ae_utils.exercises.warping import WARP
from ae_utils.images import to_float


class _Encoder(nn.Module):
    """Two numbers an image, that depend on its brightness; takes `most` images at a time."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.held = most, 0
        self.slopes = nn.Parameter(torch.tensor([1.0, 2.0]))

    def forward(self, x: Tensor) -> Tensor:
        """Encode images (N, 1, 28, 28), N at most `most`: (N, 2); note how many are in memory."""
        if len(x) > self.most:
            raise MemoryError(f"there is no room for {len(x)} images, only for {self.most}")
        self.held = max(self.held, x.untyped_storage().nbytes() // (784 * x.element_size()))
        return x.mean((1, 2, 3))[:, None] * self.slopes


def encode_all(encode: Callable[[Tensor], Tensor], images: Tensor, size: int) -> Tensor:
    """The codes of images, a batch at a time."""
    with torch.no_grad():
        return torch.cat([encode(to_float(batch)) for batch in images.split(size)])


def _grey_images() -> list[Case]:
    greys = torch.tensor([0, 50, 100, 150, 255], dtype=torch.uint8)
    images = greys.reshape(5, 1, 1, 1).repeat(1, 1, 28, 28)
    return [(_Encoder(2), images, 2), (_Encoder(3), images[:3], 3)]


def _encode_from(starts: Callable[[int, int], range]) -> Function:
    """Encodes the batches that begin at some places, which depend on N and on the batch size."""
    return lambda encode, images, size: torch.cat(
        [encode(to_float(images[start : start + size])) for start in starts(len(images), size)]
    )


def _describe_codes(z: Any, encode: _Encoder, images: Tensor, _: int) -> list[Any]:
    """The codes; if there is one an image, whether gradients and all images are kept, too."""
    kept = [z.requires_grad, encode.held > encode.most] if len(z) == len(images) else []
    return [z.detach(), *kept]


ENCODE_ALL = Exercise(
    right=encode_all,
    cases=_grey_images,
    outcome=_describe_codes,
    mistakes={
        "The batches overlap, since one begins at every image: `range(0, len(images), size)`.": (
            _encode_from(lambda n, size: range(n))
        ),
        "The batches overlap, and the last images are missing: `range(n)` counts 0, 1, 2, where "
        "the batches begin at `range(0, len(images), size)`.": (
            _encode_from(lambda n, size: range(n // size))
        ),
        "The last batch is missing, which is smaller than the others: a slice may end beyond "
        "the last image, and gives what there is.": (
            _encode_from(lambda n, size: range(0, n // size * size, size))
        ),
        "The last batch is missing: `range` stops before its end, so this may be "
        "`len(images)`.": _encode_from(lambda n, size: range(0, n - size, size)),
        "Only the codes of the last batch come back: add those of each batch to the list.": (
            lambda encode, images, size: encode(to_float(images.split(size)[-1]))
        ),
        "The encoder gets whole numbers, uint8: convert each batch with `to_float`.": (
            lambda encode, images, size: torch.cat([encode(x) for x in images.split(size)])
        ),
        "The encoder gets grey levels up to 255, and was trained on 0 to 1: divide by 255, as "
        "`to_float` does.": (lambda encode, images, size: 255 * encode_all(encode, images, size)),
        "The codes are right, but each keeps a record of how it was made, which fills the memory: "
        "encode under `with torch.no_grad():`.": _encode_from(lambda n, size: range(0, n, size)),
        "All images are converted at once, which takes four times their memory: convert one batch "
        "at a time.": torch.no_grad()(
            lambda encode, images, size: torch.cat([*map(encode, to_float(images).split(size))])
        ),
        "It encodes all images at once, which needs the memory for all: take "
        "`images[start : start + size]` alone.": (
            lambda encode, images, _: encode_all(encode, images, len(images))
        ),
    },
)


def knn_vote(z: Tensor, known: Tensor, known_labels: Tensor, k: int) -> Tensor:
    """The label that wins the vote of the nearest known codes."""
    return _votes(z, known, known_labels, k).mode(dim=1).values


def _votes(z: Tensor, known: Tensor, known_labels: Tensor, k: int, *, dim: int = 1) -> Tensor:
    return known_labels[torch.cdist(z, known).topk(k, dim, largest=False).indices]


def _three_clumps() -> list[Case]:
    clump = torch.tensor([[0.1, 0.0], [0.0, 0.2], [-0.3, 0.0], [0.0, -0.4], [0.5, 0.0]])
    middles = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 12.0]])
    known = (middles[:, None] + clump).flatten(0, 1)
    known_labels = torch.tensor([4, 9, 9, 4, 9, 8, 1, 2, 8, 3, 0, 6, 6, 0, 6])
    return [(middles.repeat(2, 1), known, known_labels, k) for k in (5, 3)]


KNN_VOTE = Exercise(
    right=knn_vote,
    cases=_three_clumps,
    outcome=lambda names, *_: torch.as_tensor(names).float().round(),
    mistakes={
        "`mode` went along dim=0, over the codes to name: each row holds the k voters of one code, "
        "so take it along dim=1.": lambda *case: _votes(*case).mode(dim=0).values,
        "`topk` went along dim=0, and found the codes of `z` that are nearest to each known one: "
        "the distances are (M, N), so take it along dim=1.": (
            lambda z, known, labels, k: _votes(z, known, labels, k, dim=0).mode().values
        ),
        "Both went along dim=0: the distances are (M, N) and the votes (M, k), so take `topk` and "
        "`mode` along dim=1.": lambda z, known, labels, k: (
            _votes(z, known, labels, k, dim=0).mode(dim=0).values
        ),
        "`topk` gives two things, the distances and the places of the voters: take its "
        "`.indices`.": lambda z, known, labels, k: labels[torch.cdist(z, known).topk(k)],
        "The distances are no places: `topk` tells in its `.indices` who is near.": (
            lambda z, known, labels, k: labels[torch.cdist(z, known).topk(k).values]
        ),
        "Here distances, rounded, are taken for places: `topk` tells in its `.indices` who is "
        "near.": lambda z, known, labels, k: (
            labels[torch.cdist(z, known).topk(k, largest=False).values.long()].mode().values
        ),
        "The farthest codes vote, not the nearest: `topk` takes the largest distances, unless "
        "told `largest=False`.": (
            lambda z, known, labels, k: labels[torch.cdist(z, known).topk(k).indices].mode().values
        ),
        "It takes the mean of the labels, but a 4 and a 9 do not make a 6: take the label that "
        "most of them bear, their mode.": (
            lambda z, known, labels, k: _votes(z, known, labels, k).float().mean(1)
        ),
        "It takes the median of the labels, but labels are names and have no order: take the one "
        "that most of them bear, their mode.": (
            lambda z, known, labels, k: _votes(z, known, labels, k).median(1).values
        ),
        "`mode` gives two things, the winners and their places: take its `.values`.": (
            lambda z, known, labels, k: _votes(z, known, labels, k).mode(1)
        ),
        "Only the nearest code is asked: let all k vote.": (
            lambda z, known, labels, k: _votes(z, known, labels, 1)[:, 0]
        ),
        "The codes to name vote for themselves: measure their distances to `known`, not to one "
        "another.": lambda z, known, labels, k: knn_vote(z, z, labels, k),
        "It gives the places of the voters in `known`, not their labels: look those up, as in "
        "`known_labels[places]`.": (
            lambda z, known, labels, k: knn_vote(z, known, torch.arange(len(known)), k)
        ),
    },
)

EXERCISES = (ENCODE_ALL, KNN_VOTE, WARP, THIRD_NUMBER)
