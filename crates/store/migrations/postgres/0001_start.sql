-- Times are microseconds since 1970-01-01 UTC. Keys and words that come from outside are BYTEA: they are
-- compared byte by byte, as in SQLite, and may hold anything, a NUL too.

CREATE FUNCTION tandem_now() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint $$;

-- Breaks a statement off, and with it its transaction: `code` says why, `which` which of its parts.
CREATE FUNCTION tandem_refuse(code text, which bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = code, MESSAGE = which::text; END $$;

CREATE TABLE journal (
    service     text   COLLATE "C" NOT NULL,
    desk        text   COLLATE "C" NOT NULL,
    seq         bigint NOT NULL,
    incarnation bigint NOT NULL,
    kind        text   COLLATE "C" NOT NULL,
    at          bigint NOT NULL,
    payload     bytea  NOT NULL,
    PRIMARY KEY (service, desk, seq)
);

CREATE TABLE read_row (
    desk  text  COLLATE "C" NOT NULL,
    tbl   text  COLLATE "C" NOT NULL,
    key   bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (desk, tbl, key)
);

CREATE TABLE request (
    desk       text  COLLATE "C" NOT NULL,
    caller     bytea NOT NULL,
    method     bytea NOT NULL,
    id         bytea NOT NULL,
    hash       bytea NOT NULL,
    reply      bytea NOT NULL,
    expires_at bigint,
    PRIMARY KEY (desk, caller, method, id)
);

CREATE INDEX request_by_expiry ON request (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE consumer_position (
    consumer    text   COLLATE "C" NOT NULL,
    service     text   COLLATE "C" NOT NULL,
    desk        text   COLLATE "C" NOT NULL,
    seq         bigint NOT NULL,
    incarnation bigint NOT NULL,
    PRIMARY KEY (consumer, service, desk)
);

CREATE TABLE snapshot (
    service     text   COLLATE "C" NOT NULL,
    desk        text   COLLATE "C" NOT NULL,
    seq         bigint NOT NULL,
    incarnation bigint NOT NULL,
    format      bigint NOT NULL,
    state       bytea  NOT NULL,
    PRIMARY KEY (service, desk)
);

CREATE TABLE lease (
    name       bytea  NOT NULL PRIMARY KEY,
    owner      bytea  NOT NULL,
    expires_at bigint NOT NULL
);

-- The last number that was given to a message of the desk. Its row lock makes the numbers' order that of
-- the commits, so that a reader who pages through them misses none.
CREATE TABLE desk_order (
    desk text   COLLATE "C" NOT NULL PRIMARY KEY,
    last bigint NOT NULL
);

CREATE TABLE message (
    desk         text    COLLATE "C" NOT NULL,
    stored       bigint  NOT NULL,
    id           bytea   NOT NULL,
    dedupe_key   bytea   NOT NULL,
    conversation bytea,
    started      boolean NOT NULL,
    ticket       bigint,
    unrouted     bytea,
    body         bytea   NOT NULL,
    received_at  bigint  NOT NULL,
    PRIMARY KEY (desk, stored),
    UNIQUE (desk, id),
    UNIQUE (desk, dedupe_key)
);

CREATE INDEX message_by_ticket ON message (desk, ticket, stored) WHERE ticket IS NOT NULL;
CREATE INDEX message_unrouted ON message (desk, stored) WHERE unrouted IS NOT NULL;

CREATE TABLE raw_message (
    desk   text   COLLATE "C" NOT NULL,
    stored bigint NOT NULL,
    raw    bytea  NOT NULL,
    PRIMARY KEY (desk, stored)
);

-- Compressing megabytes would take longer than writing them.
ALTER TABLE raw_message ALTER COLUMN raw SET STORAGE EXTERNAL;
ALTER TABLE snapshot ALTER COLUMN state SET STORAGE EXTERNAL;

CREATE TABLE conversation_key (
    desk         text  COLLATE "C" NOT NULL,
    key          bytea NOT NULL,
    conversation bytea NOT NULL,
    PRIMARY KEY (desk, key)
);

-- `due_at` is when a row may be claimed: a claim moves it to its own end, a retry to its own time.
CREATE TABLE outbox (
    desk         text   COLLATE "C" NOT NULL,
    stored       bigint NOT NULL,
    id           bytea  NOT NULL,
    conversation bytea  NOT NULL,
    content      bytea  NOT NULL,
    trace        bytea  NOT NULL,
    since        bigint NOT NULL,
    due_at       bigint NOT NULL,
    attempts     bigint NOT NULL,
    parked       bytea,
    PRIMARY KEY (desk, stored),
    UNIQUE (desk, id)
);

CREATE INDEX outbox_due ON outbox (due_at, stored) WHERE parked IS NULL;
