"""Draw the photographs of handwritten digits in `ae_utils/photographs/`: no camera took them.

    python -m tools.make.photographs

Ink lies on a ground, light falls on both, and a lens and a sensor spoil them a little. Lengths are
in pixels; colours are the shares of red, green and blue that come back from a surface, 0..1.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from scipy.interpolate import make_interp_spline  # type: ignore[import-untyped]
from scipy.ndimage import gaussian_filter  # type: ignore[import-untyped]

from ae_utils.handwriting import PHOTOGRAPHS

Floats = NDArray[np.floating]
Shape = tuple[int, int]  # height, width
Colour = tuple[float, float, float]
Points = Sequence[tuple[float, float]]  # x to the right, y down

SHAPE = (640, 480)
BLUE_INK, FELT, CHALK = (0.10, 0.17, 0.52), (0.09, 0.08, 0.09), (0.88, 0.88, 0.84)


def draw_strokes(strokes: Sequence[Points], width: float, shape: Shape = SHAPE) -> Floats:
    """Draw smooth curves through points with a round pen: ink (H, W), 0..1."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    outside = np.full(shape, np.inf)  # how far a pixel is from the ink
    for points in strokes:
        curve = make_interp_spline(
            np.linspace(0, 1, len(points)), points, k=min(3, len(points) - 1)
        )
        for time in np.linspace(0, 1, 250):
            x, y = curve(time)
            radius = width / 2 * (1 - 0.2 * abs(2 * time - 1) ** 4)  # pressed less at both ends
            outside = np.minimum(outside, np.hypot(columns - x, rows - y) - radius)
    return (0.5 - outside).clip(0, 1)


def grain(shape: Shape, size: float | tuple[float, float], draw: Generator) -> Floats:
    """Random unevenness (H, W) with mean 0 and standard deviation 1, its spots of some size."""
    noise = gaussian_filter(draw.standard_normal(shape), size, mode="wrap")
    return (noise - noise.mean()) / noise.std()


def plain_paper(shape: Shape, draw: Generator) -> Floats:
    """White paper, (H, W, 3)."""
    fibres = 0.008 * grain(shape, 1, draw) + 0.008 * grain(shape, 6, draw)
    return (np.array([0.92, 0.91, 0.88]) + fibres[..., None]).clip(0, 1)


def lined_paper(
    shape: Shape, draw: Generator, *, spacing: float = 84, tilt: float = 0.03
) -> Floats:
    """Paper with blue lines, which fall by `tilt` a pixel, and a red margin: (H, W, 3)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    across = (rows - tilt * columns + spacing / 3) % spacing - spacing / 2
    beside = columns + tilt * rows - 0.16 * shape[1]
    paper = plain_paper(shape, draw)
    for distance, colour in ((across, (0.45, 0.58, 0.78)), (beside, (0.85, 0.45, 0.47))):
        paper = rule(paper, colour, distance, draw)
    return paper


def squared_paper(shape: Shape, draw: Generator) -> Floats:
    """Paper with dark lines both ways, (H, W, 3): some squares and some tilt."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    paper, spacing, tilt = plain_paper(shape, draw), draw.uniform(35, 70), draw.uniform(-0.09, 0.09)
    for place in (rows - tilt * columns, columns + tilt * rows):
        paper = rule(paper, (0.14, 0.14, 0.14), place % spacing - spacing / 2, draw)
    return paper


def paper_on_table(shape: Shape, draw: Generator) -> Floats:
    """White paper on a wooden table, which shows above it and at its right: (H, W, 3)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    tilt = draw.uniform(-0.07, 0.07)
    inside = np.minimum(rows - tilt * columns - 60, 0.9 * shape[1] - columns - tilt * rows)
    fibres = 0.12 * grain(shape, (1.2, 60), draw) + 0.06 * grain(shape, (8, 120), draw)
    shadow = 0.5 * np.exp(inside / 9).clip(0, 1)
    table = np.array([0.42, 0.27, 0.16]) * (1 + fibres - shadow)[..., None]
    sheet = (inside + 0.5).clip(0, 1)[..., None]
    return (sheet * plain_paper(shape, draw) + (1 - sheet) * table).clip(0, 1)


def rule(paper: Floats, colour: Colour, distance: Floats, draw: Generator) -> Floats:
    """Draw the lines from which pixels are at some distance (H, W) on paper (H, W, 3)."""
    line = np.exp(-((distance / 1.6) ** 4)) * (0.85 + 0.1 * grain(distance.shape, 2, draw))
    return mix(paper, colour, line.clip(0, 1))


def blackboard(shape: Shape, draw: Generator) -> Floats:
    """A dark green board, (H, W, 3), on which older chalk was wiped away."""
    wiped = gaussian_filter(draw.standard_normal(shape), (6, 60), mode="wrap")
    wiped = (wiped / wiped.std()).clip(0) * (1 + 0.3 * grain(shape, 60, draw)).clip(0)
    haze = 0.025 * wiped + 0.012 * grain(shape, 40, draw) + 0.008 * grain(shape, 0.7, draw)
    return (np.array([0.13, 0.21, 0.18]) + haze[..., None]).clip(0, 1)


def mix(ground: Floats, colour: Colour, ink: Floats) -> Floats:
    """Cover a ground (H, W, 3) with some ink (H, W), 0..1."""
    return ground + ink[..., None] * (np.array(colour) - ground)


def take_photograph(
    scene: Floats, draw: Generator, light: tuple[float, float] = (0, 0), noise: float = 0.012
) -> Image.Image:
    """Photograph a scene (H, W, 3).

    Args:
        light: how much brighter the right edge is than the left, and the lower than the upper.
        noise: standard deviation of the sensor's.
    """
    height, width, _ = scene.shape
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    falling = 0.95 + light[0] * x + light[1] * y - 0.3 * (x**2 + y**2)  # darker in the corners
    lens = gaussian_filter(scene * falling[..., None], (0.8, 0.8, 0))
    return Image.fromarray(
        (255 * (lens + noise * draw.standard_normal(scene.shape)).clip(0, 1))
        .round()
        .astype(np.uint8)
    )


def draw_two(draw: Generator) -> Image.Image:
    """A 2 in blue pen, on lined paper lit from the right."""
    two = [(150, 262), (168, 205), (222, 168), (288, 182), (312, 245), (274, 330), (208, 418)]
    two += [(152, 478), (172, 474), (232, 458), (290, 472), (352, 462)]
    ink = draw_strokes([two], 9) * (0.9 + 0.06 * grain(SHAPE, 1.2, draw)).clip(0, 1)
    return take_photograph(mix(lined_paper(SHAPE, draw), BLUE_INK, ink), draw, (0.45, 0.1))


def draw_four(draw: Generator) -> Image.Image:
    """A 4 in white chalk, on a blackboard."""
    down = [(212, 150), (190, 240), (150, 330), (128, 372), (220, 366), (372, 350)]
    stem = [(318, 205), (306, 310), (294, 420), (286, 520)]
    chalk = (0.7 + 0.5 * grain(SHAPE, 0.9, draw) + 0.2 * grain(SHAPE, 3, draw)).clip(0, 1)
    ink = draw_strokes([down, stem], 17) * chalk
    return take_photograph(mix(blackboard(SHAPE, draw), CHALK, ink), draw, (0.1, -0.25))


def draw_seven(draw: Generator) -> Image.Image:
    """A 7 in felt pen, on white paper."""
    bar = [(132, 196), (185, 192), (262, 186), (332, 180)]
    stem = [(332, 180), (296, 262), (246, 372), (214, 500)]
    ink = draw_strokes([bar, stem], 27) * (0.95 + 0.03 * grain(SHAPE, 3, draw)).clip(0, 1)
    return take_photograph(mix(plain_paper(SHAPE, draw), FELT, ink), draw, (-0.2, -0.3))


DRAWINGS = {"four": draw_four, "seven": draw_seven, "two": draw_two}


def main() -> None:
    """Draw the photographs, and write them as JPEG."""
    PHOTOGRAPHS.mkdir(exist_ok=True)
    for name, draw in DRAWINGS.items():
        path = PHOTOGRAPHS / f"{name}.jpg"
        draw(np.random.default_rng(0)).save(path, quality=80)
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
