"""How fast the playground answers a move, in this machine's Chromium."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

N_MOVES, N_WARM_UP = 200, 20

NOTE_SCRIPT = """
const request = window.requestAnimationFrame.bind(window);
window.scriptTimes = [];
window.requestAnimationFrame = (callback) => request((now) => {
    const start = performance.now();
    callback(now);
    window.scriptTimes.push(performance.now() - start);
});
window.nextFrame = () => new Promise(request);
"""
# Moves come at any moment between two frames of the screen, so each waits for a random one.
MOVE = """async (count) => {
    const times = [];
    const sliders = document.querySelectorAll("#sliders [type=range]");
    const canvas = document.getElementById("decoded");
    for (let n = 0; n < count; n++) {
        await new Promise((resolve) => setTimeout(resolve, 50 * Math.random()));
        const slider = sliders[n % sliders.length];
        const [low, high] = [Number(slider.min), Number(slider.max)];
        const before = canvas.toDataURL();
        window.scriptTimes.length = 0;
        slider.value = low + (high - low) * Math.random();
        const start = performance.now();
        slider.dispatchEvent(new Event("input"));
        await window.nextFrame(); // the page has asked for this frame too, and draws first
        const end = performance.now();
        const script = window.scriptTimes.reduce((sum, time) => sum + time, 0);
        if (canvas.toDataURL() !== before) times.push([end - start, script]);
    }
    return times;
}"""


def time_moves(
    browser: "Browser", page_file: Path, n_moves: int = N_MOVES, *, trains: bool = False
) -> tuple[list[float], list[float]]:
    """Move the sliders of the page's first model at random.

    Args:
        browser: what `launch_chromium` starts.
        page_file: the page that `tools.publish.playground_page` writes.
        n_moves: how many moves; those before, to warm up, do not count.
        trains: whether a network is trained in the page meanwhile.

    Returns:
        Milliseconds from each move to its changed pixels, the wait for the screen's next frame
        included; and those of the page's script in it. Moves that changed no pixel are left out.
    """
    page = browser.new_page()
    page.set_default_timeout(120_000)  # on a busy machine a training is long in coming
    page.add_init_script(NOTE_SCRIPT)
    page.goto(page_file.resolve().as_uri())
    page.locator("#decoded[aria-label]").wait_for()
    if trains:
        start_training(page)
    times = page.evaluate(MOVE, N_WARM_UP + n_moves)[N_WARM_UP:]
    page.close()
    moves, script = zip(*times, strict=True)
    return list(moves), list(script)


def start_training(page: "Page") -> None:
    """Let the page train, and wait until it does."""
    page.locator("#train").scroll_into_view_if_needed()
    page.get_by_text("0 steps. Error").wait_for()
    page.get_by_role("button", name="Train").click()
    page.get_by_text("images a second").wait_for()
