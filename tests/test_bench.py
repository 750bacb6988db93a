"""The measurements: what they compare, and how they say it; not how fast this machine is."""

import re
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import comm
import matplotlib.pyplot as plt
import psutil
import pytest
import torch
from jupyter_client.session import Session
from torch import Tensor, nn

from ae_utils.data import Digits, load_digits, to_float
from ae_utils.models import Autoencoder
from ae_utils.training import Settings, evaluate
from tools.measure.bench import __main__ as command
from tools.measure.bench import busy, imports, loops, quality, slider
from tools.measure.bench.machine import describe_machine
from tools.measure.bench.report import Result, median_and_range

pytestmark = pytest.mark.usefixtures("one_thread", "few_digits")


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


def test_command_writes_the_tables_asked_for_and_a_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    benches = {name: partial(example, name) for name in "ABC"}
    monkeypatch.setattr(command, "BENCHES", benches)
    with pytest.raises(SystemExit):
        command.main(["D"], tmp_path)
    assert list(tmp_path.iterdir()) == []
    with plt.rc_context():
        command.main(["B", "A"], tmp_path)
    text = (tmp_path / "bench.md").read_text()
    assert re.findall(r"^## (\w+)", text, re.MULTILINE) == ["B", "A"]
    assert describe_machine().splitlines()[1] in text
    assert example("A").to_markdown() in text
    assert example("A").to_markdown() in capsys.readouterr().out
    assert (tmp_path / "bench.png").stat().st_size > 1_000
    plt.close("all")


def test_picture_has_a_panel_a_result() -> None:
    fig = command.draw_results([example("B"), example("A")], "here")
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["B", "A"]
    plt.close(fig)


def test_machine_is_described_with_the_device() -> None:
    text = describe_machine()
    assert "cores" in text and "ipywidgets" in text and "torch" in text
    assert ("no GPU used" in text) == (not torch.cuda.is_available())


# The training loops.


@pytest.mark.parametrize("loop", loops.LOOPS)
def test_each_loop_takes_its_steps_on_the_images_of_the_series(loop: str) -> None:
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


def test_loops_are_timed_in_turns_and_compared_run_by_run(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def note(name: str, model: Autoencoder, digits: Digits, settings: Settings) -> None:
        calls.append(loops.Case(name, torch.get_num_threads(), settings.batch_size))

    monkeypatch.setattr(loops, "LOOPS", {name: partial(note, name) for name in loops.LOOPS})
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
    same, four = "1.0 (1.0 to 1.0)", "4.0 (4.0 to 4.0)"
    found = [("640 (640 to 640)", same)] * 3 + [("2,560 (2,560 to 2,560)", four)]
    assert result.rows == [
        [*map(str, case), speed, ratio, ratio, "500"]
        for case, (speed, ratio) in zip(turn, found, strict=True)
    ]


def test_every_network_is_measured_with_the_notebooks_threads_and_batch_size_too() -> None:
    measured = [bench.args for bench in command.BENCHES.values() if isinstance(bench, partial)]
    assert measured == [(network,) for network in loops.NETWORKS]
    assert loops.Case("series", 1, Settings(1).batch_size) in loops.CASES


def test_peak_memory_is_that_of_a_process_of_its_own() -> None:
    assert 1e8 < loops.peak_memory("784-2 linear", loops.Case("series", 1, 64)) < 2e9


def test_each_run_alone_is_followed_by_one_beside_a_busy_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = {1: iter([6.0, 4.0]), 0: iter([99.0, 3.0, 1.0])}  # beside, alone
    before = set(psutil.Process().children())

    def time_training(*_: Any) -> float:
        return next(seconds[len(set(psutil.Process().children()) - before)])

    monkeypatch.setattr(busy, "ALL_CORES", 1)
    monkeypatch.setattr(busy, "time_training", time_training)
    result = busy.bench_busy(n_steps=1, n_repetitions=2)
    assert result.rows == [["1", "2.0 (1.0 to 3.0)", "5.0 (4.0 to 6.0)", "3.0 (2.0 to 4.0)"]]
    assert result.bars == {"1 thread(s)": 3.0}
    assert set(psutil.Process().children()) <= before


# Time and error.


def test_error_reached_is_measured_over_seeds() -> None:
    trainings = [Settings(2, 32), Settings(30, 32)]
    result = quality.bench_2d(trainings, n_seeds=2)
    assert [row[0] for row in result.rows] == ["2", "30"]
    short, longer = result.bars.values()
    assert longer < short
    for part in ("2 seed(s)", "Embedded digits", "1 thread(s)"):
        assert part in result.settings


def test_the_wide_model_uses_all_cores_and_gives_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "ALL_CORES", 2)
    assert "2 thread(s)" in quality.bench_30d([Settings(1, 8)]).settings
    assert torch.get_num_threads() == 1


# A slider's move.


def test_slider_table_has_median_percentile_and_ratio() -> None:
    one, other = [(0.001 * n, 0.001) for n in range(1, 102)], [(0.102, 0.05)] * 101
    assert slider.make_result({"one": one, "other": other}, "as set").rows == [
        ["one", "51.00", "96.90", "1.00", "1.0"],
        ["other", "102.00", "102.00", "50.00", "2.0"],
    ]


def test_tasks_take_turns_and_the_warm_up_does_not_count() -> None:
    calls: list[tuple[str, int]] = []
    tasks = {name: lambda n, name=name: calls.append((name, n)) for name in "ab"}
    times = slider.time_in_turns(tasks, range(slider.N_WARM_UP + 2))
    assert calls[:4] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert [len(pairs) for pairs in times.values()] == [2, 2]


def test_slider_is_measured_with_its_messages(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_imports_of_every_module_are_timed_beyond_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(imports.MODULES) == len([*imports.ROOT.glob("ae_utils/*.py")]) - 1  # no __init__
    monkeypatch.setattr(imports, "MODULES", ["ae_utils.plots"])
    [(name, seconds, brings)] = imports.bench_imports(n_repetitions=1).rows
    assert (name, brings) == ("ae_utils.plots", "matplotlib")
    assert re.fullmatch(r"\d+\.\d{3}", seconds)
