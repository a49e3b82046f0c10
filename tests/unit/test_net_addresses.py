"""Several addresses of one name: the one that answers is taken, and a silent one costs a moment."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from tests.servers.names import resolving
from tui_mail.errors import Unreachable
from tui_mail.model import Security, Server
from tui_mail.net.addresses import Attempts, Place, connect_each, connect_first
from tui_mail.net.connection import dial


def place(address: str, port: int) -> Place:
    return Place(socket.AF_INET, (address, port))


@contextlib.contextmanager
def listening(address: str = "127.0.0.1") -> Iterator[int]:
    with socket.create_server((address, 0)) as listener:
        yield listener.getsockname()[1]


@contextlib.contextmanager
def silent(address: str, port: int) -> Iterator[None]:
    """A port that neither accepts nor refuses: its queue is full."""
    with contextlib.ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(4):
            waiting = open_sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((address, port))
        with socket.socket() as probe:
            probe.settimeout(0.3)
            if probe.connect_ex((address, port)) == 0:
                pytest.skip("this kernel lets more connections wait than were asked for")
        yield


def test_a_silent_address_costs_a_moment() -> None:
    """The second address is tried beside the first one long before that has timed out."""
    with listening("127.0.0.1") as port, silent("127.0.0.2", port):
        began = time.monotonic()
        with connect_first([place("127.0.0.2", port), place("127.0.0.1", port)], 20.0) as sock:
            assert sock.getpeername()[0] == "127.0.0.1"
        assert time.monotonic() - began < 15


def test_a_refusing_address_costs_nothing() -> None:
    """The next one is tried at once."""
    with listening() as port:
        began = time.monotonic()
        with connect_first([place("127.0.0.2", port), place("127.0.0.1", port)], 20.0) as sock:
            assert sock.getpeername()[0] == "127.0.0.1"
        assert time.monotonic() - began < 6


def test_each_address_is_told_of() -> None:
    """In the order that was asked, with the reason for those that cannot be reached."""
    with listening() as port:
        there, refused = connect_each([place("127.0.0.1", port), place("127.0.0.2", port)], 5.0)
    assert there.error is None
    assert isinstance(refused.error, ConnectionRefusedError)


def test_what_is_not_taken_is_closed() -> None:
    """Two addresses answer at once; the second connection does not stay open."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        tries = Attempts([place("127.0.0.1", port)] * 2, 5.0, stagger=0.0)
        first = next(tries)
        accepted = [listener.accept()[0] for _ in range(2)]
        tries.close()
        assert first.sock is not None
        first.sock.close()
        for sock in accepted:
            sock.settimeout(5)
            assert sock.recv(1) == b""
            sock.close()


def test_the_name_of_a_server_may_have_an_address_that_leads_nowhere() -> None:
    """`dial` as every session uses it: IPv6 has no way out, IPv4 has."""
    with (
        listening() as port,
        resolving({"mail.example.org": ("100::1", "127.0.0.1")}),
        dial(Server("mail.example.org", port, Security.TLS, "anna"), timeout=10.0) as sock,
    ):
        assert sock.getpeername()[0] == "127.0.0.1"


def test_no_address_answers() -> None:
    """The reason is told in the words of a person, and by name."""
    with listening() as port:
        pass
    with (
        resolving({"mail.example.org": ("127.0.0.2", "127.0.0.1")}),
        pytest.raises(Unreachable, match="does not accept connections") as raised,
    ):
        dial(Server("mail.example.org", port, Security.TLS, "anna"), timeout=5.0)
    assert raised.value.reason == "refused"
