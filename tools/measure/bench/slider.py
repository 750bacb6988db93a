"""A kernel's work when a reader moves a slider: `LatentExplorer` against `interact`."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import comm
import matplotlib.pyplot as plt
from comm.base_comm import BaseComm
from IPython.core.pylabtools import print_figure
from jupyter_client.session import Session
from torch import Tensor

from ae_utils.checkpoints import load_shipped
from ae_utils.data import load_digits
from ae_utils.explorer import LatentExplorer
from ae_utils.latent import decode_points, encode_dataset, sample_uniform
from ae_utils.plots import draw_image
from tools.measure.bench.report import Result

N_MOVES, N_WARM_UP = 200, 20

Times = dict[str, list[tuple[float, float]]]  # for each name: seconds gone by, and of processor


def bench_slider(n_moves: int = N_MOVES) -> Result:
    """The kernel's time a move, up to the messages for the browser."""
    digits = load_digits()
    model, _ = load_shipped("dense_2d")
    codes = encode_dataset(model.encode, digits.test_images)
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
    return make_result(times, f"{n_moves} random moves; {digits}; model dense_2d; one thread")


def make_result(times: Times, settings: str) -> Result:
    """Median and 95th percentile, the processor's share, and the medians' ratio to the first."""
    medians = {name: statistics.median(wall for wall, _ in pairs) for name, pairs in times.items()}
    first = next(iter(medians.values()))
    rows = []
    for name, pairs in times.items():
        wall, cpu = zip(*pairs, strict=True)
        numbers = (medians[name], statistics.quantiles(wall, n=20)[-1], statistics.median(cpu))
        columns = [f"{1_000 * seconds:.2f}" for seconds in numbers]
        rows.append([name, *columns, f"{medians[name] / first:.1f}"])
    return Result(
        "A slider's move, in the kernel",
        settings,
        ["milliseconds", "median", "95 % below", "processor", "ratio"],
        rows,
        {name: 1_000 * median for name, median in medians.items()},
        "milliseconds a move (median)",
    )


def time_in_turns(tasks: Mapping[str, Callable[[Any], None]], inputs: Sequence[Any]) -> Times:
    """Give each input to every task in turn; the warm-up is left out of the times."""
    times: Times = {name: [] for name in tasks}
    for item in inputs:
        for name, task in tasks.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            task(item)
            times[name].append((time.perf_counter() - start, time.process_time() - start_cpu))
    return {name: pairs[N_WARM_UP:] for name, pairs in times.items()}


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
