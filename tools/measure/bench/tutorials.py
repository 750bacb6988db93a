"""MNIST as tutorials load it: single images, each transformed when it is drawn.

It stands apart from the loops, so that what works without torchvision need not load it, and so that
a loader's worker processes can find it.
"""

from torchvision.datasets import MNIST  # type: ignore[import-untyped]
from torchvision.transforms import ToTensor  # type: ignore[import-untyped]

from ae_utils.data import DataSet


class LoadedMNIST(MNIST):
    """torchvision's data set, given the images instead of finding them on disk."""

    def __init__(self, digits: DataSet) -> None:
        self.data, self.targets = digits.train_images.squeeze(1), digits.train_labels
        self.transform, self.target_transform = ToTensor(), None
