"""The pictures that widgets show, and how they travel: as PNG in HTML, with a text alternative."""

import base64
import io
from html import escape
from typing import Any

import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from ae_utils.maps import plot_latent_map, plot_latent_map_3d

IMAGE_SIZE, MAP_SIZE, TURNTABLE_SIZE = 168, 380, 420  # pixels on the screen, along each side
MAP_AXES = (0.15, 0.12, 0.83, 0.86)  # left, bottom, width and height, as shares of the map's size
N_TURNED = 2_000  # codes in a map that turns: few enough to draw it while a slider moves


def draw_map(codes: Tensor, labels: Tensor, low: Tensor, high: Tensor) -> Any:
    """Draw the map that a marker moves over; its axes fill `MAP_AXES` of it, whatever the style.

    Args:
        codes: (N, 2).
        labels: int64 (N,).
        low: the corner (2,) at the lower left.
        high: the corner (2,) at the upper right.

    Returns:
        The map's axes.
    """
    ax: Any = _square_figure(MAP_SIZE / 100, dpi=200).add_axes(MAP_AXES)
    plot_latent_map(codes, labels, (low, high), ax)
    return ax


def place_on_map(z: Tensor, low: Tensor, high: Tensor) -> tuple[float, float]:
    """Where a point (2,) lies on that map, from the left and the top, as shares of its size."""
    left, bottom, width, height = MAP_AXES
    across, upwards = ((z - low) / (high - low)).tolist()
    return left + width * across, 1 - bottom - height * upwards


def draw_turntable(codes: Tensor, labels: Tensor) -> Any:
    """Draw a map in space; of more codes than `N_TURNED`, evenly spaced ones.

    Args:
        codes: (N, 3).
        labels: int64 (N,).

    Returns:
        The map's axes, which `view_init` turns.
    """
    ax: Any = _square_figure(4.8, dpi=125).add_axes((0, 0, 0.95, 1), projection="3d")
    plot_latent_map_3d(evenly(codes, N_TURNED), evenly(labels, N_TURNED), ax=ax)
    return ax


def evenly(data: Tensor, n: int) -> Tensor:
    """At most `n` of the rows, evenly spaced."""
    return data[:: -(-len(data) // n)]


def image_png(ink: Tensor) -> bytes:
    """An image as PNG, each of its pixels one of the PNG's.

    Args:
        ink: (28, 28), 0 is paper (255, white) and 1 is full ink (0, black); what lies beyond is
            held to these.
    """
    grey = (255 * (1 - ink.clamp(0, 1))).round().to(torch.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey.numpy()).save(buffer, "PNG")
    return buffer.getvalue()


def figure_png(fig: Figure) -> bytes:
    """All of a figure as PNG, whatever the settings for saved figures."""
    buffer = io.BytesIO()
    FigureCanvasAgg(fig).print_png(buffer, pil_kwargs={"compress_level": 1})  # 6 takes longer
    return buffer.getvalue()


def html_image(png: bytes, alt: str, size: int, rendering: str = "auto") -> str:
    """A PNG as HTML, with its text alternative.

    Args:
        png: the picture.
        alt: what it shows, in words.
        size: screen pixels along each side.
        rendering: CSS's word for how it is scaled: 'pixelated' shows the pixels as squares.
    """
    return (
        f'<img alt="{escape(alt)}" width="{size}" height="{size}" decoding="sync" '
        f'style="display: block; outline: 1px solid #cccccc; image-rendering: {rendering}" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    )


def html_images(*images: tuple[Tensor, str, str]) -> str:
    """Images side by side as HTML: for each its ink (28, 28), text alternative and caption."""
    columns = ""
    for ink, alt, caption in images:
        image = html_image(image_png(ink), alt, IMAGE_SIZE, "pixelated")
        columns += f"<div>{image}{escape(caption)}</div>"
    return f'<div style="display: flex; gap: 16px; line-height: 1.6">{columns}</div>'


def _square_figure(inches: float, dpi: int) -> Figure:
    """A figure that pyplot does not keep and no style lays out."""
    fig = Figure((inches, inches), dpi=dpi, facecolor="white")
    fig.set_layout_engine("none")
    return fig
