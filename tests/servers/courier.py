"""A private Courier on loopback, IMAP and POP3, out of Debian's packages, which need not be installed.

    with Courier() as server:
        anna = server.new_user()
        server.deliver(anna, b"Subject: hello\r\n\r\nhello\r\n")
        server.set_quota(anna, 4000)

All folders lie below INBOX (`INBOX.Sent`), and none has a special use. Its places are compiled in, so it sees an
/etc and a /run of its own, which takes root.
"""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

from tests.servers import debs
from tests.servers.private import HOST, NOBODY, PrivateServer, missing_namespaces

FOLDERS = ("Drafts", "Sent", "Trash")
CAPABILITY = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE"
"""Debian's default, to which the server itself adds ACL, ENABLE and UTF8."""

_SETTINGS = """\
TLS_VERIFYPEER=NONE TLS_CERTFILE={root}/both.pem TLS_TRUSTCERTS={root}/ca.pem COURIERTLS={bin}/couriertls
IMAP_KEYWORDS=1 IMAP_ACL=1 IMAP_PROXY=0 IMAP_IDLE_TIMEOUT=1 IMAP_ENHANCEDIDLE=1 IMAP_USELOCKS=1 IMAP_UMASK=022
IMAP_CHECK_ALL_FOLDERS=0 IMAP_OBSOLETE_CLIENT=0 IMAP_MAILBOX_SANITY_CHECK=1 IMAP_DISABLETHREADSORT=0
IMAP_TRASHFOLDERNAME=Trash IMAP_EMPTYTRASH= IMAP_MOVE_EXPUNGE_TO_TRASH=0 IMAP_TLS_REQUIRED=0
IMAP_SHAREDINDEXFILE=/etc/courier/shared/index
POP3_PROXY=0 POP3_TLS_REQUIRED=0
SENDMAIL=/bin/false HEADERFROM=X-IMAP-Sender MAILDIRPATH=Maildir
GAMIN_DEBUG_SERVER={tree}/usr/libexec/gam_server GAM_CLIENT_ID={id}
"""

_START = """\
set -e
mount --bind {root}/etc /etc
mount --bind {root}/run /run
umask 022
( set -a; . /etc/courier/authdaemonrc; exec {tree}/usr/lib/courier/courier-authlib/authdaemond ) &
IMAP_TLS=1 IMAP_STARTTLS=NO {tcpd} {imaps} {bin}/couriertls -server -tcpd {imapd} &
IMAP_STARTTLS=YES {tcpd} {imap} {imapd} &
POP3_TLS=1 POP3_STARTTLS=NO {tcpd} {pop3s} {bin}/couriertls -server -tcpd {pop3d} &
POP3_STARTTLS=YES {tcpd} {pop3} {pop3d} &
wait
"""

_AUTHENTICATION = """\
authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=2
authdaemonvar=/run/courier/authdaemon
DEBUG_LOGIN=0
DEFAULTOPTIONS=""
LOGGEROPTS=""
"""


def missing() -> str:
    """Why Courier cannot be started here; empty when it can."""
    reason = missing_namespaces(Courier.namespaces)
    return f"courier cannot be started here: {reason}" if reason else debs.missing("courier")


class Courier(PrivateServer):
    """The server; see `PrivateServer`."""

    name = "courier"
    listeners = ("imap", "imaps", "pop3", "pop3s")
    namespaces = ("--mount", "--pid")

    def __init__(self) -> None:
        super().__init__()
        self._deliveries = itertools.count(1)
        self._hashes: dict[str, str] = {}

    def configure(self) -> list[str]:
        """Write /etc and the script that starts it all."""
        etc, run = self.root / "etc", self.root / "run"
        for folder in (etc / "courier/shared", run / "courier/authdaemon", self.root / "home"):
            folder.mkdir(parents=True, exist_ok=True)
        both = self.root / "both.pem"
        both.touch(0o600)
        both.write_bytes((self.root / "server.key").read_bytes() + (self.root / "server.pem").read_bytes())
        os.chown(both, NOBODY, NOBODY)
        names = "".join(f"{name}:x:65534:65534::/:/bin/false\n" for name in ("nobody", "courier"))
        (etc / "passwd").write_text(f"root:x:0:0::/root:/bin/sh\n{names}")
        (etc / "group").write_text("root:x:0:\nnogroup:x:65534:\ncourier:x:65534:\n")
        (etc / "hosts").write_text("127.0.0.1 localhost\n")
        (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
        (etc / "courier/authdaemonrc").write_text(_AUTHENTICATION)
        self._write_users()
        programs = self.tree / "usr/lib/courier/courier"
        tcpd = self.tree / "usr/sbin/couriertcpd"
        script = _START.format(
            root=self.root,
            tree=self.tree,
            bin=self.tree / "usr/bin",
            tcpd=f"{tcpd} -address={HOST} -maxprocs=200 -maxperip=200 -nodnslookup -noidentlookup",
            imapd=f"{programs}/imaplogin {self.tree}/usr/bin/imapd Maildir",
            pop3d=f"{programs}/courierpop3login {programs}/courierpop3d Maildir",
            **self.ports,
        )
        (self.root / "start.sh").write_text(script)
        return ["sh", str(self.root / "start.sh")]

    def environment(self) -> dict[str, str]:
        """What Courier's own start scripts read from its settings."""
        text = _SETTINGS.format(root=self.root, tree=self.tree, bin=self.tree / "usr/bin", id=self.root.name)
        settings = dict(word.split("=", 1) for word in text.split())
        words = {f"IMAP_CAPABILITY{end}": CAPABILITY for end in ("", "_ORIG")}
        words |= {f"IMAP_CAPABILITY_TLS{end}": f"{CAPABILITY} AUTH=PLAIN" for end in ("", "_ORIG")}
        words |= {"POP3AUTH": "", "POP3AUTH_ORIG": "PLAIN LOGIN", "POP3AUTH_TLS": "PLAIN", "POP3AUTH_TLS_ORIG": "PLAIN"}
        return {**super().environment(), **settings, **words}

    def add_user(self, user: str) -> None:
        """A Maildir with some folders, and a line in userdb."""
        maildir, make = self.maildir(user), self.tree / "usr/bin/maildirmake.courier"
        maildir.parent.mkdir()
        self.run(make, maildir)
        for folder in FOLDERS:
            self.run(make, "-f", folder, maildir)
        (maildir / "courierimapsubscribed").write_text("".join(f"INBOX.{folder}\n" for folder in FOLDERS))
        self.own(maildir.parent)
        self._write_users()

    def deliver(self, user: str, *messages: bytes) -> None:
        """Into the Maildir."""
        for message in messages:
            name = f"{int(time.time())}.M{time.monotonic_ns()}P{os.getpid()}Q{next(self._deliveries)}.localhost"
            partial = self.maildir(user) / "tmp" / name
            partial.write_bytes(message.replace(b"\r\n", b"\n"))
            os.chown(partial, NOBODY, NOBODY)
            partial.rename(self.maildir(user) / "new" / name)

    def set_quota(self, user: str, octets: int) -> None:
        """Limit what lies in all folders of the user."""
        self.run(self.tree / "usr/bin/maildirmake.courier", "-q", f"{octets}S", self.maildir(user))
        self.own(self.maildir(user))

    def maildir(self, user: str) -> Path:
        """Where the user's mail lies."""
        return self.root / "home" / user / "Maildir"

    def _write_users(self) -> None:
        """The two databases of all users; each is replaced whole."""
        places, secrets = "", ""
        for user, password in self.passwords.items():
            if password not in self._hashes:
                self._hashes[password] = self.run("/usr/bin/openssl", "passwd", "-5", password).strip()
            home = self.maildir(user).parent
            places += f"{user}\tuid={NOBODY}|gid={NOBODY}|home={home}|mail={home}/Maildir\n"
            secrets += f"{user}\tsystempw={self._hashes[password]}\n"
        program = self.tree / "usr/lib/courier/courier-authlib/makedatprog"
        for name, lines in (("userdb", places), ("userdbshadow", secrets)):
            target = self.root / "etc/courier" / name
            self.run(program, "-", f"{target}.tmp", f"{target}.dat", told=f"{lines}.\n")  # "." ends it, or it fails
