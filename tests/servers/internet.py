"""A small internet on loopback: names, a DNS server for zones, and a web server that speaks for every host.

    with LocalInternet(tmp_path, monkeypatch) as net:
        net.zone["example.org", "MX"] = ["10 mx.example.org."]
        net.pages["autoconfig.example.org/mail/config-v1.1.xml"] = page(xml)
        net.hosts["imap.example.org", 993] = dovecot.ports["imaps"]
        discover("anna@example.org", …, internet=net.internet)

`hosts` is what /etc/hosts is to a computer, with ports: a host that is not in it does not exist, but for localhost.
Every https host is served by one server, with one certificate that names those of `web`.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.servers.names import NameServer
from tests.servers.scripted import Peer, Scripted
from tui_mail.demo.certificates import make_certificates
from tui_mail.net.lookups import Internet

ISPDB = "ispdb.test"
Page = Callable[[Peer], None]


def page(body: bytes | str, status: str = "200 OK", *headers: str) -> Page:
    """An answer of a web server."""
    octets = body.encode() if isinstance(body, str) else body

    def serve(peer: Peer) -> None:
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(octets)}", "Connection: close", *headers]
        peer.send("\r\n".join([*head, "", ""]).encode() + octets)

    return serve


def redirect(location: str) -> Page:
    """An answer that leads elsewhere."""
    return page("", "302 Found", f"Location: {location}")


def autoconfig(*servers: str, name: str = "Example") -> str:
    """A file of a provider; each server is "imap host port SSL user [authentication]"."""
    made = []
    for words in map(str.split, servers):
        kind, host, port, security, user, *ways = words
        leg = "outgoing" if kind == "smtp" else "incoming"
        made.append(
            f'<{leg}Server type="{kind}"><hostname>{host}</hostname><port>{port}</port>'
            f"<socketType>{security}</socketType><username>{user}</username>"
            + "".join(f"<authentication>{way}</authentication>" for way in ways or ["password-cleartext"])
            + f"</{leg}Server>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><clientConfig version="1.1"><emailProvider id="example.org">'
        f"<domain>example.org</domain><displayName>{name}</displayName>{''.join(made)}</emailProvider></clientConfig>"
    )


class LocalInternet:
    """Everything that discovery asks; whatever was asked is in `asked` (names) and `web.seen` (lines of requests)."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, *web: str) -> None:
        """`web`: names of the certificate of the web server, which is also in `hosts` under them."""
        certificates = make_certificates(folder, ISPDB, *web)
        self.ca_file = folder / "trusted.pem"
        self.ca_file.write_bytes(certificates.authority.read_bytes())
        self.names = NameServer()
        self.zone, self.asked = self.names.zone, self.names.asked
        self.pages: dict[str, Page] = {}
        self.hosts: dict[tuple[str, int], int] = {}
        self.web = Scripted(self._serve, certificate=folder, tls=True)
        self.hosts |= {(name, 443): self.web.port for name in (ISPDB, *web)}
        self._patch = patch
        self._look_up = socket.getaddrinfo

    def __enter__(self) -> Self:
        self.web.__enter__()
        self.names.__enter__()
        self._patch.setattr(socket, "getaddrinfo", self._getaddrinfo)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.names.__exit__(kind, error, trace)
        self.web.__exit__(kind, error, trace)

    @property
    def internet(self) -> Internet:
        """Where discovery has to ask."""
        return Internet(("127.0.0.1",), self.names.port, str(self.ca_file), f"https://{ISPDB}/")

    def trust(self, authority: Path) -> None:
        """Believe one more authority."""
        with self.ca_file.open("ab") as out:
            out.write(authority.read_bytes())

    def _getaddrinfo(self, host: Any, port: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in ("localhost", "127.0.0.1", "::1", None):
            return self._look_up(host, port, *more, **named)
        if not any(known == name for known, _ in self.hosts):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        number = self.hosts.get((name, int(port)), 1)  # nobody listens on port 1
        return self._look_up("127.0.0.1", number, *more, **named)

    def _serve(self, peer: Peer) -> None:
        path, host = peer.line().split()[1].decode(), ""
        while line := peer.line():
            if line.lower().startswith(b"host:"):
                host = line[5:].strip().decode()
        self.pages.get(f"{host}{path}", page("nothing", "404 Not Found"))(peer)
