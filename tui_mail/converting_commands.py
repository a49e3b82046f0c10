"""`tui-mail account convert`: an account of one protocol becomes one of the other, with its mail.

What belongs here: words of the command line to the change, the question before it, passwords. What must never be here:
how it is done (client/converting).
"""

from __future__ import annotations

import sys
from dataclasses import replace

from tui_mail.answers import Arguments, account_json, answer
from tui_mail.client.converting import Conversion, Plan, server_of
from tui_mail.config import accounts as configuration
from tui_mail.config import secrets
from tui_mail.errors import AuthenticationRefused, SecretUnavailable, UsageError
from tui_mail.model import CHECK_EVERY, Account, Protocol, Security
from tui_mail.text import safe_line


def account_convert(given: Arguments) -> int:
    """Say what will happen, ask, and do it; 2 when nobody could be asked."""
    before = configuration.load(given.paths).account(given.name)
    protocol = Protocol(given.protocol)
    if protocol is Protocol.POP3 and (given.upload or given.local_name):
        raise UsageError("--upload and --local-name are for --protocol imap. Nothing was changed.")
    if protocol is Protocol.IMAP and given.delete_from_server != "never":
        raise UsageError("--delete-from-server is for --protocol pop3. Nothing was changed.")
    security = Security(given.security) if given.security else None
    server = server_of(before, protocol, host=given.host, port=given.port, security=security, user=given.user)
    after = replace(
        before,
        protocol=protocol,
        incoming=server,
        delete_from_server=given.delete_from_server,
        check_every=before.check_every if protocol is Protocol.POP3 else CHECK_EVERY,
    )
    if before.protocol is protocol:  # config.toml was changed by hand, and the mail here was not
        after = replace(before, delete_from_server=given.delete_from_server)
    with Conversion(given.paths, lambda account: _password(before, account)) as conversion:
        plan = conversion.plan(before, after, beside=given.local_name or "", upload=given.upload)
        listed = conversion.check(plan)
        words = list(plan.sentences)
        if protocol is Protocol.POP3:
            words.insert(2, safe_line(f"POP3 lists {listed} messages there now."))
        for sentence in words:
            print(sentence, file=sys.stderr)
        if not given.yes and not _agreed():
            print("Nothing was changed.", file=sys.stderr)
            return 2
        _keep_passwords(plan)
        conversion.carry_out(plan)
    document = {
        "account": account_json(after),
        "local": plan.beside.name if plan.beside else None,
        "messages": plan.standing.messages,
        "upload": plan.upload,
    }
    answer(given, document, f"{after.name} is an account by {protocol} now; `tui-mail sync` reads it.")
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("Say --yes to have it done.", file=sys.stderr)
        return False
    print("Do it? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _password(before: Account, account: Account) -> str:
    """The password of the new server, which usually is that of the old one."""
    try:
        return secrets.secret(account)
    except SecretUnavailable:
        return secrets.secret(before)


def _keep_passwords(plan: Plan) -> None:
    """Under the names by which they will be looked for; a password_command needs none."""
    if not plan.after.incoming.password_command:
        secrets.store_secret(plan.after, "incoming", _password(plan.before, plan.after))
    if plan.beside is not None and plan.beside.outgoing is not None and not plan.beside.outgoing.password_command:
        try:
            secrets.store_secret(plan.beside, "outgoing", secrets.secret(plan.before, "outgoing"))
        except (SecretUnavailable, AuthenticationRefused):
            print(
                safe_line(f"{plan.beside.name} has no password for sending yet; drafts in it need one."),
                file=sys.stderr,
            )
