"""Your own handwriting: pictures of digits, made into images as MNIST's were made.

A digit is turned light on black and scaled to fit 20 x 20 pixels, its shape kept; then its centre
of mass is put into the middle of 28 x 28. Strokes thinner than MNIST's thinnest are thickened.

Source: LeCun et al. 1998, 'Gradient-Based Learning Applied to Document Recognition', and the MNIST
    page; the thickening is our own.
"""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from scipy import ndimage  # type: ignore[import-untyped]
from torch import Tensor

from ae_utils.images import BOX, centre_digits, to_float
from ae_utils.ink import EIGHT, Floats, Mask, find_ink, find_marks, measure_lengths, remove_rulings

PHOTOGRAPHS = Path(__file__).with_name("photographs")  # of a 2, a 4 and a 7

SIDE = 600  # pixels that the longer side is shrunk to, where it is longer
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # what red, green and blue add to brightness
WANTED = "Pass a path, a PIL image, or an array or tensor (H, W), (H, W, 3) or (3, H, W)"

# Pixels of the 20: the pen of MNIST's thinnest digits. Of digits in a pen of 0.4 pixels the vote of
# their codes' neighbours named 26 % rightly without thickening, and 86 % with it, MNIST's own 81 %.
PEN = 2.0


def read_digit(picture: Any) -> Tensor:
    """Turn a picture of one digit into an image as the models take it.

    Args:
        picture: a photograph, scan or drawing, dark on light or light on dark, of 8 x 8 pixels or
            more: a path, a PIL image, or an array or tensor of any range, (H, W), (H, W, C),
            (C, H, W) or (1, C, H, W), with C = 1 for grey, 3 for RGB, 4 for RGBA.

    Returns:
        float32 (1, 1, 28, 28), 0..1.

    Raises:
        ValueError: if it cannot be read, or does not show one mark; the message names the file.
    """
    is_path = isinstance(picture, str | PathLike)
    name = Path(picture).name if is_path else "picture"
    grey = _to_grey(_open(Path(picture)) if is_path else picture, name)
    ink = remove_rulings(find_ink(_shrink(grey)))
    marks = find_marks(ink)
    if not marks:
        raise ValueError(
            f"{name}: no ink stands out.\nGo nearer, so that the digit fills a tenth of the height "
            "or more, or use a darker pen or more light."
        )
    if len(marks) > 1:
        cure = "Cut out one digit, and join its strokes if it has several."
        raise ValueError(f"{name}: {len(marks)} marks, where one digit should be.\n{cure}")
    return to_float(centre_digits(torch.from_numpy(_fit(ink, marks[0]))[None]))


def read_digits(folder: str | PathLike[str]) -> tuple[Tensor, list[str]]:
    """Turn each picture in a folder into an image, as `read_digit` does; skips hidden files.

    Returns:
        The images, float32 (N, 1, 28, 28) in 0..1, and the files' names, both in sorted order.

    Raises:
        ValueError: as in `read_digit`, or if there is no picture.
    """
    folder = Path(folder)
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    paths = [path for path in entries if path.is_file() and not path.name.startswith(".")]
    if not paths:
        raise ValueError(f"{folder.name}: no folder that holds pictures.\nPut JPEG or PNG into it.")
    return torch.cat([read_digit(path) for path in paths]), [path.name for path in paths]


def _open(path: Path) -> Image.Image:
    """The picture in a file, upright as it was taken; a large JPEG is decoded at a reduced size."""
    try:
        with Image.open(path) as image:
            image.draft("L", (SIDE, SIDE))
            return ImageOps.exif_transpose(image)
    except Exception as error:  # a file from elsewhere may hold anything
        cause = getattr(error, "strerror", None) or "damaged, or of an unknown format"
        cure = "Check the path, or save the picture as JPEG or PNG."
        if path.suffix.lower() in (".heic", ".heif"):
            cure = "Phones write this format: share or export the picture as JPEG."
        raise ValueError(f"{path.name}: cannot be read as a picture ({cause}).\n{cure}") from error


def _to_grey(picture: Any, name: str) -> Floats:
    """The brightness (H, W), float32, of a PIL image, array or tensor, in its own range."""
    try:
        if isinstance(picture, Tensor):
            picture = picture.detach().to("cpu", torch.float32)
        elif isinstance(picture, Image.Image) and picture.mode[0] not in "IF":  # "L" clips those
            picture = picture.convert("RGBA" if picture.has_transparency_data else "L")
            picture.thumbnail((SIDE, SIDE), Image.Resampling.BOX)  # now, for less memory
        pixels = np.asarray(picture, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: got {type(picture).__name__}.\n{WANTED}.") from error
    shape = pixels.shape
    if pixels.ndim == 4 and len(pixels) == 1:
        pixels = pixels[0]
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    elif pixels.ndim == 3 and shape[-1] not in (1, 3, 4):
        pixels = np.moveaxis(pixels, 0, 2)
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or min(pixels.shape[:2]) < 8:
        raise ValueError(f"{name}: got shape {shape}.\n{WANTED}, at least 8 x 8 pixels.")
    if not np.isfinite(pixels).all():
        raise ValueError(f"{name}: holds a value that is not finite.\nReplace it first.")
    grey = pixels[..., 0] if pixels.shape[2] == 1 else pixels[..., :3] @ LUMA
    if pixels.shape[2] == 4:  # lay what is visible on white or black, from which it stands out
        white = pixels[..., 3].max() or 1
        visible = (pixels[..., 3] / white).clip(0, 1)
        is_dark = (visible * grey).sum() < visible.sum() * white / 2
        grey = visible * grey + (1 - visible) * (white if is_dark else 0)
    return grey


def _shrink(grey: Floats) -> Floats:
    """Make the longer side `SIDE` pixels at most, by averaging over areas."""
    image = Image.fromarray(grey)
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(image)


def _fit(ink: Floats, mark: Mask) -> Floats:
    """Scale a mark to fit 20 x 20 pixels, its shape kept, its strokes `PEN` wide at least."""
    ink = np.where(ndimage.binary_dilation(mark, EIGHT), ink / np.median(ink[mark]), 0)
    depth = ndimage.distance_transform_edt(np.pad(mark, 1))[1:-1, 1:-1][mark].mean()
    width = 4 * depth - 2  # of a stripe, whose pixels are width / 4 + 1 / 2 from its outside
    length = measure_lengths(mark.astype(int))[1]
    radius = max(0, (length * PEN / BOX - width) / (1 - PEN / BOX) / 2)  # length grows along
    room = int(radius) + 1
    ink, mark = np.pad(ink, room), np.pad(mark, room)
    thickened = radius + 0.5 - ndimage.distance_transform_edt(~mark)
    ink = np.maximum(ink, thickened).clip(0, 1)
    (box,) = ndimage.find_objects((ink > 0.1).astype(int))
    image = Image.fromarray(ink[box])
    image = ImageOps.pad(image, (BOX, BOX), Image.Resampling.BICUBIC, color=0)
    return np.asarray(image).clip(0, 1)
