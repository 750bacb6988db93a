"""The pictures that widgets show, and how they travel: as PNG in HTML, with a text alternative."""

import base64
import io
from html import escape
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from ae_utils.latent import evenly
from ae_utils.maps import plot_latent_map, plot_latent_map_3d
from ae_utils.plots import INK, STYLE

IMAGE_SIZE, MAP_SIZE, TURNTABLE_SIZE = 168, 380, 420  # pixels on the screen, along each side
MAP_AXES = (0.15, 0.12, 0.83, 0.86)  # left, bottom, width and height, as shares of the map's size
N_TURNED = 2_000  # codes in a map that turns: few enough to draw it while a slider moves

# Whatever the reader has set; the axes are placed by hand.
PICTURE_STYLE = STYLE | {"figure.constrained_layout.use": False}
in_picture_style = plt.style.context(PICTURE_STYLE, after_reset=True)


@in_picture_style
def draw_map(codes: Tensor, labels: Tensor, low: Tensor, high: Tensor) -> Any:
    """Draw codes (N, 2) between two corners (2,); returns the axes."""
    ax: Any = Figure((3.8, 3.8), dpi=200).add_axes(MAP_AXES)  # 2 dots a screen pixel
    plot_latent_map(codes, labels, (low, high), ax)
    return ax


def html_marker(z: Tensor, low: Tensor, high: Tensor, name: str) -> str:
    """A cross to lay over that map at a point `z` (2,), which is called `name`, as HTML."""
    corner, size = torch.tensor(MAP_AXES).view(2, 2)
    x, y = (corner + size * (z - low) / (high - low)).tolist()
    return (
        f'<div style="position: relative; width: {MAP_SIZE}px; height: {MAP_SIZE}px; '
        f'overflow: hidden"><svg role="img" aria-label="The point {escape(name)} on the map" '
        f'width="30" height="30" style="position: absolute; margin: -15px; left: {x:.3%}; '
        f'bottom: {y:.3%}">'
        '<path d="M15 0v30M0 15h30" stroke="white" stroke-width="6"/>'
        f'<path d="M15 1v28M1 15h28" stroke="{INK}" stroke-width="2.5"/></svg></div>'
    )


@in_picture_style
def draw_turntable(codes: Tensor, labels: Tensor) -> Any:
    """Draw codes (N, 3), of more than `N_TURNED` evenly spaced ones; returns the axes."""
    ax: Any = Figure((4.8, 4.8), dpi=125).add_axes((0, 0, 0.95, 1), projection="3d")
    plot_latent_map_3d(evenly(codes, N_TURNED), evenly(labels, N_TURNED), ax=ax)
    return ax


@in_picture_style
def html_figure(fig: Figure, alt: str, width: float | None = None) -> str:
    """All of a figure as HTML, `width` pixels wide on the screen, or else 100 an inch."""
    buffer, (inches, high) = io.BytesIO(), fig.get_size_inches()
    FigureCanvasAgg(fig).print_png(buffer, pil_kwargs={"compress_level": 1})  # 6 takes longer
    width = width or 100 * inches
    return _html_image(buffer.getvalue(), alt, (width, width * high / inches))


def html_images(*images: tuple[Tensor, str, str]) -> str:
    """Images side by side as HTML: for each its ink (28, 28), text alternative and caption."""
    columns, size = "", (IMAGE_SIZE, IMAGE_SIZE)
    for ink, alt, caption in images:
        image = _html_image(image_png(ink), alt, size, "pixelated")  # pixels as squares
        columns += f"<div>{image}{escape(caption)}</div>"
    return f'<div style="display: flex; gap: 16px; line-height: 1.6">{columns}</div>'


def image_png(ink: Tensor) -> bytes:
    """An image (height, width) as PNG: ink 1 is black, 0 white; what is beyond is held there."""
    grey = (255 * (1 - ink.clamp(0, 1))).round().to(torch.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey.numpy()).save(buffer, "PNG")
    return buffer.getvalue()


def _html_image(png: bytes, alt: str, size: tuple[float, float], rendering: str = "auto") -> str:
    return (
        f'<img alt="{escape(alt)}" width="{size[0]:g}" height="{size[1]:g}" decoding="sync" '
        f'style="display: block; outline: 1px solid #cccccc; image-rendering: {rendering}" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    )
