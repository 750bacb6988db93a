"""The latent explorer's web page: what it is made of, and how it behaves in a real browser.

The tests in the browser need playwright and Chromium, as those of test_explorer_browser.py do.
"""

import base64
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from torch import Tensor

from ae_utils.checkpoints import load_shipped
from ae_utils.data import load_digits
from ae_utils.distance import DataDistance, name_place, place_levels
from ae_utils.handwriting import PHOTOGRAPHS, read_digit
from ae_utils.images import to_float
from ae_utils.latent import encode_dataset, evenly, limits_around, sample_uniform
from ae_utils.maps import DIGIT_COLOURS
from tests.browser import middle
from tests.helpers import random_images
from tools.measure.page_speed import time_moves
from tools.publish.book import write_edition
from tools.publish.packing import export_layers, lay_out, pack
from tools.publish.playground_page import (
    MODELS,
    N_IMAGES,
    TWINS,
    embed_explorer,
    make_page,
    write_beside,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE_WIDTH = 390
MARKERS = ("marker", "twin-marker")

# Counts what is drawn: decoded images, dots of the map.
COUNT = """
window.drawn = {images: 0, dots: 0};
for (const [name, kind] of [["putImageData", "images"], ["arc", "dots"]]) {
    const original = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...values) {
        window.drawn[kind] += 1;
        return original.apply(this, values);
    };
}
window.nextFrame = () => new Promise(requestAnimationFrame);
window.look = () => {
    const numbers = (type) =>
        [...document.querySelectorAll(`#sliders [type=${type}]`)].map((each) => Number(each.value));
    const grey = (id) => {
        const { data } = document.getElementById(id).getContext("2d").getImageData(0, 0, 28, 28);
        return [...data.filter((value, index) => index % 4 === 0)];
    };
    return {
        decoded: grey("decoded"), nearest: grey("nearest"),
        name: document.getElementById("decoded").ariaLabel,
        caption: document.getElementById("nearest-caption").textContent,
        place: [...document.getElementById("place").children].map((line) => line.textContent),
        boxes: numbers("number"), sliders: numbers("range"),
    };
};
"""
TYPE_POINTS = """async (points) => {
    const boxes = document.querySelectorAll("#sliders [type=number]");
    const seen = [];
    for (const point of points) {
        boxes.forEach((box, axis) => {
            box.value = point[axis];
            box.dispatchEvent(new Event("change"));
        });
        await nextFrame();
        seen.push(look());
    }
    return seen;
}"""
GREY = """(id) => {
    const { data } = document.getElementById(id).getContext("2d").getImageData(0, 0, 28, 28);
    return [...data.filter((value, index) => index % 4 === 0)];
}"""
CONTRASTS = """() => {
    const luminance = (colour) => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map((value) => {
            const share = value / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = luminance(getComputedStyle(document.body).backgroundColor);
    return [...document.querySelectorAll("h1, p, label, figcaption, output, button, input, select")]
        .map((each) => luminance(getComputedStyle(each).color))
        .map((ink) => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
}"""


# The page as it is made.


@pytest.mark.parametrize(("scale", "kind"), [(1.0, "float16"), (1.0001, "float32")])
def test_numbers_are_packed_without_loss_in_as_few_bits_as_it_takes(scale: float, kind: str):
    numbers = scale * torch.tensor([[0.5, -3.0, 2**-20], [65504 / 2, 0.0, -(2**-14)]])
    packed = pack(numbers)
    assert packed["type"] == kind
    found = np.frombuffer(base64.b64decode(packed["base64"]), kind)
    assert np.array_equal(found.astype("float32"), numbers.flatten().numpy())


def test_decoder_becomes_a_list_of_layers_and_images_lie_in_rows() -> None:
    kinds = [layer["kind"] for layer in export_layers(load_shipped("sweep_2d")[0].decoder)]
    assert kinds == ["linear", "silu", "linear", "silu", "linear", "sigmoid"]
    images = random_images(53)
    assert torch.equal(lay_out(images)[28:56, 56:84], images[52, 0] / 255)


def test_decoder_that_the_page_cannot_compute_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot compute its layer Conv2d"):
        export_layers(torch.nn.Sequential(torch.nn.Conv2d(1, 2, 5)))


# The page in a browser.


@pytest.fixture(scope="module")
def page_file(mnist_or_digits, tmp_path_factory) -> Path:
    """The page, made with the images of this machine."""
    path = tmp_path_factory.mktemp("page") / "playground.html"
    path.write_text(make_page(mnist_or_digits), encoding="utf-8")
    return path


@pytest.fixture
def page(open_page, page_file) -> "Page":
    """The page on a wide screen, with its first model."""
    return begin(open_page(page_file, script=COUNT))


@pytest.fixture
def phone(open_page, page_file) -> "Page":
    """The page on a phone."""
    options = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    return begin(open_page(page_file, PHONE_WIDTH, 844, COUNT, **options))


def begin(page: "Page") -> "Page":
    """Wait until a page has drawn for the first time."""
    page.locator("#decoded[aria-label]").wait_for()
    return page


@pytest.fixture(scope="module")
def real_images(mnist_or_digits) -> tuple[Tensor, Tensor]:
    """The images (N, 1, 28, 28) that the page holds, and their labels."""
    images, labels = mnist_or_digits.test_images, mnist_or_digits.test_labels
    return evenly(images, N_IMAGES), evenly(labels, N_IMAGES)


def settle(page: "Page") -> dict[str, Any]:
    """Wait until what was asked for has been drawn; return what is seen."""
    page.evaluate("nextFrame()")
    return page.evaluate("look()")


def choose(page: "Page", name: str) -> None:
    """Switch to a model."""
    page.get_by_role("combobox", name="Model").select_option(index=list(MODELS).index(name))
    settle(page)


def start_at(page: "Page", point: list[float]) -> None:
    """Bring the page to a point."""
    (seen,) = page.evaluate(TYPE_POINTS, [point])
    assert seen["boxes"] == point


@pytest.fixture(scope="module")
def codes(real_images) -> Tensor:
    """The codes of these images, as the page's first model has them."""
    return encode_dataset(load_shipped("dense_2d")[0].encode, real_images[0])


def on_map(page: "Page", share: tuple[float, float]) -> tuple[float, float]:
    """A place of the map on the screen, from its left and top edge in shares of its size."""
    box = page.locator("#map").bounding_box()
    return box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"]


@pytest.mark.parametrize("name", MODELS)
def test_page_shows_what_pytorch_and_the_notebooks_explorer_compute(page, name, real_images):
    images, labels = real_images
    model, _ = load_shipped(name)
    codes = encode_dataset(model.encode, images)
    low, high, _ = torch.tensor(limits_around(codes)).T
    points = sample_uniform(low, high, 100)
    choose(page, name)
    seen = page.evaluate(TYPE_POINTS, points.double().tolist())

    with torch.no_grad():
        wanted = (255 * (1 - model.decode(points))).flatten(1)
    decoded = torch.tensor([each["decoded"] for each in seen])
    assert (decoded - wanted).abs().max() <= 1
    distance = DataDistance(codes)
    nearest = distance.nearest(points)
    assert torch.equal(
        torch.tensor([each["nearest"] for each in seen]), 255 - images[nearest].flatten(1).long()
    )
    captions = [f"nearest real image: {label}" for label in labels[nearest].tolist()]
    assert [each["caption"] for each in seen] == captions
    levels = place_levels(distance, codes)
    for each, number in zip(seen, distance(points).tolist(), strict=True):
        place, loneliness = each["place"]
        assert place == name_place(number, levels)
        shown = re.fullmatch(r"([\d.]+) times as lonely as a typical code", loneliness)[1]
        assert float(shown) == pytest.approx(number, abs=0.0501, rel=1e-4)


def test_200_moves_before_a_frame_are_drawn_once_and_the_last_wins(page) -> None:
    before = page.evaluate("drawn")
    page.evaluate("""() => {
        const slider = document.querySelector("#sliders [type=range]");
        for (let n = 1; n <= 200; n++) {
            slider.value = n % 3;
            slider.dispatchEvent(new Event("input"));
        }
    }""")
    seen = settle(page)
    assert seen["boxes"][0] == seen["sliders"][0] == 200 % 3
    assert page.evaluate("drawn") == before | {"images": before["images"] + 2}


def test_mouse_drags_the_point_over_the_map_and_beyond_its_edge(page, codes) -> None:
    (low1, high1, _), (low2, high2, _) = limits_around(codes)
    dots = page.evaluate("drawn.dots")
    assert dots >= len(codes)
    page.mouse.move(*on_map(page, (0.3, 0.3)))
    page.mouse.down()
    for share in ((0.4, 0.5), (0.6, 0.4)):
        page.mouse.move(*on_map(page, share), steps=3)
        seen = settle(page)
        assert np.abs(middle(page.locator("#marker")) - on_map(page, share)).max() < 1.5
    assert low1 < seen["boxes"][0] < high1 and low2 < seen["boxes"][1] < high2
    for share, corner in (((1.4, -0.2), [high1, high2]), ((-0.4, 1.2), [low1, low2])):
        page.mouse.move(*on_map(page, share))
        assert settle(page)["boxes"] == corner
    page.mouse.up()
    page.mouse.move(*on_map(page, (0.5, 0.5)))
    assert settle(page)["boxes"] == [low1, low2]
    assert page.evaluate("drawn.dots") == dots


def test_point_lies_where_the_dot_of_its_code_is_drawn(page, codes, real_images) -> None:
    low, high, _ = torch.tensor(limits_around(codes)).T
    alone = (torch.cdist(codes, codes) + 99 * torch.eye(len(codes))).amin(1)
    inside = ((codes > low) & (codes < high)).all(1)
    loneliest = int((alone * inside).argmax())
    start_at(page, codes[loneliest].double().tolist())
    colour = page.evaluate("""() => {
        const canvas = document.querySelector("#map canvas");
        const marker = document.getElementById("marker");
        const [left, top] = [marker.style.left, marker.style.top].map(parseFloat);
        const place = [left * canvas.width / 100, top * canvas.height / 100].map(Math.floor);
        return [...canvas.getContext("2d").getImageData(...place, 1, 1).data.slice(0, 3)];
    }""")
    assert "#" + bytes(colour).hex() == DIGIT_COLOURS[real_images[1][loneliest]]


def test_finger_drags_the_point_and_the_page_stays(phone) -> None:
    phone.locator("#map").scroll_into_view_if_needed()
    scrolled = phone.evaluate("scrollY")
    touch = phone.context.new_cdp_session(phone)
    for kind, share in (("Start", (0.5, 0.3)), ("Move", (0.6, 0.5)), ("Move", (0.4, 0.7))):
        x, y = on_map(phone, share)
        points = {"touchPoints": [{"x": x, "y": y}]}
        touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", **points})
        settle(phone)
        assert np.abs(middle(phone.locator("#marker")) - (x, y)).max() < 1.5
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert phone.evaluate("scrollY") == scrolled


@pytest.mark.parametrize("place", ["map", "slider"])
def test_arrow_keys_move_the_point_by_a_step(page, codes, place: str) -> None:
    (_, _, step1), (_, _, step2) = limits_around(codes)
    moves = {"ArrowRight": (step1, 0), "ArrowLeft": (-step1, 0)}
    if place == "map":
        moves |= {"ArrowUp": (0, step2), "ArrowDown": (0, -step2)}
    for key, (right, up) in moves.items():
        start_at(page, [0.5, -1])
        page.locator("#map, #sliders [type=range]").nth(0 if place == "map" else 1).focus()
        page.keyboard.press(key)
        assert settle(page)["boxes"] == [0.5 + right, -1 + up]


def test_typed_numbers_are_taken_exactly_held_to_the_limits_or_put_back(page, codes):
    ((_, high, step), _) = limits_around(codes)
    start_at(page, [0.5, -1])
    box = page.get_by_label("z1", exact=True)
    for typed, taken in (("-1.23456", -1.23456), ("99", high), ("", high)):
        box.fill(typed)
        box.press("Enter")
        seen = settle(page)
        assert seen["boxes"] == [taken, -1]
        assert seen["sliders"] == [round(taken / step) * step, -1]
        assert seen["name"] == f"What the decoder makes of z1 = {taken:.10g}, z2 = -1"


def test_each_model_has_its_sliders_and_a_map_if_it_is_a_plane(page, codes, mnist_or_digits):
    text = f"{len(codes):,} of the {len(mnist_or_digits.test_images):,} test images of"
    assert page.get_by_text(f"The real images are {text}").count() == 1
    first = settle(page)["nearest"]
    for name in (*MODELS, next(iter(MODELS))):
        choose(page, name)
        size = load_shipped(name)[0].latent_dim
        seen = settle(page)
        assert len(seen["boxes"]) == len(seen["sliders"]) == size
        assert page.locator("#map").is_visible() == (size == 2)
        if size > 1:  # on a line, codes lie closer to one another than what is typed
            assert seen["nearest"] == first


def test_button_goes_to_the_code_of_a_real_image(page, codes, real_images) -> None:
    page.evaluate("Math.random = () => 0.5")
    page.get_by_role("button", name="real image").click()
    number = len(codes) // 2
    seen = settle(page)
    assert seen["nearest"] == (255 - real_images[0][number].flatten().long()).tolist()
    assert seen["boxes"] == pytest.approx(codes[number].tolist(), abs=1e-3)


def test_everything_has_a_name_and_is_reached_by_keyboard_with_the_focus_seen(page) -> None:
    start_at(page, [0.5, -1])
    made = "What the decoder makes of z1 = 0.5, z2 = -1"
    place, real = "The point z1 = 0.5, z2 = -1 on the map", "Real image with the nearest code, a "
    named = {"img": [made, place, real], "application": ["Map of the codes"], "combobox": ["Model"]}
    named |= {"spinbutton": ["z1", "z2"], "slider": ["slider of z1", "slider of z2"]}
    for role, names in named.items():
        for name in names:
            assert page.get_by_role(role, name=re.compile(f"^{name}")).count() == 1, name
    page.locator("nav a").last.focus()
    sliders, drawing = ("number", "range") * 2, ("undo", "clear", "example", "photograph")
    for reached in ("model", "map", "grid", *sliders, "another", *drawing, "pin-start", "pin-end"):
        page.keyboard.press("Tab")
        found = page.evaluate("""() => {
            const { tagName, type, id } = document.activeElement;
            const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
            return [id || type || tagName, `${outlineStyle} ${outlineWidth}`];
        }""")
        assert found == [reached, "solid 3px"]


def test_twins_show_one_picture_on_two_maps_and_either_leads(page) -> None:
    names = TWINS[0]
    models = [load_shipped(name)[0] for name in names]
    choose(page, names[0])
    assert page.get_by_role("application").count() == 2
    start_at(page, [0.5, -1])
    places = [page.locator(f"#{each}").get_attribute("aria-label") for each in MARKERS]
    (point, twin) = map(read_place, places)
    assert point == [0.5, -1]
    with torch.no_grad():
        expected = models[1].encode(models[0].decode(point))[0]
    assert twin == pytest.approx(expected.tolist(), abs=1e-3)

    page.locator("#twin-map").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    places = [page.locator(f"#{each}").get_attribute("aria-label") for each in MARKERS]
    (point, moved) = map(read_place, places)
    assert moved[0] > twin[0] and abs(moved[1] - twin[1]) < 1e-9
    with torch.no_grad():
        image = models[1].decode(moved)
        expected = models[0].encode(image)[0]
    assert point == pytest.approx(expected.tolist(), abs=1e-3)
    grey = page.evaluate(GREY, "twin-decoded")
    assert (torch.tensor(grey) - 255 * (1 - image.flatten())).abs().max() <= 1
    choose(page, "dense_2d")
    assert page.get_by_role("application").count() == 1


def read_place(text: str) -> list[float]:
    """The coordinates that a marker's name holds."""
    return [float(number) for number in re.findall(r"= (-?[\d.]+)", text)]


def test_page_begins_with_the_model_that_its_address_names(open_page, page_file) -> None:
    page = open_page(page_file, part="#beta_1")
    begin(page)
    assert page.get_by_role("combobox", name="Model").locator("option:checked").text_content() == (
        f"{MODELS['beta_1']} (beta_1)"
    )
    assert page.get_by_role("application").count() == 2


def test_phone_needs_no_scrolling_sideways(phone) -> None:
    for name in MODELS:
        choose(phone, name)
        assert phone.evaluate("document.documentElement.scrollWidth") == PHONE_WIDTH
        wide = phone.locator("canvas, input, select, button, p").evaluate_all(
            "all => all.filter(e => e.getBoundingClientRect().right > innerWidth).length"
        )
        assert wide == 0


def test_text_stands_out_in_light_and_dark_and_the_map_changes_too(page) -> None:
    maps = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        settle(page)
        assert min(page.evaluate(CONTRASTS)) > 4.5
        maps.append(page.locator("#map canvas").evaluate("canvas => canvas.toDataURL()"))
    assert maps[0] != maps[1]


@pytest.mark.parametrize("trains", [False, True])
def test_moves_are_drawn_and_timed_also_while_a_network_trains(browser, page_file, trains) -> None:
    moves, script = time_moves(browser, page_file, 20, trains=trains)
    assert 0 < len(moves) == len(script) <= 20
    assert all(0 < inner <= outer for outer, inner in zip(moves, script, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_encoder_gives_the_codes_that_pytorch_gives(page, name, real_images) -> None:
    images = real_images[0][:100]
    model, _ = load_shipped(name)
    found = page.evaluate(
        """async ([layers, images]) => {
            const { run, unpackLayers } = await import("network.js");
            return images.map((image) => [...run(unpackLayers(layers), image)]);
        }""",
        [export_layers(model.encoder), to_float(images).flatten(1).tolist()],
    )
    wanted = encode_dataset(model.encode, images)
    assert (torch.tensor(found) - wanted).abs().max() <= 1e-4 * wanted.abs().max()


def test_grid_lies_under_the_dots_as_the_decoder_draws_it_there(page, codes) -> None:
    drawn = "document.querySelector('#map canvas').toDataURL()"
    without = page.evaluate(drawn)
    page.get_by_label("Show what the decoder").check()
    page.wait_for_function(f"(without) => {drawn} !== without", arg=without)
    model, _ = load_shipped("dense_2d")
    (left, right, _), (bottom, top, _) = limits_around(codes)
    places = (torch.arange(16) + 0.5) / 16
    grid = page.evaluate(
        """async ([limits, decoder]) => {
            const [{ drawGrid }, { unpackLayers }] =
                await Promise.all(["grid.js", "network.js"].map((name) => import(name)));
            const grid = await drawGrid(unpackLayers(decoder), limits, () => true);
            const { data } = grid.getContext("2d").getImageData(0, 0, grid.width, grid.height);
            return [...data.filter((value, index) => index % 4 === 0)];
        }""",
        [[[left, right], [bottom, top]], export_layers(model.decoder)],
    )
    tiles = torch.tensor(grid).view(16, 28, 16, 28).transpose(1, 2)
    points = [[left + x * (right - left), top - y * (top - bottom)] for y in places for x in places]
    with torch.no_grad():
        wanted = 255 * (1 - model.decode(points))
    assert (tiles.reshape(256, 1, 28, 28) - wanted).abs().max() <= 1
    page.get_by_label("Show what the decoder").uncheck()
    page.wait_for_function(f"(without) => {drawn} === without", arg=without)


def test_drawing_goes_to_its_code_and_comes_back_as_pytorch_says(page, tmp_path) -> None:
    model, _ = load_shipped("dense_2d")
    page.get_by_label("an example").select_option("a 0")
    page.locator("#drawn").wait_for()
    image = 1 - torch.tensor(page.evaluate(GREY, "given")).view(1, 1, 28, 28) / 255
    with torch.no_grad():
        code, back = model.encode(image), model(image)
    returned = torch.tensor(page.evaluate(GREY, "returned"))
    assert (returned - 255 * (1 - back.flatten())).abs().max() <= 1
    text = page.locator("#draw-text").text_content()
    assert text.startswith(f"Its code: z1 = {code[0, 0]:.2f}, z2 = {code[0, 1]:.2f}, ")
    assert f"Error {(image - back).square().mean():.4f}. The nearest real image is a 0." in text
    assert settle(page)["boxes"] == pytest.approx(code[0].tolist(), abs=1e-3)

    page.get_by_role("button", name="Clear").click()
    page.locator("#drawn").wait_for(state="hidden")
    page.get_by_label("photograph").set_input_files(PHOTOGRAPHS / "seven.jpg")
    page.locator("#drawn").wait_for()
    seven = 1 - torch.tensor(page.evaluate(GREY, "given")) / 255
    assert (seven - read_digit(PHOTOGRAPHS / "seven.jpg").flatten()).abs().max() < 0.1
    (tmp_path / "no.jpg").write_text("no picture")
    page.get_by_label("photograph").set_input_files(tmp_path / "no.jpg")
    page.get_by_text("no.jpg: cannot be read as a picture. Save").wait_for()
    page.get_by_role("button", name="Undo").click()


def test_walk_goes_along_the_line_beside_the_cross_fade_of_its_ends(page, real_images) -> None:
    model, _ = load_shipped("dense_2d")
    start_at(page, [0.5, -1])
    page.get_by_role("button", name="Start here").click()
    assert not page.locator("#steps").is_visible()
    start_at(page, [3.5, 1])
    page.get_by_role("button", name="End here").click()
    for share in (0.0, 0.25, 1.0):
        page.get_by_label("share of the way").fill(str(share))
        seen = settle(page)
        assert seen["boxes"] == pytest.approx([0.5 + 3 * share, -1 + 2 * share], abs=1e-6)
        with torch.no_grad():
            ends = model.decode([[0.5, -1], [3.5, 1]])
            wanted = model.decode([[0.5 + 3 * share, -1 + 2 * share]])
        fade = torch.lerp(*ends, share)
        for canvas, image in (("step", wanted), ("fade", fade)):
            grey = torch.tensor(page.evaluate(GREY, canvas))
            assert (grey - 255 * (1 - image.flatten())).abs().max() <= 1
    line = [page.locator("#line").get_attribute(name) for name in ("x1", "y1", "x2", "y2")]
    marker = page.evaluate("['left', 'top'].map((side) => marker.style[side])")
    assert [float(each[:-1]) for each in line[2:]] == pytest.approx([float(m[:-1]) for m in marker])
    play = page.locator("#play")
    play.click()
    page.wait_for_function("share.valueAsNumber > 0 && share.valueAsNumber < 1")
    play.click()
    assert play.text_content() == "Play"
    choose(page, "sweep_8d")
    assert page.locator("#step").is_visible() and not page.locator("#line").is_visible()


def test_recorded_training_is_scrubbed_from_its_first_step_to_its_last(page) -> None:
    recording, about = load_shipped("recording")
    slider = page.get_by_role("slider", name="Steps")
    slider.scroll_into_view_if_needed()
    maps = set()
    for number, step in enumerate(recording.moments):
        slider.fill(str(number))
        errors = about["train_errors"][number], about["test_errors"][number]
        text = "After {:,} steps: error {:.4f} on training images, {:.4f} on test images."
        page.get_by_text(text.format(step, *errors)).wait_for()
        maps.add(page.locator("#scrub-map canvas").evaluate("canvas => canvas.toDataURL()"))
    assert len(maps) == len(recording.moments) == 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_found_by_axe(page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.get_by_label("an example").select_option("a 0")
    page.locator("#drawn").wait_for()
    for name in ("Start here", "End here"):
        page.get_by_role("button", name=name).click()
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_page_is_small(page_file) -> None:
    assert page_file.stat().st_size <= 6_000_000


# The page inside the HTML edition.


def make_notebook() -> nbformat.NotebookNode:
    """A notebook that shows an explorer and something else."""
    texts = ["LatentExplorer(model, codes, labels, images)", "print('LatentExplorer(')"]
    texts += ["TwinExplorer(twins, labels, images)", 'LatentExplorer(models["post"], *data)']
    cells = [new_markdown_cell("# 1. First\n\nWhat?"), *map(new_code_cell, texts)]
    return new_notebook(cells=cells)


def test_notebook_is_left_as_it_is_and_only_its_explorer_becomes_the_page() -> None:
    notebook = make_notebook()
    before = json.dumps(notebook)
    shown = embed_explorer(notebook)
    assert json.dumps(notebook) == before
    frame = shown.cells[1].outputs[0].data["text/html"]
    assert '<iframe class="explorer" src="playground.html#dense_2d"' in frame
    assert shown.cells[2].outputs == []
    assert (
        'class="explorer pair" src="playground.html#beta_1"'
        in shown.cells[3].outputs[0].data["text/html"]
    )
    assert 'src="playground.html#post"' in shown.cells[4].outputs[0].data["text/html"]
    del notebook.cells[3:], notebook.cells[1]
    assert embed_explorer(notebook) == notebook


def test_playground_lies_beside_pages_that_show_it_and_no_others(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("AE_DATA", "digits")
    write_beside(['<a href="playground.html">'], tmp_path)
    assert list(tmp_path.iterdir()) == []
    write_beside(["", '<iframe src="playground.html#post">'], tmp_path)
    assert "scikit-learn" in (tmp_path / "playground.html").read_text(encoding="utf-8")


def test_explorer_works_inside_the_html_edition(open_page, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("AE_DATA", "digits")
    write_edition({"01_first": make_notebook()}, tmp_path, tmp_path, [])
    page = open_page(tmp_path / "01_first.html")
    frame = page.frame_locator("iframe[title='The latent explorer']").first
    frame.get_by_label("z1", exact=True).fill("0.5")
    frame.get_by_label("z1", exact=True).press("Enter")
    frame.get_by_role("img", name=re.compile("makes of z1 = 0.5, z2 = ")).wait_for()
    assert frame.get_by_role("heading", level=2).count() == 0  # the notebook says what this is


def test_embedded_digits_are_shown_where_there_is_no_mnist(open_page, tmp_path) -> None:
    path = tmp_path / "playground.html"
    path.write_text(make_page(load_digits("digits")), encoding="utf-8")
    page = begin(open_page(path, script=COUNT))
    text = page.get_by_text("The real images are 450 of the 450 test images of scikit-learn's")
    assert "the models were trained on MNIST" in text.text_content()
    labels = "JSON.parse(document.getElementById('contents').textContent).labels"
    assert page.evaluate(labels) == "".join(map(str, load_digits("digits").test_labels.tolist()))
