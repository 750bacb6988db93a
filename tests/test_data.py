"""The data: parsed exactly, verified before use, and had in spite of bad files and bad networks."""

import errno
import gzip
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.datasets import MNIST

from ae_utils import mnist_files
from ae_utils.data import (
    DataError,
    Digits,
    centre_digits,
    enlarge_digits,
    load_digits,
    mean_image,
    to_float,
)
from ae_utils.mnist_files import Limits
from tests.mnist_server import MnistServer

REAL_DATA = os.environ.get("AE_DATA_DIR")
ROOT = Path(__file__).resolve().parents[1]
TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
DEAD_MIRROR = "http://127.0.0.1:9/"  # nothing listens there
SHORT = Limits(connect=0.5, probe=0.5, read=0.5, total=1.2, lock=0.3)

Serve = Callable[..., MnistServer]


def make_small_mnist(n_train: int = 20, n_test: int = 10) -> dict[str, bytes]:
    """Make four files in MNIST's format with random content."""
    rng = np.random.default_rng(0)
    files = {}
    for prefix, n in (("train", n_train), ("t10k", n_test)):
        images = rng.integers(0, 256, n * 784, dtype=np.uint8)
        labels = np.arange(n, dtype=np.uint8) % 10
        header = np.array([2051, n, 28, 28], dtype=">i4").tobytes()
        files[f"{prefix}-images-idx3-ubyte"] = header + images.tobytes()
        header = np.array([2049, n], dtype=">i4").tobytes()
        files[f"{prefix}-labels-idx1-ubyte"] = header + labels.tobytes()
    return files


FILES = make_small_mnist()
PACKED = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in FILES.items()}
TABLE = {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in FILES.items()}
RESOURCES = [(name, hashlib.md5(data).hexdigest()) for name, data in PACKED.items()]


@pytest.fixture(autouse=True)
def small_mnist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let every test take the small files for MNIST, keep off the network and the user's cache."""
    monkeypatch.setattr(mnist_files, "RAW_FILES", TABLE)
    monkeypatch.setattr(MNIST, "resources", RESOURCES)
    monkeypatch.setattr(MNIST, "mirrors", [DEAD_MIRROR])
    monkeypatch.setattr(mnist_files, "cache_folder", lambda: tmp_path / "cache")
    for variable in os.environ:
        if variable.startswith("AE_DATA") or variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Start mirrors that behave as told, in the order in which they are tried."""
    servers: list[MnistServer] = []

    def start(behaviour: str, certificate: Path | None = None) -> MnistServer:
        servers.append(MnistServer(PACKED, behaviour, certificate))
        monkeypatch.setattr(MNIST, "mirrors", [server.url for server in servers])
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def write_files(root: Path) -> Path:
    """Write the small files into a torchvision root and return their folder."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in FILES.items():
        (raw / name).write_bytes(content)
    return raw


def list_leftovers(raw: Path) -> set[str]:
    """Name what lies in the folder beside MNIST's files and the lock."""
    return {path.name for path in raw.iterdir()} - {*FILES, "download.lock"}


def check_is_small_mnist(digits: Digits) -> None:
    """Compare with an independent reading of the files, by NumPy."""
    pairs = (
        (TRAIN_IMAGES, TRAIN_LABELS, digits.train_images, digits.train_labels),
        (TEST_IMAGES, TEST_LABELS, digits.test_images, digits.test_labels),
    )
    for image_file, label_file, images, labels in pairs:
        pixels = np.frombuffer(FILES[image_file], np.uint8, offset=16).reshape(-1, 1, 28, 28)
        assert images.dtype == torch.uint8 and np.array_equal(images.numpy(), pixels)
        numbers = np.frombuffer(FILES[label_file], np.uint8, offset=8)
        assert labels.dtype == torch.int64 and np.array_equal(labels.numpy(), numbers)
    assert digits.name == "mnist" and digits.size == (20, 10)


def check_message(error: BaseException, *parts: str) -> None:
    """Hold a message to three lines and to what it must name."""
    lines = str(error).splitlines()
    assert len(lines) == 3 and lines[1].startswith("Cause: ") and lines[2].startswith("Cure: ")
    for part in parts:
        assert part in str(error)


# What the caller gets.


@pytest.mark.skipif(
    not REAL_DATA or bool(mnist_files.list_missing_files(Path(REAL_DATA, "MNIST", "raw"))),
    reason="AE_DATA_DIR names no folder with MNIST",
)
def test_real_mnist_has_its_known_shapes_counts_and_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    digits = load_digits("mnist", REAL_DATA)
    assert digits.train_images.shape == (60_000, 1, 28, 28)
    assert digits.test_images.shape == (10_000, 1, 28, 28)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert digits.train_labels.bincount().tolist() == counts
    assert digits.test_labels.bincount().sum() == 10_000
    assert digits.train_images.numpy().mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert str(digits) == "MNIST: 60,000 training and 10,000 test images, 28 x 28"


def test_files_on_disk_are_read_exactly(tmp_path: Path) -> None:
    write_files(tmp_path)
    check_is_small_mnist(load_digits("auto", tmp_path))
    check_is_small_mnist(load_digits("mnist", str(tmp_path)))


def test_environment_sets_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path)
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    assert load_digits().name == "mnist"
    monkeypatch.setenv("AE_DATA", "digits")
    assert load_digits().name == "digits"
    assert load_digits("mnist").name == "mnist"


@pytest.mark.parametrize("name", ["MNIST", "minst", "fashion"])
def test_misspelt_name_lists_the_choices(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=rf"{name}.*'auto', 'mnist', 'digits'"):
        load_digits(name)
    monkeypatch.setenv("AE_DATA", name)
    with pytest.raises(ValueError, match=name):
        load_digits()


def test_to_float_equals_numpy() -> None:
    images = torch.arange(2 * 784).remainder(256).to(torch.uint8).reshape(2, 1, 28, 28)
    x = to_float(images)
    assert x.dtype == torch.float32 and x.min() == 0 and x.max() == 1
    assert np.array_equal(x.numpy(), images.numpy().astype(np.float32) / np.float32(255))


@pytest.mark.parametrize(
    ("images", "error", "part"),
    [
        (torch.zeros(2, 1, 28, 28), TypeError, "float32"),
        (torch.zeros(2, 1, 28, 28, dtype=torch.float64), TypeError, "float64"),
        (np.zeros((2, 1, 28, 28), np.uint8), TypeError, "ndarray"),
        (torch.zeros(2, 28, 28, dtype=torch.uint8), ValueError, r"\(2, 28, 28\)"),
        (torch.zeros(2, 28, 28, 1, dtype=torch.uint8), ValueError, r"\(2, 28, 28, 1\)"),
        (torch.zeros(2, 1, 32, 32, dtype=torch.uint8), ValueError, r"\(2, 1, 32, 32\)"),
    ],
    ids=["float32", "float64", "NumPy", "no channel axis", "channels last", "32 x 32"],
)
def test_to_float_says_what_it_expects(
    images: torch.Tensor, error: type[Exception], part: str
) -> None:
    with pytest.raises(error, match=rf"uint8 tensor \(N, 1, 28, 28\).*0\.\.255, got .*{part}"):
        to_float(images)


def test_mean_image_equals_numpy() -> None:
    images = torch.randint(0, 256, (2_500, 1, 28, 28), dtype=torch.uint8)
    assert np.allclose(mean_image(images).numpy(), images.numpy().mean(0) / 255, atol=1e-5)


def test_embedded_digits_resemble_mnist() -> None:
    digits = load_digits("digits")
    assert str(digits) == "Embedded digits: 1,347 training and 450 test images, 28 x 28"
    for images, labels in (
        (digits.train_images, digits.train_labels),
        (digits.test_images, digits.test_labels),
    ):
        assert images.dtype == torch.uint8 and images.shape[1:] == (1, 28, 28)
        x = images.double() / 255
        assert x.mean() == pytest.approx(0.1307, abs=0.02)
        assert x.std() == pytest.approx(0.3081, abs=0.02)
        assert (images == 0).double().mean() == pytest.approx(0.81, abs=0.02)
        assert (images.amax((1, 2, 3)) >= 250).all()
        assert torch.allclose(locate_centres(x), torch.tensor(14.0).double(), atol=1.0)
        assert torch.allclose(labels.bincount() / len(labels), torch.tensor(0.1), atol=0.01)


def locate_centres(x: torch.Tensor) -> torch.Tensor:
    """Return the row and column (2, N) of each image's centre of mass."""
    positions = torch.arange(28.0).double()
    weights = x.sum((1, 2, 3))
    rows = (x.sum((1, 3)) * positions).sum(1) / weights
    return torch.stack((rows, (x.sum((1, 2)) * positions).sum(1) / weights))


def test_embedded_digits_keep_their_content_upright_and_whole() -> None:
    """Shrunk again, each of them resembles its own original most."""
    from sklearn.datasets import load_digits as load_originals

    small = torch.from_numpy(load_originals().images[:200]).float() / 16
    large = enlarge_digits(small)
    placed = centre_digits(large).float() / 255
    assert torch.allclose(placed.sum((1, 2, 3)), large.sum((1, 2)), rtol=0.01)  # nothing cropped
    shrunk = torch.nn.functional.adaptive_avg_pool2d(large, 8)
    correlations = torch.corrcoef(torch.cat((shrunk, small)).flatten(1))[:200, 200:]
    assert torch.equal(correlations.argmax(1), torch.arange(200))


def test_embedded_digits_are_the_same_every_time() -> None:
    first, second = load_digits("digits"), load_digits("digits")
    assert torch.equal(first.train_images, second.train_images)
    assert torch.equal(first.test_labels, second.test_labels)


def test_import_and_local_files_need_no_other_data_library(tmp_path: Path) -> None:
    write_files(tmp_path)
    code = f"""
import sys
import ae_utils.data
ae_utils.mnist_files.RAW_FILES = {TABLE!r}
ae_utils.mnist_files.cache_folder = lambda: ae_utils.mnist_files.Path("unused")
assert ae_utils.data.load_digits("auto", {str(tmp_path)!r}).size == (20, 10)
loaded = {{"sklearn", "pooch", "requests", "torchvision"}} & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


# Bad files on disk.

WRONG = {
    "empty": (TRAIN_IMAGES, b""),
    "three bytes": (TRAIN_IMAGES, b"abc"),
    "an HTML page": (TEST_IMAGES, b"<html>404</html>"),
    "cut in half": (TRAIN_IMAGES, FILES[TRAIN_IMAGES][:7848]),
    "one byte short": (TRAIN_IMAGES, FILES[TRAIN_IMAGES][:-1]),
    "784 bytes too long": (TRAIN_IMAGES, FILES[TRAIN_IMAGES] + bytes(784)),
    "header only": (TEST_IMAGES, FILES[TEST_IMAGES][:16]),
    "impossible dimensions": (
        TEST_IMAGES,
        FILES[TEST_IMAGES][:4] + b"\xff" * 12 + FILES[TEST_IMAGES][16:],
    ),
    "random content": (TRAIN_IMAGES, np.random.default_rng(1).bytes(TABLE[TRAIN_IMAGES][0])),
    "all zero": (TRAIN_IMAGES, bytes(TABLE[TRAIN_IMAGES][0])),
    "labels all 255": (TRAIN_LABELS, FILES[TRAIN_LABELS][:8] + b"\xff" * 20),
    "bad type code": (TEST_IMAGES, b"\0\0\x0a\x03" + FILES[TEST_IMAGES][4:]),
}


@pytest.mark.parametrize(("name", "content"), WRONG.values(), ids=WRONG)
def test_wrong_file_is_set_aside_and_fetched_again(
    name: str, content: bytes, tmp_path: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = write_files(tmp_path)
    (raw / name).write_bytes(content)
    server = serve("good")
    check_is_small_mnist(load_digits("auto", tmp_path))
    assert server.fetched == [f"{name}.gz"]
    assert (raw / f"{name}.bad").read_bytes() == content
    assert list_leftovers(raw) == {f"{name}.bad"}
    assert f"{name} ({len(content):,} bytes)" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "content"), WRONG.values(), ids=WRONG)
def test_wrong_file_is_never_used_without_a_network(
    name: str, content: bytes, tmp_path: Path
) -> None:
    raw = write_files(tmp_path)
    (raw / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        load_digits("mnist", tmp_path)
    check_message(caught.value, "MNIST could not be fetched", str(raw), "connection refused")
    assert (raw / f"{name}.bad").read_bytes() == content


@pytest.mark.parametrize("kind", ["images-idx3-ubyte", "labels-idx1-ubyte"])
def test_swapped_training_and_test_files_are_refused(
    kind: str, tmp_path: Path, serve: Serve
) -> None:
    raw = write_files(tmp_path)
    (raw / f"train-{kind}").write_bytes(FILES[f"t10k-{kind}"])
    (raw / f"t10k-{kind}").write_bytes(FILES[f"train-{kind}"])
    server = serve("good")
    check_is_small_mnist(load_digits("auto", tmp_path))
    assert len(server.fetched) == 2


def test_files_set_aside_earlier_are_kept(tmp_path: Path, serve: Serve) -> None:
    serve("good")
    raw = write_files(tmp_path)
    for content in (b"first", b"second", b"third"):
        (raw / TEST_LABELS).write_bytes(content)
        check_is_small_mnist(load_digits("auto", tmp_path))
    kept = {path.read_bytes() for path in raw.glob(f"{TEST_LABELS}.bad*")}
    assert kept == {b"first", b"second", b"third"}


def test_folder_in_a_files_place_is_set_aside(tmp_path: Path, serve: Serve) -> None:
    serve("good")
    raw = write_files(tmp_path)
    (raw / TEST_LABELS).unlink()
    (raw / TEST_LABELS).mkdir()
    check_is_small_mnist(load_digits("auto", tmp_path))
    assert (raw / f"{TEST_LABELS}.bad").is_dir()


def test_stale_processed_files_are_ignored(tmp_path: Path) -> None:
    raw = write_files(tmp_path)
    processed = raw.parent / "processed"
    processed.mkdir()
    stale = (torch.zeros(5, 28, 28, dtype=torch.uint8), torch.zeros(5, dtype=torch.int64))
    for name in ("training.pt", "test.pt"):
        torch.save(stale, processed / name)
    check_is_small_mnist(load_digits("auto", tmp_path))


@settings(max_examples=60)
@given(data=st.data(), name=st.sampled_from(sorted(FILES)), truncate=st.booleans())
def test_any_changed_byte_or_truncation_is_refused(
    data: st.DataObject, name: str, truncate: bool
) -> None:
    content = bytearray(FILES[name])
    position = data.draw(st.integers(0, len(content) - 1))
    if truncate:
        del content[position:]
    else:
        content[position] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        assert not mnist_files.is_verified(path)
        path.write_bytes(FILES[name])
        assert mnist_files.is_verified(path)


# Bad networks.

CAUSES = {
    "403": "HTTP 403",
    "404": "HTTP 404",
    "503": "HTTP 503",
    "log-in page": "log-in page",
    "shorter file": "damaged file",
    "corrupt file": "damaged file",
    "short body": "refused or cut",
    "reset": "refused or cut",
    "reset within the body": "refused or cut",
    "disconnect": "refused or cut",
}
STALLS = {
    "silent": "no answer within 0.5 s",
    "stall before the headers": "stopped answering",
    "stall within the body": "stopped answering",
}


@pytest.mark.parametrize("behaviour", CAUSES)
def test_second_mirror_steps_in(behaviour: str, tmp_path: Path, serve: Serve) -> None:
    bad, good = serve(behaviour), serve("good")
    check_is_small_mnist(load_digits("auto", tmp_path))
    assert len(bad.fetched) == 1  # not tried again for the other files
    assert good.fetched == list(PACKED)
    assert not list_leftovers(tmp_path / "MNIST" / "raw")


@pytest.mark.parametrize(("behaviour", "cause"), CAUSES.items(), ids=CAUSES)
def test_embedded_digits_step_in_with_a_notice(
    behaviour: str, cause: str, tmp_path: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(behaviour)
    assert load_digits("auto", tmp_path).name == "digits"
    notice = " ".join(capsys.readouterr().out.partition("NOTE: ")[2].split())
    assert "embedded digits, not MNIST" in notice and "connect to the internet" in notice
    assert f"127.0.0.1:{server.server_port}: " in notice and cause in notice
    assert not list_leftovers(tmp_path / "MNIST" / "raw")


@pytest.mark.parametrize(("behaviour", "cause"), STALLS.items(), ids=STALLS)
def test_mirror_that_stalls_is_left_in_time(
    behaviour: str, cause: str, tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(behaviour)
    began = time.monotonic()
    with monkeypatch.context() as context, pytest.raises(DataError) as caught:
        context.setattr(mnist_files, "LIMITS", SHORT)
        load_digits("mnist", tmp_path)
    assert time.monotonic() - began < 20 * SHORT.read
    check_message(caught.value, cause)
    monkeypatch.setattr(mnist_files, "LIMITS", Limits(probe=SHORT.probe, read=SHORT.read))
    serve("good")
    check_is_small_mnist(load_digits("auto", tmp_path))


def test_silent_mirror_has_not_answered_even_if_its_request_ends_first(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve("silent")
    join = mnist_files.Thread.join
    monkeypatch.setattr(mnist_files.Thread, "join", lambda thread, limit=None: join(thread))
    monkeypatch.setattr(mnist_files, "LIMITS", SHORT)
    with pytest.raises(DataError) as caught:
        load_digits("mnist", tmp_path)
    check_message(caught.value, STALLS["silent"])


def test_waiting_in_vain_is_limited_over_all_mirrors(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        serve("silent")
    monkeypatch.setattr(mnist_files, "LIMITS", SHORT)
    began = time.monotonic()
    with pytest.raises(DataError) as caught:
        load_digits("mnist", tmp_path)
    assert SHORT.total * 0.9 < time.monotonic() - began < 5 * SHORT.total
    check_message(caught.value, "not tried")


def test_dropped_packets_end_at_the_probes_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = fill_backlog(listener)
        monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{listener.getsockname()[1]}/"])
        limits = Limits(connect=60, probe=0.5)
        monkeypatch.setattr(mnist_files, "LIMITS", limits)
        began = time.monotonic()
        with pytest.raises(DataError) as caught:
            load_digits("mnist", tmp_path)
        assert time.monotonic() - began < 20 * limits.probe
        check_message(caught.value, "no answer within 0.5 s")
        for client in waiting:
            client.close()


def fill_backlog(listener: socket.socket) -> list[socket.socket]:
    """Open connections that nobody accepts until the system drops the packets of the next one."""
    clients: list[socket.socket] = []
    for _ in range(20):
        client = socket.socket()
        client.settimeout(0.3)
        clients.append(client)
        try:
            client.connect(listener.getsockname())
        except TimeoutError:
            return clients
    pytest.skip("this system drops no packets when the backlog is full")


def test_missing_network_falls_back_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(MNIST, "mirrors", ["https://one.invalid/", "http://two.invalid/"])
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    began = time.monotonic()
    assert load_digits("auto", tmp_path).name == "digits"
    assert time.monotonic() - began < mnist_files.LIMITS.connect
    notice = " ".join(capsys.readouterr().out.split())
    assert "one.invalid: host name not found" in notice
    assert "two.invalid: host name not found" in notice


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate that nobody has signed."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl is not installed: no certificate to test TLS with")
    path = tmp_path_factory.mktemp("tls") / "mirror.pem"
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(path), "-out", f"{path}.cert"]
    subprocess.run([openssl, *command.split(), *names, *files], check=True, capture_output=True)
    with path.open("a") as file:
        file.write(Path(f"{path}.cert").read_text())
    return path


def test_unknown_certificate_is_refused_with_its_cure(
    tmp_path: Path, serve: Serve, certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve("good", certificate)
    with pytest.raises(DataError) as caught:
        load_digits("mnist", tmp_path)
    check_message(caught.value, "TLS certificate", "certifi", "REQUESTS_CA_BUNDLE")
    assert load_digits("auto", tmp_path).name == "digits"
    assert "REQUESTS_CA_BUNDLE" in capsys.readouterr().out
    assert not server.fetched


def test_named_certificate_mends_tls(
    tmp_path: Path, serve: Serve, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve("good", certificate)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{certificate}.cert")
    check_is_small_mnist(load_digits("auto", tmp_path))


def test_plain_mirror_after_a_tls_failure_is_still_verified(
    tmp_path: Path, serve: Serve, certificate: Path
) -> None:
    serve("good", certificate)
    serve("corrupt file")
    with pytest.raises(DataError) as caught:
        load_digits("mnist", tmp_path)
    check_message(caught.value, "TLS certificate", "damaged file")
    serve("good")
    check_is_small_mnist(load_digits("auto", tmp_path))


@pytest.mark.parametrize("broken", [b"not gzip", PACKED[f"{TRAIN_IMAGES}.gz"][:-9]])
def test_packed_file_that_cannot_be_unpacked_is_discarded(
    broken: bytes, tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    md5 = hashlib.md5(broken).hexdigest()
    monkeypatch.setattr(MNIST, "resources", [(f"{TRAIN_IMAGES}.gz", md5), *RESOURCES[1:]])
    serve("good").files = {**PACKED, f"{TRAIN_IMAGES}.gz": broken}
    with pytest.raises(DataError, match="damaged file"):
        load_digits("mnist", tmp_path)
    assert not list_leftovers(tmp_path / "MNIST" / "raw")


def test_unpacked_file_is_verified_too(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = gzip.compress(bytes(TABLE[TRAIN_IMAGES][0]), mtime=0)
    md5 = hashlib.md5(forged).hexdigest()
    monkeypatch.setattr(MNIST, "resources", [(f"{TRAIN_IMAGES}.gz", md5), *RESOURCES[1:]])
    serve("good").files = {**PACKED, f"{TRAIN_IMAGES}.gz": forged}
    with pytest.raises(DataError, match="damaged file"):
        load_digits("mnist", tmp_path)


def test_fetched_files_are_kept_when_a_mirror_fails_later(tmp_path: Path, serve: Serve) -> None:
    first, second = serve("first file only"), serve("good")
    check_is_small_mnist(load_digits("auto", tmp_path))
    assert first.fetched == list(PACKED)[:2]
    assert second.fetched == list(PACKED)[1:]


def test_data_are_fetched_once(tmp_path: Path, serve: Serve, capsys: pytest.CaptureFixture) -> None:
    server = serve("good")
    check_is_small_mnist(load_digits("auto", tmp_path))
    assert "Fetching MNIST" in capsys.readouterr().out
    check_is_small_mnist(load_digits("auto", tmp_path))
    assert server.fetched == list(PACKED)
    assert capsys.readouterr().out == ""


# The data folder.

FETCH_IN_A_PROCESS = """
import sys, types
from ae_utils import mnist_files
folder, url, table, resources = sys.argv[1], sys.argv[2], eval(sys.argv[3]), eval(sys.argv[4])
# Stands in for torchvision, whose import takes seconds: only these two lists are used of it.
fake = types.SimpleNamespace(mirrors=[url], resources=resources)
sys.modules["torchvision"] = types.ModuleType("torchvision")
sys.modules["torchvision.datasets"] = types.ModuleType("torchvision.datasets")
sys.modules["torchvision.datasets"].MNIST = fake
mnist_files.RAW_FILES = table
assert not mnist_files.list_missing_files(mnist_files.find_or_fetch_mnist(folder))
"""


def test_four_processes_at_once_make_one_download(tmp_path: Path, serve: Serve) -> None:
    server = serve("slow")
    arguments = [str(tmp_path), server.url, repr(TABLE), repr(RESOURCES)]
    command = [sys.executable, "-c", FETCH_IN_A_PROCESS, *arguments]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, errors
    assert server.fetched == list(PACKED)
    assert not list_leftovers(tmp_path / "MNIST" / "raw")


def test_blocked_folder_is_named_after_a_limit(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve("good")
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    monkeypatch.setattr(mnist_files, "LIMITS", SHORT)
    with mnist_files.lock_folder(raw), pytest.raises(DataError) as caught:
        load_digits("mnist", tmp_path)
    check_message(caught.value, str(raw), "another process")
    check_is_small_mnist(load_digits("mnist", tmp_path))


def test_full_disk_is_noticed_before_the_download(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve("good")
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DataError) as caught:
        load_digits("mnist", tmp_path)
    check_message(caught.value, "MB are free", str(tmp_path))
    assert not server.fetched
    assert load_digits("auto", tmp_path).name == "digits"


def test_full_disk_during_the_download_leaves_nothing_behind(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_and_fail(source: object, target: object) -> None:
        target.write(bytes(100))
        raise OSError(errno.ENOSPC, "No space left on device")

    serve("good")
    with monkeypatch.context() as context:
        context.setattr(shutil, "copyfileobj", write_and_fail)
        with pytest.raises(DataError) as caught:
            load_digits("mnist", tmp_path)
        assert load_digits("auto", tmp_path).name == "digits"
    check_message(caught.value, "No space left on device", "free some space")
    raw = tmp_path / "MNIST" / "raw"
    assert not list_leftovers(raw) and not (raw / TRAIN_IMAGES).exists()
    check_is_small_mnist(load_digits("auto", tmp_path))


def test_folder_that_cannot_be_made_gives_way_to_the_cache(
    tmp_path: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    serve("good")
    (tmp_path / "file").write_text("not a folder")
    check_is_small_mnist(load_digits("auto", tmp_path / "file"))
    assert (tmp_path / "cache" / "MNIST" / "raw" / TRAIN_IMAGES).exists()
    assert "cannot be written to" in capsys.readouterr().out


def test_unwritable_folder_with_a_wrong_file_gives_way_to_the_cache(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Denied by hand, because a test that runs as root may write anywhere."""
    raw = write_files(tmp_path / "given")
    (raw / TEST_LABELS).write_bytes(b"wrong")
    deny_writing(raw, monkeypatch)
    server = serve("good")
    check_is_small_mnist(load_digits("auto", tmp_path / "given"))
    assert server.fetched == list(PACKED)
    assert (raw / TEST_LABELS).read_bytes() == b"wrong"


def deny_writing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse new temporary files below a folder, as the system does without the permission."""
    make_file = tempfile.TemporaryFile

    def refuse(*args: object, dir: Path) -> object:
        if dir.is_relative_to(folder):
            raise PermissionError(errno.EACCES, "Permission denied", str(dir))
        return make_file(*args, dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)


def test_no_writable_folder_at_all_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deny_writing(tmp_path, monkeypatch)
    with pytest.raises(DataError) as caught:
        load_digits("mnist", tmp_path / "given")
    check_message(caught.value, str(tmp_path / "given"), str(tmp_path / "cache"), "AE_DATA_DIR")
    assert load_digits("auto", tmp_path / "given").name == "digits"


def test_read_only_folder_with_good_data_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = write_files(tmp_path)
    deny_writing(tmp_path, monkeypatch)
    raw.chmod(0o555)
    try:
        check_is_small_mnist(load_digits("auto", tmp_path))
    finally:
        raw.chmod(0o755)
    assert {path.name for path in raw.iterdir()} == set(FILES)


@pytest.mark.parametrize("folder", ["Übung Größe 数据 é", "with some spaces"])
def test_unusual_folder_names_work(folder: str, tmp_path: Path, serve: Serve) -> None:
    server = serve("good")
    check_is_small_mnist(load_digits("auto", tmp_path / folder))
    check_is_small_mnist(load_digits("auto", tmp_path / folder))
    assert server.fetched == list(PACKED)


def test_started_anywhere_it_is_one_folder(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve("good")
    for name in ("root", "notebooks", "home"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        check_is_small_mnist(load_digits())
    assert server.fetched == list(PACKED)


def test_default_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    folder = mnist_files.cache_folder()
    assert folder.is_absolute() and re.search("ae_utils", str(folder))
    monkeypatch.chdir(folder.anchor)
    assert mnist_files.cache_folder() == folder
