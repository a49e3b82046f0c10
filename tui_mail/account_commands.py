"""The commands about accounts: adding one to config.toml, its password, and listing them.

What belongs here: words of the command line to an `Account` and its password. What must never be here: servers.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence

from tui_mail.answers import Arguments, account_json, account_line, answer
from tui_mail.client import MailClient
from tui_mail.config import accounts as configuration
from tui_mail.config import changing, secrets
from tui_mail.config.durations import seconds_of
from tui_mail.config.guards import accounts_elsewhere, guards
from tui_mail.config.overlaps import overlaps
from tui_mail.errors import ConfigError, UsageError
from tui_mail.model import CHECK_EVERY, Account, OAuth, Protocol, Security, Server
from tui_mail.paths import paths
from tui_mail.questions import answer_at_terminal, typed_secret
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
    from tui_mail.client import leaving

    protocol, security = Protocol(given.protocol), Security(given.security)
    if not given.host:
        raise UsageError("Say which server holds the mail: --host imap.example.org. Nothing was added.")
    oauth = _oauth(given)
    incoming = Server(
        host=given.host,
        port=_port(given.port, protocol.value, security),
        security=security,
        user=given.user or given.email,
        auth="oauth2" if oauth else given.auth,
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
            auth="oauth2" if oauth else given.smtp_auth,
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
        oauth=oauth,
        keep_bodies=given.keep_bodies,
        delete_from_server=given.delete_from_server,
        check_every=_seconds(given.check_every),
    )
    if problem := changing.problem_of(account):
        raise UsageError(f"Nothing was added, for the account cannot be as it is: {problem.removesuffix('.')}.")
    leaving.refuse_strange_mail(given.paths, account)
    others = configuration.load(given.paths).accounts
    changing.add_account(given.paths, account)
    answer_at_terminal(given.paths)
    if not incoming.password_command and incoming.auth == "password":
        try:
            keep_typed(given, account, "incoming", _typed_password(account))
        except BaseException:  # Ctrl+C at the question too: an account without its password is half an account
            changing.remove_account(given.paths, account.name)
            raise
    if protocol is Protocol.POP3:
        print(POP3_MEANS[account.delete_from_server == "never"], file=sys.stderr)
    if oauth and not oauth.token_command:
        print(f"Log in now with: tui-mail account login {shlex.quote(account.name)}", file=sys.stderr)
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
    for sentence in _warnings(given, config.accounts):
        print(sentence, file=sys.stderr)
    return 0 if config.accounts or not config.problems else ConfigError.exit_code


def _warnings(given: Arguments, accounts: Sequence[Account]) -> Sequence[str]:
    """Mailboxes that somebody else reads too; without a store there is nothing to be known but config.toml."""
    if not (given.paths.data / "mail.db").exists():
        return [overlap.sentence for overlap in overlaps(accounts)]
    client = MailClient(given.paths, accounts)
    try:
        return client.warnings()
    finally:
        client.stop()


def set_password(given: Arguments) -> int:
    """Keep the password of an account in the keyring or the vault, instead of the one that is there."""
    account = configuration.load(given.paths).account(given.name)
    leg: secrets.Leg = "outgoing" if given.outgoing else "incoming"
    server = account.outgoing if given.outgoing else account.incoming
    if server is None:
        raise UsageError(f'Account "{account.name}" has no server for sending. Nothing was kept.')
    if server.password_command:
        raise UsageError(
            f'Account "{account.name}" has a password_command, which is asked first. Nothing was kept; '
            "take it out of config.toml to use the keyring or the vault."
        )
    answer_at_terminal(given.paths)
    place = keep_typed(given, account, leg, _typed_password(account, server))
    answer(
        given,
        {"account": account.name, "place": place.value},
        f"The {place} keeps the password of {account.name} now.",
    )
    return 0


def keep_typed(given: Arguments, account: Account, kind: secrets.Kind, value: str) -> secrets.Place:
    """Keep a secret in the `chosen_place`; where it is now."""
    place = chosen_place(given)
    secrets.keep_secret(account, kind, value, place)
    return place


def chosen_place(given: Arguments) -> secrets.Place:
    """Where the person said that secrets are kept, else the keyring, else the vault."""
    if given.place:
        return secrets.Place(given.place)
    there, words = next((there, words) for place, there, words in secrets.places(given.paths) if place == "keyring")
    if there:
        return secrets.Place.KEYRING
    print(f"{words} The vault is used instead.", file=sys.stderr)
    return secrets.Place.VAULT


def _oauth(given: Arguments) -> OAuth | None:
    """How access tokens are had; None when passwords are used."""
    command = _command(given.token_command, "--token-command")
    if not (given.oauth or command):
        return None
    return OAuth(provider=given.oauth, client_id=given.client_id, tenant=given.tenant, token_command=command)


def _port(port: int | None, protocol: str, security: Security) -> int:
    return DEFAULT_PORTS[protocol, security] if port is None else port


def _command(words: str | None, option: str = "--password-command") -> tuple[str, ...]:
    try:
        return tuple(shlex.split(words or ""))
    except ValueError as error:
        raise UsageError(f"{option} does not read as a command line ({error}): {words}. Nothing was added.") from None


def _seconds(words: str | None) -> int:
    seconds = CHECK_EVERY if words is None else seconds_of(int(words) if words.isdecimal() else words)
    if seconds is None:
        raise UsageError(f'--check-every {words!r} is no time such as "5 minutes"; nothing was added.')
    return seconds


def _file(name: str) -> str:
    return os.path.abspath(os.path.expanduser(name)) if name else ""


def _digits(fingerprint: str) -> str:
    return fingerprint.strip().lower().removeprefix("sha256:").replace(":", "")


def _typed_password(account: Account, server: Server | None = None) -> str:
    server = server or account.incoming
    return typed_secret(
        f"Password of {server.user} on {server.host}: ", "--password-command names a program that has it."
    )
