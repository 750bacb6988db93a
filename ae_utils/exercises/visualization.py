"""The exercises of notebook 2."""

from collections.abc import Callable
from copy import deepcopy
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.exercises.exercise import Exercise, Function
from ae_utils.images import to_float
from ae_utils.models import dense_autoencoder

Runs = list[dict[str, Any]]


class _Encoder(nn.Module):
    """Two numbers an image, that depend on its brightness; takes `most` images at a time."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.slopes = nn.Parameter(torch.tensor([1.0, 2.0]))

    def forward(self, x: Tensor) -> Tensor:
        """Encode images (N, 1, 28, 28), N at most `most`: (N, 2)."""
        if len(x) > self.most:
            raise MemoryError(f"there is no room for {len(x)} images, only for {self.most}")
        return x.mean((1, 2, 3))[:, None] * self.slopes


def encode_all(encode: Callable[[Tensor], Tensor], images: Tensor, size: int) -> Tensor:
    """The codes of images, a batch at a time."""
    with torch.no_grad():
        return torch.cat([encode(to_float(batch)) for batch in images.split(size)])


def _grey_images() -> list[tuple[Any, ...]]:
    greys = torch.tensor([0, 50, 100, 150, 255], dtype=torch.uint8)
    images = greys.reshape(5, 1, 1, 1).repeat(1, 1, 28, 28)
    return [(_Encoder(2), images, 2), (_Encoder(3), images[:3], 3)]


def _encode_whole_batches(encode: Any, images: Tensor, size: int) -> Tensor:
    return encode_all(encode, images[: len(images) // size * size], size)


def _encode_with_gradient(encode: Any, images: Tensor, size: int) -> Tensor:
    return torch.cat([encode(to_float(batch)) for batch in images.split(size)])


ENCODE_ALL = Exercise(
    right=encode_all,
    cases=_grey_images,
    outcome=lambda z, *_: [z.detach(), z.requires_grad] if isinstance(z, Tensor) else z,
    mistakes={
        "The last batch is missing, which is smaller than the others: a slice may end beyond "
        "the last image, and gives what there is.": _encode_whole_batches,
        "The encoder gets whole numbers, uint8: convert each batch with `to_float`.": (
            lambda encode, images, size: torch.cat([encode(x) for x in images.split(size)])
        ),
        "The encoder gets grey levels up to 255, and was trained on 0 to 1: divide by 255, as "
        "`to_float` does.": (lambda encode, images, size: 255 * encode_all(encode, images, size)),
        "The codes are right, but each keeps a record of how it was made, which fills the memory: "
        "encode under `with torch.no_grad():`.": _encode_with_gradient,
        "It encodes all images at once, which needs the memory for all: take "
        "`images[start : start + size]` alone.": (
            lambda encode, images, _: encode_all(encode, images, len(images))
        ),
    },
)


def knn_vote(z: Tensor, known: Tensor, known_labels: Tensor, k: int) -> Tensor:
    """The label that wins the vote of the nearest known codes."""
    return _votes(z, known, known_labels, k).mode(dim=1).values


def _votes(z: Tensor, known: Tensor, known_labels: Tensor, k: int) -> Tensor:
    return known_labels[torch.cdist(z, known).topk(k, largest=False).indices]


def _three_clumps() -> list[tuple[Any, ...]]:
    clump = torch.tensor([[0.1, 0.0], [0.0, 0.2], [-0.3, 0.0], [0.0, -0.4], [0.5, 0.0]])
    middles = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 12.0]])
    known = (middles[:, None] + clump).flatten(0, 1)
    known_labels = torch.tensor([4, 9, 9, 4, 9, 8, 1, 2, 8, 3, 0, 6, 6, 0, 6])
    return [(middles.repeat(2, 1), known, known_labels, k) for k in (5, 3)]


KNN_VOTE = Exercise(
    right=knn_vote,
    cases=_three_clumps,
    outcome=lambda names, *_: names if names is None else torch.as_tensor(names).float().round(),
    mistakes={
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


RIGHT: dict[str, Function] = {  # of the layer that makes the code, and the one that takes it in
    "weight": lambda A, w: A @ w,
    "bias": lambda A, b: A @ b,
    "weight_up": lambda A, w: w @ A.inverse(),
}


@torch.no_grad()
def _change(model: Any, A: Tensor, **changes: Function) -> Any:
    """Change a model around its code: rightly, but for the changes given."""
    last, first_up, changes = model.encoder[-1], model.decoder[0], RIGHT | changes
    last.weight.copy_(changes["weight"](A, last.weight))
    last.bias.copy_(changes["bias"](A, last.bias))
    first_up.weight.copy_(changes["weight_up"](A, first_up.weight))
    return model


def _changing(**changes: Function) -> Function:
    return lambda model, A: _change(deepcopy(model), A, **changes)


def warp(model: Any, A: Tensor) -> Any:
    """A copy of a model whose codes are multiplied by A, with the same reconstructions."""
    return _change(deepcopy(model), A)


def _tiny_model() -> list[tuple[Any, ...]]:
    model: Any = dense_autoencoder(2, widths=(2,), seed=1)
    nn.init.constant_(model.encoder[-1].bias, 0.5)
    return [(model, torch.tensor([[1.0, 2.0], [-0.5, 1.5]]))]


@torch.no_grad()
def _codes_and_images(warped: Any, model: Any, _: Tensor) -> list[Tensor] | None:
    """The warped model's codes and reconstructions of two images, and the model's own codes."""
    if warped is None:
        return None
    x = torch.linspace(0, 1, 2 * 784).reshape(2, 1, 28, 28)
    z = warped.encode(x)
    return [z, warped.decode(z), model.encode(x)]


WARP = Exercise(
    right=warp,
    cases=_tiny_model,
    outcome=_codes_and_images,
    mistakes={
        "The decoder multiplies by A once more, where it should undo it: give it "
        "`A.inverse()`.": _changing(weight_up=lambda A, w: w @ A),
        "The decoder does not know of A yet: multiply its first weight by "
        "`A.inverse()`.": _changing(weight_up=lambda A, w: w),
        "The code is weight times input plus bias, and the bias is as it was: A multiplies "
        "both.": _changing(bias=lambda A, b: b),
        "In the encoder A stands on the wrong side: it comes after the layer, and so to the left "
        "of its weight.": _changing(weight=lambda A, w: w @ A),
        "In the decoder the inverse stands on the wrong side: it comes before the layer, and so "
        "to the right of its weight.": _changing(weight_up=lambda A, w: A.inverse() @ w),
        "It changes the model itself, and not a copy: begin with `deepcopy(model)`.": _change,
    },
)


def third_number(runs: Runs) -> float:
    """What a third number adds to the accuracy of a run that is alike in everything else."""
    return _mean_gain(runs, "layers", "bend", "steps")


def _mean_gain(runs: Runs, *same: str) -> float:
    """The mean gain from two numbers to three over all pairs of runs alike in some respects."""
    gains = [
        more["accuracy"] - less["accuracy"]
        for less, more in product(runs, runs)
        if (less["numbers"], more["numbers"]) == (2, 3)
        if all(less[key] == more[key] for key in same)
    ]
    return sum(gains) / len(gains)


def _compare_longest(runs: Runs) -> float:
    """Takes the longest training of each size for its best."""
    longest = {}
    for numbers in (2, 3):
        some = [run for run in runs if run["numbers"] == numbers]
        longest[numbers] = max(some, key=lambda run: run["steps"])
    return float(longest[3]["accuracy"] - longest[2]["accuracy"])


def _compare_best(runs: Runs) -> float:
    best = {n: max(run["accuracy"] for run in runs if run["numbers"] == n) for n in (2, 3)}
    return best[3] - best[2]


def _some_runs() -> list[tuple[Runs]]:
    columns = ("numbers", "layers", "bend", "steps", "accuracy")
    rows = [
        (2, "20-10", "tanh", 900, 0.70),
        (3, "10", "tanh", 500, 0.71),
        (2, "10", "silu", 500, 0.62),
        (3, "10", "silu", 500, 0.75),  # alike but for the numbers: 0.13 more
        (3, "20-10", "silu", 500, 0.80),
        (2, "10", "silu", 900, 0.67),
    ]
    return [([dict(zip(columns, row, strict=True)) for row in rows],)]


THIRD_NUMBER = Exercise(
    right=third_number,
    cases=_some_runs,
    bug=_compare_longest,
    mistakes={
        "Now the best of each size are compared, and these may differ in much else: compare runs "
        "that have the same layers, the same bend and the same steps.": _compare_best,
        "It compares averages over unlike runs: compare pairs that have the same layers, the same "
        "bend and the same steps.": _mean_gain,
        "The pairs have the same steps, and differ in something else yet.": (
            lambda runs: _mean_gain(runs, "steps")
        ),
        "The pairs have the same layers and steps, but not the same bend.": (
            lambda runs: _mean_gain(runs, "layers", "steps")
        ),
    },
)

EXERCISES = (ENCODE_ALL, KNN_VOTE, WARP, THIRD_NUMBER)
