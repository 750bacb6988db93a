"""What a notebook tells a reader whose cells ran out of order."""

from typing import Any


def explain_missing_names() -> None:
    """Let a cell that fails for want of a name say which cells to run first.

    Outside IPython, and when called again, this does nothing.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.events.register("post_run_cell", _explain)  # registers a function once only


def _explain(result: Any) -> None:
    error = result.error_in_exec
    if isinstance(error, NameError) and error.name:
        print(
            f"'{error.name}' is made by a cell further up, which has not run in this kernel.\n"
            "Choose Run > Run All Above Selected Cell in the menu, then run this cell again."
        )
