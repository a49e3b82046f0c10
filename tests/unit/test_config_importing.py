"""Accounts out of other mail programs: what is taken from files as people have them, what is said, what is survived."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tui_mail.config import importing
from tui_mail.config.accounts import load
from tui_mail.config.changing import add_account
from tui_mail.config.importing.gathering import (
    FILE_LIMIT,
    alias_of,
    command_of,
    plain_signature,
)
from tui_mail.errors import NotFound, UsageError
from tui_mail.model import Account, Protocol, Security
from tui_mail.paths import paths
from tui_mail.text import safe_line

Write = Callable[[str, str], Path]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


@pytest.fixture
def write(home: Path) -> Write:
    """Write a file below it."""

    def made(name: str, text: str) -> Path:
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    return made


def accounts_of(wanted: str = "") -> list[Account]:
    """Every account that is found."""
    return [account for found in importing.read(wanted) for account in found.accounts]


def only(wanted: str = "") -> Account:
    """The one account that is found."""
    found = accounts_of(wanted)
    assert len(found) == 1, found
    return found[0]


def remarks(wanted: str = "") -> str:
    """Everything that is said."""
    return "\n".join(sentence for found in importing.read(wanted) for sentence in found.could_not)


# --- Thunderbird ------------------------------------------------------------------------------

PROFILES = """\
[Install4F96D1932A9F858E]
Default=Profiles/abc.default-release
Locked=1

[Profile0]
Name=default-release
IsRelative=1
Path=Profiles/abc.default-release
"""

PREFS = r"""// Mozilla User Preferences
user_pref("mail.account.account1.identities", "id1,id2");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.account.account2.server", "server2");
user_pref("mail.account.account3.identities", "id3");
user_pref("mail.account.account3.server", "server3");
user_pref("mail.account.account4.server", "server4");
user_pref("mail.accountmanager.accounts", "account2,account1,account3,account4");
user_pref("mail.identity.id1.fullName", "Anna Berg");
user_pref("mail.identity.id1.htmlSigFormat", true);
user_pref("mail.identity.id1.htmlSigText", "<b>Anna</b> &amp; co<br>\n<a href=\"https://berg.example\">web</a>");
user_pref("mail.identity.id1.smtpServer", "smtp1");
user_pref("mail.identity.id1.useremail", "anna@berg.example");
user_pref("mail.identity.id2.fullName", "The \"Club\"");
user_pref("mail.identity.id2.htmlSigText", "The club\nof the lake");
user_pref("mail.identity.id2.smtpServer", "smtp2");
user_pref("mail.identity.id2.useremail", "club@lake.example");
user_pref("mail.identity.id3.fcc", false);
user_pref("mail.identity.id3.fullName", "Ännä");
user_pref("mail.identity.id3.useremail", "old@post.example");
user_pref("mail.server.server1.authMethod", 3);
user_pref("mail.server.server1.hostname", "imap.berg.example");
user_pref("mail.server.server1.port", 993);
user_pref("mail.server.server1.socketType", 3);
user_pref("mail.server.server1.type", "imap");
user_pref("mail.server.server1.userName", "anna@berg.example");
user_pref("mail.server.server2.type", "none");
user_pref("mail.server.server3.delete_by_age_from_server", true);
user_pref("mail.server.server3.hostname", "pop.post.example");
user_pref("mail.server.server3.num_days_to_leave_on_server", 30);
user_pref("mail.server.server3.type", "pop3");
user_pref("mail.server.server3.userName", "old");
user_pref("mail.server.server4.name", "News\u001b[31m");
user_pref("mail.server.server4.type", "rss");
user_pref("mail.smtp.defaultserver", "smtp2");
user_pref("mail.smtpserver.smtp1.authMethod", 10);
user_pref("mail.smtpserver.smtp1.hostname", "smtp.berg.example");
user_pref("mail.smtpserver.smtp1.port", 587);
user_pref("mail.smtpserver.smtp1.try_ssl", 2);
user_pref("mail.smtpserver.smtp1.username", "anna-send");
user_pref("mail.smtpserver.smtp2.hostname", "smtp.post.example");
user_pref("mail.smtpserver.smtp2.try_ssl", 3);
"""


@pytest.fixture
def thunderbird(write: Write) -> None:
    write(".thunderbird/profiles.ini", PROFILES)
    write(".thunderbird/Profiles/abc.default-release/prefs.js", PREFS)


@pytest.mark.usefixtures("thunderbird")
def test_thunderbird() -> None:
    """Both accounts whole: servers, ports, the other identity with its signature, when POP3 deletes."""
    anna, old = accounts_of("thunderbird")
    assert (anna.name, anna.full_name, anna.email) == ("berg.example", "Anna Berg", "anna@berg.example")
    assert (anna.incoming.host, anna.incoming.port, anna.incoming.security) == ("imap.berg.example", 993, Security.TLS)
    assert anna.outgoing is not None
    assert (anna.outgoing.host, anna.outgoing.port, anna.outgoing.security, anna.outgoing.user, anna.outgoing.auth) == (
        "smtp.berg.example", 587, Security.STARTTLS, "anna-send", "oauth2",
    )  # fmt: skip
    assert anna.signature == "Anna & co\nweb https://berg.example"
    assert anna.aliases == ("The Club <club@lake.example>",)
    assert anna.signatures == (("club@lake.example", "The club\nof the lake"),)
    assert (old.protocol, old.full_name, old.incoming.user) == (Protocol.POP3, "Ännä", "old")
    assert (old.delete_from_server, old.save_sent) == ("30 days", "never")
    assert old.outgoing is not None
    assert (old.outgoing.host, old.outgoing.port, old.outgoing.user) == ("smtp.post.example", 465, "old")


@pytest.mark.usefixtures("thunderbird")
def test_thunderbird_says_what_it_leaves() -> None:
    """Each with file and line: plain POP3 becomes STARTTLS, OAuth2 needs a new permission, news are not mail."""
    said = remarks("thunderbird")
    assert "prefs.js line" in said
    assert "pop.post.example was used without encryption" in said
    assert next(a for a in accounts_of("thunderbird") if a.email == "old@post.example").incoming.security == "starttls"
    assert "OAuth2" in said
    assert "deleted from this server after 30 days" in said
    assert "kind rss" in said
    assert "club@lake.example has another server for sending" in said
    assert "\x1b" not in said


def test_thunderbird_never_brings_deleting_at_once(write: Write) -> None:
    """leave_on_server false is said; whoever wants that sets it."""
    prefs = PREFS + 'user_pref("mail.server.server3.leave_on_server", false);\n'
    place = write("profile/prefs.js", prefs)
    old = accounts_of(str(place.parent))[1]
    assert old.delete_from_server == "never"
    assert "deletes from this server what it has fetched" in remarks(str(place))


@pytest.mark.usefixtures("thunderbird")
def test_thunderbird_in_flatpak_and_snap(home: Path) -> None:
    for place in (".var/app/org.mozilla.Thunderbird", "snap/thunderbird/common"):
        (home / place).mkdir(parents=True)
        (home / ".thunderbird").rename(home / place / ".thunderbird")
        assert len(accounts_of()) == 2, place
        (home / place / ".thunderbird").rename(home / ".thunderbird")


# --- aerc -------------------------------------------------------------------------------------

AERC = """\
# mine
[Work]
source = imaps://anna%40berg.example@imap.berg.example:993
source-cred-cmd = pass show mail/work
outgoing = smtp://anna%40berg.example@smtp.berg.example:587
from = "Anna Berg" <anna@berg.example>
aliases = Anna <a@berg.example>, *@lake.example, nonsense
signature-file = ~/.config/aerc/signature
copy-to = Sent
folder-map = map

[plain]
source = imap+insecure://bob:hunter2@mail.example
outgoing = msmtp -a bob
from = bob@mail.example

[cloud]
source = imaps+xoauth2://c%40cloud.example@imap.cloud.example?token_endpoint=https%3A%2F%2Fx.example&client_id=1
source-cred-cmd = "echo" refresh
outgoing = smtps+oauthbearer://c%40cloud.example@smtp.cloud.example
outgoing-cred-cmd = oama access c@cloud.example | head -1
from = c@cloud.example

[local]
source = maildir://~/Mail
from = x@y.example
"""


def test_aerc(write: Write) -> None:
    """URLs with encoded users, commands with and without a shell, a program that sends."""
    write(".config/aerc/accounts.conf", AERC)
    write(".config/aerc/signature", "-- \nAnna\nBerg\n")
    work, plain, cloud = accounts_of("aerc")
    assert (work.name, work.email, work.full_name) == ("Work", "anna@berg.example", "Anna Berg")
    assert (work.incoming.user, work.incoming.port) == ("anna@berg.example", 993)
    assert work.incoming.password_command == ("pass", "show", "mail/work")
    assert work.outgoing is not None
    assert (work.outgoing.security, work.outgoing.port) == (Security.STARTTLS, 587)
    assert work.outgoing.password_command == work.incoming.password_command
    assert work.aliases == ("Anna <a@berg.example>", "*@lake.example")
    assert (work.signature, work.save_sent) == ("Anna\nBerg", "auto")
    assert (plain.incoming.security, plain.incoming.port) == (Security.STARTTLS, 143)
    assert (plain.outgoing, plain.sendmail_command) == (None, ("msmtp", "-a", "bob"))
    assert cloud.incoming.auth == "oauth2"
    assert cloud.incoming.password_command == ()
    assert cloud.outgoing is not None
    assert cloud.outgoing.password_command == ("sh", "-c", "oama access c@cloud.example | head -1")
    said = remarks("aerc")
    assert "line 13: [plain]: the password in this line is not taken" in said
    assert "hunter2" not in said
    assert "[Work]: not taken: folder-map." in said
    assert "one of the aliases is no address" in said
    assert "[local] reads mail from the kind maildir" in said
    assert "mail.example was used without encryption" in said


def test_plain_text_to_this_computer_stays(write: Write) -> None:
    """A bridge on loopback needs no encryption."""
    text = (
        "[b]\nsource = imap+insecure://b@127.0.0.1:1143\n"
        "outgoing = smtp+insecure://b@localhost:1025\nfrom = b@x.example\n"
    )
    write(".config/aerc/accounts.conf", text)
    account = only("aerc")
    assert account.outgoing is not None
    assert (account.incoming.security, account.outgoing.security) == (Security.NONE, Security.NONE)
    assert "encryption" not in remarks("aerc")


# --- himalaya ---------------------------------------------------------------------------------

HIMALAYA_2 = """\
display-name = "Anna Berg"
[accounts.two]
email = "anna@berg.example"
signature = "Anna\\n"
imap.server = "imaps://imap.berg.example:993"
imap.sasl.plain.username = "anna"
imap.sasl.plain.password.command = ["pass", "show", "two"]
smtp.server = "smtp://smtp.berg.example:587"
smtp.starttls = true
smtp.sasl.xoauth2.username = "anna"
smtp.sasl.xoauth2.token.command = "ortie token show"
message.send.save-copy = false
"""

HIMALAYA_1 = """\
[accounts.one]
email = "bob@mail.example"
backend.type = "imap"
backend.host = "imap.mail.example"
backend.port = 143
backend.encryption.type = "start-tls"
backend.login = "bob"
backend.auth.type = "password"
backend.auth.cmd = "pass show one"
message.send.backend.type = "sendmail"
message.send.backend.cmd = "msmtp -a one"
[accounts.raw]
email = "raw@mail.example"
backend.type = "imap"
backend.host = "imap.mail.example"
backend.login = "raw"
backend.auth.raw = "hunter2"
[accounts.notmuch]
email = "n@mail.example"
backend.type = "notmuch"
"""

HIMALAYA_0 = """\
[gmail]
email = "old@mail.example"
backend = "imap"
imap-host = "imap.mail.example"
imap-port = 993
imap-login = "old@mail.example"
imap-passwd-cmd = "pass show gmail"
smtp-host = "smtp.mail.example"
smtp-port = 587
smtp-starttls = true
smtp-login = "old@mail.example"
"""


def test_himalaya_version_2(write: Write) -> None:
    write(".config/himalaya/config.toml", HIMALAYA_2)
    account = only("himalaya")
    assert (account.name, account.full_name, account.signature) == ("two", "Anna Berg", "Anna")
    assert (account.incoming.user, account.incoming.password_command) == ("anna", ("pass", "show", "two"))
    assert account.outgoing is not None
    assert (account.outgoing.auth, account.outgoing.security) == ("oauth2", Security.STARTTLS)
    assert account.outgoing.password_command == ("ortie", "token", "show")
    assert account.save_sent == "never"


def test_himalaya_version_1(write: Write) -> None:
    write(".config/himalaya/config.toml", HIMALAYA_1)
    one, raw = accounts_of("himalaya")
    assert (one.incoming.port, one.incoming.security) == (143, Security.STARTTLS)
    assert (one.sendmail_command, one.outgoing) == (("msmtp", "-a", "one"), None)
    assert (raw.incoming.port, raw.incoming.password_command) == (993, ())
    said = remarks("himalaya")
    assert 'account "raw": the password of imap stands in the file' in said
    assert "hunter2" not in said
    assert 'account "notmuch": reads no mail over IMAP; left out.' in said


def test_himalaya_before_version_1(write: Write) -> None:
    write(".config/himalaya/config.toml", HIMALAYA_0)
    account = only("himalaya")
    assert account.outgoing is not None
    assert (account.outgoing.security, account.outgoing.port) == (Security.STARTTLS, 587)
    assert account.outgoing.password_command == ("pass", "show", "gmail")


# --- which folder is for what -----------------------------------------------------------------


def folders_in(account: Account) -> dict[str, str]:
    return {role.value: name for role, name in account.folders}


def test_folders_of_thunderbird(write: Write) -> None:
    """What was chosen and can be named for sure; what Thunderbird writes by itself is found by itself."""
    here = "imap://anna%40berg.example@imap.berg.example"
    more = [
        ("mail.identity.id1.fcc_folder", f"{here}/INBOX/Sent%20Items"),
        ("mail.identity.id1.draft_folder", f"{here}/Entw&APw-rfe"),
        ("mail.identity.id1.archive_folder", f"{here}/Archives"),
        ("mail.server.server1.namespace.personal", '\\"INBOX.\\"'),
        ("mail.server.server1.trash_folder_name", "Gel%C3%B6scht".replace("%C3%B6", "ö")),
    ]
    lines = "".join(f'user_pref("{key}", "{value}");\n' for key, value in more)
    place = write("profile/prefs.js", PREFS + lines)
    anna, old = accounts_of(str(place))
    assert folders_in(anna) == {"sent": "INBOX.Sent Items", "drafts": "Entwürfe", "trash": "Gelöscht"}
    assert old.folders == ()
    add_account(paths(place.parent), replace(anna, name="x"))
    assert load(paths(place.parent)).account("x").folders == anna.folders


@pytest.mark.parametrize(
    "uri",
    [
        "imap://anna%40berg.example@imap.berg.example/INBOX/Sent%20Items",
        "imap://bob@imap.berg.example/Outbox",
        "mailbox://nobody@Local%20Folders/Copies",
        "imap://anna%40berg.example@imap.berg.example/x&AP-",
    ],
    ids=["levels parted by who knows what", "another account", "this computer", "no name"],
)
def test_folders_of_thunderbird_that_cannot_be_named(write: Write, uri: str) -> None:
    """A line says so; nothing is guessed, for mail would go to no folder then."""
    place = write("profile/prefs.js", f'{PREFS}user_pref("mail.identity.id1.fcc_folder", "{uri}");\n')
    assert accounts_of(str(place))[0].folders == ()
    assert "the folder for sent is not taken; set folders.sent" in remarks(str(place))


def test_folders_of_aerc(write: Write) -> None:
    """By the names that the server has; a map makes them others."""
    text = (
        "[a]\nsource = imaps://a@x.example\nfrom = a@x.example\ncopy-to = Sent Items\narchive = INBOX/Old\n"
        "postpone = Drafts\n[b]\nsource = imaps://b@x.example\nfrom = b@x.example\ncopy-to = Sent\nfolder-map = m\n"
        "[c]\nsource = imaps://c@x.example\nfrom = c@x.example\ncopy-to = INBOX\narchive=Old\npostpone = Old\n"
    )
    write(".config/aerc/accounts.conf", text)
    a, b, c = accounts_of("aerc")
    assert folders_in(a) == {"sent": "Sent Items", "archive": "INBOX/Old", "drafts": "Drafts"}
    assert b.folders == ()
    assert folders_in(c) == {"archive": "Old"}
    said = remarks("aerc")
    assert "[b]: the folder for sent is not taken" in said
    assert "the folder for drafts here is not taken" in said


@pytest.mark.parametrize("key", ["folder.aliases", "folder.alias", "mailbox.alias"])
def test_folders_of_himalaya(write: Write, key: str) -> None:
    """The names that stand for others, those of the account before those of all."""
    text = f'{key}.sent = "Out"\n{key}.trash = "Bin"\n' + HIMALAYA_2 + f'{key}.sent = "Sent Items"\n{key}.x = "Y"\n'
    write(".config/himalaya/config.toml", text)
    assert folders_in(only("himalaya")) == {"sent": "Sent Items", "trash": "Bin"}


def test_folders_of_mutt(write: Write) -> None:
    """=name below a folder without a path, or the whole address; of levels only where their sign is known."""
    text = (
        "set folder=imaps://a@imap.gmail.com/ from=a@gmail.com record='=[Gmail]/Sent Mail'\n"
        "set postponed=imaps://imap.gmail.com/Later trash=~/trash\n"
    )
    write(".muttrc", text)
    assert folders_in(only("mutt")) == {"sent": "[Gmail]/Sent Mail", "drafts": "Later"}
    assert "the folder for trash is not taken" in remarks("mutt")
    write(".muttrc", "set folder=imaps://a@x.example/INBOX from=a@x.example record==Sent postponed=+a/b\n")
    assert only("mutt").folders == ()
    assert "the folder for sent is not taken" in remarks("mutt")


# --- mbsync and msmtp -------------------------------------------------------------------------

MBSYNC = """\
IMAPAccount work
Host imap.berg.example
User anna
PassCmd "pass show \\"mail/work\\""
SSLType IMAPS
AuthMechs LOGIN

IMAPStore work-remote
Account work

IMAPStore home
Host mail.example
Port 10143
User bob@mail.example
PassCmd +"pass show home"

IMAPAccount secret
Host imap.third.example
User third
Pass hunter2

Channel work
Far :work-remote:
"""

MSMTP = """\
defaults
auth on
tls on
account work
host smtp.berg.example
port 587
from anna@berg.example
user anna
passwordeval "pass show mail/work"
account home : work
host smtp.mail.example
tls_starttls off
port 465
from bob@mail.example
user bob@mail.example
account stray
host smtp.else.example
from s@else.example
account default : work
"""


def test_mbsync_and_msmtp_make_whole_accounts(write: Write) -> None:
    """By name, or by user; the address comes from msmtp; what is left over is said."""
    write(".mbsyncrc", MBSYNC)
    write(".config/msmtp/config", MSMTP)
    work, home = accounts_of()
    assert (work.email, work.incoming.password_command) == ("anna@berg.example", ("pass", "show", "mail/work"))
    assert work.outgoing is not None
    assert (work.outgoing.host, work.outgoing.security) == ("smtp.berg.example", Security.STARTTLS)
    assert (home.incoming.port, home.incoming.security, home.email) == (10143, Security.STARTTLS, "bob@mail.example")
    assert home.outgoing is not None
    assert (home.outgoing.security, home.outgoing.port) == (Security.TLS, 465)
    said = remarks()
    assert "hunter2" not in said
    assert '"secret" says nowhere which address' in said
    assert '"stray" only sends' in said
    assert [account.name for account in accounts_of("mbsync")] == ["work", "home"]


# --- mutt -------------------------------------------------------------------------------------

MUTT = r"""
# comment # more
set imap_user = "anna@berg.example"   # who
set folder="imaps://imap.berg.example/" ; set spoolfile=+INBOX
set imap_pass="`pass show mail/work`"
set my_name="Anna"
set realname="$my_name Berg" from='anna@berg.example'
set smtp_url = smtp://$imap_user@smtp.berg.example:587/
set smtp_pass = `pass show mail/smtp | \
  head -n1`
set signature="~/.signature" nomark_old ssl_force_tls
alternates "^a@berg\\.example$" '.*@lake\.example' ^strange.[a-z]+$
my_hdr Reply-To: other@berg.example
color index red default "~N"
bind index j next-entry
folder-hook 'second' 'source ~/.mutt/second'
macro index <f3> '<sync-mailbox><enter-command>source ~/.mutt/third<enter><change-folder>!<enter>'
source "gpg -dq ~/.mutt/pw.gpg|"
"""

GPG = 'source "gpg -dq ~/.mutt/pw.gpg|"'

SECOND = """\
set folder = imap://bob@mail.example:10143
set imap_user = bob
set imap_pass = hunter2
set sendmail = "msmtp -a bob"
unset signature smtp_url
set copy = no
my_hdr From: Bob B <bob@mail.example>
"""

THIRD = """\
unset folder spoolfile
set pop_host = "pops://carl@pop.third.example" pop_delete = yes
set from = "Carl <carl@third.example>"
"""


def test_mutt(write: Write) -> None:
    """One account for each file that a hook or a macro switches to, and what is set without them."""
    write(".mutt/muttrc", MUTT)
    write(".mutt/second", SECOND)
    write(".mutt/third", THIRD)
    write(".signature", "Anna\n")
    found = {account.email: account for account in accounts_of("neomutt")}
    assert set(found) == {"anna@berg.example", "bob@mail.example", "carl@third.example"}
    anna, bob, carl = found["anna@berg.example"], found["bob@mail.example"], found["carl@third.example"]
    assert (anna.full_name, anna.signature, anna.name) == ("Anna Berg", "Anna", "berg.example")
    assert (anna.incoming.user, anna.incoming.port) == ("anna@berg.example", 993)
    assert anna.incoming.password_command == ("pass", "show", "mail/work")
    assert anna.outgoing is not None
    assert (anna.outgoing.security, anna.outgoing.port) == (Security.STARTTLS, 587)
    assert anna.outgoing.password_command == ("sh", "-c", "pass show mail/smtp |   head -n1")
    assert anna.aliases == ("a@berg.example", "*@lake.example")
    assert (bob.full_name, bob.incoming.user, bob.incoming.security) == ("Bob B", "bob", Security.STARTTLS)
    assert (bob.sendmail_command, bob.signature, bob.save_sent) == (("msmtp", "-a", "bob"), "", "never")
    assert bob.incoming.password_command == ()
    assert (carl.protocol, carl.incoming.port, carl.delete_from_server) == (Protocol.POP3, 995, "never")
    said = remarks("mutt")
    assert "hunter2" not in said
    assert f"muttrc line {MUTT.split(chr(10)).index(GPG) + 1}: settings that a command prints are not taken" in said
    assert "second line 3: the password in this line is not taken" in said
    assert "Reply-To" in said
    assert "an alternate that is no plain address is not taken" in said
    assert "third line 2: mutt deletes from this server" in said
    assert "what is mutt's own is not taken" in said


def test_mutt_with_mail_of_this_computer(write: Write) -> None:
    """A Maildir is said; mbsync's account is found beside it."""
    write(".muttrc", "set folder=~/Mail\nset sendmail='msmtp'\n")
    write(".mbsyncrc", MBSYNC)
    assert "reads mail that lies on this computer" in remarks("mutt")
    assert [account.email for account in accounts_of()] == ["bob@mail.example"]


def test_mutt_that_sources_itself(write: Write) -> None:
    """Loops and floods of files end."""
    write(".muttrc", "set folder=imaps://a@b.example from=a@b.example\nsource ~/.mutt/x\nsource ~/.muttrc\n")
    write(".mutt/x", "source ~/.mutt/y\n")
    write(".mutt/y", "source ~/.mutt/x\nsource ~/.mutt/x\n" + "source ~/.mutt/z\n" * 500)
    write(".mutt/z", "set realname=Z\n")
    assert only("mutt").full_name == "Z"
    assert "sources it again" in remarks("mutt")
    assert "more than 100 files" in remarks("mutt")


# --- names, twins, places ---------------------------------------------------------------------


def test_names_are_made_possible_and_unique(write: Write) -> None:
    write(".config/aerc/accounts.conf", AERC.replace("[Work]", "[a/b: c]").replace("[plain]", "[Work]"))
    found = accounts_of("aerc")
    assert [account.name for account in importing.with_free_names(found, ["work"])] == [
        "a-b-c",
        "bob@mail.example",
        "cloud",
    ]
    again = importing.with_free_names(found, ["a-b-c", "anna@berg.example", "work", "cloud", "bob@mail.example"])
    assert [account.name for account in again] == ["a-b-c-2", "Work-2", "c@cloud.example"]


@pytest.mark.usefixtures("thunderbird")
def test_everything_found_can_be_kept(home: Path, write: Write) -> None:
    """What is found goes into config.toml and comes out of it the same."""
    write(".config/aerc/accounts.conf", AERC)
    write(".muttrc", MUTT)
    write(".config/himalaya/config.toml", HIMALAYA_1)
    write(".mbsyncrc", MBSYNC)
    write(".msmtprc", MSMTP)
    where = paths(home / "mail")
    found = importing.with_free_names(accounts_of(), [])
    assert len(found) == 10
    for account in found:
        add_account(where, account)
    assert list(load(where).accounts) == found
    assert not load(where).problems


def test_two_programs_know_more_than_one(write: Write) -> None:
    """Thunderbird has no command for the password, aerc has; each keeps what it says of itself."""
    write("tb/prefs.js", PREFS)
    anna = accounts_of(str(Path.home() / "tb"))[0]
    write(".config/aerc/accounts.conf", AERC)
    work = accounts_of("aerc")[0]
    assert importing.same_mailbox(anna, work)
    whole = importing.completed(anna, work)
    assert whole.incoming.password_command == ("pass", "show", "mail/work")
    assert whole.outgoing is not None
    assert (whole.outgoing.user, whole.outgoing.password_command) == ("anna-send", ())
    assert whole.aliases == ("The Club <club@lake.example>", "Anna <a@berg.example>", "*@lake.example")
    assert whole.signature == anna.signature
    assert importing.completed(work, anna) == replace(
        work, aliases=(*work.aliases, *anna.aliases), signature=anna.signature
    )


def test_the_file_says_whose_it_is(write: Write) -> None:
    """By name or by look; what nobody knows is said."""
    assert only(str(write("a/one.txt", HIMALAYA_2))).name == "two"
    assert len(accounts_of(str(write("a/two.txt", AERC)))) == 3
    assert len(accounts_of(str(write("a/three.txt", SECOND)))) == 1
    assert [one.program for one in importing.read(str(write("a/four.txt", MBSYNC)))] == ["mbsync"]
    assert [one.program for one in importing.read(str(write("a/five.txt", MSMTP)))] == ["msmtp"]
    with pytest.raises(UsageError, match="which program"):
        importing.read(str(write("a/six.txt", "Dear diary,\n")))
    with pytest.raises(NotFound, match="known are: thunderbird"):
        importing.read("pine")
    with pytest.raises(NotFound, match="usual places"):
        importing.read("aerc")


# --- hostile files ----------------------------------------------------------------------------

HOSTILE = [
    "",
    "\x00" * 100,
    "\xff\xfe[a]\nsource",
    "[" * 10_000,
    '{"a":' * 5_000,
    "set " + "=" * 10_000,
    "set a=`" + "'" * 9_999,
    "\\\n" * 10_000,
    'user_pref("mail.accountmanager.accounts", ' + "[" * 100_000 + ");",
    'user_pref("a", ' + " " * 1_000_000 + ");",
    "IMAPAccount \x1b[31m\nHost \x1b]0;x\x07\nUser a@b.example\nPort 99999999\n",
    "[a\u202e]\nsource = imaps://a@[::1/\nfrom = a@b.example\n",
    "[b]\nsource = imaps://a@" + "h" * 100_000 + "\nfrom = a@b.example\n",
    "[c]\nsource = imaps://a@b.example:99999\nfrom = a@b.example\n",
    "[accounts.x]\nemail = 5\nimap = 3\nsmtp.server = []\n",
    "[accounts.x]\nemail = 'a@b.example'\nimap.server = 'imaps://[x'\nimap.sasl = [1]\n",
    "account a : a\nhost\nport x\naccount b : c, d\nhost h\n",
    "set folder=imaps://a@b.example:x/ smtp_url=smtp://: from=\n",
    "set folder=imaps://a\x1b[2J@b.example from=a@b.example realname='\x1b[31m'\n",
    "folder-hook . 'source ~/.muttrc'\nfolder-hook . 'source /dev/zero'\nset folder=imaps://a@b.example from=a@b.ex",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "name",
    [
        ".thunderbird/p/prefs.js",
        ".thunderbird/profiles.ini",
        ".config/aerc/accounts.conf",
        ".config/himalaya/config.toml",
        ".muttrc",
        ".mbsyncrc",
        ".msmtprc",
    ],
)
def test_no_file_does_harm(home: Path, write: Write, name: str, text: str) -> None:
    """Whatever stands in any of them: an answer within a moment, and nothing that a terminal obeys."""
    write(".thunderbird/profiles.ini", PROFILES.replace("Profiles/abc.default-release", "p"))
    file = home / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("latin-1", "replace"))
    began = time.process_time()
    for found in importing.read():
        for sentence in found.could_not:
            assert safe_line(sentence) == sentence, ascii(sentence)
        for account in found.accounts:
            assert account.full_name.isprintable()
            assert account.incoming.host.isprintable()
            assert account.incoming.user.isprintable()
    assert time.process_time() - began < 3


def test_files_that_are_none(home: Path, write: Write) -> None:
    """A pipe, a folder, a huge file, one that may not be read: said, and nothing waits."""
    place = write(".config/aerc/accounts.conf", AERC)
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(NotFound):
        importing.read("aerc")
    assert importing.read() == []
    place.unlink()
    with place.open("wb") as stream:
        stream.truncate(FILE_LIMIT + 1)
    assert "larger than" in remarks("aerc")
    write(".mutt/muttrc", "set signature=/dev/zero folder=imaps://a@b.example from=a@b.example\nsource ~/.mutt\n")
    assert "this is no file" in remarks("mutt")
    assert only("mutt").signature == ""


# --- small things -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "argv"),
    [
        ("pass show mail/work", ("pass", "show", "mail/work")),
        ("cat ~/.pw", ("sh", "-c", "cat ~/.pw")),
        ("a | b", ("sh", "-c", "a | b")),
        ("PASSWORD_STORE_DIR=x pass a", ("sh", "-c", "PASSWORD_STORE_DIR=x pass a")),
        ("a 'b c'", ("a", "b c")),
        ("a 'b", ()),
        ("a \x1b b", ()),
        ("  ", ()),
    ],
)
def test_commands(words: str, argv: tuple[str, ...]) -> None:
    assert command_of(words) == argv


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("a@b.example", "a@b.example"),
        ("A B <a@b.example>", "A B <a@b.example>"),
        ('"A, B" <a@b.example>', "A, B <a@b.example>"),
        ("*@b.example", "*@b.example"),
        ("a*@b.example", ""),
        ("nobody", ""),
        ("A\x1b[0m <a@b.example>", "a@b.example"),
    ],
)
def test_aliases(text: str, alias: str) -> None:
    assert alias_of(text) == alias


def test_signatures_out_of_html() -> None:
    """Words and links, without style, script and layout."""
    html = (
        "<html><head><style>p{}</style></head><body><p>Anna&nbsp;Berg</p>\n<div>Lake <b>12</b></div>"
        '<script>alert(1)</script><a href="mailto:a@b.example">a@b.example</a></body></html>'
    )
    assert plain_signature(html, html=True) == "Anna Berg\nLake 12\na@b.example"
    assert plain_signature("-- \nAnna\x1b[31m\n\n\n\nBerg  \n") == "Anna�[31m\n\nBerg"
