"""Execute notebooks, each in a fresh kernel of the Python that runs this: one, or many in parallel.

Threads wait for the kernels, which compute in processes of their own.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tools.notebooks import SeriesError, tidy
from tools.processes import process_peak_memory

CELL_TIMEOUT = 600  # seconds
KERNEL_SETTINGS = {
    "TQDM_DISABLE": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


@dataclass
class Execution:
    """One notebook as it runs: what is known of it so far.

    Attributes:
        name: the notebook's file name without its ending.
        notebook: its content, which the kernel fills with outputs.
        cells_started: how many code cells have been started; the last one's execution count.
        peak_memory: the most memory that the kernel was seen to hold, in bytes.
        seconds: how long the execution took, kernel start included.
        pid: the kernel's process, from the first cell's start to the end.
        stopped: whether `stop` was called.
    """

    name: str
    notebook: NotebookNode
    cells_started: int = 0
    peak_memory: int = 0
    seconds: float = 0.0
    pid: int | None = None
    stopped: bool = False

    def stop(self) -> None:
        """Let the execution end soon, from another thread; it then raises an error."""
        self.stopped = True
        if self.pid is not None and psutil.pid_exists(self.pid):
            psutil.Process(self.pid).kill()


def native_kernel() -> AsyncKernelManager:
    """Return a manager for kernels of this Python, whatever kernels the user has installed."""
    return AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
    )


def execute(path: Path, run: Execution) -> None:
    """Execute a notebook in its own folder, filling in `run`.

    Args:
        path: the notebook's file, for its folder.
        run: the notebook, read but not yet executed.

    Raises:
        SeriesError: naming the notebook and the cell that failed, took too long or killed the
            kernel, and the error; outputs so far are in `run`.
    """
    manager = native_kernel()

    def begin_cell(**_: Any) -> None:
        run.pid = manager.provisioner.pid  # type: ignore[union-attr]  # a local kernel has one
        run.cells_started += 1
        if run.stopped:  # before there was a process to end
            run.stop()

    def note_memory(**_: Any) -> None:
        if run.pid is not None:
            run.peak_memory = max(run.peak_memory, process_peak_memory(run.pid))

    client = NotebookClient(
        run.notebook,
        km=manager,
        resources={"metadata": {"path": str(path.parent)}},
        timeout=CELL_TIMEOUT,
        extra_arguments=["--log-level=ERROR"],
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        on_cell_execute=begin_cell,
        on_cell_executed=note_memory,
    )
    start = time.perf_counter()
    try:
        client.execute(env=os.environ | KERNEL_SETTINGS, cleanup_kc=True)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        where = f"{run.name} failed in cell [{run.cells_started}]"
        raise SeriesError(f"{where}: {brief(error)}") from error
    finally:
        run.pid = None
        run.seconds = time.perf_counter() - start
        tidy(run.notebook)


def brief(error: Exception) -> str:
    """Return an error's name and the first three lines of its text."""
    if isinstance(error, CellExecutionError):
        name, text = error.ename, error.evalue
    else:
        name, text = type(error).__name__, str(error)
    return f"{name}: " + "\n".join(text.splitlines()[:3])


def execute_all(
    paths: Sequence[Path],
    jobs: int,
    when_ended: Callable[[Execution, BaseException | None], None],
    prepare: Callable[[NotebookNode, str], None] | None = None,
) -> list[Execution]:
    """Execute notebooks side by side, the last ones of the series, which are the longest, first.

    Args:
        paths: the notebooks.
        jobs: how many at a time.
        when_ended: called with each notebook that has run to its end or failed, and the error if
            it failed, one after the other. What it raises stops the others.
        prepare: called with each notebook and its name before any is executed.

    Returns:
        All executions, in the order of `paths`.

    Raises:
        KeyboardInterrupt: at Ctrl-C; its text names the notebooks and cells that were running.
            However this function ends, no kernel outlives it.
    """
    runs = [Execution(path.stem, nbformat.read(path, as_version=4)) for path in paths]
    if prepare:
        for run in runs:
            prepare(run.notebook, run.name)
    pool = ThreadPoolExecutor(jobs)
    try:
        last_first = reversed(list(zip(paths, runs, strict=True)))
        futures = {pool.submit(execute, path, run): run for path, run in last_first}
        waiting = set(futures)
        while waiting:
            # Windows lets Ctrl-C through between two waits only.
            done, waiting = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
            for future in done:
                when_ended(futures[future], future.exception())
    except KeyboardInterrupt:
        running = [f"{run.name} cell [{run.cells_started}]" for run in runs if run.pid]
        raise KeyboardInterrupt(", ".join(running)) from None
    finally:
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C changes nothing
        pool.shutdown(wait=False, cancel_futures=True)
        for run in runs:
            run.stop()
        pool.shutdown()
        signal.signal(signal.SIGINT, handler)
    return runs


def say_why(stop: BaseException) -> int:
    """Say in a line why a command ends early; return its exit status.

    Args:
        stop: a SeriesError or a KeyboardInterrupt.
    """
    if isinstance(stop, KeyboardInterrupt):
        print(f"Interrupted in {stop}" if str(stop) else "Interrupted", file=sys.stderr)
        return 130
    print(stop, file=sys.stderr)
    return 1
