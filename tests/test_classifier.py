"""The classifier: its shapes, its confidence, and that it knows its digits."""

import pytest
import torch

from ae_utils.checkpoints import load_shipped
from ae_utils.classifier import DigitClassifier, digit_classifier
from ae_utils.data import DataSet, load_digits
from ae_utils.images import to_float
from tests.helpers import random_images

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def judge() -> DigitClassifier:
    """The classifier that comes with the package."""
    return load_shipped("digit_classifier")[0]


@pytest.mark.parametrize("n", [1, 3, 7])
def test_every_image_gets_a_digit_with_a_confidence(judge: DigitClassifier, n: int) -> None:
    x = to_float(random_images(n))
    digits, confidence = judge.label_and_confidence(x, batch_size=3)
    assert digits.shape == confidence.shape == (n,)
    probabilities = judge(x).softmax(1)
    assert torch.equal(digits, probabilities.argmax(1))
    torch.testing.assert_close(confidence, probabilities.max(1).values)
    assert not confidence.requires_grad
    assert (confidence >= 0.1).all() and (confidence <= 1).all()


def test_weights_depend_on_the_seed_alone() -> None:
    state = torch.get_rng_state()
    first, again, other = (digit_classifier(seed=seed) for seed in (1, 1, 2))
    assert torch.equal(state, torch.get_rng_state())
    x = to_float(random_images(2))
    assert torch.equal(first(x), again(x)) and not torch.equal(first(x), other(x))


def test_parameter_count() -> None:
    convolutions = (1 * 25 + 1) * 16 + (16 * 9 + 1) * 32
    assert sum(p.numel() for p in digit_classifier().parameters()) == (
        convolutions + (1_568 + 1) * 64 + (64 + 1) * 10
    )


def test_images_of_another_kind_are_refused(judge: DigitClassifier) -> None:
    with pytest.raises(TypeError, match="uint8"):
        judge(torch.zeros(1, 1, 28, 28, dtype=torch.uint8))
    with pytest.raises(ValueError, match="255"):
        judge.label_and_confidence(torch.full((1, 1, 28, 28), 255.0))


def test_shipped_judge_is_as_good_as_its_description_says(
    judge: DigitClassifier, mnist: DataSet
) -> None:
    _, about = load_shipped("digit_classifier")
    digits, _ = judge.label_and_confidence(to_float(mnist.test_images))
    accuracy = (digits == mnist.test_labels).float().mean().item()
    assert accuracy == pytest.approx(about["test_accuracy"], abs=5e-4)
    assert accuracy > 0.985


def test_shipped_judge_knows_the_embedded_digits_too(judge: DigitClassifier) -> None:
    digits = load_digits("digits")
    named, _ = judge.label_and_confidence(to_float(digits.test_images))
    assert (named == digits.test_labels).float().mean() > 0.85
