"""A training as it went: one autoencoder at several moments."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from ae_utils.layers import builder
from ae_utils.models import dense_autoencoder


class Recording(nn.Module):
    """The autoencoder of a training at several moments.

    Args:
        models: the autoencoder at each moment.
        steps: how many steps had been taken then.
        recipe: the builder's name and arguments.

    Attributes:
        moments: the same models, by the steps that had been taken.
    """

    def __init__(
        self, models: Sequence[nn.Module], steps: Sequence[int], recipe: dict[str, Any]
    ) -> None:
        super().__init__()
        self.models = nn.ModuleList(models)
        self.moments = dict(zip(steps, self.models, strict=True))
        self.recipe = recipe


@builder
def recording(
    steps: Sequence[int], latent_dim: int = 2, widths: Sequence[int] = (24,)
) -> Recording:
    """A recording to be filled: untrained networks, one for each of the moments.

    Args:
        steps: how many steps have been taken at each moment.
        latent_dim, widths: as in `dense_autoencoder`.
    """
    recipe = {"builder": "recording.recording", "steps": list(steps), "latent_dim": latent_dim}
    models = [dense_autoencoder(latent_dim, widths=widths) for _ in steps]
    return Recording(models, steps, recipe | {"widths": list(widths)})
