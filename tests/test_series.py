"""`make run`, `make notebooks` and `make memory`, on a series of notebooks that take no time."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import notebooks, processes
from tools.commands import write_whole
from tools.measure import memory
from tools.publish import series as command

ROOT = Path(__file__).parents[1]
MNIST = 'print("MNIST: 60,000 training and 10,000 test images")'
EMBEDDED = 'print("Embedded digits: 1,347 training and 450 test images")'
# A command in a process of its own that Ctrl-C reaches, whatever started the tests.
RUN = """import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from tools.publish.series import main
sys.exit(main(sys.argv[2:], pathlib.Path(sys.argv[1])))"""


@pytest.fixture(scope="module")
def make_series(tmp_path_factory):
    """Return a function that writes a series of two notebooks and returns its root folder."""

    def make(data: str = MNIST, first: str = "1", second: str = "1 + 1") -> Path:
        root = tmp_path_factory.mktemp("series")
        (root / "notebooks" / "solutions").mkdir(parents=True)
        codes = {"01_first": [data, first], "02_second": [data, second]}
        for name, code in (codes | {"solutions/01_first_solutions": ["1"]}).items():
            cells = [new_markdown_cell("# Title\nWhat?"), *map(new_code_cell, code)]
            cells[-1].metadata = {"slideshow": {"slide_type": "subslide"}}
            nbformat.write(new_notebook(cells=cells), root / "notebooks" / f"{name}.ipynb")
        return root

    return make


@pytest.fixture(scope="module")
def series(make_series) -> Path:
    """A series that has been run once, with what an earlier run could leave behind."""
    root = make_series()
    for left in ("build/html/00_renamed.html", "build/notebooks/00_renamed.ipynb"):
        (root / left).parent.mkdir(parents=True, exist_ok=True)
        (root / left).write_text("from an earlier run")
    assert command.main([], root) == 0
    return root


def source_bytes(root: Path) -> dict[str, bytes]:
    """Return the notebooks' files as they are now."""
    return {path.name: path.read_bytes() for path in (root / "notebooks").glob("*.ipynb")}


def run_second(make_series, code: str) -> nbformat.NotebookNode:
    """Return the second notebook, executed with some code in its last cell."""
    root = make_series(second=code)
    assert command.main(["02_second"], root) == 0
    return nbformat.read(root / "build" / "notebooks" / "02_second.ipynb", as_version=4)


@contextmanager
def started(root: Path, *arguments: str) -> Iterator[subprocess.Popen]:
    """Run the command in a process of its own inside the block."""
    line = [sys.executable, "-c", RUN, str(root), *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        yield process
        process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does, a minute at most."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


# What a run says and leaves.


def test_run_reports_each_notebook_then_data_and_place(make_series, capsys):
    root = make_series()
    assert command.main(["--jobs", "1"], root) == 0
    start, *lines, _, data, look, executed = capsys.readouterr().out.splitlines()
    assert start == "Notebooks to execute: 3, the last first; at a time: 1"
    line = r"executed in \d+ s, peak memory (\d+) MB"
    for name, found in zip(["02_second", "01_first_solutions", "01_first"], lines, strict=True):
        assert 20 < int(re.fullmatch(rf"{name:<18}  {line}", found)[1]) < 900
    assert data == "Data used: MNIST: 60,000 training and 10,000 test images"
    assert look == f"Look at {root / 'build' / 'html' / 'index.html'}"
    assert executed == f"Executed notebooks: {root / 'build' / 'notebooks'}"


def test_run_leaves_only_its_own_files(series):
    stems = ["01_first", "01_first_solutions", "02_second"]
    pages = sorted(path.name for path in (series / "build" / "html").iterdir())
    assert pages == [*(f"{stem}.html" for stem in stems), "index.html"]
    executed = sorted(path.name for path in (series / "build" / "notebooks").iterdir())
    assert executed == [f"{stem}.ipynb" for stem in stems]


def test_executed_notebook_has_outputs_and_the_source_has_none(series):
    outputs = [
        nbformat.read(series / place / "02_second.ipynb", as_version=4).cells[2].outputs
        for place in ("build/notebooks", "notebooks")
    ]
    assert outputs[0][0].data["text/plain"] == "2"
    assert outputs[1] == []


def test_only_the_named_notebooks_run(make_series, capsys):
    root = make_series()
    assert command.main(["01*s"], root) == 0
    assert "02_second" not in capsys.readouterr().out
    pages = {path.name for path in (root / "build" / "html").iterdir()}
    assert pages == {"index.html", "01_first_solutions.html"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["03_third"],
            "No such notebook: 03_third. The series has: 01_first, 01_first_solutions, 02_second.",
        ),
        (["--jobs", "0"], "--jobs must be 1 or more, not 0"),
    ],
)
def test_what_cannot_be_run_is_refused(make_series, capsys, arguments, reason):
    try:
        assert command.main(arguments, make_series()) == 1
    except SystemExit as end:
        assert end.code == 2
    assert reason in capsys.readouterr().err.splitlines()[-1]


def test_live_widgets_become_a_note_and_leave_no_state(make_series):
    executed = run_second(make_series, "import ipywidgets\nipywidgets.FloatSlider()")
    assert executed.cells[2].outputs[0].data == {"text/plain": notebooks.WIDGET_NOTE}
    assert "widgets" not in executed.metadata


def test_progress_bars_leave_nothing(make_series):
    code = """import tqdm.notebook
from tqdm.auto import trange
for _ in tqdm.tqdm(trange(3, desc="loss 0.1")): pass
for _ in tqdm.notebook.tqdm(x for x in "ab"): pass"""
    assert run_second(make_series, code).cells[2].outputs == []


def test_kernel_is_this_python_whatever_kernels_the_user_has(make_series, monkeypatch, tmp_path):
    stale = tmp_path / "kernels" / "python3" / "kernel.json"
    stale.parent.mkdir(parents=True)
    stale.write_text('{"argv": ["/no/such/python"], "display_name": "", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    executed = run_second(make_series, "import sys\nprint(sys.executable)")
    assert executed.cells[2].outputs[0].text.strip() == sys.executable


# The end before the end.


def test_failing_cell_stops_the_others_and_is_named(make_series, capsys):
    code = "print('before')\nraise ValueError('no such digit')"
    root = make_series(second=code, first="import time\ntime.sleep(100)")
    begin = time.monotonic()
    assert command.main(["--jobs", "3"], root) == 1
    assert time.monotonic() - begin < 60
    partial = root / "build" / "notebooks" / "02_second.ipynb"
    assert capsys.readouterr().err == (
        f"02_second failed in cell [2]: ValueError: no such digit\nSee {partial}\n"
    )
    outputs = nbformat.read(partial, as_version=4).cells[2].outputs
    assert [output.output_type for output in outputs] == ["stream", "error"]
    assert not (root / "build" / "html" / "index.html").exists()


def test_killed_kernel_is_a_failure_too(make_series, capsys):
    root = make_series(second="import os\nos._exit(1)")
    assert command.main(["02_second"], root) == 1
    assert "02_second failed in cell [2]: DeadKernelError" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="sends no such signal")
def test_ctrl_c_ends_all_in_a_line_that_names_the_cells_and_leaves_no_kernel(make_series, tmp_path):
    code = f"import os, time\nopen(f'{tmp_path}/{{os.getpid()}}', 'x').close()\ntime.sleep(100)"
    with started(
        make_series(first=code, second=code), "01_first", "02_second", "--jobs=2"
    ) as process:
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "Interrupted in 01_first cell [2], 02_second cell [2]\n"
    assert len(output.splitlines()) == 1
    assert not [path for path in tmp_path.iterdir() if psutil.pid_exists(int(path.name))]


# Side by side.


def test_notebooks_run_at_the_same_time(make_series, tmp_path):
    code = f"import os, pathlib, time\nfolder = pathlib.Path({str(tmp_path)!r})\n"
    code += "(folder / str(os.getpid())).touch()\n"
    code += "while len(list(folder.iterdir())) < 2: time.sleep(0.1)"
    assert command.main(["--jobs", "3"], make_series(first=code, second=code)) == 0


def test_one_job_is_one_notebook_at_a_time(make_series, tmp_path):
    code = f"import pathlib, time\nbusy = pathlib.Path({str(tmp_path / 'busy')!r})\n"
    code += "busy.touch(exist_ok=False)\ntime.sleep(1)\nbusy.unlink()"
    assert command.main(["--jobs", "1"], make_series(first=code, second=code)) == 0


def test_a_second_run_takes_nothing_from_the_first(make_series, tmp_path):
    code = f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'go')!r}).exists(): "
    root = make_series(first=code + "time.sleep(0.1)")
    executed, pages = root / "build" / "notebooks", root / "build" / "html"
    with started(root, "--jobs", "1") as first:
        wait_until((executed / "02_second.ipynb").exists)
        assert command.main(["01_first_solutions"], root) == 0
        (tmp_path / "go").touch()
        assert first.wait(timeout=60) == 0
    assert len(list(executed.iterdir())) == 3
    assert len(list(pages.iterdir())) == 4
    assert "02_second.html" in (pages / "index.html").read_text()
    assert command.main(["01_first_solutions"], root) == 0
    assert len(list(pages.iterdir())) == 4


@pytest.mark.parametrize(
    ("cores", "budgets", "jobs"), [(4, 9, 4), (4, 2.9, 2), (4, 0.5, 1), (1, 9, 1)]
)
def test_as_many_notebooks_run_as_cores_and_memory_allow(cores, budgets, jobs):
    assert processes.count_jobs(cores, budgets * processes.BUDGET) == jobs


def test_cores_and_memory_are_those_that_this_process_may_use(monkeypatch, tmp_path):
    free = processes.free_memory()
    assert 0 < free < psutil.virtual_memory().total
    for limit, most in (("max\n", 2 * free), ("1000000\n", 1_000_000)):
        (tmp_path / "limit").write_text(limit)
        monkeypatch.setattr(processes, "CONTAINER_LIMIT", tmp_path / "limit")
        assert 0 < processes.free_memory() <= most
    if hasattr(os, "sched_setaffinity"):
        code = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        code += "from tools.processes import usable_cores\nprint(usable_cores())"
        assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT).strip() == b"1"


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path):
    write_whole(tmp_path / "a" / "page.html", "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "a" / "page.html", "new \ud800")
    (path,) = (tmp_path / "a").iterdir()
    assert path.read_text() == "old"


# Outputs saved into the notebooks.


def test_inplace_saves_outputs_and_a_second_run_changes_nothing(make_series):
    root = make_series()
    assert command.main(["--inplace"], root) == 0
    saved = source_bytes(root)
    notebook = nbformat.reads(saved["01_first.ipynb"].decode(), as_version=4)
    assert [cell.get("execution_count") for cell in notebook.cells] == [None, 1, 2]
    assert notebook.cells[2].metadata.slideshow == {"slide_type": "subslide"}
    assert notebook.metadata.kernelspec == notebooks.KERNELSPEC
    assert "version" not in notebook.metadata.language_info
    assert command.main(["--inplace"], root) == 0
    assert source_bytes(root) == saved


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"data": EMBEDDED}, "used the embedded digits"),
        ({"second": "import sys\nprint('!', file=sys.stderr)"}, "02_second wrote to stderr in"),
        ({"second": "1 / 0"}, "02_second failed in cell [2]: ZeroDivisionError"),
    ],
)
def test_inplace_refuses_and_leaves_every_notebook_as_it_was(make_series, capsys, cells, reason):
    root = make_series(**cells)
    before = source_bytes(root)
    assert command.main(["--inplace"], root) == 1
    assert reason in capsys.readouterr().err
    assert source_bytes(root) == before


# Peak memory.


def test_notebooks_over_the_budget_of_memory_are_named(make_series, capsys):
    root = make_series(second="x = b'1' * 400_000_000\ndel x")
    assert memory.main([], root, 400e6) == 1
    output = capsys.readouterr()
    megabytes = {line.split()[0]: int(line.split()[1]) for line in output.out.splitlines()}
    assert megabytes.keys() == {"01_first", "01_first_solutions", "02_second"}
    assert 20 < megabytes["01_first"] < 400 < megabytes["02_second"] < 800
    assert output.err == "Over the budget of 400 MB: 02_second\n"
    assert memory.main(["01_first"], root, 400e6) == 0


def test_a_failing_notebook_fails_the_measurement(make_series, capsys):
    assert memory.main(["02_second"], make_series(second="1 / 0")) == 1
    assert "02_second failed in cell [2]: ZeroDivisionError" in capsys.readouterr().err
