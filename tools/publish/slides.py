"""Lecture mode: the notebooks of the series as slides, from the outputs that they hold.

    python -m tools.publish.slides    write build/slides/, a file a notebook; nothing is executed

A cell's `slideshow` metadata (in JupyterLab: the property inspector) says where it goes:

    slide      begins a section: the next slide to the right
    subslide   begins the next slide below
    fragment   comes onto the slide before it, at a press of the space bar
    skip       is left out: set-up, plumbing
    notes      is for the speaker's eyes only (press S)

A code cell with the tag `hide-input` shows its output alone.

A lecturer talks, and slides hold little. So of a text cell the slides show what `outline` leaves
of it, and the full text becomes the speaker's notes. A heading within a text cell begins a
section, and a **Predict** paragraph a slide, whatever the type of the cell, which is that of its
first part.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from traitlets.config import Config

from tools.commands import BUILD, ROOT, remove_others, write_whole
from tools.publish.export import (
    OfflineExporter,
    heading_and_question,
    read_style,
    relink,
    unfold_texts,
)
from tools.publish.playground_page import PAGE, embed_explorer, write_beside

REVEAL = Path(__file__).parent / "reveal"
SLIDE_TYPES = ("slide", "subslide", "fragment", "skip", "notes")
FOR_READERS = (  # how texts begin that slides leave out
    "It takes ",
    "Where a paragraph begins with **Predict**",
    "The solutions, worked and run, ",
    "## Sources",
)
PREDICTION = "**Predict.**"
WHOLE = ("#", "|", "$$", "```", PREDICTION)  # how a block begins that is shown as it is
LIST_ITEM = re.compile(r"(?:[-*]|\d+\.) ")
LABEL = re.compile(r"\*\*[^*]+[.:?]\*\* ")  # **The question.**
FEW_WORDS = 8  # fewer say too little by themselves
SENTENCE_END = re.compile(r"(?:(?<=[.?!])|(?<=[.?!][)*\"])|(?<=[.?!]\*\*))\s+(?=[A-Z*`(])")


def lead(paragraph: str) -> str:
    """Return the first sentence of a paragraph, and those that hold bold words.

    A label at its beginning stays, and a sentence of a few words brings the next one along.
    """
    label = match[0] if (match := LABEL.match(paragraph)) else ""
    first, *others = SENTENCE_END.split(paragraph.removeprefix(label))
    if len(first.split()) < FEW_WORDS and others:
        first += " " + others.pop(0)
    return label + " ".join([first, *(sentence for sentence in others if "**" in sentence)])


def outline(text: str) -> str:
    """Return what a slide shows of a text: the lead of each paragraph and of each list item.

    Headings, tables, formulas, code and predictions stay whole; what is for readers goes.
    """
    shown = []
    for block in text.split("\n\n"):
        if block.startswith(FOR_READERS):
            continue
        if block.startswith(WHOLE):
            shown.append(block)
        elif LIST_ITEM.match(block):
            items = (LIST_ITEM.match(item) for item in block.splitlines())
            shown.append("\n".join(m[0] + lead(m.string[m.end() :]) for m in items if m))
        else:
            shown.append(lead(block))
    return "\n\n".join(shown)


def parts(text: str, slide_type: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a text cell that belong on slides of their own, with their types.

    The first part has the cell's own type.
    """
    for number, part in enumerate(re.split(r"\n\n(?=## |\*\*Predict\.\*\*)", text.strip())):
        if part.startswith(FOR_READERS):
            continue
        if number > 0:
            slide_type = "slide" if part.startswith("## ") else "subslide"
        yield part, slide_type


def text_cell(source: str, slide_type: str) -> NotebookNode:
    """Return a text cell that goes where its type says."""
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide_type}})


def lecture(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook whose text cells are cut to slides, each with the full text as notes."""
    cells = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            cells.append(cell)
            continue
        for part, slide_type in parts(cell.source, cell.metadata.slideshow.slide_type):
            shown = outline(part)
            if slide_type in ("slide", "subslide", "fragment"):
                cells.append(text_cell(shown, slide_type))
                cells[-1].metadata.tags = ["predict"] if part.startswith(PREDICTION) else []
            if slide_type != "skip":
                cells.append(text_cell(part, "notes"))
    return NotebookNode(notebook, cells=cells)


def write_slides(paths: list[Path], folder: Path) -> list[Path]:
    """Write the slides of some notebooks.

    Args:
        paths: the notebooks, executed; each cell has a slide type.
        folder: where the slides go, and the playground if one of them shows it.

    Returns:
        The files written, one a notebook.
    """
    config = Config(TagRemovePreprocessor={"enabled": True, "remove_input_tags": {"hide-input"}})
    exporter = OfflineExporter(
        "slides.html.j2", template_name="reveal", exclude_anchor_links=True, config=config
    )
    names = [path.stem for path in paths]
    slides = {}
    for path in paths:
        notebook = unfold_texts(nbformat.read(path, as_version=4))
        resources = {
            "metadata": {"name": heading_and_question(notebook)[0], "path": str(path.parent)},
            "style": read_style("slides.css"),
            "reveal_css": (REVEAL / "reveal.css").read_text(encoding="utf-8"),
            "reveal_js": (REVEAL / "reveal.js").read_text(encoding="utf-8"),
            "notes_js": (REVEAL / "notes.js").read_text(encoding="utf-8"),
        }
        html, _ = exporter.from_notebook_node(embed_explorer(lecture(notebook)), resources)
        way_to_source = Path(os.path.relpath(path.parent, folder)).as_posix()
        slides[folder / f"{path.stem}.html"] = relink(html, names, way_to_source)
    for file, html in slides.items():
        write_whole(file, html)
    write_beside(slides.values(), folder)
    return [*slides]


def main() -> None:
    """Run the command."""
    folder = BUILD / "slides"
    written = write_slides(sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")), folder)
    remove_others(folder, [PAGE.name, *(path.name for path in written)])
    for path in written:
        print(f"Look at {path}")


if __name__ == "__main__":
    main()
