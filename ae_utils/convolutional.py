"""The convolutional autoencoder of Foster's book, which many tutorials on the web train as well."""

import torch
from torch import nn

from ae_utils.layers import builder, seeded, set_bias
from ae_utils.models import Autoencoder, check_latent_dim


@builder
def convolutional_autoencoder(latent_dim: int = 2, *, seed: int = 0) -> Autoencoder:
    """Four convolutions down, four transposed ones up: 200,963 parameters at latent_dim 2.

    Leaky ReLU stands between them, and a sigmoid at the end: outputs lie in 0..1.

    Args:
        latent_dim: numbers in a code, 1 to 784.
        seed: for the starting weights.

    Raises: TypeError, ValueError, as in `check_latent_dim`.

    Source: Foster 2019, 'Generative Deep Learning', chapter 3; starting weights as in
        Glorot & Bengio 2010, biases 0.
    """
    latent_dim = check_latent_dim(latent_dim)
    with seeded(seed):
        encoder = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=1, padding=1),  # (N, 32, 28, 28)
            nn.LeakyReLU(0.3),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),  # (N, 64, 14, 14)
            nn.LeakyReLU(0.3),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),  # (N, 64, 7, 7)
            nn.LeakyReLU(0.3),
            nn.Conv2d(64, 64, 3, stride=1, padding=1),  # (N, 64, 7, 7)
            nn.LeakyReLU(0.3),
            nn.Flatten(),  # (N, 3136)
            nn.Linear(3136, latent_dim),
        )
        decoder = nn.Sequential(
            nn.Linear(latent_dim, 3136),
            nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 64, 3, stride=1, padding=1),  # (N, 64, 7, 7)
            nn.LeakyReLU(0.3),
            nn.ConvTranspose2d(64, 64, 3, stride=2, padding=1, output_padding=1),  # (N, 64, 14, 14)
            nn.LeakyReLU(0.3),
            nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1),  # (N, 32, 28, 28)
            nn.LeakyReLU(0.3),
            nn.ConvTranspose2d(32, 1, 3, stride=1, padding=1),  # (N, 1, 28, 28)
            nn.Sigmoid(),
        )
        for layer in [*encoder, *decoder]:
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                nn.init.xavier_uniform_(layer.weight)
                set_bias(layer, torch.zeros(()))
    recipe = {"builder": "convolutional.convolutional_autoencoder", "latent_dim": latent_dim}
    return Autoencoder(encoder, decoder, latent_dim, recipe)
