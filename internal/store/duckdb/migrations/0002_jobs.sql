-- Long work; states are numbered as in the contract, 0 stands for a time that is not yet known. request and result are opaque.
CREATE TABLE jobs (
    job_id      VARCHAR NOT NULL,
    method      VARCHAR NOT NULL,
    client_ids  INTEGER[] NOT NULL,
    schedule    VARCHAR NOT NULL,
    created_at  BIGINT NOT NULL,
    request     BLOB NOT NULL,
    state       UTINYINT NOT NULL,
    progress    DOUBLE NOT NULL,
    due_at      BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    attempts    INTEGER NOT NULL,
    failures    INTEGER NOT NULL,
    cancelling  BOOLEAN NOT NULL,
    error       VARCHAR NOT NULL,
    result      BLOB NOT NULL,
    owner       VARCHAR NOT NULL,
    leased_to   BIGINT NOT NULL
);
