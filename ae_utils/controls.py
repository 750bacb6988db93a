"""Numbers that a reader moves: sliders with number boxes, and what is drawn again when they move.

Core ipywidgets, 7.7 to 8; nothing here knows what is drawn.
"""

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
from traitlets import TraitError, validate

N_STEPS = (64, 80, 100, 128)  # of a slider: 100 / n is a binary fraction, as browsers count in %
ALERT = (
    "padding: 4px 10px; border: 1px solid #bd1f01; background: #fdecea; color: #5c0f00; "
    "line-height: 1.4; white-space: pre-line"
)

Limits = tuple[float, float, float]  # the lowest number, the highest, the step


def choose_limits(low: float, high: float) -> Limits:
    """Limits and step of a slider that covers `low`..`high`: numbers that browsers compute exactly.

    From others, such as a step of 0.05, a browser gets numbers that differ from Python's in the
    last digit; it sends them back, and so overwrites what Python has set.
    """
    if low == high:  # a coordinate that is the same everywhere
        low, high = low - 0.5, high + 0.5
    step = 2.0 ** math.ceil(math.log2((high - low) / 100))
    half = next(n for n in N_STEPS if n > (high - low) / step + 1) // 2
    middle = round((low + high) / 2 / step)
    return (middle - half) * step, (middle + half) * step, step


class _Finite:
    """Refuses a value such as NaN before it is shown or sent; ipywidgets alone lets it pass."""

    min: float
    max: float

    @validate("value")
    def _validate_value(self, proposal: dict[str, Any]) -> float:
        if not math.isfinite(proposal["value"]):
            raise TraitError(
                f"slider or number box: got {proposal['value']}, so it stays where it was.\n"
                f"Give a number from {self.min:g} to {self.max:g}."
            )
        return super()._validate_value(proposal)  # type: ignore[misc]


class FiniteSlider(_Finite, widgets.FloatSlider):
    """A slider that refuses NaN."""


class FiniteBox(_Finite, widgets.BoundedFloatText):
    """A number box that refuses NaN."""


class NumberControl(widgets.HBox):
    """A number in a box and on a slider: move either, and the other follows.

    The box holds a number to its last digit; the slider stands at the nearest of its steps.

    Args:
        name: what the number is called; it stands before the box.
        limits: of the number, as `choose_limits` returns them.
        value: where it begins, rounded to a step.
        on_move: called after the reader has moved it.
    """

    def __init__(
        self, name: str, limits: Limits, value: float, on_move: Callable[[], None]
    ) -> None:
        low, high, self.step = limits
        self._on_move, self._busy = on_move, False
        settings = {"min": low, "max": high, "step": self.step, "value": self._snap(value)}
        self.box = FiniteBox(description=name, layout={"flex": "none"}, **settings)
        self.slider = FiniteSlider(readout=False, layout={"flex": "1"}, **settings)
        super().__init__([self.box, self.slider])
        for widget in (self.box, self.slider):
            widget.observe(self._follow, "value")

    def show(self, value: float) -> None:
        """Show a number within the limits, without calling `on_move`."""
        step_of_value = self._snap(value)
        self._busy = True
        try:
            self.box.value = value
            if abs(self.slider.value - step_of_value) > self.step / 1_000:  # not just rounding
                self.slider.value = step_of_value
        finally:
            self._busy = False

    def _follow(self, change: dict[str, Any]) -> None:
        if not self._busy:
            value = change["new"]
            self.show(self._snap(value) if change["owner"] is self.slider else value)
            self._on_move()

    def _snap(self, value: float) -> float:
        return round(value / self.step) * self.step


class ControlBoard(widgets.VBox):
    """Controls, and something that is drawn again when one of them moves; an error is shown below.

    Args:
        controls: whose `on_move` is this board's `redraw`.
        children: what is shown, the controls among it.
    """

    def __init__(self, controls: Sequence[NumberControl], children: Sequence[Any]) -> None:
        self.controls = list(controls)
        self.sliders = [control.slider for control in controls]
        self.boxes = [control.box for control in controls]
        self.status = widgets.HTML()
        widest = max(len(box.description) for box in self.boxes)
        for box in self.boxes:
            box.style.description_width = f"{widest + 1}ch"
            box.layout.width = f"{widest + 13}ch"
        super().__init__([*children, self.status])
        self.redraw()

    def __repr__(self) -> str:
        """What stands in its place on a page without a kernel."""
        return f"{type(self).__name__}: open the notebook in Jupyter and run this cell to move it"

    def draw(self) -> None:
        """Draw what the controls ask for: for subclasses to write."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw; tell the reader of an error, and raise it for whoever listens in Python."""
        try:
            self.draw()
        except Exception as error:
            text = escape(f"{type(error).__name__}: {error}")
            self.status.value = f'<div role="alert" style="{ALERT}">{text}</div>'
            raise
        self.status.value = ""
