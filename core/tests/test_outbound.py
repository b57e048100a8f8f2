"""Calling addresses of strangers: what is refused, what is pinned, and how long a server may keep us."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import override_settings

from core import outbound
from core.public_addresses import is_public

PUBLIC = "93.184.216.34"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Seen: yes\r\n\r\nok"


@pytest.fixture(autouse=True)
def _as_in_production() -> Iterator[None]:
    with override_settings(OUTBOUND_LOCAL=False):
        yield


@contextmanager
def server(
    answer: Callable[[socket.socket, bytes], None],
    tls: ssl.SSLContext | None = None,
    *,
    until: bytes = b"\r\n\r\n",
) -> Iterator[int]:
    """Listen on this machine; `answer` is given each connection and the request's head. Yields the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _peer = listener.accept()
            except OSError:
                return
            with suppress(OSError):
                connection = tls.wrap_socket(plain, server_side=True) if tls else plain
                with connection:
                    head = b""
                    while until not in head:
                        part = connection.recv(65536)
                        if not part:
                            break
                        head += part
                    answer(connection, head)
                    # Closed with something unread, a connection is reset, and what was answered may be lost with it.
                    connection.settimeout(0.5)
                    while connection.recv(65536):
                        pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def say(*parts: bytes) -> Callable[[socket.socket, bytes], None]:
    def answer(connection: socket.socket, _head: bytes) -> None:
        for part in parts:
            connection.sendall(part)

    return answer


class Wire(httpcore.NetworkBackend):
    """Sockets that note where they were to lead, and lead to this machine."""

    def __init__(self, port: int = 0) -> None:
        self.port, self.asked = port, []

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.asked.append((host, port))
        if not self.port:
            raise httpcore.ConnectError
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port, timeout)


def resolver(*answers: list[str]) -> Callable[[str, int], list[str]]:
    """A DNS that gives these answers, one after the other, and the last ever after."""
    left = list(answers)

    def resolve(host: str, port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def call(url: str = "https://hooks.example/in", **how: object) -> outbound.Answer:
    return outbound.post(url, content=b"{}", headers={"Content-Type": "application/json"}, **how)


def refused(url: str, *, addresses: list[str] | None = None) -> bool:
    """Whether a call is refused without one packet."""
    wire = Wire()
    try:
        call(url, network=wire, resolve=resolver(addresses or [PUBLIC]))
    except (outbound.UrlRefused, outbound.AddressRefused):
        return wire.asked == []
    except outbound.CallFailed:
        return False
    raise AssertionError("nobody listens")


INSIDE = [
    *(
        "127.0.0.1",
        "127.8.8.8",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "0.0.0.0",
        "0.1.2.3",
    ),
    *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    *(
        "198.18.0.1",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "192.88.99.1",
        "224.0.0.1",
        "239.255.255.255",
    ),
    *("240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:93.184.216.34", "::127.0.0.1"),
    *("::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::"),
    *("2002:a9fe:a9fe::1", "2001:0:53aa:64c:0:7fff:80ff:fffe", "2001:db8::1", "100::1", "3fff::1", "5f00::1"),
]
OUTSIDE = [
    "93.184.216.34",
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "2a00:1450:4001:82a::200e",
]


class TestAddresses:
    @pytest.mark.parametrize("address", INSIDE)
    def test_none_that_is_not_public_is_called_by_itself_or_by_a_name(self, address: str):
        assert not is_public(address)
        host = f"[{address}]" if ":" in address else address
        assert refused(f"https://{host}/")
        assert refused("https://hooks.example/", addresses=[address])

    @pytest.mark.parametrize("address", INSIDE)
    def test_one_among_public_ones_makes_the_name_suspect(self, address: str):
        assert refused("https://hooks.example/", addresses=[PUBLIC, address])
        assert refused("https://hooks.example/", addresses=[address, PUBLIC])

    @pytest.mark.parametrize("address", OUTSIDE)
    def test_public_ones_are_called(self, address: str):
        wire = Wire()
        with pytest.raises(outbound.ConnectionFailed):
            call(network=wire, resolve=resolver([address]))
        assert wire.asked == [(address, 443)]

    @pytest.mark.parametrize(
        "spelling",
        ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "localhost", "LOCALHOST."],
    )
    def test_other_spellings_of_this_machine_are_looked_up_and_refused(self, spelling: str):
        # The system's own look-up, which takes all of these.
        wire = Wire()
        with pytest.raises((outbound.UrlRefused, outbound.AddressRefused, outbound.NameNotFound)):
            call(f"https://{spelling}/", network=wire)
        assert wire.asked == []

    @pytest.mark.parametrize("nonsense", ["", "hooks.example", "1.2.3", "1.2.3.4.5", "::g", "10.0.0.1/8"])
    def test_what_is_no_address_is_not_public(self, nonsense: str):
        assert not is_public(nonsense)


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            *(
                "http://hooks.example/",
                "ftp://hooks.example/",
                "file:///etc/passwd",
                "gopher://hooks.example/",
                "//x",
            ),
            *(
                "https://user:secret@hooks.example/",
                "https://user@hooks.example/",
                "https://@@hooks.example/",
            ),
            *("https:///nowhere", "https://", "", "hooks.example", "https://hooks.example/#part"),
            *("https://hooks.example:80/", "https://hooks.example:22/", "https://hooks.example:0/"),
            *(
                "https://hooks.example:65536/",
                "https://hooks.example:99999999999/",
                "https://hooks.example:x/",
            ),
            *("https://hooks.example\\@10.0.0.1/", "https://hooks.example /", "https://hooks\n.example/"),
            *(
                "https://hooks.example/\r\nHost: other",
                "https://%31%30.0.0.1/",
                "https://１２７.0.0.1/",
                "https://xn--/",
            ),
            *(
                "https://[::1/",
                "https://[v1.x]/",
                "https://a,b.example/",
                "https://" + "a" * 500 + ".example/",
            ),
            *("http://127.0.0.1/", "http://127.0.0.1:8000/", "http://localhost/", "http://[::1]/"),
        ],
    )
    def test_what_is_not_called_by_its_look(self, url: str):
        with pytest.raises(outbound.UrlRefused):
            outbound.check_url(url)
        assert refused(url)

    @pytest.mark.parametrize(
        "url",
        [
            *(
                "https://hooks.example",
                "https://hooks.example/a?b=c",
                "https://hooks.example:443/",
                "https://x_y.example",
            ),
            *(
                "https://hooks.example:8443/",
                "https://bücher.example/",
                "https://93.184.216.34/",
                "HTTPS://Hooks.Example/",
            ),
        ],
    )
    def test_what_is(self, url: str):
        assert outbound.check_url(url).scheme == "https"

    def test_this_machine_may_be_called_where_a_setting_says_so_and_nothing_else_of_it(self):
        with server(say(OK)) as port, override_settings(OUTBOUND_LOCAL=True):
            assert call(f"http://127.0.0.1:{port}/").status == 200
            for url in (f"http://localhost:{port}/", f"http://127.0.0.2:{port}/", f"http://[::1]:{port}/"):
                assert refused(url)
            assert refused(f"https://127.0.0.1:{port}/")
            assert refused("https://hooks.example/", addresses=["127.0.0.1"])


def make_certificate(name: str) -> tuple[bytes, bytes]:
    """A certificate for a name that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext, list[str]]:
    """A server that is `hooks.example`, a client that believes it, and the names it was asked for."""
    certificate, key = make_certificate("hooks.example")
    (tmp_path / "server.pem").write_bytes(certificate + key)
    served, asked = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    served.load_cert_chain(tmp_path / "server.pem")
    served.sni_callback = lambda _socket, name, _context: asked.append(name)
    return served, ssl.create_default_context(cadata=certificate.decode()), asked


class TestPinning:
    def test_the_connection_goes_to_what_was_looked_at_and_speaks_of_the_name(self, tls):
        served, trusting, names = tls
        heads: list[bytes] = []

        def answer(connection: socket.socket, head: bytes) -> None:
            heads.append(head)
            connection.sendall(OK)

        with server(answer, served) as port:
            wire = Wire(port)
            # The second answer leads inside: nobody asks for it.
            dns = resolver([PUBLIC], ["169.254.169.254"])
            told = call("https://hooks.example:8443/in?a=b", network=wire, resolve=dns, tls=trusting)
            assert (told.status, told.body, told.header("x-seen")) == (200, b"ok", "yes")
            assert wire.asked == [(PUBLIC, 8443)] and names == ["hooks.example"]
            assert heads[0].startswith(b"POST /in?a=b HTTP/1.1\r\nHost: hooks.example:8443\r\n")
            with pytest.raises(outbound.AddressRefused):
                call(network=wire, resolve=dns, tls=trusting)
            assert len(wire.asked) == 1

    def test_a_certificate_for_another_name_is_refused(self, tls):
        served, trusting, _names = tls
        with server(say(OK), served) as port, pytest.raises(outbound.TlsFailed):
            call("https://other.example/", network=Wire(port), resolve=resolver([PUBLIC]), tls=trusting)

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, tls):
        served, _trusting, _names = tls
        with server(say(OK), served) as port, pytest.raises(outbound.TlsFailed):
            call(network=Wire(port), resolve=resolver([PUBLIC]))

    def test_plain_http_on_the_tls_port_is_refused(self):
        with server(say(OK), until=b"") as port, pytest.raises(outbound.TlsFailed):
            call(network=Wire(port), resolve=resolver([PUBLIC]))

    def test_the_next_address_is_tried_where_one_does_not_answer(self):
        wire = Wire()
        with pytest.raises(outbound.ConnectionFailed):
            call(network=wire, resolve=resolver([PUBLIC, "8.8.8.8"]))
        assert [host for host, _port in wire.asked] == [PUBLIC, "8.8.8.8"]

    def test_no_proxy_of_the_environment_is_asked(self, monkeypatch):
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        wire = Wire()
        with pytest.raises(outbound.ConnectionFailed):
            call(network=wire, resolve=resolver([PUBLIC]))
        assert wire.asked == [(PUBLIC, 443)]

    @pytest.mark.parametrize(
        "dns", [lambda host, port: [], lambda host, port: (_ for _ in ()).throw(OSError())]
    )
    def test_a_name_without_address_is_said_to_be_one(self, dns):
        with pytest.raises(outbound.NameNotFound):
            call(network=Wire(), resolve=dns)


class TestAnswers:
    @pytest.fixture(autouse=True)
    def _on_this_machine(self, settings) -> None:
        settings.OUTBOUND_LOCAL = True

    def test_a_redirect_is_an_answer_and_is_not_followed(self):
        seen: list[bytes] = []

        def answer(connection: socket.socket, head: bytes) -> None:
            seen.append(head)
            connection.sendall(
                b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
            )

        with server(answer) as port:
            told = call(f"http://127.0.0.1:{port}/")
        assert (told.status, told.header("location")) == (302, "http://127.0.0.1:1/") and len(seen) == 1

    def test_of_a_huge_answer_only_the_beginning_is_read(self):
        sent = []

        def answer(connection: socket.socket, _head: bytes) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            with suppress(OSError):
                for _ in range(10_000):
                    connection.sendall(b"x" * 100_000)
                    sent.append(100_000)

        with server(answer) as port:
            told = call(f"http://127.0.0.1:{port}/")
        assert told.status == 200 and told.body == b"x" * outbound.KEPT
        assert sum(sent) < 100_000_000

    def test_a_compressed_answer_is_not_unpacked(self):
        bomb = b"\x1f\x8b\x08\x00" + b"\x00" * 20
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 24\r\n\r\n"
        with server(say(head + bomb)) as port:
            assert call(f"http://127.0.0.1:{port}/").body == bomb

    def test_a_head_without_end_is_no_answer(self):
        def answer(connection: socket.socket, _head: bytes) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            with suppress(OSError):
                for number in range(100_000):
                    connection.sendall(f"X-{number}: {'y' * 100}\r\n".encode())

        with server(answer) as port, pytest.raises(outbound.AnswerUnreadable):
            call(f"http://127.0.0.1:{port}/")

    @pytest.mark.parametrize(
        "nonsense", [b"220 smtp.example ESMTP\r\n", b"\x00\x01\x02\r\n\r\n", b"HTTP/9 hello\r\n\r\n"]
    )
    def test_what_is_no_http_is_said_to_be_none(self, nonsense: bytes):
        with server(say(nonsense)) as port, pytest.raises(outbound.AnswerUnreadable):
            call(f"http://127.0.0.1:{port}/")

    def test_a_connection_that_breaks_is_no_answer(self):
        with server(say()) as port, pytest.raises((outbound.ConnectionFailed, outbound.AnswerUnreadable)):
            call(f"http://127.0.0.1:{port}/")
        with pytest.raises(outbound.ConnectionFailed):
            call(f"http://127.0.0.1:{port}/")

    @pytest.mark.parametrize(
        "before",
        [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"],
        ids=["silence", "drips its head", "drips its body"],
    )
    def test_a_server_that_drips_is_left_when_the_time_is_over(self, before: bytes):
        stop = threading.Event()

        def answer(connection: socket.socket, _head: bytes) -> None:
            connection.sendall(before)
            while not stop.wait(0.05):
                if before:
                    connection.sendall(b"z")

        with server(answer) as port:
            started = time.monotonic()
            with pytest.raises(outbound.TimedOut):
                call(f"http://127.0.0.1:{port}/", within=0.4)
            # Each byte came in time; only the sum of them is too long.
            assert time.monotonic() - started >= 0.4
            stop.set()

    def test_a_name_that_nobody_answers_for_ends_with_the_time_too(self):
        asked = threading.Event()
        with pytest.raises(outbound.TimedOut):
            call(network=Wire(), resolve=lambda host, port: asked.wait(5) or [PUBLIC], within=0.1)
        asked.set()
