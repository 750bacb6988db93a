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


def source_bytes(root: Path) -> dict[str, bytes]:
    """Return the notebooks' files as they are now."""
    return {path.name: path.read_bytes() for path in (root / "notebooks").glob("*.ipynb")}


def read_second(root: Path) -> nbformat.NotebookNode:
    """Return the second notebook as it was executed."""
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


def test_run_reports_notebooks_data_and_place_and_leaves_only_its_own_files(make_series, capsys):
    root = make_series()
    before, pages, executed = source_bytes(root), root / "build/html", root / "build/notebooks"
    for left in (pages / "00_renamed.html", executed / "00_renamed.ipynb"):
        write_whole(left, "from an earlier run")
    assert command.main(["--jobs", "1"], root) == 0
    first, *lines, _, data, look, place = capsys.readouterr().out.splitlines()
    assert first == "Notebooks to execute: 3, the last first; at a time: 1"
    line = r"executed in \d+ s, peak memory (\d+) MB"
    stems = ["01_first", "01_first_solutions", "02_second"]
    for name, found in zip(reversed(stems), lines, strict=True):
        assert 20 < int(re.fullmatch(rf"{name:<18}  {line}", found)[1]) < 900
    assert data == "Data used: MNIST: 60,000 training and 10,000 test images"
    assert (look, place) == (f"Look at {pages / 'index.html'}", f"Executed notebooks: {executed}")
    html = [f"{name}.html" for name in [*stems, "glossary", "index"]]
    assert sorted(path.name for path in pages.iterdir()) == sorted([*html, "book.js", "search.js"])
    assert sorted(path.name for path in executed.iterdir()) == [f"{stem}.ipynb" for stem in stems]
    assert read_second(root).cells[2].outputs[0].data["text/plain"] == "2"
    assert source_bytes(root) == before


def test_unknown_notebooks_and_no_jobs_are_refused(make_series, capsys):
    assert command.main(["03_third"], make_series()) == 1
    assert capsys.readouterr().err == (
        "No such notebook: 03_third. The series has: 01_first, 01_first_solutions, 02_second.\n"
    )
    with pytest.raises(SystemExit):
        command.main(["--jobs", "0"], make_series())


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("import ipywidgets\nipywidgets.FloatSlider()", [{"text/plain": notebooks.WIDGET_NOTE}]),
        ("from tqdm.auto import trange\nfor _ in trange(3, desc='loss 0.1'): pass", []),
        ("from tqdm import tqdm\nfor _ in tqdm(range(3)): pass", []),
        ("from tqdm.notebook import tqdm\nfor _ in tqdm(x for x in 'ab'): pass", []),
    ],
)
def test_live_widgets_become_a_note_and_progress_bars_leave_nothing(make_series, code, left):
    root = make_series(second=code)
    assert command.main(["02*"], root) == 0
    executed = read_second(root)
    assert [output.data for output in executed.cells[2].outputs] == left
    assert "widgets" not in executed.metadata


def test_kernel_is_this_python_whatever_kernels_the_user_has(make_series, monkeypatch, tmp_path):
    stale = tmp_path / "kernels" / "python3" / "kernel.json"
    stale.parent.mkdir(parents=True)
    stale.write_text('{"argv": ["/no/such/python"], "display_name": "", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    root = make_series(second="import sys\nprint(sys.executable)")
    assert command.main(["02_second"], root) == 0
    assert read_second(root).cells[2].outputs[0].text.strip() == sys.executable


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
    outputs = read_second(root).cells[2].outputs
    assert [output.output_type for output in outputs] == ["stream", "error"]
    assert not (root / "build" / "html" / "index.html").exists()


@pytest.mark.parametrize("main", [command.main, memory.main])
def test_killed_kernel_is_a_failure_too(make_series, capsys, main):
    assert main(["02_second"], make_series(second="import os\nos._exit(1)")) == 1
    assert "02_second failed in cell [2]: DeadKernelError" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="sends no such signal")
def test_ctrl_c_ends_all_in_a_line_with_the_cells_and_leaves_no_kernel(make_series, tmp_path):
    code = f"import os, time\nopen(f'{tmp_path}/{{os.getpid()}}', 'x').close()\ntime.sleep(100)"
    root = make_series(first=code, second=code)
    with started(root, "01_first", "02_second", "--jobs=2") as process:
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
    code += "end = time.time() + 60\nwhile len(list(folder.iterdir())) < 2:\n"
    code += "    time.sleep(0.1)\n    assert time.time() < end"
    assert command.main(["--jobs", "3"], make_series(first=code, second=code)) == 0


def test_one_job_is_one_notebook_at_a_time(make_series, tmp_path):
    code = f"import pathlib, time\nbusy = pathlib.Path({str(tmp_path / 'busy')!r})\n"
    code += "busy.touch(exist_ok=False)\ntime.sleep(1)\nbusy.unlink()"
    assert command.main(["--jobs", "1"], make_series(first=code, second=code)) == 0


def test_a_second_run_takes_nothing_from_the_first(make_series, tmp_path):
    code = f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'go')!r}).exists(): "
    root = make_series(first=code + "time.sleep(0.1)")
    executed, pages = root / "build/notebooks", root / "build/html"
    with started(root, "--jobs", "1") as first:
        wait_until((executed / "02_second.ipynb").exists)
        assert command.main(["01_first_solutions"], root) == 0
        (tmp_path / "go").touch()
        assert first.wait(timeout=60) == 0
    assert "02_second.html" in (pages / "index.html").read_text()
    assert command.main(["01_first_solutions"], root) == 0
    assert "02_second.html" not in (pages / "index.html").read_text()
    assert (len(list(executed.iterdir())), len(list(pages.glob("0*")))) == (3, 3)


def test_as_many_notebooks_run_as_this_process_has_cores_and_memory_for(monkeypatch, tmp_path):
    for cores, budgets, jobs in ((4, 9, 4), (4, 2.9, 2), (4, 0.5, 1), (1, 9, 1)):
        assert processes.count_jobs(cores, budgets * processes.ROOM) == jobs
    monkeypatch.setattr(processes, "CONTAINER_LIMIT", tmp_path / "limit")
    for limit in ("max", "1000000"):
        (tmp_path / "limit").write_text(limit + "\n")
        most = psutil.virtual_memory().total if limit == "max" else int(limit)
        assert most / 100 < processes.free_memory() <= most
    if hasattr(os, "sched_setaffinity"):
        code = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        code += "from tools.processes import usable_cores\nprint(usable_cores())"
        assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT).strip() == b"1"


def test_files_are_replaced_whole_or_stay_as_they_were(tmp_path):
    path = tmp_path / "a" / "page.html"
    write_whole(path, "old")
    with path.open() as reader:
        write_whole(path, "new")
        assert (reader.read(), path.read_text()) == ("old", "new")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \ud800")
    assert [each.read_text() for each in path.parent.iterdir()] == ["new"]


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
        ({"data": EMBEDDED}, "used Embedded digits:"),
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
