"""Pictures of the latent space: maps of the codes, what their points decode to, fields over them.

Every map has its first coordinate to the right and its second upwards, the decoded ones too, so
that an image stands where its point lies. Drawn from arrays, into `ax` or a new figure.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from mpl_toolkits.mplot3d import Axes3D  # type: ignore[import-untyped]
from torch import Tensor

from ae_utils.images import IMAGE_SHAPE, to_float
from ae_utils.latent import evenly
from ae_utils.plots import INK, Drawing, Place, figure_of

# One colour a digit, 0 to 9, everywhere; ten classes of other images have the same. Petroff 2021,
# 'Accessible Color Sequences for Data Visualization': chosen to stay apart for colour-blind readers
# too; dealt out so that digits that lie near one another on the maps differ most.
DIGIT_COLOURS = (
    "#3f90da", "#e76300", "#a96b59", "#832db6", "#bd1f01",
    "#ffa90e", "#94a4a2", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
N_DRAWN = 5_000  # of more codes, evenly spaced ones are drawn
DOTS: dict[str, Any] = {"linewidths": 0, "antialiased": False}  # hard edges: a third of the bytes
FEW_GREYS = plt.get_cmap("gray_r", 16)  # as good to the eye at that size, in half the bytes
OUTLINE = [withStroke(linewidth=3, foreground="white")]


def plot_latent_map(
    codes: Tensor,
    labels: Tensor,
    box: tuple[Tensor, Tensor] | None = None,
    ax: Place = None,
    names: Sequence[str] = (),
) -> Drawing:
    """Codes in the plane, one colour a class, each class's number at the median of its codes.

    Args:
        codes, labels: (N, 2), and int64 (N,), from 0 on; up to `N_DRAWN` are drawn.
        box: two corners (2,), what part of the plane to show; all of it if left out.
        names: what the numbers stand for, to be listed beside the map.
    """
    fig, ax = figure_of(ax, (6.5, 6))
    x, y = evenly(codes, N_DRAWN).T.cpu().numpy()
    colours = _class_colours(labels)
    ax.scatter(x, y, s=3, c=[colours[k] for k in evenly(labels, N_DRAWN)], **DOTS)
    _name_classes(ax, codes, labels)
    if names:
        _explain_classes(ax, labels, names)
    _set_plane(ax, box)
    return fig, ax


def plot_latent_map_3d(
    codes: Tensor,
    labels: Tensor,
    azimuth: float = -60,
    elevation: float = 30,
    ax: Axes3D | None = None,
) -> tuple[Figure, Axes3D]:
    """Codes in space, one colour a class, seen from a direction.

    Args:
        codes, labels: (N, 3), and int64 (N,), from 0 on; up to `N_DRAWN` are drawn.
        azimuth, elevation: where the eye stands around the third axis, and how high; degrees.
        ax: axes with projection '3d'; a new figure if left out.
    """
    ax = ax or plt.figure(figsize=(6, 6)).add_subplot(projection="3d")
    x, y, z = evenly(codes, N_DRAWN).T.cpu().numpy()
    colours = _class_colours(labels)
    dots = [colours[k] for k in evenly(labels, N_DRAWN)]
    ax.scatter(x, y, z, s=3, c=dots, depthshade=False, **DOTS)
    _name_classes(ax, codes, labels)
    ax.set(xlabel="z1", ylabel="z2", zlabel="z3")
    ax.view_init(elev=elevation, azim=azimuth)
    ax.set_box_aspect(None, zoom=0.88)  # room for the axes' names
    return ax.figure, ax


def mark_points(points: Tensor, ax: Axes, names: Sequence[str] = (), colour: str = INK) -> None:
    """Mark points (N, 2) on a map by dots, with N names beside them if there are any."""
    x, y = points.T.cpu().numpy()
    ax.scatter(x, y, s=22, c=colour, edgecolors="white", linewidths=0.7, zorder=3)
    for point, name in zip(points.tolist(), names, strict=bool(names)):
        ax.annotate(
            name, point, xytext=(4, 4), textcoords="offset points",
            color=colour, weight="bold", path_effects=OUTLINE, zorder=5,
        )  # fmt: skip


def plot_decoded_grid(images: Tensor, low: Tensor, high: Tensor, ax: Place = None) -> Drawing:
    """The images that a grid of points decodes to, each where its point lies.

    Args:
        images: (rows, columns, 1, 28, 28), uint8 or in 0..1, laid out as by `latent.make_grid`.
        low, high: the points (2,) of the lower left and the upper right image.
    """
    fig, ax = figure_of(ax, (6.5, 6.5))
    rows, columns = images.shape[:2]
    tiles = to_float(images.detach().cpu().reshape(-1, *IMAGE_SHAPE))
    mosaic = tiles.reshape(rows, columns, 28, 28).permute(0, 2, 1, 3)
    left, right = _edges(low[0].item(), high[0].item(), columns)
    bottom, top = _edges(low[1].item(), high[1].item(), rows)
    ax.imshow(
        mosaic.reshape(rows * 28, columns * 28).numpy(),
        cmap=FEW_GREYS, vmin=0, vmax=1, extent=(left, right, bottom, top),
        interpolation="nearest", origin="upper", aspect="auto",
    )  # fmt: skip
    ax.set(xlabel="z1", ylabel="z2")
    return fig, ax


def plot_field(
    values: Tensor, low: Tensor, high: Tensor, label: str, levels: Sequence[float], ax: Place = None
) -> Drawing:
    """A quantity over the plane, in filled steps, the darker the larger.

    Args:
        values: (rows, columns) on a grid of points, row 0 on top, as `latent.make_grid` lays out.
        low, high: the lower left and the upper right point (2,).
        label: what the quantity is, with its unit.
        levels: the bounds of the steps, rising; values beyond the last belong to the last.
    """
    fig, ax = figure_of(ax, (6.5, 5.5))
    rows, columns = values.shape
    across = np.linspace(low[0].item(), high[0].item(), columns)
    upwards = np.linspace(low[1].item(), high[1].item(), rows)
    clipped = values.cpu().double().clamp(levels[0], levels[-1])  # in float32, 0.2 is above 0.2
    steps = ax.contourf(across, upwards, clipped.flip(0).numpy(), levels=list(levels), cmap="Blues")
    fig.colorbar(steps, ax=ax, label=label, ticks=list(levels))
    _set_plane(ax, (low, high))
    return fig, ax


def plot_confusion(
    table: Tensor, ylabel: str = "digit", xlabel: str = "named", ax: Place = None
) -> Drawing:
    """A table (K, K) of shares in 0..1, as numbers of per cent on squares of blue."""
    side = max(5.5, 0.4 * len(table))
    fig, ax = figure_of(ax, (side + 0.5, side))
    ax.imshow(table.numpy(), cmap="Blues", vmin=0, vmax=1, origin="upper")
    for row, shares in enumerate(table.tolist()):
        for column, share in enumerate(shares):
            if share >= 0.005:
                colour = "white" if share > 0.5 else INK
                text = f"{100 * share:.0f}"
                ax.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    classes = range(len(table))
    ax.set(xticks=classes, yticks=classes, xlabel=f"{xlabel} (%)", ylabel=ylabel)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig, ax


def _class_colours(labels: Tensor) -> Sequence[Any]:
    """A colour for each label from 0 to the highest there is."""
    n = int(labels.max()) + 1
    return DIGIT_COLOURS if n <= 10 else list(plt.get_cmap("turbo", n)(range(n)))


def _name_classes(ax: Any, codes: Tensor, labels: Tensor) -> None:
    """Write the number of each class there is at the median of its codes, in plane or space."""
    colours = _class_colours(labels)
    for label in labels.unique().tolist():
        centre = codes[labels == label].median(0).values.tolist()
        sign = {"boxstyle": "circle", "facecolor": "white", "edgecolor": colours[label]}
        ax.text(
            *centre, str(label), color=INK, fontsize=11, weight="bold", ha="center", va="center",
            bbox=sign | {"pad": 0.2, "linewidth": 1.8}, clip_on=True, zorder=4,
        )  # fmt: skip


def _explain_classes(ax: Axes, labels: Tensor, names: Sequence[str]) -> None:
    """List beside the map what the numbers of the classes stand for, in their colours."""
    colours = _class_colours(labels)
    for label in labels.unique().tolist():
        ax.scatter([], [], s=40, color=colours[label], label=f"{label}  {names[label]}")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def _edges(first: float, last: float, n: int) -> tuple[float, float]:
    """Where a row of `n` tiles begins and ends whose first and last centres are given."""
    half = (last - first) / (n - 1) / 2
    return first - half, last + half


def _set_plane(ax: Axes, box: tuple[Tensor, Tensor] | None) -> None:
    ax.set(xlabel="z1", ylabel="z2")
    if box is not None:
        (left, bottom), (right, top) = box[0].tolist(), box[1].tolist()
        ax.set(xlim=(left, right), ylim=(bottom, top))
