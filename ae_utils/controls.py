"""Numbers that a reader moves on sliders and in boxes, in core ipywidgets 7.7 to 8."""

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
from traitlets import TraitError, validate

from ae_utils.latent import Limits

ALERT = (
    "padding: 4px 10px; border: 1px solid #bd1f01; background: #fdecea; color: #5c0f00; "
    "line-height: 1.4; white-space: pre-line"
)


class _Finite:
    """Refuses a value such as NaN before it is shown or sent; ipywidgets alone lets it pass."""

    @validate("value")
    def _validate_value(self: Any, proposal: dict[str, Any]) -> float:
        if not math.isfinite(proposal["value"]):
            got, limits = proposal["value"], f"{self.min:g} to {self.max:g}"
            raise TraitError(f"slider or number box: got {got}. Give a number from {limits}.")
        return super()._validate_value(proposal)  # type: ignore[misc]


class FiniteSlider(_Finite, widgets.FloatSlider):
    """A slider that refuses NaN."""


class FiniteBox(_Finite, widgets.BoundedFloatText):
    """A number box that refuses NaN."""


class ControlBoard(widgets.VBox):
    """Numbers, each in a box and on a slider: move either, and the other follows.

    A box holds a number to its last digit; its slider stands at the nearest of its steps.

    Args:
        numbers: the name of each, its limits as `choose_limits` returns them, and where it begins.
        draw: draws what they ask for. It is called when one has moved; its errors are shown.
    """

    def __init__(self, numbers: list[tuple[str, Limits, float]], draw: Callable[[], None]) -> None:
        self._draw, self._busy = draw, False
        self.boxes, self.sliders, self.status = [], [], widgets.HTML()
        widest = max(len(name) for name, _, _ in numbers)
        sizes = {"flex": "none", "width": f"{widest + 13}ch"}
        style = {"description_width": f"{widest + 1}ch"}
        for name, (low, high, step), value in numbers:
            settings = {"min": low, "max": high, "step": step, "value": _snap(value, step)}
            self.boxes.append(FiniteBox(description=name, layout=sizes, style=style, **settings))
            self.sliders.append(FiniteSlider(readout=False, layout={"flex": "1"}, **settings))
        for widget in self.boxes + self.sliders:
            widget.observe(self._follow, "value")
        rows = zip(self.boxes, self.sliders, strict=True)
        super().__init__([*map(widgets.HBox, rows), self.status])

    def show(self, values: Sequence[float]) -> None:
        """Show a number within the limits on each control, then draw once."""
        self._busy = True
        try:
            for box, slider, value in zip(self.boxes, self.sliders, values, strict=True):
                box.value = value
                step = _snap(value, slider.step)
                if abs(slider.value - step) > slider.step / 1_000:  # not just rounding
                    slider.value = step
        finally:
            self._busy = False
        self.redraw()

    def redraw(self) -> None:
        """Draw; tell the reader of an error, and raise it for whoever listens in Python."""
        try:
            self._draw()
        except Exception as error:
            text = escape(f"{type(error).__name__}: {error}")
            self.status.value = f'<div role="alert" style="{ALERT}">{text}</div>'
            raise
        self.status.value = ""

    def _follow(self, change: dict[str, Any]) -> None:
        if not self._busy:
            moved, values = change["owner"], [box.value for box in self.boxes]
            if moved in self.sliders:
                values[self.sliders.index(moved)] = _snap(moved.value, moved.step)
            self.show(values)


def _snap(value: float, step: float) -> float:
    return round(value / step) * step
