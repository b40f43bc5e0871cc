-- How far a log was applied, where the store is a replica: the last operation of it that is in, one row, and the ids of the
-- operations that were, so that none counts twice. Both are written in the operation's own transaction.
CREATE TABLE applied (
    log       VARCHAR NOT NULL,
    position  UBIGINT NOT NULL,
    entry     VARCHAR NOT NULL,
    operation INTEGER NOT NULL
);
INSERT INTO applied VALUES ('', 0, '', 0);

CREATE TABLE applied_operations (
    id       VARCHAR NOT NULL,
    position UBIGINT NOT NULL
);
