"""config.toml: what is read, what is refused and in which words, and that writing keeps what people wrote."""

from __future__ import annotations

import dataclasses
import stat
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.config.accounts import Config, load, parse
from tui_mail.config.changing import add_account, remove_account
from tui_mail.config.rules import is_loopback
from tui_mail.errors import ConfigError, NotFound, UsageError
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.paths import Paths, paths
from tui_mail.settings import DEFAULT_PORTS

EXAMPLE = """\
# My mail.
[accounts.work]
name = "Anna Berg"
email = "anna@example.org"
protocol = "imap"                 # or "pop3"
[accounts.work.incoming]
host = "imap.example.org"
port = 993
security = "tls"                  # tls | starttls | none
user = "anna@example.org"
auth = "password"                 # password | oauth2
password_command = ["pass", "show", "mail/work"]   # else keyring
[accounts.work.outgoing]
host = "smtp.example.org"
port = 465
security = "tls"
"""

INCOMING = Server(
    "imap.example.org", 993, Security.TLS, "anna@example.org", password_command=("pass", "show", "mail/work")
)
WORK = Account(
    name="work",
    full_name="Anna Berg",
    email="anna@example.org",
    protocol=Protocol.IMAP,
    incoming=INCOMING,
    outgoing=dataclasses.replace(INCOMING, host="smtp.example.org", port=465),
)


def account_toml(incoming: str = 'host = "imap.example.org"', account: str = "", outgoing: str | None = None) -> str:
    """A document with one account, made of the given lines."""
    text = f'[accounts.work]\nemail = "anna@example.org"\n{account}\n[accounts.work.incoming]\n{incoming}\n'
    return text if outgoing is None else f"{text}[accounts.work.outgoing]\n{outgoing}\n"


def read(text: str) -> Config:
    """The configuration in a text."""
    return parse(text, Path("/nowhere"))


def one_problem(text: str) -> str:
    """The sentence of the only problem of a text whose account cannot be used."""
    config = read(text)
    assert len(config.problems) == 1, config.problems
    assert config.problems[0].fatal
    assert not config.accounts
    return config.problems[0].sentence


@pytest.fixture
def home(tmp_path: Path) -> Paths:
    """The paths of an empty installation."""
    found = paths(tmp_path)
    found.prepare()
    return found


# --- reading ----------------------------------------------------------------------------------


def test_the_example_of_the_documentation_is_an_account(home: Paths) -> None:
    """Everything stands in its place, and sending logs in as reading does."""
    home.config_file.write_text(EXAMPLE)
    assert load(home) == Config((WORK,))


def test_without_a_file_there_are_no_accounts_and_no_problems(home: Paths) -> None:
    """The first start is not an error."""
    assert load(home) == Config()


def test_a_short_account_gets_its_defaults() -> None:
    """Host and address are enough: IMAP over TLS as the address, all bodies kept, no sending."""
    (account,) = read(account_toml()).accounts
    assert account.incoming == Server("imap.example.org", 993, Security.TLS, "anna@example.org")
    assert (account.outgoing, account.keep_bodies, account.delete_from_server) == (None, "all", "never")


@pytest.mark.parametrize(("protocol", "security"), [(p, s) for p in (Protocol.IMAP, Protocol.POP3) for s in Security])
def test_the_port_follows_from_the_security(protocol: Protocol, security: Security) -> None:
    """RFC 8314 ports where none is given, on either leg."""
    leg = f'host = "127.0.0.1"\nsecurity = "{security}"'
    (account,) = read(account_toml(leg, f'protocol = "{protocol}"', leg)).accounts
    assert account.incoming.port == DEFAULT_PORTS[protocol.value, security]
    assert account.outgoing is not None
    assert account.outgoing.port == DEFAULT_PORTS["smtp", security]


def test_sending_inherits_who_and_how_but_not_where() -> None:
    """user, auth, password_command and ca_file go over; a fingerprint is of one server only."""
    incoming = 'host = "a"\nuser = "anna"\nauth = "oauth2"\npassword_command = "token get"\nfingerprint = "' + "ab" * 32
    (account,) = read(account_toml(f'{incoming}"', outgoing='host = "b"')).accounts
    assert account.outgoing == Server("b", 465, Security.TLS, "anna", "oauth2", ("token", "get"))
    assert account.incoming.fingerprint == "ab" * 32


def test_sending_may_log_in_differently() -> None:
    """What the outgoing table says wins, an empty password_command included (the keyring then)."""
    incoming = 'host = "a"\npassword_command = ["pass"]'
    (account,) = read(account_toml(incoming, outgoing='host = "b"\nuser = "x"\npassword_command = []')).accounts
    assert account.outgoing == Server("b", 465, Security.TLS, "x")


def test_ca_file_is_relative_to_the_configuration(tmp_path: Path) -> None:
    """A CA beside config.toml is named by its file name alone."""
    (tmp_path / "ca.pem").write_text("")
    (account,) = parse(account_toml('host = "a"\nca_file = "ca.pem"'), tmp_path).accounts
    assert account.incoming.ca_file == str(tmp_path / "ca.pem")


def test_a_fingerprint_may_be_written_as_tools_print_it() -> None:
    """Colons, capitals and a prefix are taken off."""
    printed = "SHA256:" + ":".join(["AB"] * 32)
    (account,) = read(account_toml(f'host = "a"\nfingerprint = "{printed}"')).accounts
    assert account.incoming.fingerprint == "ab" * 32


@pytest.mark.parametrize("value", ['"never"', '"when_deleted"', '"at_once"', '"14 days"', "{ days = 14 }"])
def test_pop3_says_what_is_deleted_from_the_server(value: str) -> None:
    """Every documented word is taken; days in either way of writing them."""
    (account,) = read(account_toml(f'host = "a"\ndelete_from_server = {value}', 'protocol = "pop3"')).accounts
    assert account.delete_from_server == ("14 days" if "14" in value else value.strip('"'))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(
            ("90", 90),
            ('"2 min"', 120),
            ('"1 minute"', 60),
            ('"90 seconds"', 90),
            ('"24 hours"', 86_400),
            ('"1h"', 3_600),
        ),
        *((value, 0) for value in ('"90"', '"59 s"', '"25 hours"', "true", "1.5", '"soon"', '"-5 minutes"', "[5]")),
    ],
)
def test_how_often_pop3_looks_for_mail(value: str, seconds: int) -> None:
    """Texts with a unit and numbers of seconds; what is too often, too seldom or nothing (0 here) is a problem."""
    config = read(account_toml(f'host = "a"\ncheck_every = {value}', 'protocol = "pop3"'))
    assert [account.check_every for account in config.accounts] == ([seconds] if seconds else [])
    assert [problem.sentence.partition(": ")[2] for problem in config.problems] == (
        [] if seconds else ['check_every must be such as "5 minutes" or "2 hours", from 1 minute to 24 hours.']
    )


@pytest.mark.parametrize("value", ["all", "opened", "90 days", "1 day"])
def test_keep_bodies_takes_all_opened_and_days(value: str) -> None:
    """The three ways of keeping bodies."""
    (account,) = read(account_toml(account=f'keep_bodies = "{value}"')).accounts
    assert account.keep_bodies == value


def test_a_table_that_nothing_reads_is_said() -> None:
    """A setting without effect is a problem, not a silence."""
    assert "ui" in read('[ui]\ntheme = "nord"\n').problems[0].sentence


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "mail.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_loopback_is_this_computer(host: str) -> None:
    """Names and addresses that never leave it."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "127.0.0.1.example.org", "localhost.example.org", "10.0.0.1", "127", "::2"])
def test_what_only_looks_like_loopback_is_not(host: str) -> None:
    """A name that begins like an address is somebody else's."""
    assert not is_loopback(host)


# --- what cannot be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (account_toml("port = 993"), "incoming needs a host"),
        (account_toml('host = "imap.example.org:993"'), "must be a host name alone"),
        (account_toml('host = "imaps://imap.example.org"'), "must be a host name alone"),
        (account_toml('host = "a"\nport = 0'), "from 1 to 65535"),
        (account_toml('host = "a"\nport = 65536'), "from 1 to 65535"),
        (account_toml('host = "a"\nport = true'), "from 1 to 65535"),
        (account_toml('host = "a"\nport = "993"'), "from 1 to 65535"),
        (account_toml('host = "a"\nsecurity = "startls"'), 'did you mean "starttls"?'),
        (account_toml('host = "a"\nsecurity = "none"'), "password in the clear"),
        (account_toml('host = "a"\nallow_cleartext = "yes"'), "true or false"),
        (account_toml('host = "a"\nuser = 7'), '"user" must be a text'),
        (account_toml('host = "a"\nuser = "a\\r\\nb"'), "control character"),
        (account_toml('host = "a"\nauth = "Password"'), 'did you mean "password"?'),
        (account_toml('host = "a"\npassword_command = [1]'), "password_command must be a list of words"),
        (account_toml('host = "a"\npassword_command = "pass \'x"'), "password_command must be a list of words"),
        (account_toml('host = "a"\npassword_command = [""]'), "password_command must be a list of words"),
        (account_toml('host = "a"\nca_file = "missing.pem"'), "/nowhere/missing.pem is not there"),
        (account_toml('host = "a"\nfingerprint = "abc"'), "64 hex digits"),
        (account_toml('host = "a"\ndelete_from_server = "never"'), "POP3 only"),
        (account_toml('host = "a"\ndelete_from_server = 3', 'protocol = "pop3"'), "delete_from_server must be"),
        (account_toml('host = "a"\ncheck_every = 300'), "POP3 only"),
        (account_toml(account='keep_bodies = "90"'), "90 days"),
        (account_toml(account='protocol = "pop"'), 'did you mean "pop3"?'),
        (account_toml(account="outgoing = 1"), '"outgoing" must be a table'),
        (account_toml().replace("anna@example.org", "anna"), "email must be an address"),
        (account_toml().replace("accounts.work", 'accounts."a/b"'), "a name of an account"),
        ("accounts = 1", '"accounts" must be a table'),
        ("[accounts]\nwork = 1", "an account must be a table"),
    ],
)
def test_what_cannot_be_is_one_problem_with_its_reason(text: str, words: str) -> None:
    """The sentence says what to write; the account is left out rather than guessed."""
    assert words in one_problem(text)


@pytest.mark.parametrize("leg", ["incoming", "outgoing"])
@pytest.mark.parametrize("key", ["password", "passwd", "secret"])
def test_a_password_in_the_file_is_refused_and_never_repeated(leg: str, key: str) -> None:
    """The sentence says where to move it, without showing it."""
    text = account_toml(outgoing='host = "b"').replace(f"work.{leg}]", f'work.{leg}]\n{key} = "hunter2"')
    sentence = one_problem(text)
    assert "tui-mail account set-password work" in sentence
    assert "hunter2" not in sentence


def test_cleartext_is_possible_when_it_is_asked_for() -> None:
    """allow_cleartext = true is the person's decision; on this computer it needs none."""
    assert read(account_toml('host = "a"\nsecurity = "none"\nallow_cleartext = true')).accounts
    assert read(account_toml('host = "localhost"\nsecurity = "none"')).accounts


def test_an_unknown_key_is_told_and_the_account_still_works() -> None:
    """A slip in an optional key must not keep anyone from the mail; every default is the safe one."""
    config = read(account_toml('host = "a"\npasword_command = ["x"]'))
    (problem,) = config.problems
    assert (problem.account, problem.line, problem.fatal) == ("work", 6, False)
    assert problem.sentence == (
        'config.toml line 6, account "work": "pasword_command" is not a known key; did you mean "password_command"?'
    )
    assert len(config.accounts) == 1


def test_all_problems_come_at_once_and_good_accounts_stay() -> None:
    """Three slips in one account give three sentences, in the order of the file; the other account is there."""
    config = read(EXAMPLE + '[accounts.two]\nemail = "x"\n[accounts.two.incoming]\nport = -1\nsecurity = "ssl"\n')
    assert config.accounts == (WORK,)
    assert [problem.line for problem in config.problems] == [18, 19, 20, 21]
    assert {problem.account for problem in config.problems} == {"two"}
    assert config.account("work") is config.accounts[0]
    with pytest.raises(ConfigError, match="line 18"):
        config.account("two")
    with pytest.raises(NotFound, match='did you mean "work"'):
        config.account("wrk")


def test_lines_are_right_after_long_values_dotted_keys_and_quotes() -> None:
    """Text over several lines that looks like keys does not move the count."""
    text = (
        "accounts.work.name = '''\n[accounts.no]\nport = 0\n'''\n"
        'accounts.work.email = "anna@example.org"\n'
        "accounts.work.incoming = { host = 'a', port = 0 }\n"
        '[accounts."with space".incoming]\npassword_command = [\n  "a", # ]\n  "b",\n]\nport = 0\n'
    )
    assert [(problem.account, problem.line) for problem in read(text).problems if "port" in problem.sentence] == [
        ("work", 6),
        ("with space", 12),
    ]


def test_a_file_that_is_not_toml_is_one_problem_with_its_line() -> None:
    """A missing quotation mark on line 3 is named there."""
    (problem,) = read('[accounts.work]\nname = "Anna"\nemail = "anna\n').problems
    assert (problem.line, problem.fatal, problem.account) == (3, True, "")


def test_a_file_that_cannot_be_read_is_a_problem(home: Paths) -> None:
    """Neither a folder in its place nor another encoding is a crash."""
    home.config_file.write_bytes(b'name = "\xff"')
    assert "not UTF-8" in load(home).problems[0].sentence
    home.config_file.unlink()
    home.config_file.mkdir()
    assert "cannot be read" in load(home).problems[0].sentence


def test_an_unusual_name_cannot_command_the_terminal() -> None:
    """What a file says is untrusted text like any other."""
    (problem, *_) = read('[accounts."\\u001b[2J"]\n').problems
    assert "\x1b" not in problem.sentence


# --- writing ----------------------------------------------------------------------------------


def test_adding_makes_the_file_for_the_owner_alone(home: Paths) -> None:
    """0600 and readable again, in an installation that has nothing yet."""
    add_account(home, WORK)
    assert load(home) == Config((WORK,))
    assert stat.S_IMODE(home.config_file.stat().st_mode) == 0o600


def test_adding_keeps_every_letter_that_was_there(home: Paths) -> None:
    """Comments and order stay; the former file is kept as .bak, 0600 too."""
    home.config_file.write_text(EXAMPLE)
    add_account(home, dataclasses.replace(WORK, name="home"))
    assert home.config_file.read_text().startswith(EXAMPLE)
    backup = home.config_file.with_name("config.toml.bak")
    assert backup.read_text() == EXAMPLE
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [account.name for account in load(home).accounts] == ["work", "home"]


def test_a_name_is_given_once(home: Paths) -> None:
    """A second account of the same name is refused, and nothing is written."""
    home.config_file.write_text(EXAMPLE)
    with pytest.raises(UsageError, match="already"):
        add_account(home, WORK)
    assert home.config_file.read_text() == EXAMPLE


def test_an_account_that_could_not_be_read_again_is_not_written(home: Paths) -> None:
    """What `load` would refuse is refused before it is on disk."""
    with pytest.raises(ConfigError, match="in the clear"):
        add_account(home, dataclasses.replace(WORK, incoming=dataclasses.replace(INCOMING, security=Security.NONE)))
    assert not home.config_file.exists()


def test_a_damaged_file_is_never_overwritten(home: Paths) -> None:
    """Its owner corrects it first."""
    home.config_file.write_text("[accounts")
    with pytest.raises(ConfigError, match="nothing was changed"):
        add_account(home, WORK)
    with pytest.raises(ConfigError, match="nothing was changed"):
        remove_account(home, "work")
    assert home.config_file.read_text() == "[accounts"


def test_removing_takes_out_one_account_and_nothing_else(home: Paths) -> None:
    """Accounts around it, tables between and comments stay."""
    between = '\n[ui]\ntheme = "nord"   # calm\n'
    home.config_file.write_text(EXAMPLE + between + account_toml().replace("accounts.work", "accounts.home"))
    remove_account(home, "work")
    text = home.config_file.read_text()
    assert "# My mail." in text
    assert 'theme = "nord"   # calm' in text
    assert [account.name for account in load(home).accounts] == ["home"]
    with pytest.raises(NotFound, match='did you mean "home"'):
        remove_account(home, "hme")


def test_a_symbolic_link_stays_a_link(home: Paths, tmp_path: Path) -> None:
    """People keep their config.toml in a folder of dot files."""
    target = tmp_path / "dotfiles.toml"
    target.write_text(EXAMPLE)
    home.config_file.symlink_to(target)
    remove_account(home, "work")
    assert home.config_file.is_symlink()
    assert "work" not in target.read_text()


WORD = st.text(string.ascii_letters + string.digits + "-_ .@\"'\\#[]=éß漢", min_size=1).map(str.strip).filter(bool)
HOST = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True)


def servers() -> st.SearchStrategy[Server]:
    """Any server that may be written."""
    return st.builds(
        Server,
        host=HOST,
        port=st.integers(1, 65535),
        security=st.sampled_from([Security.TLS, Security.STARTTLS]),
        user=WORD,
        auth=st.sampled_from(["password", "oauth2"]),
        password_command=st.lists(WORD, max_size=3).map(tuple),
        fingerprint=st.sampled_from(["", "0f" * 32]),
        allow_cleartext=st.booleans(),
    )


@given(
    account=st.builds(
        Account,
        name=WORD.filter(lambda name: len(name) <= 64),
        full_name=st.just("") | WORD,
        email=st.just("anna@example.org"),
        protocol=st.just(Protocol.POP3),
        incoming=servers(),
        outgoing=st.none() | servers(),
        keep_bodies=st.sampled_from(["all", "opened", "90 days"]),
        delete_from_server=st.sampled_from(["never", "when_deleted", "at_once", "14 days"]),
        check_every=st.integers(60, 86_400) | st.sampled_from([300, 3_600, 86_400]),
    )
)
def test_what_is_written_is_what_is_read(account: Account, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any account survives the way to the file and back."""
    home = paths(tmp_path_factory.mktemp("home"))
    add_account(home, account)
    assert load(home) == Config((account,))


def test_an_account_of_this_computer_only() -> None:
    """It needs no incoming server, may not have one, and can send."""
    text = '[accounts.here]\nemail = "anna@example.org"\nprotocol = "local"\n'
    (account,) = read(text + '[accounts.here.outgoing]\nhost = "smtp.example.org"\n').accounts
    assert (account.protocol, account.incoming.host) == (Protocol.LOCAL, "")
    assert account.outgoing == Server("smtp.example.org", 465, Security.TLS, "anna@example.org")
    wrong = read(text + '[accounts.here.incoming]\nhost = "imap.example.org"\n')
    assert wrong.accounts == ()
    assert "has no incoming server" in wrong.problems[0].sentence


def test_saved_searches() -> None:
    """Names and queries in the order of the file; one that is no text is a problem, the others stay."""
    config = read('[searches]\nBoats = "boat in:inbox"\n"To do" = "keyword:todo"\nwrong = 3\n')
    assert config.searches == (("Boats", "boat in:inbox"), ("To do", "keyword:todo"))
    assert any("wrong" in problem.sentence for problem in config.problems)


def test_tabs_of_the_inbox() -> None:
    """In the order of the file; what makes no sense is named with its line, an empty table means none."""
    config = read('[splits]\nBoats = "from:ola kind:list"\nwrong = "is:lost"\nnothing = ""\n')
    assert config.splits == (("Boats", "from:ola kind:list"),)
    assert [problem.line for problem in config.problems] == [3, 4]
    assert "is:lost" in config.problems[0].sentence
    assert read("[splits]\n").splits == ()
    assert read("").splits is None
    many = "".join(f'a{number} = "x"\n' for number in range(15))
    config = read(f"[splits]\n{many}")
    assert len(config.splits or ()) == 14
    assert "room for 14" in config.problems[0].sentence
