"""Every action of the screen, once: bindings, footer, palette, help and documentation are made from this list.

What belongs here: what an action is called, which keys it has, where it may be used.
What must never be here: what an action does; that is `commands.py`.
"""

from __future__ import annotations

from enum import StrEnum

from tui_mail.records import frozen


class Place(StrEnum):
    """Where the keys go: the pane that has the focus."""

    LIST = "list"
    READER = "reader"
    TREE = "tree"
    HISTORY = "history"
    COMPOSE = "composer"
    """Where text is typed: keys that print are no actions there."""
    OUTBOX = "outbox"
    SETTINGS = "settings"
    DOCTOR = "doctor"
    ATTACHMENTS = "attachments"
    SEARCH = "search"
    """The box above the list; keys that print are no actions there."""


PANES = frozenset({Place.LIST, Place.READER, Place.TREE})
LISTS = PANES | {Place.HISTORY, Place.OUTBOX, Place.SETTINGS, Place.DOCTOR, Place.ATTACHMENTS}
ANYWHERE = frozenset(Place)
_BESIDE = frozenset({Place.LIST, Place.TREE})
_MAIL = frozenset({Place.LIST, Place.READER})
_LIST = frozenset({Place.LIST})
_READER = frozenset({Place.READER})
_TREE = frozenset({Place.TREE})
_HISTORY = frozenset({Place.HISTORY})
_COMPOSE = frozenset({Place.COMPOSE})
_OUTBOX = frozenset({Place.OUTBOX})
_SETTINGS = frozenset({Place.SETTINGS})
_DOCTOR = frozenset({Place.DOCTOR})
_SEARCH = frozenset({Place.SEARCH})
_FILES = frozenset({Place.ATTACHMENTS})


@frozen
class Action:
    """One thing a person can do."""

    id: str
    """Stable name, used in keys.toml."""
    keys: tuple[str, ...]
    """Default keys; a space separates the keys of a sequence ("g i")."""
    label: str
    """A word or two, for the footer."""
    help: str
    """What it does, for the palette and the help page."""
    where: frozenset[Place] = PANES
    footer: int = 0
    """Rank in the footer, 1 first; 0: not there."""
    group: str = "Move around"


ACTIONS: tuple[Action, ...] = (
    Action("message.open", ("enter",), "open", "Open the message and mark it read", _LIST, 1),
    Action("message.archive", ("e",), "archive", "Move to the archive", _MAIL, 2, "Handle mail"),
    Action(
        "message.trash",
        ("d", "#", "delete"),
        "trash",
        "Move to the trash; in the trash, press twice to delete for ever",
        _MAIL,
        3,
        "Handle mail",
    ),
    Action("message.move", ("v",), "move", "Move to a folder that you pick", _MAIL, 9, "Handle mail"),
    Action("message.copy", ("y",), "copy", "Copy to a folder that you pick", _MAIL, 0, "Handle mail"),
    Action("message.read", ("u",), "read", "Mark as read, or as unread", _MAIL, 9, "Handle mail"),
    Action("message.star", ("s",), "star", "Add or remove the star", _MAIL, 9, "Handle mail"),
    Action("message.junk", ("!",), "junk", "Move to junk; in junk, back to the inbox", _MAIL, 0, "Handle mail"),
    Action("message.label", ("l", "+"), "label", "Put a label on, or take it off", _MAIL, 0, "Handle mail"),
    Action(
        "sender.desk", ("@", "g w"), "sender", "Everything from this sender, and what to do with it", _MAIL, 0, "Go to"
    ),
    Action(
        "message.copy_text",
        ("Y",),
        "copy text",
        "Copy an address, a link, the text … to the clipboard",
        _MAIL,
        0,
        "Look",
    ),
    Action("message.again", (".",), "again", "Do the last action once more, here", _MAIL, 0, "Handle mail"),
    Action(
        "message.snooze",
        ("b",),
        "snooze",
        "Away until a moment that you pick; back in the inbox then",
        _MAIL,
        15,
        "Handle mail",
    ),
    Action("thread.mute", ("M",), "mute", "Mute the conversation, or no longer", _LIST, 0, "Handle mail"),
    Action("select.toggle", ("x",), "select", "Select the message, or take it out", _LIST, 9, "Handle mail"),
    Action("select.range", ("X",), "select range", "Select all from the last selected", _LIST, 0, "Handle mail"),
    Action("select.none", ("escape",), "select none", "Select nothing", _LIST, 0, "Handle mail"),
    Action(
        "select.all",
        ("*",),
        "select all",
        "Select all found or filtered; else say what to look for here",
        _LIST,
        0,
        "Handle mail",
    ),
    Action("search", ("/",), "search", "Find messages, by words or from:, is:unread, newer:7d …", _BESIDE, 6, "Go to"),
    Action("search.mail", ("g /", "ctrl+f"), "search mail", "Find messages, out of the reader too", PANES, 0, "Go to"),
    Action("reader.find", ("/",), "find", "Find words in this message; n and N go on, Esc ends", _READER, 6, "Look"),
    Action("search.list", ("enter", "down", "tab"), "to the list", "Go to what was found", _SEARCH, 1, "Go to"),
    Action("search.close", ("escape",), "back", "End the search: back to where you were", _SEARCH, 2, "Go to"),
    Action(
        "search.save",
        ("ctrl+s",),
        "keep",
        "Keep the search under a name, below the folders",
        _SEARCH | _LIST,
        0,
        "Go to",
    ),
    Action("mail.reply", ("r",), "reply", "Answer the sender", _MAIL, 4, "Write"),
    Action("mail.reply_all", ("a",), "reply all", "Answer the sender and everyone else", _MAIL, 10, "Write"),
    Action("mail.reply_list", ("L",), "reply to list", "Answer the mailing list alone", _MAIL, 0, "Write"),
    Action("mail.forward", ("f",), "forward", "Send it on as text, with its attachments", _MAIL, 11, "Write"),
    Action("mail.forward_attached", ("F", "g f"), "forward whole", "Send it on as an attachment", _MAIL, 0, "Write"),
    Action("mail.redirect", ("B",), "redirect", "Send it on as it is, under its own headers", _MAIL, 0, "Write"),
    Action(
        "mail.edit_as_new", ("E",), "edit as new", "Write or send it once more; continue a draft", _MAIL, 0, "Write"
    ),
    Action("mail.compose", ("c", "m"), "write", "Write a new message", PANES, 5, "Write"),
    Action("undo", ("z",), "undo", "Take back the last action", PANES | _HISTORY, 7, "Handle mail"),
    Action("redo", ("Z",), "redo", "Do again what was taken back", PANES | _HISTORY, 0, "Handle mail"),
    Action("history", ("H", "g h"), "history", "What was done, and how far the server is", PANES, 13, "Handle mail"),
    Action(
        "history.undo",
        ("enter", "u"),
        "undo this",
        "Take back this alone",
        _HISTORY,
        2,
        "Handle mail",
    ),
    Action("history.retry", ("r",), "try again", "Send again what the server refused", _HISTORY, 3, "Handle mail"),
    Action("move.down", ("j", "down"), "down", "One line down", LISTS),
    Action("move.up", ("k", "up"), "up", "One line up", LISTS),
    Action("move.page_down", ("pagedown", "space"), "page down", "One page down", LISTS),
    Action("move.page_up", ("pageup",), "page up", "One page up", LISTS),
    Action("move.top", ("g g", "home"), "top", "To the first line; the newest message", LISTS),
    Action("move.bottom", ("G", "end"), "bottom", "To the last line; the oldest message", LISTS),
    Action("message.next", ("J",), "next", "The next message", _MAIL),
    Action("message.previous", ("K",), "previous", "The previous message", _MAIL),
    Action("message.next_unread", ("n",), "next unread", "The next unread message", _MAIL, 10),
    Action("message.previous_unread", ("N",), "previous unread", "The previous unread message", _MAIL),
    Action(
        "back",
        ("escape", "q", "left"),
        "back",
        "Back to the list",
        _READER | _HISTORY | _OUTBOX | _SETTINGS | _DOCTOR | _FILES,
        1,
    ),
    Action("tree.back", ("escape", "q"), "back", "Leave the folders for the list", _TREE, 2),
    Action("tree.open", ("enter", "l"), "open", "Open the folder", _TREE, 1),
    Action("tree.collapse", ("left",), "close", "Hide the folders below this one", _TREE, 4),
    Action("tree.expand", ("right",), "unfold", "Show the folders below this one", _TREE, 3),
    Action("folder.create", ("n",), "new", "Make a folder", _TREE, 5, "Folders"),
    Action("folder.rename", ("r",), "rename", "Rename the folder, or the saved search", _TREE, 6, "Folders"),
    Action(
        "folder.delete",
        ("d", "delete"),
        "delete",
        "Delete the folder; what is in it goes to the trash first",
        _TREE,
        8,
        "Folders",
    ),
    Action("pane.next", ("tab",), "next pane", "To the next pane; in an inbox with tabs, to the next tab"),
    Action("pane.previous", ("shift+tab",), "previous pane", "To the previous pane, or tab"),
    Action("pane.other", ("w",), "next pane", "To the next pane, whether or not there are tabs"),
    Action("pane.other_back", ("W",), "previous pane", "To the previous pane, likewise"),
    Action("go.inbox", ("g i",), "inbox", "To the inbox: of all accounts; once more, of this one", group="Go to"),
    Action("go.sent", ("g s",), "sent", "To sent mail", group="Go to"),
    Action("go.drafts", ("g d",), "drafts", "To the drafts", group="Go to"),
    Action("go.archive", ("g a",), "archive", "To the archive", group="Go to"),
    Action("go.trash", ("g t",), "trash", "To the trash", group="Go to"),
    Action("go.composer", ("g c",), "open drafts", "To the message that is being written", PANES, 0, "Go to"),
    Action("go.outbox", ("g o",), "outbox", "What is being sent, and how far it is", PANES | _COMPOSE, 0, "Go to"),
    Action("go.folder", ("g l",), "any folder", "To a folder that you pick", group="Go to"),
    Action("view.threads", ("t",), "threads", "List by conversation, or by message", _LIST, 14, "Look"),
    Action(
        "view.sort", ("=", "g ="), "sort", "The order of this list: date, sender, subject, size …", _LIST, 0, "Look"
    ),
    Action("view.splits", ("I",), "inbox tabs", "The inbox in tabs by kind of mail, or whole", group="Look"),
    Action("filter", ("Q",), "filter", "Quick filters of this list with their numbers; or end them", _LIST, 15, "Look"),
    Action("filter.unread", ("1",), "only unread", "Only what is not read, or no longer", _LIST, 0, "Look"),
    Action("filter.starred", ("2",), "only starred", "Only what has a star, or no longer", _LIST, 0, "Look"),
    Action("filter.attachment", ("3",), "only files", "Only what has files, or no longer", _LIST, 0, "Look"),
    Action("filter.contact", ("4",), "only contacts", "Only from people you wrote to, or no longer", _LIST, 0, "Look"),
    Action("thread.unfold", ("right",), "unfold", "Show the conversation's messages; or open it", _LIST, 0, "Look"),
    Action("thread.fold", ("left",), "fold", "Show the conversation as one line", _LIST, 0, "Look"),
    Action("reader.quotes", ("enter",), "quotes", "Show or hide the older quoted text", _READER, 11, "Look"),
    Action(
        "reader.new", ("Q", "g Q"), "only new", "Show only what is new: no quotes, no signature", _READER, 0, "Look"
    ),
    Action(
        "reader.hidden",
        ("X", "g X"),
        "hidden",
        "Show or hide what the sender made invisible, marked",
        _READER,
        0,
        "Look",
    ),
    Action(
        "reader.shown", ("P", "g P"), "see", "Show the pictures that came with it, below the text", _READER, 0, "Look"
    ),
    Action("thread.next", (")", "]"), "newer in it", "The next message of the conversation", _MAIL, 0, "Look"),
    Action("thread.previous", ("(", "["), "older in it", "The message before in the conversation", _MAIL, 0, "Look"),
    Action("reader.charset", ("U", "g W"), "charset", "Wrong letters: read it in another charset", _READER, 0, "Look"),
    Action("message.answer", ("i", "g I"), "answer", "Accept or decline the invitation, by mail", _MAIL, 0, "Write"),
    Action(
        "reader.decrypt", ("D", "g D"), "open sealed", "Open an encrypted message; all of a signature", _MAIL, 0, "Look"
    ),
    Action(
        "reader.pictures",
        ("p", "g x"),
        "pictures",
        "Name who is asked for pictures; show it in a browser",
        _READER,
        0,
        "Look",
    ),
    Action(
        "reader.pictures_ask",
        ("g y",),
        "ask again",
        "Ask again before pictures of this sender are fetched",
        _READER,
        0,
        "Look",
    ),
    Action("message.save", ("S", "g S"), "save", "Save the message as a file: .eml, or .txt as text", _MAIL, 0, "Look"),
    Action("message.pipe", ("|", "g b"), "pipe", "Give the text to a command, to print or to keep", _MAIL, 0, "Look"),
    Action("message.pipe_raw", ("g |", "g B"), "pipe raw", "Give it to a command as it came", _MAIL, 0, "Look"),
    Action("message.whole", ("g m",), "fetch all", "Fetch all of a large message, or stop fetching", _MAIL, 0, "Look"),
    Action("reader.headers", ("h",), "headers", "Show or hide all headers", _MAIL, 0, "Look"),
    Action("reader.trust", ("t", "g r"), "why", "What speaks for and against it, in sentences", _READER, 0, "Look"),
    Action("reader.source", ("V",), "source", "Show the message as it came, or as it reads", _MAIL, 0, "Look"),
    Action("link.open", ("o",), "links", "Open a link of the message", _MAIL, 12, "Look"),
    Action("message.attachments", ("A", "g A"), "files", "Look at, save or open attachments", _MAIL, 12, "Look"),
    Action("attached.open", ("enter", "l"), "look", "Look at it on the whole screen", _FILES, 2, "Look"),
    Action("attached.save", ("s",), "save", "Save it in a folder; nothing is written over", _FILES, 3, "Look"),
    Action("attached.save_all", ("S",), "save all", "Save all attachments in a folder", _FILES, 4, "Look"),
    Action("attached.inside", ("A",), "its files", "The attachments of an attached message", _FILES, 6, "Look"),
    Action("attached.run", ("o",), "open", "Press twice: open it with your program for it", _FILES, 5, "Look"),
    Action(
        "compose.send",
        ("ctrl+s", "ctrl+enter"),
        "send",
        "Send it; it can be taken back for some seconds",
        _COMPOSE,
        1,
        "Write",
    ),
    Action(
        "compose.close", ("escape",), "keep as draft", "Keep it in the Drafts folder, and go back", _COMPOSE, 2, "Write"
    ),
    Action("compose.discard", ("ctrl+d",), "discard", "Press twice to throw the draft away", _COMPOSE, 6, "Write"),
    Action("compose.attach", ("ctrl+t",), "attach", "Attach files", _COMPOSE, 3, "Write"),
    Action("compose.detach", ("f4",), "take file out", "Take an attachment out again", _COMPOSE, 0, "Write"),
    Action("compose.editor", ("ctrl+e",), "$EDITOR", "Go on in your own editor, headers too", _COMPOSE, 4, "Write"),
    Action("compose.later", ("ctrl+l",), "send later", "Send it at an hour that you choose", _COMPOSE, 7, "Write"),
    Action("compose.options", ("ctrl+o",), "options", "Markdown, priority, receipts", _COMPOSE, 6, "Write"),
    Action("compose.from", ("f2",), "from", "Choose the address that it comes from", _COMPOSE, 0, "Write"),
    Action("compose.template", ("f3",), "template", "Begin with one of your templates", _COMPOSE, 0, "Write"),
    Action("compose.spelling", ("f7",), "spelling", "Go through the misspelt words", _COMPOSE, 8, "Write"),
    Action("compose.understood", ("f9",), "understood", "Put the note above the fields away", _COMPOSE, 0, "Write"),
    Action(
        "compose.next",
        ("ctrl+pagedown", "f6"),
        "next draft",
        "To the next open draft, or the inbox",
        PANES | _COMPOSE,
        0,
        "Write",
    ),
    Action(
        "compose.previous",
        ("ctrl+pageup", "shift+f6"),
        "previous draft",
        "To the previous one",
        PANES | _COMPOSE,
        0,
        "Write",
    ),
    Action("outbox.edit", ("enter", "e"), "edit", "Take it back, and go on writing", _OUTBOX, 2, "The outbox"),
    Action("outbox.cancel", ("u", "z"), "take back", "Take it back; it is a draft again", _OUTBOX, 3, "The outbox"),
    Action("outbox.retry", ("r",), "try again", "Try now those who have not got it", _OUTBOX, 4, "The outbox"),
    Action(
        "outbox.again",
        ("s",),
        "send again",
        "Press twice: send once more what may have been sent",
        _OUTBOX,
        5,
        "The outbox",
    ),
    Action("outbox.sent", ("m",), "was sent", "Believe that it was sent", _OUTBOX, 6, "The outbox"),
    Action(
        "outbox.remove",
        ("x", "d", "delete"),
        "remove",
        "Take it out of this list; what was not sent is a draft again",
        _OUTBOX,
        7,
        "The outbox",
    ),
    Action("view.layout", ("ctrl+w",), "layout", "Next layout: classic, three columns, list only", group="Look"),
    Action("view.theme", ("T",), "theme", "Dark, light, high contrast, or without colours", group="Look"),
    Action("sync.now", ("ctrl+r",), "check mail", "Ask the server for news now", group="The program"),
    Action(
        "sync.stop", ("O",), "stop fetching", "Stop fetching (POP3) until you check mail again", group="The program"
    ),
    Action("sync.retry", ("R",), "try again", "Connect again now, and repeat what failed", group="The program"),
    Action("account.add", ("g n",), "new account", "Add an account; its settings are found", group="The program"),
    Action("palette", (":", "ctrl+p"), "commands", "Find a command by its name", PANES | _COMPOSE, 20, "The program"),
    Action("help", ("?", "f1"), "help", "The keys of this place", ANYWHERE, 21, "The program"),
    Action("settings", (",", "g p"), "settings", "Accounts, identities, signatures, theme, keys", group="The program"),
    Action("settings.change", ("enter", "e"), "change", "Change this setting", _SETTINGS, 2, "The program"),
    Action("doctor", ("g e",), "doctor", "See whether everything works: disk, keyring, servers", group="The program"),
    Action("doctor.copy", ("Y", "c"), "copy", "Copy all of it, redacted, for a bug report", _DOCTOR, 2, "The program"),
    Action("doctor.again", ("r",), "look again", "Look at everything once more", _DOCTOR, 3, "The program"),
    Action("quit", ("q",), "quit", "Leave; nothing is lost", frozenset({Place.LIST}), 0, "The program"),
)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}

GROUPS = ("Handle mail", "Write", "The outbox", "Folders", "Go to", "Look", "The program", "Move around")
"""The order of groups in the palette and on the help page."""

PREFIX_LABEL = {"g": "go to"}
"""What the footer says of the first key of sequences."""
