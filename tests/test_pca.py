"""PCA as an autoencoder: scikit-learn's PCA is the oracle."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from ae_utils.data import load_digits
from ae_utils.images import to_float
from ae_utils.losses import evaluate
from ae_utils.pca import pca_autoencoder


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    """All embedded training digits, uint8 (N, 1, 28, 28)."""
    return load_digits("digits").train_images


@pytest.mark.parametrize("latent_dim", [1, 2, 10])
def test_codes_and_images_are_those_of_scikit_learn(images: torch.Tensor, latent_dim: int) -> None:
    model, x = pca_autoencoder(images, latent_dim), to_float(images)
    flat = x.flatten(1).double().numpy()
    oracle = PCA(latent_dim, svd_solver="covariance_eigh").fit(flat)
    codes = oracle.transform(flat)
    with torch.no_grad():
        np.testing.assert_allclose(model.encode(x).numpy(), codes, atol=1e-3)
        x_hat = model.decode(torch.from_numpy(codes)).flatten(1).numpy()
    np.testing.assert_allclose(x_hat, oracle.inverse_transform(codes), atol=1e-4)


def test_more_numbers_leave_less_error_and_all_of_them_none(images: torch.Tensor) -> None:
    errors = [evaluate(pca_autoencoder(images, size), images) for size in (1, 2, 30, 784)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 1e-9


def test_directions_are_perpendicular_and_signed(images: torch.Tensor) -> None:
    directions = pca_autoencoder(images, 8).decoder[0].weight.detach().T  # (8, 784)
    torch.testing.assert_close(directions @ directions.T, torch.eye(8), atol=1e-5, rtol=0)
    assert (directions.gather(1, directions.abs().argmax(1, keepdim=True)) > 0).all()
