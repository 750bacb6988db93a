"""What the tests in a real browser begin with."""

import os
from typing import Any

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
