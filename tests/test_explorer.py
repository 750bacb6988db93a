"""The explorer without a browser: what Python sets, and what the widgets then hold."""

import base64
import io
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn
from traitlets import TraitError

from ae_utils import explorer as explorer_module
from ae_utils.controls import N_STEPS, NumberControl, choose_limits
from ae_utils.explorer import LatentExplorer, LatentTurntable, name_place, view_point
from ae_utils.latent import DataDistance
from ae_utils.models import Autoencoder, dense_autoencoder
from ae_utils.pictures import (
    MAP_SIZE,
    N_TURNED,
    draw_map,
    draw_turntable,
    figure_png,
    html_image,
    html_images,
    image_png,
    place_on_map,
)
from ae_utils.plots import use_series_style

ROOT = Path(__file__).resolve().parents[1]
WIDGETS_7 = Path(sys.prefix) / "ipywidgets7"  # where `make test` puts the older version
VERSION = "AE_TEST_IPYWIDGETS"  # set where these tests run again, with that version
N = 300

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def no_figures() -> Iterator[None]:
    """Fail a test that leaves a figure open; keep its style from the next one."""
    with plt.rc_context():
        yield
    assert plt.get_fignums() == []


@cache
def make_data(latent_dim: int = 2) -> tuple[Autoencoder, Tensor, Tensor, Tensor]:
    """An untrained model, and codes, labels and images that it never saw."""
    draw = torch.Generator().manual_seed(latent_dim)
    model = dense_autoencoder(latent_dim, widths=(16,), seed=1)
    codes = 2 * torch.randn(N, latent_dim, generator=draw)
    images = torch.randint(0, 256, (N, 1, 28, 28), dtype=torch.uint8, generator=draw)
    return model, codes, torch.arange(N) % 10, images


def make_explorer(latent_dim: int = 2) -> LatentExplorer:
    """A new explorer of those data."""
    return LatentExplorer(*make_data(latent_dim))


old_explorer = cache(make_explorer)  # one for each dimension, left where the last test moved it


def read_images(html: str) -> list[tuple[str, np.ndarray]]:
    """Text alternative and pixels of each image in HTML."""
    found = []
    for tag in BeautifulSoup(html, "html.parser").find_all("img"):
        kind, data = tag["src"].split(",")
        assert kind == "data:image/png;base64"
        found.append((tag["alt"], np.array(Image.open(io.BytesIO(base64.b64decode(data))))))
    return found


def shown_pixels(explorer: LatentExplorer) -> np.ndarray:
    """The pixels of the decoded image."""
    return read_images(explorer.pictures.value)[0][1]


@torch.no_grad()
def decoded_pixels(model: Autoencoder, z: Tensor) -> np.ndarray:
    """What the decoder itself makes of a point, dark ink on white."""
    x_hat = model.decode(z)[0, 0].numpy()
    return np.round(255 * (1 - x_hat)).astype(np.uint8)


def check_picture(explorer: LatentExplorer, latent_dim: int = 2) -> None:
    """Compare the picture with the decoder's output at the point that the boxes show."""
    z = torch.tensor([box.value for box in explorer.boxes])
    assert torch.equal(explorer.z, z)
    assert np.array_equal(shown_pixels(explorer), decoded_pixels(make_data(latent_dim)[0], z))
    assert explorer.status.value == ""


def from_front_end(widget: widgets.Widget, value: float) -> None:
    """Change a value as a message of the front end does."""
    widget.set_state({"value": value})


def check_short(error: BaseException) -> None:
    """A message has three lines at most."""
    assert len(str(error).splitlines()) <= 3


# The picture follows the point.


def test_setting_a_slider_changes_the_picture() -> None:
    explorer = make_explorer()
    before = shown_pixels(explorer)
    explorer.sliders[0].value = 0.25
    assert explorer.z[0] == 0.25
    assert not np.array_equal(shown_pixels(explorer), before)
    check_picture(explorer)


def test_picture_is_right_at_the_start_which_is_the_first_code_s_step() -> None:
    explorer = make_explorer()
    check_picture(explorer)
    steps = torch.tensor([slider.step for slider in explorer.sliders])
    assert ((explorer.z - make_data()[1][0]).abs() <= steps / 2).all()


@st.composite
def points(draw: st.DrawFn) -> tuple[int, list[float]]:
    """A dimension, and a point within the limits of its sliders."""
    latent_dim = draw(st.integers(2, 8))
    sliders = old_explorer(latent_dim).sliders
    within = [st.floats(s.min, s.max, width=32) for s in sliders]
    return latent_dim, list(draw(st.tuples(*within)))


@given(points())
def test_picture_equals_the_decoders_output_at_any_point(case: tuple[int, list[float]]) -> None:
    latent_dim, point = case
    explorer = old_explorer(latent_dim)
    explorer.move_to(point)
    assert torch.equal(explorer.z, torch.tensor(point))
    check_picture(explorer, latent_dim)
    for slider, box in zip(explorer.sliders, explorer.boxes, strict=True):
        assert slider.value % slider.step == 0
        assert abs(slider.value - box.value) <= slider.step / 2


@given(st.integers(2, 8), st.data())
def test_any_slider_and_any_box_moves_its_own_coordinate(
    latent_dim: int, data: st.DataObject
) -> None:
    explorer = old_explorer(latent_dim)
    number = data.draw(st.integers(0, latent_dim - 1))
    control = data.draw(st.sampled_from([explorer.sliders[number], explorer.boxes[number]]))
    value = data.draw(st.floats(control.min, control.max))
    far = control.min if value > 0 else control.max
    explorer.controls[number].show(far)
    others = [box.value for box in explorer.boxes]
    control.value = value
    tolerance = control.step / 2 if control in explorer.sliders else 0
    assert abs(explorer.boxes[number].value - value) <= tolerance
    others[number] = explorer.boxes[number].value
    assert [box.value for box in explorer.boxes] == others
    check_picture(explorer, latent_dim)


def test_last_of_many_rapid_values_wins() -> None:
    explorer = make_explorer()
    slider, box = explorer.sliders[0], explorer.boxes[0]
    for control in (slider, box):
        for number in range(200):
            from_front_end(control, slider.min + number % 90 * slider.step)
        assert slider.value == box.value == slider.min + 199 % 90 * slider.step
        check_picture(explorer)
        from_front_end(control, 0)


def test_nearest_real_image_is_shown_with_its_label() -> None:
    explorer = make_explorer()
    _, codes, labels, images = make_data()
    inside = ((codes > explorer.low) & (codes < explorer.high)).all(1).nonzero().flatten()
    for number in inside[:10].tolist():
        explorer.move_to(codes[number])
        assert explorer.view.nearest == number
        alt, pixels = read_images(explorer.pictures.value)[1]
        assert np.array_equal(pixels, 255 - images[number, 0].numpy())
        assert f"a {labels[number]}" in alt
        assert f"nearest real image: {labels[number]}<" in explorer.pictures.value


def test_distance_is_told_in_words_and_as_a_number() -> None:
    explorer = make_explorer()
    explorer.move_to([0, 0])
    assert "<b>among the data</b>" in explorer.pictures.value
    assert f"<br>{explorer.view.distance:.1f} times" in explorer.pictures.value
    explorer.move_to([slider.max for slider in explorer.sliders])
    assert explorer.view.distance > 3
    assert f"<br>{explorer.view.distance:.1f} times" in explorer.pictures.value
    assert "<b>among the data</b>" not in explorer.pictures.value


@pytest.mark.parametrize(
    ("distance", "place"),
    [(0, "among"), (2, "among"), (2.1, "edge"), (5, "edge"), (5.1, "far"), (1e9, "far")],
)
def test_places_are_named_by_distance(distance: float, place: str) -> None:
    assert place in name_place(distance, [2, 5])


def test_most_codes_lie_among_the_data_and_few_lie_far_out() -> None:
    for latent_dim in (2, 8):
        explorer = old_explorer(latent_dim)
        codes = make_data(latent_dim)[1]
        places = [name_place(d, explorer._levels) for d in explorer._distance(codes).tolist()]
        assert 0.9 < places.count("among the data") / N < 0.99
        assert places.count("far from all data") < 0.01 * N


def test_a_point_is_viewed_without_widgets() -> None:
    model, codes, _, _ = make_data(3)
    distance = DataDistance(codes)
    view = view_point(model.decode, distance, codes[7])
    assert torch.equal(view.image, model.decode(codes[7]).detach()[0, 0])
    assert view.nearest == 7
    assert view.distance == distance(codes[7:8]).item()
    assert view_point(model.decode, distance, codes[7] + 50).distance > 10


# Slider and box.


def test_box_holds_a_typed_number_exactly_and_slider_its_nearest_step() -> None:
    control = make_explorer().controls[0]
    assert control.step == 0.125
    from_front_end(control.box, 0.3)
    assert (control.box.value, control.slider.value) == (0.3, 0.25)
    from_front_end(control.slider, 0.375)
    assert (control.box.value, control.slider.value) == (0.375, 0.375)
    control.slider.value = 0.8  # a slider has only its steps, from Python too
    assert (control.box.value, control.slider.value) == (0.75, 0.75)


def test_rounding_of_a_front_end_does_not_reach_the_box() -> None:
    control = make_explorer().controls[0]
    sent = []
    control.slider.observe(lambda change: sent.append(change["new"]), "value")
    from_front_end(control.slider, 0.25 + 1e-9)
    assert control.box.value == 0.25
    assert sent == [0.25 + 1e-9]  # nothing is sent back, to which it would answer again


@pytest.mark.parametrize("value", [0.1, 1 / 3, -1.7, 1e-3])
def test_a_point_of_the_model_is_shown_with_few_digits(value: float) -> None:
    explorer = make_explorer()
    explorer.move_to(torch.tensor([value, 0]))
    assert explorer.z[0] == torch.tensor(value)
    assert len(str(explorer.boxes[0].value)) <= 11


def test_sliders_and_boxes_are_fit_for_the_keyboard() -> None:
    for number, control in enumerate(make_explorer(5).controls, start=1):
        assert control.box.description == f"z{number}"
        assert control.slider.continuous_update and not control.slider.readout
        for widget in (control.box, control.slider):
            assert not widget.disabled
            assert (widget.min, widget.max, widget.step) == (
                control.slider.min, control.slider.max, control.step,
            )  # fmt: skip


def browser_value(value: float, low: float, high: float, step: float) -> float:
    """What the slider of ipywidgets' front end (noUiSlider) makes of a value: it counts in %."""
    percent = (value + abs(low) if low < 0 else value - low) * 100 / (high - low)
    step_percent = step * 100 / (high - low)
    percent = math.floor(percent / step_percent + 0.5) * step_percent
    return percent * (high - low) / 100 + low


@given(st.floats(-100, 100), st.floats(1e-3, 1e3))
def test_browser_computes_every_step_of_a_slider_exactly(start: float, width: float) -> None:
    low, high, step = choose_limits(start, start + width)
    assert low <= start and start + width <= high
    assert high - low < 1.7 * width
    assert math.log2(step).is_integer()
    assert (high - low) / step in N_STEPS
    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        assert browser_value(value, low, high, step) == value
        assert float(np.float32(value)) == value or abs(value) > 16


def test_browser_would_not_compute_plain_decimals_exactly() -> None:
    values = [-3.5 + number * 0.05 for number in range(141)]
    assert any(browser_value(value, -3.5, 3.5, 0.05) != value for value in values)


@pytest.mark.parametrize("value", [0.0, 0.3, -1e3, 7.0])
def test_a_coordinate_without_width_gets_a_slider(value: float) -> None:
    low, high, step = choose_limits(value, value)
    assert low < value < high and step > 0


def test_a_code_that_one_coordinate_ignores_can_be_explored() -> None:
    model, codes, labels, images = make_data()
    codes = torch.stack((codes[:, 0], torch.zeros(N)), dim=1)
    explorer = LatentExplorer(model, codes, labels, images)
    explorer.sliders[1].value = 0.25
    check_picture(explorer)


def test_a_control_tells_of_a_move_once() -> None:
    calls = []
    control = NumberControl("a", (-4.0, 4.0, 0.125), 0, lambda: calls.append(control.box.value))
    control.slider.value = 1
    control.box.value = 0.3
    control.show(2)
    assert calls == [1, 0.3]
    assert (control.box.value, control.slider.value) == (2, 2)


# The map.


def read_marker(explorer: LatentExplorer) -> tuple[float, float]:
    """Where the marker stands, as shares of the map's width (from left) and height (from top)."""
    left, top = re.search(
        r"left: calc\(([-\d.]+)% - 15px\); top: calc\(([-\d.]+)% - 15px\)",
        explorer.map.marker.value,
    ).groups()
    return float(left) / 100, float(top) / 100


CORNERS = {"lower left": (0, 0), "upper right": (1, 1), "upper left": (0, 1), "centre": (0.5, 0.5)}


@pytest.mark.parametrize("style", [None, use_series_style])
@pytest.mark.parametrize("corner", CORNERS.values(), ids=CORNERS)
def test_marker_lies_where_the_map_has_its_point(corner: tuple[float, float], style) -> None:
    if style:
        style()
    _, codes, labels, _ = make_data()
    explorer = make_explorer()
    low, high = explorer.low, explorer.high
    z = low + torch.tensor(corner) * (high - low)
    explorer.move_to(z)
    ax = draw_map(codes, labels, low, high)
    ax.figure.canvas.draw()  # lays out, if anything does
    across, upwards = ax.transData.transform(z.tolist()) / ax.figure.bbox.size
    assert read_marker(explorer) == pytest.approx((across, 1 - upwards), abs=0.02 / MAP_SIZE)
    assert place_on_map(z, low, high) == pytest.approx((across, 1 - upwards))


def test_map_has_the_first_coordinate_to_the_right_and_the_second_upwards() -> None:
    explorer = make_explorer()
    explorer.move_to([0, 0])
    left, top = read_marker(explorer)
    explorer.sliders[0].value = 1
    assert read_marker(explorer)[0] > left and read_marker(explorer)[1] == top
    explorer.move_to([0, 1])
    assert read_marker(explorer)[0] == left and read_marker(explorer)[1] < top


def test_sliders_reach_over_what_the_map_shows_and_nearly_all_codes() -> None:
    explorer = make_explorer()
    _, codes, labels, _ = make_data()
    ax = draw_map(codes, labels, explorer.low, explorer.high)
    for limits, slider in zip((ax.get_xlim(), ax.get_ylim()), explorer.sliders, strict=True):
        assert limits == (slider.min, slider.max)
    inside = ((codes >= explorer.low) & (codes <= explorer.high)).all(1)
    assert inside.float().mean() > 0.97


def test_map_is_sent_once_whole_and_in_double_resolution() -> None:
    plt.rcParams["savefig.bbox"] = "tight"
    explorer = make_explorer()
    ((alt, pixels),) = read_images(explorer.map.picture.value)
    assert pixels.shape[:2] == (2 * MAP_SIZE, 2 * MAP_SIZE)
    assert "Map of the codes" in alt
    changes = []
    explorer.map.picture.observe(changes.append)
    explorer.sliders[0].value = 0.25
    explorer.move_to([1, 1])
    assert changes == []
    assert len(explorer.pictures.value) + len(explorer.map.marker.value) < 5_000


@pytest.mark.parametrize("latent_dim", range(3, 9))
def test_more_dimensions_have_no_map(latent_dim: int) -> None:
    explorer = old_explorer(latent_dim)
    assert explorer.map is None
    assert len(explorer.sliders) == len(explorer.boxes) == latent_dim
    explorer.sliders[-1].value = 0.5
    assert explorer.z.shape == (latent_dim,)
    check_picture(explorer, latent_dim)


def test_every_picture_has_a_text_alternative() -> None:
    explorer = make_explorer()
    explorer.move_to([0.5, -1])
    images = read_images(explorer.pictures.value + explorer.map.picture.value)
    assert len(images) == 3
    assert all(len(alt) > 15 for alt, _ in images)
    assert "z1 = 0.5, z2 = -1" in images[0][0]
    marker = BeautifulSoup(explorer.map.marker.value, "html.parser").svg
    assert marker["role"] == "img" and "z1 = 0.5, z2 = -1" in marker["aria-label"]


# Bad input.


@pytest.mark.parametrize(
    "point",
    [
        [1.0],
        [1.0, 2.0, 3.0],
        [[1.0, 2.0]],
        1,
        0.5,
        [math.nan, 0],
        [0, math.inf],
        [1e38, 0],
        [10**400, 0],
        torch.tensor([0, 100.0]),
        "12",
        ["a", "b"],
        None,
        [],
    ],
    ids=str,
)
def test_a_bad_point_is_refused_and_the_old_one_stays(point: object) -> None:
    explorer = make_explorer()
    explorer.move_to([0.5, 0.3])
    shown = explorer.pictures.value
    with pytest.raises(ValueError, match=r"point|latent") as caught:
        explorer.move_to(point)
    check_short(caught.value)
    assert explorer.z.tolist() == torch.tensor([0.5, 0.3]).tolist()
    assert explorer.pictures.value == shown


@pytest.mark.parametrize(
    "point",
    [[1, 0], (0.5, -0.5), torch.tensor([1, 0]), torch.tensor([0.5, 0], dtype=torch.float64)],
    ids=str,
)
def test_lists_and_tensors_are_points(point: list[float] | Tensor) -> None:
    explorer = make_explorer()
    explorer.move_to(point)
    assert explorer.z.tolist() == [float(number) for number in point]
    check_picture(explorer)


def test_a_point_that_carries_gradients_can_be_shown() -> None:
    explorer = make_explorer()
    explorer.move_to(torch.tensor([0.5, 0.5], requires_grad=True))
    check_picture(explorer)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", ["sliders", "boxes"])
def test_a_value_that_is_not_finite_is_refused_and_the_last_one_stays(
    kind: str, value: float
) -> None:
    explorer = make_explorer()
    explorer.move_to([0.5, 0.25])
    shown = explorer.pictures.value
    control = getattr(explorer, kind)[0]
    for set_value in (
        lambda: setattr(control, "value", value),
        lambda: from_front_end(control, value),
    ):
        with pytest.raises(TraitError, match=str(value)) as caught:
            set_value()
        check_short(caught.value)
        assert (explorer.sliders[0].value, explorer.boxes[0].value) == (0.5, 0.5)
        assert explorer.pictures.value == shown
    explorer.sliders[0].value = 1
    check_picture(explorer)


@pytest.mark.parametrize("kind", ["sliders", "boxes"])
def test_a_value_out_of_range_is_held_at_the_limit(kind: str) -> None:
    explorer = make_explorer()
    getattr(explorer, kind)[0].value = 99
    assert explorer.z[0] == explorer.sliders[0].max
    check_picture(explorer)


@pytest.mark.parametrize("kind", ["sliders", "boxes"])
def test_limits_the_wrong_way_round_are_refused(kind: str) -> None:
    control = getattr(make_explorer(), kind)[0]
    with pytest.raises(TraitError):
        control.min = 99


def test_an_error_on_a_move_is_shown_and_raised_and_goes_when_mended() -> None:
    model, *data = make_data()
    explorer = LatentExplorer(model, *data)

    def fail(z: Tensor) -> Tensor:
        raise RuntimeError("no <b>decoder</b> & co.")

    right, explorer._decode = explorer._decode, fail
    with pytest.raises(RuntimeError, match="no <b>decoder"):
        explorer.sliders[0].value = 0.5
    status = BeautifulSoup(explorer.status.value, "html.parser")
    assert status.div["role"] == "alert"
    assert status.div.string == "RuntimeError: no <b>decoder</b> & co."
    explorer._decode = right
    explorer.sliders[0].value = 0.75
    check_picture(explorer)


def test_a_decoder_that_gives_nan_is_told() -> None:
    model, codes, labels, images = make_data()
    broken = Autoencoder(model.encoder, nn.Sequential(*model.decoder), 2)
    explorer = LatentExplorer(broken, codes, labels, images)
    explorer._decode = lambda z: torch.full((len(z), 1, 28, 28), math.nan)
    with pytest.raises(ValueError, match="not finite") as caught:
        explorer.sliders[0].value = 0.5
    check_short(caught.value)
    assert "not finite" in explorer.status.value


def wrong_data() -> dict[str, tuple]:
    """Arguments that do not belong together, by what the message must name."""
    model, codes, labels, images = make_data()
    return {
        "model.* 1 ": (dense_autoencoder(1, widths=(4,)), codes[:, :1], labels, images),
        "model.* 9 ": (
            dense_autoencoder(9, widths=(4,)),
            codes.repeat(1, 5)[:, :9],
            labels,
            images,
        ),
        r"codes.*\(300, 3\)": (model, make_data(3)[1], labels, images),
        r"codes.*\(300,\)": (model, codes[:, 0], labels, images),
        "codes.*finite": (model, codes / 0, labels, images),
        r"labels.*\(299,\) for 300": (model, codes, labels[1:], images),
        r"images.*\(299, .* for 300": (model, codes, labels, images[1:]),
        "images.*float32": (model, codes, labels, images.float()),
        r"images.*\(300, 28, 28\)": (model, codes, labels, images[:, 0]),
        r"codes.*\(0, 2\)": (model, codes[:0], labels[:0], images[:0]),
        r"codes.*\(5, 2\)": (model, codes[:5], labels[:5], images[:5]),
    }


@pytest.mark.parametrize("named", wrong_data())
def test_data_that_do_not_belong_together_are_refused(named: str) -> None:
    with pytest.raises(ValueError, match=named) as caught:
        LatentExplorer(*wrong_data()[named])
    check_short(caught.value)


# One notebook, several explorers.


def test_two_explorers_do_not_disturb_one_another() -> None:
    first, second = make_explorer(), make_explorer()
    shown = second.pictures.value, second.map.marker.value, second.z.tolist()
    first.move_to([1, -1])
    first.sliders[1].value = 0.5
    assert (second.pictures.value, second.map.marker.value, second.z.tolist()) == shown
    second.sliders[0].value = -1
    assert first.z.tolist() == [1, 0.5]
    check_picture(first)
    check_picture(second)


def test_models_in_training_and_their_weights_are_left_alone() -> None:
    model = dense_autoencoder(2, widths=(8,))
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    LatentExplorer(model, *make_data()[1:]).sliders[0].value = 0.5
    assert model.training
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())


def test_a_page_without_a_kernel_says_what_stands_there() -> None:
    for widget in (make_explorer(), LatentTurntable(*make_data(3)[1:3])):
        assert repr(widget).startswith(f"{type(widget).__name__}: ")
        assert len(repr(widget)) < 110  # more is cut off
        assert "children" not in repr(widget)


# Pictures in HTML.


def test_ink_is_dark_and_values_beyond_are_held() -> None:
    ink = torch.tensor([[0, 1, 0.5], [-3, 7, 0.25]])
    pixels = np.array(Image.open(io.BytesIO(image_png(ink))))
    assert pixels.tolist() == [[255, 0, 128], [255, 0, 191]]


def test_text_in_html_is_escaped() -> None:
    bad = "\"><script>alert('x')</script>&"
    (tag,) = BeautifulSoup(html_image(b"", bad, 9), "html.parser").find_all(True)
    assert tag.name == "img" and tag["alt"] == bad
    page = BeautifulSoup(html_images((torch.zeros(28, 28), bad, bad)), "html.parser")
    assert page.script is None and page.get_text() == bad and page.img["alt"] == bad


def test_an_unusual_label_is_escaped() -> None:
    model, codes, labels, images = make_data()
    explorer = LatentExplorer(model, codes, labels, images)
    explorer._labels = type(
        "Labels", (), {"__getitem__": lambda s, i: type("L", (), {"item": lambda s: "<i>"})()}
    )()
    explorer.redraw()
    assert "<i>" not in explorer.pictures.value and "&lt;i&gt;" in explorer.pictures.value


# The map that turns.


def test_turning_changes_the_picture_and_equals_the_plain_function() -> None:
    _, codes, labels, _ = make_data(3)
    turntable = LatentTurntable(codes, labels)
    first = turntable.picture.value
    turntable.sliders[0].value = 40
    turntable.boxes[1].value = 12.5
    assert turntable.picture.value != first
    ax = draw_turntable(codes, labels)
    ax.view_init(elev=12.5, azim=40)
    ((alt, pixels),) = read_images(turntable.picture.value)
    assert np.array_equal(pixels, np.array(Image.open(io.BytesIO(figure_png(ax.figure)))))
    assert "azimuth 40, elevation 12.5" in alt
    turntable.boxes[1].value = 30
    turntable.sliders[0].value = -60
    assert turntable.picture.value == first


def test_turntable_draws_few_enough_codes() -> None:
    codes = torch.randn(3 * N_TURNED + 1, 3, generator=torch.Generator().manual_seed(0))
    ax = draw_turntable(codes, torch.zeros(len(codes), dtype=torch.int64))
    drawn = len(ax.collections[0].get_offsets())
    assert N_TURNED / 2 < drawn <= N_TURNED


def test_turntables_sliders_are_exact_in_browsers() -> None:
    for slider in LatentTurntable(*make_data(3)[1:3]).sliders:
        assert (slider.max - slider.min) / slider.step in N_STEPS
        assert slider.value % slider.step == 0


def test_turntable_refuses_codes_of_another_dimension() -> None:
    _, codes, labels, _ = make_data(2)
    with pytest.raises(ValueError, match=r"codes.*\(300, 2\)") as caught:
        LatentTurntable(codes, labels)
    check_short(caught.value)


def test_an_error_while_turning_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    turntable = LatentTurntable(*make_data(3)[1:3])

    def fail(figure: object) -> bytes:
        raise MemoryError("no room")

    monkeypatch.setattr(explorer_module, "figure_png", fail)
    with pytest.raises(MemoryError):
        turntable.sliders[0].value = 40
    assert "MemoryError: no room" in turntable.status.value


# The older ipywidgets, which hosts such as Colab have.


def test_ipywidgets_is_the_version_that_was_asked_for() -> None:
    wanted = os.environ.get(VERSION)
    assert wanted in (None, widgets.__version__)


@pytest.mark.skipif(VERSION in os.environ, reason="these are the tests with the other version")
@pytest.mark.skipif(not WIDGETS_7.is_dir(), reason=f"no ipywidgets 7.7 in {WIDGETS_7.name}")
def test_everything_here_passes_with_ipywidgets_7() -> None:
    paths = [str(WIDGETS_7), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), VERSION: "7.7.1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-3_000:] + result.stderr[-1_000:]
    passed = re.search(r"(\d+) passed", result.stdout)
    assert passed and int(passed[1]) > 80
