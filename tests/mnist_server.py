"""A small MNIST of random images, and a web server that sends it, or misbehaves as it is told."""

import gzip
import hashlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

RANDOM = np.random.default_rng(0)
FILES = {  # 20 and 10 images with their labels, each file after its header
    "train-images-idx3-ubyte": RANDOM.bytes(16 + 20 * 784),
    "train-labels-idx1-ubyte": RANDOM.bytes(8) + bytes(range(10)) * 2,
    "t10k-images-idx3-ubyte": RANDOM.bytes(16 + 10 * 784),
    "t10k-labels-idx1-ubyte": RANDOM.bytes(8) + bytes(range(10)),
}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
PACKED = {f"{name}.gz": gzip.compress(content) for name, content in FILES.items()}


class MnistServer(ThreadingHTTPServer):
    """Serves until `close`, with a failure of FAILURES, over TLS with a PEM file's certificate."""

    def __init__(self, failure: str = "", certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.failure = failure
        self.failing = list(PACKED) if failure else []  # the files with which it fails
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
            FAILURES[self.server.failure][1](self, PACKED[name])
        else:
            self.send(PACKED[name])

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


WRONG, CUT = "sent something else than MNIST", "connection refused or cut"
LATE = "no answer for too long"

# The cause that the user is told, and what the server does with the file that it is asked for.
FAILURES: dict[str, tuple[str, Callable[[Handler, bytes], object]]] = {
    "403": ("403 Client Error: Forbidden", lambda self, file: self.send(b"", status=403)),
    "503": ("503 Server Error", lambda self, file: self.send(b"", status=503)),
    "log-in page": (WRONG, lambda self, file: self.send(b"<html>Please log in</html>")),
    "shorter file": (WRONG, lambda self, file: self.send(file[:-9])),
    "damaged file": (WRONG, lambda self, file: self.send(file[:30] + b"?" + file[31:])),
    "another file": (WRONG, lambda self, file: self.send(gzip.compress(b"not MNIST"))),
    "short body": (CUT, lambda self, file: self.send(file[:30], len(file))),
    "disconnect": (CUT, lambda self, file: self.connection.shutdown(socket.SHUT_RDWR)),
    "reset": (CUT, lambda self, file: self.reset()),
    "reset within": (CUT, lambda self, file: (self.send(file[:30], len(file)), self.reset())),
    "silent": (LATE, lambda self, file: self.stall()),
    "stall": (LATE, lambda self, file: self.stall()),
    "stall within": (LATE, lambda self, file: (self.send(file[:30], len(file)), self.stall())),
}
