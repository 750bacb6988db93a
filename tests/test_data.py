"""The data set that a reader gets: MNIST read exactly, or embedded digits that resemble it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import datasets

from ae_utils import data
from ae_utils.data import DataError, DataSet, load_digits
from ae_utils.images import to_float
from tests.mnist_server import FILES


def test_mnist_has_its_known_shapes_counts_and_mean(mnist: DataSet) -> None:
    assert mnist.train_images.shape == (60_000, 1, 28, 28)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.train_labels.bincount().tolist() == counts
    assert mnist.train_images.numpy().mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert str(mnist) == "MNIST: 60,000 training and 10,000 test images, 28 x 28"


def test_files_are_read_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(data, "find_or_fetch_mnist", Path)  # what it is given
    digits = load_digits("mnist", str(tmp_path))
    for images, labels, prefix in (
        (digits.train_images, digits.train_labels, "train"),
        (digits.test_images, digits.test_labels, "t10k"),
    ):
        pixels = np.frombuffer(FILES[f"{prefix}-images-idx3-ubyte"], np.uint8, offset=16)
        assert images.dtype == torch.uint8 and labels.dtype == torch.int64
        assert np.array_equal(images.numpy(), pixels.reshape(-1, 1, 28, 28))
        assert labels.tolist() == list(FILES[f"{prefix}-labels-idx1-ubyte"][8:])
    assert (digits.name, digits.size) == ("mnist", (20, 10))


def test_embedded_digits_are_asked_for_or_step_in_with_a_notice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(data_dir: object) -> Path:
        raise DataError("MNIST could not be fetched.\nCause: no network.\nCure: connect.")

    monkeypatch.setattr(data, "find_or_fetch_mnist", fail)
    monkeypatch.setenv("AE_DATA", "digits")
    assert load_digits().name == "digits" and capsys.readouterr().out == ""
    with pytest.raises(DataError):
        load_digits("mnist")
    monkeypatch.delenv("AE_DATA")
    assert load_digits().name == "digits"
    notice = " ".join(capsys.readouterr().out.split())
    assert "embedded digits, not MNIST" in notice and "no network. Cure: connect." in notice
    with pytest.raises(ValueError, match=r"'minst'.*'auto', 'mnist', 'digits'"):
        load_digits("minst")


def test_embedded_digits_resemble_mnist_and_are_the_same_every_time() -> None:
    digits, again = load_digits("digits"), load_digits("digits")
    assert str(digits) == "Embedded digits: 1,347 training and 450 test images, 28 x 28"
    assert torch.equal(digits.train_images, again.train_images)
    positions = torch.arange(28.0)
    for images, labels in (
        (digits.train_images, digits.train_labels),
        (digits.test_images, digits.test_labels),
    ):
        x = to_float(images)
        assert x.mean() == pytest.approx(0.1307, abs=0.02)
        assert x.std() == pytest.approx(0.3081, abs=0.02)
        assert (x == 0).float().mean() == pytest.approx(0.81, abs=0.02)
        assert (x.amax((1, 2, 3)) >= 0.98).all()
        for axis in (2, 3):  # columns, rows
            ink = x.sum((1, axis))
            assert torch.allclose(ink @ positions / ink.sum(1), torch.tensor(14.0), atol=1)
        assert torch.allclose(labels.bincount() / len(labels), torch.tensor(0.1), atol=0.01)


def test_embedded_digits_keep_their_content_upright_and_whole() -> None:
    """Shrunk again, each of them resembles its own original most."""
    small = torch.from_numpy(datasets.load_digits().images[:200]).float() / 16
    large = data.enlarge_digits(small)
    placed = to_float(data.centre_digits(large))
    assert torch.allclose(placed.sum((1, 2, 3)), large.sum((1, 2)), rtol=0.01)  # nothing cropped
    shrunk = torch.nn.functional.adaptive_avg_pool2d(large, 8)
    correlations = torch.corrcoef(torch.cat((shrunk, small)).flatten(1))[:200, 200:]
    assert torch.equal(correlations.argmax(1), torch.arange(200))
