"""The measurements: what they compare, and how they say it; not how fast this machine is."""

import re
import subprocess
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import comm
import matplotlib.pyplot as plt
import pytest
import torch
from jupyter_client.session import Session
from matplotlib.figure import Figure
from torch import Tensor, nn

from ae_utils.data import Digits, load_digits, to_float
from ae_utils.models import Autoencoder
from ae_utils.training import Settings, evaluate
from tools.bench import __main__ as command
from tools.bench import busy, imports, loops, quality, slider
from tools.bench.machine import describe_machine
from tools.bench.report import Result, median_and_range

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def few_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure on the embedded digits, which load fast."""
    monkeypatch.setenv("AE_DATA", "digits")


def example(title: str = "Speed") -> Result:
    rows = [["one", "1.0"], ["another", "12.0"]]
    bars = {"one": 1.0, "another": 12.0}
    return Result(title, "as set", ["name", "ms"], rows, bars, "milliseconds")


# What is said, and where.


def test_table_is_aligned_markdown() -> None:
    assert example().to_markdown().splitlines() == [
        "## Speed",
        "",
        "as set.",
        "",
        "| name    |   ms |",
        "| ------- | ---: |",
        "| one     |  1.0 |",
        "| another | 12.0 |",
    ]


def test_spread_is_median_and_range() -> None:
    assert median_and_range([3, 1, 10]) == "3.0 (1.0 to 10.0)"
    assert median_and_range([0.25], "{:.2f}") == "0.25"


def test_command_writes_the_tables_and_one_panel_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "BENCHES", {"a": lambda: example("A"), "b": lambda: example("B")})
    figures = []

    def draw_and_keep(*arguments: Any) -> Figure:
        figures.append(draw_results(*arguments))
        return figures[-1]

    draw_results = command.draw_results
    monkeypatch.setattr(command, "draw_results", draw_and_keep)
    n_threads = torch.get_num_threads()
    with plt.rc_context():
        command.main(["b", "a"], tmp_path)
    torch.set_num_threads(n_threads)
    text = (tmp_path / "bench.md").read_text()
    assert text.index("## B") < text.index("## A")
    assert describe_machine().splitlines()[1] in text
    assert example("A").to_markdown() in text
    assert example("A").to_markdown() in capsys.readouterr().out
    assert [ax.get_title(loc="left") for ax in figures[0].axes] == ["B", "A"]
    assert (tmp_path / "bench.png").stat().st_size > 1_000
    plt.close(figures[0])


def test_an_unknown_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["nothing"], tmp_path)
    assert "nothing" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_machine_is_described_with_the_device() -> None:
    text = describe_machine()
    assert "cores" in text and "ipywidgets" in text and "torch" in text
    assert ("no GPU used" in text) == (not torch.cuda.is_available())


# The training loops.


@pytest.mark.parametrize("loop", loops.LOOPS)
def test_each_loop_takes_its_steps_on_the_images_of_the_series(few_digits: None, loop: str) -> None:
    digits = load_digits()
    model = loops.NETWORKS["784-2 linear"]()
    batches = []

    def note(encoder: nn.Module, inputs: tuple[Tensor], codes: Tensor) -> None:
        if encoder.training:
            batches.extend(inputs)

    before = evaluate(model, digits.test_images)
    handle = model.encoder.register_forward_hook(note)
    loops.LOOPS[loop](model, digits, Settings(30, 64))  # an epoch and a half
    handle.remove()
    assert len(batches) == 30
    known = {x.numpy().tobytes() for x in to_float(digits.train_images)}
    assert {x.numpy().tobytes() for x in torch.cat(batches)} <= known
    assert evaluate(model, digits.test_images) < before


def test_loops_are_timed_in_turns_and_compared_run_by_run(
    few_digits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def note(name: str, model: Autoencoder, digits: Digits, settings: Settings) -> None:
        calls.append(loops.Case(name, torch.get_num_threads(), settings.batch_size))

    for name in loops.LOOPS:
        monkeypatch.setitem(loops.LOOPS, name, partial(note, name))
    tutorials, workers = (loops.Case(name, 2, 64) for name in ("tutorials", "tutorials, 2 workers"))
    turn = [tutorials, workers, loops.Case("series", 1, 64), loops.Case("series", 2, 256)]
    monkeypatch.setattr(loops, "CASES", turn)
    monkeypatch.setattr(loops, "COMPARED_WITH", turn[:2])
    monkeypatch.setattr(loops, "peak_memory", lambda *case: 5e8)
    clock = count()
    monkeypatch.setattr(loops.time, "perf_counter", lambda: next(clock))  # each run takes a second
    result = loops.bench_loops("784-2 linear", n_steps=10, n_repetitions=2)
    assert calls == turn * 3
    assert torch.get_num_threads() == 1
    speeds = ["640 (640 to 640)"] * 3 + ["2,560 (2,560 to 2,560)"]
    ratios = ["1.0 (1.0 to 1.0)"] * 3 + ["4.0 (4.0 to 4.0)"]
    assert result.rows == [
        [*map(str, case), speed, ratio, ratio, "500"]
        for case, speed, ratio in zip(turn, speeds, ratios, strict=True)
    ]


def test_every_network_is_measured() -> None:
    measured = [bench.args for bench in command.BENCHES.values() if isinstance(bench, partial)]
    assert measured == [(network,) for network in loops.NETWORKS]


def test_the_notebooks_threads_and_batch_size_are_among_the_cases() -> None:
    assert loops.Case("series", 1, Settings(1).batch_size) in loops.CASES


def test_peak_memory_is_that_of_a_process_of_its_own(few_digits: None) -> None:
    assert 1e8 < loops.peak_memory("784-2 linear", loops.Case("series", 1, 64)) < 2e9


# Beside a busy program.


def test_each_run_alone_is_followed_by_one_beside_a_busy_program(
    few_digits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs: list[subprocess.Popen] = []
    seconds = {True: iter([6.0, 4.0]), False: iter([99.0, 3.0, 1.0])}  # beside, alone

    class Noted(subprocess.Popen):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            programs.append(self)

    def is_beside() -> bool:
        return any(program.poll() is None for program in programs)

    monkeypatch.setattr(busy.subprocess, "Popen", Noted)
    monkeypatch.setattr(busy, "ALL_CORES", 1)
    monkeypatch.setattr(busy, "time_training", lambda *_: next(seconds[is_beside()]))
    result = busy.bench_busy(n_steps=1, n_repetitions=2)
    assert result.rows == [["1", "2.0 (1.0 to 3.0)", "5.0 (4.0 to 6.0)", "3.0 (2.0 to 4.0)"]]
    assert result.bars == {"1 thread(s)": 3.0}
    assert len(programs) == 2 and not is_beside()


# Time and error.


def test_error_reached_is_measured_over_seeds(few_digits: None) -> None:
    trainings = [Settings(2, 32), Settings(30, 32)]
    result = quality.bench_2d(trainings, n_seeds=2)
    assert [row[0] for row in result.rows] == ["2", "30"]
    short, longer = result.bars.values()
    assert longer < short
    assert "2 seed(s)" in result.settings and "Embedded digits" in result.settings
    assert "1 thread(s)" in result.settings


def test_the_wide_model_uses_all_cores_and_gives_them_back(
    few_digits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "ALL_CORES", 2)
    result = quality.bench_30d([Settings(1, 8)])
    assert "2 thread(s)" in result.settings
    assert torch.get_num_threads() == 1


# A slider's move.


def test_slider_table_has_median_percentile_and_ratio() -> None:
    times = {
        "one": [(0.001 * n, 0.001) for n in range(1, 102)],
        "other": [(0.102, 0.05)] * 101,
    }
    result = slider.make_result(times, "as set")
    assert result.rows == [
        ["one", "51.00", "96.90", "1.00", "1.0"],
        ["other", "102.00", "102.00", "50.00", "2.0"],
    ]


def test_tasks_take_turns_and_the_warm_up_does_not_count() -> None:
    calls: list[tuple[str, int]] = []
    tasks = {"a": lambda n: calls.append(("a", n)), "b": lambda n: calls.append(("b", n))}
    times = slider.time_in_turns(tasks, range(slider.N_WARM_UP + 2))
    assert calls[:4] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert [len(pairs) for pairs in times.values()] == [2, 2]
    assert all(wall >= 0 and cpu >= 0 for pairs in times.values() for wall, cpu in pairs)


def test_slider_is_measured_with_its_messages(
    few_digits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[int] = []
    serialize = Session.serialize

    def count(session: Session, message: dict) -> list[bytes]:
        parts = serialize(session, message)
        packed.append(sum(map(len, parts)))
        return parts

    monkeypatch.setattr(Session, "serialize", count)
    create_comm = comm.create_comm
    result = slider.bench_slider(n_moves=3)
    assert comm.create_comm is create_comm
    assert plt.get_fignums() == []
    assert max(packed) > 50_000  # the map, when the explorer is made
    assert len(packed) > 3 * (slider.N_WARM_UP + 3)
    assert "3 random moves; Embedded digits" in result.settings


# Imports.


def test_imports_are_timed_beyond_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MODULES", ["ae_utils.plots"])
    result = imports.bench_imports(n_repetitions=1)
    [(name, seconds, brings)] = result.rows
    assert (name, brings) == ("ae_utils.plots", "matplotlib")
    assert re.fullmatch(r"\d+\.\d{3}", seconds)


def test_every_module_is_timed() -> None:
    folder = Path(imports.ROOT, "ae_utils")
    assert len(imports.MODULES) == len(list(folder.glob("*.py"))) - 1  # without __init__
