-- How clients measure; a client without a row has never had a policy, and its revision is 0. Its key is the first column.
CREATE TABLE policies (
    client_id              INTEGER NOT NULL,
    max_session_seconds    INTEGER NOT NULL,
    inactivity_seconds     INTEGER NOT NULL,
    one_channel_per_device BOOLEAN NOT NULL,
    min_session_seconds    INTEGER NOT NULL,
    revision               BIGINT NOT NULL
);
