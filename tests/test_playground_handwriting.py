"""A digit drawn in the page becomes the same image as in Python."""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from scipy import ndimage  # type: ignore[import-untyped]

from ae_utils.checkpoints import load_shipped
from ae_utils.handwriting import PHOTOGRAPHS, read_digit
from ae_utils.ink import EIGHT, find_ink, find_marks, measure_lengths, remove_rulings
from tools.make import photographs
from tools.publish.modules import to_address

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Array = NDArray[Any]

MODULES = ["filters", "shapes", "resize", "ink", "handwriting", "pad", "examples"]
BEGIN = """async (addresses) => {
    const modules = await Promise.all(addresses.map((address) => import(address)));
    window.m = Object.assign({}, ...modules);
    const decode = (bytes) => Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
    window.unpack = (given) => given?.bytes === undefined ? given : {
        ...given,
        data: new window[given.type](decode(given.bytes).buffer),
    };
    window.list = ({ width, height, data }) => ({ width, height, data: [...data] });
}"""


@pytest.fixture(scope="module")
def page(browser: "Browser") -> "Page":
    """An empty page with the scripts' functions, on a screen of two pixels a pixel, to touch."""
    context = browser.new_context(device_scale_factor=2, has_touch=True, offline=True)
    page = context.new_page()
    page.evaluate(BEGIN, [to_address(f"{name}.js") for name in MODULES])
    return page


def pack(array: Array) -> dict[str, Any]:
    """A picture (H, W) or (H, W, 4), as the scripts take it."""
    kind = {"u": "Uint", "b": "Uint", "i": "Int", "f": "Float"}[array.dtype.kind]
    packed = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    height, width = array.shape[:2]
    bits = 8 * array.itemsize
    return {"width": width, "height": height, "type": f"{kind}{bits}Array", "bytes": packed}


def call(page: "Page", name: str, array: Array, *arguments: Any) -> Array:
    """The picture (H, W) that one of the scripts' functions makes of a picture."""
    script = "([name, ...given]) => list(m[name](...given.map(unpack)))"
    made = page.evaluate(script, [name, pack(array), *arguments])
    return np.array(made["data"], float).reshape(made["height"], made["width"])


def shrink(array: Array, side: int) -> Array:
    """What PIL's thumbnail is."""
    image = Image.fromarray(array)
    image.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(image)


def fit(array: Array, side: int) -> Array:
    """What PIL's pad is."""
    image = ImageOps.pad(Image.fromarray(array), (side, side), Image.Resampling.BICUBIC, color=0)
    return np.asarray(image)


FILTERS: dict[str, tuple[list[Any], Callable[..., Array]]] = {
    "gaussianFilter": ([0.02, 0.7, 1.5], ndimage.gaussian_filter),
    "uniformFilter": ([1, 4, 5, 30], ndimage.uniform_filter),
    "whiteTophat": ([2, 5, 9], ndimage.white_tophat),
    "pad": ([1, 4], lambda x, room: np.pad(x, room, "edge")),
    "thumbnail": ([6, 15, 20, 40], shrink),
    "fitInto": ([20, 45], fit),
}
SHAPES = {
    "label": lambda mask: ndimage.label(mask, EIGHT)[0],
    "binaryDilation": lambda mask: ndimage.binary_dilation(mask, EIGHT),
    "distanceTransform": ndimage.distance_transform_edt,
}
SIDES = [(24, 24), (41, 8), (9, 76), (30, 31), (10, 1)]


@pytest.mark.parametrize("name", FILTERS)
def test_filters_are_those_of_scipy_and_pil(page, name: str) -> None:
    arguments, compute = FILTERS[name]
    for shape in SIDES:
        array = np.random.default_rng(0).random(shape, np.float32)
        for argument in arguments:
            wanted, found = compute(array, argument), call(page, name, array, argument)
            assert found.shape == wanted.shape and np.abs(found - wanted).max() < 1e-6


@pytest.mark.parametrize("share", [0.1, 0.4, 0.9])
def test_shapes_are_those_of_scipy(page, share: float) -> None:
    for shape in SIDES:
        mask = np.random.default_rng(0).random(shape) < share
        mask[-1, 0] = False
        for name, find in SHAPES.items():
            assert np.abs(call(page, name, mask) - find(mask)).max() < 1e-12, name
        for length in (1, 2, 3):
            wanted = ndimage.binary_opening(mask, np.ones((length, 1)))
            assert (call(page, "openUpright", mask, length) == wanted).all()
        labels = ndimage.label(mask)[0]
        lengths = page.evaluate("labels => m.measureLengths(unpack(labels))", pack(labels))
        assert lengths == (measure_lengths(labels).tolist() if labels.any() else [])


def test_quantiles_are_those_of_numpy(page) -> None:
    numbers, shares = np.random.default_rng(0).random((1, 37)), [0, 0.1, 0.3, 0.99, 1]
    script = "([numbers, shares]) => m.quantiles(unpack(numbers).data, shares)"
    found = page.evaluate(script, [pack(numbers), shares])
    assert found == pytest.approx(np.quantile(numbers, shares))


# Drawings and photographs.


@pytest.fixture(scope="module")
def examples(page) -> list[Any]:
    """The strokes of a drawing of each digit."""
    return page.evaluate("m.EXAMPLES")


def draw(strokes: Any, pen: float, shape: tuple[int, int], scale: float, left=0, top=0) -> Array:
    """A drawing (H, W) of strokes in a pen of some pixels, dark on white."""
    image = Image.new("L", (4 * shape[1], 4 * shape[0]), 255)
    for stroke in strokes:
        points = [(4 * (left + scale * x), 4 * (top + scale * y)) for x, y in stroke]
        ImageDraw.Draw(image).line(points, width=round(4 * pen), joint="curve")
    return np.asarray(image.reduce(4))


DRAWINGS: dict[str, tuple[int, Any]] = {  # the digit, and how it is drawn
    "thin": (2, (1.5, (280, 280), 280)),
    "broad": (3, (60, (400, 400), 400)),
    "small": (5, (6, (280, 280), 80, 150, 20)),
    "in a corner": (6, (9, (280, 280), 120, 0, 0)),
    "odd sides": (7, (14, (277, 283), 270)),
    "wide": (1, (14, (100, 431), 90, 300, 6)),
    "high": (4, (8, (500, 90), 90, 0, 300)),
    "beyond its picture": (0, (20, (200, 220), 330, -50, -50)),
    "as small as MNIST": (8, (2.4, (28, 28), 28)),
    "8 x 8": (1, (1.5, (8, 8), 8)),
    "large": (9, (150, (1400, 1000), 1100, -50, 100)),
    "huge": (3, (150, (600, 3001), 600, 1000)),
}


def as_transparent(ink: Array, brightness: int) -> Array:
    """Ink of one brightness on nothing, (H, W, 4)."""
    return np.stack([np.full_like(ink, brightness)] * 3 + [ink], -1)


def photograph(scan: Array, ground: Callable[..., Array], colour: Any) -> Array:
    """A photograph (H, W, 4) of a scan."""
    noise = np.random.default_rng(0)
    scene = photographs.mix(ground(scan.shape, noise), colour, 1 - scan / 255)
    return np.asarray(photographs.take_photograph(scene, noise, (0.3, -0.2)).convert("RGBA"))


FIVE = (5, (14, (430, 360), 330))
FORMS: dict[str, Callable[[Array], Array]] = {
    "light on dark": lambda scan: 255 - scan,
    "faint": lambda scan: 200 + scan // 8,
    "RGBA, blue": lambda scan: np.stack([scan, scan, scan // 2 + 128, 0 * scan + 255], -1),
    "dark ink on nothing": lambda scan: as_transparent(255 - scan, 20),
    "light ink on nothing": lambda scan: as_transparent(255 - scan, 255),
    "half transparent": lambda scan: as_transparent((255 - scan) // 2 + 20, 0),
    "symmetric": lambda scan: np.pad(np.zeros((200, 20), np.uint8), 40, constant_values=255),
    "trimmed": lambda scan: scan[60:300, 90:240],
    "plain paper": lambda scan: photograph(scan, photographs.plain_paper, photographs.FELT),
    "squared paper": lambda scan: photograph(scan, photographs.squared_paper, photographs.FELT),
    "blackboard": lambda scan: photograph(scan, photographs.blackboard, photographs.CHALK),
    "on a table": lambda scan: photograph(scan, photographs.paper_on_table, photographs.FELT),
}


def read_in_page(page: "Page", picture: Array, name: str = "drawing") -> Any:
    """The image (28, 28) that the page makes of a picture, or the message of its error."""
    script = """([picture, name]) => {
        try { return [...m.readDigit(unpack(picture), name).image]; }
        catch (error) { return error.message; }
    }"""
    read = page.evaluate(script, [pack(picture), name])
    return read if isinstance(read, str) else torch.tensor(read).view(1, 1, 28, 28)


def check_same(page: "Page", picture: Array) -> None:
    """Hold the page to what Python makes of a picture."""
    found, wanted = read_in_page(page, picture), read_digit(picture)
    assert not isinstance(found, str), found
    assert (found - wanted).abs().max() < 1.01 / 255


@pytest.mark.parametrize(("digit", "how"), DRAWINGS.values(), ids=DRAWINGS)
def test_drawing_is_read_as_in_python(page, examples, digit: int, how: Any) -> None:
    check_same(page, draw(examples[digit], *how))


@pytest.mark.parametrize("change", FORMS.values(), ids=FORMS)
def test_drawing_is_read_as_in_python_in_any_form(page, examples, change) -> None:
    check_same(page, change(draw(examples[FIVE[0]], *FIVE[1])))


@pytest.mark.parametrize("name", ["two", "four", "seven"])
def test_shipped_photographs_are_read_as_in_python(page, name: str) -> None:
    with Image.open(PHOTOGRAPHS / f"{name}.jpg") as image:
        check_same(page, np.asarray(image.convert("RGBA")))


def test_each_step_is_that_of_python(page, examples) -> None:
    scan = draw(examples[5], 5, (160, 120), 110, 5, 5).copy()
    scan[20::30], scan[:, 12::30] = 40, 40
    grey = scan.astype(np.float32)
    ink = find_ink(grey)
    rest = remove_rulings(ink)
    assert np.abs(call(page, "findInk", grey) - ink).max() < 1e-6
    assert np.abs(call(page, "removeRulings", ink) - rest).max() == 0 < np.abs(ink - rest).max()
    marks = page.evaluate("ink => m.findMarks(unpack(ink)).map(list)", pack(rest))
    wanted = [mark.flatten().tolist() for mark in find_marks(rest)]
    assert [mark["data"] for mark in marks] == wanted


REFUSED: dict[str, Callable[[Array], Array]] = {
    "blank": lambda scan: np.full((280, 280, 4), 255, np.uint8),
    "nothing": lambda scan: np.zeros((280, 280, 4), np.uint8),
    "noise": lambda scan: np.random.default_rng(0).integers(0, 256, (300, 200), np.uint8),
    "a strip": lambda scan: np.pad(scan[::60], ((0, 0), (0, 3000))),
    "a dot": lambda scan: np.pad(np.full((9, 9), 255, np.uint8), 150),
    "two marks": lambda scan: np.hstack([scan, scan]),
    "three marks": lambda scan: np.vstack([scan, scan, scan]),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_what_is_no_digit_is_refused_as_in_python(page, examples, change) -> None:
    picture = change(draw(examples[FIVE[0]], *FIVE[1]))
    with pytest.raises(ValueError) as caught:
        read_digit(picture)
    for name in ("drawing", "five.jpg"):
        assert read_in_page(page, picture, name) == str(caught.value).replace("picture", name, 1)


def test_what_is_too_small_is_refused(page) -> None:
    message = read_in_page(page, np.zeros((7, 9), np.uint8))
    assert message == "drawing: got 9 x 7 pixels.\nPass at least 8 x 8 pixels."


# The drawing pad.


@pytest.fixture
def pad(page) -> "Page":
    """The page with an empty pad, 200 pixels wide, in red."""
    page.evaluate("""() => {
        window.changes = 0;
        document.body.innerHTML = `<canvas style="position: absolute; left: 30px; top: 20px;
            width: 200px; height: 200px; border: 5px solid; color: rgb(255, 0, 0)"></canvas>`;
        window.pad = m.makePad(document.querySelector("canvas"), { onDraw: () => changes++ });
    }""")
    return page


def draw_with_mouse(page: "Page", stroke: Any) -> None:
    """Draw a stroke on the pad."""
    for number, (x, y) in enumerate(stroke):
        page.mouse.move(35 + 200 * x, 25 + 200 * y)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


def draw_with_finger(page: "Page", stroke: Any) -> None:
    """Draw a stroke on the pad."""
    touch = page.context.new_cdp_session(page)
    kinds = ["touchStart", *["touchMove"] * (len(stroke) - 1)]
    for kind, (x, y) in zip(kinds, stroke, strict=True):
        points = [{"x": 35 + 200 * x, "y": 25 + 200 * y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


READ = "() => [...m.readDigit(pad.read()).image]"


def name_digits(images: Any) -> list[int]:
    """Which digits the judge sees."""
    judge, _ = load_shipped("digit_classifier")
    return judge.label_and_confidence(torch.tensor(images).view(-1, 1, 28, 28))[0].tolist()


def test_judge_names_the_examples(page) -> None:
    read = "m.EXAMPLES.map((strokes) => [...m.readDigit(m.readStrokes(strokes)).image])"
    assert name_digits(page.evaluate(read)) == list(range(10))


@pytest.mark.parametrize("draw_stroke", [draw_with_mouse, draw_with_finger])
def test_strokes_are_drawn_read_taken_back_and_cleared(pad, examples, draw_stroke) -> None:
    assert pad.evaluate("pad.isEmpty")
    for number, stroke in enumerate(examples[5]):
        draw_stroke(pad, stroke)
        (*_, drawn) = pad.evaluate("pad.strokes")
        ends = [drawn[0], drawn[-1]]
        assert np.abs(np.array(ends) - [stroke[0], stroke[-1]]).max() < 0.01
        assert pad.evaluate("[pad.strokes.length, pad.isEmpty]") == [number + 1, False]
    assert name_digits(pad.evaluate(READ)) == [5] and pad.evaluate("changes") > 8
    pad.evaluate("pad.undo()")
    assert len(pad.evaluate("pad.strokes")) == len(examples[5]) - 1
    pad.evaluate("pad.clear()")
    assert pad.evaluate("pad.isEmpty")
    with pytest.raises(Exception, match="drawing: no ink stands out"):
        pad.evaluate(READ)


def look_at(page: "Page", picture: str, places: list[tuple[int, int]]) -> list[list[int]]:
    """Red, green, blue and alpha of some pixels, (column, row), of a picture."""
    script = f"""places => {{
        const {{ width, data }} = {picture};
        const firsts = places.map(([x, y]) => 4 * (y * width + x));
        return firsts.map((first) => [...data.slice(first, first + 4)]);
    }}"""
    return page.evaluate(script, places)


def test_pad_draws_in_its_colour_and_reads_black_on_white_inside_its_border(pad) -> None:
    draw_with_mouse(pad, [(0.2, 0.5), (1.4, 0.5), (1.4, 2)])
    screen = "document.querySelector('canvas').getContext('2d').getImageData(0, 0, 400, 400)"
    red, black, white = [255, 0, 0, 255], [0, 0, 0, 255], [255] * 4
    assert look_at(pad, screen, [(200, 200), (20, 20)]) == [red, [0] * 4]
    assert look_at(pad, "pad.read()", [(100, 100), (188, 188), (10, 10)]) == [black, black, white]
    border = [(n, 199) for n in range(200)] + [(199, n) for n in range(200)]
    assert look_at(pad, "pad.read()", border) == [white] * len(border)


def test_strokes_can_be_set_and_a_dot_is_seen(pad) -> None:
    pad.evaluate("pad.strokes = [[[0.5, 0.5]]]")
    assert look_at(pad, "pad.read()", [(100, 100)]) == [[0, 0, 0, 255]]
    assert pad.evaluate("changes") == 1
