"""Data sets' files: verified before use, and had in spite of bad files, networks and folders."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from torchvision.datasets import MNIST

from ae_utils import data_files
from ae_utils.downloads import LIMITS, DataError, FileLock, find_or_fetch
from tests.data_server import FAILURES, FILES, PACKED, SMALL, DataServer, md5

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = FILES
DEAD = "http://127.0.0.1:9/"  # nothing listens there

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
Serve = Callable[..., DataServer]


@pytest.fixture(autouse=True)
def keep_off(tmp_path: Path, monkeypatch: Patch) -> None:
    """Let torchvision know the small files, and keep off the network and the user's cache."""
    monkeypatch.setattr(data_files, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(MNIST, "mirrors", [DEAD])
    monkeypatch.setattr(MNIST, "resources", [(name, md5(PACKED[name])) for name in PACKED])
    for variable in os.environ:
        if variable.startswith(("AE_DATA", "REQUESTS_")) or variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Serve:
    """Start mirrors that serve well or fail as told, to be tried after the dead one, in order."""

    def start(failure: str = "", certificate: Path | None = None) -> DataServer:
        server = DataServer(failure, certificate)
        request.addfinalizer(server.close)
        MNIST.mirrors.append(server.url)
        return server

    return start


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """The folder with MNIST's files in the data folder `tmp_path`."""
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def load(data_dir: Path | str | None = None) -> None:
    """See that the small MNIST is had, to the last bit."""
    files = find_or_fetch(SMALL, data_dir)
    assert {name: content.tobytes() for name, content in files.items()} == FILES


def check_files(data_dir: Path, *others: str) -> None:
    """See that MNIST's files, the lock and the others named lie in a data folder, and no more."""
    load(data_dir)
    raw = data_dir / "MNIST" / "raw"
    assert {name: (raw / name).read_bytes() for name in FILES} == FILES
    assert {path.name for path in raw.iterdir()} == {*FILES, "download.lock", *others}


def fail(data_dir: Path, *parts: str) -> None:
    """See that MNIST cannot be had: told soon, in three lines that name all the parts."""
    began = time.monotonic()
    with pytest.raises(DataError) as caught:
        find_or_fetch(SMALL, data_dir)
    assert time.monotonic() - began < 9
    text = str(caught.value)
    assert [line.split()[0] for line in text.splitlines()] == ["MNIST", "Cause:", "Cure:"]
    assert not [part for part in parts if part not in text], text


def test_good_files_are_used_as_they_are(
    tmp_path: Path, raw: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    for module in ("requests", "torchvision", "torchvision.datasets"):
        monkeypatch.setitem(sys.modules, module, None)  # its import would fail
    load(tmp_path)
    load(str(tmp_path))
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    load()
    assert {path.name for path in raw.iterdir()} == set(FILES)  # so that it may be read-only
    assert capsys.readouterr().out == ""


def test_packed_files_are_used_as_they_are(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in PACKED.items():
        (raw / name).write_bytes(content)
    load(tmp_path)
    assert {path.name for path in raw.iterdir()} == set(PACKED)
    (raw / f"{LABELS}.gz").write_bytes(PACKED[f"{LABELS}.gz"][:-9])
    fail(tmp_path, DEAD)


@pytest.mark.parametrize("part", ["", "MNIST", "MNIST/raw"])
@pytest.mark.parametrize("is_relative", [True, False])
def test_folder_is_found_by_what_it_holds_from_where_the_command_was_started(
    part: str, is_relative: bool, tmp_path: Path, raw: Path, monkeypatch: Patch
) -> None:
    """Jupyter starts the kernel elsewhere, in the notebook's folder."""
    monkeypatch.setenv("PWD", str(tmp_path.parent))
    monkeypatch.setenv("AE_DATA_DIR", f"{tmp_path.name if is_relative else tmp_path}/{part}")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    load()
    assert not list(Path().iterdir())


GOOD = FILES[IMAGES]
WRONG = {
    "empty": {IMAGES: b""},
    "a page": {TEST_LABELS: b"<html>404</html>"},
    "header only": {IMAGES: GOOD[:16]},
    "one byte short": {IMAGES: GOOD[:-1]},
    "784 bytes too long": {IMAGES: GOOD + bytes(784)},
    "bad type code": {IMAGES: b"\0\0\x0a\x03" + GOOD[4:]},
    "all zero": {IMAGES: bytes(len(GOOD))},
    "last pixel changed": {IMAGES: GOOD[:-1] + bytes([GOOD[-1] ^ 1])},
    "labels all 255": {LABELS: FILES[LABELS][:8] + b"\xff" * 20},
    "images swapped": {IMAGES: FILES[TEST_IMAGES], TEST_IMAGES: GOOD},
    "labels swapped": {LABELS: FILES[TEST_LABELS], TEST_LABELS: FILES[LABELS]},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_files_are_set_aside_and_fetched_again(
    wrong: dict[str, bytes], tmp_path: Path, raw: Path, serve: Serve, capsys: Capture
) -> None:
    for name, content in wrong.items():
        (raw / name).write_bytes(content)
    fail(tmp_path, f"Cause: {DEAD}: connection refused", f"copy its four files into {raw}")
    printed = capsys.readouterr().out
    server = serve()
    check_files(tmp_path, *(f"{name}.bad" for name in wrong))
    assert server.fetched == [f"{name}.gz" for name in wrong]
    for name, content in wrong.items():
        assert f"{name} ({len(content):,} bytes) is not MNIST's file: set aside" in printed
        assert (raw / f"{name}.bad").read_bytes() == content


def test_what_was_set_aside_earlier_is_kept(tmp_path: Path, raw: Path, serve: Serve) -> None:
    serve()
    (raw / LABELS).unlink()
    (raw / LABELS).mkdir()
    load(tmp_path)
    for content in (b"first", b"second"):
        (raw / LABELS).write_bytes(content)
        load(tmp_path)
    check_files(tmp_path, *(f"{LABELS}.bad{n}" for n in ("", 1, 2)))
    assert [(raw / f"{LABELS}.bad{n}").read_bytes() for n in (1, 2)] == [b"first", b"second"]


@pytest.mark.parametrize("failure", FAILURES)
def test_mirror_that_fails_is_left_for_the_next(
    failure: str, tmp_path: Path, serve: Serve, monkeypatch: Patch
) -> None:
    monkeypatch.setitem(LIMITS, "answer", 0.5)
    monkeypatch.setitem(LIMITS, "read", 0.5)
    bad = serve(failure)
    causes = f"{DEAD}: connection refused or cut; {bad.url}: {FAILURES[failure][0]}"
    fail(tmp_path, f"Cause: {causes}", "Cure: connect to the internet")
    assert [path.name for path in (tmp_path / "MNIST" / "raw").iterdir()] == ["download.lock"]
    good = serve()
    check_files(tmp_path)
    assert len(bad.fetched) == (0 if failure == "silent" else 2)  # one file a call
    assert good.fetched == list(PACKED)


@pytest.mark.parametrize("failure", ["silent", "stall within"])
def test_waiting_in_vain_is_limited_over_all_mirrors(
    failure: str, tmp_path: Path, serve: Serve, monkeypatch: Patch
) -> None:
    monkeypatch.setitem(LIMITS, "total", 0.8)
    fail(tmp_path, *(serve(failure).url for _ in range(8)))


@pytest.mark.parametrize("limit", ["answer", "total"])
@pytest.mark.parametrize(("seconds", "cause"), [(0, "host name not found"), (20, "no answer")])
def test_name_is_not_found_or_looked_up_for_ever(
    seconds: float, cause: str, limit: str, tmp_path: Path, monkeypatch: Patch
) -> None:
    def look_up(*args: object, **kwargs: object) -> None:
        time.sleep(seconds)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(MNIST, "mirrors", ["https://one.invalid/", "http://two.invalid/"])
    monkeypatch.setitem(LIMITS, limit, 0.6)
    fail(tmp_path, f"https://one.invalid/: {cause}", f"http://two.invalid/: {cause}")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no 127.0.0.2")
def test_address_that_drops_packets_is_left_for_the_next(
    tmp_path: Path, serve: Serve, monkeypatch: Patch
) -> None:
    port = serve().server_port
    good, bad = ("127.0.0.1", port), ("127.0.0.2", port)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (bad, good)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    monkeypatch.setitem(LIMITS, "connect", 0.2)
    with socket.create_server(bad, backlog=0), ExitStack() as stack:
        for client in [stack.enter_context(socket.socket()) for _ in range(9)]:
            client.setblocking(False)
            client.connect_ex(bad)  # so many wait that the system drops the next one's packets
        check_files(tmp_path)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_unknown_certificate_is_refused_with_its_cure(
    tmp_path: Path, serve: Serve, monkeypatch: Patch
) -> None:
    pem = tmp_path / "key-and-certificate.pem"
    command = f"openssl req -x509 -newkey ec -nodes -days 2 -keyout {pem} -out {pem}"
    command += " -pkeyopt ec_paramgen_curve:P-256 -subj /CN=x -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(command.split(), check=True, capture_output=True)
    secure = serve("", pem)
    fail(tmp_path, "TLS certificate was not accepted", "certifi", "REQUESTS_CA_BUNDLE")
    serve("damaged file")  # without TLS, and verified all the same
    fail(tmp_path, "TLS certificate was not accepted", "damaged file", "certifi")
    assert not secure.fetched
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    check_files(tmp_path)
    assert secure.fetched == list(PACKED)


def test_fetched_files_are_kept_when_a_mirror_fails_later(tmp_path: Path, serve: Serve) -> None:
    first, second = serve("503"), serve()
    first.failing = list(PACKED)[1:]
    check_files(tmp_path)
    assert (first.fetched, second.fetched) == (list(PACKED)[:2], list(PACKED)[1:])


@pytest.mark.parametrize("name", ["Übung Größe 数据 é", "with some spaces", None])
def test_files_are_fetched_once_into_a_folder_of_any_name_by_default_the_users_own(
    name: str | None, tmp_path: Path, serve: Serve, capsys: Capture
) -> None:
    server = serve()
    raw = tmp_path / (name or "cache") / "MNIST" / "raw"
    load(name and tmp_path / name)
    assert f"Fetching MNIST (12 MB) into {raw}." in capsys.readouterr().out
    check_files(tmp_path / (name or "cache"))
    assert capsys.readouterr().out == "" and server.fetched == list(PACKED)


def test_users_own_folder_is_the_same_wherever_python_was_started(monkeypatch: Patch) -> None:
    monkeypatch.undo()
    folder = data_files.cache_folder()
    assert folder.is_absolute() and "ae_utils" in str(folder)
    monkeypatch.chdir(folder.anchor)
    assert data_files.cache_folder() == folder


@pytest.mark.skipif(sys.platform != "linux", reason="needs what binds root, too")
@pytest.mark.parametrize("target", ["/dev/null", "/proc/self/task", "/proc/self/mem"])
def test_folder_that_cannot_be_used_gives_way_to_the_cache(
    target: str, tmp_path: Path, serve: Serve, capsys: Capture
) -> None:
    """No folder; one in which even root can make no file; a file that it cannot read."""
    raw = tmp_path / "MNIST" / "raw"
    path = raw / LABELS if target == "/proc/self/mem" else raw
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    serve()
    load(tmp_path)
    check_files(tmp_path / "cache")
    printed = capsys.readouterr().out
    assert f"Not used for MNIST: {raw}: " in printed and "has been" not in printed


def test_folder_that_another_process_blocks_is_left_after_a_limit(
    tmp_path: Path, raw: Path, serve: Serve, monkeypatch: Patch, capsys: Capture
) -> None:
    serve()
    (raw / LABELS).unlink()
    monkeypatch.setitem(LIMITS, "lock", 0.3)
    with FileLock(raw / "download.lock"):
        load(tmp_path)
    check_files(tmp_path / "cache")
    assert "another process has been fetching it for over 0.3 s" in capsys.readouterr().out
    assert not (raw / LABELS).exists()
    check_files(tmp_path)


FETCH = """
import sys, types
from dataclasses import replace
from ae_utils import downloads
from ae_utils.data_files import SOURCES
folder, mirror, sha256, resources = sys.argv[1:]
# Stands in for torchvision, whose import takes seconds: only these lists are used of it.
fake = types.SimpleNamespace(mirrors=[mirror], resources=eval(resources))
sys.modules["torchvision"] = types.SimpleNamespace(datasets=types.SimpleNamespace(MNIST=fake))
downloads.find_or_fetch(replace(SOURCES["mnist"], sha256=eval(sha256)), folder)
"""


def test_four_processes_at_once_make_one_download(tmp_path: Path, serve: Serve) -> None:
    server = serve()
    server.delay = 0.2
    tables = [repr(SMALL.sha256), repr(MNIST.resources)]
    command = [sys.executable, "-c", FETCH, str(tmp_path), server.url, *tables]
    processes = [subprocess.Popen(command, cwd=Path(__file__).parents[1]) for _ in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0] * 4
    assert server.fetched == list(PACKED)
    check_files(tmp_path)


@pytest.fixture
def somebodys(monkeypatch: Patch) -> Iterator[Path]:
    """MNIST's folder, somebody else's, in which all may write; and a cache of the user's own."""
    with tempfile.TemporaryDirectory() as folder:
        raw, cache = Path(folder, "MNIST", "raw"), Path(folder, "cache")
        raw.mkdir(parents=True)
        cache.mkdir()
        for path in (Path(folder), raw, cache):
            path.chmod(0o777)
        for name, content in FILES.items():
            (raw / name).write_bytes(content)
        monkeypatch.setattr(data_files, "cache_folder", lambda: cache)
        yield raw


@contextmanager
def be_nobody() -> Iterator[None]:
    """Let root be a user like others, whom the rights of files bind."""
    is_root = sys.platform != "win32" and os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.mark.parametrize("blocked", [LABELS, "download.lock"])
def test_files_of_somebody_else_are_left_for_the_cache_or_named(
    blocked: str, somebodys: Path, serve: Serve, capsys: Capture
) -> None:
    (somebodys / LABELS).unlink()
    (somebodys / blocked).touch()
    (somebodys / blocked).chmod(0o400 if blocked == "download.lock" else 0)
    with be_nobody():
        fail(somebodys.parents[1], f"{somebodys / blocked}: Permission denied", "ask its owner")
        serve()
        load(somebodys.parents[1])
    assert f"Not used for MNIST: {somebodys}: Permission denied." in capsys.readouterr().out


def test_leftover_lock_does_not_bar_others_from_good_files(somebodys: Path, serve: Serve) -> None:
    (somebodys / "download.lock").touch()
    (somebodys / "download.lock").chmod(0o400)
    with be_nobody():
        load(somebodys.parents[1])
    (somebodys / "download.lock").unlink()
    (somebodys / LABELS).unlink()
    serve()
    load(somebodys.parents[1])
    with be_nobody(), (somebodys / "download.lock").open("r+"):  # as the next lock will be opened
        pass


def test_no_room_is_noticed_before_the_download(
    tmp_path: Path, serve: Serve, monkeypatch: Patch
) -> None:
    server = serve()
    (tmp_path / "given").write_text("not a folder")
    usage = shutil.disk_usage(tmp_path)._replace(free=3_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    given = f"{tmp_path}/given/MNIST/raw: Not a directory"
    cache = f"{tmp_path}/cache/MNIST/raw: 60 MB are needed, 3 MB are free"
    fail(tmp_path / "given", f"Cause: {given}; {cache}", "has free space", "AE_DATA_DIR")
    assert not server.fetched


def test_full_disk_during_the_download_leaves_nothing_behind(tmp_path: Path, serve: Serve) -> None:
    """A limit on the size of files stands in for the end of the disk."""
    resource = pytest.importorskip("resource")
    serve()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        fail(tmp_path, "File too large", "has free space")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in (tmp_path / "MNIST" / "raw").iterdir()] == ["download.lock"]
    check_files(tmp_path)
