"""Leaving a list by one POST (RFC 8058), after a person said so.

What belongs here: that one request. What must never be here: cookies, redirections, a credential, an address of a
private network, or a second try.
"""

from __future__ import annotations

import functools
import ipaddress
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tui_mail.errors import CertificateRefused, CommandRefused, ConnectionLost, ProtocolViolation, Unreachable
from tui_mail.net.addresses import Place, connect_first, places_of
from tui_mail.net.failures import connect_failure
from tui_mail.net.lookups import Internet, place, translated, web_connection

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from tui_mail.model import Server

BODY = b"List-Unsubscribe=One-Click"
PATIENCE = 15.0
"""Seconds for everything."""


def is_public(address: str) -> bool:
    """An address of the internet, not of this computer or of the network it stands in."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (mapped is None or mapped.is_global)


def leave(url: str, internet: Internet | None = None, *, allowed: Callable[[str], bool] = is_public) -> int:
    """Tell a list that this person leaves; gives the status of success (2xx). `allowed`: which addresses are asked.

    Raises CommandRefused when the server says anything else, ProtocolViolation for what is not https, Unreachable or
    CertificateRefused when it was not asked, and ConnectionLost when it may have been, and nobody knows what came of
    it. Nothing of the answer but its status is believed.
    """
    until = time.monotonic() + PATIENCE
    server, path = place(url, internet or Internet())
    dialled = functools.partial(_dial, allowed=allowed)
    with ExitStack() as line:
        with _before_it_is_asked(server):
            connection = line.enter_context(web_connection(server, until, dialled))
        with _without_an_answer(server), translated(server):
            headers = {"User-Agent": "tui-mail", "Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", path, body=BODY, headers=headers)
            status = connection.getresponse().status
    if 200 <= status < 300:
        return status
    if 300 <= status < 400:
        raise CommandRefused(
            f"{server.host} sends the request elsewhere, where it was not repeated; whether you are off the list is "
            "not known. Open its page instead."
        )
    raise CommandRefused(
        f"{server.host} did not take you off the list (it said {status}). Open its page, or write to it, instead."
    )


def _dial(server: Server, *, timeout: float, allowed: Callable[[str], bool]) -> socket.socket:
    """A connection to one of the addresses of a name. All of them must be allowed; the name is looked up once."""
    try:
        places: list[Place] = places_of(server.host, server.port)
    except (OSError, UnicodeError, OverflowError) as error:
        raise _in_words(connect_failure(error, server), server) from error
    if not places or not all(allowed(one.address) for one in places):
        raise ProtocolViolation(
            f"{server.host} is an address of a private network, which no list asks for. Nothing was sent."
        )
    try:
        return connect_first(places, timeout)
    except OSError as error:
        raise _in_words(connect_failure(error, server), server) from error


@contextmanager
def _before_it_is_asked(server: Server) -> Iterator[None]:
    """Whatever goes wrong here, the list has not been told."""
    try:
        yield
    except (ConnectionLost, Unreachable) as error:
        raise _in_words(error, server) from error
    except CertificateRefused as error:
        sentence = f"{error.sentence} Nothing was sent, so you are still on the list."
        raise CertificateRefused(sentence, error.detail, reason=error.reason) from error


@contextmanager
def _without_an_answer(server: Server) -> Iterator[None]:
    """From here on the list may have been told."""
    try:
        yield
    except (ConnectionLost, ProtocolViolation) as error:
        raise ConnectionLost(
            f"{server.host} was asked, and did not say whether you are off the list. Ask once more, which does no "
            "harm, or open its page.",
            error.detail,
        ) from error


def _in_words(error: Exception, server: Server) -> Unreachable:
    return Unreachable(f"{server.host} does not answer, so you are still on the list. Try again later.", repr(error))
