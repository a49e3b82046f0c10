"""An internet that nothing leaks out of: names, web and mail servers on their usual ports, and programs among them.

    with Island() as island:
        Terminal([*island.inside, "tui-mail"], env=island.env)

The programs on it are as they are everywhere: they ask the system's resolver for `/etc/resolv.conf`, connect to ports
53, 443, 465, 587, 993 and 995, and believe the authorities of SSL_CERT_FILE. It is a network and a tree of mounts of
its own, so this needs root, and no two of them meet. Anna (password "secret") has an address at each of `PLACES`, and
one mailbox behind all of them, with one letter in it.

This module is also the program that holds an island: it starts the servers, says that they are there, and ends with
its stdin, and so with whoever started it, however that ended.
"""

from __future__ import annotations

import http.server
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import postfix
from tests.servers.dovecot import HOST
from tests.servers.internet import autoconfig
from tests.servers.names import NameServer
from tests.servers.postfix import Postfix
from tests.servers.private import missing_namespaces
from tui_mail.demo.certificates import make_certificates

ROOT = Path(__file__).resolve().parents[2]
SUBJECT = "Island ahoy"
PASSWORD = "secret"
NAMESPACES = ("--net", "--mount")
NOWHERE = "2001:db8::25"
"""An address that swallows whatever is sent to it."""

PLACES = {
    "own.example": "the domain's own autoconfig file",
    "listed.example": "Thunderbird's database",
    "company.example": "a mail exchanger of Fastmail",
    "records.example": "SRV records, for TLS too (RFC 8314)",
    "starttls.example": "SRV records for STARTTLS only (RFC 6186)",
    "plain.example": "nothing but usual names",
    "drop.example": "POP3 only",
    "six.example": "usual names that have an IPv6 address which leads nowhere",
}
"""Domains, and how their settings can be found."""

_HOSTS = (
    *("autoconfig.own.example", "in.own.example", "out.own.example"),
    *("v1.ispdb.net", "mail.listed.example"),
    *("imap.fastmail.com", "pop.fastmail.com", "smtp.fastmail.com"),
    *("post.records.example", "send.records.example", "post.starttls.example"),
    *("imap.plain.example", "smtp.plain.example"),
    *("pop.drop.example", "smtp.drop.example"),
    *("imap.six.example", "smtp.six.example"),
)
_ZONE = {
    ("company.example", "MX"): ["10 in1-smtp.messagingengine.com.", "20 in2-smtp.messagingengine.com."],
    ("_imaps._tcp.records.example", "SRV"): ["0 1 993 post.records.example."],
    ("_submissions._tcp.records.example", "SRV"): ["0 1 465 send.records.example."],
    ("_submission._tcp.records.example", "SRV"): ["0 1 587 send.records.example."],
    ("_imap._tcp.starttls.example", "SRV"): ["0 1 143 post.starttls.example."],
    ("_submission._tcp.starttls.example", "SRV"): ["0 1 587 post.starttls.example."],
    ("imap.six.example", "AAAA"): [NOWHERE],
    ("smtp.six.example", "AAAA"): [NOWHERE],
}
_PAGES = {
    "autoconfig.own.example/mail/config-v1.1.xml": autoconfig(
        "imap in.own.example 993 SSL %EMAILADDRESS%", "smtp out.own.example 465 SSL %EMAILADDRESS%"
    ),
    "v1.ispdb.net/listed.example": autoconfig(
        "imap mail.listed.example 993 SSL %EMAILLOCALPART%", "smtp mail.listed.example 587 STARTTLS %EMAILLOCALPART%"
    ),
}
_MAIL = {"imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995}
_SENDING = {"submission": 587, "submissions": 465}
_ELSEWHERE = {"lmtp": 10_024, "submission": 10_587, "submissions": 10_465}
"""Of Dovecot: what is nobody's business here, as Postfix sends."""
_RELAY = 10_025

_LETTER = f"""\
From: Robin <robin@island.example>\r
To: Anna <anna@own.example>\r
Subject: {SUBJECT}\r
Date: Mon, 02 Nov 2026 10:00:00 +0000\r
Message-ID: <welcome@island.example>\r
\r
Here you are.\r
"""


def missing() -> str:
    """Why there can be no island here; empty when there can."""
    if lacking := postfix.missing():
        return lacking
    lack = next((name for name in ("ip", "nsenter", "mount") if shutil.which(name) is None), "")
    return (
        f"{lack} is not installed (apt-get install iproute2 util-linux mount)"
        if lack
        else missing_namespaces(NAMESPACES)
    )


class Island:
    """The servers, and how to get there."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="island-", dir="/tmp"))
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        argv = ["unshare", *NAMESPACES, sys.executable, "-m", __name__, str(self._root)]
        with open(self._root / "island.log", "wb") as log:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
            )
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            self.__exit__(None, None, None)
            raise RuntimeError(f"the island did not rise:\n{self.log[-4000:]}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.communicate(timeout=60)

    @property
    def log(self) -> str:
        """What the servers could not keep to themselves."""
        return (self._root / "island.log").read_text("utf-8", "replace")

    @property
    def inside(self) -> tuple[str, ...]:
        """Goes before a command that is to run there."""
        assert self._process is not None
        return ("nsenter", f"--target={self._process.pid}", "--net", "--mount", f"--wd={ROOT}", "--")

    @property
    def env(self) -> dict[str, str]:
        """What a program there has to know, as if these authorities were the system's."""
        return {"SSL_CERT_FILE": str(self._root / "trusted.pem")}


# --- the program ----------------------------------------------------------------------------------


def main(root: Path) -> None:
    """Start everything, say so, and wait for the end of stdin."""
    _settle(root)
    names = NameServer(HOST, 53)
    names.zone.update({(host, "A"): [HOST] for host in _HOSTS} | _ZONE)
    web = root / "web"
    web.mkdir()
    post = Postfix(names=_HOSTS)
    post.ports.update(_SENDING, relay=_RELAY)
    post.dovecot.relay = _RELAY
    post.dovecot.ports = _MAIL | _ELSEWHERE
    with ExitStack() as running:
        for server in (names, _Web(web), post):
            running.enter_context(server)
        anna = post.new_user(PASSWORD, "anna")
        post.dovecot.deliver(anna, _LETTER.encode())
        authorities = (web / "ca.pem", post.root / "ca.pem", post.dovecot.ca_file)
        (root / "trusted.pem").write_bytes(b"".join(file.read_bytes() for file in authorities))
        print("there", flush=True)
        sys.stdin.read()
    shutil.rmtree(root, ignore_errors=True)


def _settle(root: Path) -> None:
    """This network and these mounts are nobody else's: loopback, who knows names, and an IPv6 that leads nowhere."""
    resolver = root / "resolv.conf"
    resolver.write_text(f"nameserver {HOST}\n")
    for command in (
        f"mount --bind {resolver} /etc/resolv.conf",
        "ip link set lo up",
        "ip -6 address add 2001:db8::1/128 dev lo nodad",  # so that IPv6 is tried first
        f"ip -6 route add {NOWHERE}/128 dev lo",
    ):
        subprocess.run(command.split(), check=" -6 " not in command)  # a kernel without IPv6 has one that is broken


class _Web(http.server.ThreadingHTTPServer):
    """Every https host there is."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        certificates = make_certificates(folder, *_HOSTS)
        super().__init__((HOST, 443), _Request)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.chain, certificates.key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Request(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = _PAGES.get(f"{self.headers['Host']}{self.path}", "").encode()
        self.send_response(200 if page else 404)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    log_message: Callable[..., None] = staticmethod(lambda *_: None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
