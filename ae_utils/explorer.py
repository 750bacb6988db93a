"""Explore a latent space with sliders: move a point, and see at once what it decodes to.

Plain functions do the work and need no browser; the widgets stand on top of them. A picture is an
HTML `<img>` with a text alternative. A move sends only what changes: the map of the codes goes to
the reader once, and a marker moves over it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import ipywidgets as widgets  # type: ignore[import-untyped]
import torch
from torch import Tensor

from ae_utils.controls import ControlBoard, Limits, NumberControl, choose_limits
from ae_utils.latent import DataDistance, decode_points, latent_box
from ae_utils.models import Autoencoder
from ae_utils.pictures import (
    MAP_SIZE,
    TURNTABLE_SIZE,
    draw_map,
    draw_turntable,
    evenly,
    figure_png,
    html_image,
    html_images,
    place_on_map,
)
from ae_utils.plots import INK

DIMENSIONS = range(2, 9)  # of a latent space that sliders can explore
MARGIN = 1 / 8  # of the codes' box, added on every side
AMONG, EDGE = 0.95, 0.999  # the shares of the codes that are less lonely than where these end

SIDE_BY_SIDE = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "8px"}
CROSS = (  # within 30 x 30
    '<path d="M15 0v30M0 15h30" stroke="white" stroke-width="6"/>'
    f'<path d="M15 1v28M1 15h28" stroke="{INK}" stroke-width="2.5"/>'
)


@dataclass(frozen=True, eq=False)
class PointView:
    """What there is to see of a point of the latent space.

    Args:
        image: float32 (28, 28), what the point decodes to.
        nearest: the number of the real image whose code lies nearest.
        distance: from the codes of real images; 1 is as lonely as a typical code.
    """

    image: Tensor
    nearest: int
    distance: float


def view_point(decode: Callable[[Tensor], Tensor], distance: DataDistance, z: Tensor) -> PointView:
    """Decode a point, and find out where it lies among the data.

    Args:
        decode: maps points (B, latent_dim) to images (B, 1, 28, 28).
        distance: from the codes of the real images.
        z: the point (latent_dim,).

    Raises:
        ValueError: if the decoded image is not finite.
    """
    batch = z.unsqueeze(0)  # (1, latent_dim)
    image = decode_points(decode, batch)[0, 0].cpu()
    if not image.isfinite().all():
        raise ValueError(
            "decoder: its image of this point has pixels that are not finite.\n"
            "Load the model's weights again, or train it again with a lower learning rate."
        )
    return PointView(image, int(distance.nearest(batch)), float(distance(batch)))


def limits_around(codes: Tensor) -> list[Limits]:
    """Limits and step of a slider for each coordinate: nearly all codes, and some room around."""
    low, high = latent_box(codes)
    margin = MARGIN * (high - low)
    ends = zip((low - margin).tolist(), (high + margin).tolist(), strict=True)
    return [choose_limits(*pair) for pair in ends]


def place_levels(distance: DataDistance, codes: Tensor) -> list[float]:
    """The distances at which 'among the data' and 'at the edge of the data' end."""
    return distance(evenly(codes, 1_000)).quantile(torch.tensor([AMONG, EDGE])).tolist()


def name_place(distance: float, levels: Sequence[float]) -> str:
    """Say where a point lies by its distance: `levels` end 'among the data' and 'at the edge'."""
    among, edge = levels
    if distance <= among:
        return "among the data"
    return "at the edge of the data" if distance <= edge else "far from all data"


class LatentMap(widgets.GridBox):
    """A map of codes in the plane, and a marker over it that moves.

    Args:
        codes, labels, low, high: as `draw_map` takes them.
    """

    def __init__(self, codes: Tensor, labels: Tensor, low: Tensor, high: Tensor) -> None:
        self.low, self.high = low, high
        png = figure_png(draw_map(codes, labels, low, high).figure)
        alt = "Map of the codes of real images, one colour a digit"
        here = {"grid_area": "1 / 1"}  # both in the same place, the marker on top
        self.picture = widgets.HTML(html_image(png, alt, MAP_SIZE), layout=here)
        self.marker = widgets.HTML(layout=here)
        super().__init__([self.picture, self.marker], layout={"flex": "none"})

    def mark(self, z: Tensor, name: str) -> None:
        """Move the marker to a point (2,), called `name`."""
        left, top = place_on_map(z, self.low, self.high)
        self.marker.value = (
            f'<div style="position: relative; width: {MAP_SIZE}px; height: {MAP_SIZE}px">'
            f'<svg role="img" aria-label="The point {escape(name)} on the map" width="30" '
            f'height="30" style="position: absolute; left: calc({left:.3%} - 15px); '
            f'top: calc({top:.3%} - 15px)">{CROSS}</svg></div>'
        )


class LatentExplorer(ControlBoard):
    """A point of the latent space on sliders, and what it decodes to. End a cell with it.

    Beside that stand the real image whose code lies nearest, the distance from the data and, in two
    dimensions, a map of the codes with a marker at the point. It begins near the first code.

    Args:
        model: with a latent space of 2 to 8 dimensions.
        codes: (N, latent_dim), of real images.
        labels: int64 (N,), of the same images.
        images: uint8 (N, 1, 28, 28), the images.

    Raises:
        ValueError: if these do not belong together.
    """

    view: PointView  # what is shown
    low: Tensor  # (latent_dim,): the corners of what the sliders cover
    high: Tensor

    def __init__(self, model: Autoencoder, codes: Tensor, labels: Tensor, images: Tensor) -> None:
        _check_data(model.latent_dim, codes, labels, images)
        codes, self._labels, self._images = codes.detach().cpu(), labels.cpu(), images.cpu()
        self._decode, self._distance = model.decode, DataDistance(codes)
        self._levels = place_levels(self._distance, codes)
        limits = limits_around(codes)
        self.low, self.high, _ = torch.tensor(limits).T  # (latent_dim,) each
        controls = [
            NumberControl(f"z{i + 1}", limits[i], start, self.redraw)
            for i, start in enumerate(codes[0].tolist())
        ]
        self.pictures, self.map = widgets.HTML(), None
        children = [widgets.VBox([self.pictures, *controls], layout={"width": "380px"})]
        if model.latent_dim == 2:
            self.map = LatentMap(codes, self._labels, self.low, self.high)
            children.insert(0, self.map)
        super().__init__(controls, [widgets.HBox(children, layout=SIDE_BY_SIDE)])

    @property
    def z(self) -> Tensor:
        """The point (latent_dim,), float32."""
        return torch.tensor([box.value for box in self.boxes])

    def move_to(self, point: Tensor | Sequence[float]) -> None:
        """Go to a point (latent_dim,).

        Raises:
            ValueError: if it has another dimension, is not finite, or lies beyond the sliders.
        """
        z = _read_point(point, self.low, self.high)
        for control, number in zip(self.controls, z.numpy(), strict=True):
            control.show(float(str(number)))  # str: 0.1, not 0.10000000149
        self.redraw()

    def draw(self) -> None:
        """Show the point: its image, the nearest real one, its distance, its place on the map."""
        self.view = view_point(self._decode, self._distance, self.z)
        name = ", ".join(f"{box.description} = {box.value:g}" for box in self.boxes)
        label = self._labels[self.view.nearest].item()
        real = self._images[self.view.nearest, 0] / 255
        self.pictures.value = html_images(
            (self.view.image, f"What the decoder makes of {name}", "decoded image"),
            (real, f"Real image with the nearest code, a {label}", f"nearest real image: {label}"),
        ) + _html_distance(self.view.distance, name_place(self.view.distance, self._levels))
        if self.map is not None:
            self.map.mark(self.z, name)


class LatentTurntable(ControlBoard):
    """A map of codes in space, with sliders that turn it. End a cell with it.

    Args:
        codes: (N, 3).
        labels: int64 (N,).

    Raises:
        ValueError: if these do not belong together.
    """

    def __init__(self, codes: Tensor, labels: Tensor) -> None:
        _check_codes(3, codes, labels)
        self._ax = draw_turntable(codes.detach().cpu(), labels.cpu())
        self.picture = widgets.HTML()
        controls = [
            NumberControl("azimuth", (-200.0, 200.0, 4.0), -60.0, self.redraw),
            NumberControl("elevation", (-80.0, 80.0, 2.0), 30.0, self.redraw),
        ]
        super().__init__(controls, [self.picture, *controls])
        self.layout.max_width = f"{TURNTABLE_SIZE + 8}px"

    def draw(self) -> None:
        """Show the map from where the sliders say."""
        azimuth, elevation = (box.value for box in self.boxes)
        self._ax.view_init(elev=elevation, azim=azimuth)
        alt = f"Codes in space, seen from azimuth {azimuth:g}, elevation {elevation:g} degrees"
        self.picture.value = html_image(figure_png(self._ax.figure), alt, TURNTABLE_SIZE)


def _html_distance(distance: float, place: str) -> str:
    """Two lines, whatever they say: the sliders below must not move."""
    text = f"{distance:.1f} times as lonely as a typical code"
    style = "line-height: 1.6; white-space: nowrap"
    return f'<div style="{style}"><b>{escape(place)}</b><br>{escape(text)}</div>'


def _read_point(point: Tensor | Sequence[float], low: Tensor, high: Tensor) -> Tensor:
    """The point as float32 (latent_dim,), if it lies between the corners `low` and `high`."""
    size = len(low)
    try:
        z = torch.as_tensor(point, dtype=torch.float32).detach().cpu()
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise ValueError(
            f"point: cannot read this {type(point).__name__} as numbers.\n"
            f"Pass a list or tensor of {size} numbers."
        ) from error
    if z.shape != (size,):
        raise ValueError(
            f"point: got shape {tuple(z.shape)}, but this latent space has {size} dimensions.\n"
            f"Pass a list or tensor of {size} numbers."
        )
    if not ((low <= z) & (z <= high)).all():  # `not` because no comparison with NaN is true
        ends = zip(low.tolist(), high.tolist(), strict=True)
        limits = ", ".join(f"{lowest:g}..{highest:g}" for lowest, highest in ends)
        raise ValueError(
            f"point: {[round(value, 4) for value in z.tolist()]} is not finite, or lies beyond the "
            f"sliders.\nThey reach over {limits}."
        )
    return z


def _check_codes(latent_dim: int, codes: Tensor, labels: Tensor) -> None:
    right_shape = codes.ndim == 2 and codes.shape[1] == latent_dim and len(codes) > 0
    if not right_shape or not codes.isfinite().all():
        raise ValueError(
            f"codes: got shape {tuple(codes.shape)}, or a value that is not finite.\n"
            f"Pass finite codes of shape (N, {latent_dim}), made by the same model."
        )
    if labels.shape != codes.shape[:1]:
        raise ValueError(
            f"labels: got shape {tuple(labels.shape)} for {len(codes)} codes.\n"
            "Pass one label for each code."
        )


def _check_data(latent_dim: int, codes: Tensor, labels: Tensor, images: Tensor) -> None:
    if latent_dim not in DIMENSIONS:
        raise ValueError(
            f"model: its latent space has {latent_dim} dimension(s), too few or too many sliders.\n"
            f"Pass a model with {DIMENSIONS[0]} to {DIMENSIONS[-1]}."
        )
    _check_codes(latent_dim, codes, labels)
    if images.dtype != torch.uint8 or images.shape != (len(codes), 1, 28, 28):
        raise ValueError(
            f"images: got {images.dtype} of shape {tuple(images.shape)} for {len(codes)} codes.\n"
            f"Pass the uint8 images ({len(codes)}, 1, 28, 28) that the codes were made from."
        )
