"""Data sets had from disk, or else from the network: fetched once, safely, into a data folder.

Only the functions that fetch import requests and torchvision, which takes seconds. torchvision's
classes know the addresses, and the MD5 of what must come from there.
"""

import errno
import hashlib
import os
import shutil
import sys
import tempfile
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import ZipFile

from filelock import FileLock, Timeout
from tqdm import tqdm

from ae_utils.data_files import Bytes, Source, is_right, list_folders, read_files, unpack

if TYPE_CHECKING:
    import requests

LIMITS = {  # how many seconds to wait before giving up
    "connect": 10.0,  # for one address of a mirror
    "answer": 15.0,  # for the head of an answer: name look-up and all addresses together
    "read": 30.0,  # between two bytes
    "total": 45.0,  # in vain, shared equally by the mirrors
    "lock": 180.0,  # for another process that is fetching into the same folder
}


class DataError(RuntimeError):
    """The images cannot be had: three lines that name the object, the cause and the cure."""


class MirrorsError(Exception):
    """No mirror gave what is missing; `reasons` holds an exception for each."""

    def __init__(self, reasons: dict[str, Exception]) -> None:
        super().__init__()
        self.reasons = reasons


class WrongContentError(Exception):
    """A download is not what it should be."""


class Download(NamedTuple):
    """A file to download, and the names of the data set's files that are packed in it."""

    name: str
    md5: str
    files: list[str]


def find_or_fetch(source: Source, data_dir: str | Path | None = None) -> dict[str, Bytes]:
    """A data set's four files, by their names, verified; what is missing is downloaded.

    Args:
        data_dir: as in `data_files.list_folders`. The user's cache folder steps in for a folder
            that lacks the files and cannot take them.

    Raises:
        DataError: the files are not on disk, and no mirror gave them or no folder can take them.
    """
    folders = list_folders(source, data_dir)
    reasons: dict[str, Exception] = {}  # why not: for each folder and mirror that was tried
    is_online = True
    for raw in folders:
        try:
            files = read_files(source, raw)
            if is_online and len(files) < len(source.names):
                fetch_missing_files(source, raw)
                files = read_files(source, raw)
            if len(files) == len(source.names):
                return files
        except MirrorsError as error:
            is_online = False  # the next folder may still hold the files
            reasons |= error.reasons
        except OSError as error:
            is_there = error.filename and os.path.lexists(error.filename)
            reasons[str(error.filename if is_there else raw)] = error
            print(f"Not used for {source.title}: {raw}: {describe(error)[0]}.")
    causes = "; ".join(f"{where}: {describe(error)[0]}" for where, error in reasons.items())
    cures = list(dict.fromkeys(describe(error)[1] for error in reasons.values()))
    cures += [f"copy its four files into {folders[0]}", "set AE_DATA_DIR to another folder"]
    cure = ", or ".join(cures)
    raise DataError(f"{source.title} cannot be had.\nCause: {causes}.\nCure: {cure}.")


def list_missing_files(source: Source, raw: Path) -> list[str]:
    """Name the data set's files that are not in the folder, or there with wrong content."""
    files = read_files(source, raw)
    return [name for name in source.names if name not in files]


def fetch_missing_files(source: Source, raw: Path) -> None:
    """Set wrong files aside, then download what is missing; an OSError says why it has no place."""
    raw.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=raw).close()  # where nothing can be written, a lock would wait
    print(f"Fetching {source.title} ({source.download} MB) into {raw}.")
    lock = FileLock(raw / "download.lock", LIMITS["lock"], mode=0o666)  # for all who may write here
    with lock:
        for path in (raw / name for name in list_missing_files(source, raw)):
            if path.exists():
                set_aside(path, source.title)
    if list_missing_files(source, raw):  # none if another process has just fetched them
        if (free := shutil.disk_usage(raw).free / 1e6) < source.room:
            raise OSError(errno.ENOSPC, f"{source.room} MB are needed, {free:.0f} MB are free")
        fetch_from_mirrors(source, raw, lock)


def set_aside(path: Path, title: str) -> None:
    """Rename a file whose content is not the data set's: the user may still want it."""
    names = (path.with_name(f"{path.name}.bad{n or ''}") for n in count())
    spare = next(name for name in names if not name.exists())
    size = path.stat().st_size
    path.rename(spare)
    print(f"{path.name} ({size:,} bytes) is not {title}'s file: set aside as {spare.name}.")


def fetch_from_mirrors(source: Source, raw: Path, lock: FileLock) -> None:
    """Fetch what is missing from the first mirror that has it; what others gave is kept."""
    import requests

    mirrors, downloads = list_downloads(source)
    share = LIMITS["total"] / len(mirrors)
    reasons: dict[str, Exception] = {}
    for mirror in mirrors:
        try:
            first = f"{mirror}{downloads[0].name}"
            ask("HEAD", first, share).close()  # without the lock: all processes wait at once
            with lock:
                missing = set(list_missing_files(source, raw))
                for download in downloads:
                    if missing & set(download.files):
                        fetch(mirror, download, source, raw, share)
            return
        except (requests.RequestException, WrongContentError) as error:
            reasons[mirror] = error
    raise MirrorsError(reasons)


def list_downloads(source: Source) -> tuple[list[str], list[Download]]:
    """The mirrors that torchvision knows, and what to fetch from one of them."""
    from torchvision import datasets  # type: ignore[import-untyped]

    dataset = getattr(datasets, source.folder)
    if hasattr(dataset, "url"):  # EMNIST: one archive holds all
        mirror, _, name = dataset.url.rpartition("/")
        return [f"{mirror}/"], [Download(name, dataset.md5, source.names)]
    files = [(name, md5, [name.removesuffix(".gz")]) for name, md5 in dataset.resources]
    return dataset.mirrors, [Download(*each) for each in files]


def ask(method: str, url: str, share: float) -> "requests.Response":
    """Send a request and wait for the head of its answer, at most `share` seconds.

    It runs in a thread, since the look-up of the host's name knows no time-out, and each of the
    host's addresses has the full one.
    """
    import requests

    timeout = (LIMITS["connect"], min(LIMITS["read"], share))
    answer: Future[requests.Response] = Future()

    def send() -> None:
        try:
            answer.set_result(requests.request(method, url, timeout=timeout, stream=True))
        except requests.RequestException as error:
            answer.set_exception(error)

    Thread(target=send, daemon=True).start()
    try:
        return answer.result(min(LIMITS["answer"], share))
    except TimeoutError as error:
        raise requests.Timeout("timed out") from error


def fetch(mirror: str, download: Download, source: Source, raw: Path, share: float) -> None:
    """Download a file, verify and unpack it, and only then put what it holds in its place."""
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=raw) as scratch:
        packed = Path(scratch, download.name)
        with ask("GET", f"{mirror}{download.name}", share) as answer, packed.open("wb") as file:
            answer.raise_for_status()
            size = int(answer.headers.get("Content-Length", 0))
            options: dict[str, Any] = {"unit": "B", "unit_scale": True, "leave": False}
            with tqdm(desc=download.name, total=size, file=sys.stdout, **options) as bar:
                for piece in answer.iter_content(1 << 14):
                    bar.update(file.write(piece))
        with packed.open("rb") as file:
            if hashlib.file_digest(file, "md5").hexdigest() != download.md5:
                raise WrongContentError
        for name in download.files:
            content = unpack_from(packed, name)
            if not is_right(source, name, content):
                raise WrongContentError
            content.tofile(unpacked := Path(scratch, name))
            os.replace(unpacked, raw / name)


def unpack_from(packed: Path, name: str) -> Bytes:
    """The content of a data set's file, from its `.gz` file or from EMNIST's archive of such."""
    if packed.suffix == ".zip":
        with ZipFile(packed) as archive:
            return unpack(archive.read(f"gzip/{name}.gz"))
    return unpack(packed.read_bytes())


def describe(error: Exception) -> tuple[str, str]:
    """Put into words why a mirror failed or a folder cannot be used, and what would help."""
    import requests

    text = getattr(error, "strerror", None) or str(error)
    slow = f"another process has been fetching it for over {LIMITS['lock']:g} s"
    connect, trust = "connect to the internet and load again", "update certifi with pip, or set "
    trust += "REQUESTS_CA_BUNDLE to your network's certificate"
    wrong = "sent something else (a log-in page, or a damaged file)"
    table: tuple[tuple[type[Exception], str, str, str], ...] = (  # kind, part of its text, in words
        (requests.HTTPError, "", text.partition(" for url")[0], connect),
        (requests.exceptions.SSLError, "", "its TLS certificate was not accepted", trust),
        (requests.RequestException, "timed out", "no answer for too long", connect),
        (requests.RequestException, "resolve", "host name not found (no network?)", connect),
        (requests.RequestException, "", "connection refused or cut", connect),
        (WrongContentError, "", wrong, connect),
        (Timeout, "", slow, "wait until it has ended"),
        (PermissionError, "", text, "ask its owner to let you read and write it"),
        (Exception, "", text, "see that the folder can be made, and has free space"),
    )
    return next(each[2:] for each in table if isinstance(error, each[0]) and each[1] in text)
