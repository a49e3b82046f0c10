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

CREATE TABLE rules_mark (                          -- rules have run over what came to a folder before this
    folder_id INTEGER PRIMARY KEY,
    uidvalidity INTEGER NOT NULL,
    newest INTEGER NOT NULL                        -- the highest id that any message had then
);
