"""Asking the network where the mail of a domain is: DNS by dnspython, and small files over https.

What belongs here: one question, one bounded answer. What must never be here: what an answer means (config/discovery.py,
config/autoconfig.py), a person's address in a question, plain http, or a credential.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from tui_mail.config.discovery import SRV_NAMES, Record, host_name
from tui_mail.errors import MailError, ProtocolViolation, Unreachable
from tui_mail.model import Security, Server
from tui_mail.net.connection import dial, secure
from tui_mail.net.failures import lost, too_much
from tui_mail.records import frozen

if TYPE_CHECKING:
    import socket
    import ssl

    from dns.resolver import Answer

QUICK = 4.0
"""Seconds for all questions to DNS about one thing."""
PATIENCE = 5.0
"""Seconds for a file, with everything that leads to it."""
REDIRECTS = 3
RECORDS = 20
"""Most records of one name that are believed."""


@frozen
class Internet:
    """Whom to ask. The defaults are the real thing; a test has servers of its own."""

    nameservers: tuple[str, ...] = ()
    """Addresses of resolvers; none: the system's."""
    dns_port: int = 53
    ca_file: str = ""
    """PEM file of the authorities to trust instead of the system's; it goes into the settings that are found."""
    ispdb: str = "https://v1.ispdb.net/"
    """Thunderbird's database; a domain follows."""


@frozen
class Exchangers:
    """Who takes the mail of a domain."""

    exists: bool
    """False: there is no such domain."""
    hosts: tuple[str, ...] = ()
    """The preferred one first."""


# --- DNS ----------------------------------------------------------------------------------------


def mail_exchangers(domain: str, internet: Internet) -> Exchangers:
    """The MX records of a domain. Raises Unreachable when no name server answers."""
    answer, exists = _ask(domain, "MX", internet, time.monotonic() + QUICK)
    found = sorted((record.preference, host_name(record.exchange.to_text())) for record in answer or ())
    return Exchangers(exists, tuple(host for _, host in found if host)[:RECORDS])


def service_records(domain: str, internet: Internet) -> Mapping[str, tuple[Record, ...]]:
    """The SRV records for mail of a domain, by name ("_imaps._tcp"). Raises Unreachable when no name server answers."""
    until = time.monotonic() + QUICK
    return {name: tuple(_records(f"{name}.{domain}", internet, until)) for name in SRV_NAMES}


def _records(name: str, internet: Internet, until: float) -> Iterator[Record]:
    for record in list(_ask(name, "SRV", internet, until)[0] or ())[:RECORDS]:
        yield Record(record.priority, record.weight, host_name(record.target.to_text()), record.port)


def _ask(name: str, kind: str, internet: Internet, until: float) -> tuple[Answer | None, bool]:
    """The records, if there are any, and whether the name exists."""
    from dns.exception import DNSException
    from dns.resolver import NXDOMAIN, NoAnswer, Resolver

    try:
        resolver = Resolver(configure=not internet.nameservers)
        if internet.nameservers:
            resolver.nameservers = list(internet.nameservers)
            resolver.port = internet.dns_port
        return resolver.resolve(f"{name}.", kind, lifetime=max(0.1, until - time.monotonic())), True
    except NXDOMAIN:
        return None, False
    except NoAnswer:
        return None, True
    except (DNSException, OSError, ValueError) as error:
        raise Unreachable(
            f"No name server answered for {name}. Check that this computer is on the network.", repr(error)
        ) from error


# --- https --------------------------------------------------------------------------------------


@frozen
class File:
    """What a web server gave."""

    status: int
    octets: bytes = b""


def fetch(url: str, limit: int, internet: Internet, patience: float = PATIENCE) -> File:
    """A file over https, of `limit` octets at most; empty unless its status is 200.

    Up to three redirections are followed, to https only. Raises Unreachable, CertificateRefused, ConnectionLost and
    ProtocolViolation, within `patience` seconds or soon after.
    """
    until = time.monotonic() + patience
    for _ in range(REDIRECTS + 1):
        answer, url = _fetch_once(url, limit, internet, until)
        if not url:
            return answer
    return File(answer.status)


def _fetch_once(url: str, limit: int, internet: Internet, until: float) -> tuple[File, str]:
    """What is there, and where it says to look instead ("": nowhere)."""
    server, path = place(url, internet)
    with web_connection(server, until) as connection, translated(server):
        connection.request("GET", path, headers={"User-Agent": "tui-mail", "Accept": "text/xml, */*;q=0.1"})
        with connection.getresponse() as response:
            return _read(response, url, limit, server, until)


def place(url: str, internet: Internet) -> tuple[Server, str]:
    """The server and the path of an address. Raises ProtocolViolation for everything that is not https."""
    with suppress(ValueError):
        parts = urlsplit(url)
        host, port = host_name(parts.hostname or ""), parts.port or 443
        if parts.scheme == "https" and host:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            return Server(host, port, Security.TLS, "", ca_file=internet.ca_file), path
    raise ProtocolViolation(f"It leads to “{url[:200]}”, which is not asked: only https is.")


def _read(response: HTTPResponse, url: str, limit: int, server: Server, until: float) -> tuple[File, str]:
    if response.status in (301, 302, 303, 307, 308):
        return File(response.status), urljoin(url, response.getheader("Location") or "")
    if response.status != 200:
        return File(response.status), ""
    octets = b""
    while chunk := response.read1(limit + 1 - len(octets)):
        octets += chunk
        if len(octets) > limit:
            raise too_much(server.host, f"a file of more than {limit} octets")
    if response.length or time.monotonic() > until:
        raise EOFError("the file is not whole")
    return File(200, octets), ""


class _Connection(HTTPConnection):
    default_port = 443
    """Not to be named in the request; the connection is ours already."""


@contextmanager
def web_connection(
    server: Server, until: float, dialled: Callable[..., socket.socket] = dial
) -> Iterator[HTTPConnection]:
    """A connection that is encrypted, and that ends at `until` whatever the server does; `dialled` makes it."""
    left = max(0.1, until - time.monotonic())
    sock = secure(dialled(server, timeout=left), server, timeout=left)
    sock.settimeout(max(0.1, until - time.monotonic()))
    connection = _Connection(server.host, server.port)
    connection.sock = sock
    end = threading.Timer(max(0.1, until - time.monotonic()), _cut, (sock,))
    end.daemon = True
    end.start()
    try:
        yield connection
    finally:
        end.cancel()
        connection.close()


def _cut(sock: ssl.SSLSocket) -> None:
    import socket

    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


@contextmanager
def translated(server: Server) -> Iterator[None]:
    """What goes wrong on the line, in the words of `tui_mail.errors`."""
    try:
        yield
    except MailError:
        raise
    except (HTTPException, OSError, EOFError, ValueError) as error:
        raise lost(error, server.host) from error
