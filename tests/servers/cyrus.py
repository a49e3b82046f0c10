"""A private Cyrus 3 on loopback, out of Debian's package, which need not be installed.

    with Cyrus() as server:
        anna = server.new_user()
        server.deliver(anna, b"Subject: hello\r\n\r\nhello\r\n")
        server.set_quota(anna, 0, folder="Full")

Drafts, Sent, Junk and Trash are made at the first login, and their special use is told in lower case; an archive is
not among them.
"""

from __future__ import annotations

import os
import pwd
import smtplib
from pathlib import Path

from tests.servers import debs
from tests.servers.private import HOST, PrivateServer

ADMIN = "cyrus"
FOLDERS = ("Drafts", "Sent", "Junk", "Trash")

_IMAPD = """\
configdirectory: {root}/conf
defaultpartition: default
partition-default: {root}/spool
proc_path: {root}/conf/proc
mboxname_lockpath: {root}/conf/lock
idlesocket: {root}/conf/socket/idle
lmtpsocket: {root}/conf/socket/lmtp
notifysocket: {root}/conf/socket/notify
cyrus_user: {user}
admins: {admin}
servername: localhost
virtdomains: off
altnamespace: yes
unixhierarchysep: yes
allowplaintext: yes
failedloginpause: 0
autocreate_quota: 0
autocreate_inbox_folders: {folders}
autocreate_subscribe_folders: {folders}
{uses}
implicit_owner_rights: lkxan
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {root}/conf/sasldb2
sasl_auto_transition: no
tls_server_cert: {root}/server.pem
tls_server_key: {root}/server.key
tls_session_timeout: 0
syslog_prefix: test
"""

_MASTER = """\
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {root}/imapd.conf -r"
}}
SERVICES {{
  imap  cmd="{bin}/imapd -C {root}/imapd.conf" listen="{host}:{imap}" prefork=0 maxchild=100
  imaps cmd="{bin}/imapd -C {root}/imapd.conf -s" listen="{host}:{imaps}" prefork=1 maxchild=100
  lmtp  cmd="{bin}/lmtpd -C {root}/imapd.conf -a" listen="{host}:{lmtp}" prefork=0 maxchild=20
}}
DAEMON {{
  idled cmd="{bin}/idled -C {root}/imapd.conf"
}}
EVENTS {{
  checkpoint cmd="{bin}/ctl_cyrusdb -C {root}/imapd.conf -c" period=30
}}
"""


def missing() -> str:
    """Why Cyrus cannot be started here; empty when it can."""
    return debs.missing("cyrus")


class Cyrus(PrivateServer):
    """The server; see `PrivateServer`."""

    name = "cyrus"
    listeners = ("imap", "imaps", "lmtp")

    def configure(self) -> list[str]:
        """Write imapd.conf and cyrus.conf."""
        first = not (self.root / "conf").exists()
        for folder in ("conf/db", "conf/proc", "conf/lock", "conf/socket", "conf/log", "conf/msg", "spool"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        owner = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        uses = "\n".join(f"xlist-{folder.lower()}: {folder}" for folder in FOLDERS)
        config = _IMAPD.format(root=self.root, user=owner, admin=ADMIN, folders="|".join(FOLDERS), uses=uses)
        (self.root / "imapd.conf").write_text(config, "utf-8")
        services = _MASTER.format(root=self.root, bin=self.tree / "usr/lib/cyrus/bin", host=HOST, **self.ports)
        (self.root / "cyrus.conf").write_text(services, "utf-8")
        if first:
            self.passwords[ADMIN] = "secret"
            self.add_user(ADMIN)
            self.own(self.root / "conf", self.root / "spool", self.root / "server.key")
        master = self.tree / "usr/lib/cyrus/bin/master"
        config_file, services_file = self.root / "imapd.conf", self.root / "cyrus.conf"
        return [str(master), "-D", "-C", str(config_file), "-M", str(services_file), "-p", str(self.root / "pid")]

    def environment(self) -> dict[str, str]:
        """With the plug-ins of the tree and of this computer."""
        plugins = "usr/lib/*/sasl2"
        places = [*self.tree.glob(plugins), *Path("/").glob(plugins)]
        return {**super().environment(), "SASL_PATH": ":".join(map(str, places))}

    def add_user(self, user: str) -> None:
        """A password in sasldb; the mailboxes are made at the first login."""
        database = self.root / "conf/sasldb2"
        program = self.tree / "usr/sbin/saslpasswd2"
        self.run(program, "-p", "-c", "-f", database, "-u", "localhost", user, told=self.passwords[user])
        if user != ADMIN:
            self.connect(user).logout()

    def deliver(self, user: str, *messages: bytes) -> None:
        """By LMTP."""
        with smtplib.LMTP(HOST, self.ports["lmtp"], local_hostname="localhost") as lmtp:
            for message in messages:
                lmtp.sendmail("sender@example.org", [user], message)

    def set_quota(self, user: str, kilobytes: int, folder: str = "") -> None:
        """Limit what lies in a folder, or in all of the user's."""
        name = "/".join(filter(None, ["user", user, folder]))
        with self.connect(ADMIN) as admin:
            answer, data = admin.setquota(f'"{name}"', f"(STORAGE {kilobytes})")
            assert answer == "OK", data
