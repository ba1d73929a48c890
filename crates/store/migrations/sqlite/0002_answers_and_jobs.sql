-- What an agent wrote, until the journal names it: only then it becomes a message and has its place among them.
CREATE TABLE draft (
    desk         TEXT    NOT NULL,
    id           BLOB    NOT NULL,
    dedupe_key   BLOB    NOT NULL,
    conversation BLOB    NOT NULL,
    ticket       INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    received_at  INTEGER NOT NULL,
    PRIMARY KEY (desk, id),
    UNIQUE (desk, dedupe_key)
) STRICT;

CREATE INDEX message_by_conversation ON message (desk, conversation, stored) WHERE conversation IS NOT NULL;

-- A job that is done stays, without its body, so that it is never begun again.
CREATE TABLE job (
    queue         TEXT    NOT NULL,
    desk          TEXT    NOT NULL,
    id            BLOB    NOT NULL,
    body          BLOB    NOT NULL,
    trace         BLOB    NOT NULL,
    created_at    INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    claimed_until INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    failed        BLOB,
    done          INTEGER NOT NULL,
    PRIMARY KEY (queue, desk, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_due ON job (queue, due_at) WHERE failed IS NULL AND done = 0;
CREATE INDEX job_open ON job (queue, desk, id) WHERE done = 0;
