"""The lines of the settings screen: which settings there are, in which order, what each is called and means.

What belongs here: words for settings, and one line for each. Pure functions of plain values.
What must never be here: Textual, files, rules for values (config/rules).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from tui_mail.config.folder_rules import FOLDER_KEYS
from tui_mail.config.reading_rules import ADVANCES
from tui_mail.config.writing import LANGUAGES
from tui_mail.notices import WAYS
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_block, safe_line
from tui_mail.ui.actions import ACTIONS
from tui_mail.ui.widgets.cells import clip, fit, steady
from tui_mail.ui.widgets.document import Document, Paragraph

Run = tuple[str, str]
LABEL = 22
"""Cells of the name of a setting."""
KEYS = "keys."
"""How the settings of single keys begin."""
SCREEN = "screen"
"""Whose settings lines are, where they are no account's."""


@frozen
class Setting:
    """One setting that a person can change."""

    key: str
    """As `tui-mail account set` has it; of the screen: theme, preset."""
    label: str
    help: str
    choices: tuple[str, ...] = ()
    """All values there are; empty: anything that the rules take."""


@frozen
class SettingLine:
    """A line of the screen: a heading, a fact, or a setting."""

    owner: str
    """The account; SCREEN; empty for what belongs to nobody."""
    label: str
    value: str = ""
    setting: Setting | None = None
    is_heading: bool = False
    help: str = ""
    """Of a fact: where it comes from."""
    by_itself: str = ""
    """What holds while there is no value."""


@frozen
class Shown:
    """An account, as its settings are shown."""

    name: str
    values: Mapping[str, str]
    """Settings as text, by key."""
    roles: Mapping[str, SafeText] = field(default_factory=dict)
    """What its folders are for now: role to name."""
    folders: tuple[str, ...] = ()
    """The names to choose from."""


_BOTH = (
    Setting(".host", "Server", "The name of the server, alone."),
    Setting(".port", "Port", "993 IMAP, 995 POP3, 465 SMTP with tls; 143, 110, 587 with starttls."),
    Setting(
        ".security", "Security", "tls from the first octet, or starttls: encrypted before the password.",
        ("tls", "starttls", "none"),
    ),
    Setting(".user", "User", "What the server knows you by; often the address."),
    Setting(".auth", "Signs in with", "A password, or a token of OAuth2.", ("password", "oauth2")),
    Setting(".password_command", "Password command", "Its first line is the password; empty: the keyring."),
    Setting(".ca_file", "Authorities", "PEM file of the authorities to trust instead of the system's."),
    Setting(".fingerprint", "Certificate", "SHA-256 of the one certificate to trust; empty: by its authority."),
    Setting(".allow_cleartext", "Unencrypted", "true: security none is allowed beyond this computer.", ("true", "")),
)  # fmt: skip
_POLICY = Setting(
    "incoming.delete_from_server",
    "Delete there",
    "When a message that is safe here may go there: never, when_deleted, at_once, or such as 14 days.",
)
IDENTITY = (
    Setting("name", "Your name", "As others see it."),
    Setting("email", "Address", "Where your mail comes from."),
    Setting("aliases", "Aliases", "Your other addresses, parted by commas; *@example.org is all of a domain."),
    Setting("signature", "Signature", "Below what you write; \\n begins a new line."),
    Setting("language", "Language", 'Of "On …, … wrote:".', LANGUAGES),
    Setting("attribution", "Attribution", "A line of your own instead: {date}, {name}, {email} are filled in."),
    Setting(
        "save_sent", "Copy in Sent",
        "auto finds out who files it; copy: this program; server: the server; never: nobody.",
        ("auto", "copy", "server", "never"),
    ),
    Setting("keep_bodies", "Kept here", 'Whole messages on this computer: all, opened, or such as "90 days".'),
)  # fmt: skip
PROTOCOL = Setting(
    "protocol", "Protocol",
    "imap: mail stays on the server, all devices see the same; pop3: it lives on this computer.", ("imap", "pop3"),
)  # fmt: skip
_OAUTH = (
    Setting("oauth.provider", "Provider", "google, microsoft, or the https address of an issuer."),
    Setting(
        "oauth.client_id", "Client ID", "Of your own registration of this program; `tui-mail account login` uses it."
    ),
    Setting("oauth.tenant", "Tenant", "Microsoft: your organisation; empty: any account."),
    Setting("oauth.scope", "Scope", "What the token is for; empty: the provider's for mail."),
    Setting("oauth.authorization_url", "Asks at", "https address of an issuer that does not publish it."),
    Setting("oauth.token_url", "Tokens from", "https address of an issuer that does not publish it."),
    Setting("oauth.device_url", "Devices at", "https address of an issuer that does not publish it."),
    Setting("oauth.ca_file", "Authorities", "PEM file of the authorities to trust there instead of the system's."),
    Setting("oauth.token_command", "Token command", "Its first line is a token; nothing else is needed then."),
)
"""Shown where an account has OAuth2; to begin with it, several are needed at once: the assistant, or `account set`."""
_NOTIFY = Setting("notify", "Tells of", "Folders whose new mail is told (see Screen): names or roles, by commas.")
NOTICES = (
    Setting(
        "by", "New mail is told",
        "By the terminal (osc9, osc99, osc777: in that way), its bell, or a command; off: others may read along.", WAYS,
    ),
    Setting("quiet", "Quiet hours", 'Hours without that, such as "22:00-07:00".'),
    Setting("notify_command", "Told by", "The command; {title} and {body} are filled in, else they come last."),
)  # fmt: skip
ADVANCE = Setting(
    "auto_advance", "Put away, then",
    "What is shown once the message that you read was put away: the next older, the previous (newer), or the list.",
    ADVANCES,
)  # fmt: skip
_FOR = {
    "drafts": "Where drafts are kept; empty: the folder that the server or its name says.",
    "sent": "Where copies of what was sent are filed; empty: the folder that the server or its name says.",
    "archive": "Where archived mail goes; empty: the folder that the server or its name says, else a new one.",
    "junk": "Where junk goes; empty: the folder that the server or its name says, else a new one.",
    "trash": "Where deleted mail goes; empty: the folder that the server or its name says, else a new one.",
}
OTHERS = (
    Setting("sendmail_command", "Sends through", "A program that sends instead of a server."),
    Setting("smime_certificate", "S/MIME certificate", "PEM file of the certificate to sign with."),
    Setting("smime_key", "S/MIME key", "PEM file of its key, without a passphrase."),
    Setting("smime_folder", "S/MIME of others", "Folder with other people's certificates."),
)


def key_settings(keys: Mapping[str, str]) -> list[tuple[Setting, str]]:
    """The keys of every action, by the names that keys.toml has for them."""
    how = 'Two that do the same: "e or g a"; "none"; empty: as the preset has it. From the next start.'
    return [(Setting(f"{KEYS}{one.id}", one.id, f"{one.help}. {how}"), keys.get(one.id, "")) for one in ACTIONS]


def lines_of(
    accounts: Sequence[Shown], screen: Sequence[tuple[Setting, str]], keys: Sequence[tuple[Setting, str]] = ()
) -> list[SettingLine]:
    """Every line: the settings of each account, then those of the screen, then keys."""
    lines = list[SettingLine]()
    for account in accounts:
        name, values = account.name, account.values
        lines.append(SettingLine(name, name, values.get("email", ""), is_heading=True))
        lines += _lines(name, IDENTITY, values)
        lines += [
            _line(
                name,
                Setting(f"signatures.{email}", f"Signature of {email}", "Instead of the account's, for this alias."),
                values,
            )
            for email in _addresses(values)
        ]
        lines.append(SettingLine(name, "Receiving", is_heading=True))
        lines += _lines(name, (PROTOCOL, *_leg("incoming")), values)
        if values.get("protocol") == "pop3":
            lines += _lines(name, (_POLICY,), values)
        lines.append(SettingLine(name, "Folders", is_heading=True))
        lines += [_folder_line(account, key) for key in FOLDER_KEYS]
        lines += _lines(name, (_NOTIFY,), values)
        lines.append(SettingLine(name, "Sending", is_heading=True))
        lines += _lines(name, (*_leg("outgoing"), *OTHERS), values)
        if any(key.startswith("oauth.") for key in values):
            lines.append(SettingLine(name, "OAuth2", is_heading=True))
            lines += _lines(name, _OAUTH, values)
    lines.append(SettingLine(SCREEN, "Screen", is_heading=True))
    lines += [SettingLine(SCREEN, setting.label, value, setting) for setting, value in screen]
    lines += [SettingLine(SCREEN, "Keys", "kept in keys.toml", is_heading=True)] if keys else []
    lines += [SettingLine(SCREEN, setting.label, value, setting) for setting, value in keys]
    return lines


def setting_runs(line: SettingLine, cells: int, *, cursor: bool) -> list[Run]:
    """A line as it is painted."""
    bar = ("▌" if cursor else " ", "bar")
    label = steady(safe_line(line.label))
    if line.is_heading:
        value = f"  {steady(safe_line(line.value))}" if line.value else ""
        return [bar, (clip(f"{label}", cells - 1), "heading"), (clip(value, max(0, cells - 1 - len(label))), "quiet")]
    value = steady(safe_line(line.value.replace("\n", "\\n")))
    room = max(0, cells - LABEL - 4)
    empty = clip(steady(safe_line(line.by_itself)), room) or "–"
    shown = (clip(value, room), "value" if line.setting else "quiet") if value else (empty, "quiet")
    return [bar, (f" {fit(label, LABEL)}  ", "quiet"), shown]


def setting_details(line: SettingLine | None, keys: Mapping[str, str]) -> Document:
    """What there is to say of the line under the cursor."""
    if line is None or line.is_heading:
        words = "Everything is kept in config.toml, with your comments. What runs goes on until tui-mail starts anew."
        return Document([], [Paragraph(((words, "quiet"),))])
    about = line.setting.help if line.setting is not None else line.help
    blocks = [Paragraph(((about, "quiet"),))]
    if line.setting is not None:
        where = (
            ""
            if line.owner == SCREEN
            else f"  ·  tui-mail account set {safe_line(line.owner)} {safe_line(line.setting.key)}=…"
        )
        blocks.append(Paragraph(((f"{keys['settings.change']} changes it{where}", "quiet"),)))
    if "\n" in line.value:
        blocks.append(Paragraph(((safe_block(line.value[:1_000]), ""),)))
    return Document([], blocks)


def _lines(owner: str, settings: Sequence[Setting], values: Mapping[str, str]) -> list[SettingLine]:
    return [_line(owner, setting, values) for setting in settings]


def _line(owner: str, setting: Setting, values: Mapping[str, str]) -> SettingLine:
    return SettingLine(owner, setting.label, values.get(setting.key, ""), setting)


def _folder_line(account: Shown, key: str) -> SettingLine:
    """Which folder is for what: found by itself, or chosen."""
    setting = Setting(f"folders.{key}", f"For {key}", _FOR[key], ("", *account.folders))
    now, value = account.roles.get(key, ""), account.values.get(setting.key, "")
    by_itself = f"{now}  (by itself)" if now else "none yet"
    return SettingLine(account.name, setting.label, value, setting, by_itself=by_itself)


def _leg(name: str) -> list[Setting]:
    return [Setting(f"{name}{one.key}", one.label, one.help, one.choices) for one in _BOTH]


def _addresses(values: Mapping[str, str]) -> list[str]:
    """The aliases that can have a signature of their own, and those that have one."""
    named = (one.rpartition("<")[2].strip(" >") for one in values.get("aliases", "").split(","))
    having = (key.partition(".")[2] for key in values if key.startswith("signatures."))
    return list(dict.fromkeys([one for one in named if "@" in one and "*" not in one] + list(having)))
