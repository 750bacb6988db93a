"""The autoencoder for codes of tens of numbers: wide, with a residual block in the decoder."""

from torch import Tensor, nn

from ae_utils.images import IMAGE_SHAPE, N_PIXELS
from ae_utils.layers import ACTIVATIONS, Standardize, scaled_linear, seeded
from ae_utils.models import Autoencoder, check_latent_dim, start_at

GAIN = ACTIVATIONS["silu"][1]


class ResidualBlock(nn.Module):
    """Adds to its input (N, width) a small correction computed from it; keeps the shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.correction = nn.Sequential(
            nn.LayerNorm(width), scaled_linear(width, width, GAIN),
            nn.SiLU(), scaled_linear(width, width, 0.3),
        )  # fmt: skip

    def forward(self, h: Tensor) -> Tensor:
        """Hand on `h` (N, width) with its correction."""
        return h + self.correction(h)


def residual_autoencoder(
    latent_dim: int = 30, *, mean_image: Tensor | None = None, seed: int = 0
) -> Autoencoder:
    """A wide encoder and a deeper decoder with a residual block, for codes of tens of numbers.

    Args:
        latent_dim: numbers in a code, at least 1.
        mean_image: (1, 28, 28) in 0..1, what the untrained decoder starts at; mid-grey if left out.
        seed: for the starting weights.

    Returns:
        A model with a sigmoid at the end: outputs lie in 0..1.

    Raises:
        TypeError, ValueError: if `latent_dim` or `mean_image` is not what it should be.

    Source: own design; the block is that of He et al. 2016, 'Identity Mappings in Deep Residual
        Networks', with the normalization of Ba et al. 2016, 'Layer Normalization'.
    """
    latent_dim = check_latent_dim(latent_dim)
    with seeded(seed):
        encoder = nn.Sequential(
            Standardize(), nn.Flatten(),
            scaled_linear(N_PIXELS, 1024, 1.0), nn.SiLU(), scaled_linear(1024, latent_dim, GAIN),
        )  # fmt: skip
        last = scaled_linear(512, N_PIXELS, 0.5)
        decoder = nn.Sequential(
            scaled_linear(latent_dim, 512, 1.0), ResidualBlock(512), nn.SiLU(),
            last, nn.Sigmoid(), nn.Unflatten(1, IMAGE_SHAPE),
        )  # fmt: skip
    if mean_image is not None:
        start_at(mean_image, last)
    return Autoencoder(encoder, decoder, latent_dim)
