"""What a measurement found: a table, and bars for the picture."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """What one measurement found.

    Attributes:
        title: what was measured.
        settings: how: data, model, repetitions.
        columns: the heads of the table.
        rows: its cells, as many a row as there are columns.
        bars: the values to draw, for each label.
        unit: what they are, with their unit.
        fmt: how to write a value at the end of its bar.
    """

    title: str
    settings: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    bars: Mapping[str, float]
    unit: str
    fmt: str = "{:.1f}"

    def to_markdown(self) -> str:
        """A heading, the settings and the table, its columns aligned for readers of plain text."""
        table = [list(self.columns), *map(list, self.rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        lines = [
            "| "
            + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
            + " |"
            for row in (table[0], rule, *table[1:])
        ]
        return "\n".join([f"## {self.title}", "", f"{self.settings}.", "", *lines])


def median_and_range(values: Sequence[float], fmt: str = "{:.1f}") -> str:
    """Write values as their median, and the lowest and highest in brackets if there are several."""
    if len(values) == 1:
        return fmt.format(values[0])
    median, low, high = map(fmt.format, (statistics.median(values), min(values), max(values)))
    return f"{median} ({low} to {high})"
