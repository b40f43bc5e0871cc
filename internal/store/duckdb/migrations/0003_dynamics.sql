-- What became of every account, and when: an entry for each state that changed whether it exists, is active or, while it is
-- active, has which tariffs. It follows from account_states (ledger.go) and is written together with them.
CREATE TABLE ledger (
    client_id   INTEGER NOT NULL,
    account_id  BIGINT NOT NULL,
    happened_at BIGINT NOT NULL,
    existed     BOOLEAN NOT NULL,
    existing    BOOLEAN NOT NULL,
    was_active  BOOLEAN NOT NULL,
    active      BOOLEAN NOT NULL,
    had_tariffs INTEGER[] NOT NULL,
    tariffs     INTEGER[] NOT NULL
);

INSERT INTO ledger FROM (
    SELECT client_id, account_id,
        CASE WHEN lag(changed_at) OVER history IS NULL THEN least(changed_at, registered_at) ELSE changed_at END AS happened_at,
        lag(existing, 1, false) OVER history AS existed, existing, lag(active, 1, false) OVER history AS was_active, active,
        lag(tariffs, 1, []::INTEGER[]) OVER history AS had_tariffs, tariffs
    FROM (SELECT client_id, account_id, state.changed_at, accounts.registered_at, NOT state.deleted AS existing,
            state.active AND NOT state.deleted AS active,
            CASE WHEN state.active AND NOT state.deleted THEN state.tariffs ELSE [] END AS tariffs
        FROM account_states AS state JOIN accounts USING (client_id, account_id))
    WINDOW history AS (PARTITION BY client_id, account_id ORDER BY changed_at))
WHERE existing <> existed OR active <> was_active OR tariffs <> had_tariffs;

-- How often the data of each client changed, by kind (versions.go) and by the hour, its first instant, that changed. The
-- reports that are not folded yet count on top of it.
CREATE TABLE versions (
    client_id INTEGER NOT NULL,
    kind      UTINYINT NOT NULL,
    hour      BIGINT NOT NULL,
    changes   BIGINT NOT NULL
);

-- What is there already counts as one change each.
INSERT INTO versions
    SELECT client_id, kind, happened_at - ((happened_at % 3600000) + 3600000) % 3600000 AS hour, count(*) FROM (
        SELECT client_id, 1 AS kind, started_at AS happened_at FROM sessions
        UNION ALL SELECT client_id, 2, happened_at FROM ledger
        UNION ALL SELECT client_id, 3, paid_at FROM payments WHERE NOT deleted)
    GROUP BY ALL;

-- Who watched on each folded day, on what, and when they last tuned in: what sessions say about the audience of weeks, in a
-- fraction of the rows. Written together with the day's sessions.
CREATE TABLE viewers (
    client_id  INTEGER,
    account_id BIGINT,
    device_uid VARCHAR,
    device     INTEGER,
    started_at BIGINT
);

INSERT INTO viewers
    SELECT client_id, account_id, device_uid, device, max(started_at) FROM sessions
    GROUP BY client_id, account_id, device_uid, device, started_at - ((started_at % 86400000) + 86400000) % 86400000
    ORDER BY max(started_at) // 86400000, client_id, account_id;

-- Figures that were computed ahead of time; stamp says from what, body is JSON. Its key is the first three columns.
CREATE TABLE figures (
    kind      UTINYINT NOT NULL,
    client_id INTEGER NOT NULL,
    start_at  BIGINT NOT NULL,
    stamp     VARCHAR NOT NULL,
    body      VARCHAR NOT NULL
);
