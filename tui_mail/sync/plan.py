"""What store and server each know → what to do about it. Pure functions of plain values; no I/O at all.

What belongs here: every decision that could lose or double a message if it were wrong, so that property tests
can drive it. What must never be here: sessions, databases, clocks.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from tui_mail.model import Role
from tui_mail.records import frozen

FIRST_ROWS = 200
"""Newest messages read before anything else: a screenful and what is scrolled to next."""

WINDOW_FIRST = 250
WINDOW_MOST = 800
"""Messages in one backfill command; the first windows are short so that rows come soon."""

BATCH_OCTETS = 1_500_000
BATCH_MESSAGES = 100
"""Bodies fetched in one command: what fits a slow line in a few seconds, so that an opened message goes before."""


@frozen
class Known:
    """What the store knows of a folder's progress."""

    uidvalidity: int
    uidnext: int
    highestmodseq: int
    synced_min_uid: int


def went_down(known: Known, uidvalidity: int, uidnext: int) -> bool:
    """True when UIDNEXT is lower than it was: UIDs may be given twice, or the server says nonsense."""
    return known.uidvalidity == uidvalidity and 0 < uidnext < known.uidnext


def must_restart(
    known: Known, uidvalidity: int, uidnext: int, *, highest: int = 0, opened_before: bool = False
) -> bool:
    """True when no stored UID of the folder means anything any more (RFC 9051 2.3.1.1).

    A UIDNEXT that went down under the same UIDVALIDITY is forbidden and seen: UIDs may have been given twice. It is
    nonsense when there is a UID (`highest`) beyond it. A server without UIDVALIDITY (0) may give other UIDs with every
    connection, but not in one in which the folder was `opened_before`.
    """
    if known.uidvalidity == 0:
        return False
    if uidvalidity == 0:
        return not opened_before
    return uidvalidity != known.uidvalidity or (went_down(known, uidvalidity, uidnext) and highest < uidnext)


def aside(name: str, folder_id: int) -> str:
    """What a folder is called on the server while it is being deleted; the same after every kill."""
    return f"{name}-being-deleted-{folder_id}"


SCAN_SECONDS = 600
SCAN_CLOSED_SECONDS = 3_600
SCAN_COUNTED_SECONDS = 86_400


def scan_is_due(seconds: float, *, counts_changes: bool, closed: bool = False) -> bool:
    """True when everything in a folder is to be compared, so many seconds after the last time.

    Even where the server counts changes (MODSEQ), once a day: whatever it forgot to tell ends there.
    """
    if counts_changes:
        return seconds > SCAN_COUNTED_SECONDS
    return seconds > (SCAN_CLOSED_SECONDS if closed else SCAN_SECONDS)


def proven_gone(candidates: Iterable[int], found: Container[int] | None, answered: Container[int]) -> list[int]:
    """Of stored UIDs, those that no search found (None: it was refused), and that did not answer to their name.

    Either alone is no proof: servers are known that find nothing, and that leave rows out.
    """
    return [uid for uid in candidates if uid not in answered and (found is None or uid not in found)]


def needs_refresh(
    known: Known,
    stored: int,
    unseen: int,
    *,
    uidvalidity: int,
    uidnext: int,
    highestmodseq: int,
    messages: int,
    told_unseen: int,
    seconds: float,
) -> bool:
    """True when a STATUS answer differs from what is stored; unknown values (0) never hide a difference.

    `seconds` have passed since everything in the folder was compared. Where the server does not count changes, the
    number of unread messages tells of some of them.
    """
    if known.uidvalidity == 0 or known.synced_min_uid == 0:
        return True
    if scan_is_due(seconds, counts_changes=highestmodseq > 0, closed=True):
        return True
    if uidvalidity and uidvalidity != known.uidvalidity:
        return True
    if uidnext == 0 or uidnext != known.uidnext:
        return True
    if highestmodseq and highestmodseq != known.highestmodseq:
        return True
    return known.synced_min_uid == 1 and (messages != stored or (not highestmodseq and told_unseen != unseen))


def lower_window(uids: Sequence[int], below: int, size: int) -> tuple[int, int] | None:
    """The next UIDs to read downwards: (lowest, highest) of the `size` greatest below `below`; None when all is read.

    `uids` is what the server has, ascending.
    """
    low, high = 0, len(uids)
    while low < high:
        middle = (low + high) // 2
        if uids[middle] < below:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return None
    return uids[max(0, low - size)], uids[low - 1]


def next_window_size(size: int, seconds: float) -> int:
    """Twice as much while a window takes a tenth of a second or less, half when it takes more than a quarter."""
    if seconds < 0.1:
        return min(WINDOW_MOST, size * 2)
    return max(50, size // 2) if seconds > 0.25 else size


FlagState = tuple[int, tuple[str, ...]]


def compare_flags(
    stored: Mapping[int, FlagState], server: Mapping[int, FlagState], lowest: int, below: int
) -> tuple[list[int], list[int]]:
    """(UIDs whose flags differ, UIDs gone from the server) among stored UIDs in [lowest, below).

    A UID outside the range was not asked about, so its absence says nothing.
    """
    changed = [uid for uid, state in server.items() if uid in stored and stored[uid] != state]
    gone = [uid for uid in stored if lowest <= uid < below and uid not in server]
    return changed, gone


def body_batch(
    candidates: Iterable[tuple[int, int, int, int]], limit: int
) -> tuple[list[tuple[int, int]], list[int], int]:
    """What to fetch next of (id, folder, uid, size), newest first: ([(id, uid)], ids beyond `limit`, folder).

    All of one batch are of one folder, that of the newest.
    """
    chosen, beyond, folder, octets = list[tuple[int, int]](), list[int](), 0, 0
    for id_, folder_id, uid, size in candidates:
        if size > limit:
            beyond.append(id_)
            continue
        if folder == 0:
            folder = folder_id
        if folder_id != folder:
            continue
        if chosen and (octets + size > BATCH_OCTETS or len(chosen) >= BATCH_MESSAGES):
            break
        chosen.append((id_, uid))
        octets += size
    return chosen, beyond, folder


# --- roles ------------------------------------------------------------------------------------

SPECIAL_USE = {
    "\\drafts": Role.DRAFTS,
    "\\sent": Role.SENT,
    "\\archive": Role.ARCHIVE,
    "\\junk": Role.JUNK,
    "\\trash": Role.TRASH,
    "\\all": Role.ALL,
    "\\flagged": Role.FLAGGED,
    "\\important": Role.IMPORTANT,
}
"""RFC 6154 attributes, lower case."""

_NAMES: dict[Role, str] = {
    Role.DRAFTS: "drafts|draft|brouillons|entwürfe|entwurf|borradores|borrador|rascunhos|bozze|"
    "concepten|utkast|kladder|koncepty|kopie robocze|szkice|черновики|taslaklar|草稿|草稿箱|"
    "草稿匣|下書き|임시보관함|임시 보관함|مسودات|טיוטות|luonnokset",
    Role.SENT: "sent|sent items|sent messages|sent mail|envoyés|éléments envoyés|messages envoyés|"
    "gesendet|gesendete objekte|gesendete elemente|enviados|elementos enviados|"
    "mensajes enviados|itens enviados|posta inviata|inviati|inviata|verzonden|"
    "verzonden items|skickat|skickade|sendt|sendte elementer|wysłane|elementy wysłane|"
    "odeslaná|odeslané|отправленные|gönderilmiş öğeler|gönderilenler|已发送|已发送邮件|已傳送|寄件備份|"
    "送信済み|送信済みアイテム|보낸편지함|보낸 편지함|المرسلة|דואר שנשלח|lähetetyt",
    Role.ARCHIVE: "archive|archives|archiv|archivo|archivados|arquivo|arquivados|archivio|archief|"
    "arkiv|archiwum|архив|arşiv|存档|归档|封存|アーカイブ|보관함|أرشيف|ארכיון|arkisto",
    Role.JUNK: "junk|spam|junk e-mail|junk email|junk mail|bulk mail|indésirables|"
    "courrier indésirable|pourriel|spamverdacht|junk-e-mail|correo no deseado|no deseado|"
    "lixo eletrônico|lixo electrónico|posta indesiderata|ongewenste e-mail|skräppost|"
    "søppelpost|uønsket e-mail|wiadomości-śmieci|nevyžádaná pošta|спам|"
    "нежелательная почта|önemsiz|gereksiz|垃圾邮件|垃圾郵件|迷惑メール|스팸편지함|스팸|رسائل غير مرغوبة|"
    "דואר זבל|roskaposti",
    Role.TRASH: "trash|deleted|deleted items|deleted messages|bin|corbeille|éléments supprimés|"
    "messages supprimés|papierkorb|gelöscht|gelöschte objekte|gelöschte elemente|"
    "papelera|elementos eliminados|lixeira|lixo|itens excluídos|itens eliminados|cestino|"
    "posta eliminata|prullenbak|verwijderde items|papperskorgen|borttaget|papirkurv|"
    "slettede elementer|kosz|elementy usunięte|koš|odstraněná pošta|корзина|удаленные|"
    "удалённые|çöp kutusu|silinmiş öğeler|已删除|已删除邮件|垃圾箱|刪除的郵件|ゴミ箱|削除済みアイテム|휴지통|"
    "지운편지함|"
    "سلة المحذوفات|אשפה|roskakori",
}
WELL_KNOWN = {name: role for role, names in _NAMES.items() for name in names.split("|")}


def assign_roles(listed: Sequence[tuple[str, str, frozenset[str]]]) -> dict[str, Role]:
    """Roles of (name, delimiter, attributes in lower case): what the server marks, else well-known names.

    Each role is given once; a name is only believed at the top level or directly below INBOX.
    """
    roles = dict[str, Role]()
    taken = set[Role]()
    for name, _, attributes in listed:
        role = (
            Role.INBOX
            if name.upper() == "INBOX"
            else next((SPECIAL_USE[a] for a in sorted(attributes) if a in SPECIAL_USE), None)
        )
        if role is not None and role not in taken:
            roles[name] = role
            taken.add(role)
    for name, delimiter, _ in listed:
        levels = name.split(delimiter) if delimiter else [name]
        if levels[0].upper() in ("INBOX", "[GMAIL]", "[GOOGLE MAIL]"):
            levels = levels[1:]
        role = WELL_KNOWN.get(levels[0].casefold()) if len(levels) == 1 else None
        if role is not None and role not in taken and name not in roles:
            roles[name] = role
            taken.add(role)
    return roles
