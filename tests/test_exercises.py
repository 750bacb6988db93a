"""The checked exercises: every mistake gets its hint, and every notebook has its exercises."""

import ast
from pathlib import Path

import nbformat
import pytest
import torch

from ae_utils.exercises import CHAPTERS, EXERCISES, check
from ae_utils.exercises.exercise import Complaint, Exercise

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = [path.stem for path in sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))]
PLACES = list(zip(NOTEBOOKS, CHAPTERS, strict=True))
PLACED = [(name, exercise) for name, chapter in PLACES for exercise in chapter.EXERCISES]
MISTAKES = [(exercise, hint) for exercise in EXERCISES.values() for hint in exercise.mistakes]

each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
each_placed = pytest.mark.parametrize(
    ("notebook", "exercise"), PLACED, ids=[exercise.name for _, exercise in PLACED]
)


def cell_with(path: Path, exercise: Exercise) -> nbformat.NotebookNode:
    """The one cell of a notebook that checks an exercise."""
    cells = nbformat.read(path, as_version=4).cells
    lines = f"check({exercise.name})"
    (cell,) = [c for c in cells if c.cell_type == "code" and lines in c.source.splitlines()]
    return cell


def line_printed(cell: nbformat.NotebookNode) -> str:
    """The one line that a cell has printed; it shows nothing else."""
    (output,) = cell.outputs
    return output.text.rstrip("\n")


def definition(source: str, name: str) -> str:
    """What a function of some source does: its statements without the docstring."""
    (function,) = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    body = function.body[ast.get_docstring(function) is not None :]
    return "\n".join(map(ast.unparse, body))


@each_exercise
def test_right_answer_works_and_is_accepted_whatever_it_draws(exercise: Exercise) -> None:
    def right_with_other_draws(*arguments):
        torch.rand(1)
        return exercise.right(*arguments)

    outcomes = exercise.try_out(exercise.right)
    assert not [each for each in outcomes if isinstance(each, Exception | Complaint)]
    assert exercise.judge(right_with_other_draws) == (True, "right.")


@pytest.mark.parametrize(("exercise", "hint"), MISTAKES, ids=[e.name for e, _ in MISTAKES])
def test_mistake_gets_its_hint(exercise: Exercise, hint: str) -> None:
    def mistake_with_other_draws(*arguments):
        torch.rand(1)
        return exercise.mistakes[hint](*arguments)

    for mistake in (exercise.mistakes[hint], mistake_with_other_draws):
        assert exercise.judge(mistake) == (False, f"not yet. {hint}")


@pytest.mark.parametrize(("notebook", "chapter"), PLACES, ids=NOTEBOOKS)
def test_a_notebook_has_three_exercises_and_a_bug(notebook: str, chapter) -> None:
    to_write = [each for each in chapter.EXERCISES if not each.bug]
    assert len(to_write) >= 3
    assert len(chapter.EXERCISES) > len(to_write)
    assert all(len(each.mistakes) >= 3 for each in to_write)


def test_names_are_used_once() -> None:
    assert len(EXERCISES) == len(PLACED)


@each_placed
def test_notebook_holds_it_unsolved(notebook: str, exercise: Exercise) -> None:
    line = "the bug is still in it." if exercise.bug else "there is no code in it yet."
    assert (
        line_printed(cell_with(FOLDER / f"{notebook}.ipynb", exercise))
        == f"{exercise.name}: {line}"
    )


@each_placed
def test_solutions_solve_it_in_another_form(notebook: str, exercise: Exercise) -> None:
    cell = cell_with(FOLDER / "solutions" / f"{notebook}_solutions.ipynb", exercise)
    assert line_printed(cell) == f"{exercise.name}: right."
    ours = Path(exercise.right.__code__.co_filename).read_text(encoding="utf-8")
    assert definition(cell.source, exercise.name) != definition(ours, exercise.name)


def check_says(capsys, answer, words: str) -> None:
    """`check` prints these words of an answer, and nothing is raised."""
    assert check(answer) == words.endswith(": right.")
    assert capsys.readouterr().out == f"{words}\n"


def test_answer_may_have_any_form(capsys) -> None:
    def mse(x_hat, x):
        return sum((a - b) ** 2 for a, b in zip(x_hat.flatten(), x.flatten(), strict=True)) / (
            x.numel()
        )

    check_says(capsys, mse, "mse: right.")


def test_unwritten_answer_is_told_calmly(capsys) -> None:
    def with_docstring_only(x_hat, x):
        """The error."""

    def with_dots(x_hat, x): ...

    def with_a_blank(x_hat, x):
        difference = ...
        return (difference**2).mean()

    def as_nbgrader_strips_it(x_hat, x):
        raise NotImplementedError

    for answer in (with_docstring_only, with_dots, with_a_blank, as_nbgrader_strips_it):
        answer.__name__ = "mse"
        check_says(capsys, answer, "mse: there is no code in it yet.")


def test_missing_return_is_named(capsys) -> None:
    def mse(x_hat, x):
        ((x_hat - x) ** 2).mean()

    words = "It returns nothing: end it with `return` and the result."
    check_says(capsys, mse, f"mse: not yet. {words}")


def test_crash_is_shown_with_its_line(capsys) -> None:
    def mse(x_hat, x):
        difference = x_hat.minus(x)
        return difference

    words = "It stops at `difference = x_hat.minus(x)` with AttributeError: "
    check_says(capsys, mse, f"mse: not yet. {words}'Tensor' object has no attribute 'minus'")


def test_words_of_pytorch_are_not_taken_for_a_blank(capsys) -> None:
    def mse(x_hat, x):
        return ((x_hat - x) ^ 2).mean()

    assert not check(mse)
    assert "It stops at `return ((x_hat - x) ^ 2).mean()` with " in capsys.readouterr().out


def test_result_that_cannot_be_used_is_named() -> None:
    def double(x):
        return 2 * x

    exercise = Exercise(double, lambda: [(torch.ones(2),)], outcome=lambda result, x: result.sum())
    error = "AttributeError: 'list' object has no attribute 'sum'"
    words = f"What it returns cannot be used: ([1.0, 1.0]) ({error})"
    assert exercise.judge(lambda x: [x]) == (False, f"not yet. {words}")


def test_changed_argument_is_named(capsys) -> None:
    def mse(x_hat, x):
        x -= x_hat
        return (x**2).mean()

    words = "It changes `x`, which its caller may still need."
    check_says(capsys, mse, f"mse: not yet. {words}")


def test_seed_is_left_to_the_caller(capsys) -> None:
    def reparametrize(mean, log_variance):
        torch.manual_seed(0)
        return mean + (log_variance / 2).exp() * torch.randn(mean.shape)

    words = "It sets the seed, so that all calls draw the same: leave it out."
    check_says(capsys, reparametrize, f"reparametrize: not yet. {words}")


def test_list_that_is_sorted_in_place_is_told(capsys) -> None:
    def stop_early(errors, patience):
        errors.sort()
        return 0

    words = "It changes `errors`, which its caller may still need."
    check_says(capsys, stop_early, f"stop_early: not yet. {words}")


def test_unknown_mistake_is_shown_by_example(capsys) -> None:
    def mse(x_hat, x):
        return 3 * ((x_hat - x) ** 2).mean()

    images = "numbers of shape (2, 1, 28, 28)"
    words = f"For {images}, {images} it gives 3.0, where 1.0 is right."
    check_says(capsys, mse, f"mse: not yet. {words}")


@pytest.mark.parametrize("answer", [None, 3, lambda x: x])
def test_what_is_no_exercise_is_told_so(capsys, answer) -> None:
    assert not check(answer)
    assert "no exercise has this name" in capsys.readouterr().out


def test_global_random_state_is_left_alone() -> None:
    state = torch.get_rng_state()
    check(EXERCISES["mse"].right)
    assert torch.equal(torch.get_rng_state(), state)
