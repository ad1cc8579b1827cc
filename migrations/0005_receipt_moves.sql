-- SPDX-License-Identifier: Apache-2.0
-- Copyright (c) the Parley authors.
--
-- When watermarks moved: the entries after after_seq, up to up_to_seq, reached or were read by the user at this time.
-- Kept for 30 days; what is older is still known to be delivered or read, but no longer since when.

create table receipt_moves (
    chat_id uuid not null,
    user_id uuid not null,
    kind smallint not null, -- 1: delivered, 2: read
    up_to_seq bigint not null,
    after_seq bigint not null,
    at timestamptz not null default statement_timestamp(),
    primary key (chat_id, user_id, kind, up_to_seq)
);
create index receipt_moves_at on receipt_moves (at); -- for their removal
