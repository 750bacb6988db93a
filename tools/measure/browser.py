"""Chromium, as the tests and the measurements start it, through playwright."""

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """The browser of this machine, if it has one."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def launch_chromium(playwright: "Playwright") -> "Browser":
    """Start the browser of this machine, unseen; as root and in containers too."""
    options = ["--no-sandbox", "--disable-dev-shm-usage"]
    return playwright.chromium.launch(executable_path=find_chromium(), args=options)
