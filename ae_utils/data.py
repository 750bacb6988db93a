"""The images of the series: MNIST's digits, small embedded ones without a network, or others."""

import os
import textwrap
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ae_utils.data_files import SOURCES, Bytes, Source
from ae_utils.downloads import DataError, find_or_fetch
from ae_utils.embedded import make_embedded_digits
from ae_utils.images import IMAGE_SHAPE

__all__ = ["DataError", "DataSet", "load_data", "load_digits"]

DIGITS = ("auto", "mnist", "digits")
NAMES = (*DIGITS, *(name for name in SOURCES if name not in DIGITS))
NOTICE = (
    "NOTE: these are scikit-learn's 1,797 embedded digits, not MNIST. Everything runs on them, but "
    "figures and pictures differ from the text's."
)


@dataclass(frozen=True, eq=False, repr=False)
class DataSet:
    """Images, light (255) on black (0), with their labels."""

    train_images: Tensor  # uint8 (N, 1, 28, 28)
    train_labels: Tensor  # int64 (N,), from 0 on
    test_images: Tensor  # uint8 (M, 1, 28, 28)
    test_labels: Tensor  # int64 (M,), from 0 on
    name: str  # 'mnist', 'digits', 'fashion', 'kmnist' or 'letters'
    title: str  # the name, as people write it
    label_names: tuple[str, ...]  # what each label stands for

    @property
    def size(self) -> tuple[int, int]:
        """The numbers of training and of test images."""
        return len(self.train_images), len(self.test_images)

    def __repr__(self) -> str:
        train, test = self.size
        return f"{self.title}: {train:,} training and {test:,} test images, 28 x 28"


def load_digits(name: str | None = None, data_dir: str | Path | None = None) -> DataSet:
    """Load handwritten digits: the images of the series.

    Args:
        name: 'mnist', 'digits' (scikit-learn's, embedded), or 'auto': MNIST from disk or else
            from the network, or else the embedded digits with a printed notice. By default the
            environment variable AE_DATA, or 'auto'; what else it names is not used, a line says.
        data_dir: a torchvision root, with MNIST in `MNIST/raw/`. By default the environment
            variable AE_DATA_DIR, or the user's cache folder.

    Raises:
        ValueError: an unknown name.
        DataError: 'mnist' was asked for and cannot be had.
    """
    chosen = os.environ.get("AE_DATA")
    if name is None and chosen in NAMES and chosen not in DIGITS:
        print(f"AE_DATA={chosen} is not used here: this starts from what was trained on digits.")
        name = "auto"
    return _load(name, data_dir, DIGITS)


def load_data(name: str | None = None, data_dir: str | Path | None = None) -> DataSet:
    """Load any of the data sets: digits, or others in MNIST's form.

    Args:
        name: as in `load_digits`; or 'fashion' (clothes, Fashion-MNIST), 'kmnist' (Japanese
            characters, Kuzushiji-MNIST), 'letters' (EMNIST's, large and small as one).
        data_dir: as in `load_digits`; the others lie in `FashionMNIST/raw/`, `KMNIST/raw/` and
            `EMNIST/raw/`.

    Raises:
        ValueError: an unknown name.
        DataError: the data set, unless it is 'auto' or 'digits', cannot be had.

    Source: Xiao et al. 2017, 'Fashion-MNIST'; Clanuwat et al. 2018, 'Deep Learning for Classical
        Japanese Literature'; Cohen et al. 2017, 'EMNIST'.
    """
    return _load(name, data_dir, NAMES)


def _load(name: str | None, data_dir: str | Path | None, names: tuple[str, ...]) -> DataSet:
    name = name or os.environ.get("AE_DATA") or "auto"
    if name not in names:
        raise ValueError(f"unknown data set {name!r}: choose one of {', '.join(map(repr, names))}")
    if name != "digits":
        known = "mnist" if name == "auto" else name
        try:
            tensors = read_tensors(SOURCES[known], find_or_fetch(SOURCES[known], data_dir))
            return DataSet(*tensors, known, SOURCES[known].title, SOURCES[known].label_names)
        except DataError as error:
            if name != "auto":
                raise
            print(textwrap.fill(f"{NOTICE} {error}", 100, break_long_words=False))
    return DataSet(*make_embedded_digits(), "digits", "Embedded digits", tuple("0123456789"))


def read_tensors(source: Source, files: dict[str, Bytes]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The images and labels to train on, and those to test on, from a data set's four files.

    Raises:
        DataError: the files are not of one data set.
    """
    contents = [torch.from_numpy(files[name]) for name in source.names]
    train_images, test_images = (each[16:].view(-1, *IMAGE_SHAPE) for each in contents[::2])
    train_labels, test_labels = (each[8:].long() - source.first_label for each in contents[1::2])
    sizes = [len(train_images), len(train_labels), len(test_images), len(test_labels)]
    if sizes[0] != sizes[1] or sizes[2] != sizes[3] or sizes[0] <= sizes[2]:
        raise DataError(
            f"{source.title}: its four files do not belong together.\nCause: they hold "
            f"{sizes[0]} images with {sizes[1]} labels to train on, {sizes[2]} with {sizes[3]} to "
            f"test on.\nCure: move them out of {source.folder}/raw, and load again."
        )
    if source.is_transposed:
        train_images, test_images = train_images.mT.contiguous(), test_images.mT.contiguous()
    return train_images, train_labels, test_images, test_labels
