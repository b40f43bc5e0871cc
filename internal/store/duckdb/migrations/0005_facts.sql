-- What devices may tell of a session; NULL where they did not.
ALTER TABLE reports ADD COLUMN last_activity_at BIGINT;
ALTER TABLE reports ADD COLUMN position_at BIGINT;
ALTER TABLE sessions ADD COLUMN last_activity_at BIGINT;
ALTER TABLE sessions ADD COLUMN position_at BIGINT;

-- Test boxes and staff: what they watched counts nowhere. Never NULL, which a column that is added cannot promise together
-- with its default.
ALTER TABLE account_states ADD COLUMN excluded BOOLEAN DEFAULT false;
ALTER TABLE accounts ADD COLUMN excluded BOOLEAN DEFAULT false;

-- How often it changed which accounts are excluded from an instant on, of each client: exclusions.go.
CREATE TABLE exclusions (
    client_id  INTEGER NOT NULL,
    changed_at BIGINT NOT NULL,
    changes    BIGINT NOT NULL
);
