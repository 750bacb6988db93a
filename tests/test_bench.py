"""The measurements: what they compare, and how they say it; not how fast this machine is."""

import re

import comm
import matplotlib.pyplot as plt
import pytest
from jupyter_client.session import Session

from tools import bench


def test_table_has_median_percentile_and_ratio() -> None:
    times = {
        "one": [(0.001 * n, 0.001) for n in range(1, 102)],
        "other": [(0.102, 0.05)] * 101,
    }
    title, head, one, other = bench.format_table("speed", "as set", times).splitlines()
    assert title == "speed (as set)"
    assert head.split() == ["milliseconds", "median", "p95", "CPU", "ratio"]
    assert one.split() == ["one", "51.00", "96.90", "1.00", "1.0"]
    assert other.split() == ["other", "102.00", "102.00", "50.00", "2.0"]


def test_tasks_take_turns_and_the_warm_up_does_not_count() -> None:
    calls: list[tuple[str, int]] = []
    tasks = {"a": lambda n: calls.append(("a", n)), "b": lambda n: calls.append(("b", n))}
    times = bench.time_in_turns(tasks, range(bench.N_WARM_UP + 2))
    assert calls[:4] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert [len(pairs) for pairs in times.values()] == [2, 2]
    assert all(wall >= 0 and cpu >= 0 for pairs in times.values() for wall, cpu in pairs)


def test_explorer_is_measured_with_its_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AE_DATA", "digits")
    packed: list[int] = []
    serialize = Session.serialize

    def count(session: Session, message: dict) -> list[bytes]:
        parts = serialize(session, message)
        packed.append(sum(map(len, parts)))
        return parts

    monkeypatch.setattr(Session, "serialize", count)
    create_comm = comm.create_comm
    with plt.rc_context():
        table = bench.bench_explorer(n_moves=3)
    assert comm.create_comm is create_comm
    assert plt.get_fignums() == []
    assert max(packed) > 50_000  # the map, when the explorer is made
    assert len(packed) > 3 * (bench.N_WARM_UP + 3)
    assert len(re.findall(r"\d\.\d\d", table)) == 6
    assert "3 random moves; Embedded digits" in table


def test_machine_is_described() -> None:
    text = bench.describe_machine()
    assert "cores" in text and "ipywidgets" in text and "torch" in text


def test_an_unknown_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", "nothing"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "nothing" in capsys.readouterr().err
