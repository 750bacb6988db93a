"""How the notebooks begin: one thread, one look, and a hint when cells run too early."""

from typing import Any

import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ae_utils.plots import use_series_style


def set_up_notebook() -> None:
    """Compute on one thread, draw in the series' style, and explain names that are missing.

    A second thread would gain little, and make training crawl beside a busy program. A cell that
    fails for want of a name says which cells to run first; outside IPython, this is left out.
    """
    torch.set_num_threads(1)
    threadpool_limits(1)  # NumPy and scikit-learn keep to one as well
    use_series_style()
    explain_missing_names()


def explain_missing_names() -> None:
    """Let a cell that fails for want of a name say which cells to run first; once is enough."""
    from IPython import get_ipython

    if shell := get_ipython():
        shell.events.register("post_run_cell", _explain)  # registers a function once only


def _explain(result: Any) -> None:
    error = result.error_in_exec
    if isinstance(error, NameError) and error.name:
        print(
            f"'{error.name}' is made by a cell further up, which has not run in this kernel.\n"
            "Choose Run > Run All Above Selected Cell in the menu, then run this cell again."
        )
