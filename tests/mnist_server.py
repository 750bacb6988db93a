"""A web server on this machine that serves MNIST's packed files, or misbehaves as it is told."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = b"<html><body>Please log in to the guest network.</body></html>"


class MnistServer(ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1 until `close`.

    Args:
        files: the packed files' content by name.
        behaviour: a key of BEHAVIOURS; a HEAD request is answered well unless it is 'silent'.
        certificate: a PEM file with key and certificate, to serve over TLS.
    """

    daemon_threads = True

    def __init__(
        self, files: dict[str, bytes], behaviour: str = "good", certificate: Path | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.behaviour = behaviour
        self.fetched: list[str] = []  # the names that a GET request asked for
        self.closing = threading.Event()
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about clients that hang up."""

    def close(self) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers one request as the server's behaviour says."""

    server: MnistServer

    def do_HEAD(self) -> None:
        if self.server.behaviour == "silent":
            self.server.closing.wait()
        self.start_answer(0)

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        self.server.fetched.append(name)
        BEHAVIOURS[self.server.behaviour](self, self.server.files[name])

    def start_answer(self, length: int, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Print nothing."""


def send_all(handler: Handler, body: bytes) -> None:
    handler.start_answer(len(body))
    handler.wfile.write(body)


def send_half(handler: Handler, body: bytes) -> None:
    handler.start_answer(len(body))
    handler.wfile.write(body[: len(body) // 2])
    handler.wfile.flush()


def send_slowly(handler: Handler, body: bytes) -> None:
    time.sleep(0.2)
    send_all(handler, body)


def send_corrupt(handler: Handler, body: bytes) -> None:
    middle = len(body) // 2
    send_all(handler, body[:middle] + bytes([body[middle] ^ 255]) + body[middle + 1 :])


def send_shorter_file(handler: Handler, body: bytes) -> None:
    send_all(handler, body[: len(body) // 2])


def send_status(status: int) -> Callable[[Handler, bytes], None]:
    return lambda handler, body: handler.start_answer(0, status)


def hang_up(handler: Handler, body: bytes) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def reset(handler: Handler, body: bytes) -> None:
    """Drop the connection with a reset instead of an orderly end."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.rfile.close()


def reset_within_body(handler: Handler, body: bytes) -> None:
    send_half(handler, body)
    reset(handler, body)


def stall(handler: Handler, body: bytes) -> None:
    handler.server.closing.wait()


def stall_within_body(handler: Handler, body: bytes) -> None:
    send_half(handler, body)
    handler.server.closing.wait()


def send_first_only(handler: Handler, body: bytes) -> None:
    """Serve one file, then answer 503 for ever."""
    answer = send_all if len(handler.server.fetched) == 1 else send_status(503)
    answer(handler, body)


BEHAVIOURS: dict[str, Callable[[Handler, bytes], None]] = {
    "good": send_all,
    "slow": send_slowly,
    "first file only": send_first_only,
    "403": send_status(403),
    "404": send_status(404),
    "503": send_status(503),
    "log-in page": lambda handler, body: send_all(handler, PAGE),
    "short body": send_half,
    "shorter file": send_shorter_file,
    "corrupt file": send_corrupt,
    "disconnect": hang_up,
    "reset": reset,
    "reset within the body": reset_within_body,
    "silent": stall,
    "stall before the headers": stall,
    "stall within the body": stall_within_body,
}
