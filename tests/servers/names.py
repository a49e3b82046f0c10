"""Names for tests: a DNS server on loopback that knows the records it is told, and a resolver for host names.

`resolving` stands in for the system's resolver, which cannot be told anything without being root.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from tui_mail.net.lookups import Internet


class NameServer:
    """A DNS server; a name that is not in its zone, and is no part of one that is, does not exist."""

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self.zone: dict[tuple[str, str], list[str]] = {}
        """The records of a name and a kind: `zone["example.org", "MX"] = ["10 mx.example.org."]`."""
        self.asked: list[str] = []
        """Names and kinds, in the order of the questions."""
        self.silent = False
        """True: nobody is answered."""
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((address, port))
        self._thread = threading.Thread(target=self._answer, daemon=True)

    @property
    def internet(self) -> Internet:
        """To be asked instead of the real one."""
        return Internet(nameservers=("127.0.0.1",), dns_port=self.port)

    @property
    def port(self) -> int:
        """Where it answers."""
        port: int = self._sock.getsockname()[1]
        return port

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
            try:
                question = dns.message.from_wire(octets)
            except dns.exception.DNSException:
                continue
            name = question.question[0].name.to_text(omit_final_dot=True).lower()
            kind = dns.rdatatype.to_text(question.question[0].rdtype)
            self.asked.append(f"{name} {kind}")
            if self.silent:
                continue
            answer = dns.message.make_response(question)
            answer.flags |= dns.flags.RA
            records = self.zone.get((name, kind), [])
            if records:
                answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *records))
            elif not any(known == name or known.endswith(f".{name}") for known, _ in self.zone):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self._sock.sendto(answer.to_wire(), peer)


class Exchangers(NameServer):
    """`records` are the names of each domain's mail exchangers, the preferred one first."""

    def __init__(self, records: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        for domain, hosts in records.items():
            self.zone[domain, "MX"] = [f"{10 * number} {host}." for number, host in enumerate(hosts, 1)]


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
