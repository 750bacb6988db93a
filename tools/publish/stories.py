"""The stories of the notebooks: what their text says, as plain code on their own variables.

A story lies in `tests/stories/`, one file a chapter; what stands below `# %% solutions` belongs to
the chapter's solutions. Its paragraphs run as cells after the notebook's last one, in memory. They
are asserts, and calls of `quote`, which ties words of the text to an expression:

    quote("From {} down to {}", error_mean, error_pca)

The braces stand for numbers in the text. `make notebooks` keeps the values of the committed run in
the notebook's metadata. The text must say them as they are, rounded to its digits; the values of
another run must agree with them to `ACROSS_MACHINES`.
"""

import ast
import json
import math
import re

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tools.commands import ROOT

STORIES = ROOT / "tests" / "stories"
SOLUTIONS_MARK = "\n# %% solutions\n"
STORY_TAG = "story"  # of the cells that tell it
ACROSS_MACHINES = 0.02  # how far, relatively, a trained model's error moves between processors
NUMBER = r"(-?\d+(?:,\d{3})*(?:\.\d+)?)"

Figures = dict[str, list[float]]


class Quotations:
    """What a story calls `quote`: notes the values of one run, and compares them with another's.

    Args:
        committed: the values of the committed run, by the words that quote them; where there are
            none, because other data are used or the notebook is new, nothing is compared.
    """

    def __init__(self, committed: Figures) -> None:
        self.committed = committed
        self.values: Figures = {}

    def __call__(self, words: str, *values: float, stable: bool = True) -> None:
        """Tie words of the text to values.

        Args:
            words: as they stand in the text, {} in place of each number.
            values: what the numbers are, to more digits.
            stable: False for what hangs on a training's last bit, such as the place of a digit on a
                fresh map; another processor's rounding may move it at will.

        Raises:
            AssertionError: if a value differs from the committed run's.
        """
        self.values[words] = [float(value) for value in values]
        if not (self.committed and stable):
            return
        for here, there in zip(self.values[words], self.committed[words], strict=True):
            agrees = math.isclose(here, there, rel_tol=ACROSS_MACHINES)
            assert agrees, f'"{words}": {here:g} here, {there:g} in the committed run'


def read_story(name: str) -> str:
    """The story of a notebook, by its name without the ending; '' while none is written."""
    chapter = name.removesuffix("_solutions")
    path = STORIES / f"{chapter}.py"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    notebook, _, solutions = text.partition(SOLUTIONS_MARK)
    return notebook if name == chapter else solutions


def story_cells(name: str, committed: Figures) -> list[NotebookNode]:
    """A story as cells to run after those of its notebook: a beginning, then its paragraphs."""
    begin = (
        f"import sys\nsys.path.append({str(ROOT)!r})\n"
        f"from tools.publish.stories import Quotations\nquote = Quotations({committed!r})"
    )
    return [new_code_cell(source) for source in (begin, *paragraphs(read_story(name)))]


def paragraphs(story: str) -> list[str]:
    """The parts of a story between empty lines, its opening text left out; functions stay whole."""
    parts = re.split(r"\n\n+(?=\S)", story.strip())
    return [part for part in parts if part and not part.startswith('"""')]


def quoted_words(name: str) -> list[str]:
    """What a story quotes from its notebook's text."""
    calls = [node for node in ast.walk(ast.parse(read_story(name))) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "quote"]
    return [ast.literal_eval(call.args[0]) for call in named]


def find_quotations(words: str, text: str) -> list[re.Match[str]]:
    """Where a text says some words, perhaps over two lines; the groups are the numbers in them."""
    parts = (r"\s+".join(map(re.escape, part.split(" "))) for part in words.split("{}"))
    return list(re.finditer(NUMBER.join(parts), text))


def tell_story(notebook: NotebookNode, name: str) -> None:
    """Let a notebook tell its story after its last cell, and then print the story's values."""
    cells = [*story_cells(name, {}), new_code_cell("import json\nprint(json.dumps(quote.values))")]
    notebook.cells += [NotebookNode(cell, metadata={"tags": [STORY_TAG]}) for cell in cells]


def keep_figures(notebook: NotebookNode) -> None:
    """Take the story out of a notebook that has told it, and keep its values in the metadata."""
    notebook.metadata.figures = json.loads(notebook.cells[-1].outputs[0].text)
    told = [cell for cell in notebook.cells if STORY_TAG not in cell.metadata.get("tags", [])]
    notebook.cells = told
