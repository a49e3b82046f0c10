"""Names for tests: a DNS server on loopback that knows the MX records it is told, and a resolver for host names.

`resolving` stands in for the system's resolver, which cannot be told anything without being root.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import dns.message
import dns.rcode
import dns.rrset
import pytest

from tui_mail.net.lookups import Internet


class Exchangers:
    """A DNS server; `records` are the names of each domain's mail exchangers, the preferred one first."""

    def __init__(self, records: Mapping[str, tuple[str, ...]]) -> None:
        self.records = records
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._answer, daemon=True)

    @property
    def internet(self) -> Internet:
        """To be asked instead of the real one."""
        return Internet(nameservers=("127.0.0.1",), dns_port=self._sock.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._sock.getsockname())
        self._thread.join(5)
        self._sock.close()

    def _answer(self) -> None:
        while True:
            octets, peer = self._sock.recvfrom(4096)
            if not octets:
                return
            question = dns.message.from_wire(octets)
            reply = dns.message.make_response(question)
            name = question.question[0].name
            found = self.records.get(name.to_text(omit_final_dot=True).lower(), ())
            if found:
                texts = [f"{10 * number} {host}." for number, host in enumerate(found, 1)]
                reply.answer.append(dns.rrset.from_text(name, 60, "IN", "MX", *texts))
            else:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            self._sock.sendto(reply.to_wire(), peer)


@contextlib.contextmanager
def resolving(addresses: Mapping[str, tuple[str, ...]]) -> Iterator[None]:
    """These host names have these addresses; all others are as ever."""
    asked = socket.getaddrinfo

    def answer(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host not in addresses:
            return asked(host, port, *rest, **more)
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses[host]
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", answer)
        yield
