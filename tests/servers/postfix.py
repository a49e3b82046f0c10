"""A private Postfix on loopback, with a Dovecot that knows its users and takes its mail.

    with Postfix() as server:
        anna = server.new_user()
        session = SmtpSession.open(server.server(anna), "secret")
        ...
        [raw] = server.arrived(anna)

Addresses are USER@test.example, for every user of the Dovecot. Others of that domain are there for what they answer:
nobody…@ is unknown (550 5.1.1), busy@ is busy (450 4.2.1), full@ is full (452 4.2.2); every other domain is refused
(550 5.4.4), but for utf8.example, whose mail Postfix itself puts into one Maildir (Dovecot's LMTP takes no SMTPUTF8). A
subject of "refuse me" is refused after the final dot.

Ports are drawn from below the range that the kernel uses by itself, and each block of them is claimed by one process:
Postfix shares its ports, so that nobody would notice that two of them listen on one.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import dovecot
from tests.servers.dovecot import Dovecot, wait_until
from tests.servers.private import missing_namespaces
from tui_mail.demo.certificates import make_certificates
from tui_mail.model import Account, Protocol, Security, Server

HOST = "127.0.0.1"
DOMAIN = "test.example"
SIZE_LIMIT = 1_048_576
LISTENERS = ("submission", "submissions", "relay")
"""STARTTLS and login, TLS and login, and neither (for this computer's own servers)."""
MASTER = Path("/usr/lib/postfix/sbin/master")
SENDMAIL = Path("/usr/sbin/sendmail")
NOBODY = 65534
"""User and group number of the mail that Postfix itself delivers."""

_MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {root}/postfix.log
maillog_file_prefixes = {root}
myhostname = mx.{domain}
mydomain = {domain}
myorigin = {domain}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = {domain}, utf8.example
virtual_mailbox_maps = regexp:{root}/boxes
virtual_mailbox_base = {root}/mail
virtual_minimum_uid = 1
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
virtual_transport = lmtp:inet:{host}:{lmtp}
transport_maps = inline:{{ utf8.example=virtual }}
default_transport = error:5.4.4 this test has no outside
relayhost =
message_size_limit = {size}
smtputf8_enable = yes
smtpd_forbid_bare_newline = reject
smtpd_tls_chain_files = {root}/server.key, {root}/server.pem
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {dovecot}/sasl
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access regexp:{root}/moods
header_checks = regexp:{root}/headers
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0s
in_flow_delay = 0s
lmtp_line_length_limit = 0
smtp_line_length_limit = 0
double_bounce_sender = double-bounce
notify_classes =
"""

_MASTER = """\
{host}:{submission} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
{host}:{submissions} inet n - n - - smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
{host}:{relay} inet n - n - - smtpd
  -o syslog_name=postfix/relay
  -o mynetworks=127.0.0.0/8
  -o smtpd_relay_restrictions=permit_mynetworks,reject
pickup    unix n - n 60 1 pickup
cleanup   unix n - n -  0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
local     unix - n n - - local
virtual   unix - n n - - virtual
lmtp      unix - - n - - lmtp
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

_BOXES = """\
/@utf8\\.example$/ utf8/Maildir/
if !/^nobody/
/@test\\.example$/ any/Maildir/
endif
"""
_MOODS = """\
/^busy@test\\.example$/ 450 4.2.1 that mailbox is busy
/^full@test\\.example$/ 452 4.2.2 that mailbox is full
"""
_HEADERS = "/^Subject: refuse me/ REJECT we do not want this\n"

_OWNERS = {
    "data": ("postfix", "postfix", 0o700),
    "spool": ("root", "root", 0o755),
    "spool/pid": ("root", "root", 0o755),
    "spool/private": ("postfix", "root", 0o700),
    "spool/public": ("postfix", "postdrop", 0o710),
    "spool/maildrop": ("postfix", "postdrop", 0o730),
    **{
        f"spool/{name}": ("postfix", "root", 0o700)
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "saved", "trace")
    },
}


def missing() -> str:
    """Why Postfix cannot be started here; empty when it can."""
    if not MASTER.exists():
        return "postfix is not installed (apt-get install postfix; it need not run)"
    if os.geteuid() != 0:
        return "postfix needs root"
    if shutil.which("setpriv") is None:
        return "setpriv is not installed (apt-get install util-linux)"
    return dovecot.missing()


def _kill_namespace(process: subprocess.Popen[bytes]) -> None:
    """Kill `unshare` and with it all processes of its namespace; back when none of them has a socket open any more."""
    if process.poll() is not None:
        return
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    inside = [os.pidfd_open(int(child)) for child in children]
    process.kill()
    for child in inside:
        ended, _, _ = select.select([child], [], [], 10)  # the first process of a namespace ends after all others
        os.close(child)
        assert ended, "a server does not end"


class Postfix:
    """The server, its folder, its ports and its users."""

    def __init__(self, *, names: Sequence[str] = (), **settings: str | int) -> None:
        """`settings`: more lines of main.cf, instead of those above where they have the same name.

        `names`: of both certificates, besides localhost.
        """
        self.settings = settings
        self.names = names
        self.ports: dict[str, int] = dict(zip(LISTENERS, _free_ports(len(LISTENERS)), strict=True))
        self.dovecot = Dovecot(users=(), relay=self.ports["relay"], names=names)
        self._root: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- running ------------------------------------------------------------------------------

    @property
    def root(self) -> Path:
        """The temporary folder of everything: configuration, log, queue."""
        assert self._root is not None, "the server was not started"
        return self._root

    @property
    def log(self) -> str:
        """What Postfix wrote, for a failure's message."""
        path = self.root / "postfix.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def start(self) -> None:
        """Start both servers; after `kill` Postfix alone, with its queue. Raises RuntimeError with the log."""
        assert self._process is None, "already running"
        if self._root is None:
            self.dovecot.start()
            self._make_root()
        self._write_config()
        apart = [] if missing_namespaces(("--pid",)) else ["unshare", "--pid", "--fork", "--kill-child"]
        shell = ["sh", "-c", '"$@" & wait', "sh"] if apart else []
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *apart, *shell, str(MASTER), "-c", str(self.root / "etc"), "-s"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        process = self._process
        if not wait_until(lambda: process.poll() is not None or all(map(_greets, self.ports.values())), 20):
            raise RuntimeError(f"postfix did not start:\n{self.log[-4000:]}")
        if process.poll() is not None:
            raise RuntimeError(f"postfix ended with {process.returncode}:\n{self.log[-4000:]}")

    def kill(self) -> None:
        """End every process of Postfix; its queue stays."""
        process, self._process = self._process, None
        if process is not None:
            if missing_namespaces(("--pid",)):
                process.terminate()  # a master that is killed leaves its children behind
            else:
                _kill_namespace(process)
            process.wait(10)
            wait_until(lambda: not any(map(_greets, self.ports.values())), 10)

    def stop(self) -> None:
        """End both servers and remove the mail."""
        self.kill()
        self.dovecot.stop()
        root, self._root = self._root, None
        if root is not None:
            wait_until(lambda: shutil.rmtree(root, ignore_errors=True) or not root.exists(), 5)

    # --- users --------------------------------------------------------------------------------

    def new_user(self, password: str = "secret", name: str = "") -> str:
        """A user that did not exist, with an empty inbox; works while the server runs."""
        return self.dovecot.new_user(password, name)

    def address(self, user: str) -> str:
        """Where the user gets mail."""
        return f"{user}@{DOMAIN}"

    def server(self, user: str, security: Security | str = Security.TLS) -> Server:
        """How to send as `user`: over TLS, by STARTTLS, or (none) without a login."""
        listener = {Security.TLS: "submissions", Security.STARTTLS: "submission", Security.NONE: "relay"}
        return Server(
            host="localhost",
            port=self.ports[listener[Security(security)]],
            security=Security(security),
            user=user,
            password_command=("printf", "%s", self.dovecot.passwords[user]),
            ca_file=str(self.root / "ca.pem"),
        )

    def account(
        self, user: str, protocol: Protocol | str = Protocol.IMAP, security: Security | str = Security.TLS
    ) -> Account:
        """An account that reads from the Dovecot and sends here."""
        account = self.dovecot.account(user, protocol)
        return replace(account, email=self.address(user), outgoing=self.server(user, security))

    def sendmail(self) -> tuple[str, ...]:
        """The sendmail command of this Postfix."""
        return (str(SENDMAIL), "-C", str(self.root / "etc"))

    # --- mail ---------------------------------------------------------------------------------

    def arrived(self, user: str, count: int = 1, seconds: float = 40.0) -> list[bytes]:
        """The messages in the user's inbox, oldest first, with CRLF, as soon as there are `count`; fewer fail."""
        found: list[bytes] = []

        def there() -> bool:
            found[:] = self._fetched(user)
            return len(found) >= count

        assert wait_until(there, seconds), f"{len(found)} of {count} arrived:\n{self.log[-3000:]}"
        return found

    def arrived_in_utf8(self, count: int = 1, seconds: float = 40.0) -> list[bytes]:
        """The messages for utf8.example, oldest first, with LF, as soon as there are `count`; fewer fail."""
        box = self.root / "mail" / "utf8" / "Maildir" / "new"
        assert wait_until(lambda: len(list(box.glob("*"))) >= count, seconds), self.log[-3000:]
        return [file.read_bytes() for file in sorted(box.glob("*"), key=lambda file: file.stat().st_mtime_ns)]

    def is_idle(self) -> bool:
        """Whether nothing waits to be delivered."""
        queues = [self.root / "spool" / name for name in ("maildrop", "incoming", "active", "deferred")]
        return not any(file.is_file() for queue in queues for file in queue.rglob("*"))

    def _fetched(self, user: str) -> list[bytes]:
        with self.dovecot.connect(user, "INBOX") as client:
            numbers = client.search(None, "ALL")[1][0].split()
            answers = [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
        return [answer[1] for answer in answers if isinstance(answer, tuple)]

    # --- how it is done -----------------------------------------------------------------------

    def _make_root(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="pf-", dir="/tmp"))
        self._root.chmod(0o755)
        make_certificates(self._root, *self.names)
        for name, (user, group, mode) in _OWNERS.items():
            folder = self._root / name
            folder.mkdir()
            shutil.chown(folder, user, group)
            folder.chmod(mode)
        (self._root / "etc").mkdir()
        (self._root / "mail").mkdir()
        os.chown(self._root / "mail", NOBODY, NOBODY)

    def _write_config(self) -> None:
        main = _MAIN.format(
            root=self.root,
            dovecot=self.dovecot.root,
            host=HOST,
            domain=DOMAIN,
            size=SIZE_LIMIT,
            nobody=NOBODY,
            lmtp=self.dovecot.ports["lmtp"],
        )
        kept = [line for line in main.splitlines() if line.partition(" = ")[0] not in self.settings]
        main = "\n".join([*kept, *(f"{name} = {value}" for name, value in self.settings.items()), ""])
        texts = {
            "etc/main.cf": main,
            "etc/master.cf": _MASTER.format(host=HOST, **self.ports),
            "boxes": _BOXES,
            "moods": _MOODS,
            "headers": _HEADERS,
        }
        earlier = time.time() - 10  # a main.cf that is younger than a second is read again and again: 2 s
        for name, text in texts.items():
            file = self.root / name
            file.write_text(text, "utf-8")
            os.utime(file, (earlier, earlier))


_claims: list[socket.socket] = []


def _blocks() -> Iterator[int]:
    """Ports in blocks of 20, each claimed by a name that the kernel gives back when this process ends."""
    for start in range(20_000, 32_000, 20):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0mailtest-ports-{start}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        yield from range(start, start + 20)


@cache
def _ports() -> Iterator[int]:
    return _blocks()


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    for port in _ports():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if probe.connect_ex((HOST, port)) != 0:
                found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no port is free")


def _greets(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
