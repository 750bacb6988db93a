"""Film the playground for the README: a point moves over the map, and the decoder draws.

    python -m tools.make.animation    needs MNIST, playwright and Chromium

`figures/explorer.webp` plays twice and then rests.
"""

import io
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from ae_utils.data import load_digits
from tools.commands import ROOT, write_whole
from tools.measure.browser import launch_chromium
from tools.publish.playground_page import PAGE, make_page

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Page

ANIMATION = ROOT / "figures" / "explorer.webp"
TOUR = (1, 7, 9, 4, 6, 0, 2, 3, 5, 8, 1)  # the digits whose places the point visits
N_STEPS = 8  # from one to the next
FRAME_TIME = 110  # milliseconds
SIDE = 900  # of the window, in pixels
MARGIN = 10  # pixels around what is filmed
HIDE = "#draw, #walk, #another, .switch { visibility: hidden }"

CENTRES = """() => JSON.parse(document.getElementById("contents").textContent)
    .models[0].centres.map(([digit, ...centre]) => centre)"""
MOVE = """(point) => {
    document.querySelectorAll("#sliders [type=number]").forEach((box, axis) => {
        box.value = point[axis].toFixed(2);
        box.dispatchEvent(new Event("change"));
    });
    return new Promise(requestAnimationFrame);
}"""


def walk(places: list[list[float]], n_steps: int) -> Iterator[list[float]]:
    """Yield the points of a way through some places, slower near each of them.

    Args:
        places: points of the plane.
        n_steps: how many steps there are from one to the next.
    """
    for start, end in pairwise(places):
        for step in range(n_steps):
            share = (1 - math.cos(math.pi * step / n_steps)) / 2
            yield [a + share * (b - a) for a, b in zip(start, end, strict=True)]


def find_clip(page: "Page") -> "FloatRect":
    """The part of the page that holds the map, the images and the sliders."""
    boxes = [page.locator(name).bounding_box() for name in ("#map", "#point")]
    left, top = (min(box[side] for box in boxes if box) - MARGIN for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes if box) + MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes if box) + MARGIN
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def film(page: "Page") -> Iterator[Image.Image]:
    """Yield pictures of the explorer while the point makes its tour of the page's first model."""
    page.locator("#decoded[aria-label]").wait_for()
    page.add_style_tag(content=HIDE)
    clip, centres = find_clip(page), page.evaluate(CENTRES)
    for point in walk([centres[digit] for digit in TOUR], N_STEPS):
        page.evaluate(MOVE, point)
        yield Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")


def make_animation(page_file: Path, animation: Path) -> None:
    """Film a page.

    Args:
        page_file: the playground.
        animation: the file to write, in the format of its ending.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        page = browser.new_page(viewport={"width": SIDE, "height": SIDE}, color_scheme="light")
        page.goto(page_file.as_uri())
        first, *others = film(page)
        browser.close()
    first.save(
        animation,
        save_all=True,
        append_images=others,
        duration=FRAME_TIME,
        loop=2,
        quality=60,
        method=6,
    )


def main() -> None:
    """Write the animation."""
    write_whole(PAGE, make_page(load_digits("mnist")))
    make_animation(PAGE, ANIMATION)
    print(f"{ANIMATION} ({ANIMATION.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
