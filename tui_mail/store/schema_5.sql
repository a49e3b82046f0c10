-- mail.db, version 5: keywords that a server does not keep; how far rules have run.

CREATE TABLE kept_keyword (                        -- shown beside those that the server keeps; the client's own, with a date
    message_id INTEGER NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (message_id, word)
) WITHOUT ROWID;
CREATE TRIGGER message_forgotten AFTER DELETE ON message BEGIN
    DELETE FROM kept_keyword WHERE message_id = old.id;
END;
CREATE INDEX message_follow_up ON message (id) WHERE instr(lower(view_keywords), 'followup') > 0;
CREATE TABLE awaited (                             -- sent, or being sent; marked as soon as its copy is in the Sent folder
    account_id INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    sent INTEGER NOT NULL,                         -- when it goes out
    moment INTEGER NOT NULL,                       -- when a person is to be reminded unless somebody has answered
    PRIMARY KEY (account_id, message_id)
) WITHOUT ROWID;

CREATE TABLE rules_mark (                          -- rules have run over what came to a folder before this
    folder_id INTEGER PRIMARY KEY,
    uidvalidity INTEGER NOT NULL,
    newest INTEGER NOT NULL                        -- the highest id that any message had then
);
