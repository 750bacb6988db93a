"""JavaScript modules put into one web page, which then opens from a disk, with no server.

The page's import map holds each module as a data address. A worker knows no such map, so that a
module which is started as one has all that it imports inside itself.
"""

import base64
import json
import re
from pathlib import Path

FOLDER = Path(__file__).with_name("playground")
IMPORTED = re.compile(r'from "\./([\w.]+)"')
STARTED = re.compile(r'new URL\("\./([\w.]+)", import\.meta\.url\)')


def make_import_map(name: str) -> str:
    """The import map, JSON, of a page that imports a module of the playground by its name."""
    texts, missing = dict[str, str](), [name]
    while missing:
        text = read(missing[-1])
        texts[missing.pop()] = IMPORTED.sub(r'from "\1"', text)
        missing += set(IMPORTED.findall(text)) - {*texts, *missing}
    return json.dumps({"imports": {name: encode(text) for name, text in texts.items()}})


def to_address(name: str) -> str:
    """A module with all that it imports inside it, as an address to start or to import it from."""
    return encode(IMPORTED.sub(lambda found: f'from "{to_address(found[1])}"', read(name)))


def read(name: str) -> str:
    """The text of a module, with the workers that it starts inside it."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return STARTED.sub(lambda found: f'"{to_address(found[1])}"', text)


def encode(text: str) -> str:
    """A script as an address."""
    return f"data:text/javascript;base64,{base64.b64encode(text.encode()).decode('ascii')}"
