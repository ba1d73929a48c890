-- Times are microseconds since 1970-01-01 UTC. Keys and words that come from outside are BLOBs: they are
-- compared byte by byte, as in PostgreSQL, and may hold anything.

CREATE TABLE journal (
    service     TEXT    NOT NULL,
    desk        TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    payload     BLOB    NOT NULL,
    PRIMARY KEY (service, desk, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE read_row (
    desk  TEXT NOT NULL,
    tbl   TEXT NOT NULL,
    key   BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (desk, tbl, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
    desk       TEXT NOT NULL,
    caller     BLOB NOT NULL,
    method     BLOB NOT NULL,
    id         BLOB NOT NULL,
    hash       BLOB NOT NULL,
    reply      BLOB NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (desk, caller, method, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX request_by_expiry ON request (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE position (
    consumer    TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    desk        TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    PRIMARY KEY (consumer, service, desk)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
    service     TEXT    NOT NULL,
    desk        TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    format      INTEGER NOT NULL,
    state       BLOB    NOT NULL,
    PRIMARY KEY (service, desk)
) STRICT;

CREATE TABLE lease (
    name       BLOB    NOT NULL PRIMARY KEY,
    owner      BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- `stored` is the order in which messages were stored: there is one writer.
CREATE TABLE message (
    stored       INTEGER PRIMARY KEY,
    desk         TEXT    NOT NULL,
    id           BLOB    NOT NULL,
    dedupe_key   BLOB    NOT NULL,
    conversation BLOB,
    started      INTEGER NOT NULL,
    ticket       INTEGER,
    unrouted     BLOB,
    body         BLOB    NOT NULL,
    received_at  INTEGER NOT NULL,
    UNIQUE (desk, id),
    UNIQUE (desk, dedupe_key)
) STRICT;

CREATE INDEX message_by_desk ON message (desk, stored);
CREATE INDEX message_by_ticket ON message (desk, ticket, stored) WHERE ticket IS NOT NULL;
CREATE INDEX message_unrouted ON message (desk, stored) WHERE unrouted IS NOT NULL;

-- Apart from the parsed form, so that lists do not read past megabytes.
CREATE TABLE raw_message (
    stored INTEGER PRIMARY KEY,
    raw    BLOB NOT NULL
) STRICT;

CREATE TABLE conversation_key (
    desk         TEXT NOT NULL,
    key          BLOB NOT NULL,
    conversation BLOB NOT NULL,
    PRIMARY KEY (desk, key)
) STRICT, WITHOUT ROWID;

-- `due_at` is when a row may be claimed: a claim moves it to its own end, a retry to its own time.
CREATE TABLE outbox (
    stored       INTEGER PRIMARY KEY,
    desk         TEXT    NOT NULL,
    id           BLOB    NOT NULL,
    conversation BLOB    NOT NULL,
    content      BLOB    NOT NULL,
    trace        BLOB    NOT NULL,
    since        INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    parked       BLOB,
    UNIQUE (desk, id)
) STRICT;

CREATE INDEX outbox_due ON outbox (due_at, stored) WHERE parked IS NULL;
CREATE INDEX outbox_by_desk ON outbox (desk, stored);
