"""The numbers in the notebooks' text: what the committed run found, or what a cell shows.

What a story quotes is compared with the values that the committed run found for it, which lie in
the notebook's metadata. Every other number of three or more digits, and every percentage, must be
printed by a cell, stand in its code, or be one of a few constants.
"""

import re
from pathlib import Path

import nbformat
import pytest

from tools.publish.stories import NUMBER, find_quotations, quoted_words

FOLDER = Path(__file__).parents[1] / "notebooks"
PATHS = {path.stem: path for path in sorted(FOLDER.rglob("[0-9][0-9]_*.ipynb"))}
NOTEBOOKS = {name: nbformat.read(path, as_version=4) for name, path in PATHS.items()}
QUOTATIONS = [(name, words) for name in PATHS for words in quoted_words(name)]

# What is no figure: code, formulas, addresses, and the list of sources with its years.
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\$\$?[^$]*\$\$?|\]\([^)]*\)|^## Sources.*", re.M | re.S)
YEAR = re.compile(r"(?:18|19|20)\d\d")
CONSTANTS = {"784", "60,000", "10,000"}  # pixels of an image, MNIST's images


def text_of(name: str) -> str:
    """A notebook's text cells."""
    texts = (c.source for c in NOTEBOOKS[name].cells if c.cell_type == "markdown")
    return "\n\n".join(texts)


def numbers_shown(name: str) -> set[str]:
    """The numbers that a notebook's cells print, and those in its code."""
    code = [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    texts = [each.get("text", each.get("data", {}).get("text/plain", "")) for each in outputs]
    texts += [cell.source.replace("_", ",") for cell in code]
    return {number for text in texts for number in re.findall(NUMBER, text)}


@pytest.mark.parametrize(("name", "words"), QUOTATIONS)
def test_text_says_what_the_committed_run_found(name: str, words: str) -> None:
    found = find_quotations(words, text_of(name))
    assert found, "no such sentence any more"
    values = NOTEBOOKS[name].metadata.figures[words]
    for quotation in found:
        for number, value in zip(quotation.groups(), values, strict=True):
            places = len(number.partition(".")[2])
            assert number.replace(",", "") == f"{value:.{places}f}", quotation[0]


@pytest.mark.parametrize("name", PATHS)
def test_committed_figures_are_those_of_the_story(name: str) -> None:
    assert set(NOTEBOOKS[name].metadata.figures) == set(quoted_words(name))


@pytest.mark.parametrize("name", PATHS)
def test_other_numbers_are_shown_by_a_cell(name: str) -> None:
    text, known = text_of(name), numbers_shown(name) | CONSTANTS
    prose = NOT_PROSE.sub(lambda match: " " * len(match[0]), text)
    quotations = [each for words in quoted_words(name) for each in find_quotations(words, text)]
    quoted = {each.start(n + 1) for each in quotations for n in range(len(each.groups()))}
    strange = [
        text[max(0, number.start() - 60) : number.end() + 30]
        for number in re.finditer(rf"{NUMBER}(?P<percent> %)?", prose)
        if number["percent"] or len(re.findall(r"\d", number[1])) >= 3
        if number.start() not in quoted and number[1].lstrip("-") not in known
        if not YEAR.fullmatch(number[1])
    ]
    assert strange == []
