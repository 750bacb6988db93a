"""Stacked autoencoders: layers trained one after the other, put together, unrolled, fine-tuned.

Each layer of a stack is an autoencoder of its own, with one hidden layer. The first learns to give
back images, the next one the activations of the first, and so on. Fine-tuning is `fit` on what
`unroll` or `add_classifier` puts together.

Source: Bengio et al. 2007, 'Greedy Layer-Wise Training of Deep Networks'; with noise, Vincent et
al. 2010, 'Stacked Denoising Autoencoders'; unrolled, Hinton & Salakhutdinov 2006.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ae_utils.checks import as_float, check_sizes, check_whole
from ae_utils.images import IMAGE_SHAPE, N_PIXELS, map_batches
from ae_utils.layers import seeded
from ae_utils.losses import Loss, reconstruction_loss
from ae_utils.metrics import reconstruction_error
from ae_utils.models import Autoencoder
from ae_utils.training import History, Settings, fit

Corruption = Callable[[Tensor], Tensor]

# 'sigmoid' stands for 2007: its starting weights too, uniform within 1 / sqrt(inputs), as they
# were before Glorot & Bengio 2010. 'relu' stands for today: He et al. 2015.
ACTIVATIONS: dict[str, type[nn.Module]] = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}


class LayerAutoencoder(nn.Module):
    """One layer of a stack with the decoder that it is trained with; `make_layers` makes them.

    If it `sees_images`, it takes and gives back images (N, 1, 28, 28), else vectors (N, n_inputs).
    """

    def __init__(
        self, n_inputs: int, n_units: int, activation: str, *, sees_images: bool = False
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation: got {activation!r}. Pass 'sigmoid' or 'relu'.")
        self.n_units = n_units
        down, up = nn.Linear(n_inputs, n_units), nn.Linear(n_units, n_inputs)
        if activation == "relu":
            for linear in (down, up):
                nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
                nn.init.zeros_(linear.bias)
        self.encoder = nn.Sequential(nn.Flatten(), down, ACTIVATIONS[activation]())
        self.decoder = nn.Sequential(up, nn.Sigmoid() if sees_images else ACTIVATIONS[activation]())
        if sees_images:
            self.decoder.append(nn.Unflatten(1, IMAGE_SHAPE))

    def forward(self, x: Tensor) -> Tensor:
        """What the layer makes of its input, (N, 1, 28, 28) or (N, n_inputs), in the same shape."""
        return self.decoder(self.encoder(x))


Layers = Sequence[LayerAutoencoder]


def make_layers(sizes: Sequence[int], activation: str, *, seed: int = 0) -> list[LayerAutoencoder]:
    """The untrained layers of a stack.

    Args:
        sizes: numbers a layer, from the image's 784 on, such as (784, 500, 500).
        activation: between them, 'sigmoid' or 'relu'.
        seed: for the starting weights; they depend on nothing else.

    Raises:
        TypeError, ValueError: if there are fewer than two sizes, the first is not 784, or one is
            below 1 or not whole; or the activation is another.
    """
    with seeded(seed):
        return [
            LayerAutoencoder(below, above, activation, sees_images=number == 0)
            for number, (below, above) in enumerate(pairwise(check_stack_sizes(sizes)))
        ]


def check_stack_sizes(sizes: Sequence[int]) -> list[int]:
    """The sizes of a stack's layers, as plain ints.

    Raises: TypeError, ValueError, as in `check_sizes`, or if they are not 784 and at least another.
    """
    checked = check_sizes(sizes, "sizes")
    if len(checked) < 2 or checked[0] != N_PIXELS:
        raise ValueError(f"sizes: got {checked}. Pass {N_PIXELS} first, and at least one more.")
    return checked


def pretrain(
    layers: Layers, images: Tensor, settings: Settings, corrupt: Corruption | None = None
) -> list[History]:
    """Train the layers greedily: one after the other, each on what the finished ones hand on.

    Returns each layer's history of the error on its own input.

    Args:
        layers: as `make_layers` gives them; changed in place.
        images: (N, 1, 28, 28), uint8, or float32 in 0..1.
        settings: for the training of each layer.
        corrupt: what is done to a layer's input in training, while its target stays clean.
    """
    loss = reconstruction_loss if corrupt is None else denoising_loss(corrupt)
    histories, inputs = [], images
    for layer in layers:
        histories.append(fit(layer, inputs, settings, loss=loss))
        if layer is not layers[-1]:
            inputs = map_batches(layer.encoder, inputs)  # (N, n_units): the next one's input
    return histories


def denoising_loss(corrupt: Corruption) -> Loss:
    """The loss of a denoising autoencoder: to give back the clean input, having seen it corrupted.

    Where the model is evaluated, not trained, it sees the clean input.
    """

    def loss(model: nn.Module, x: Tensor, labels: Tensor | None = None) -> Tensor:
        return reconstruction_error(model(corrupt(x) if model.training else x), x)

    return loss


def masking_noise(share: float, seed: int = 0) -> Corruption:
    """A corruption that sets the share `share` (0..1) of all numbers to 0, other ones every time.

    Raises:
        ValueError: if `share` is out of range.
    """
    zeroed = as_float(share)
    if not 0 <= zeroed <= 1:
        raise ValueError(f"share: got {share!r}. Pass a number from 0 to 1.")
    generator = torch.Generator().manual_seed(check_whole(seed, "seed"))
    return lambda x: x * (torch.rand(x.shape, generator=generator) >= zeroed).to(x.device)


def stack(layers: Layers) -> nn.Sequential:
    """The layers' encoders in a row: images (N, 1, 28, 28) -> the last layer's units (N, n).

    Like `unroll` and `add_classifier` it holds the layers themselves, not copies: training it
    trains them.
    """
    return nn.Sequential(*(layer.encoder for layer in layers))


def unroll(layers: Layers) -> Autoencoder:
    """The deep autoencoder: all encoders upwards, then all decoders downwards."""
    decoder = nn.Sequential(*(layer.decoder for layer in reversed(layers)))
    return Autoencoder(stack(layers), decoder, layers[-1].n_units)


def add_classifier(layers: Layers, n_classes: int = 10, *, seed: int = 0) -> nn.Sequential:
    """The stack with a fresh linear layer on top: images -> logits (N, n_classes).

    Train it with `fit(..., labels=..., loss=classification_loss)`.
    """
    n_classes = check_whole(n_classes, "n_classes", 1)
    with seeded(seed):
        return nn.Sequential(stack(layers), nn.Linear(layers[-1].n_units, n_classes))
