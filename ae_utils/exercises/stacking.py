"""The exercises of notebook 5."""

from collections.abc import Callable, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from ae_utils.exercises.exercise import Exercise, Function
from ae_utils.layers import seeded
from ae_utils.stacking import LayerAutoencoder, stack, unroll

Layers = Sequence[LayerAutoencoder]
Train = Callable[[nn.Module, Tensor], None]


def _of_result(outcome: Function) -> Function:
    """An outcome that leaves it to `check` to tell of an answer that returned nothing."""
    return lambda result, *arguments: None if result is None else outcome(result, *arguments)


def mask(x: Tensor, share: float) -> Tensor:
    """Images with about the share `share` of all pixels set to 0."""
    return x.masked_fill(torch.rand(x.shape) < share, 0)


def _mask_in_place(x: Tensor, share: float) -> Tensor:
    x *= torch.rand(x.shape) >= share
    return x


def _describe_holes(masked: Tensor, x: Tensor, share: float) -> list[str]:
    """What can be said of grey images with holes, whichever pixels have been drawn."""
    holes = masked == 0
    return [
        f"a share of {holes.float().mean():.1f} erased",
        f"{'the same' if (holes == holes[:1]).all() else 'other'} holes in every image",
        f"{masked.max():g} where nothing is erased",
        f"x itself {'changed' if (x == 0).any() else 'as it was'}",
    ]


MASK = Exercise(
    right=mask,
    cases=lambda: [(torch.full((8, 1, 28, 28), 0.5), share) for share in (0.3, 0.8)],
    mistakes={
        "It erases what should stay, and keeps what should go: turn the comparison round.": (
            lambda x, share: x * (torch.rand(x.shape) < share)
        ),
        "All images have the same holes: draw a number for each pixel of each image, `x.shape`.": (
            lambda x, share: x * (torch.rand(x.shape[1:]) >= share)
        ),
        "Whole images are gone, the others are whole: draw for each pixel, `x.shape`.": (
            lambda x, share: x * (torch.rand(len(x), 1, 1, 1) >= share)
        ),
        "It erases in x itself, and x is also the target: make a new tensor, x * kept.": (
            _mask_in_place
        ),
    },
    outcome=_of_result(_describe_holes),
)


class Trainer:
    """Stands for a training: notes what each layer was trained on, and moves its weights.

    Attributes:
        seen: what the layers were trained on, in order.
    """

    def __init__(self) -> None:
        self.seen: list[Tensor] = []

    def __call__(self, layer: nn.Module, h: Tensor) -> None:
        """Train `layer` on `h`."""
        self.seen.append(h.detach().clone())
        _move(layer)


def greedy(layers: Layers, x: Tensor, train: Train) -> Tensor:
    """What the last layer makes of x, when each has been trained on what those below make of it."""
    h = x
    for layer in layers:
        train(layer, h)
        h = layer.encoder(h)
    return h


def _greedy_with(
    inputs: Callable[[Tensor, Tensor], Tensor],
    outputs: Callable[[LayerAutoencoder, Tensor], Tensor],
) -> Function:
    """The same loop, but for what a layer is trained on, of x and h, and what it passes on."""

    def loop(layers: Layers, x: Tensor, train: Train) -> Tensor:
        h = x
        for layer in layers:
            train(layer, inputs(x, h))
            h = outputs(layer, inputs(x, h))
        return h

    return loop


def _greedy_too_early(layers: Layers, x: Tensor, train: Train) -> Tensor:
    for layer in layers:
        h = layer.encoder(x)
        train(layer, x)
        x = h
    return x


def _greedy_from_below(layers: Layers, x: Tensor, train: Train) -> Tensor:
    for depth in range(1, len(layers) + 1):
        train(unroll(layers[:depth]), x)
    return stack(layers)(x)


GREEDY = Exercise(
    right=greedy,
    cases=lambda: [(_three_layers(), _two_rows(), Trainer())],
    mistakes={
        "Every layer is trained on x: train it on h, and pass h on through its encoder.": (
            _greedy_with(lambda x, h: x, lambda layer, h: layer.encoder(h))
        ),
        "The next layer gets a reconstruction: pass on the activations, `layer.encoder(h)`.": (
            _greedy_with(lambda x, h: h, lambda layer, h: layer(h))
        ),
        "The activations come from the layer as it was before: train it first, then pass on.": (
            _greedy_too_early
        ),
        "The layers below moved as well: train `layer` alone, on what they make of x.": (
            _greedy_from_below
        ),
    },
    outcome=_of_result(lambda h, layers, x, train: [*train.seen, h.detach(), _all_weights(layers)]),
)


def unrolled(layers: Layers) -> nn.Module:
    """The deep autoencoder of copies of the layers."""
    layers = deepcopy(layers)
    ups, downs = ([getattr(x, half) for x in layers] for half in ("encoder", "decoder"))
    return nn.Sequential(*ups, *downs[::-1])


def _unroll_and_tune(model: nn.Module, layers: Layers) -> list[Tensor]:
    """What the model gives, and the weights of the layers after it has been trained."""
    x_hat = model(_two_rows()).detach()
    _move(model)
    return [x_hat, _all_weights(layers)]


UNROLLED = Exercise(
    right=unrolled,
    cases=lambda: [(_three_layers(),)],
    mistakes={
        "The decoders stand in the order of the encoders: the last one has to come first.": (
            lambda layers: nn.Sequential(
                *(x.encoder for x in deepcopy(layers)), *(x.decoder for x in deepcopy(layers))
            )
        ),
        "It ends at the code: that is the stack. The decoders have to follow.": (
            lambda layers: nn.Sequential(*(x.encoder for x in deepcopy(layers)))
        ),
        "Each layer comes down again at once: first all encoders, then all decoders.": (
            lambda layers: nn.Sequential(*deepcopy(layers))
        ),
        "It holds the layers themselves, so that training it moves them: use `deepcopy`.": (
            lambda layers: nn.Sequential(
                *(x.encoder for x in layers), *(x.decoder for x in reversed(layers))
            )
        ),
    },
    outcome=_of_result(_unroll_and_tune),
)


class Echo(nn.Module):
    """Gives back what it sees, and remembers it in `seen`."""

    def forward(self, x: Tensor) -> Tensor:
        """The same images."""
        self.seen = x.clone()
        return x


def denoise(model: nn.Module, x: Tensor, labels: Tensor | None = None) -> Tensor:
    """The error against the clean x of what the model makes of x with holes."""
    seen = x * (torch.rand(x.shape) >= 0.25)
    return (model(seen) - x).square().mean()


def _denoise_to_holes(model: nn.Module, x: Tensor, labels: Tensor | None = None) -> Tensor:
    holes = torch.rand(x.shape) < 0.25
    x = x.masked_fill(holes, 0)
    return (model(x) - x).square().mean()


def _describe_loss(loss: Tensor, model: Echo, x: Tensor) -> list[str]:
    """What the model saw of white images, and the loss, to a quarter."""
    erased = (model.seen == 0).float().mean().item()
    return [
        f"{name} of {round(4 * value) / 4:g}"
        for name, value in (("holes in a share", erased), ("a loss", loss.item()))
    ]


DENOISE = Exercise(
    right=denoise,
    cases=lambda: [(Echo(), torch.ones(8, 1, 28, 28))],
    mistakes={
        "The holes are gone, and the task with them: the model has to see x with holes.": (
            lambda model, x: (model(x) - x).square().mean()
        ),
        "The model sees the clean images and is asked for holes: it is the other way round.": (
            lambda model, x: (model(x) - mask(x, 0.25)).square().mean()
        ),
    },
    bug=_denoise_to_holes,
    outcome=_of_result(_describe_loss),
)


def _two_rows() -> Tensor:
    return torch.tensor([[0.0, 1.0], [3.0, -2.0]])


def _three_layers() -> list[LayerAutoencoder]:
    with seeded(0):
        return [LayerAutoencoder(2, 2, "sigmoid") for _ in range(3)]


@torch.no_grad()
def _move(model: nn.Module) -> None:
    """Change all weights, as a training does."""
    for weight in model.parameters():
        weight.mul_(-2)


def _all_weights(layers: Layers) -> Tensor:
    """All weights of some layers, in a row."""
    return torch.cat([w.detach().flatten() for w in nn.ModuleList(layers).parameters()])


EXERCISES = (MASK, GREEDY, UNROLLED, DENOISE)
