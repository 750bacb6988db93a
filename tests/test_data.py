"""The data set that a reader gets: read exactly, or embedded digits that resemble MNIST's."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import nbformat
import numpy as np
import pytest
import torch
import torchvision
from sklearn import datasets

from ae_utils import data, data_files, embedded
from ae_utils.data import DataError, DataSet, load_data, load_digits, read_tensors
from ae_utils.data_files import SOURCES, Bytes, Source, is_right
from ae_utils.images import centre_digits, to_float
from ae_utils.losses import evaluate
from ae_utils.models import linear_autoencoder
from tests.data_server import FILES, SMALL, DataServer, make_files, md5, pack
from tests.helpers import random_images
from tools.execution import Execution, execute
from tools.notebooks import SeriesError, check_saveable, data_line

ROOT = Path(__file__).parents[1]
OTHERS = ["fashion", "kmnist", "letters"]


def test_mnist_has_its_known_shapes_counts_and_mean(mnist: DataSet) -> None:
    assert mnist.train_images.shape == (60_000, 1, 28, 28)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.train_labels.bincount().tolist() == counts
    assert mnist.train_images.numpy().mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert str(mnist) == "MNIST: 60,000 training and 10,000 test images, 28 x 28"


def as_arrays(files: dict[str, bytes]) -> dict[str, Bytes]:
    """Files as they are read from disk."""
    return {name: np.frombuffer(bytearray(content), np.uint8) for name, content in files.items()}


def test_files_are_read_exactly() -> None:
    tensors = read_tensors(SMALL, as_arrays(FILES))
    for images, labels, prefix in ((*tensors[:2], "train"), (*tensors[2:], "t10k")):
        pixels = np.frombuffer(FILES[f"{prefix}-images-idx3-ubyte"], np.uint8, offset=16)
        assert images.dtype == torch.uint8 and labels.dtype == torch.int64
        assert np.array_equal(images.numpy(), pixels.reshape(-1, 1, 28, 28))
        assert labels.tolist() == list(FILES[f"{prefix}-labels-idx1-ubyte"][8:])


def offer(source: Source, monkeypatch: pytest.MonkeyPatch) -> DataServer:
    """Serve a small data set of that kind, at the address that torchvision knows."""
    known, files = getattr(torchvision.datasets, source.folder), pack(make_files(source))
    if source.folder == "EMNIST":
        with ZipFile(archive := io.BytesIO(), "w") as zipped:
            for name, content in files.items():
                zipped.writestr(f"gzip/{name}", content)
        server = DataServer(files={"gzip.zip": archive.getvalue()})
        monkeypatch.setattr(known, "url", f"{server.url}gzip.zip")
        monkeypatch.setattr(known, "md5", md5(archive.getvalue()))
    else:
        server = DataServer(files=files)
        monkeypatch.setattr(known, "mirrors", [server.url])
        monkeypatch.setattr(known, "resources", [(name, md5(files[name])) for name in files])
    return server


@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep off the user's cache and settings."""
    monkeypatch.setattr(data_files, "cache_folder", lambda: tmp_path / "cache")
    for variable in ("AE_DATA", "AE_DATA_DIR"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("no_cache")
@pytest.mark.parametrize("name", OTHERS)
def test_other_data_sets_are_fetched_once_and_are_those_of_torchvision(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SOURCES[name]
    server = offer(source, monkeypatch)
    loaded = load_data(name, tmp_path)
    monkeypatch.setenv("AE_DATA", name)
    again = load_data(data_dir=tmp_path)
    server.close()
    assert server.fetched == list(server.files)
    known = getattr(torchvision.datasets, source.folder)
    options = {"split": "letters"} if name == "letters" else {}
    for is_train, images, labels in (
        (True, loaded.train_images, loaded.train_labels),
        (False, loaded.test_images, loaded.test_labels),
    ):
        theirs = known(tmp_path, train=is_train, **options)
        assert torch.equal(images[:, 0].mT if name == "letters" else images[:, 0], theirs.data)
        names = [loaded.label_names[label] for label in labels.tolist()]
        assert names == [theirs.classes[target] for target in theirs.targets.tolist()]
    assert torch.equal(again.train_images, loaded.train_images)
    assert str(loaded).startswith(f"{source.title}: ") and loaded.name == name


@pytest.mark.usefixtures("no_cache")
def test_other_data_set_that_cannot_be_had_is_no_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = offer(SOURCES["kmnist"], monkeypatch)
    server.failure, server.failing = "503", list(server.files)
    with pytest.raises(DataError, match="Kuzushiji-MNIST cannot be had") as caught:
        load_data("kmnist", tmp_path)
    server.close()
    assert "503" in str(caught.value) and f"{tmp_path}/KMNIST/raw" in str(caught.value)


LETTERS = as_arrays(make_files(SOURCES["letters"]))
PAGE = np.frombuffer(b"<html>Please log in</html>", np.uint8)
CHANGES: dict[str, Callable[[Bytes], Bytes]] = {
    "empty": lambda file: file[:0],
    "a page": lambda file: PAGE,
    "header only": lambda file: file[:16],
    "one byte short": lambda file: file[:-1],
    "one byte long": lambda file: np.append(file, file[-1:]),
    "all zero": lambda file: np.append(file[:16], file[16:] * 0),
    "all 255": lambda file: np.append(file[:8], file[8:] * 0 + 255),
    "bad type code": lambda file: np.append(file[:2] + 1, file[2:]),
}


def test_notebook_1_runs_on_clothes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in make_files(SOURCES["fashion"], 1_000, 200).items():
        (raw / name).write_bytes(content)
    monkeypatch.setenv("AE_DATA", "fashion")
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    path = ROOT / "notebooks" / "01_compression.ipynb"
    run = Execution(path.stem, nbformat.read(path, as_version=4))
    execute(path, run)
    line = "Fashion-MNIST: 1,000 training and 200 test images, 28 x 28"
    assert data_line(run.notebook) == line
    with pytest.raises(SeriesError, match=f"used {line}; outputs are saved from real MNIST only"):
        check_saveable(path.stem, run.notebook)


@pytest.mark.parametrize("number", [0, 1], ids=["images", "labels"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_wrong_file_is_known_without_a_checksum(
    number: int, change: Callable[[Bytes], Bytes]
) -> None:
    name, other, *_ = SOURCES["letters"].names[number:]
    assert is_right(SOURCES["letters"], name, LETTERS[name])
    assert not is_right(SOURCES["letters"], name, change(LETTERS[name]))
    assert not is_right(SOURCES["letters"], name, LETTERS[other])


@pytest.mark.parametrize("order", [(2, 1, 0, 3), (2, 3, 0, 1)], ids=["images", "all"])
def test_files_to_train_and_to_test_that_changed_places_are_named(order: tuple[int, ...]) -> None:
    files = list(as_arrays(FILES).values())
    changed = dict(zip(SMALL.names, (files[number] for number in order), strict=True))
    with pytest.raises(DataError, match="do not belong together"):
        read_tensors(SMALL, changed)


@pytest.mark.parametrize("ending", ["csv", "npy"])
def test_table_of_digits_is_read_as_the_docs_say(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    images, labels = random_images(12), torch.arange(12) % 10
    table = np.column_stack((labels, images.flatten(1))).astype(np.uint8)
    header = ",".join(["label", *(f"pixel{n}" for n in range(784))])
    np.savetxt("train.csv", table, "%d", ",", header=header, comments="")
    np.save("train.npy", table)
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    from_csv, then = re.search(r"(table = .*loadtxt.*)\n(images, labels = .*)", text).groups()
    from_npy = re.search(r"`(table = .*np.load.*)` for", text)[1]
    found = {"torch": torch, "np": np}
    exec(f"{from_csv if ending == 'csv' else from_npy}\n{then}", found)
    assert torch.equal(found["images"], images) and torch.equal(found["labels"], labels)
    assert evaluate(linear_autoencoder(2), found["images"]) > 0


def test_embedded_digits_are_asked_for_or_step_in_with_a_notice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise DataError("MNIST cannot be had.\nCause: no network.\nCure: connect.")

    monkeypatch.setattr(data, "find_or_fetch", fail)
    monkeypatch.setenv("AE_DATA", "digits")
    assert load_digits().name == "digits" and capsys.readouterr().out == ""
    with pytest.raises(DataError):
        load_digits("mnist")
    monkeypatch.delenv("AE_DATA")
    assert load_digits().name == "digits"
    notice = " ".join(capsys.readouterr().out.split())
    assert "embedded digits, not MNIST" in notice and "no network. Cure: connect." in notice
    with pytest.raises(ValueError, match=r"'minst'.*'auto', 'mnist', 'digits'$"):
        load_digits("minst")
    with pytest.raises(ValueError, match=r"'minst'.*'digits', 'fashion', 'kmnist', 'letters'"):
        load_data("minst")
    monkeypatch.setenv("AE_DATA", "fashion")
    assert load_digits().name == "digits"
    line, notice = capsys.readouterr().out.split("\n", 1)
    assert line.startswith("AE_DATA=fashion is not used here") and "digits" in notice
    with pytest.raises(DataError):
        load_data()


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
    large = embedded.enlarge_digits(small)
    placed = to_float(centre_digits(large))
    assert torch.allclose(placed.sum((1, 2, 3)), large.sum((1, 2)), rtol=0.01)  # nothing cropped
    shrunk = torch.nn.functional.adaptive_avg_pool2d(large, 8)
    correlations = torch.corrcoef(torch.cat((shrunk, small)).flatten(1))[:200, 200:]
    assert torch.equal(correlations.argmax(1), torch.arange(200))
