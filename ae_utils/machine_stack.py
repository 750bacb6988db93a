"""The deep autoencoder of 2006: a stack of Boltzmann machines, unrolled, and fine-tuned by `fit`.

The first machine learns images, the next one the hidden units of the first, and so on; the last
one's hidden units are real numbers, the code. Unrolled, the machines' weights are the starting
weights of a network, upwards as they are and downwards transposed.

Source: Hinton & Salakhutdinov 2006, 'Reducing the Dimensionality of Data with Neural Networks'.
"""

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ae_utils.boltzmann import WEIGHT_SD, BoltzmannMachine, ContrastiveDivergence, boltzmann_machine
from ae_utils.images import IMAGE_SHAPE, N_PIXELS
from ae_utils.layers import builder, seeded
from ae_utils.losses import Loss
from ae_utils.models import Autoencoder
from ae_utils.stacking import check_stack_sizes
from ae_utils.training import History, Settings, fit

SIZES = (N_PIXELS, 1000, 500, 250, 30)  # numbers a layer, from the image to the code, in 2006
GAIN = 4.0  # of a sigmoid, for Glorot's weights: its slope at 0 is a quarter
# As in 2006, but that there the momentum was 0.5 for five epochs, where here the rate rises, and
# biases did not decay.
MOMENTUM = partial(torch.optim.SGD, momentum=0.9, weight_decay=2e-4)


class GaussianMachine(BoltzmannMachine):
    """A machine whose hidden units are real numbers, normally distributed with variance 1."""

    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        """The energy (N,) of pictures (N, n_visible) with hidden units (N, n_hidden)."""
        joined = ((h @ self.weight) * v).sum(-1)
        return 0.5 * (h - self.hidden_bias).square().sum(-1) - joined - v @ self.visible_bias

    def free_energy(self, v: Tensor) -> Tensor:
        """-log of the integral of exp(-energy) over all h: (N,), from (N, n_visible)."""
        gained = self.hidden_input(v).square() - self.hidden_bias.square() + math.log(2 * math.pi)
        return -(v @ self.visible_bias) - 0.5 * gained.sum(-1)

    def hidden_mean(self, v: Tensor) -> Tensor:
        """The mean of h given v: (N, n_hidden), from pictures (N, n_visible)."""
        return self.hidden_input(v)

    def draw_hidden(self, v: Tensor, generator: torch.Generator) -> Tensor:
        """Hidden units (N, n_hidden) drawn given v; the generator is of the CPU."""
        mean = self.hidden_mean(v)
        noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
        return mean + noise.to(mean.device)


Machines = Sequence[BoltzmannMachine]


def make_machines(
    sizes: Sequence[int] = SIZES, *, mean_image: Tensor | None = None, seed: int = 0
) -> list[BoltzmannMachine]:
    """The untrained machines of a stack, the last one with a code of real numbers.

    Args:
        sizes: numbers a layer, from the image's 784 on.
        mean_image: (1, 28, 28) in 0..1, where the first machine's pixels start.
        seed: for the starting weights.

    Raises:
        TypeError, ValueError: if there are fewer than two sizes, the first is not 784, or one is
            below 1 or not whole.
    """
    *hidden, (below, code) = pairwise(check_stack_sizes(sizes))
    machines = [
        boltzmann_machine(
            above, n_visible=below, mean_image=None if number else mean_image, seed=seed + number
        )
        for number, (below, above) in enumerate(hidden)
    ]
    top = GaussianMachine(below, code)
    with seeded(seed + len(hidden)):
        nn.init.normal_(top.weight, std=WEIGHT_SD)
    return [*machines, top]


def pretrain(machines: Machines, images: Tensor, settings: Sequence[Settings]) -> list[History]:
    """Train the machines greedily, one after the other, each on the hidden units of the one below.

    Grey levels and probabilities stand for draws, but for the hidden units of the machine that is
    trained. Returns each machine's history, of the loss of `ContrastiveDivergence`.

    Args:
        machines: as `make_machines` gives them; changed in place.
        images: (N, 1, 28, 28), uint8, or float32 in 0..1.
        settings: one for each machine. In 2006 the last one's learning rate was a hundredth of the
            others'.

    Raises: ValueError, if there is not one of the settings for each machine.
    """
    if len(settings) != len(machines):
        raise ValueError(
            f"settings: got {len(settings)} for {len(machines)} machines. Pass as many."
        )
    histories = []
    for number, (machine, how) in enumerate(zip(machines, settings, strict=True)):
        loss = _on_top_of(machines[:number], ContrastiveDivergence(binary=False, seed=how.seed))
        histories.append(fit(machine, images, how, loss=loss, make_optimizer=MOMENTUM))
    return histories


def _on_top_of(machines: Machines, loss: ContrastiveDivergence) -> Loss:
    """A loss of images, that of the units which finished machines make of them.

    They are computed again for each batch: kept, those of 60,000 images would take 240 MB.
    """

    def loss_of_units(model: BoltzmannMachine, x: Tensor, labels: Any = None) -> Tensor:
        with torch.no_grad():
            units = x.flatten(1)
            for machine in machines:
                units = machine.hidden_mean(units)
        return loss(model, units)

    return loss_of_units


@builder
def sigmoid_autoencoder(sizes: Sequence[int] = SIZES, *, seed: int = 0) -> Autoencoder:
    """The network of 2006, all sigmoids but for its code, with starting weights of 2010.

    Args:
        sizes: numbers a layer, from the image's 784 to the code.
        seed: for the starting weights.

    Raises: TypeError, ValueError, as in `make_machines`.

    Source: Glorot & Bengio 2010, 'Understanding the Difficulty of Training Deep Feedforward Neural
        Networks', times four for the sigmoid.
    """
    sizes = check_stack_sizes(sizes)
    with seeded(seed):
        up, down = ([_linear(*pair) for pair in pairwise(way)] for way in (sizes, sizes[::-1]))
    *encoder, _ = (module for linear in up for module in (linear, nn.Sigmoid()))
    decoder = (module for linear in down for module in (linear, nn.Sigmoid()))
    return Autoencoder(
        nn.Sequential(nn.Flatten(), *encoder),
        nn.Sequential(*decoder, nn.Unflatten(1, IMAGE_SHAPE)),
        sizes[-1],
        {"builder": "machine_stack.sigmoid_autoencoder", "sizes": sizes},
    )


@torch.no_grad()
def unroll(machines: Machines) -> Autoencoder:
    """The deep autoencoder that starts where the machines are; it holds copies of their weights.

    Its first pass is that of the machines, upwards and downwards, with means in place of draws.

    Args:
        machines: as `make_machines` gives them, the last one with a code of real numbers.
    """
    sizes = [machines[0].n_visible, *(machine.latent_dim for machine in machines)]
    model = sigmoid_autoencoder(sizes).to(machines[0].weight)
    encoder, decoder = (
        [layer for layer in part.modules() if isinstance(layer, nn.Linear)]
        for part in (model.encoder, model.decoder)
    )
    for machine, up, down in zip(machines, encoder, reversed(decoder), strict=True):
        up.weight.copy_(machine.weight)
        up.bias.copy_(machine.hidden_bias)
        down.weight.copy_(machine.weight.T)
        down.bias.copy_(machine.visible_bias)
    return model


def _linear(fan_in: int, fan_out: int) -> nn.Linear:
    layer = nn.Linear(fan_in, fan_out)
    nn.init.xavier_uniform_(layer.weight, GAIN)
    nn.init.zeros_(layer.bias)
    return layer
