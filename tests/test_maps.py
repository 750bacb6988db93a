"""Maps of the latent space: what is drawn where, and which way is up."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from torch import Tensor

from ae_utils import maps
from ae_utils.checkpoints import load_shipped
from ae_utils.data import load_digits
from ae_utils.latent import decode_points, encode_dataset, latent_box, make_grid
from ae_utils.maps import (
    DIGIT_COLOURS,
    mark_points,
    plot_confusion,
    plot_decoded_grid,
    plot_field,
    plot_latent_map,
    plot_latent_map_3d,
)

pytestmark = pytest.mark.usefixtures("clean_figures")

LOW, HIGH = torch.tensor([-2.0, 1.0]), torch.tensor([4.0, 3.0])


def random_map(n: int = 40, latent_dim: int = 2) -> tuple[Tensor, Tensor]:
    """Codes of `n` digits with their labels, each label there."""
    codes = torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(0))
    return codes, torch.arange(n) % 10


def on_screen(ax: Axes, point: list[float]) -> np.ndarray:
    """Where a point of the data lies on the screen: to the right, upwards."""
    return ax.transData.transform(point)


def tile(ax: Axes, point: list[float]) -> np.ndarray:
    """The 28 x 28 pixels of a decoded grid whose centre is drawn at a point of the plane."""
    image = ax.images[0]
    pixels = np.asarray(image.get_array())
    left, right, bottom, top = image.get_extent()
    assert image.origin == "upper" and left < right and bottom < top
    assert on_screen(ax, [left, top])[1] > on_screen(ax, [left, bottom])[1]
    column = int((point[0] - left) / (right - left) * pixels.shape[1] // 28)
    row = int((top - point[1]) / (top - bottom) * pixels.shape[0] // 28)
    return pixels[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]


# The map.


def test_map_draws_every_code_in_the_colour_of_its_digit() -> None:
    codes, labels = random_map()
    fig, ax = plot_latent_map(codes, labels)
    dots = ax.collections[0]
    assert np.allclose(dots.get_offsets(), codes)
    colours = [to_hex(colour) for colour in dots.get_facecolors()]
    assert colours == [DIGIT_COLOURS[label] for label in labels] and len(set(colours)) == 10
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("z1", "z2")
    fig.canvas.draw()


def test_map_names_each_digit_at_the_median_of_its_codes() -> None:
    codes, labels = random_map()
    _, ax = plot_latent_map(codes, labels)
    assert [text.get_text() for text in ax.texts] == list("0123456789")
    for digit, text in enumerate(ax.texts):
        ordered = codes[labels == digit].sort(0).values
        assert text.get_position() == pytest.approx(ordered[1].tolist())  # the lower of two
        assert to_hex(text.get_bbox_patch().get_edgecolor()) == DIGIT_COLOURS[digit]


def test_classes_of_any_number_have_colours_and_names_of_their_own() -> None:
    labels = torch.arange(78) % 26
    fig, ax = plot_latent_map(random_map(78)[0], labels, names=[f"name {n}" for n in range(26)])
    assert [text.get_text() for text in ax.texts] == [f"{n}" for n in range(26)]
    listed = [text.get_text() for text in ax.get_legend().get_texts()]
    assert listed == [f"{n}  name {n}" for n in range(26)]
    colours = [to_hex(text.get_bbox_patch().get_edgecolor()) for text in ax.texts]
    assert [to_hex(c) for c in ax.collections[0].get_facecolors()] == colours * 3
    assert len(set(colours)) == 26
    handles = ax.get_legend().legend_handles
    assert [to_hex(handle.get_facecolors()[0]) for handle in handles] == colours
    fig.canvas.draw()


def test_digits_that_are_not_there_are_not_named() -> None:
    _, ax = plot_latent_map(torch.rand(6, 2), torch.tensor([3, 3, 3, 7, 7, 7]))
    assert [text.get_text() for text in ax.texts] == ["3", "7"]


def test_long_data_sets_are_thinned_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "N_DRAWN", 10)
    codes, labels = random_map(31)
    _, ax = plot_latent_map(codes, labels)
    assert np.allclose(ax.collections[0].get_offsets(), codes[::4])


def test_box_is_what_is_shown() -> None:
    _, ax = plot_latent_map(*random_map(), box=(LOW, HIGH))
    assert ax.get_xlim() == (-2, 4) and ax.get_ylim() == (1, 3)


def test_map_in_space_is_seen_from_the_direction_asked_for() -> None:
    codes, labels = random_map(latent_dim=3)
    fig, ax = plot_latent_map_3d(codes, labels, azimuth=15, elevation=70)
    assert (ax.azim, ax.elev) == (15, 70)
    assert np.allclose(np.stack(ax.collections[0]._offsets3d, 1), codes)
    assert [text.get_text() for text in ax.texts] == list("0123456789")
    fig.canvas.draw()
    colours = [to_hex(colour) for colour in ax.collections[0].get_facecolors()]  # by depth
    assert sorted(colours) == sorted(DIGIT_COLOURS[label] for label in labels)


def test_marks_lie_at_their_points_with_their_names() -> None:
    _, ax = plt.subplots()
    points = torch.tensor([[0.0, 1], [2, 3]])
    mark_points(points, ax, ["a", "b"])
    assert np.allclose(ax.collections[0].get_offsets(), points)
    assert [(t.get_text(), t.xy) for t in ax.texts] == [("a", (0, 1)), ("b", (2, 3))]
    mark_points(points, ax)
    assert len(ax.texts) == 2
    with pytest.raises(ValueError):
        mark_points(points, ax, ["only one"])


# The decoded grid.


@pytest.mark.parametrize("n", [2, 3, 7])
def test_every_image_of_the_grid_stands_where_its_point_lies(n: int) -> None:
    points = make_grid(LOW, HIGH, n)
    images = torch.rand(n, n, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    fig, ax = plot_decoded_grid(images, LOW, HIGH)
    fig.canvas.draw()
    for row in range(n):
        for column in range(n):
            shown = tile(ax, points[row, column].tolist())
            assert np.array_equal(shown, images[row, column, 0])


def test_corners_of_the_plane_are_found_in_the_corners_of_the_picture() -> None:
    """With the shipped decoder, decoded one by one, and the map and the grid side by side."""
    model, _ = load_shipped("dense_2d")
    digits = load_digits("digits")
    codes = encode_dataset(model.encode, digits.train_images)
    low, high = latent_box(codes)
    fig, (left, right) = plt.subplots(1, 2)
    plot_latent_map(codes, digits.train_labels, (low, high), left)
    plot_decoded_grid(decode_points(model.decode, make_grid(low, high)), low, high, right)
    fig.canvas.draw()
    pictures = []
    for x, y in [(low[0], low[1]), (high[0], low[1]), (low[0], high[1]), (high[0], high[1])]:
        point = [x.item(), y.item()]
        with torch.no_grad():
            pictures.append(model.decode(point)[0, 0])
        assert np.allclose(tile(right, point), pictures[-1], atol=1e-5)
    assert len({picture.numpy().tobytes() for picture in pictures}) == 4
    for ax in (left, right):  # both: first coordinate to the right, second upwards
        assert on_screen(ax, high.tolist())[0] > on_screen(ax, low.tolist())[0]
        assert on_screen(ax, high.tolist())[1] > on_screen(ax, low.tolist())[1]


# Fields and tables.


@pytest.mark.parametrize("last", [1, 0.2])  # as float32, 0.2 is a little more
def test_field_is_drawn_the_right_way_up(last: float) -> None:
    points = make_grid(LOW, HIGH, 30)
    upper_right = 99.0 * ((points[..., 0] > 1) & (points[..., 1] > 2))  # beyond the last level
    fig, ax = plot_field(upper_right, LOW, HIGH, "here", [0, last / 2, last])
    fig.canvas.draw()
    image = np.asarray(fig.canvas.buffer_rgba())
    height = image.shape[0]

    def brightness(point: list[float]) -> float:
        x, y = on_screen(ax, point)
        return image[height - 1 - int(y), int(x), :3].mean()

    dark = brightness([3, 2.7])
    for other in ([-1, 2.7], [3, 1.3], [-1, 1.3]):
        assert brightness(other) > dark + 50
    assert ax.get_xlim() == (-2, 4) and ax.get_ylim() == (1, 3)
    assert fig.axes[1].get_ylabel() == "here"


def test_confusion_table_has_its_numbers_in_their_squares() -> None:
    table = torch.eye(10) * 0.9
    table[3, 8] = 0.1
    _, ax = plot_confusion(table)
    texts = {text.get_position(): text.get_text() for text in ax.texts}
    assert texts == {(d, d): "90" for d in range(10)} | {(8, 3): "10"}
    assert np.array_equal(ax.images[0].get_array(), table)
    assert ax.images[0].get_clim() == (0, 1)
    assert on_screen(ax, [0, 0])[1] > on_screen(ax, [0, 9])[1]  # 0 in the top row
