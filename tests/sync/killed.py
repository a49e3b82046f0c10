"""Clients in processes of their own, which a test can kill: at a certain commit, at a certain command, or at once.

What belongs here: the nursery (a process that has imported everything, so that a client costs milliseconds), what it
forks, and where those die. What must never be here: what a test expects.

    with Nursery() as nursery:
        client = nursery.start(home, account, Death("commit", 3, "before"))
        client.ask("archive", ids=[1, 2])       # raises Killed once it is dead
        client.stop()

Everything said goes over a socket, a line of JSON each way.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.sync.scenario import over, work
from tui_mail.arriving import Rule
from tui_mail.client import MailClient
from tui_mail.errors import MailError
from tui_mail.model import Account, Change, ChangeState, Flag, LinkState, Protocol, Security, Server
from tui_mail.net.pop3 import Pop3Session
from tui_mail.net.smtp_line import Line as SmtpLine
from tui_mail.net.talk import Conversation
from tui_mail.outgoing import ComposeSettings, SendState
from tui_mail.paths import paths
from tui_mail.store.database import Database
from tui_mail.sync import copying

PATIENCE = 150.0


class Killed(Exception):
    """The client is dead."""


@dataclass(frozen=True, slots=True)
class Death:
    """kill -9 of oneself: around the n-th commit, or around the n-th command that matches."""

    at: str
    """commit | command | smtp | pop3"""
    nth: int
    moment: str
    """before | after; command: before (it is sent) | sent | answered (and nothing was done with the answer)."""
    match: str = ""


class Nursery:
    """The process that forks clients; a context manager."""

    def __enter__(self) -> Self:
        self._line, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.sync.killed", str(theirs.fileno())],
            pass_fds=[theirs.fileno()], cwd=Path(__file__).parents[2],
        )  # fmt: skip
        theirs.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()
        self._process.wait(10)

    def start(self, home: Path, account: Account, death: Death | None = None) -> Client:
        """A client that runs on that home; it dies by itself if told so."""
        ours, theirs = socket.socketpair()
        told = {
            "home": str(home),
            "email": account.email,
            "save_sent": account.save_sent,
            "protocol": account.protocol.value,
            "delete_from_server": account.delete_from_server,
            "server": asdict(account.incoming),
            "outgoing": asdict(account.outgoing) if account.outgoing else None,
            "rules": [asdict(rule) for rule in account.rules],
            "death": asdict(death) if death else None,
        }
        socket.send_fds(self._line, [json.dumps(told).encode()], [theirs.fileno()])
        theirs.close()
        pid = json.loads(self._line.recv(1000))
        return Client(self, pid, ours)

    def buried(self, pid: int) -> int:
        """Wait for the end of a client; its exit status."""
        self._line.send(json.dumps(pid).encode())
        return int(json.loads(self._line.recv(1000)))


class Client:
    """A client in another process."""

    def __init__(self, nursery: Nursery, pid: int, line: socket.socket) -> None:
        self.pid = pid
        self._nursery = nursery
        self._socket = line
        self._socket.settimeout(PATIENCE)
        self._status: int | None = None
        self._lines = line.makefile("rw", encoding="utf-8")

    def ask(self, do: str, **about: Any) -> Any:
        """Have it do something (see DEEDS); the answer. Raises Killed, and AssertionError with what it says."""
        try:
            self._lines.write(json.dumps({"do": do, **about}) + "\n")
            self._lines.flush()
            told = self._lines.readline()
        except (BrokenPipeError, ConnectionResetError):
            told = ""
        if not told:
            raise Killed
        answer = json.loads(told)
        assert "failed" not in answer, f"{do} {about}: {answer['failed']}"
        return answer["answer"]

    def try_ask(self, do: str, **about: Any) -> Any:
        """The same; None when it refuses."""
        try:
            return self.ask(do, **about)
        except AssertionError:
            return None

    def kill(self) -> None:
        """kill -9, and wait until it is dead."""
        os.kill(self.pid, signal.SIGKILL)
        self.end()

    def stop(self) -> None:
        """Stop in good order."""
        try:
            self.ask("stop")
        finally:
            self.end()

    def end(self) -> int:
        """Wait for its end; the exit status, also when it is asked for again."""
        if self._status is not None:
            return self._status
        status = self._status = self._nursery.buried(self.pid)
        try:
            self._lines.close()
        except BrokenPipeError:
            pass
        finally:
            self._socket.close()
        return status


# --- the nursery's process ---------------------------------------------------------------------


def main() -> None:
    """Fork clients until the test hangs up."""
    copying.LATE_SECONDS = 1  # the proxy lets the server finish before it cuts
    control = socket.socket(fileno=int(sys.argv[1]))
    while True:
        told, descriptors, _, _ = socket.recv_fds(control, 100_000, 1)
        if not told:
            return
        request = json.loads(told)
        if isinstance(request, int):
            control.send(json.dumps(os.waitpid(request, 0)[1]).encode())
            continue
        pid = os.fork()
        if pid == 0:
            control.close()
            _live(socket.socket(fileno=descriptors[0]), request)
            os._exit(0)
        os.close(descriptors[0])
        control.send(json.dumps(pid).encode())


def _live(line: socket.socket, request: dict[str, Any]) -> None:
    if request["death"]:
        _die_at(Death(**request["death"]))
    server, outgoing = _server(request["server"]), request["outgoing"] and _server(request["outgoing"])
    account = Account(
        "work",
        "",
        request["email"],
        Protocol(request["protocol"]),
        server,
        outgoing or None,
        save_sent=request["save_sent"],
        delete_from_server=request["delete_from_server"],
        rules=tuple(Rule(**{**one, "keywords": tuple(one["keywords"])}) for one in request["rules"]),
    )
    client = MailClient(paths(Path(request["home"])), [account])
    client.compose = ComposeSettings(undo_send=0)
    with line.makefile("rw", encoding="utf-8") as lines:
        for asked in lines:
            wish = json.loads(asked)
            do = wish.pop("do")
            try:
                answer = {"answer": DEEDS[do](client, **wish)}
            except (AssertionError, MailError) as error:
                answer = {"failed": f"{type(error).__name__}: {error}"}
            lines.write(json.dumps(answer) + "\n")
            lines.flush()
            if do == "stop":
                return


def _server(told: dict[str, Any]) -> Server:
    return Server(
        **{
            **told,
            "password_command": tuple(told["password_command"]),
            "security": Security(told["security"]),
        }
    )


def _die_at(death: Death) -> None:
    count = 0

    def die(moment: str) -> None:
        if (count, moment) == (death.nth, death.moment):
            os.kill(os.getpid(), signal.SIGKILL)

    def count_one() -> None:
        nonlocal count
        count += 1

    if death.at == "commit":
        commit = Database._commit_group

        def counted(self: Database, first: Any) -> None:
            nonlocal count
            count += 1
            die("before")
            commit(self, first)
            die("after")

        Database._commit_group = counted  # type: ignore[method-assign]
        return
    if death.at == "smtp":
        for name in ("command", "transmit", "reply"):
            _count_calls(SmtpLine, name, die, count_one)
        return
    if death.at == "pop3":
        for name in ("top", "retrieve", "delete", "quit"):
            _count_calls(Pop3Session, name, die, count_one)
        return
    begin, accepted = Conversation.begin, Conversation.accepted
    running: set[int] = set()

    def begun(self: Conversation, *parts: Any, **limits: Any) -> bytes:
        nonlocal count
        named = b" ".join(part for part in parts if isinstance(part, bytes)).decode("utf-8", "replace")
        if not re.match(death.match, named):
            return begin(self, *parts, **limits)
        count += 1
        die("before")
        tag = begin(self, *parts, **limits)
        running.add(id(self))
        die("sent")
        return tag

    def answered(self: Conversation, reply: Any, doing: str) -> Any:
        if id(self) in running:
            running.discard(id(self))
            die("answered")
        return accepted(self, reply, doing)

    Conversation.begin = begun  # type: ignore[method-assign]
    Conversation.accepted = answered  # type: ignore[method-assign]


def _count_calls(of: type, name: str, die: Callable[[str], None], count: Callable[[], None]) -> None:
    """Each step of a dialogue: before its octets go out or are read, and after."""
    step = getattr(of, name)

    def counted(self: Any, *given: Any, **named: Any) -> Any:
        count()
        die("before")
        result = step(self, *given, **named)
        die("after")
        return result

    setattr(of, name, counted)


# --- what a client can be asked to do ------------------------------------------------------------


def _start(client: MailClient) -> None:
    client.start()


def _retry(client: MailClient) -> None:
    client.retry()


def _scenario(client: MailClient) -> None:
    client.start()
    work(client)
    over(client)


_NOT_YET = (LinkState.STARTING, LinkState.CONNECTING)


def _settle(client: MailClient, seconds: float = 60.0, strict: bool = True, everywhere: bool = False) -> None:
    """Start if need be; wait until everything is carried out and compared.

    `strict`: the server may refuse nothing; `everywhere`: every folder is looked at, not only the list of them.
    """
    client.start()
    deadline, pause = time.monotonic() + seconds, threading.Event()
    told = False
    ended = {ChangeState.DONE, ChangeState.CANCELLED, ChangeState.FAILED}
    while True:
        states = {change.state for change in client.changes(1_000_000)}
        refused = [str(change.error) for change in client.changes(1_000_000) if change.state is ChangeState.FAILED]
        assert not (strict and refused), refused
        now = client.statuses()[0]
        assert time.monotonic() < deadline, f"after {seconds} s: {now}, {states}"
        if now.state in (LinkState.OFFLINE, LinkState.REFUSED):
            client.retry()
            pause.wait(0.01)
        elif not client.is_engine or now.state in _NOT_YET or not client.wait_until_synced("work", 0.5):
            pause.wait(0.01)
        elif told and states <= ended:
            return
        else:
            told = states <= ended
            client.sync_now()
            for folder in client.folders() if told and everywhere else ():
                client.sync_now(folder.id)
            if not told:
                client.retry()  # what waits for its time is due now


def _act(client: MailClient, how: str, *arguments: Any, **named: Any) -> list[int]:
    """An action by the name of its method; the ids that it touched."""
    for key in ("add", "remove", "flags"):
        if key in named:
            named[key] = Flag(named[key])
    if how == "append":
        arguments = (arguments[0], base64.b64decode(arguments[1]))
    change: Change | None = getattr(client, how)(*arguments, **named).result(PATIENCE)
    return list(change.message_ids) if change is not None else []


def _changes(client: MailClient) -> list[tuple[str, str, str]]:
    return [(change.state, change.summary, change.error) for change in client.changes(1_000_000)]


def _status(client: MailClient) -> dict[str, Any]:
    now = client.statuses()[0]
    return {"state": now.state, "pending": now.pending, "failed": now.failed, "sentence": now.sentence}


def _rows(client: MailClient) -> list[tuple[str, int, int, list[tuple[int, str, int, list[str], int]]]]:
    """Each folder: name, total, unread, and its rows (id, subject, flags, keywords, uid)."""
    return [
        (
            folder.name, folder.total, folder.unread,
            [(r.id, r.subject, int(r.flags), list(r.keywords), r.uid) for r in client.first_rows(folder.id, 100_000)],
        )
        for folder in client.folders() if folder.selectable
    ]  # fmt: skip


def _bodies(client: MailClient, ids: list[int]) -> list[str]:
    return [(client.raw(id_) or b"").decode("latin-1") for id_ in ids]


def _write(client: MailClient, **said: str) -> int:
    """Keep a draft; its id."""
    return client.keep_draft(replace(client.blank_draft().result(PATIENCE).draft, **said)).result(PATIENCE).id


def _send(client: MailClient, draft: int) -> int:
    """Send a draft that is open; its number in the outbox."""
    [written] = [one for one in client.drafts() if one.id == draft]
    return client.send(written).result(PATIENCE).id


def _sent(client: MailClient, seconds: float = 40.0) -> None:
    """Wait until nothing of the outbox goes on by itself, and every Sent copy is seen to."""
    client.start()
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while [one for one in client.outbox() if one.is_moving or one.state is SendState.ACCEPTED]:
        assert time.monotonic() < deadline, client.outbox()
        client.retry()
        pause.wait(0.05)


def _outbox(client: MailClient) -> list[tuple[int, str, str, str]]:
    """Everything that was ever in the outbox: number, subject, state, error."""
    return [(one.id, one.subject, one.state.value, one.error) for one in client.outbox(done_since=0)]


DEEDS: dict[str, Callable[..., Any]] = {
    "start": _start,
    "stop": lambda client: client.stop(),
    "scenario": _scenario,
    "settle": _settle,
    "done": lambda client: len(client.changes(1_000_000)),
    "ruled": lambda client: sum(one.count for one in client.changes(1_000) if one.summary.startswith("rule ")),
    "act": lambda client, how, arguments, named: _act(client, how, *arguments, **named),
    "changes": _changes,
    "folders": lambda client: {folder.name: folder.id for folder in client.folders() if folder.selectable},
    "rows": _rows,
    "bodies": _bodies,
    "status": _status,
    "write": _write,
    "drafts": lambda client: [(one.id, one.subject, one.body) for one in client.drafts()],
    "recover": lambda client: [one.id for one in client.recover_drafts().result(PATIENCE)],
    "send": _send,
    "sent": _sent,
    "outbox": _outbox,
    "send_again": lambda client, number: client.send_again(number).result(PATIENCE),
    "take_as_sent": lambda client, number: client.take_as_sent(number).result(PATIENCE),
    "retry": _retry,
}


if __name__ == "__main__":
    main()
