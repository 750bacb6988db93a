"""The restricted Boltzmann machine: two layers of black and white units, and an energy.

A machine does not compress; it gives every picture v, with every state h of its hidden units, the
probability exp(-energy(v, h)) / Z. Likely pictures have a low energy. Pictures are rows of pixels
here, v (N, n_visible), of the values 0 and 1; `encode` and `decode` take images as other models do.

Source: Smolensky 1986, who called it harmonium; Hinton 2002.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ae_utils.checks import check_whole
from ae_utils.images import IMAGE_SHAPE, N_PIXELS, check_images
from ae_utils.layers import builder, seeded
from ae_utils.models import check_points
from ae_utils.variational import draw_binary

WEIGHT_SD = 0.01  # of the starting weights


class BoltzmannMachine(nn.Module):
    """Visible and hidden units, every visible one joined to every hidden one and to no other.

    Given one layer, the units of the other are independent: that is what 'restricted' buys.

    Args:
        n_visible: pixels of a picture.
        n_hidden: hidden units; the series' other models call it `latent_dim`, and so may you.
        recipe: the builder's name and arguments.
    """

    def __init__(self, n_visible: int, n_hidden: int, recipe: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.n_visible = check_whole(n_visible, "n_visible", 1)
        self.latent_dim = check_whole(n_hidden, "n_hidden", 1)
        self.recipe = recipe
        self.weight = nn.Parameter(torch.zeros(self.latent_dim, self.n_visible))
        self.visible_bias = nn.Parameter(torch.zeros(self.n_visible))
        self.hidden_bias = nn.Parameter(torch.zeros(self.latent_dim))

    def extra_repr(self) -> str:
        """What `print` tells of the machine."""
        return f"n_visible={self.n_visible}, n_hidden={self.latent_dim}"

    # Energies: what a picture is worth.

    def energy(self, v: Tensor, h: Tensor) -> Tensor:
        """The energy (N,) of pictures (N, n_visible) with hidden units (N, n_hidden).

        Source: Smolensky 1986.
        """
        joined = ((h @ self.weight) * v).sum(-1)
        return -joined - v @ self.visible_bias - h @ self.hidden_bias

    def free_energy(self, v: Tensor) -> Tensor:
        """-log of the sum of exp(-energy) over all hidden states: (N,), from (N, n_visible).

        It is minus the log-likelihood but for one number, log Z, which is the same for every v.
        """
        return -(v @ self.visible_bias) - F.softplus(self.hidden_input(v)).sum(-1)

    def hidden_input(self, v: Tensor) -> Tensor:
        """What arrives at the hidden units, (N, n_hidden), from pictures (N, n_visible)."""
        return F.linear(v, self.weight, self.hidden_bias)

    # Conditionals: one layer given the other.

    def hidden_mean(self, v: Tensor) -> Tensor:
        """p(h = 1 | v): (N, n_hidden), from pictures (N, n_visible) of numbers in 0..1."""
        return self.hidden_input(v).sigmoid()

    def visible_mean(self, h: Tensor) -> Tensor:
        """p(v = 1 | h): (N, n_visible), from hidden units (N, n_hidden)."""
        return (h @ self.weight + self.visible_bias).sigmoid()

    def draw_hidden(self, v: Tensor, generator: torch.Generator) -> Tensor:
        """Hidden units (N, n_hidden) drawn from p(h | v); the generator is of the CPU."""
        return draw_binary(self.hidden_mean(v), generator)

    # Chains: pictures that the machine makes of others.

    @torch.no_grad()
    def gibbs_step(self, v: Tensor, generator: torch.Generator) -> Tensor:
        """One step of a chain: hidden units drawn given v, then pictures given these."""
        return draw_binary(self.visible_mean(self.draw_hidden(v, generator)), generator)

    def run_chains(self, v: Tensor, n_steps: int, generator: torch.Generator) -> Tensor:
        """Where chains that start at pictures (N, n_visible) are after so many steps, alike.

        After enough steps it no longer matters where they started.

        Raises: TypeError, ValueError, for another `n_steps` than a whole number from 0 on.
        """
        for _ in range(check_whole(n_steps, "n_steps", 0)):
            v = self.gibbs_step(v, generator)
        return v

    def draw_noise(self, n: int, generator: torch.Generator) -> Tensor:
        """Pictures (n, n_visible) to start chains at that know nothing: each pixel tossed."""
        chances = torch.full_like(self.visible_bias, 0.5).expand(check_whole(n, "n", 1), -1)
        return draw_binary(chances, generator)

    # As the other models of the series, on images.

    def encode(self, x: Tensor) -> Tensor:
        """The probabilities of the hidden units, (N, n_hidden), for images (N, 1, 28, 28).

        Raises: TypeError, ValueError, as in `check_images`.
        """
        return self.hidden_mean(check_images(x).flatten(1))

    def decode(self, h: Tensor | Sequence[Any]) -> Tensor:
        """The probabilities of 784 pixels, (N, 1, 28, 28), for hidden units (N, n_hidden).

        Raises: ValueError, as in `check_points`.
        """
        h = check_points(h, self.latent_dim, self.weight)
        return self.visible_mean(h).unflatten(1, IMAGE_SHAPE)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct images with probabilities in place of draws, as in a mean field."""
        return self.decode(self.encode(x))


@builder
def boltzmann_machine(
    n_hidden: int = 500,
    *,
    n_visible: int = N_PIXELS,
    mean_image: Tensor | None = None,
    seed: int = 0,
) -> BoltzmannMachine:
    """A machine with small weights, whose pixels are nearly independent of one another.

    Args:
        n_hidden: hidden units, at least 1.
        n_visible: pixels, at least 1.
        mean_image: (1, 28, 28) in 0..1, the pixels' chances of white at the start; a half if left
            out.
        seed: for the starting weights.

    Raises:
        TypeError, ValueError: if an argument is not what it should be.
    """
    machine = BoltzmannMachine(n_visible, n_hidden)
    n_visible, n_hidden = machine.n_visible, machine.latent_dim
    recipe = {"builder": "boltzmann.boltzmann_machine"}
    machine.recipe = recipe | {"n_hidden": n_hidden, "n_visible": n_visible}
    with seeded(seed):
        nn.init.normal_(machine.weight, std=WEIGHT_SD)
    if mean_image is not None:
        chances = check_images(mean_image, "mean_image", n_axes=3).flatten()
        if n_visible != N_PIXELS:
            raise ValueError(
                f"mean_image: it has {N_PIXELS} pixels, the machine {n_visible}. Leave it out."
            )
        with torch.no_grad():
            machine.visible_bias.copy_(base_rate_bias(chances))
    return machine


def base_rate_bias(chances: Tensor) -> Tensor:
    """The biases (n_visible,) that make pixels white with these chances, without any weights.

    Raises: ValueError, for chances outside 0..1.
    """
    low, high = chances.aminmax()
    if not (low >= 0 and high <= 1):
        raise ValueError(f"chances: they run from {low:g} to {high:g}. Pass numbers in 0..1.")
    return chances.clamp(1e-3, 1 - 1e-3).logit()


@dataclass
class ContrastiveDivergence:
    """A loss for `fit` with the gradient that trains a machine: data minus model.

    The gradient of the likelihood lowers the free energy of data, and raises it where the machine
    itself would go. There its chains lead: `k` steps away from the data of the batch, or, if they
    are persistent, `k` steps from where they were after the last batch. What the loss's value says
    is little: not its level, but its difference between training and other images tells of
    overfitting.

    It draws random numbers: in training from a generator that goes on from batch to batch, so make
    a new one for every training; in evaluation the same ones for every batch.

    Attributes:
        k: steps of a chain for each batch, at least 1.
        persistent: whether chains go on from batch to batch; the first batch starts them.
        binary: whether the pixels of data and chains are drawn, anew each time; otherwise grey
            levels and probabilities stand for them.
        seed: for these draws and the hidden units'.
        chains: where persistent ones are, (batch_size, n_visible); None before the first batch.

    Source: Hinton 2002, 'Training Products of Experts by Minimizing Contrastive Divergence';
        persistent: Tieleman 2008, 'Training Restricted Boltzmann Machines using Approximations to
        the Likelihood Gradient'.
    """

    k: int = 1
    persistent: bool = False
    binary: bool = True
    seed: int = 0
    chains: Tensor | None = field(init=False, default=None, repr=False)
    _generator: torch.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.k, self.seed = check_whole(self.k, "k", 1), check_whole(self.seed, "seed", 0)
        self._generator = self._start()

    def __call__(self, model: BoltzmannMachine, x: Tensor, labels: Any = None) -> Tensor:
        """The loss of images (N, 1, 28, 28) or units (N, n_visible) in 0..1; no labels needed."""
        generator = self._generator if model.training else self._start()
        data = x.flatten(1)
        if self.binary:
            data = draw_binary(data, generator)
        made = self._run(model, data, generator)
        return model.free_energy(data).mean() - model.free_energy(made).mean()

    @torch.no_grad()
    def _run(self, model: BoltzmannMachine, data: Tensor, generator: torch.Generator) -> Tensor:
        """Where the chains lead, (N, n_visible): no gradient passes through them."""
        if self.chains is not None and not model.training:
            return self.chains
        v = data if self.chains is None else self.chains
        for _ in range(self.k):
            v = model.visible_mean(model.draw_hidden(v, generator))
            if self.binary:
                v = draw_binary(v, generator)
        if self.persistent and model.training:
            self.chains = v
        return v

    def _start(self) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed)
