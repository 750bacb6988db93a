"""The digits that come with scikit-learn, made to look like MNIST's: for want of a network."""

import torch
from torch import Tensor
from torch.nn import functional as F

from ae_utils.images import BOX, centre_digits

# The grey levels, of 1, that become black and white in the embedded digits: own choice. It gives
# the enlarged strokes the sharp edges, the mean and the standard deviation of MNIST's.
BLACK, WHITE = 0.35, 0.85


def make_embedded_digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Make MNIST-like images of scikit-learn's 8 x 8 digits, split 3 to 1, the same every time.

    Returns:
        Images to train on, uint8 (1347, 1, 28, 28), their labels, int64 (1347,), 0..9; and 450 to
        test on, with theirs.

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
    return images[train], labels[train], images[test], labels[test]


def enlarge_digits(small: Tensor) -> Tensor:
    """Enlarge digits smoothly and sharpen their edges: float32 (N, 8, 8) -> (N, 20, 20), 0..1."""
    large = F.interpolate(small.unsqueeze(1), size=(BOX, BOX), mode="bicubic").squeeze(1)
    return ((large - BLACK) / (WHITE - BLACK)).clamp(0, 1)
