"""Explore a latent space with sliders: move a point, and see at once what it decodes to.

A move sends only what changes: the map goes to the reader once, and a marker moves over it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape

import ipywidgets as widgets  # type: ignore[import-untyped]
import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from ae_utils.checks import check_labels
from ae_utils.controls import ControlBoard
from ae_utils.distance import DataDistance, name_place, place_levels, view_point
from ae_utils.latent import limits_around
from ae_utils.models import Autoencoder
from ae_utils.pictures import (
    MAP_SIZE,
    TURNTABLE_SIZE,
    draw_map,
    draw_turntable,
    html_figure,
    html_images,
    html_marker,
)

SIDE_BY_SIDE = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "8px"}
SAME_PLACE = {"grid_area": "1 / 1"}  # the later one on top


class _Explorer(widgets.VBox):
    def __repr__(self) -> str:
        """What stands in its place on a page without a kernel."""
        return f"{type(self).__name__}: open the notebook in Jupyter and run this cell to move it"


class LatentExplorer(_Explorer):
    """A point of the latent space on sliders, and what it decodes to. End a cell with it.

    Beside that stand the real image whose code lies nearest, the distance from the data and, in two
    dimensions, a map of the codes with a marker at the point. It begins near the first code.

    Args:
        model: with a latent space of 2 to 8 dimensions.
        codes: (N, latent_dim), of real images.
        labels, images: int64 (N,) and uint8 (N, 1, 28, 28), of the same images.

    Raises:
        ValueError: if these do not belong together.
    """

    def __init__(self, model: Autoencoder, codes: Tensor, labels: Tensor, images: Tensor) -> None:
        if model.latent_dim not in range(2, 9):
            raise ValueError(f"model: latent_dim is {model.latent_dim}. Pass a model with 2 to 8.")
        labels = check_labels(labels).cpu()
        _check_data(model.latent_dim, codes, labels, images)
        codes, self._labels, self._images = codes.detach().cpu(), labels, images.cpu()
        self._decode, self._distance = model.decode, DataDistance(codes)
        self._levels = place_levels(self._distance, codes)
        limits = limits_around(codes)
        numbers = [(f"z{i + 1}", limits[i], codes[0, i].item()) for i in range(len(limits))]
        self.low, self.high, _ = torch.tensor(limits).T  # (latent_dim,): what the sliders cover
        self.board = ControlBoard(numbers, self._draw)
        self.sliders, self.boxes = self.board.sliders, self.board.boxes
        self.pictures, self.map = widgets.HTML(), None
        self.follow: Callable[[Tensor], None] = lambda image: None  # called after each drawing
        children = [widgets.VBox([self.pictures, self.board], layout={"width": "380px"})]
        if model.latent_dim == 2:
            fig = draw_map(codes, self._labels, self.low, self.high).figure
            alt = "Map of the codes of real images, one colour a digit"
            self.map = widgets.HTML(html_figure(fig, alt, MAP_SIZE), layout=SAME_PLACE)
            self.marker = widgets.HTML(layout=SAME_PLACE)
            children.insert(0, widgets.GridBox([self.map, self.marker], layout={"flex": "none"}))
        super().__init__(children, layout=SIDE_BY_SIDE)
        self.board.redraw()

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
        self.board.show([float(str(number)) for number in z.numpy()])  # 0.1, not 0.10000000149

    def _draw(self) -> None:
        self.view = view_point(self._decode, self._distance, self.z)  # what is shown
        name = ", ".join(f"{box.description} = {box.value:g}" for box in self.boxes)
        label = self._labels[self.view.nearest].item()
        real = self._images[self.view.nearest, 0] / 255
        self.pictures.value = html_images(
            (self.view.image, f"What the decoder makes of {name}", "decoded image"),
            (real, f"Real image with the nearest code, a {label}", f"nearest real image: {label}"),
        ) + (  # two lines, whatever they say: the sliders below must not move
            '<div style="line-height: 1.6; white-space: nowrap">'
            f"<b>{name_place(self.view.distance, self._levels)}</b><br>"
            f"{self.view.distance:.1f} times as lonely as a typical code</div>"
        )
        if self.map is not None:
            self.marker.value = html_marker(self.z, self.low, self.high, name)
        self.follow(self.view.image)


class TwinExplorer(_Explorer):
    """Two models' explorers, one below the other, coupled through the image. End a cell with it.

    Move the point of one, and the other goes to where its own encoder puts the decoded image, or
    as near as its sliders reach.

    Args:
        models: two, by their names, each with the codes (N, latent_dim) that it gives to images.
        labels, images: int64 (N,) and uint8 (N, 1, 28, 28), of these images.

    Raises:
        ValueError: if there are not two, or if these do not belong together.
    """

    def __init__(
        self, models: Mapping[str, tuple[Autoencoder, Tensor]], labels: Tensor, images: Tensor
    ) -> None:
        if len(models) != 2:
            raise ValueError(f"models: got {len(models)}. Pass two, by their names.")
        self.explorers = [LatentExplorer(*each, labels, images) for each in models.values()]
        titles = [widgets.HTML(f"<b>{escape(name)}</b>") for name in models]
        pairs = zip(titles, self.explorers, strict=True)
        super().__init__([child for pair in pairs for child in pair])
        self._following = False  # one that follows must not lead the other in its turn
        (one, other), (model, other_model) = self.explorers, (each for each, _ in models.values())
        one.follow = partial(self._bring, other, other_model)
        other.follow = partial(self._bring, one, model)

    def _bring(self, explorer: LatentExplorer, model: Autoencoder, image: Tensor) -> None:
        """Bring one explorer to where its model encodes an image (28, 28)."""
        if self._following:
            return
        self._following = True
        try:
            with torch.no_grad():
                z = model.encode(image.clamp(0, 1)[None, None])[0]
            explorer.move_to(z.clamp(explorer.low, explorer.high))
        finally:
            self._following = False


class PictureSlider(_Explorer):
    """One of several pictures, chosen on a slider. End a cell with it.

    Args:
        name: what the slider chooses, such as 'beta'.
        values: what each of its positions is called, from left to right.
        draw: draws the picture of a position, given by its number; returns the figure and a text
            alternative. A picture is drawn once, when it is first asked for.
        start: the number of the first position shown.
    """

    def __init__(
        self,
        name: str,
        values: Sequence[str],
        draw: Callable[[int], tuple[Figure, str]],
        start: int = 0,
    ) -> None:
        options = [(value, number) for number, value in enumerate(values)]
        self.slider = widgets.SelectionSlider(
            description=name, options=options, value=start, continuous_update=True,
            layout={"width": "min(100%, 600px)"}, style={"description_width": "initial"},
        )  # fmt: skip
        self.picture, self._draw, self._drawn = widgets.HTML(), draw, dict[int, str]()
        super().__init__([self.slider, self.picture])
        self.slider.observe(lambda change: self._show(change["new"]), "value")
        self._show(start)

    def _show(self, number: int) -> None:
        if number not in self._drawn:
            fig, alt = self._draw(number)
            plt.close(fig)  # it is shown here, and not once more below the cell
            self._drawn[number] = html_figure(fig, alt)
        self.picture.value = self._drawn[number]


class LatentTurntable(_Explorer):
    """A map of codes (N, 3) with labels (N,), and sliders that turn it. End a cell with it.

    Raises:
        ValueError: if these do not belong together.
    """

    def __init__(self, codes: Tensor, labels: Tensor) -> None:
        labels = check_labels(labels).cpu()
        _check_data(3, codes, labels)
        self._ax, self.picture = draw_turntable(codes.detach().cpu(), labels), widgets.HTML()
        angles = [("azimuth", (-200.0, 200.0, 4.0), -60.0), ("elevation", (-80.0, 80.0, 2.0), 30.0)]
        self.board = ControlBoard(angles, self._draw)
        self.sliders, self.boxes = self.board.sliders, self.board.boxes
        width = f"{TURNTABLE_SIZE + 8}px"
        super().__init__([self.picture, self.board], layout={"max_width": width})
        self.board.redraw()

    def _draw(self) -> None:
        azimuth, elevation = (box.value for box in self.boxes)
        self._ax.view_init(elev=elevation, azim=azimuth)
        alt = f"Codes in space, seen from azimuth {azimuth:g}, elevation {elevation:g} degrees"
        self.picture.value = html_figure(self._ax.figure, alt, TURNTABLE_SIZE)


def _read_point(point: Tensor | Sequence[float], low: Tensor, high: Tensor) -> Tensor:
    """The point as float32 (latent_dim,), if it lies between the corners `low` and `high`."""
    try:
        z = torch.as_tensor(point, dtype=torch.float32).detach().cpu()
    except (TypeError, ValueError, RuntimeError, OverflowError):
        z = torch.empty(0)  # not numbers
    if z.shape != low.shape or not ((low <= z) & (z <= high)).all():  # no comparison holds for NaN
        got, limits = " ".join(str(point).split()), f"{low.tolist()} to {high.tolist()}"
        raise ValueError(f"point: got {got:.60}.\nPass {len(low)} finite numbers, from {limits}.")
    return z


def _check_data(latent_dim: int, codes: Tensor, *beside: Tensor) -> None:
    """Refuse codes of another dimension or not finite, and labels or images that are not theirs."""
    n = max(len(codes), 1)
    shapes = {"codes": (n, latent_dim), "labels": (n,), "images": (n, 1, 28, 28)}
    for tensor, (name, shape) in zip((codes, *beside), shapes.items(), strict=False):
        if tensor.shape != shape or (name == "images" and tensor.dtype != torch.uint8):
            got = f"got {tensor.dtype} of shape {tuple(tensor.shape)} for {len(codes)} codes"
            wanted = "codes made by the same model, their labels, their images as uint8"
            raise ValueError(f"{name}: {got}.\nPass shape {shape}: {wanted}.")
    if not codes.isfinite().all():
        raise ValueError("codes: some are not finite. Pass those of a model with finite weights.")
