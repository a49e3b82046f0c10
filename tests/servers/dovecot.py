"""A private Dovecot 2.3 on loopback: a real IMAP, POP3 and LMTP server that one test session owns.

    with Dovecot(users=("anna",)) as server:
        server.deliver("anna", b"Subject: hello\n\nhello\n")
        account = server.account("anna")

Every option is a line of dovecot.conf: `Dovecot(imap_capability=BASIC)` is a server without extensions.
It runs as root (mail owned by a user without a name) and as an ordinary user alike.
"""

from __future__ import annotations

import grp
import imaplib
import itertools
import os
import pwd
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tui_mail.demo.certificates import make_certificates
from tui_mail.model import Account, Protocol, Security, Server

HOST = "127.0.0.1"
LISTENERS = ("imap", "imaps", "pop3", "pop3s", "lmtp")
SENDING = ("submission", "submissions")
FOLDERS = ("Drafts", "Sent", "Archive", "Junk", "Trash")
MAIL_OWNER = 5000
"""User and group number that owns the mail when Dovecot runs as root."""

BARE = "IMAP4rev1"
"""As `imap_capability`: a server of 2003."""
BASIC = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE CHILDREN UNSELECT UIDPLUS LIST-EXTENDED SPECIAL-USE"
"""As `imap_capability`: no MOVE, no ESEARCH, no CONDSTORE, no QRESYNC, no LIST-STATUS, no NOTIFY."""
CONDSTORE = BASIC + " MOVE ESEARCH LIST-STATUS CONDSTORE"
"""As `imap_capability`: CONDSTORE without QRESYNC and NOTIFY."""

_SUBMISSION = """\
submission_relay_host = {host}
submission_relay_port = {relay}
submission_relay_trusted = yes
service submission-login {{
  {no_chroot}
  service_count = 0
  inet_listener submission {{
    port = {submission}
  }}
  inet_listener submissions {{
    port = {submissions}
    ssl = yes
  }}
}}
"""

_OAUTH2 = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2.conf
}}"""

_BINARY = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
_DOVEADM = shutil.which("doveadm") or "/usr/bin/doveadm"

_CONFIG = """\
protocols = imap pop3 lmtp{submission}
listen = {host}
base_dir = {root}/run
state_dir = {root}/state
instance_name = test-{imap}
log_path = {root}/dovecot.log
ssl = yes
ssl_cert = <{root}/server.pem
ssl_key = <{root}/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login{bearer}
auth_username_chars =
auth_username_format = %n
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {root}/users/%u
}}
{oauth2}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home/%u
}}
mail_location = maildir:~/Maildir
first_valid_uid = 1
mail_fsync = never
mail_max_userip_connections = 1000
mailbox_list_index = yes
mailbox_idle_check_interval = 1 secs
namespace inbox {{
  inbox = yes
  separator = /
{mailboxes}
}}
default_vsz_limit = 2G
default_process_limit = 500
default_client_limit = 4000
{accounts}
service anvil {{
  {no_chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  {no_chroot}
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
service imap-login {{
  {no_chroot}
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  {no_chroot}
  service_count = 0
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service auth {{
  unix_listener {root}/sasl {{
    mode = 0666
  }}
}}
protocol imap {{
  mail_plugins = {plugins}
}}
postmaster_address = postmaster@localhost
hostname = localhost
{options}
"""


def missing() -> str:
    """Why Dovecot cannot be started here; empty when it can."""
    return "" if _BINARY else "dovecot is not installed (apt-get install dovecot-imapd dovecot-pop3d dovecot-lmtpd)"


class Dovecot:
    """The server, its folder, its ports and its users."""

    def __init__(
        self,
        users: Sequence[str] = ("anna",),
        *,
        compress: bool = False,
        plugins: str = "",
        relay: int = 0,
        names: Sequence[str] = (),
        oauth2: str = "",
        **options: str | int,
    ) -> None:
        """`plugins`: of the IMAP service; their own settings are options such as `plugin/quota`.

        `relay`: the port on loopback that takes what is submitted here; 0: there is no submission service.
        `names`: of the certificate, besides localhost.
        `oauth2`: the file of its passdb for access tokens, which are taken beside passwords; empty: there is none.
        """
        self.relay = relay
        self.names = names
        self.oauth2 = oauth2
        self.options = options
        self.plugins = plugins
        self.compress = compress
        self.passwords: dict[str, str] = dict.fromkeys(users, "secret")
        self.ports: dict[str, int] = {}
        self._root: Path | None = None
        self._master: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- running ----------------------------------------------------------------------------------

    @property
    def root(self) -> Path:
        """The temporary folder of everything: configuration, log, homes."""
        assert self._root is not None, "the server was not started"
        return self._root

    @property
    def ca_file(self) -> Path:
        """The authority that a client must trust."""
        return self.root / "ca.pem"

    @property
    def log(self) -> str:
        """What Dovecot wrote, for a failure's message."""
        path = self.root / "dovecot.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def start(self) -> None:
        """Start; after `kill` on the same ports, with the same mail. Raises RuntimeError with the log."""
        assert self._master is None, "already running"
        if not _BINARY:
            raise RuntimeError(missing())
        if self._root is None:
            self._make_root()
        for attempt in range(3):
            self.ports = self.ports or _free_ports((*LISTENERS, *SENDING) if self.relay else LISTENERS)
            self._write_config()
            self._master = subprocess.Popen(
                [_BINARY, "-F", "-c", str(self.root / "dovecot.conf")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            if self._answers(within=15.0):
                return
            self.kill()
            if attempt == 0 and "Address already in use" in self.log:
                self.ports = {}
        raise RuntimeError(f"dovecot did not start:\n{self.log[-4000:]}")

    def kill(self) -> None:
        """End every process at once, as a crash would; mail and ports stay."""
        if self._master is None:
            return
        master, self._master = self._master, None
        if master.poll() is None:
            os.kill(master.pid, signal.SIGSTOP)
            children = _children(master.pid)
            for pid in children:
                _kill(pid)
            os.kill(master.pid, signal.SIGTERM)
            os.kill(master.pid, signal.SIGCONT)
            master.wait(10)
            wait_until(lambda: not any(map(_is_alive, children)), 10)

    def stop(self) -> None:
        """End every process and remove the mail."""
        self.kill()
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
        self._root = None

    # --- users ------------------------------------------------------------------------------------

    def new_user(self, password: str = "secret", name: str = "") -> str:
        """A user that did not exist, with empty folders; works while the server runs."""
        name = name or f"user{next(self._names)}"
        self.passwords[name] = password
        self._write_user(name)
        return name

    def server(
        self, user: str, security: Security | str = Security.TLS, protocol: Protocol | str = Protocol.IMAP
    ) -> Server:
        """How to log in as `user`: the certificate is for localhost, the password comes from a command."""
        return self._leg(user, security, Protocol(protocol))

    def outgoing(self, user: str, security: Security | str = Security.TLS) -> Server:
        """How to send as `user` through the submission service."""
        return self._leg(user, security, "submission")

    def _leg(self, user: str, security: Security | str, service: str) -> Server:
        listener = f"{service}{'s' if security == Security.TLS else ''}"
        return Server(
            host="localhost",
            port=self.ports[listener],
            security=Security(security),
            user=user,
            password_command=("printf", "%s", self.passwords[user]),
            ca_file=str(self.ca_file),
        )

    def account(self, user: str, protocol: Protocol | str = Protocol.IMAP) -> Account:
        """An account named like the user, without a way to send."""
        return Account(
            name=user,
            full_name=user.title(),
            email=f"{user}@example.org",
            protocol=Protocol(protocol),
            incoming=self.server(user, protocol=protocol),
        )

    # --- mail -------------------------------------------------------------------------------------

    def deliver(self, user: str, *messages: bytes, sender: str = "sender@example.org") -> None:
        """Deliver to the INBOX, as a mail server does it; on return the messages are there."""
        with smtplib.LMTP(HOST, self.ports["lmtp"], local_hostname="localhost") as lmtp:
            for message in messages:
                lmtp.sendmail(sender, [f"{user}@localhost"], message)

    def connect(self, user: str, folder: str = "") -> imaplib.IMAP4_SSL:
        """Another client of the same user, logged in; `folder` is selected when given."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        client = imaplib.IMAP4_SSL("localhost", self.ports["imaps"], ssl_context=context, timeout=20)
        password = self.passwords[user]
        client.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        if folder:
            answer, data = client.select(f'"{folder}"')
            assert answer == "OK", data
        return client

    def maildir(self, user: str, folder: str = "INBOX") -> Path:
        """The Maildir of a folder; it exists once the user logged in or got mail."""
        top = self.root / "home" / user / "Maildir"
        return top if folder == "INBOX" else top / f".{folder.replace('/', '.')}"

    def own(self, paths: Iterable[Path]) -> None:
        """Give files written by a test to the user that Dovecot reads mail as."""
        if os.geteuid() == 0:
            for path in paths:
                os.chown(path, MAIL_OWNER, MAIL_OWNER)

    def change_uidvalidity(self, user: str, folder: str = "INBOX") -> int:
        """Give the folder another UIDVALIDITY, as a restore from a backup does; returns it."""
        shown = self.doveadm("-f", "tab", "mailbox", "status", "-u", user, "uidvalidity", folder)
        uidvalidity = int(shown.split()[-1]) + 1000
        self.doveadm("mailbox", "update", "-u", user, "--uid-validity", str(uidvalidity), folder)
        return uidvalidity

    def doveadm(self, *words: str) -> str:
        """Run doveadm against this server; returns what it printed."""
        argv = [_DOVEADM, "-c", str(self.root / "dovecot.conf"), *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}"
        return done.stdout

    # --- how it is done ---------------------------------------------------------------------------

    def _make_root(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="dc-", dir="/tmp"))
        self._root.chmod(0o755)
        make_certificates(self._root, *self.names)
        (self._root / "users").mkdir(mode=0o755)
        (self._root / "home").mkdir()
        self.own([self._root / "home"])

    def _write_user(self, user: str) -> None:
        """One file for each user: Dovecot looks for changes of a known file only once a second."""
        partial = self.root / "users.partial"
        partial.write_text(f"{user}:{{PLAIN}}{self.passwords[user]}::::::\n", "utf-8")
        partial.chmod(0o644)
        partial.rename(self.root / "users" / user)

    def _write_config(self) -> None:
        for user in self.passwords:
            self._write_user(user)
        as_root = os.geteuid() == 0
        folder = "  mailbox {0} {{\n    auto = subscribe\n    special_use = \\{0}\n  }}"
        no_chroot = "" if as_root else "chroot ="
        submission = (
            _SUBMISSION.format(host=HOST, relay=self.relay, no_chroot=no_chroot, **self.ports) if self.relay else ""
        )
        if self.oauth2:
            (self.root / "oauth2.conf").write_text(self.oauth2, "utf-8")
        config = _CONFIG.format(
            bearer=" xoauth2 oauthbearer" if self.oauth2 else "",
            oauth2=_OAUTH2.format(root=self.root) if self.oauth2 else "",
            host=HOST,
            root=self.root,
            uid=MAIL_OWNER if as_root else os.geteuid(),
            gid=MAIL_OWNER if as_root else os.getegid(),
            mailboxes="\n".join(map(folder.format, FOLDERS)),
            accounts="" if as_root else _ordinary_user(),
            no_chroot=no_chroot,
            submission=" submission" if self.relay else "",
            plugins=f"{self.plugins} imap_zlib" if self.compress else self.plugins,
            options="\n".join([submission, *(f"{name} = {value}" for name, value in self.options.items())]),
            **{name: port for name, port in self.ports.items() if name in LISTENERS},
        )
        (self.root / "dovecot.conf").write_text(config, "utf-8")

    def _answers(self, within: float) -> bool:
        master = self._master
        assert master is not None
        return (
            wait_until(lambda: master.poll() is not None or all(map(_greets, self.ports.values())), within)
            and master.poll() is None
        )


def _ordinary_user() -> str:
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    return f"default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}"


def _free_ports(names: Sequence[str]) -> dict[str, int]:
    held = [socket.create_server((HOST, 0)) for _ in names]
    ports = {name: int(listener.getsockname()[1]) for name, listener in zip(names, held, strict=True)}
    for listener in held:
        listener.close()
    return ports


def _greets(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _children(pid: int) -> list[int]:
    running = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [child for child in running if _status(child)[1:] == [str(pid)]]


def _is_alive(pid: int) -> bool:
    return _status(pid)[:1] not in ([], ["Z"])


def _status(pid: int) -> list[str]:
    """State letter and parent of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return []


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    """True as soon as `holds()` is, False when it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.003)
    return True
