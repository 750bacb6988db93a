"""Your own handwriting: photographs and scans of a digit become images like MNIST's."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ae_utils.checkpoints import load_shipped
from ae_utils.data import DataSet, load_digits
from ae_utils.handwriting import PHOTOGRAPHS, read_digit, read_digits
from ae_utils.images import to_float
from ae_utils.latent import encode_dataset
from ae_utils.metrics import knn_labels
from tests.helpers import check_message
from tools.make import photographs

Bytes = NDArray[np.uint8]


def name_digits(x: Tensor) -> Tensor:
    """Which digits the judge sees."""
    return load_shipped("digit_classifier")[0].label_and_confidence(x)[0]


def read_all(pictures: Iterable[Any]) -> tuple[Tensor, list[int]]:
    """Those of some pictures that are taken for one digit, and their numbers."""
    found = {}
    for number, picture in enumerate(pictures):
        with suppress(ValueError):  # MNIST has digits in two pieces
            found[number] = read_digit(picture)
    return torch.cat(list(found.values())), list(found)


def enlarge(image: Tensor, side: int) -> Bytes:
    """A stored image (1, 28, 28) as a scan of many pixels, light on black."""
    return np.asarray(Image.fromarray(image[0].numpy()).resize((side, side), 3))


def photograph(image: Tensor, seed: int, ground: Callable[..., Any], colour: Any) -> Image.Image:
    """A photograph of a stored image (1, 28, 28), somewhere on a ground in uneven light."""
    draw = np.random.default_rng(seed)
    side = int(draw.integers(260, 440))
    top, left = draw.integers(20, np.array(photographs.SHAPE) - side - 20)
    ink = np.zeros(photographs.SHAPE)
    ink[top : top + side, left : left + side] = (enlarge(image, side) / 76.5 - 1.2).clip(0, 1)
    scene = photographs.mix(ground(photographs.SHAPE, draw), colour, ink)
    return photographs.take_photograph(scene, draw, tuple(draw.uniform(-0.4, 0.4, 2)))


@pytest.fixture(scope="module")
def scan() -> Bytes:
    """A 5, dark on light, 300 x 300."""
    digits = load_digits("digits")
    return 255 - enlarge(digits.test_images[digits.test_labels == 5][0], 300)


def as_transparent(scan: Bytes, ink: int) -> Bytes:
    """Ink of one brightness on nothing: (H, W, 4)."""
    return np.stack([np.full_like(scan, ink)] * 3 + [255 - scan], -1)


FORMS: dict[str, Callable[[Bytes], Any]] = {
    "light on dark": lambda scan: 255 - scan,
    "RGB": lambda scan: np.stack([scan] * 3, -1),
    "RGB, channels first": lambda scan: torch.from_numpy(np.stack([scan] * 3)),
    "one channel": lambda scan: scan[..., None],
    "a batch of one": lambda scan: torch.from_numpy(scan.copy())[None, None],
    "dark ink on nothing": lambda scan: as_transparent(scan, 0),
    "light ink on nothing": lambda scan: Image.fromarray(as_transparent(scan, 255)),
    "0..1": lambda scan: torch.from_numpy(scan / 255).float(),
    "-1..1": lambda scan: scan / 127.5 - 1,
    "16 bits": lambda scan: scan.astype(np.uint16) * 257,
    "16 bits, PIL": lambda scan: Image.fromarray(scan.astype(np.uint16) * 257),
    "signed": lambda scan: scan.astype(np.int64) - 128,
    "half": lambda scan: torch.from_numpy(scan / 255).bfloat16(),
    "palette": lambda scan: Image.fromarray(scan).convert("P"),
    "faint": lambda scan: 200 + scan // 8,
    "larger": lambda scan: scan.repeat(8, 0).repeat(8, 1),
    "with a margin": lambda scan: np.pad(scan, ((20, 130), (90, 0)), constant_values=255),
}


@pytest.mark.parametrize("change", FORMS.values(), ids=FORMS)
def test_digit_is_the_same_in_any_form(change: Callable[[Bytes], Any], scan: Bytes) -> None:
    wanted, found = read_digit(scan), read_digit(change(scan))
    assert found.shape == (1, 1, 28, 28) and found.dtype == torch.float32
    assert (found - wanted).abs().mean() < 0.012
    assert name_digits(found) == 5


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "tif"])
def test_file_is_read_as_the_camera_was_held(ending: str, scan: Bytes, tmp_path: Path) -> None:
    turned, exif = Image.fromarray(np.rot90(scan)), Image.Exif()
    exif[0x0112] = 6  # orientation: turn it clockwise to see it upright
    path = tmp_path / f"Übung 5.{ending}"
    if ending == "bmp":  # it knows no orientation
        Image.fromarray(scan).save(path)
    else:
        turned.save(path, exif=exif)
    assert (read_digit(path) - read_digit(scan)).abs().mean() < 0.012
    assert torch.equal(read_digit(str(path)), read_digit(path))


def test_images_of_the_series_come_back_as_they_were(mnist_or_digits: DataSet) -> None:
    stored = mnist_or_digits.train_images[:200]
    found, numbers = read_all(stored)
    x = to_float(stored[numbers])
    assert len(x) >= 190 and (found - x).abs().mean() < 0.03
    assert (name_digits(found) == name_digits(x)).float().mean() > 0.97


def test_digit_fits_its_box_around_its_centre_of_mass(mnist_or_digits: DataSet) -> None:
    positions = torch.arange(28.0)
    stored = mnist_or_digits.train_images[:30]
    for x in read_all(np.pad(enlarge(x, 200), ((0, 90), (300, 0))) for x in stored)[0][:, 0]:
        rows, columns = x.amax(1).nonzero().flatten(), x.amax(0).nonzero().flatten()
        sides = [rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1]
        assert max(sides) == 20 and x.max() > 0.95
        for sums in (x.sum(0), x.sum(1)):
            assert sums @ positions / sums.sum() == pytest.approx(14, abs=0.6)


GROUNDS = {
    "plain paper": (photographs.plain_paper, photographs.FELT),
    "lined paper": (photographs.lined_paper, photographs.BLUE_INK),
    "blackboard": (photographs.blackboard, photographs.CHALK),
}


@pytest.mark.parametrize(("ground", "colour"), GROUNDS.values(), ids=GROUNDS)
def test_photograph_has_the_code_of_its_digits_cluster(
    ground: Callable[..., Any], colour: Any, mnist_or_digits: DataSet
) -> None:
    model, _ = load_shipped("dense_2d")
    known = encode_dataset(model.encode, mnist_or_digits.train_images)
    stored = mnist_or_digits.test_images[:30]
    found, numbers = read_all(photograph(x, seed, ground, colour) for seed, x in enumerate(stored))
    x, labels = to_float(stored[numbers]), mnist_or_digits.test_labels[numbers]
    votes = [
        knn_labels(encode_dataset(model.encode, images), known, mnist_or_digits.train_labels)
        for images in (x, found)
    ]
    right, right_when_photographed = ((each == labels).sum().item() for each in votes)
    assert len(found) >= 28 and right_when_photographed >= right - 4
    same = (name_digits(found) == name_digits(x)).sum()
    assert same >= len(x) - (1 if mnist_or_digits.name == "mnist" else 4)  # the judge knows MNIST


SEVEN = [[(40, 60), (360, 54)], [(360, 54), (150, 440)]]


def scan_seven(width: float) -> Bytes:
    """A 7 in a pen of some pixels, 386 high, on white."""
    ink = photographs.draw_strokes(SEVEN, width, (500, 400))
    return (255 - 255 * ink).round().astype(np.uint8)


def draw_over(scan: Bytes, rows: Any, columns: slice, value: int) -> Bytes:
    """A scan with some of its rows and columns painted over."""
    scan = scan.copy()
    scan[rows, columns] = value
    return scan


@pytest.mark.parametrize(("pen", "width"), [(3, 2), (12, 2), (60, 3)])
def test_strokes_are_as_wide_as_mnists_thinnest_or_wider(pen: int, width: float) -> None:
    ink = photographs.draw_strokes([[(100, 60), (100, 400)]], pen, (460, 200))
    assert read_digit(ink)[0, 0, 10:18].sum(1).numpy() == pytest.approx(width, abs=0.3)


@pytest.mark.parametrize("ground", [photographs.squared_paper, photographs.paper_on_table])
def test_lines_as_dark_as_the_ink_and_what_lies_at_the_border_drop_out(
    ground: Callable[..., Any], mnist_or_digits: DataSet
) -> None:
    stored = mnist_or_digits.train_images[:20]
    scenes = (photograph(x, seed, ground, photographs.FELT) for seed, x in enumerate(stored))
    found, numbers = read_all(scenes)
    same = name_digits(found) == name_digits(to_float(stored[numbers]))
    assert len(found) >= 18 and same.sum() >= len(found) - 2


@pytest.mark.parametrize("pen", [3, 30])
def test_digit_that_fills_its_picture_is_no_ruling(pen: int) -> None:
    scan = scan_seven(pen)
    rows, columns = (scan < 128).any(1).nonzero()[0], (scan < 128).any(0).nonzero()[0]
    trimmed = scan[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert (read_digit(trimmed) - read_digit(scan)).abs().mean() < 0.012


BESIDE: dict[str, tuple[Any, slice, int]] = {
    "a finger at the border": (slice(260, 500), slice(350, 400), 90),
    "a faint smudge": (slice(120, 440), slice(30, 120), 170),
    "a row of specks": (np.flatnonzero(np.arange(440) % 30 < 6)[42:], slice(20, 26), 0),
    "a stroke that breaks off": (slice(250, 270), slice(0, 400), 255),
}


@pytest.mark.parametrize("spot", BESIDE.values(), ids=BESIDE)
def test_what_lies_beside_a_digit_is_left_out_and_its_pieces_are_joined(
    spot: tuple[Any, slice, int],
) -> None:
    found, wanted = read_digit(draw_over(scan_seven(20), *spot)), read_digit(scan_seven(20))
    assert (found - wanted).abs().mean() < 0.012
    assert name_digits(found) == 7


def draw_blank(ground: Callable[..., Any]) -> Image.Image:
    """A photograph of paper with nothing on it."""
    draw = np.random.default_rng(1)
    return photographs.take_photograph(ground(photographs.SHAPE, draw), draw, (0.4, -0.3))


CAUSES: dict[str, tuple[Callable[[Bytes], Any], str]] = {
    "one brightness": (lambda scan: np.full_like(scan, 90), "no ink stands out"),
    "blank paper": (lambda scan: draw_blank(photographs.plain_paper), "no ink stands out"),
    "noise": (lambda scan: np.random.default_rng(0).random((400, 300)), "no ink stands out"),
    "specks": (lambda scan: np.where(np.arange(90_000) % 9_001, 0, 9).reshape(300, 300), "no ink"),
    "a trace of a digit": (lambda scan: np.where(scan < 128, 254, 255), "no ink stands out"),
    "a dot": (lambda scan: np.pad(np.full((12, 12), 255), 150), "no ink stands out"),
    "a strip": (lambda scan: np.pad(scan[:1600:40], ((0, 0), (0, 3000))), "no ink"),
    "two digits": (lambda scan: np.hstack([scan, scan]), "2 marks"),
    "three digits": (lambda scan: np.vstack([scan, scan, scan]), "3 marks"),
    "NaN": (lambda scan: np.where(scan > 200, np.nan, 0.0), "not finite"),
    "a batch": (lambda scan: torch.zeros(2, 1, 28, 28), "(2, 1, 28, 28)"),
    "empty": (lambda scan: scan[:0], "(0, 300)"),
}


@pytest.mark.parametrize(("change", "cause"), CAUSES.values(), ids=CAUSES)
def test_what_is_no_digit_is_refused(
    change: Callable[[Bytes], Any], cause: str, scan: Bytes
) -> None:
    with pytest.raises(ValueError) as caught:
        read_digit(change(scan))
    check_message(caught.value, "picture: ", cause)


def test_folder_gives_images_and_names_and_names_what_it_cannot_read(
    scan: Bytes, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="no folder that holds pictures"):
        read_digits(tmp_path)
    for name in ("b.png", "a.jpg"):
        Image.fromarray(scan).save(tmp_path / name)
    (tmp_path / ".DS_Store").write_text("hidden")
    (tmp_path / "older").mkdir()
    images, names = read_digits(str(tmp_path))
    assert names == ["a.jpg", "b.png"] and images.shape == (2, 1, 28, 28)
    assert torch.equal(images[1:], read_digit(tmp_path / "b.png"))
    (tmp_path / "c.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    for call in (lambda: read_digits(tmp_path), lambda: read_digit(tmp_path / "c.HEIC")):
        with pytest.raises(ValueError) as caught:
            call()
        check_message(caught.value, "c.HEIC: cannot be read", "as JPEG")
    with pytest.raises(ValueError, match=r"d.png: cannot be read .*No such file"):
        read_digit(tmp_path / "d.png")
    with pytest.raises(ValueError, match="picture: got dict"):
        read_digit({})


def test_photographs_that_come_along_are_those_of_the_command_and_are_read() -> None:
    images, names = read_digits(PHOTOGRAPHS)
    assert names == ["four.jpg", "seven.jpg", "two.jpg"]
    assert name_digits(images).tolist() == [4, 7, 2]
    for name, draw in photographs.DRAWINGS.items():
        made = np.asarray(draw(np.random.default_rng(0)), float)
        with Image.open(PHOTOGRAPHS / f"{name}.jpg") as kept:
            assert np.abs(made - np.asarray(kept)).mean() < 4
        assert (PHOTOGRAPHS / f"{name}.jpg").stat().st_size < 60_000
