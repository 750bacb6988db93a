"""Figures of merit: how far images are from one another, how well codes tell the digits apart."""

import torch
from torch import Tensor
from torch.nn import functional as F

from ae_utils.checks import as_array, check_labels, check_whole
from ae_utils.images import to_float


def reconstruction_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean squared error a pixel, the loss of the series: a scalar, 0 for a perfect copy.

    Times 784 it is the squared error an image.

    Args:
        x_hat, x: reconstructions and originals, of one shape, usually (N, 1, 28, 28).

    Raises:
        TypeError: if one is not floating point (stored images, 0..255, against 0..1, say).
        ValueError: if the shapes differ (PyTorch would broadcast, and the figure would be wrong).
    """
    _check_pair(x_hat, x)
    return F.mse_loss(x_hat, x)


def image_errors(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean squared error a pixel, image by image: (N, ...) and (N, ...) -> (N,).

    Raises: TypeError, ValueError, as in `reconstruction_error`.
    """
    _check_pair(x_hat, x)
    return F.mse_loss(x_hat, x, reduction="none").flatten(1).mean(1)


@torch.no_grad()
def nearest_images(x: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
    """The stored image most like each of some others, by squared error.

    Args:
        x: (M, 1, 28, 28), uint8, or floating point in 0..1.
        images: uint8 (N, 1, 28, 28), N at least 1; searched a batch at a time.

    Returns:
        For each of the M: the mean squared error a pixel to the nearest one, and its number, int64.
    """
    x, size, best = to_float(x).to(images.device, torch.float32), 2_000, []
    for part in images.split(size):
        distances = torch.cdist(x.flatten(1), to_float(part).flatten(1))  # (M, 2000)
        best.append(distances.square().div(x[0].numel()).min(1))
    errors, batch = torch.stack([each.values for each in best]).min(0)
    within = torch.stack([each.indices for each in best]).gather(0, batch[None])[0]
    return errors, size * batch + within


def knn_labels(codes: Tensor, known: Tensor, known_labels: Tensor, k: int = 5) -> Tensor:
    """Label codes (M, latent_dim) by a vote of the `k` nearest known ones: int64 (M,).

    Args:
        known, known_labels: (N, latent_dim) and int64 (N,), N at least `k`.
        k: how many vote; of labels with equal votes the smallest wins.

    Source: Cover & Hart 1967, 'Nearest Neighbor Pattern Classification'.
    """
    from sklearn.neighbors import KNeighborsClassifier  # type: ignore[import-untyped]

    labels = check_labels(known_labels, "known_labels", len(known)).cpu()
    voters = KNeighborsClassifier(check_whole(k, "k", 1, len(known)))
    voters.fit(as_array(known), labels.numpy())
    return torch.from_numpy(voters.predict(as_array(codes)))


def confusion_table(labels: Tensor, named: Tensor) -> Tensor:
    """How often images of each class are given each name.

    Args:
        labels, named: the true classes and those they were taken for, int64 (N,), from 0 on.

    Returns:
        (K, K), where K is one more than the largest number that occurs: row i, column j is the
        share of class i that was named j, so a row sums to 1 (to 0 for a class without images), and
        the diagonal is the accuracy by class.
    """
    labels = check_labels(labels)
    named = check_labels(named, "named", len(labels))
    n_classes = int(torch.cat((labels, named)).max()) + 1
    pairs = torch.bincount(labels * n_classes + named, minlength=n_classes**2)
    counts = pairs.reshape(n_classes, n_classes).float()
    return counts / counts.sum(1, keepdim=True).clamp(min=1)


def silhouette_by_class(codes: Tensor, labels: Tensor) -> Tensor:
    """How far each class keeps to itself in latent space: the mean (n_classes,) over its codes.

    A code's silhouette is (b - a) / max(a, b), where a is its mean distance to its own class and b
    that to the nearest other class: near 1 apart, near 0 at a border, below 0 among others.

    Args:
        codes: (N, latent_dim); time grows with the square of N, so a few thousand at most.
        labels: int64 (N,), each class at least twice.

    Source: Rousseeuw 1987, 'Silhouettes'.
    """
    from sklearn.metrics import silhouette_samples  # type: ignore[import-untyped]

    labels = check_labels(labels, n=len(codes)).cpu()
    values = torch.from_numpy(silhouette_samples(as_array(codes), labels.numpy()))
    return torch.stack([values[labels == label].mean() for label in labels.unique()]).float()


def _check_pair(x_hat: Tensor, x: Tensor) -> None:
    for name, images in (("reconstructions", x_hat), ("originals", x)):
        if not images.is_floating_point():
            raise TypeError(
                f"{name}: got {images.dtype}.\n"
                "Pass floating point in 0..1; `to_float` converts stored images, uint8."
            )
    if x_hat.shape != x.shape:
        raise ValueError(
            f"reconstructions {tuple(x_hat.shape)} and originals {tuple(x.shape)} differ in shape."
            "\nPass as many of each, in one layout: each pixel must meet its own reconstruction."
        )
