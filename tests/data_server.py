"""Small data sets of random images, and a web server that sends one, or misbehaves as told."""

import gzip
import hashlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from ae_utils.data_files import SOURCES, Source


def make_files(source: Source, n_train: int = 0, n_test: int = 0) -> dict[str, bytes]:
    """The four files of a data set of random images, by default two of a class and one of each."""
    random, n_classes = np.random.default_rng(0), len(source.label_names)
    files = []
    for n in (n_train or 2 * n_classes, n_test or n_classes):
        labels = np.arange(n) % n_classes + source.first_label
        files += [struct.pack(">4i", 0x803, n, 28, 28) + random.bytes(784 * n)]
        files += [struct.pack(">2i", 0x801, n) + labels.astype(np.uint8).tobytes()]
    return dict(zip(source.names, files, strict=True))


def pack(files: dict[str, bytes]) -> dict[str, bytes]:
    """The same files as they are offered for download."""
    return {f"{name}.gz": gzip.compress(content) for name, content in files.items()}


def md5(content: bytes) -> str:
    """The checksum that torchvision knows of a download."""
    return hashlib.md5(content).hexdigest()


FILES = make_files(SOURCES["mnist"])
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
SMALL = replace(SOURCES["mnist"], sha256=SHA256)
PACKED = pack(FILES)


class DataServer(ThreadingHTTPServer):
    """Serves until `close`, with a failure of FAILURES, over TLS with a PEM file's certificate."""

    def __init__(
        self, failure: str = "", certificate: Path | None = None, files: dict[str, bytes] = PACKED
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.failure = failure
        self.files = files  # by their names
        self.failing = list(files) if failure else []  # those with which it fails
        self.delay = 0.0  # seconds before it sends a file
        self.fetched: list[str] = []  # the files that it was asked for
        self.closing = threading.Event()
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server_port}/"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers one request as its server was told."""

    def do_HEAD(self) -> None:
        if self.server.failure == "silent":
            self.stall()
        self.send(b"")

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        self.server.fetched.append(name)
        time.sleep(self.server.delay)
        if name in self.server.failing:
            FAILURES[self.server.failure][1](self, self.server.files[name])
        else:
            self.send(self.server.files[name])

    def send(self, body: bytes, length: int | None = None, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stall(self) -> None:
        self.server.closing.wait()

    def reset(self) -> None:
        """Drop the connection with a reset instead of an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.rfile.close()


WRONG, CUT = "sent something else", "connection refused or cut"
LATE = "no answer for too long"

# The cause that the user is told, and what the server does with the file that it is asked for.
FAILURES: dict[str, tuple[str, Callable[[Handler, bytes], object]]] = {
    "403": ("403 Client Error: Forbidden", lambda self, file: self.send(b"", status=403)),
    "503": ("503 Server Error", lambda self, file: self.send(b"", status=503)),
    "log-in page": (WRONG, lambda self, file: self.send(b"<html>Please log in</html>")),
    "shorter file": (WRONG, lambda self, file: self.send(file[:-9])),
    "damaged file": (WRONG, lambda self, file: self.send(file[:30] + b"?" + file[31:])),
    "another file": (WRONG, lambda self, file: self.send(gzip.compress(b"another"))),
    "short body": (CUT, lambda self, file: self.send(file[:30], len(file))),
    "disconnect": (CUT, lambda self, file: self.connection.shutdown(socket.SHUT_RDWR)),
    "reset": (CUT, lambda self, file: self.reset()),
    "reset within": (CUT, lambda self, file: (self.send(file[:30], len(file)), self.reset())),
    "silent": (LATE, lambda self, file: self.stall()),
    "stall": (LATE, lambda self, file: self.stall()),
    "stall within": (LATE, lambda self, file: (self.send(file[:30], len(file)), self.stall())),
}
