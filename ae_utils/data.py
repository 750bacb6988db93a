"""The digit images of the series: verified MNIST, or small embedded digits without a network."""

import os
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ae_utils.images import IMAGE_SHAPE
from ae_utils.mnist_files import DataError, find_or_fetch_mnist

__all__ = ["DataError", "DataSet", "load_digits"]

NAMES = ("auto", "mnist", "digits")
NOTICE = (
    "NOTE: these are scikit-learn's 1,797 embedded digits, not MNIST. Everything runs on them, but "
    "figures and pictures differ from the text's."
)
SIDE = IMAGE_SHAPE[-1]  # pixels
BOX = 20  # pixels of the square that a digit is scaled to fit, as in MNIST
CENTRE = 14.0  # row and column of a digit's centre of mass, measured on MNIST

# The grey levels, of 1, that become black and white in the embedded digits: own choice. It gives
# the enlarged strokes the sharp edges, the mean and the standard deviation of MNIST's.
BLACK, WHITE = 0.35, 0.85


@dataclass(frozen=True, eq=False, repr=False)
class DataSet:
    """Images of handwritten digits, white (255) on black (0), with their labels."""

    train_images: Tensor  # uint8 (N, 1, 28, 28)
    train_labels: Tensor  # int64 (N,), 0..9
    test_images: Tensor  # uint8 (M, 1, 28, 28)
    test_labels: Tensor  # int64 (M,), 0..9
    name: str  # 'mnist' or 'digits'

    @property
    def size(self) -> tuple[int, int]:
        """The numbers of training and of test images."""
        return len(self.train_images), len(self.test_images)

    def __repr__(self) -> str:
        train, test = self.size
        title = {"mnist": "MNIST", "digits": "Embedded digits"}.get(self.name, self.name)
        return f"{title}: {train:,} training and {test:,} test images, {SIDE} x {SIDE}"


def load_digits(name: str | None = None, data_dir: str | Path | None = None) -> DataSet:
    """Load the images of the series.

    Args:
        name: 'mnist', 'digits' (scikit-learn's, embedded), or 'auto': MNIST from disk or else
            from the network, or else the embedded digits with a printed notice. By default the
            environment variable AE_DATA, or 'auto'.
        data_dir: a torchvision root, with MNIST in `MNIST/raw/`. By default the environment
            variable AE_DATA_DIR, or the user's cache folder.

    Raises:
        ValueError: an unknown name.
        DataError: 'mnist' was asked for and cannot be had.
    """
    name = name or os.environ.get("AE_DATA") or "auto"
    if name not in NAMES:
        raise ValueError(f"unknown data set {name!r}: choose one of {', '.join(map(repr, NAMES))}")
    try:
        if name != "digits":
            return read_mnist(find_or_fetch_mnist(data_dir))
    except DataError as error:
        if name == "mnist":
            raise
        print(textwrap.fill(f"{NOTICE} {error}", 100, break_long_words=False))
    return make_embedded_digits()


def read_mnist(raw: Path) -> DataSet:
    """Read the four unpacked and verified files of MNIST from a folder."""

    def images(part: str) -> Tensor:  # 16 bytes of header, then a byte a pixel
        data = np.fromfile(raw / f"{part}-images-idx3-ubyte", np.uint8, offset=16)
        return torch.from_numpy(data).view(-1, *IMAGE_SHAPE)

    def labels(part: str) -> Tensor:  # 8 bytes of header, then a byte a label
        data = np.fromfile(raw / f"{part}-labels-idx1-ubyte", np.uint8, offset=8)
        return torch.from_numpy(data).long()

    return DataSet(images("train"), labels("train"), images("t10k"), labels("t10k"), name="mnist")


def make_embedded_digits() -> DataSet:
    """Make MNIST-like images of scikit-learn's 8 x 8 digits, split 3 to 1, the same every time.

    Source: Alpaydin & Kaynak 1998, 'Optical Recognition of Handwritten Digits'; the enlargement is
        our own.
    """
    from sklearn import datasets, model_selection  # type: ignore[import-untyped]

    bunch = datasets.load_digits()
    labels = torch.from_numpy(bunch.target).long()
    images = centre_digits(enlarge_digits(torch.from_numpy(bunch.images).float() / 16))
    train, test = model_selection.train_test_split(
        torch.arange(len(labels)), test_size=0.25, random_state=0, stratify=labels
    )
    return DataSet(images[train], labels[train], images[test], labels[test], name="digits")


def enlarge_digits(small: Tensor) -> Tensor:
    """Enlarge digits smoothly and sharpen their edges: float32 (N, 8, 8) -> (N, 20, 20), 0..1."""
    large = F.interpolate(small.unsqueeze(1), size=(BOX, BOX), mode="bicubic").squeeze(1)
    return ((large - BLACK) / (WHITE - BLACK)).clamp(0, 1)


def centre_digits(digits: Tensor) -> Tensor:
    """Place digits with their centre of mass where MNIST's is, on black images.

    From float32 (N, 20, 20), 0..1, to uint8 (N, 1, 28, 28), 0..255.
    """
    positions = torch.arange(BOX, dtype=digits.dtype)
    sums = torch.stack((digits.sum(2), digits.sum(1)), 1)  # of the rows, of the columns
    centres = sums @ positions / digits.sum((1, 2))[:, None]  # (N, 2)
    corners = (CENTRE - centres).round().clamp(0, SIDE - BOX).int()
    images = torch.zeros(len(digits), 1, SIDE, SIDE, dtype=torch.uint8)
    for image, digit, (top, left) in zip(images, digits, corners.tolist(), strict=True):
        image[0, top : top + BOX, left : left + BOX] = (digit * 255).round()
    return images
