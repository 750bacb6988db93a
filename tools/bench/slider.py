"""Measure how fast the series is on this machine.

    python -m tools.bench               everything
    python -m tools.bench explorer      some of it

What is compared takes turns, so that a busy moment of the machine slows all of it. Trust the ratio
more than the milliseconds: these differ from machine to machine, and where others compute on the
same machine, the time gone by exceeds the processor's.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import comm
import matplotlib.pyplot as plt
import torch
from comm.base_comm import BaseComm
from IPython.core.pylabtools import print_figure
from jupyter_client.session import Session
from torch import Tensor

from ae_utils.checkpoints import load_shipped
from ae_utils.data import load_digits
from ae_utils.explorer import LatentExplorer
from ae_utils.latent import decode_points, encode_dataset, sample_uniform
from ae_utils.plots import draw_image, use_series_style

N_MOVES, N_WARM_UP = 200, 20
PACKAGES = ("torch", "ipywidgets", "matplotlib", "scikit-learn", "jupyter-client")

Times = dict[str, list[tuple[float, float]]]  # for each name: seconds gone by, and of processor


def bench_explorer(n_moves: int = N_MOVES) -> str:
    """A kernel's work when a reader moves a slider, up to the messages for the browser."""
    digits = load_digits()
    model, _ = load_shipped("dense_2d")
    codes = encode_dataset(model.encode, digits.test_images)
    use_series_style()
    session = Session(key=b"key")
    with packed_messages(session):
        explorer = LatentExplorer(model, codes, digits.test_labels, digits.test_images)

    def move_explorer(move: tuple[int, Tensor]) -> None:
        number, z = move
        value = z[number].item()
        explorer.sliders[number].set_state({"value": value})  # as the browser's message does

    def redraw_figure(move: tuple[int, Tensor]) -> None:
        image = decode_points(model.decode, move[1])[0]
        fig, ax = plt.subplots()
        draw_image(image, ax)
        png = print_figure(fig, base64=True)  # what the inline back end does
        plt.close(fig)
        session.serialize(session.msg("display_data", {"data": {"image/png": png}}))

    points = sample_uniform(explorer.low, explorer.high, n_moves + N_WARM_UP)
    moves = [(index % 2, z) for index, z in enumerate(points)]
    tasks = {"LatentExplorer": move_explorer, "interact, a new figure": redraw_figure}
    times = time_in_turns(tasks, moves)
    settings = f"{n_moves} random moves; {digits}; dense_2d"
    return format_table("kernel time a slider move", settings, times)


BENCHES: dict[str, Callable[[], str]] = {"explorer": bench_explorer}


def time_in_turns(tasks: Mapping[str, Callable[[Any], None]], inputs: Sequence[Any]) -> Times:
    """Give each input to every task in turn; the warm-up is left out of the times."""
    times: Times = {name: [] for name in tasks}
    for item in inputs:
        for name, task in tasks.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            task(item)
            times[name].append((time.perf_counter() - start, time.process_time() - start_cpu))
    return {name: pairs[N_WARM_UP:] for name, pairs in times.items()}


def format_table(title: str, settings: str, times: Times) -> str:
    """A line for each task: median and 95th percentile, the processor's share, the ratio.

    The ratio is that of the medians, to the first task's.
    """
    head = f"{'milliseconds':26}{'median':>9}{'p95':>9}{'CPU':>9}{'ratio':>8}"
    lines = [f"{title} ({settings})", head]
    medians = []
    for name, pairs in times.items():
        wall, cpu = zip(*pairs, strict=True)
        medians.append(statistics.median(wall))
        numbers = (medians[-1], statistics.quantiles(wall, n=20)[-1], statistics.median(cpu))
        columns = "".join(f"{1_000 * seconds:9.2f}" for seconds in numbers)
        lines.append(f"{name:26}{columns}{medians[-1] / medians[0]:8.1f}")
    return "\n".join(lines)


@contextmanager
def packed_messages(session: Session) -> Iterator[None]:
    """Let widgets made in this block pack their messages as in a kernel, and send them nowhere."""

    class PackingComm(BaseComm):
        def publish_msg(
            self, msg_type: str, data: Any = None, metadata: Any = None, *args: Any, **keys: Any
        ) -> None:
            content = {"data": data, "comm_id": self.comm_id}
            session.serialize(session.msg(msg_type, content, metadata=metadata))

    create_comm = comm.create_comm
    comm.create_comm = PackingComm
    try:
        yield
    finally:
        comm.create_comm = create_comm


def describe_machine() -> str:
    """Processor, Python and the packages that matter here."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{processor}, {os.cpu_count()} cores{load}; {platform.system()}\n"
        f"Python {platform.python_version()}, {packages}; {torch.get_num_threads()} thread(s)"
    )


def main() -> None:
    """Measure what the command names."""
    parser = argparse.ArgumentParser(description="Measure how fast the series is here.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    names = parser.parse_args().names
    if unknown := set(names) - set(BENCHES):
        parser.error(f"nothing to measure is called {', '.join(sorted(unknown))}; see --help")
    torch.set_num_threads(1)
    print(describe_machine())
    for name in names or BENCHES:
        print(f"\n{BENCHES[name]()}")


if __name__ == "__main__":
    main()
