"""What `tui-mail rules` does: the rules of config.toml, listed, and run over what is there.

What belongs here: one function a command, from parsed arguments to an exit code. What must never be here: reading rules
(config.arrival_rules), running them (the client).
"""

from __future__ import annotations

from tui_mail.answers import Arguments, answer
from tui_mail.arriving import Rule, Ruled
from tui_mail.client import MailClient
from tui_mail.config.rules import suggestion
from tui_mail.errors import NotFound
from tui_mail.session import carried_out, opened
from tui_mail.text import SafeText, safe_line


def rules_list(given: Arguments) -> int:
    """The rules in their order."""
    with opened(given) as client:
        document = [_rule_json(rule) for rule in client.rules]
        answer(given, document, *map(_rule_line, client.rules))
    return 0


def rules_run(given: Arguments) -> int:
    """Run rules over all mail in the folders that they look at, or only say what they would do."""
    with opened(given) as client:
        ruled = client.run_rules(_named(client, given.names), dry_run=given.dry_run)
        changes = [change for one in ruled if one.batch and (change := client.change(one.batch)) is not None]
        _, code = carried_out(given, client, changes)
        document = [
            {**_rule_json(one.rule), "messages": len(one.message_ids), "ids": one.message_ids, "batch": one.batch}
            for one in ruled
        ]
        answer(given, document, *(_ruled_line(one, dry_run=given.dry_run) for one in ruled))
    return code


def _named(client: MailClient, names: list[str]) -> list[Rule]:
    """Rules by name, in the order of config.toml; all when none is named. Raises NotFound."""
    known = {rule.name: rule for rule in client.rules}
    for name in names:
        if name not in known:
            end = suggestion(name, known) or "; `tui-mail rules` lists them."
            raise NotFound(f'There is no rule "{name}"{end} Nothing was done.')
    return [rule for rule in client.rules if not names or rule.name in names]


def _rule_json(rule: Rule) -> dict[str, object]:
    return {"name": rule.name, "query": rule.query, "account": rule.account or None, "does": rule.does()}


def _rule_line(rule: Rule) -> SafeText:
    where = f" (account {rule.account})" if rule.account else ""
    return safe_line(f"{rule.name}{where}: {rule.query} → {rule.does()}")


def _ruled_line(one: Ruled, *, dry_run: bool) -> SafeText:
    count = len(one.message_ids)
    messages = f"{count} message{'s' * (count != 1)}"
    if dry_run:
        return safe_line(f"{one.rule.name}: {messages} would get: {one.rule.does()}")
    done = "" if one.batch is not None else ", as it is already" if count else ""
    return safe_line(f"{one.rule.name}: {messages}{done}")
