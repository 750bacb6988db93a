"""Your own handwriting: photographs and scans of digits, made into images as MNIST's were made."""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ae_utils.images import BOX, centre_digits, to_float
from ae_utils.ink import Floats, Mask, find_ink, find_mark, measure_sizes, remove_rulings

PHOTOGRAPHS = Path(__file__).with_name("photographs")  # drawn by `make photographs`
SIDE = 600  # pixels: larger pictures are shrunk to this before anything else
BRIGHTNESS = np.array((0.299, 0.587, 0.114))  # of red, green and blue
THINNEST = 2.0  # pixels of the 20: thinner strokes are thickened to that, where MNIST's begin


def read_digit(picture: Any) -> Tensor:
    """Turn a picture of one digit into what the models take: float32 (1, 1, 28, 28) in 0..1.

    As with MNIST's images, the ink becomes light on black and fits into 20 x 20 pixels in its own
    shape, its centre of mass in the middle. The ink may be dark or light; rulings of the paper, an
    edge of the table and uneven light are left out. Strokes of a thin pen are thickened.

    Args:
        picture: the path of a file, a PIL image, or an array or tensor (H, W), (H, W, C) or
            (C, H, W), of 1, 3 or 4 channels, in any type and range.

    Raises:
        ValueError: the picture cannot be read, or shows no ink, or several marks.
        TypeError: it is nothing of the above.

    Source: LeCun et al. 1998, 'Gradient-Based Learning Applied to Document Recognition', for the
        fitting and centring; how the ink is found is our own.
    """
    name = Path(picture).name if isinstance(picture, str | PathLike) else "picture"
    grey = shrink(to_grey(open_picture(picture, name), name))
    cure = "Write one digit, large and dark, on plain paper, and take the picture from above."
    try:
        ink = remove_rulings(find_ink(grey))
        return to_float(centre_digits(fit_into_box(ink, find_mark(ink))[None]))
    except ValueError as cause:
        raise ValueError(f"{name}: no digit was found, since {cause}.\n{cure}") from None


def read_digits(folder: str | Path) -> tuple[Tensor, list[str]]:
    """Read a folder of pictures, each of one digit, in the order of their names.

    Hidden files and folders within are left out.

    Returns:
        The images, float32 (N, 1, 28, 28) in 0..1, and the N names of the files.

    Raises:
        ValueError: there are no pictures, or one of them cannot be used; it is named.
    """
    paths = [path for path in sorted(Path(folder).glob("[!.]*")) if path.is_file()]
    if not paths:
        raise ValueError(f"{folder}: there are no pictures in this folder.\nCheck its path.")
    return torch.cat([read_digit(path) for path in paths]), [path.name for path in paths]


def open_picture(picture: Any, name: str) -> Floats:
    """The values of a picture, as (H, W) or (H, W, C), in their own range."""
    if isinstance(picture, str | PathLike):
        try:
            with Image.open(picture) as image:
                image.draft("L", (SIDE, SIDE))  # a JPEG is opened smaller, which is faster
                picture = ImageOps.exif_transpose(image)  # as the camera was held
        except FileNotFoundError:
            raise ValueError(f"{name}: there is no such file.\nCheck the path {picture}.") from None
        except (OSError, Image.DecompressionBombError) as error:
            cure = "Save it as JPEG or PNG; phones can do so for HEIC."
            raise ValueError(f"{name}: cannot be read as a picture ({error}).\n{cure}") from error
    if isinstance(picture, Image.Image) and not picture.mode.startswith(("I", "F")):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "L")
    if isinstance(picture, Tensor):
        picture = picture.detach().cpu().double().numpy()
    values = np.asarray(picture)
    if values.dtype.kind not in "biuf":
        raise TypeError(
            f"{name}: got {type(picture).__name__}.\nPass a path, an image or an array."
        )
    return values.astype(np.float32)


def to_grey(values: Floats, name: str) -> Floats:
    """The brightness (H, W) of a picture of 1, 3 or 4 channels, before or behind the pixels.

    Where it is transparent it becomes white, or black if what it shows is light.
    """
    shape = values.shape
    values = values[0] if values.ndim == 4 and len(values) == 1 else values
    if values.ndim == 3 and values.shape[2] not in (1, 3, 4):
        values = np.moveaxis(values, 0, 2)
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[2] not in (1, 3, 4) or values.size == 0:
        raise ValueError(f"{name}: got shape {shape}.\nPass one picture, (H, W) or (H, W, 3).")
    if not np.isfinite(values).all():
        raise ValueError(f"{name}: some of its values are not finite.\nRepair them first.")
    if values.shape[2] == 1:
        return values[..., 0]
    grey = values[..., :3] @ BRIGHTNESS
    if values.shape[2] == 4 and (full := values[..., 3].max()) > 0:
        opaque = values[..., 3].clip(0) / full  # `full` is white, too
        is_dark = (opaque * grey).sum() < opaque.sum() * full / 2
        grey = opaque * grey + (1 - opaque) * (full if is_dark else 0)
    return grey


def shrink(grey: Floats) -> Floats:
    """Shrink a picture (H, W) that is larger than `SIDE`, by averaging."""
    image = Image.fromarray(grey.astype(np.float32))
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(image)


def fit_into_box(ink: Floats, mark: Mask) -> Tensor:
    """The ink (H, W) in 0..1 at a mark (H, W), in its shape, as large as the box: (20, 20)."""
    from scipy import ndimage  # type: ignore[import-untyped]

    ink = np.where(ndimage.binary_dilation(mark, np.ones((3, 3))), ink / np.median(ink[mark]), 0)
    depth = ndimage.distance_transform_edt(np.pad(mark, 1))[1:-1, 1:-1]
    width = 4 * (depth[mark].mean() - 0.5)  # of the strokes, whose mean depth is a quarter of it
    share = THINNEST / BOX
    more = (share * measure_sizes(mark.astype(int)).max() - width) / 2 / (1 - share)  # on each side
    if more > 0:
        margin = int(more) + 2
        ink, mark = np.pad(ink, margin), np.pad(mark, margin)
        ink = np.maximum(ink, more + 0.5 - ndimage.distance_transform_edt(~mark))
    ink = np.where(ink < 0.1, 0, ink.clip(0, 1)).astype(np.float32)
    (where,) = ndimage.find_objects((ink > 0).astype(int))
    fitted = ImageOps.pad(
        Image.fromarray(ink[where]), (BOX, BOX), Image.Resampling.BICUBIC, color=0
    )
    return torch.from_numpy(np.array(fitted)).clamp(0, 1)
