-- Instants are BIGINT milliseconds since 1970-01-01 UTC, durations whole seconds.

-- What devices stated, as it arrived: no key and no index, so that appending stays as fast as the disk. Rows leave when
-- their day is folded into sessions.
CREATE TABLE reports (
    client_id       INTEGER,
    account_id      BIGINT,
    device_uid      VARCHAR,
    device          INTEGER,
    channel_id      INTEGER,
    mode            UTINYINT,
    programme_id    BIGINT,
    started_at      BIGINT,
    reported_at     BIGINT,
    watched_seconds INTEGER,
    ended           BOOLEAN,
    tariff_set      INTEGER
);

-- Merged sessions of folded days: one row an identity. Written day by day in the order of (client, account, start), which
-- is what makes them small.
CREATE TABLE sessions (
    client_id       INTEGER,
    account_id      BIGINT,
    device_uid      VARCHAR,
    device          INTEGER,
    channel_id      INTEGER,
    mode            UTINYINT,
    programme_id    BIGINT,
    started_at      BIGINT,
    reported_at     BIGINT,
    watched_seconds INTEGER,
    ended           BOOLEAN,
    tariff_set      INTEGER
);

-- Every kind of device that ever reported; reports and sessions name it by number. Rows are only ever added.
CREATE TABLE devices (
    device INTEGER PRIMARY KEY,
    name   VARCHAR NOT NULL
);

-- Every set of tariffs that a session ever carried; set 0 is the empty one and has no row. Rows are only ever added.
CREATE TABLE tariff_sets (
    tariff_set INTEGER PRIMARY KEY,
    tariffs    INTEGER[] NOT NULL
);

CREATE TABLE clients (
    client_id          INTEGER PRIMARY KEY,
    name               VARCHAR NOT NULL,
    time_zone          VARCHAR NOT NULL,
    collection_enabled BOOLEAN NOT NULL
);

-- The tables of the catalog have keys, the first columns of each, but no index: in a table with one the space of updated and
-- deleted rows is never used again. One transaction after the other merges into them (see upsert.go).
CREATE TABLE channels (
    client_id  INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    name       VARCHAR NOT NULL,
    number     INTEGER NOT NULL,
    categories INTEGER[] NOT NULL,
    enabled    BOOLEAN NOT NULL,
    deleted    BOOLEAN NOT NULL
);

CREATE TABLE tariffs (
    client_id INTEGER NOT NULL,
    tariff_id INTEGER NOT NULL,
    name      VARCHAR NOT NULL,
    deleted   BOOLEAN NOT NULL
);

CREATE TABLE categories (
    client_id   INTEGER NOT NULL,
    category_id INTEGER NOT NULL,
    name        VARCHAR NOT NULL,
    deleted     BOOLEAN NOT NULL
);

-- Every state of every account, in force from changed_at on. registered_at 0 = not told.
CREATE TABLE account_states (
    client_id     INTEGER NOT NULL,
    account_id    BIGINT NOT NULL,
    changed_at    BIGINT NOT NULL,
    active        BOOLEAN NOT NULL,
    tariffs       INTEGER[] NOT NULL,
    registered_at BIGINT NOT NULL,
    deleted       BOOLEAN NOT NULL
);

-- The current state of every account: of account_states the row with the greatest changed_at, registered_at filled in.
CREATE TABLE accounts (
    client_id     INTEGER NOT NULL,
    account_id    BIGINT NOT NULL,
    changed_at    BIGINT NOT NULL,
    active        BOOLEAN NOT NULL,
    tariffs       INTEGER[] NOT NULL,
    registered_at BIGINT NOT NULL,
    deleted       BOOLEAN NOT NULL
);

CREATE TABLE programmes (
    client_id    INTEGER NOT NULL,
    programme_id BIGINT NOT NULL,
    channel_id   INTEGER NOT NULL,
    title        VARCHAR NOT NULL,
    start_at     BIGINT NOT NULL,
    end_at       BIGINT NOT NULL,
    deleted      BOOLEAN NOT NULL
);

CREATE TABLE payments (
    client_id    INTEGER NOT NULL,
    payment_id   BIGINT NOT NULL,
    account_id   BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency     VARCHAR NOT NULL,
    paid_at      BIGINT NOT NULL,
    deleted      BOOLEAN NOT NULL
);

-- Sortings and selections as they were built; body is JSON.
CREATE TABLE results (
    id         VARCHAR NOT NULL,
    client_id  INTEGER NOT NULL,
    kind       UTINYINT NOT NULL,
    created_at BIGINT NOT NULL,
    body       VARCHAR NOT NULL
);
