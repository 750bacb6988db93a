"""Figures of merit: how far a reconstruction is from its original."""

from torch import Tensor


def reconstruction_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean squared error a pixel, the loss of the series.

    Args:
        x_hat: reconstructions, any shape, usually (N, 1, 28, 28).
        x: originals, the same shape.

    Returns:
        A scalar tensor, 0 for a perfect copy. Times 784 it is the squared error an image.

    Raises:
        TypeError: if one is not floating point (stored images, 0..255, against 0..1, say).
        ValueError: if the shapes differ (PyTorch would broadcast, and the figure would be wrong).
    """
    return pixel_errors(x_hat, x).mean()


def image_errors(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean squared error a pixel, image by image: (N, ...) and (N, ...) -> (N,).

    Raises:
        TypeError: if one is not floating point.
        ValueError: if the shapes differ.
    """
    return pixel_errors(x_hat, x).flatten(1).mean(1)


def pixel_errors(x_hat: Tensor, x: Tensor) -> Tensor:
    """Squared error of every pixel, in the shape of `x`.

    Raises:
        TypeError: if one is not floating point.
        ValueError: if the shapes differ.
    """
    for name, images in (("reconstructions", x_hat), ("originals", x)):
        if not images.is_floating_point():
            raise TypeError(
                f"{name}: got {images.dtype}.\nPass floating point in 0..1 (`to_float`)."
            )
    if x_hat.shape != x.shape:
        raise ValueError(
            f"reconstructions {tuple(x_hat.shape)} and originals {tuple(x.shape)} differ in shape."
            "\nReshape one of them, so that each pixel meets its own reconstruction."
        )
    return (x_hat - x).square()
