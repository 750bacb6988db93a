"""What a checked exercise is: a right function, cases to try it on, and usual mistakes.

An answer is run on small cases beside the right function. If it gives what a known mistake gives,
that mistake's hint is what its writer is told; else what it gave, and what would be right.
"""

import dis
import operator
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

Function = Callable[..., Any]
Case = tuple[Any, ...]  # the arguments of one trial
SEED = 20_061  # of the first case; one more for each further one
TOLERANCE = 1e-4  # relative and absolute: more than rounding, less than a mistake
IDLE = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}  # what an empty body does
MOST = 12  # numbers shown of a tensor


def _keep_result(result: Any, *arguments: Any) -> Any:
    return result


class Complaint(str):
    """What is wrong with an answer before its outcome can be compared, in words."""


@dataclass(frozen=True)
class Exercise:
    """A function to write.

    Attributes:
        right: a right answer, which returns something; it bears the name of the function to write.
        cases: makes the arguments of every trial, anew each time, since an answer may change them.
        mistakes: usual wrong answers, by the hint that each gets: what it does, and what to try.
        bug: where a bug is to be found, the function as the reader gets it.
        outcome: what of a trial is compared. It takes what was returned, which is not None, and the
            arguments as they are then; numbers, tensors, strings, or lists of these come out. Where
            an answer draws at random, they must not depend on how.
        in_place: whether an answer may change the tensors and lists that it is given.
    """

    right: Function
    cases: Callable[[], Sequence[Case]]
    mistakes: Mapping[str, Function] = field(default_factory=dict)
    bug: Function | None = None
    outcome: Function = _keep_result
    in_place: bool = False

    @property
    def name(self) -> str:
        """The name of the function to write."""
        return self.right.__name__

    def judge(self, answer: Function) -> tuple[bool, str]:
        """Tell whether an answer is right, and what to say of it."""
        given, wanted = self.try_out(answer), self.try_out(self.right)
        if _agree(given, wanted):
            return True, "right."
        if self.bug and _agree(given, self.try_out(self.bug)):
            return False, "the bug is still in it."
        for hint, mistake in self.mistakes.items():
            if _agree(given, self.try_out(mistake)):
                return False, f"not yet. {hint}"
        wrong = [_agree(*pair) for pair in zip(given, wanted, strict=True)].index(False)
        return False, self._describe(answer, self.cases()[wrong], given[wrong], wanted[wrong])

    def try_out(self, function: Function) -> list[Any]:
        """Return the outcome of a function in each case, or in its place the error or complaint."""
        return [self._try_case(function, *each) for each in enumerate(self.cases(), SEED)]

    def _try_case(self, function: Function, seed: int, arguments: Case) -> Any:
        before = [_copy(argument) for argument in arguments]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            try:
                result = function(*arguments)
            except Exception as error:  # whatever the reader's code may raise
                return error
            if result is None or _is_blank(result):
                return result
            same = map(_is_same, before, arguments)
            if not self.in_place and (changed := [n for n, each in enumerate(same) if not each]):
                name = [*signature(self.right).parameters][changed[0]]
                return Complaint(f"It changes `{name}`, which its caller may still need.")
            if torch.initial_seed() != seed:
                return Complaint("It sets the seed, so that all calls draw the same: leave it out.")
            try:
                return self.outcome(result, *arguments)
            except Exception as error:
                it = f"{_show(result)} ({_error_text(error)})"
                return Complaint(f"What it returns cannot be used: {it}")

    def _describe(self, answer: Function, case: Case, given: Any, wanted: Any) -> str:
        """What a wrong answer does in a case that no known mistake explains."""
        if _is_blank(given) or (given is None and _is_empty(answer)):
            return "there is no code in it yet."
        if given is None:
            return "not yet. It returns nothing: end it with `return` and the result."
        if isinstance(given, Exception):
            return f"not yet. It stops{_failing_line(answer, given)} with {_error_text(given)}"
        if isinstance(given, Complaint):
            return f"not yet. {given}"
        return f"not yet. For {', '.join(map(_show, case))} {_compare(given, wanted)}"


def _copy(argument: Any) -> Any:
    """An argument as it is now, if it is a tensor or a list; of others, themselves."""
    if isinstance(argument, Tensor):
        return argument.detach().clone()
    return [*argument] if isinstance(argument, list) else argument


def _is_same(before: Any, after: Any) -> bool:
    if isinstance(before, Tensor):
        return before.shape == after.shape and torch.equal(before, after)
    if isinstance(before, list):
        return len(before) == len(after) and all(map(operator.is_, before, after))
    return True


def _is_empty(function: Function) -> bool:
    """Whether a function's body does nothing, such as `...` after a docstring."""
    code: Any = getattr(function, "__code__", "")  # '' has no instructions
    return {each.opname for each in dis.get_instructions(code)} <= IDLE


def _is_blank(outcome: Any) -> bool:
    """Whether a `...` that stood for code was returned, or computed with; or a stub's error."""
    if isinstance(outcome, NotImplementedError):
        return not str(outcome)  # PyTorch raises it as well, with words
    if isinstance(outcome, Exception):
        return "ellipsis" in str(outcome).lower()
    return outcome is Ellipsis


def _agree(one: Any, other: Any) -> bool:
    if isinstance(other, Exception):
        return type(one) is type(other) and str(one) == str(other)
    if isinstance(other, list | tuple) and isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_agree, one, other))
    if isinstance(other, str):
        return bool(one == other)
    numbers, others = _read_numbers(one), _read_numbers(other)
    if numbers is None or others is None or numbers.shape != others.shape:
        return False
    return torch.allclose(numbers, others, TOLERANCE, TOLERANCE, equal_nan=True)


def _read_numbers(value: Any) -> Tensor | None:
    """A number, an array or a list of numbers as a tensor, float64; None for anything else."""
    try:
        return torch.as_tensor(value).detach().cpu().double()
    except (TypeError, ValueError, RuntimeError):
        return None


def _compare(given: Any, wanted: Any) -> str:
    """How an outcome differs from the one wanted; of lists, the first parts that differ."""
    if isinstance(given, list | tuple) and isinstance(wanted, list | tuple):
        for one, other in zip(given, wanted, strict=False):
            if not _agree(one, other):
                return _compare(one, other)
    numbers, others = _read_numbers(given), _read_numbers(wanted)
    if numbers is None or others is None or numbers.shape != others.shape or others.numel() <= MOST:
        return f"it gives {_show(given)}, where {_show(wanted)} is right."
    return f"its numbers are wrong by up to {(numbers - others).abs().max():.3g}."


def _show(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, nn.Module | torch.optim.Optimizer):
        return f"{type(value).__name__}"
    numbers = _read_numbers(value)
    if numbers is None and isinstance(value, list | tuple):
        several = len(value) > 1 and all(isinstance(each, dict) for each in value)
        return f"{len(value)} dicts" if several else f"({', '.join(map(_show, value))})"
    if numbers is None:
        kind = f"something of type {type(value).__name__}"
        return repr(value) if isinstance(value, str) else kind
    if numbers.numel() > MOST:
        return f"numbers of shape {tuple(numbers.shape)}"
    return str(_round(numbers.tolist()))


def _round(numbers: Any) -> Any:
    """Numbers, or lists of them, to four digits."""
    return (
        [_round(each) for each in numbers] if isinstance(numbers, list) else float(f"{numbers:.4g}")
    )


def _failing_line(function: Function, error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.line for frame in frames if frame.name == function.__name__ and frame.line]
    return f" at `{lines[-1]}`" if lines else ""


def _error_text(error: Exception) -> str:
    first_line = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first_line}"
