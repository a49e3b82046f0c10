"""A Dovecot that takes the access tokens of a private token server, and hands what is sent on to nobody."""

from __future__ import annotations

import shutil
import socket
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller

from tests.conftest import need
from tests.servers.dovecot import Dovecot, missing
from tests.servers.oauth import TokenServer


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """Its certificates lie where Dovecot may read them."""
    folder = Path(tempfile.mkdtemp(prefix="oauth-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with TokenServer(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def mail_server(tokens: TokenServer, mechanisms: str = "plain xoauth2 oauthbearer") -> Iterator[Dovecot]:
    """Anna's; its submission service hands mail on to a sink."""
    need(missing())
    with _relay() as port:
        options = {"auth_mechanisms": mechanisms}
        with Dovecot(users=("anna",), relay=port, oauth2=tokens.dovecot_file(), **options) as server:
            yield server


def browse(url: str, ca_file: str, *, to_the_end: bool) -> str:
    """Open a page as a browser does; gives where it ends. Without `to_the_end`, nobody listens there."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *words: object) -> None:
            return None

    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file))
    ]
    opener = urllib.request.build_opener(*handlers, *([] if to_the_end else [Stay()]))
    try:
        with opener.open(url, timeout=10) as answer:
            return str(answer.geturl())
    except urllib.error.HTTPError as error:
        return str(error.headers["Location"])


class _Sink:
    async def handle_DATA(self, *_: object) -> str:
        return "250 taken"


@contextmanager
def _relay() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    controller = Controller(_Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
