"""Ink told from paper: the marks that someone wrote, however the light fell on them.

The numbers were chosen on photographs that `tools/make/photographs.py` made of MNIST's training
images: in broad and thin pens, on plain, lined and squared paper, on blackboards and on tables.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped]

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]

EIGHT = np.ones((3, 3))  # a pixel with its eight neighbours


def find_ink(grey: Floats) -> Floats:
    """How much ink there is, (H, W): from 0, paper, to 1, the strongest; all 0 if none stands out.

    Args:
        grey: brightness (H, W), of any range. The ink may be the darker or the lighter part.

    Source: Meyer 1979, the top hat: an image less all in it that is broader than a window.
    """
    side, span = max(grey.shape), float(np.ptp(grey))
    if span <= 0.05 * abs(grey).max():  # a blank page, but for the traces of its compression
        return np.zeros_like(grey)
    smooth = ndimage.gaussian_filter((grey - grey.min()) / span, side / 400)
    around = ndimage.uniform_filter(smooth, side // 2)
    sign = 1 if ((smooth - around) ** 3).sum() > 0 else -1  # ink is rarer, so further from the mean
    window = max(9, side // 3)  # broader than any stroke
    padded = np.pad(sign * smooth, window, "edge")  # a table or a shadow goes on beyond the border
    above = ndimage.white_tophat(padded, window)[window:-window, window:-window]
    low, paper = np.quantile(above, (0.1, 0.3))
    strongest = np.quantile(above, 1 - 2e-4) - paper
    if strongest < max(0.15, 15 * (paper - low)):  # written, 30 times and more; noise, 11
        return np.zeros_like(grey)
    return ((above - paper) / strongest).clip(0, 1)


def remove_rulings(ink: Floats) -> Floats:
    """Take the lines of lined or squared paper out of some ink (H, W); they may be as dark as it.

    They are straight, thin, tilted by 7 degrees at most, and run from border to border; and there
    are several, as a single one may be a stroke. What crosses a line is thicker, and stays.
    """
    thick = max(ink.shape) // 80
    if thick == 0:  # in a small picture strokes are as thin
        return ink
    (level, n_level), (_, n_upright) = _find_lines(ink, thick), _find_lines(ink.T, thick)
    if max(n_level, n_upright) < 2:
        return ink
    ink = np.where(level, 0, ink)
    upright, _ = _find_lines(ink.T, thick)  # only now, so that no crossings stay
    return np.where(upright.T, 0, ink)


def find_marks(ink: Floats) -> list[Mask]:
    """Where the largest mark is, and others of comparable size: a mask (H, W) for each.

    Pieces that lie close together are one mark. Specks are none, and neither is what touches the
    picture's border, such as a finger, unless there is nothing else.
    """
    strong = ink > 0.5
    pieces, _ = ndimage.label(strong, EIGHT)
    lengths = measure_lengths(pieces)
    large = lengths > max(ink.shape) / 15
    border = np.r_[pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]]
    inside = ~np.isin(np.arange(len(lengths)), border)
    if (large & inside).any():
        large, strong = large & inside, inside[pieces] & strong
    if not large.any():
        return []
    gap = max(2, 0.15 * lengths[large].max())  # as within a 5 whose stroke has come off
    bridged, _ = ndimage.label(ndimage.distance_transform_edt(~strong) <= gap / 2, EIGHT)
    groups = bridged * strong
    lengths, areas = measure_lengths(groups), np.bincount(groups[strong])
    main = areas.argmax()
    marks = (lengths > lengths[main] / 2) & (areas > areas[main] / 10)
    return [groups == number for number in marks.nonzero()[0]]


def measure_lengths(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """The longer side of the box around each label's pixels, by label; 0 for label 0."""
    boxes = ndimage.find_objects(labels)
    lengths = [max(s.stop - s.start for s in box) if box else 0 for box in boxes]
    return np.array([0, *lengths])


def _find_lines(ink: Floats, thick: int) -> tuple[Mask, int]:
    """Nearly level lines from border to border, (H, W), and how many they are."""
    height, width = ink.shape
    seen, found = ink > 0.25, np.zeros(ink.shape, bool)
    rows, columns = np.indices(ink.shape)
    window = max(1, width // 5)
    for slope in np.linspace(-0.12, 0.12, 15):
        line = (rows + np.rint(slope * columns).astype(int)) % height, columns
        share = ndimage.uniform_filter1d(seen[line].astype(float), window)
        found[line] |= ndimage.maximum_filter1d(share > 0.8, window)
    labels, _ = ndimage.label(found, EIGHT)
    sides = labels[:thick], labels[-thick:], labels[:, :thick], labels[:, -thick:]
    ends = np.bincount(np.concatenate([np.unique(side[side > 0]) for side in sides]), minlength=1)
    across = (ends >= 2).nonzero()[0]
    lines = np.isin(labels, across) & seen
    return lines & ~ndimage.binary_opening(lines, np.ones((thick + 1, 1))), len(across)
