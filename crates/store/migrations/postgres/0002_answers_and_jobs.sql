-- What an agent wrote, until the journal names it: only then it becomes a message and has its place among them.
CREATE TABLE draft (
    desk         text   COLLATE "C" NOT NULL,
    id           bytea  NOT NULL,
    dedupe_key   bytea  NOT NULL,
    conversation bytea  NOT NULL,
    ticket       bigint NOT NULL,
    body         bytea  NOT NULL,
    received_at  bigint NOT NULL,
    PRIMARY KEY (desk, id),
    UNIQUE (desk, dedupe_key)
);

CREATE INDEX message_by_conversation ON message (desk, conversation, stored) WHERE conversation IS NOT NULL;

-- A job that is done stays, without its body, so that it is never begun again.
CREATE TABLE job (
    queue         text    COLLATE "C" NOT NULL,
    desk          text    COLLATE "C" NOT NULL,
    id            bytea   NOT NULL,
    body          bytea   NOT NULL,
    trace         bytea   NOT NULL,
    created_at    bigint  NOT NULL,
    due_at        bigint  NOT NULL,
    claimed_until bigint  NOT NULL,
    attempts      bigint  NOT NULL,
    failed        bytea,
    done          boolean NOT NULL,
    PRIMARY KEY (queue, desk, id)
);

CREATE INDEX job_due ON job (queue, due_at) WHERE failed IS NULL AND NOT done;
CREATE INDEX job_open ON job (queue, desk, id) WHERE NOT done;
