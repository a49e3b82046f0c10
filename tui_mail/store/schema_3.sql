-- mail.db, version 3: drafts, the outbox, contacts; a change that waits for another one.
-- The octets of attachments and of messages being sent are in bodies.db (`blob`), and there before a row names them.

ALTER TABLE journal ADD COLUMN after INTEGER;      -- the change that must be done before this one goes out

CREATE TABLE draft (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',            -- open | sending
    message_id TEXT NOT NULL,
    content TEXT NOT NULL,                         -- what was typed, as JSON
    version INTEGER NOT NULL DEFAULT 1,            -- grows with every save
    kept INTEGER NOT NULL DEFAULT 0,               -- the version that the copy in the Drafts folder holds
    copy INTEGER,                                  -- the message in the Drafts folder
    updated INTEGER NOT NULL
);
CREATE INDEX draft_copy ON draft (copy) WHERE copy IS NOT NULL;

CREATE TABLE draft_blob (draft_id INTEGER NOT NULL, blob INTEGER NOT NULL, PRIMARY KEY (draft_id, blob)) WITHOUT ROWID;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    message_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    size INTEGER NOT NULL,
    blob INTEGER NOT NULL,                         -- the frozen octets
    kept_blob INTEGER NOT NULL,                    -- the same with Bcc, for the Sent copy
    sender TEXT NOT NULL,
    options TEXT NOT NULL,                         -- the rest of the envelope, as JSON
    draft_id INTEGER,
    source INTEGER,                                -- the message to be marked once this one was accepted…
    mark TEXT NOT NULL DEFAULT '',                 -- …with \Answered or $Forwarded
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL,
    accepted INTEGER NOT NULL DEFAULT 0,           -- when the server first took it
    copy_state TEXT NOT NULL DEFAULT '',           -- '' not yet | wanted | done
    copy_note TEXT NOT NULL DEFAULT '',            -- what became of the Sent copy
    error TEXT NOT NULL DEFAULT '',
    notes TEXT NOT NULL DEFAULT '[]',              -- what was said at each try, as JSON
    created INTEGER NOT NULL
);
CREATE INDEX outbox_open ON outbox (account_id, id) WHERE state NOT IN ('done', 'cancelled') OR copy_state = 'wanted';

CREATE TABLE outbox_recipient (
    outbox_id INTEGER NOT NULL REFERENCES outbox (id),
    place INTEGER NOT NULL,
    email TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    code INTEGER NOT NULL DEFAULT 0,
    reply TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (outbox_id, place)
) WITHOUT ROWID;

CREATE TABLE contact (
    email TEXT PRIMARY KEY,                        -- folded to lower case
    shown TEXT NOT NULL,                           -- as it was written last
    name TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,               -- messages sent to it
    received INTEGER NOT NULL DEFAULT 0,
    last INTEGER NOT NULL DEFAULT 0,
    protection TEXT NOT NULL DEFAULT ''            -- how the last message to it was protected: "pgp sign encrypt"
) WITHOUT ROWID;
CREATE INDEX contact_sent ON contact (sent) WHERE sent > 0;

-- POP3: what a server listed and what became of it. A row is written in the transaction that shows the message here,
-- whose octets are in bodies.db by then; only after that may the server be told to delete it.
CREATE TABLE maildrop (
    account_id INTEGER NOT NULL,
    uidl TEXT NOT NULL,                            -- the server's name of it; what stands in for one where it has none
    message_id INTEGER NOT NULL,
    size INTEGER NOT NULL,                         -- as the server listed it
    deleted INTEGER NOT NULL DEFAULT 0,            -- when the server confirmed that it deleted it (epoch)
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (account_id, uidl)
) WITHOUT ROWID;
CREATE INDEX maildrop_message ON maildrop (message_id);
