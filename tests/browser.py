"""What the tests in a real browser begin with."""

import os
from typing import Any

import numpy as np
import pytest

from tools.measure.browser import find_chromium


def require_browser() -> Any:
    """Playwright's starting point; skips, or fails where a browser is required, without one."""
    refuse = pytest.fail if os.environ.get("AE_REQUIRE_BROWSER") == "1" else pytest.skip
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        refuse("playwright is not installed")
    if find_chromium() is None:
        refuse("no Chromium is installed")
    return sync_playwright


def middle(element: Any) -> np.ndarray:
    """The centre of an element on the screen."""
    box = element.bounding_box()
    return np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
