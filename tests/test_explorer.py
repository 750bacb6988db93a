"""The explorer without a browser: what Python sets, and what the widgets then hold."""

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
from torch import Tensor
from traitlets import TraitError

from ae_utils.controls import ControlBoard
from ae_utils.explorer import LatentExplorer, LatentTurntable, TwinExplorer
from ae_utils.latent import N_STEPS
from ae_utils.models import dense_autoencoder
from ae_utils.pictures import MAP_SIZE, N_TURNED, draw_map, draw_turntable, html_figure, html_images
from ae_utils.plots import use_series_style
from tests import explorers
from tests.explorers import (
    decoded_pixels,
    draw_picture,
    make_data,
    make_explorer,
    make_twins,
    make_viewer,
    read_pixels,
)
from tests.helpers import copy_weights, same_weights

WIDGETS_7 = Path(sys.prefix) / "ipywidgets7"  # where `make test` puts the older version

pytestmark = pytest.mark.usefixtures("one_thread")
old_explorer = cache(make_explorer)  # one for each dimension, left where the last test moved it
KINDS_OF_POINT = [list, torch.DoubleTensor, lambda point: torch.tensor(point, requires_grad=True)]


@pytest.fixture(autouse=True)
def no_figures() -> Iterator[None]:
    """Fail a test that leaves a figure open; keep its style from the next one."""
    with plt.rc_context():
        yield
    assert plt.get_fignums() == []


def read_images(html: str) -> list[tuple[str, np.ndarray]]:
    """Text alternative and pixels of each image in HTML."""
    tags = BeautifulSoup(html, "html.parser").find_all("img")
    return [(tag["alt"], read_pixels(tag["src"])) for tag in tags]


def check_picture(explorer: LatentExplorer) -> None:
    """Compare the picture with the decoder's output at the point that the boxes show."""
    point = [box.value for box in explorer.boxes]
    assert torch.equal(explorer.z, torch.tensor(point))
    assert np.array_equal(read_images(explorer.pictures.value)[0][1], decoded_pixels(point))
    assert explorer.board.status.value == ""


def check_refused(error: type[Exception], named: str, call, *arguments: object) -> None:
    """Hold a refusal to its type, to what it must name and to three lines."""
    with pytest.raises(error, match=named) as caught:
        call(*arguments)
    assert len(str(caught.value).splitlines()) <= 3


# The picture follows the point.


def test_explorer_starts_at_the_first_codes_step_and_leaves_the_model_alone() -> None:
    model, codes, *images = make_data()
    before = copy_weights(model)
    explorer = LatentExplorer(model.train(), codes, *images)
    steps = torch.tensor([slider.step for slider in explorer.sliders])
    assert ((explorer.z - codes[0]).abs() <= steps / 2).all()
    check_picture(explorer)
    explorer.sliders[0].value = 0.5
    assert model.training and same_weights(model, before)
    assert all(weight.grad is None for weight in model.parameters())


@given(st.integers(2, 8), st.data())
def test_picture_is_the_decoders_wherever_it_is_moved(latent_dim: int, data: st.DataObject) -> None:
    explorer = old_explorer(latent_dim)
    assert (explorer.map is not None) == (latent_dim == 2)
    pairs = list(zip(explorer.sliders, explorer.boxes, strict=True))
    point = [data.draw(st.floats(slider.min, slider.max, width=32)) for slider, _ in pairs]
    explorer.move_to(data.draw(st.sampled_from(KINDS_OF_POINT))(point))
    assert torch.equal(explorer.z, torch.tensor(point))
    check_picture(explorer)
    for slider, box in pairs:
        assert abs(slider.value - round(box.value / slider.step) * slider.step) < slider.step / 999
        assert len(str(box.value)) <= 15  # 0.1, not 0.10000000149011612

    values = [box.value for box in explorer.boxes]
    number = data.draw(st.integers(0, latent_dim - 1))
    slider, box = pairs[number]
    moved, tolerance = data.draw(st.sampled_from([(slider, slider.step / 2), (box, 0)]))
    moved.value = value = data.draw(st.floats(box.min, box.max))
    assert abs(box.value - value) <= tolerance
    values[number] = box.value
    assert [box.value for box in explorer.boxes] == values
    check_picture(explorer)


def test_last_of_many_rapid_values_wins() -> None:
    explorer = make_explorer()
    slider, box = explorer.sliders[0], explorer.boxes[0]
    for control in (slider, box):
        for number in range(200):
            control.set_state({"value": slider.min + number % 90 * slider.step})
        assert slider.value == box.value == slider.min + 199 % 90 * slider.step
        check_picture(explorer)
        control.set_state({"value": 0})


def test_nearest_real_image_and_distance_are_shown_in_words_and_numbers() -> None:
    explorer = make_explorer()
    _, codes, labels, images = make_data()
    inside = ((codes > explorer.low) & (codes < explorer.high)).all(1).nonzero().flatten()
    for number in inside[:10].tolist():
        explorer.move_to(codes[number])
        html, view = explorer.pictures.value, explorer.view
        alt, pixels = read_images(html)[1]
        assert view.nearest == number and np.array_equal(pixels, 255 - images[number, 0].numpy())
        assert f"a {labels[number]}" in alt and f"nearest real image: {labels[number]}<" in html
        assert f"<br>{view.distance:.1f} times" in html
    for point, among in (([0, 0], True), (explorer.high, False)):
        explorer.move_to(point)
        assert ("<b>among the data</b>" in explorer.pictures.value) == among
        assert (explorer.view.distance < 3) == among


# Slider and box, and the map.


def test_box_holds_a_typed_number_exactly_and_slider_its_nearest_step() -> None:
    explorer = make_explorer()
    box, slider = explorer.boxes[0], explorer.sliders[0]
    assert slider.step == 0.125
    box.set_state({"value": 0.3})
    assert (box.value, slider.value) == (0.3, 0.25)
    slider.set_state({"value": 0.375})
    assert (box.value, slider.value) == (0.375, 0.375)
    slider.value = 0.8  # a slider has only its steps, from Python too
    assert (box.value, slider.value) == (0.75, 0.75)
    sent: list[float] = []
    slider.observe(lambda change: sent.append(change["new"]), "value")
    slider.set_state({"value": 0.75 + 1e-9})  # a front end's rounding does not reach the box
    assert box.value == 0.75
    assert sent == [0.75 + 1e-9]  # nothing is sent back, to which it would answer again


def test_a_move_is_drawn_once_and_controls_are_fit_for_the_keyboard() -> None:
    drawn: list[tuple[float, ...]] = []
    numbers = [("a", (-4.0, 4.0, 0.125), 0.0), ("b", (-8.0, 8.0, 0.25), 2.1)]
    board = ControlBoard(numbers, lambda: drawn.append(tuple(box.value for box in board.boxes)))
    board.sliders[0].value = 1
    board.boxes[1].value = 0.3
    board.show([2, -3])
    assert drawn == [(1, 2), (1, 0.3), (2, -3)]
    assert [slider.value for slider in board.sliders] == [2, -3]
    for (name, limits, _), slider, box in zip(numbers, board.sliders, board.boxes, strict=True):
        assert box.description == name and slider.continuous_update and not slider.readout
        for control in (slider, box):
            assert (control.min, control.max, control.step) == limits and not control.disabled


@pytest.mark.filterwarnings("error")  # such as one of a style that would lay out the map
def test_marker_and_codes_lie_where_the_map_has_them() -> None:
    use_series_style()
    _, codes, labels, _ = make_data()
    explorer = make_explorer()
    low, high = explorer.low, explorer.high
    ax = draw_map(codes, labels, low, high)
    ax.figure.canvas.draw()  # lays out, if anything does
    for corner in ((0, 0), (1, 1), (0, 1), (0.5, 0.5)):
        z = low + torch.tensor(corner) * (high - low)
        explorer.move_to(z)
        place = re.search(r"15px; left: (.+)%; bottom: (.+)%\"", explorer.marker.value).groups()
        wanted = 100 * ax.transData.transform(z.tolist()) / ax.figure.bbox.size
        assert [float(share) for share in place] == pytest.approx(wanted, abs=2 / MAP_SIZE)
    assert [ax.get_xlim(), ax.get_ylim()] == [(each.min, each.max) for each in explorer.sliders]
    assert np.array_equal(ax.collections[0].get_offsets(), codes.numpy())


def test_map_is_sent_once_whole_and_every_picture_has_a_text_alternative() -> None:
    plt.rcParams.update({"savefig.bbox": "tight", "figure.facecolor": "black"})
    explorer = make_explorer()
    changes: list[object] = []
    explorer.map.observe(changes.append)
    explorer.sliders[0].value = 0.25
    explorer.move_to([0.5, -1])
    assert changes == []
    assert len(explorer.pictures.value) + len(explorer.marker.value) < 5_000
    decoded, real, the_map = read_images(explorer.pictures.value + explorer.map.value)
    assert the_map[1].shape[:2] == (2 * MAP_SIZE, 2 * MAP_SIZE) and (the_map[1][0, 0] == 255).all()
    marker = BeautifulSoup(explorer.marker.value, "html.parser").svg
    assert marker["role"] == "img" and "z1 = 0.5, z2 = -1" in marker["aria-label"]
    assert "z1 = 0.5, z2 = -1" in decoded[0]
    assert "Real image" in real[0] and "Map of the codes" in the_map[0]


@pytest.mark.parametrize("hostile", ["dark_background", "ggplot", {"font.size": 20}], ids=str)
def test_pictures_are_the_same_whatever_the_reader_has_set(hostile) -> None:
    the_map, turntable = make_explorer().map.value, LatentTurntable(*make_data(3)[1:3])
    turned = turntable.picture.value
    plt.style.use(hostile)
    turntable.board.redraw()
    assert make_explorer().map.value == the_map and turntable.picture.value == turned
    assert LatentTurntable(*make_data(3)[1:3]).picture.value == turned


# Bad input.

WRONG_NUMBERS = [[n, 0] for n in (math.nan, math.inf, 1e38, 10**400)] + [torch.tensor([0, 100.0])]
WRONG_SHAPES = [[1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], [], 1, 0.5, None, "12", ["a", "b"]]


@pytest.mark.parametrize("point", WRONG_NUMBERS + WRONG_SHAPES, ids=str)
def test_a_bad_point_is_refused_and_the_old_one_stays(point: object) -> None:
    explorer = old_explorer()
    explorer.move_to([0.5, 0.3])
    shown = explorer.pictures.value
    check_refused(ValueError, "point: got .*\nPass 2 finite numbers", explorer.move_to, point)
    assert explorer.z.tolist() == torch.tensor([0.5, 0.3]).tolist()
    assert explorer.pictures.value == shown


@pytest.mark.parametrize("kind", ["sliders", "boxes"])
def test_a_value_that_is_not_finite_is_refused_and_one_out_of_range_held(kind: str) -> None:
    explorer = make_explorer()
    explorer.move_to([0.5, 0.25])
    shown = explorer.pictures.value
    control = getattr(explorer, kind)[0]
    for value in (math.nan, math.inf, -math.inf):
        check_refused(TraitError, str(value), setattr, control, "value", value)
        check_refused(TraitError, str(value), control.set_state, {"value": value})
        assert (explorer.sliders[0].value, explorer.boxes[0].value) == (0.5, 0.5)
        assert explorer.pictures.value == shown
    control.value = 99
    assert explorer.z[0] == explorer.sliders[0].max == explorer.boxes[0].value
    check_picture(explorer)
    with pytest.raises(TraitError):
        control.min = 99


def test_an_error_on_a_move_is_shown_and_raised_and_goes_when_mended() -> None:
    explorer = make_explorer()

    def fail(z: Tensor) -> Tensor:
        raise RuntimeError("no <b>decoder</b> & co.")

    right, explorer._decode = explorer._decode, fail
    with pytest.raises(RuntimeError, match="no <b>decoder"):
        explorer.sliders[0].value = 0.5
    assert explorer.board.status in explorer.board.children
    status = BeautifulSoup(explorer.board.status.value, "html.parser")
    assert status.div["role"] == "alert"
    assert status.div.string == "RuntimeError: no <b>decoder</b> & co."
    explorer._decode = right
    explorer.sliders[0].value = 0.75
    check_picture(explorer)


MODEL, CODES, LABELS, IMAGES = make_data()
WRONG_DATA = {
    "model.* 1.": (dense_autoencoder(1, widths=(4,)), CODES[:, :1], LABELS, IMAGES),
    "model.* 9.": (dense_autoencoder(9, widths=(4,)), CODES.repeat(1, 5)[:, :9], LABELS, IMAGES),
    r"codes.*\(300, 3\)": (MODEL, make_data(3)[1], LABELS, IMAGES),
    r"codes.*\(300,\)": (MODEL, CODES[:, 0], LABELS, IMAGES),
    "codes.*finite": (MODEL, CODES / 0, LABELS, IMAGES),
    r"labels.*\(299,\) for 300": (MODEL, CODES, LABELS[1:], IMAGES),
    r"images.*\(299, .* for 300": (MODEL, CODES, LABELS, IMAGES[1:]),
    "images.*float32": (MODEL, CODES, LABELS, IMAGES.float()),
    r"images.*\(300, 28, 28\)": (MODEL, CODES, LABELS, IMAGES[:, 0]),
    "labels.*float32": (MODEL, CODES, LABELS.float(), IMAGES),
    r"codes.* 0 codes.\nPass shape \(1, 2\)": (MODEL, CODES[:0], LABELS[:0], IMAGES[:0]),
    r"codes.*\(5, 2\)": (MODEL, CODES[:5], LABELS[:5], IMAGES[:5]),
}


@pytest.mark.parametrize("named", WRONG_DATA)
def test_data_that_do_not_belong_together_are_refused(named: str) -> None:
    check_refused((TypeError, ValueError), named, LatentExplorer, *WRONG_DATA[named])
    check_refused(ValueError, r"codes.*\(300, 2\)", LatentTurntable, CODES, LABELS)


# What a cell shows.


def test_two_explorers_do_not_disturb_one_another() -> None:
    first, second = make_explorer(), make_explorer()
    shown = second.pictures.value, second.marker.value, second.z.tolist()
    first.move_to(torch.tensor([1, -1]))
    first.sliders[1].value = 0.5
    assert (second.pictures.value, second.marker.value, second.z.tolist()) == shown
    second.sliders[0].value = -1
    assert first.z.tolist() == [1, 0.5]
    check_picture(first)
    check_picture(second)


def test_a_cell_shows_the_widget_and_a_page_without_a_kernel_a_line() -> None:
    for widget in (make_explorer(), LatentTurntable(*make_data(3)[1:3])):
        assert isinstance(widget, widgets.VBox)
        assert repr(widget).startswith(f"{type(widget).__name__}: ")
        assert len(repr(widget)) < 110 and "children" not in repr(widget)  # more is cut off


def test_ink_is_dark_values_beyond_are_held_and_text_is_escaped() -> None:
    ink, bad = torch.tensor([[0, 1, 0.5], [-3, 7, 0.25]]), "\"><script>alert('x')</script>&"
    html = html_images((ink, bad, bad))
    page = BeautifulSoup(html, "html.parser")
    assert page.script is None and page.get_text() == bad and page.img["alt"] == bad
    assert read_images(html)[0][1].tolist() == [[255, 0, 128], [255, 0, 191]]


def test_turning_changes_the_picture_and_equals_the_plain_function() -> None:
    n = 3 * N_TURNED + 1
    codes, labels = torch.rand(n, 3), torch.arange(n) % 10
    turntable = LatentTurntable(codes, labels)
    first = turntable.picture.value
    turntable.sliders[0].value = 40
    turntable.boxes[1].value = 12.5
    assert turntable.picture.value != first
    ax = draw_turntable(codes, labels)
    assert N_TURNED / 2 < len(ax.collections[0].get_offsets()) <= N_TURNED  # fast enough
    ax.view_init(elev=12.5, azim=40)
    ((alt, pixels),) = read_images(turntable.picture.value)
    assert np.array_equal(pixels, read_images(html_figure(ax.figure, "", 1))[0][1])
    assert "azimuth 40, elevation 12.5" in alt and pixels.min() < 128
    turntable.boxes[1].value = 30
    turntable.sliders[0].value = -60
    assert turntable.picture.value == first
    for slider in turntable.sliders:  # exact in browsers
        assert (slider.max - slider.min) / slider.step in N_STEPS
        assert slider.value % slider.step == 0


# Two models at once, and pictures on a slider.


def test_moving_one_twin_takes_the_other_where_its_encoder_puts_the_image() -> None:
    twins = make_twins()
    encode = dense_autoencoder(2, widths=(16,), seed=2).encode
    one, other = twins.explorers
    for place in ((0.5, -0.25), (1.0, 1.5)):
        one.move_to(place)
        with torch.no_grad():
            expected = encode(one.view.image[None, None])[0]
        assert (other.low < expected).all() and (expected < other.high).all()
        torch.testing.assert_close(other.z, expected, atol=1e-5, rtol=1e-5)
        assert one.z.tolist() == list(place)  # and it stays there
    before = one.z
    other.sliders[0].value = 1.0
    assert other.z[0] == 1.0 and not torch.equal(one.z, before)
    assert "b &lt;&gt;" in twins.children[2].value


def test_a_twin_goes_no_further_than_its_sliders() -> None:
    _, codes, labels, images = make_data()
    models = [dense_autoencoder(2, widths=(16,), seed=seed) for seed in (1, 2)]
    twins = TwinExplorer({"a": (models[0], codes), "b": (models[1], codes / 1_000)}, labels, images)
    twins.explorers[0].move_to([1.0, 1.0])
    z, low, high = twins.explorers[1].z, twins.explorers[1].low, twins.explorers[1].high
    assert ((low <= z) & (z <= high)).all() and ((z == low) | (z == high)).any()
    with pytest.raises(ValueError, match="models: got 1"):
        TwinExplorer({"a": (models[0], codes)}, labels, images)


def test_pictures_on_a_slider_are_drawn_once_each_and_carry_their_text(monkeypatch) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(explorers, "draw_picture", lambda n: (drawn.append(n), draw_picture(n))[1])
    viewer = make_viewer()
    for number in (0, 1, 0, 2):
        viewer.slider.value = number
        ((alt, pixels),) = read_images(viewer.picture.value)
        assert alt == f'a "picture" <{number}>'
        assert pixels.shape[1] == (1 + number) * pixels.shape[0] and pixels.min() < 128
    assert drawn == [1, 0, 2]
    assert viewer.slider.description == "step" and repr(viewer).startswith("PictureSlider: ")


# The older ipywidgets, which hosts such as Colab have: what the two versions could do differently.

MAY_DIFFER = (
    test_last_of_many_rapid_values_wins,
    test_box_holds_a_typed_number_exactly_and_slider_its_nearest_step,
    test_a_move_is_drawn_once_and_controls_are_fit_for_the_keyboard,
    test_a_value_that_is_not_finite_is_refused_and_one_out_of_range_held,
    test_an_error_on_a_move_is_shown_and_raised_and_goes_when_mended,
    test_a_cell_shows_the_widget_and_a_page_without_a_kernel_a_line,
    test_moving_one_twin_takes_the_other_where_its_encoder_puts_the_image,
    test_pictures_on_a_slider_are_drawn_once_each_and_carry_their_text,
)


@pytest.mark.skipif(not WIDGETS_7.is_dir(), reason=f"no ipywidgets 7.7 in {WIDGETS_7.name}")
def test_ipywidgets_7_does_the_same() -> None:
    paths = [str(WIDGETS_7), *filter(None, [os.environ.get("PYTHONPATH")])]
    code = "import sys, pytest, ipywidgets as w; assert w.version_info[0] == 7; "
    code += "sys.exit(pytest.main(sys.argv[1:]))"
    names = [f"{__file__}::{test.__name__}" for test in MAY_DIFFER]
    result = subprocess.run(
        [sys.executable, "-c", code, "-q", "-p", "no:cacheprovider", *names],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        cwd=Path(__file__).parents[1], capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-3_000:] + result.stderr[-1_000:]
