"""The measurements: what they compare, and how they say it; not how fast this machine is."""

import re
from functools import partial
from typing import Any

import comm
import matplotlib.pyplot as plt
import psutil
import pytest
import torch
from jupyter_client.session import Session
from torch import Tensor, nn

from ae_utils.data import load_digits
from ae_utils.images import to_float
from ae_utils.losses import evaluate
from ae_utils.training import Settings
from tools.measure.bench import __main__ as command
from tools.measure.bench import busy, imports, loops, quality, slider
from tools.measure.bench.machine import describe_machine
from tools.measure.bench.report import Result, median_and_range

pytestmark = pytest.mark.usefixtures("one_thread", "few_digits")


@pytest.fixture
def few_digits(monkeypatch) -> None:
    """Measure on the embedded digits, which load fast."""
    monkeypatch.setenv("AE_DATA", "digits")


def test_result_is_a_table_in_aligned_markdown_with_medians_and_ranges() -> None:
    rows = [["one", median_and_range([0.25], "{:.2f}")], ["another", median_and_range([3, 1, 10])]]
    assert Result("Speed", "as set", ["name", "ms"], rows, {}, "").to_markdown().splitlines() == [
        "## Speed",
        "",
        "as set.",
        "",
        "| name    |                ms |",
        "| ------- | ----------------: |",
        "| one     |              0.25 |",
        "| another | 3.0 (1.0 to 10.0) |",
    ]


def test_measurements_asked_for_are_written_and_drawn(monkeypatch, tmp_path, capsys) -> None:
    results = {name: Result(name, "", ["ms"], [["1"]], {name: 1.0}, "ms") for name in "ABC"}
    benches = {name: partial(results.get, name) for name in results}
    monkeypatch.setattr(command, "BENCHES", benches)
    with pytest.raises(SystemExit):
        command.main(["D"], tmp_path)
    assert list(tmp_path.iterdir()) == []
    with plt.rc_context():
        command.main(["B", "A"], tmp_path)
        panels = plt.gcf().axes
    assert [ax.get_title(loc="left") for ax in panels] == ["B", "A"]
    text, printed = (tmp_path / "bench.md").read_text(), capsys.readouterr().out
    assert re.findall("^## (.)", text, re.MULTILINE) == ["B", "A"]
    assert describe_machine().splitlines()[1] in text
    assert ("no GPU used" in text) == (not torch.cuda.is_available())
    assert results["A"].to_markdown() in text and results["A"].to_markdown() in printed
    assert (tmp_path / "bench.png").stat().st_size > 1_000
    plt.close("all")


@pytest.mark.parametrize("loop", loops.LOOPS)
def test_each_loop_takes_its_steps_on_the_images_of_the_series(loop: str) -> None:
    digits = load_digits()
    model = loops.NETWORKS["784-2 linear"]()
    batches = []

    def note(encoder: nn.Module, inputs: tuple[Tensor], codes: Tensor) -> None:
        if encoder.training:
            assert torch.get_num_threads() == 2
            batches.extend(inputs)

    before = evaluate(model, digits.test_images)
    model.encoder.register_forward_hook(note)
    case = loops.Case(loop, 2, 64)
    assert loops.time_training(lambda: model, digits, 30, case) > 0  # an epoch and a half
    assert torch.get_num_threads() == 1
    assert len(batches) == 30
    known = {x.numpy().tobytes() for x in to_float(digits.train_images)}
    assert {x.numpy().tobytes() for x in torch.cat(batches)} <= known
    assert evaluate(model, digits.test_images) < before


def test_loops_are_timed_in_turns_and_compared_run_by_run(monkeypatch) -> None:
    tutorials, workers = loops.COMPARED_WITH
    turn = [tutorials, workers, loops.Case("series", 1, 64), loops.Case("series", 2, 256)]
    seconds = iter([9.0] * 4 + [1.0, 2.0, 1.0, 1.0] + [1.0, 2.0, 0.5, 4.0])  # the warm-up first
    calls = []
    monkeypatch.setattr(loops, "CASES", turn)
    monkeypatch.setattr(loops, "peak_memory", lambda *case: 5e8)
    monkeypatch.setattr(loops, "time_training", lambda *a: calls.append(a[-1]) or next(seconds))
    rows = loops.bench_loops("784-2 linear", n_steps=10, n_repetitions=2).rows
    assert calls == turn * 3
    assert [row[:3] for row in rows] == [[*map(str, case)] for case in turn]
    assert [row[3:] for row in rows[2:]] == [
        ["960 (640 to 1,280)", "1.5 (1.0 to 2.0)", "3.0 (2.0 to 4.0)", "500"],
        ["1,600 (640 to 2,560)", "2.5 (1.0 to 4.0)", "5.0 (2.0 to 8.0)", "500"],
    ]


def test_every_network_is_measured_with_the_notebooks_threads_and_batch_size_too() -> None:
    measured = [bench.args for bench in command.BENCHES.values() if isinstance(bench, partial)]
    assert measured == [(network,) for network in loops.NETWORKS]
    own = loops.Case("series", 1, Settings(1).batch_size)
    assert own in loops.CASES
    assert 1e8 < loops.peak_memory("784-2 linear", own) < 2e9


def test_each_run_alone_is_followed_by_one_beside_a_busy_program(monkeypatch) -> None:
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


def test_error_is_measured_over_seeds_and_on_all_cores_for_the_wide_model(monkeypatch) -> None:
    result = quality.bench_2d([Settings(2, 32), Settings(30, 32)], n_seeds=2)
    assert [row[0] for row in result.rows] == ["2", "30"]
    short, longer = result.bars.values()
    assert longer < short
    for part in ("2 seed(s)", "Embedded digits", "1 thread(s)"):
        assert part in result.settings
    monkeypatch.setattr(quality, "ALL_CORES", 2)
    assert "2 thread(s)" in quality.bench_30d([Settings(1, 8)]).settings
    assert torch.get_num_threads() == 1


def test_moves_take_turns_and_give_median_percentile_and_ratio() -> None:
    calls: list[tuple[str, int]] = []
    tasks = {name: lambda n, name=name: calls.append((name, n)) for name in "ab"}
    times = slider.time_in_turns(tasks, range(slider.N_WARM_UP + 2))
    assert calls[:4] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert [len(pairs) for pairs in times.values()] == [2, 2]  # without the warm-up
    one, other = [(0.001 * n, 0.001) for n in range(1, 102)], [(0.102, 0.05)] * 101
    assert slider.make_result({"one": one, "other": other}, "as set").rows == [
        ["one", "51.00", "96.90", "1.00", "1.0"],
        ["other", "102.00", "102.00", "50.00", "2.0"],
    ]


def test_slider_is_measured_with_its_messages(monkeypatch) -> None:
    packed: list[int] = []
    serialize, create_comm = Session.serialize, comm.create_comm

    def note(session: Session, message: dict) -> list[bytes]:
        parts = serialize(session, message)
        packed.append(sum(map(len, parts)))
        return parts

    monkeypatch.setattr(Session, "serialize", note)
    result = slider.bench_slider(n_moves=3)
    assert comm.create_comm is create_comm
    assert plt.get_fignums() == []
    assert max(packed) > 50_000  # the map, when the explorer is made
    assert len(packed) > 3 * (slider.N_WARM_UP + 3)
    assert "3 random moves; Embedded digits" in result.settings


def test_imports_of_every_module_are_timed_beyond_pytorch(monkeypatch) -> None:
    assert len(imports.MODULES) == len([*imports.ROOT.glob("ae_utils/*.py")]) - 1  # no __init__
    monkeypatch.setattr(imports, "MODULES", ["ae_utils.plots"])
    [(name, seconds, brings)] = imports.bench_imports(n_repetitions=1).rows
    assert (name, brings) == ("ae_utils.plots", "matplotlib")
    assert re.fullmatch(r"\d+\.\d{3}", seconds)
