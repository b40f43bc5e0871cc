-- The key of all digests in erasures; one row from the first erasure on.
CREATE TABLE erasure_key (
    secret BLOB NOT NULL
);

-- Accounts that were erased: HMAC-SHA-256 of client and account. rewritten tells that the file was written anew since, so
-- that nothing of the account is left in its unused space either.
CREATE TABLE erasures (
    client_id INTEGER NOT NULL,
    digest    BLOB NOT NULL,
    rewritten BOOLEAN NOT NULL
);
