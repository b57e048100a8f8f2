"""A clamd for tests: speaks INSTREAM over TCP or a socket file, and finds EICAR in what it is sent."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import unpack

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LARGEST = 1_000_000


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        if self.rfile.read(10) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        got = b""
        while True:
            (size,) = unpack(">I", self.rfile.read(4))
            if not size:
                break
            got += self.rfile.read(size)
            if len(got) > LARGEST:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.wfile.write(b"stream: Eicar-Signature FOUND\0" if EICAR in got else b"stream: OK\0")


class _OverTcp(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True


class _OverFile(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def clamd(socket_file: Path | None = None) -> Iterator[str]:
    """Run one; yield its address as the setting CLAMD has it."""
    if socket_file:
        server: socketserver.BaseServer = _OverFile(str(socket_file), _Session)
        address = f"unix://{socket_file}"
    else:
        server = _OverTcp(("127.0.0.1", 0), _Session)
        address = f"tcp://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
