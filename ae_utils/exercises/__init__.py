"""Checked exercises: `check(answer)` tries the reader's function, and says what it does.

Each module beside this one holds a notebook's exercises. Whoever wants to solve them should not
look in there.
"""

from ae_utils.exercises import (
    boltzmann,
    bound,
    compression,
    deep,
    post,
    primer,
    reconstruction,
    sampling,
    stacking,
    variational,
    visualization,
)
from ae_utils.exercises.exercise import Function

CHAPTERS = (
    primer, compression, visualization, sampling, reconstruction, stacking, variational, bound,
    post, boltzmann, deep,
)  # fmt: skip
EXERCISES = {exercise.name: exercise for chapter in CHAPTERS for exercise in chapter.EXERCISES}


class Verdict(int):
    """1 for right, 0 for not yet: true or false, and nothing that a notebook would display."""

    def _ipython_display_(self) -> None:
        """Display nothing: what there is to say has been printed."""


def check(answer: Function) -> Verdict:
    """Try the reader's function on small cases, and print what to say of it; nothing is raised.

    Args:
        answer: the function, under the name that the exercise gave it.

    Returns:
        Whether it is right.
    """
    name = getattr(answer, "__name__", type(answer).__name__)
    if not callable(answer) or name not in EXERCISES:
        print(f"{name}: no exercise has this name. Pass the function itself: `check(mse)`.")
        return Verdict(False)
    right, words = EXERCISES[name].judge(answer)
    print(f"{name}: {words}")
    return Verdict(right)
