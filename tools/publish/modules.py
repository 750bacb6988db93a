"""JavaScript modules put into one web page, which then opens from a disk, with no server.

A module that imports another has it inside, as a data address; so has one that starts another as a
worker. A module in two places has the same address there, and is loaded once.
"""

import base64
import re
from pathlib import Path

FOLDER = Path(__file__).with_name("playground")
IMPORTED = re.compile(r'from "\./([\w.]+)"')
STARTED = re.compile(r'new URL\("\./([\w.]+)", import\.meta\.url\)')


def inline(name: str) -> str:
    """The text of a module of the playground, with the modules that it needs inside it."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    text = IMPORTED.sub(lambda found: f'from "{to_address(found[1])}"', text)
    return STARTED.sub(lambda found: f'"{to_address(found[1])}"', text)


def to_address(name: str) -> str:
    """A module, and all that it needs, as an address to import or to start it from."""
    encoded = base64.b64encode(inline(name).encode()).decode("ascii")
    return f"data:text/javascript;base64,{encoded}"
