"""A small classifier that says which digit an image shows, and how sure it is.

The notebooks call it the judge: it stands in for a human eye where thousands of reconstructed or
decoded images are to be looked at. It was trained on real digits only, so it knows ten answers and
none of them is 'no digit': of an image unlike all digits it may still be sure.
"""

from typing import Any

from torch import Tensor, nn

from ae_utils.images import BATCH, check_images, map_batches
from ae_utils.layers import Standardize, builder, seeded


class DigitClassifier(nn.Module):
    """A convolutional classifier of digit images.

    Args:
        layers: maps images (N, 1, 28, 28) in 0..1 to logits (N, 10).
        recipe: the builder and its arguments, kept so that a checkpoint can rebuild the model.
    """

    def __init__(self, layers: nn.Module, recipe: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.layers = layers
        self.recipe = recipe

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, 10) of float32 images (N, 1, 28, 28) in 0..1."""
        if not self.training:  # in training `fit` has checked all images, once
            check_images(x)
        return self.layers(x)

    def label_and_confidence(
        self, images: Tensor, batch_size: int = BATCH
    ) -> tuple[Tensor, Tensor]:
        """Name the digit on each image (N, 1, 28, 28), uint8 or float32 in 0..1, N at least 1.

        Returns:
            The digits, int64 (N,), and the probability (N,) that the classifier gives to each: its
            confidence, from 0.1 to 1.

        Raises: TypeError, ValueError, as in `check_stored` and `check_images`.
        """
        logits = map_batches(lambda x: self.layers(check_images(x)), images, batch_size)
        confidence, labels = logits.softmax(1).max(1)
        return labels, confidence


@builder
def digit_classifier(*, seed: int = 0) -> DigitClassifier:
    """A classifier with fresh weights, which depend on `seed` alone.

    Source: two convolutions and two dense layers, after LeCun et al. 1998, 'Gradient-Based Learning
        Applied to Document Recognition'.
    """
    with seeded(seed):
        layers = nn.Sequential(
            Standardize(),
            nn.Conv2d(1, 16, 5, stride=2, padding=2),  # (N, 16, 14, 14)
            nn.SiLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),  # (N, 32, 7, 7)
            nn.SiLU(),
            nn.Flatten(),  # (N, 1568)
            nn.Linear(1568, 64),
            nn.SiLU(),
            nn.Linear(64, 10),
        )
    return DigitClassifier(layers, {"builder": "classifier.digit_classifier"})
