"""The figures: what is drawn, as arrays and texts, not as pixels on the screen."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ae_utils import maps, plots
from ae_utils.plots import (
    draw_image,
    plot_autoencoder,
    plot_bars,
    plot_curves,
    plot_history,
    plot_image_rows,
    use_series_style,
)

pytestmark = pytest.mark.usefixtures("clean_figures")

STEPS = [0, 10, 20]


def random_images(n: int, seed: int = 0) -> Tensor:
    """Images of noise, which are told apart by every pixel, float32 (n, 1, 28, 28)."""
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(seed))


def check_grey_image(ax: Axes, image: Tensor, number: int = 0) -> None:
    """Compare an image in `ax` with what it should show: the array, its range, which way is up."""
    drawn = ax.images[number]
    assert np.array_equal(drawn.get_array(), image.detach().reshape(28, 28).numpy())
    assert drawn.get_clim() == (0, 1)
    assert drawn.get_cmap().name == "gray_r"  # ink is dark
    left, right, bottom, top = drawn.get_extent()
    assert drawn.origin == "upper"
    # With the origin 'upper', row 0 lies at `top`: it must be the higher one on the screen.
    to_screen = ax.transData.transform
    assert to_screen((0, top))[1] > to_screen((0, bottom))[1]
    assert to_screen((right, 0))[0] > to_screen((left, 0))[0]


def check_figure_draws(fig: Figure) -> None:
    """Draw for real, which finds what cannot be drawn."""
    fig.canvas.draw()


def find_text(ax: Axes, text: str) -> tuple[float, float]:
    """Where the one text that reads so stands."""
    places = [t.get_position() for t in ax.texts if t.get_text() == text]
    assert len(places) == 1, f"{text!r} stands {len(places)} times"
    return places[0]


# Images.


@pytest.mark.parametrize("shape", [(1, 28, 28), (28, 28)])
def test_one_image_is_drawn_upright_in_grey(shape: tuple[int, ...]) -> None:
    image = random_images(1).reshape(shape)
    _, ax = plt.subplots()
    draw_image(image, ax, "seven")
    check_grey_image(ax, image)
    assert ax.get_xlabel() == "seven"
    assert not len(ax.get_xticks()) and not len(ax.get_yticks())


@pytest.mark.parametrize("value", [0.25, 1.0])
def test_grey_range_is_the_same_for_every_image(value: float) -> None:
    _, axes = plot_image_rows({"flat": torch.full((1, 1, 28, 28), value)})
    check_grey_image(axes[0, 0], torch.full((28, 28), value))


def test_stored_images_are_drawn_as_what_they_stand_for_and_other_numbers_refused() -> None:
    stored = (random_images(4) * 255).byte()
    x = stored.float() / 255
    for same in (stored, x.double(), stored.numpy()):
        for ax, image in zip(plot_image_rows({"x": same})[1][0], x, strict=True):
            check_grey_image(ax, image)
    drawn = [maps.plot_decoded_grid(each.view(2, 2, 1, 28, 28), *BOX)[1] for each in (stored, x)]
    assert np.array_equal(*(ax.images[0].get_array() for ax in drawn))
    _, ax = plot_autoencoder([784, 2], stored[0], torch.zeros(2), stored[1])
    check_grey_image(ax, x[1], 1)
    for draw in (draw_image, lambda image, ax: maps.plot_decoded_grid(image[None], *BOX, ax)):
        with pytest.raises(TypeError, match=r"got torch\.int64\.\nPass a uint8"):
            draw(stored[:1].long(), ax)


@pytest.mark.parametrize(("n_rows", "n"), [(1, 1), (1, 6), (3, 4)])
def test_rows_show_their_images(n_rows: int, n: int) -> None:
    rows = {f"row {k}": random_images(n, seed=k).requires_grad_() for k in range(n_rows)}
    fig, axes = plot_image_rows(rows)
    assert isinstance(fig, Figure) and axes.shape == (n_rows, n)
    check_figure_draws(fig)
    for row, (label, images) in zip(axes, rows.items(), strict=True):
        assert row[0].get_ylabel() == label
        assert not any(ax.get_ylabel() for ax in row[1:])
        for ax, image in zip(row, images, strict=True):
            assert ax.figure is fig and len(ax.images) == 1
            check_grey_image(ax, image)
            assert ax.get_xlabel() == ""


def test_captions_stand_below_the_images_of_their_row() -> None:
    rows = {"x": random_images(3), "x_hat": random_images(3, 1)}
    fig, axes = plot_image_rows(rows, {"x_hat": ["0.1", "0.2", "0.3"]})
    check_figure_draws(fig)
    assert [ax.get_xlabel() for ax in axes[0]] == ["", "", ""]
    assert [ax.get_xlabel() for ax in axes[1]] == ["0.1", "0.2", "0.3"]


def test_signed_images_have_white_at_zero_and_a_scale_each() -> None:
    rows = {"weights": torch.stack([torch.full((1, 28, 28), -0.2), torch.zeros(1, 28, 28)])}
    rows["weights"][0, 0, 0, 0] = 0.1
    fig, axes = plot_image_rows(rows, signed=True)
    check_figure_draws(fig)
    first, empty = (ax.images[0] for ax in axes[0])
    assert first.get_clim() == pytest.approx((-0.2, 0.2))
    low, middle, high = (first.cmap(first.norm(value)) for value in (-0.2, 0.0, 0.2))
    assert low[2] > low[0] and high[0] > high[2]  # blue below, red above
    assert min(middle[:3]) > 0.9
    assert empty.get_clim() == (-1, 1)


@pytest.mark.parametrize(
    ("rows", "captions"),
    [
        ({"x": random_images(3), "x_hat": random_images(2)}, None),
        ({"x": random_images(3)}, {"x": ["1", "2"]}),
    ],
    ids=["images", "captions"],
)
def test_rows_of_different_lengths_are_refused(rows: dict, captions: dict | None) -> None:
    with pytest.raises(ValueError):
        plot_image_rows(rows, captions)


# The history.


@pytest.mark.parametrize("n_curves", [1, 2, 3, 5])
def test_history_draws_every_curve(n_curves: int) -> None:
    curves = {f"curve {k}": [0.1, 0.06 + k / 100, 0.05] for k in range(n_curves)}
    fig, ax = plot_history(STEPS, curves)
    check_figure_draws(fig)
    assert len(ax.lines) == n_curves
    for line, (label, errors) in zip(ax.lines, curves.items(), strict=True):
        assert list(line.get_xdata()) == STEPS and list(line.get_ydata()) == errors
        assert line.get_label() == label
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == list(curves)
    assert ax.get_yscale() == "log" and ax.get_xlabel() and ax.get_ylabel()


def test_reference_line_has_its_height_and_label() -> None:
    fig, ax = plot_history(STEPS, {"train": [0.1, 0.06, 0.05]}, ("PCA", 0.0557))
    check_figure_draws(fig)
    assert len(ax.lines) == 2
    assert list(ax.lines[1].get_ydata()) == [0.0557, 0.0557]
    assert [text.get_text() for text in ax.texts] == ["PCA"]
    assert ax.texts[0].xy == (1, 0.0557)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train"]


@pytest.mark.parametrize(
    "errors", [[0.3, 0.06, 0.03], [0.07, 0.05, 0.04], [0.05, 0.008, 0.004], [0.012, 0.005, 0.002]]
)
def test_error_axis_has_ticks_that_say_what_they_are(errors: list[float]) -> None:
    fig, ax = plot_history(STEPS, {"train": errors})
    check_figure_draws(fig)
    low, high = ax.get_ylim()
    ticks = [tick for tick in ax.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
    assert len(ticks) >= 2
    for tick in ticks:
        assert float(tick.label1.get_text()) == pytest.approx(tick.get_loc())


# Bars.


def test_bars_have_their_widths_and_order() -> None:
    values = {"mean image": 0.0673, "PCA": 0.0557, "dense": 0.0412}
    fig, ax = plot_bars(values, "error")
    check_figure_draws(fig)
    assert [bar.get_width() for bar in ax.patches] == list(values.values())
    labels = {tick.get_position()[1]: tick.get_text() for tick in ax.get_yticklabels()}
    on_screen = [(bar, ax.transData.transform(bar.get_center())[1]) for bar in ax.patches]
    from_the_top = sorted(on_screen, key=lambda pair: -pair[1])
    centres = [bar.get_y() + bar.get_height() / 2 for bar, _ in from_the_top]
    assert [labels[round(centre)] for centre in centres] == list(values)
    assert [bar.get_width() for bar, _ in from_the_top] == list(values.values())
    assert [text.get_text() for text in ax.texts] == ["0.0673", "0.0557", "0.0412"]
    assert ax.get_xlabel() == "error" and ax.get_xlim()[0] == 0
    _, ax = plot_bars({"a": 0.25, "b": 1}, "share", fmt="{:.0%}")
    assert [text.get_text() for text in ax.texts] == ["25%", "100%"]


# Curves.


def test_curves_have_their_points_and_differ_in_more_than_colour() -> None:
    curves = {"PCA": ([1, 2, 8], [0.06, 0.05, 0.03]), "autoencoder": ([1, 8], [0.05, 0.01])}
    fig, ax = plot_curves(curves, "numbers a code", "error")
    check_figure_draws(fig)
    for line, (label, (x, y)) in zip(ax.lines, curves.items(), strict=True):
        assert list(line.get_xdata()) == x and list(line.get_ydata()) == y
        assert line.get_label() == label
    assert len({line.get_marker() for line in ax.lines}) == 2
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert len({line.get_color() for line in ax.lines}) == 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("numbers a code", "error")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(curves)


# The path of one image.


@pytest.mark.parametrize("sizes", [[784, 256, 128, 2], [784, 1], [784, 256, 256, 128, 3]])
def test_autoencoder_shows_both_images_upright_and_the_sizes_in_order(sizes: list[int]) -> None:
    x, x_hat = random_images(2)
    z = torch.linspace(-1.234, 2.5, sizes[-1])
    fig, ax = plot_autoencoder(sizes, x, z, x_hat)
    check_figure_draws(fig)
    assert isinstance(fig, Figure) and isinstance(ax, Axes) and len(ax.images) == 2
    check_grey_image(ax, x, 0)
    check_grey_image(ax, x_hat, 1)
    extents = [image.get_extent() for image in ax.images]
    assert extents[0][1] < 0 < extents[1][0]  # the input on the left, the output on the right
    assert find_text(ax, "input x")[0] < find_text(ax, "encoder")[0] < find_text(ax, "code z")[0]
    assert find_text(ax, "code z")[0] < find_text(ax, "decoder")[0]
    assert find_text(ax, "decoder")[0] < find_text(ax, "output x_hat")[0]
    assert extents[0][0] < find_text(ax, "input x")[0] < extents[0][1]
    assert extents[1][0] < find_text(ax, "output x_hat")[0] < extents[1][1]

    numbers = [(*text.get_position(), text.get_text()) for text in ax.texts]
    below = sorted((across, int(text)) for across, _, text in numbers if text.isdigit())
    assert [size for _, size in below] == [*sizes, *reversed(sizes[:-1])]
    assert len({round(across, 6) for across, _ in below}) == len(below)
    assert find_text(ax, "\n".join(f"{value:.2f}" for value in z.tolist())) == (0, 0)


def test_autoencoder_draws_a_bar_for_every_layer_where_its_size_stands() -> None:
    sizes = [784, 256, 128, 2]
    _, ax = plot_autoencoder(sizes, random_images(1)[0], torch.zeros(2), random_images(1)[0])
    bars = sorted(line.get_xdata()[0] for line in ax.lines)
    texts = sorted(t.get_position()[0] for t in ax.texts if t.get_text() in ("784", "256", "128"))
    assert bars == pytest.approx(texts)
    from_the_left = sorted(ax.lines, key=lambda line: line.get_xdata()[0])
    heights = [max(line.get_ydata()) for line in from_the_left]
    assert heights[:3] == sorted(heights[:3], reverse=True) == pytest.approx(heights[:2:-1])


# Common to all.

CODES, LABELS = torch.randn(40, 2), torch.arange(40) % 10
BOX = (torch.tensor([-2.0, 1.0]), torch.tensor([4.0, 3.0]))
CALLS = {
    "history": lambda ax: plot_history(STEPS, {"train": [0.1, 0.06, 0.05]}, ax=ax),
    "curves": lambda ax: plot_curves({"a": ([1, 2], [3, 4])}, "x", "y", ax),
    "bars": lambda ax: plot_bars({"a": 1.0, "b": 2.0}, "error", ax=ax),
    "map": lambda ax: maps.plot_latent_map(CODES, LABELS, ax=ax),
    "grid": lambda ax: maps.plot_decoded_grid(torch.rand(2, 3, 1, 28, 28), *BOX, ax),
    "field": lambda ax: maps.plot_field(torch.rand(4, 4), *BOX, "x", [0, 0.5, 1], ax),
    "confusion": lambda ax: maps.plot_confusion(torch.eye(10), ax=ax),
}


@pytest.mark.parametrize("name", CALLS)
def test_plot_draws_into_axes_it_is_given_or_a_figure_of_its_own(name: str) -> None:
    use_series_style()
    figure, (left, right) = plt.subplots(1, 2)
    fig, ax = CALLS[name](right)
    assert fig is figure and ax is right
    assert right.has_data() and not left.has_data()
    own, ax = CALLS[name](None)
    assert own is not figure and ax.figure is own
    assert plt.get_fignums() == [figure.number, own.number]
    check_figure_draws(figure)
    check_figure_draws(own)


X = random_images(2)
FIGURES = CALLS | {
    "rows": lambda _: plot_image_rows({"x": X}, {"x": ["a", "b"]}),
    "path": lambda _: plot_autoencoder([784, 9, 2], X[0], torch.ones(2), X[1]),
    "space": lambda _: maps.plot_latent_map_3d(torch.rand(40, 3), LABELS),
}
HOSTILE = {"image.origin": "lower", "axes.grid": True, "font.size": 20, "font.family": "serif"}


@pytest.mark.parametrize("hostile", ["dark_background", "ggplot", HOSTILE], ids=str)
@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_figures_come_out_the_same_whatever_was_set_before(draw, hostile) -> None:
    pixels = []
    for style in ({}, hostile):
        plt.style.use(style)
        use_series_style()
        torch.manual_seed(0)
        fig, _ = draw(None)
        check_figure_draws(fig)
        pixels.append(np.array(fig.canvas.buffer_rgba()))
    assert np.array_equal(*pixels)
    plt.rcParams["image.origin"] = "lower"  # set afterwards, it turns no image upside down
    axes = np.ravel(draw(None)[1])
    assert all(image.origin == "upper" for ax in axes for image in ax.images)


def test_style_holds_for_figures_that_follow() -> None:
    use_series_style()
    colours = [entry["color"] for entry in plt.rcParams["axes.prop_cycle"]]
    assert colours == [plots.BLUE, plots.ORANGE, plots.GREEN, plots.PURPLE, plots.INK]
    _, ax = plot_history(STEPS, {"a": [0.1, 0.06, 0.05], "b": [0.1, 0.07, 0.06]})
    assert [line.get_color() for line in ax.lines] == colours[:2]
