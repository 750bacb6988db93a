"""The explorer in JupyterLab in a real browser, moved by keys, by mouse and by typing.

Needs playwright (from PyPI) and Chromium (from the system). Where one is missing the tests are
skipped, or fail if AE_REQUIRE_BROWSER=1.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from ae_utils.pictures import MAP_SIZE, draw_map
from tests.browser import middle
from tests.explorers import (
    decoded_pixels,
    draw_picture,
    make_data,
    make_explorer,
    make_twins,
    read_pixels,
)

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 120  # to wait for what takes a few of them, and may take more on a busy machine
START = [0.5, -0.5]

CELLS = [
    "import torch\nfrom tests.explorers import *\ntorch.set_num_threads(1)",
    "make_explorer(2)",
    "make_explorer(8)",
    "make_twins()",
    "make_viewer()",
    "broken = make_explorer(3)\nbroken._decode = None\nbroken",
]
PLANE, EIGHT, TWINS, VIEWER, BROKEN = 1, 2, 3, 4, 5  # the cells that show something to move

RUN_ALL = """async () => {
    await jupyterapp.restored;
    const panel = jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await jupyterapp.commands.execute('notebook:run-all-cells');
}"""
IS_IDLE = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
READ = """output => ({
    boxes: [...output.querySelectorAll('input[type=number]')].map(box => Number(box.value)),
    sliders: [...output.querySelectorAll('.noUi-target')].map(s => s.noUiSlider.get()),
    images: [...output.querySelectorAll('img')].map(image => [image.alt, image.src]),
    errors: [...output.querySelectorAll('[role=alert]')].map(element => element.textContent),
    cutOff: [output, ...output.querySelectorAll('.widget-container')].some(
        e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight),
})"""
WATCH_FRAMES = """output => {
    const height = output.offsetHeight, map = output.querySelector('img[alt^=Map]');
    [window.frames, window.faults] = [0, []];
    const look = () => {
        const images = [...output.querySelectorAll('img')];
        const drawn = images.filter(image => image.complete && image.naturalWidth);
        const kept = output.offsetHeight === height && output.contains(map);
        window.frames += 1;
        if (drawn.length !== 3 || !kept) window.faults.push([drawn.length, output.offsetHeight]);
        requestAnimationFrame(look);
    };
    look();
}"""


class Lab:
    """A page of JupyterLab that runs the notebook, and what the browser notices meanwhile."""

    def __init__(self, page: Any) -> None:
        self.page, self.errors = page, []
        self.received: list[int] = []  # sizes of the kernel's messages, in bytes
        page.set_default_timeout(1_000 * SECONDS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        sizes = self.received
        page.on("websocket", lambda s: s.on("framereceived", lambda m: sizes.append(len(m))))

    def output(self, cell: int = PLANE) -> Any:
        """What a cell shows."""
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea-output")

    def read(self, cell: int = PLANE) -> dict[str, Any]:
        """What an explorer shows: numbers, images, errors."""
        return self.output(cell).evaluate(READ)

    def handle(self, number: int = 0, cell: int = PLANE) -> Any:
        """The handle of a slider."""
        return self.output(cell).locator(".noUi-handle").nth(number)

    def type_point(self, point: list[float], cell: int = PLANE) -> None:
        """Bring the explorer in the plane, or the first one of another cell, to a point."""
        boxes = self.output(cell).locator("input[type=number]")
        for number, value in enumerate(point):
            boxes.nth(number).fill(str(value))
            boxes.nth(number).press("Enter")

    def check_shown(self, point: list[float]) -> dict[str, Any]:
        """Wait until the plane's explorer shows a point; compare all that is seen with it."""
        name = ", ".join(f"z{number} = {value:g}" for number, value in enumerate(point, start=1))
        alt = f"What the decoder makes of {name}"
        self.output().get_by_alt_text(alt, exact=True).wait_for()
        self.output().get_by_role("img", name=f"The point {name} on the map", exact=True).wait_for()
        self.page.wait_for_function(IS_IDLE)
        seen = self.read()
        assert seen["boxes"] == point
        assert seen["errors"] == [] and self.errors == []
        assert np.array_equal(read_pixels(dict(seen["images"])[alt]), decoded_pixels(point))
        return seen


@pytest.fixture(scope="module")
def page_of_lab(browser: Any, address: str) -> Lab:
    """One page for all tests."""
    lab = Lab(page := browser.new_page(viewport={"width": 1000, "height": 900}))
    page.goto(f"{address}lab/tree/explorer.ipynb?reset")
    page.wait_for_function("window.jupyterapp && jupyterapp.shell.currentWidget?.context")
    page.evaluate(RUN_ALL)
    lab.handle(2, BROKEN).wait_for()
    page.wait_for_function(IS_IDLE)
    return lab


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of JupyterLab on the notebook, without the reader's settings or news."""
    folder = tmp_path_factory.mktemp("lab")
    cells = [new_code_cell(source) for source in CELLS]
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / "explorer.ipynb")
    settings = folder / "labconfig" / "default_setting_overrides.json"
    settings.parent.mkdir()
    settings.write_text('{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}')
    environment = {name: value for name, value in os.environ.items() if "JUPYTER" not in name}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        environment[name] = str(folder)
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        "--ip=127.0.0.1", "--port=0", "--IdentityProvider.token=",
        f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with (folder / "server.log").open("w+") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            about = folder / f"jpserver-{server.pid}.json"
            deadline = time.monotonic() + SECONDS
            while not (about.exists() and about.read_text().endswith("}")):
                if server.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    pytest.fail(f"JupyterLab does not start:\n{log.read()[-2_000:]}")
                time.sleep(0.05)
            yield json.loads(about.read_text())["url"]
        finally:
            server.terminate()  # upon which it ends its kernels
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture
def lab(page_of_lab: Lab, one_thread) -> Lab:
    """That page, with the explorer of the plane at its start."""
    page_of_lab.type_point(START)
    page_of_lab.check_shown(START)
    return page_of_lab


def test_what_the_kernel_has_set_is_shown_with_names_and_nothing_is_cut_off(page_of_lab) -> None:
    for cell, latent_dim, n_images in ((PLANE, 2, 3), (EIGHT, 8, 2)):
        seen = page_of_lab.read(cell)
        boxes = make_explorer(latent_dim).boxes
        wanted = [box.value for box in boxes]
        assert seen["boxes"] == seen["sliders"] == wanted  # no rounding came back, such as 8.9e-16
        assert [len(alt) > 15 for alt, _ in seen["images"]] == n_images * [True]
        assert not seen["cutOff"]  # on a page of 1000 pixels
        for box in boxes:
            assert page_of_lab.output(cell).get_by_label(box.description, exact=True).count() == 1


@pytest.mark.parametrize("number", [0, 1])
def test_keys_move_a_focused_slider(lab: Lab, number: int) -> None:
    slider, point = make_explorer().sliders[number], list(START)
    lab.handle(number).focus()
    for key, n_steps in (("ArrowRight", 1), ("ArrowLeft", -1), ("ArrowUp", 1), ("PageDown", -5)):
        lab.page.keyboard.press(key)
        point[number] += n_steps * slider.step
        lab.check_shown(point)
    for key, end in (("Home", slider.min), ("End", slider.max)):
        lab.page.keyboard.press(key)
        point[number] = end
        lab.check_shown(point)


def test_mouse_drags_a_slider(lab: Lab) -> None:
    lab.handle().scroll_into_view_if_needed()
    x, y = middle(lab.handle())
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    lab.page.mouse.move(x + 50, y, steps=5)
    lab.page.mouse.up()
    point = lab.read()["sliders"]
    assert point[0] >= START[0] + 5 * make_explorer().sliders[0].step and point[1] == START[1]
    lab.check_shown(point)


def test_typed_numbers_are_decoded_exactly_and_held_at_the_limits(lab: Lab) -> None:
    slider = make_explorer().sliders[0]
    for typed, shown in ((0.3, 0.3), (-1.23456, -1.23456), (2, 2), (99, slider.max)):
        lab.type_point([typed, START[1]])
        seen = lab.check_shown([shown, START[1]])
        assert seen["sliders"] == [round(shown / slider.step) * slider.step, START[1]]


def test_last_of_200_keys_wins_and_nothing_flickers(lab: Lab) -> None:
    n_received = len(lab.received)
    assert max(lab.received) > 20_000  # the map came, once
    lab.output().evaluate(WATCH_FRAMES)
    lab.handle(1).focus()
    for number in range(200):
        lab.page.keyboard.press("ArrowLeft" if number % 20 < 5 else "ArrowRight")
    lab.check_shown([START[0], make_explorer().sliders[1].max])
    frames, faults = lab.page.evaluate("[window.frames, window.faults]")
    assert frames > 10 and faults == []
    assert 0 < max(lab.received[n_received:]) < 10_000


def test_marker_lies_on_the_map_where_its_point_is(lab: Lab) -> None:
    explorer = make_explorer()
    ax = draw_map(*make_data()[1:3], explorer.low, explorer.high)
    (left, low), (right, high) = explorer.low.tolist(), explorer.high.tolist()
    for point in (START, [left, low], [right, high], [left, high]):
        lab.type_point(point)
        lab.check_shown(point)
        the_map = lab.output().get_by_alt_text("Map of the codes").bounding_box()
        assert the_map["width"] == the_map["height"] == MAP_SIZE
        across, upwards = ax.transData.transform(point) / ax.figure.bbox.size
        wanted = the_map["x"] + across * MAP_SIZE, the_map["y"] + (1 - upwards) * MAP_SIZE
        assert np.abs(middle(lab.output().locator("svg")) - wanted).max() < 1.5
        assert not lab.read()["cutOff"]


def test_an_error_is_shown_in_the_explorer_that_has_it(lab: Lab) -> None:
    lab.handle(0, BROKEN).press("ArrowRight")
    lab.output(BROKEN).get_by_role("alert").wait_for()
    assert lab.read(BROKEN)["errors"] == ["TypeError: 'NoneType' object is not callable"]
    lab.check_shown(START)


def test_one_twin_follows_the_other(lab: Lab) -> None:
    twins = make_twins()
    for point in ([0.5, -0.25], [1.0, 1.5]):
        twins.explorers[0].move_to(point)
        wanted = [box.value for explorer in twins.explorers for box in explorer.boxes]
        lab.type_point(point, TWINS)
        name = ", ".join(f"z{number} = {value:g}" for number, value in enumerate(wanted[2:], 1))
        lab.output(TWINS).get_by_alt_text(f"What the decoder makes of {name}").wait_for()
        lab.page.wait_for_function(IS_IDLE)
        seen = lab.read(TWINS)
        assert seen["boxes"] == pytest.approx(wanted, rel=1e-6) and seen["errors"] == []
    assert not seen["cutOff"] and lab.errors == []


def test_keys_change_the_picture_on_a_slider(lab: Lab) -> None:
    lab.handle(0, VIEWER).focus()
    for key, number in (("ArrowRight", 2), ("Home", 0), ("ArrowRight", 1)):
        lab.page.keyboard.press(key)
        fig, alt = draw_picture(number)
        plt.close(fig)
        lab.output(VIEWER).get_by_alt_text(alt, exact=True).wait_for()
        ((_, source),) = lab.read(VIEWER)["images"]
        height, width, _ = read_pixels(source).shape
        assert width == (1 + number) * height
    assert lab.errors == []
