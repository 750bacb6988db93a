"""Notebook 1: what its text quotes, and the story that its figures must tell."""

import pytest

QUOTATIONS = [
    (r"From (\S+) down to 0", lambda f: f["test error, average image"]),
    (r"down to (\S+): two numbers", lambda f: f["test error, PCA"]),
    (
        r"explain (\d+) % of the error",
        lambda f: 100 * (1 - f["test error, PCA"] / f["test error, average image"]),
    ),
    (r"PCA stands at (\d\.\d+)\.", lambda f: f["test error, PCA"]),
    (r"The test error is (\S+), ", lambda f: f["test error, deep autoencoder"]),
    (
        r"(\d+) % below PCA's",
        lambda f: 100 * (1 - f["test error, deep autoencoder"] / f["test error, PCA"]),
    ),
    (r"PNG needs (\d+) bytes", lambda f: f["bytes of a PNG"]),
    (r"(\S+) megabytes", lambda f: f["bytes of the decoder"] / 1e6),
    (r"until there are about (\S+) images", lambda f: f["images that repay the decoder"]),
    (r"PCA's error, (\d\.\d+)\.", lambda f: f["test error, PCA"]),
    (r"non-linear layers it came to (\d\.\d+)\.", lambda f: f["test error, deep autoencoder"]),
    (r"(\S+) on training images,", lambda f: f["training error, deep autoencoder"]),
    (r"training images, (\S+) on test", lambda f: f["test error, deep autoencoder"]),
]


def check(figures: dict[str, float], is_mnist: bool) -> None:
    """Hold notebook 1 to its story: deep beats PCA, and linear equals it."""
    pca, deep = figures["test error, PCA"], figures["test error, deep autoencoder"]
    assert pca < figures["test error, average image"]
    assert deep < pca
    if is_mnist:
        assert figures["test error, linear autoencoder"] == pytest.approx(pca, rel=0.02)
        assert deep <= 0.7 * pca
        assert deep <= 0.0355
