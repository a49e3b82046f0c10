"""What of a message is its text and what is attached to it (RFC 2046, 2387, 2183).

Text: of alternatives the last that can be shown, of related parts the root, of mixed parts every text that is
not marked as an attachment. Everything else is an attachment, also what was attached as a whole message.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tui_mail.mime.structure import Entity, Outline

_SHOWN = frozenset({"text/plain", "text/html"})
_SHOWN_UNNAMED = frozenset(
    {"text/markdown", "text/enriched", "text/richtext", "text/x-patch", "text/x-diff", "text/x-markdown"}
)
_EXTENSIONS = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/csv": "csv", "text/rtf": "rtf",
    "text/vcard": "vcf", "text/x-vcard": "vcf", "text/x-patch": "patch", "text/x-diff": "diff", "text/xml": "xml",
    "image/jpeg": "jpg", "image/jpg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp",
    "image/svg+xml": "svg", "image/tiff": "tiff", "image/bmp": "bmp", "image/heic": "heic", "audio/mpeg": "mp3",
    "video/mp4": "mp4", "application/pdf": "pdf", "application/zip": "zip", "application/json": "json",
    "application/pgp-signature": "asc", "application/pgp-encrypted": "asc", "application/pgp-keys": "asc",
    "application/pkcs7-signature": "p7s", "application/x-pkcs7-signature": "p7s", "application/pkcs7-mime": "p7m",
    "application/x-pkcs7-mime": "p7m", "application/ms-tnef": "dat", "application/rtf": "rtf",
    "application/msword": "doc", "message/rfc822": "eml", "message/global": "eml",
    "message/delivery-status": "txt", "message/disposition-notification": "txt", "text/rfc822-headers": "txt",
}  # fmt: skip


@dataclass
class Passage:
    """Text parts that are shown together; `plain` says the same without markup, or nothing."""

    parts: list[Entity] = field(default_factory=list)
    plain: list[Entity] = field(default_factory=list)
    note: str = ""
    """Why there is no text: an attached message, something encrypted."""


@dataclass
class Sorted:
    """The parts of a message by what they are for, in order."""

    passages: list[Passage] = field(default_factory=list)
    attachments: list[tuple[Entity, bool]] = field(default_factory=list)
    """…and whether it belongs into the text (an image that the HTML shows)."""
    containers: list[int] = field(default_factory=list)
    """Numbers, from 1, of the attachments of which all that a person would look for is shown beside them."""


def sort_parts(whole: Outline) -> Sorted:
    """Every leaf of the tree is a passage, an attachment, both, or an alternative that is not shown."""
    result = Sorted()
    _sort(whole.root, result, within_related=False)
    if not result.passages and not whole.root.is_multipart and _is_text(whole.root):
        result.passages.append(Passage([whole.root]))
    return result


def file_name(entity: Entity, number: int) -> str:
    """What the sender called it (still unsafe), else a name made of its type and number."""
    if entity.filename:
        return entity.filename
    kind = entity.content_type
    stem = "message" if kind.startswith("message/") else kind.partition("/")[0]
    if stem not in {"message", "image", "audio", "video", "text"}:
        stem = "attachment"
    return f"{stem}-{number}.{_EXTENSIONS.get(kind, 'eml' if stem == 'message' else 'bin')}"


def guessed_type(name: str) -> str:
    """A content type by the ending of a file's name."""
    ending = name.lower().rpartition(".")[2]
    return next((kind for kind, known in _EXTENSIONS.items() if known == ending), "application/octet-stream")


def _sort(entity: Entity, result: Sorted, *, within_related: bool) -> None:
    kind = entity.content_type
    if not entity.is_multipart:
        _sort_leaf(entity, result, within_related)
    elif kind == "multipart/alternative":
        _sort_alternative(entity, result, within_related)
    elif kind == "multipart/related":
        root = _related_root(entity)
        _sort(root, result, within_related=within_related)
        for child in entity.children:
            if child is not root:
                _sort_attached(child, result)
    elif kind == "multipart/encrypted":
        result.passages.append(Passage(note="This message is encrypted."))
        for child in entity.children:
            _sort_attached(child, result)
    else:
        for child in entity.children:
            _sort(child, result, within_related=within_related)


def _sort_leaf(entity: Entity, result: Sorted, within_related: bool) -> None:
    kind = entity.content_type
    if entity.disposition != "attachment":
        if kind in _SHOWN and not (entity.filename and kind == "text/html" and result.passages):
            result.passages.append(Passage([entity], note=entity.filename if result.passages else ""))
            if entity.filename:
                result.attachments.append((entity, True))
            return
        if (kind in _SHOWN_UNNAMED or (kind.startswith("multipart/") and not entity.too_deep)) and not entity.filename:
            result.passages.append(Passage([entity]))
            return
    if kind.startswith("message/") and kind in {"message/rfc822", "message/global"}:
        result.passages.append(Passage([entity]))
    elif kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"} and not result.passages:
        result.passages.append(Passage(note="This message is encrypted or wrapped (S/MIME)."))
    result.attachments.append((entity, within_related or _is_inline(entity)))


def _sort_alternative(entity: Entity, result: Sorted, within_related: bool) -> None:
    choice = next((child for child in reversed(entity.children) if _can_be_shown(child)), None)
    plain = [child for child in entity.children if child is not choice and _is_plain_body(child)]
    for child in entity.children:
        if child is choice:
            first = len(result.passages)
            _sort(child, result, within_related=within_related)
            shown = result.passages[first:]
            if shown and shown[0].parts and shown[0].parts[0].content_type == "text/html":
                shown[0].plain.extend(plain)
        elif child.filename or not (_is_text(child) or child.is_multipart) or child.content_type == "text/calendar":
            _sort_attached(child, result)


def _sort_attached(entity: Entity, result: Sorted) -> None:
    """A part that is no text of its own: all its leaves are attachments."""
    if entity.is_multipart:
        for child in entity.children:
            _sort_attached(child, result)
    else:
        result.attachments.append((entity, _is_inline(entity)))


def _related_root(entity: Entity) -> Entity:
    start = entity.parameters.get("start", "").strip("<> ")
    for child in entity.children if start else ():
        if child.fields.get("content-id", "").strip("<> ") == start:
            return child
    return next((child for child in entity.children if _can_be_shown(child)), entity.children[0])


def _can_be_shown(entity: Entity) -> bool:
    if entity.is_multipart:
        return any(_can_be_shown(child) for child in entity.children)
    return entity.content_type in _SHOWN and entity.disposition != "attachment" and not entity.blank


def _is_plain_body(entity: Entity) -> bool:
    return entity.content_type == "text/plain" and entity.disposition != "attachment"


def _is_text(entity: Entity) -> bool:
    return entity.content_type.startswith("text/")


def _is_inline(entity: Entity) -> bool:
    return entity.disposition == "inline" or bool(entity.disposition != "attachment" and "content-id" in entity.fields)
