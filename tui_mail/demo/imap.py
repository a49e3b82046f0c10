"""The demo's IMAP server: pymap, on a mailbox that writes a message only when somebody asks for it.

What belongs here: what pymap's dictionary backend needs to hold 100,000 messages (it parses and keeps every one),
and to answer quickly (it writes a TLS record for each word).
What must never be here: what the messages say.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from abc import ABCMeta
from argparse import Namespace
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

import pymap.bytes
from proxyprotocol.reader import ProxyProtocolReader
from proxyprotocol.version import ProxyProtocolVersion
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.bytes import Writeable
from pymap.config import BackendCapability
from pymap.context import connection_exit
from pymap.flags import PermanentFlags
from pymap.imap import IMAPConnection
from pymap.imap.state import ConnectionState
from pymap.mailbox import MailboxSnapshot
from pymap.mime import MessageContent
from pymap.parsing.response import CommandResponse
from pymap.parsing.specials.flag import Answered, Deleted, Draft, Flagged, Seen, Wildcard
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from tui_mail.demo.mail import Entry, plan, render
from tui_mail.model import Flag

FIRST_UID = 1001
RECORD = 60_000
"""Octets collected before they are written to the connection."""

_FLAGS = {Flag.SEEN: Seen, Flag.ANSWERED: Answered, Flag.FLAGGED: Flagged, Flag.DELETED: Deleted, Flag.DRAFT: Draft}
_FIELD = re.compile(rb"([^:\r\n]+):[^\n]*\n(?:[ \t][^\n]*\n)*")


class Remembered(ABCMeta):
    """Makes `isinstance` ask for one method, once for each class. typing's protocols ask for all their members
    every time before Python 3.12, which is half of the time that pymap takes for a FETCH.
    """

    asked = ""

    def __subclasscheck__(cls, other: type) -> bool:
        return _has_method(other, cls.asked)

    def __instancecheck__(cls, instance: object) -> bool:
        kind: Any = type(instance)
        return _has_method(kind, cls.asked)


class HasBytes(metaclass=Remembered):
    """typing.SupportsBytes."""

    asked = "__bytes__"


class HasIndex(metaclass=Remembered):
    """typing.SupportsIndex."""

    asked = "__index__"


@cache
def _has_method(kind: Any, name: str) -> bool:
    return hasattr(kind, name)


vars(pymap.bytes).update(SupportsBytes=HasBytes, SupportsIndex=HasIndex)


class MailServer:
    """A user's folders, and the listener that serves them."""

    def __init__(self, user: str, password: str, count: int, seed: int, now: int) -> None:
        args = Namespace(debug=False, passlib_cfg=None, proxy_protocol=None)
        self._config = SampleConfig(
            args,
            host=None,
            port=0,
            tls_enabled=False,
            reject_dnsbl=False,
            hash_context=Cleartext(),
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            demo_data=False,
            demo_user=user,
            demo_password=password,
            max_append_len=50_000_000,
        )
        self._config.apply_context()
        self._user = user
        self._login = Login(self._config)
        self._folders = SampleFolders()
        self._fill(count, seed, now)

    def _fill(self, count: int, seed: int, now: int) -> None:
        caches = self._folders._content_cache, self._folders._thread_cache
        for name, entries in plan(count, seed, now).items():
            folder = SampleMailbox(*caches)
            folder.fill(entries, seed)
            if name == "INBOX":
                self._folders._inbox = folder
            else:
                self._folders._set[name] = folder
            self._folders._subscribed[name] = True

    async def listen(self, host: str, context: ssl.SSLContext) -> asyncio.Server:
        """Serve IMAP over TLS on a free port of `host`."""
        user = UserMetadata(self._config, self._user, password=self._config.demo_password)
        await self._login.demo_user_identity.set(user)
        self._config.set_cache[self._user] = (self._folders, FilterSet())
        reader = ProxyProtocolReader(ProxyProtocolVersion.get(None))
        return await asyncio.start_server(reader.get_callback(self._serve), host, 0, ssl=context, limit=2**20)

    async def add(self, folder: str, raw: bytes, when: int) -> None:
        """A new message, announced to whoever has the folder selected."""
        mailbox = await self._folders.get_mailbox(folder)
        assert isinstance(mailbox, SampleMailbox)
        mailbox.add(raw, datetime.fromtimestamp(when, UTC), frozenset(), recent=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: Any) -> None:
        connection = QuickConnection(self._config.commands, self._config, reader, writer, source)
        async with AsyncExitStack() as stack:
            connection_exit.set(stack)
            stack.enter_context(closing(connection))
            await connection.run(ConnectionState(self._login, self._config))


class SampleConfig(Config):
    """No lookup of this computer's name, and no OBJECTID: the messages have no identity before they are written."""

    @property
    def backend_capability(self) -> BackendCapability:
        """IDLE, MULTIAPPEND."""
        return BackendCapability(idle=True, object_id=False, multi_append=True)

    @property
    def greeting(self) -> bytes:
        """Said to whoever connects."""
        return b"tui-mail demo: nothing here is kept"


class SampleFolders(MailboxSet):
    """All folders; those that people make are like those that were there."""

    keeps_keywords = True

    async def add_mailbox(self, name: str) -> Any:
        """See MailboxSetInterface."""
        await super().add_mailbox(name)
        self._set[name] = made = SampleMailbox(self._content_cache, self._thread_cache)
        made.keeps_keywords = self.keeps_keywords
        return made.mailbox_id


class SampleMailbox(MailboxData):
    """A folder of messages that are written when they are asked for."""

    keeps_keywords = True

    @property
    def permanent_flags(self) -> frozenset[Any]:
        """See MailboxDataInterface; keywords of one's own are kept as well."""
        return super().permanent_flags | {Wildcard} if self.keeps_keywords else super().permanent_flags

    def fill(self, entries: Sequence[Entry], seed: int) -> None:
        """Put the planned messages in, oldest first."""
        self._max_uid = FIRST_UID - 1
        self._uid_validity = 1
        for uid, entry in enumerate(entries, FIRST_UID):
            when = datetime.fromtimestamp(entry.date, UTC)
            self._messages[uid] = _message(uid, when, _flags(entry.flags), LazyContent(entry, seed))
        self._max_uid += len(entries)
        self._mod_sequences.update(self._messages)

    def add(self, raw: bytes, when: datetime, flags: frozenset[Any], recent: bool) -> Message:
        """A message that came, or was uploaded."""
        self._max_uid = uid = self._max_uid + 1
        message = _message(uid, when, flags, LazyContent(raw, 0), recent)
        self._messages[uid] = message
        self._mod_sequences.update([uid])
        self._updated.set()
        return message

    async def append(self, append_msg: Any, *, recent: bool = False) -> Message:
        """See MailboxDataInterface."""
        when = append_msg.when or datetime.now(UTC)
        kept = PermanentFlags(self.permanent_flags) & append_msg.flag_set
        return self.add(bytes(append_msg.literal), when, kept, recent)

    async def get(self, uid: int, cached_msg: Any) -> Message:
        """See MailboxDataInterface; without the lock, which costs more than the look."""
        message = self._messages.get(uid)
        return message if message is not None else Message.copy(cached_msg, expunged=True)

    async def snapshot(self) -> MailboxSnapshot:
        """See MailboxDataInterface; without a switch of tasks for each message."""
        unseen = [
            place for place, message in enumerate(self._messages.values(), 1) if Seen not in message.permanent_flags
        ]
        recent = sum(message.recent for message in self._messages.values())
        return MailboxSnapshot(
            self.mailbox_id,
            self.readonly,
            self.uid_validity,
            self.permanent_flags,
            self.session_flags,
            len(self._messages),
            recent,
            len(unseen),
            unseen[0] if unseen else None,
            self._max_uid + 1,
        )

    async def claim_recent(self, selected: Any) -> None:
        """See MailboxDataInterface; announces nothing when there is nothing recent."""
        uids = [uid for uid, message in self._messages.items() if message.recent]
        for uid in uids:
            self._messages[uid].recent = False
            selected.session_flags.add_recent(uid)
        if uids:
            self._mod_sequences.update(uids)

    async def update_selected(self, selected: Any, *, wait_on: Any = None) -> Any:
        """See MailboxDataInterface; does not wait when news came between two waits."""
        known = selected.mod_sequence
        if known is not None and known < self._mod_sequences.highest:
            wait_on = None
        return await super().update_selected(selected, wait_on=wait_on)


class LazyContent(Writeable):
    """Stands where pymap expects a parsed message, and becomes one only when its structure is asked for."""

    __slots__ = ("_seed", "_source")

    def __init__(self, source: Entry | bytes, seed: int) -> None:
        self._source = source
        self._seed = seed

    def __bytes__(self) -> bytes:
        source = self._source
        return source if isinstance(source, bytes) else _written(source, self._seed)

    @property
    def header(self) -> LazyHeader:
        """What pymap calls MessageContent.header."""
        return LazyHeader(bytes(self))

    @property
    def parsed(self) -> MessageContent:
        """The message as pymap parses it; 0.4 ms."""
        return _parsed(bytes(self))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.parsed, name)


class LazyHeader(Writeable):
    """The header fields, cut but not parsed."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __bytes__(self) -> bytes:
        end = self._raw.find(b"\r\n\r\n")
        return self._raw if end < 0 else self._raw[: end + 4]

    @property
    def folded(self) -> Iterable[tuple[bytes, bytes]]:
        """Name in lower case, and the whole field."""
        return [(field[1].lower(), field[0]) for field in _FIELD.finditer(bytes(self))]

    @property
    def parsed(self) -> Any:
        """The fields as pymap parses them."""
        return _parsed(self._raw).header.parsed


class QuickConnection(IMAPConnection):
    """Collects a response into large pieces, and lets other connections work in between."""

    async def write_response(self, resp: Any) -> None:
        """Send a response and, before it, what it carries."""
        out = Collected()
        try:
            if isinstance(resp, CommandResponse):
                since = time.monotonic()
                for untagged in resp._untagged:
                    await untagged.async_write(out)
                    if len(out) > RECORD or time.monotonic() - since > 0.01:
                        self.writer.write(out.taken())
                        await self.writer.drain()
                        await asyncio.sleep(0)
                        since = time.monotonic()
                resp._untagged = []
                resp._mergeable = {}
            await resp.async_write(out)
            self.writer.write(out.taken())
            await self.writer.drain()
        except ConnectionError:
            return


class Collected:
    """A stream into memory."""

    __slots__ = ("_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def write(self, data: bytes) -> None:
        """Keep `data`."""
        self._pieces.append(data)
        self._size += len(data)

    def taken(self) -> bytes:
        """Everything written so far, once."""
        whole = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        return whole


def _message(uid: int, when: datetime, flags: Any, content: Any, recent: bool = False) -> Message:
    """`content` is LazyContent where pymap declares MessageContent."""
    return Message(uid, when, flags, recent=recent, content=content)


@lru_cache(32)
def _written(entry: Entry, seed: int) -> bytes:
    return render(entry, seed)


@lru_cache(8)
def _parsed(raw: bytes) -> MessageContent:
    return MessageContent.parse(raw)


@lru_cache(64)
def _flags(flags: Flag) -> frozenset[Any]:
    return frozenset(known for flag, known in _FLAGS.items() if flags & flag)
