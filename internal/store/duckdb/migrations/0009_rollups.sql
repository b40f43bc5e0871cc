-- What was watched of folded days in sums (rollups.go): started_at is the start of the day, watch is in milliseconds, and watching
-- counts the sessions of which some time was watched. It follows from sessions, is kept to be quicker, and may be missing.
CREATE TABLE rollups (
    client_id  INTEGER NOT NULL,
    started_at BIGINT NOT NULL,
    channel_id INTEGER NOT NULL,
    device     INTEGER NOT NULL,
    mode       UTINYINT NOT NULL,
    tariff_set INTEGER NOT NULL,
    watch      BIGINT NOT NULL,
    sessions   BIGINT NOT NULL,
    watching   BIGINT NOT NULL
);

-- The days of which rollups hold all folded sessions of a client, the number of the formula, and the latest end of their watched
-- time. A day without a row is not rolled up. Its key is the first two columns.
CREATE TABLE rolled_days (
    client_id  INTEGER NOT NULL,
    started_at BIGINT NOT NULL,
    formula    INTEGER NOT NULL,
    ends       BIGINT NOT NULL
);
