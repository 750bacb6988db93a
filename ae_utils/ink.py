"""The ink of one digit, found in a grey picture of any kind of paper or board.

Light falls unevenly, paper has lines, a table shows at the edge: what counts as ink stands out from
its surroundings, is about as strong as the strongest ink there is, and does not run across the
whole picture. The numbers below were chosen on training images of MNIST, made into photographs of
plain, lined and squared paper and of a blackboard, with pens of all widths.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]

# Of the picture's longer side.
SURROUNDINGS = 1 / 3  # what ink stands out from: wider than any stroke
SMALLEST_MARK = 1 / 15
THICKEST_RULING = 1 / 80
# Of the contrast between the lightest and the darkest part of the picture; of the noise.
WEAKEST_INK, WEAKEST_OF_NOISE = 0.15, 8
STRONG = 0.5  # of the strongest ink: what belongs to a mark
GAP = 0.15  # of a digit's size: parts that are nearer are one mark
OTHER_SIZE, OTHER_AREA = 0.5, 0.1  # of the largest mark's: from there on it is a second digit
EVERYWHERE = np.ones((3, 3))  # touching at a corner is touching


def find_ink(grey: Floats) -> Floats:
    """How much ink there is at each pixel (H, W), from 0, none, to 1, the strongest there is.

    Whether ink is darker or lighter than its ground is told by which of the two stands out more.

    Args:
        grey: (H, W), in any range.

    Raises:
        ValueError: if nothing stands out; the text is the cause.
    """
    from scipy import ndimage  # type: ignore[import-untyped]

    contrast = np.ptp(grey)
    if contrast == 0:
        raise ValueError("all of it has the same brightness")
    side = max(grey.shape)
    smooth = ndimage.gaussian_filter((grey - grey.min()) / contrast, side / 400)
    raised = smooth - ndimage.uniform_filter(smooth, side // 2)
    is_light = np.sign((raised**3).sum())  # 1 for light on dark, -1 for dark on light
    width = max(9, int(SURROUNDINGS * side))
    padded = np.pad(is_light * smooth, width, "edge")
    ink = ndimage.white_tophat(padded, width)[width:-width, width:-width]
    low, ground = np.quantile(ink, (0.1, 0.3))
    strongest = np.quantile(ink, 1 - 2e-4) - ground
    if strongest < max(WEAKEST_INK, WEAKEST_OF_NOISE * (ground - low)):
        raise ValueError("nothing stands out clearly from its ground")
    return ((ink - ground) / strongest).clip(0, 1)


def find_mark(ink: Floats) -> Mask:
    """Where the one digit is, (H, W), of ink (H, W) in 0..1.

    Small parts near the digit belong to it; specks are left out, and so is what touches the edge of
    the picture, unless there is nothing else.

    Raises:
        ValueError: if there are several marks of about one size; the text is the cause.
    """
    from scipy import ndimage

    strong = ink > STRONG
    labels, n = ndimage.label(strong, EVERYWHERE)
    sizes = measure_sizes(labels)
    edge = np.concatenate((labels[[0, -1]].ravel(), labels[:, [0, -1]].ravel()))
    inner = np.setdiff1d(np.arange(1, n + 1), edge)
    inner = inner[sizes[inner - 1] > SMALLEST_MARK * max(ink.shape)]
    if len(inner):
        strong &= ~np.isin(labels, edge[edge > 0])
        sizes = sizes[inner - 1]
    reach = max(1, GAP / 2 * sizes.max())
    labels = ndimage.label(ndimage.distance_transform_edt(~strong) <= reach)[0] * strong
    sizes, areas = measure_sizes(labels), np.bincount(labels.ravel())[1:]
    is_large = (sizes > OTHER_SIZE * sizes.max()) & (areas > OTHER_AREA * areas.max())
    marks = is_large.nonzero()[0] + 1
    if len(marks) > 1:
        raise ValueError(f"there are {len(marks)} marks of about one size, not one digit")
    return labels == marks[0]


def measure_sizes(labels: NDArray[np.integer]) -> Floats:
    """The longer side, in pixels, of each numbered part of a picture (H, W): (n,)."""
    from scipy import ndimage

    boxes = ndimage.find_objects(labels)
    return np.array([max(part.stop - part.start for part in box) if box else 0 for box in boxes])


def remove_rulings(ink: Floats) -> Floats:
    """Take lines of lined or squared paper, level or upright, out of ink (H, W) in 0..1.

    There must be two at least that run across the whole picture. They may rise or fall by an eighth
    of their length. Where ink crosses a line it stays.
    """
    return _remove_level_lines(_remove_level_lines(ink).T).T


def _remove_level_lines(ink: Floats) -> Floats:
    from scipy import ndimage

    thickness = int(THICKEST_RULING * max(ink.shape))
    if thickness == 0:  # too small a picture to tell a line from a stroke
        return ink
    mask, lines = ink > 0.25, np.zeros(ink.shape, bool)
    height, width = ink.shape
    rows, columns = np.indices(ink.shape)
    for slope in np.linspace(-0.125, 0.125, 15):
        shift = np.rint(slope * (columns - width / 2)).astype(int)  # levels lines of this slope
        level = mask[(rows + shift) % height, columns].astype(float)
        full = ndimage.uniform_filter1d(level, width // 5, axis=1, mode="nearest") > 0.8
        runs = ndimage.maximum_filter1d(full.astype(np.uint8), width // 5, axis=1)
        lines |= runs[(rows - shift) % height, columns] > 0
    lines &= mask
    labels, _ = ndimage.label(lines, EVERYWHERE)
    across = [
        number
        for number, (down, along) in enumerate(ndimage.find_objects(labels), start=1)
        if (down.start <= thickness) + (down.stop >= height - thickness)
        + (along.start <= thickness) + (along.stop >= width - thickness) >= 2
    ]  # fmt: skip
    if len(across) < 2:
        return ink
    lines = np.isin(labels, across)
    lines &= ~ndimage.binary_opening(lines, np.ones((thickness + 1, 1)))  # strokes that cross
    closed = ndimage.grey_closing(np.where(lines, 0, ink), (thickness + 2, 1))
    return np.where(lines, closed, ink)
