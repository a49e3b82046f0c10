"""The commands about accounts: adding one to config.toml, its password, and listing them.

What belongs here: words of the command line to an `Account` and its password. What must never be here: servers.
"""

from __future__ import annotations

import os
import shlex
import sys

from tui_mail.answers import Arguments, account_json, account_line, answer
from tui_mail.config import accounts as configuration
from tui_mail.config import secrets
from tui_mail.config.guards import accounts_elsewhere, guards
from tui_mail.errors import ConfigError, UsageError
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.paths import paths
from tui_mail.settings import DEFAULT_PORTS

POP3_MEANS = {
    True: (
        "POP3 brings a copy of each message to this computer and leaves the server's where it is. What is read,"
        " moved or deleted here is so on this computer only; other devices do not see it. With IMAP they would."
    ),
    False: (
        "POP3 moves mail to this computer: once it is safe here it is deleted on the server, as you chose, and other"
        " devices do not see it any more. Do not read the same mailbox with another program, and keep backups."
    ),
}
"""What a person should know who adds such an account, by whether everything stays on the server."""


def account_add(given: Arguments) -> int:
    """Write an account into config.toml; a password that no command gives goes to the keyring."""
    protocol, security = Protocol(given.protocol), Security(given.security)
    if not given.host:
        raise UsageError("Say which server holds the mail: --host imap.example.org. Nothing was added.")
    incoming = Server(
        host=given.host,
        port=_port(given.port, protocol.value, security),
        security=security,
        user=given.user or given.email,
        auth=given.auth,
        password_command=_command(given.password_command),
        ca_file=_file(given.ca_file),
        fingerprint=_digits(given.fingerprint),
        allow_cleartext=given.allow_cleartext,
    )
    outgoing = None
    if given.smtp_host:
        smtp_security = Security(given.smtp_security)
        outgoing = Server(
            host=given.smtp_host,
            port=_port(given.smtp_port, "smtp", smtp_security),
            security=smtp_security,
            user=given.smtp_user or incoming.user,
            auth=given.smtp_auth,
            password_command=_command(given.smtp_password_command) or incoming.password_command,
            ca_file=_file(given.smtp_ca_file) or incoming.ca_file,
            fingerprint=_digits(given.smtp_fingerprint),
            allow_cleartext=given.allow_cleartext,
        )
    account = Account(
        name=given.name or given.email.rpartition("@")[2],
        full_name=given.full_name,
        email=given.email,
        protocol=protocol,
        incoming=incoming,
        outgoing=outgoing,
        keep_bodies=given.keep_bodies,
        delete_from_server=given.delete_from_server,
    )
    others = configuration.load(given.paths).accounts
    configuration.add_account(given.paths, account)
    if not incoming.password_command and incoming.auth == "password":
        try:
            secrets.store_secret(account, "incoming", _typed_password(account))
        except BaseException:  # Ctrl+C at the question too: an account without its password is half an account
            configuration.remove_account(given.paths, account.name)
            raise
    if protocol is Protocol.POP3:
        print(POP3_MEANS[account.delete_from_server == "never"], file=sys.stderr)
    found = guards(account, others, elsewhere=accounts_elsewhere(given.paths, [paths()]))
    for guard in found:
        print(guard.words, file=sys.stderr)
    document = {"account": account.name, **({"warnings": [guard.words for guard in found]} if found else {})}
    answer(given, document, f"Added {account.name}. `tui-mail sync` reads it now, `tui-mail` opens it.")
    return 0


def account_list(given: Arguments) -> int:
    """The accounts of config.toml, and what is wrong in it."""
    config = configuration.load(given.paths)
    for problem in config.problems:
        print(problem.sentence, file=sys.stderr)
    answer(given, [account_json(account) for account in config.accounts], *map(account_line, config.accounts))
    return 0 if config.accounts or not config.problems else ConfigError.exit_code


def set_password(given: Arguments) -> int:
    """Keep the password of an account in the keyring, instead of the one that is there."""
    account = configuration.load(given.paths).account(given.name)
    if account.incoming.password_command:
        raise UsageError(
            f'Account "{account.name}" has a password_command, which is asked first. Nothing was kept; '
            "take it out of config.toml to use the keyring."
        )
    secrets.store_secret(account, "incoming", _typed_password(account))
    answer(given, {"account": account.name}, f"The keyring keeps the password of {account.name} now.")
    return 0


def _port(port: int | None, protocol: str, security: Security) -> int:
    return DEFAULT_PORTS[protocol, security] if port is None else port


def _command(words: str | None) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(words or ""))
    except ValueError as error:
        raise UsageError(
            f"--password-command does not read as a command line ({error}): {words}. Nothing was added."
        ) from None


def _file(name: str) -> str:
    return os.path.abspath(os.path.expanduser(name)) if name else ""


def _digits(fingerprint: str) -> str:
    return fingerprint.strip().lower().removeprefix("sha256:").replace(":", "")


def _typed_password(account: Account) -> str:
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        import getpass

        password = getpass.getpass(f"Password of {account.incoming.user} on {account.incoming.host}: ")
    if not password:
        raise UsageError("No password was given, and nothing was changed. --password-command names a program for it.")
    return password
