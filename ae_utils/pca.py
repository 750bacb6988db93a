"""Principal component analysis, as the linear autoencoder that it is."""

import torch
from torch import Tensor, nn

from ae_utils.device import ordinary_arithmetic
from ae_utils.images import N_PIXELS, mean_image, to_float
from ae_utils.models import Autoencoder, linear_autoencoder


@ordinary_arithmetic()
def pca_autoencoder(images: Tensor, latent_dim: int = 2) -> Autoencoder:
    """The linear model with the lowest squared error on `images`; nothing is left to train.

    A code holds an image's position along the directions in which the images vary most, the
    widest first. Each direction points to where its largest weight is positive.

    Args:
        images: what it is fitted to, uint8 (N, 1, 28, 28), more than `latent_dim` of them.
        latent_dim: numbers in a code, 1 to 784.

    Raises: TypeError, ValueError, as in `check_latent_dim`.

    Source: Pearson 1901, 'On Lines and Planes of Closest Fit to Systems of Points in Space'.
    """
    mean = mean_image(images)
    model = linear_autoencoder(latent_dim, mean_image=mean)
    covariance = torch.zeros(N_PIXELS, N_PIXELS)
    for batch in images.split(2_000):
        centred = (to_float(batch) - mean).flatten(1)  # (2000, 784)
        covariance += centred.T @ centred
    eigenvectors = torch.linalg.eigh(covariance.double()).eigenvectors.float()  # widest last
    directions = eigenvectors.T.flip(0)[:latent_dim]  # (latent_dim, 784)
    directions *= directions.gather(1, directions.abs().argmax(1, keepdim=True)).sign()
    down, up = (layer for layer in model.modules() if isinstance(layer, nn.Linear))
    with torch.no_grad():
        down.weight.copy_(directions)
        down.bias.copy_(-directions @ mean.flatten())  # the mean has code 0
        up.weight.copy_(directions.T)
    return model
