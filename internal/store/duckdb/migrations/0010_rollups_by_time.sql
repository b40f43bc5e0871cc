-- What was watched of folded days in sums (rollups.go): started_at is the start of the day on which sessions started, on_day that of a day
-- on which they were on, watch is their time on it in milliseconds, sessions counts those that started on it, and watching those that were
-- on. It follows from sessions, is kept to be quicker, and may be missing.
DROP TABLE rollups;
DELETE FROM rolled_days;
CREATE TABLE rollups (
    client_id  INTEGER NOT NULL,
    started_at BIGINT NOT NULL,
    on_day     BIGINT NOT NULL,
    channel_id INTEGER NOT NULL,
    device     INTEGER NOT NULL,
    mode       UTINYINT NOT NULL,
    tariff_set INTEGER NOT NULL,
    watch      BIGINT NOT NULL,
    sessions   BIGINT NOT NULL,
    watching   BIGINT NOT NULL
);
