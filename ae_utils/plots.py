"""The figures of the series, drawn from arrays; nothing here knows a model.

Each `plot_` function makes a figure (or draws into `ax`, where it takes one), returns the figure
and its axes, and shows nothing.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.typing import NDArray
from torch import Tensor

from ae_utils.images import IMAGE_SHAPE, to_float

INK, MUTED = "#222222", "#767676"
# From Okabe & Ito's colour-blind-safe palette.
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"

STYLE: dict[str, Any] = {  # on top of matplotlib's own settings
    "figure.dpi": 100, "figure.constrained_layout.use": True, "legend.frameon": False,
    "font.size": 11, "axes.titlesize": 11, "axes.spines.top": False, "axes.spines.right": False,
    "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, PURPLE, INK]),
}  # fmt: skip

Numbers = Sequence[float]
Captions = Mapping[str, Sequence[str]]
Place = Axes | None  # where to draw; None stands for a new figure
Drawing = tuple[Figure, Axes]
ERROR_TICKS = [d / 1000 for d in (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 35, 40, 50, 60, 70, 100, 200)]


def use_series_style() -> None:
    """Give every figure that follows the look of the series, whatever was set before."""
    plt.rcdefaults()
    plt.style.use(STYLE)


def draw_image(image: Tensor, ax: Axes, caption: str = "", *, signed: bool = False) -> None:
    """Draw one image (1, 28, 28) or (28, 28) in `ax`, grey from 0 (white) to 1 (black).

    Or signed, on a scale of its own from blue (most negative) through white (0) to red. A stored
    image, uint8, is converted; other whole numbers raise a TypeError.
    """
    pixels = _to_pixels(image)
    limit = float(np.abs(pixels).max()) or 1.0
    colours, low, high = ("RdBu_r", -limit, limit) if signed else ("gray_r", 0, 1)
    ax.imshow(pixels, cmap=colours, vmin=low, vmax=high, interpolation="nearest", origin="upper")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="#cccccc")
    if caption:
        ax.set_xlabel(caption, fontsize=9, labelpad=3)


def plot_image_rows(
    rows: Mapping[str, Tensor], captions: Captions | None = None, *, signed: bool = False
) -> tuple[Figure, NDArray[np.object_]]:
    """Images in labelled rows, one column an image; returns the figure and its axes (rows, N).

    Args:
        rows: for each label, images (N, 1, 28, 28), uint8 or in 0..1; the same N in every row.
        captions: for some of the labels, N short texts to stand below the images.
        signed: for weights and the like, which may be negative; see `draw_image`.
    """
    captions = captions or {}
    n = len(next(iter(rows.values())))
    heights = [1.22 if label in captions else 1.0 for label in rows]
    size = (n * 0.95 + 0.9, sum(heights) * 0.95 + 0.1)
    fig, axes = plt.subplots(len(rows), n, figsize=size, height_ratios=heights, squeeze=False)
    for row, (label, images) in zip(axes, rows.items(), strict=True):
        texts = captions.get(label, [""] * n)
        for ax, image, text in zip(row, images, texts, strict=True):
            draw_image(image, ax, text, signed=signed)
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", labelpad=8)
    return fig, axes


def plot_history(
    steps: Sequence[int],
    curves: Mapping[str, Numbers],
    reference: tuple[str, float] | None = None,
    ax: Place = None,
) -> Drawing:
    """Error against training steps, on a logarithmic error axis.

    Args:
        steps: (T,) steps done at each point.
        curves: for each label, (T,) errors.
        reference: label and height of a dashed line to compare with.
    """
    points = {label: (steps, errors) for label, errors in curves.items()}
    _, ax = figure_of(ax, (6.5, 3.6))
    fig, ax = plot_curves(points, "training step", "mean squared error a pixel", ax)
    if reference is not None:
        label, height = reference
        ax.axhline(height, color=MUTED, linestyle="-.", linewidth=1)
        ax.annotate(
            label, (1, height), (-4, 4), ax.get_yaxis_transform(), "offset points",
            ha="right", color=MUTED,
        )  # fmt: skip
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(plt.FixedLocator(ERROR_TICKS))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_locator(plt.NullLocator())
    return fig, ax


def plot_curves(
    curves: Mapping[str, tuple[Numbers, Numbers]], xlabel: str, ylabel: str, ax: Place = None
) -> Drawing:
    """Lines with a mark at every point, each curve with its own line, mark and colour.

    Args:
        curves: for each label, the points' x and y, of equal length.
        xlabel, ylabel: what x and y are, with their units.
    """
    fig, ax = figure_of(ax, (6.5, 4))
    looks = zip(curves.items(), cycle(("-", "--", ":", "-.")), cycle("osD^v"), strict=False)
    for (label, (x, y)), line, mark in looks:
        ax.plot(x, y, line, marker=mark, markersize=5, label=label)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    return fig, ax


def plot_bars(
    values: Mapping[str, float], xlabel: str, fmt: str = "{:.4f}", ax: Place = None
) -> Drawing:
    """Horizontal bars, the first on top, each with its value, written as `fmt`, at its end."""
    fig, ax = figure_of(ax, (6.5, 0.4 * len(values) + 0.9))
    bars = ax.barh(list(values), list(values.values()), color=BLUE, height=0.6)
    ax.bar_label(bars, fmt=fmt, padding=4)
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.set_xlabel(xlabel)
    return fig, ax


def plot_autoencoder(sizes: Sequence[int], x: Tensor, z: Tensor, x_hat: Tensor) -> Drawing:
    """The path of one image: input, encoder, code, decoder, output, with the sizes of the layers.

    Args:
        sizes: numbers a layer from input to code, such as [784, 256, 128, 2]; the decoder is
            drawn as the mirror image.
        x, z, x_hat: the input (1, 28, 28), its code (sizes[-1],) and the output (1, 28, 28).
    """
    fig, ax = plt.subplots(figsize=(9, 2.7))
    middle: dict[str, Any] = {"ha": "center", "color": INK}
    for side, image, title in ((-1, x, "input x"), (1, x_hat, "output x_hat")):
        _draw_half(ax, side, sizes)
        centre = side * 4.25
        box = (centre - 0.8, centre + 0.8, -0.8, 0.8)
        pixels = _to_pixels(image)
        ax.imshow(pixels, cmap="gray_r", vmin=0, vmax=1, extent=box, origin="upper")
        ax.text(centre, 1.05, title, weight="bold", **middle)
        ax.text(centre, -1.05, "28 x 28 = 784", va="top", **middle)
    numbers = "\n".join(f"{value:.2f}" for value in z.tolist())
    frame = {"boxstyle": "round", "facecolor": "white", "edgecolor": GREEN, "linewidth": 2}
    ax.text(0, 0, numbers, va="center", bbox=frame, **middle)
    ax.text(0, 1.05, "code z", weight="bold", **middle)
    ax.text(0, -1.05, str(sizes[-1]), va="top", **middle)
    ax.set(xlim=(-5.2, 5.2), ylim=(-1.5, 1.4), aspect="equal")
    ax.axis("off")
    return fig, ax


def figure_of(ax: Place, size: tuple[float, float]) -> Drawing:
    """The axes given, with their figure, or those of a new figure of `size` inches."""
    if ax is None:
        return plt.subplots(figsize=size)
    return ax.figure, ax  # type: ignore[return-value]


def _draw_half(ax: Axes, side: int, sizes: Sequence[int]) -> None:
    """The encoder (side -1) or decoder (1): a funnel with a bar for each layer but the code."""
    name, colour = ("encoder", BLUE) if side < 0 else ("decoder", ORANGE)
    outer, inner = 3.2 * side, 0.75 * side
    funnel = [(outer, -0.95), (outer, 0.95), (inner, 0.3), (inner, -0.3)]
    ax.add_patch(Polygon(funnel, facecolor=colour, alpha=0.15))
    ax.text((outer + inner) / 2, 1.05, name, ha="center", weight="bold", color=colour)
    positions = np.linspace(outer, inner + 0.25 * side, len(sizes) - 1)
    for at, size in zip(positions, sizes[:-1], strict=True):
        height = np.interp(abs(at), [0.75, 3.2], [0.3, 0.95])
        ax.plot([at, at], [-height, height], color=colour, linewidth=5, solid_capstyle="butt")
        ax.text(at, -1.05, str(size), ha="center", va="top", color=INK)


def _to_pixels(image: Tensor) -> NDArray[np.float32]:
    image = torch.as_tensor(image).detach().cpu().reshape(1, *IMAGE_SHAPE)
    return to_float(image).float().reshape(28, 28).numpy()
