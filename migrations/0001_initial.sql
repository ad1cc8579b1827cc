-- SPDX-License-Identifier: Apache-2.0
-- Copyright (c) the Parley authors.
--
-- No triggers, no sequences, no foreign keys across distribution columns: the same tables can be distributed by chat_id
-- (chats, participants, messages, chat_controls, hidden_messages, device_cursors, watermarks, receipt_moves, append_feed)
-- and by user_id (users, last_seen, devices, user_chats, blocks).

-- One row: what is true of this database and of no copy restored from it.
create table installation (
    only_row boolean primary key default true check (only_row),
    epoch uuid not null,
    page_token_key bytea not null check (length(page_token_key) = 32)
);
insert into installation (epoch, page_token_key)
select gen_random_uuid(), uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());

create table apps (
    app_id uuid primary key,
    name text not null,
    created_at timestamptz not null default statement_timestamp(),
    max_group_members integer not null default 1024,
    retention_days integer not null default 0, -- 0: for ever
    retention_until_delivered boolean not null default false,
    user_messages_per_second integer not null default 0, -- of all of these, 0: the server's setting; -1: no limit
    user_bytes_per_second integer not null default 0,
    user_creates_per_second integer not null default 0,
    app_messages_per_second integer not null default 0,
    app_bytes_per_second integer not null default 0,
    app_creates_per_second integer not null default 0
);

create table api_keys (
    key_id uuid primary key,
    app_id uuid not null,
    name text not null,
    secret_hash bytea not null unique, -- SHA-256; the secret itself has 256 random bits
    created_at timestamptz not null default statement_timestamp(),
    revoked_at timestamptz,
    previous_secret_hash bytea, -- of the secret before the last rotation
    previous_until timestamptz
);
create index api_keys_previous_secret_hash on api_keys (previous_secret_hash);
create index api_keys_app on api_keys (app_id, key_id);

-- A secret (HS256), or the public half of a pair whose other half only the app has. The algorithm belongs to the key for
-- ever.
create table signing_keys (
    key_id uuid primary key, -- kid
    app_id uuid not null,
    algorithm text not null,
    secret bytea,
    created_at timestamptz not null default statement_timestamp(),
    revoked_at timestamptz,
    public_key bytea, -- DER of the SubjectPublicKeyInfo
    name text not null default '',
    registered boolean not null default false, -- by the app; otherwise Parley's own, for CreateToken
    constraint signing_keys_algorithm check (algorithm in ('HS256', 'ES256', 'RS256', 'EdDSA')),
    constraint signing_keys_material
        check ((secret is not null) = (algorithm = 'HS256') and (public_key is null) = (algorithm = 'HS256'))
);
create index signing_keys_app on signing_keys (app_id);

create table users (
    user_id uuid primary key,
    app_id uuid not null,
    username text not null,
    phone_number text not null,
    display_name text not null,
    about text not null,
    avatar_url text not null,
    metadata bytea, -- parley.v1.User with field 7 only
    created_at timestamptz not null default statement_timestamp(),
    deactivated_at timestamptz,
    deleted_at timestamptz, -- the row stays, for the messages that name it; its profile is empty
    read_receipts boolean not null default true, -- others are told what the user reads
    shows_presence boolean not null default true -- and when they are there
);
create index users_app on users (app_id, user_id);

-- Apart from users: written whenever they go.
create table last_seen (
    user_id uuid primary key,
    at timestamptz not null
) with (fillfactor = 50);

-- Apart from users, so that the unique key does not cross users' distribution column.
create table usernames (
    app_id uuid not null,
    username text not null,
    user_id uuid not null,
    constraint usernames_pkey primary key (app_id, username)
);

create table phone_numbers (
    app_id uuid not null,
    phone_number text not null,
    user_id uuid not null,
    constraint phone_numbers_pkey primary key (app_id, phone_number)
);

create table devices (
    user_id uuid not null,
    device_id uuid not null,
    name text not null,
    created_at timestamptz not null default statement_timestamp(),
    revoked_at timestamptz,
    primary key (user_id, device_id)
);

-- Whom a user blocks. chats.blocked_by has the same, for the append.
create table blocks (
    user_id uuid not null,
    blocked_user_id uuid not null,
    created_at timestamptz not null default statement_timestamp(),
    primary key (user_id, blocked_user_id)
);

create table chats (
    chat_id uuid primary key,
    app_id uuid not null,
    chat_type smallint not null, -- parley.v1.ChatType
    user_low uuid,               -- individual chats: the two users, in order
    user_high uuid,
    name text not null default '',
    description text not null default '',
    metadata bytea, -- parley.v1.Chat with field 7 only
    first_seq bigint not null default 1,
    last_seq bigint not null default 0,
    last_message_id uuid,
    last_message_at timestamptz,
    member_seq bigint not null default 0,
    created_at timestamptz not null default statement_timestamp(),
    avatar_media_id uuid,
    settings bytea,                         -- parley.v1.ChatSettings; null: all defaults
    settings_seq bigint not null default 0, -- of the last entry that changed settings: the etag
    -- Of settings, with defaults filled in, for statements that need no more.
    who_may_send smallint not null default 3, -- parley.v1.Role: this one and those above
    read_receipts boolean not null default true,
    swept_seq bigint not null default 0, -- up to here all messages are over, and their rows empty
    message_ttl integer, -- seconds; 0: none any more; null: there never was one
    deleted_at timestamptz,
    blocked_by smallint not null default 0 -- individual chats: 1: user_low blocks user_high, 2: the other way round
) with (fillfactor = 50);
-- Where messages may expire.
create index chats_message_ttl on chats (chat_id) where message_ttl is not null;
create index chats_app on chats (app_id, chat_id);

create table participants (
    chat_id uuid not null,
    user_id uuid not null,
    joined_seq bigint not null,
    left_seq bigint, -- inclusive
    visible_from bigint not null,
    role smallint not null, -- parley.v1.Role
    joined_at timestamptz not null default statement_timestamp(),
    primary key (chat_id, user_id, joined_seq)
);

-- The same membership, by user.
create table user_chats (
    user_id uuid not null,
    chat_id uuid not null,
    joined_seq bigint not null,
    left_seq bigint,
    visible_from bigint not null,
    primary key (user_id, chat_id, joined_seq)
);

create table messages (
    chat_id uuid not null,
    seq bigint not null,
    message_id uuid not null,
    prev_message_id uuid,
    sender_id uuid not null,
    sender_device_id uuid,
    message_type smallint not null, -- parley.v1.MessageType
    body_kind smallint not null,    -- enum pl_body_kind
    content bytea,
    media_id uuid,
    reply_to_message_id uuid,
    metadata bytea, -- parley.v1.Message with field 12 only
    created_at timestamptz not null,
    expires_at timestamptz,
    edited_seq bigint,
    deleted_at timestamptz,
    entry_kind smallint not null default 1, -- parley.v1.EntryKind
    target_message_id uuid,                 -- of edits, deletions and reactions
    flags smallint not null default 0,      -- enum pl_message_flag
    primary key (chat_id, seq),
    unique (message_id, chat_id)
) partition by hash (chat_id);
-- What is to be emptied.
create index messages_expires_at on messages (expires_at) where expires_at is not null and content is not null;
-- Messages are not in it: it costs them nothing.
create index messages_target on messages (chat_id, target_message_id) where target_message_id is not null;

-- What users deleted for themselves alone.
create table hidden_messages (
    chat_id uuid not null,
    user_id uuid not null,
    message_id uuid not null,
    primary key (chat_id, user_id, message_id)
);

-- What the entries said that have left messages: who came and went, and which settings changed. Below chats.first_seq.
create table chat_controls (
    like messages including defaults,
    primary key (chat_id, seq)
);

do $$
begin
    for i in 0..7 loop
        execute format('create table messages_%s partition of messages
                        for values with (modulus 8, remainder %s)', i, i);
    end loop;
end $$;

-- The end of each device's gap-free acknowledged prefix. No row: the device starts where its user joined.
create table device_cursors (
    chat_id uuid not null,
    user_id uuid not null,
    device_id uuid not null,
    seq bigint not null,
    primary key (chat_id, device_id)
) with (fillfactor = 50);

create table watermarks (
    chat_id uuid not null,
    user_id uuid not null,
    delivered_seq bigint not null default 0,
    read_seq bigint not null default 0,
    delivered_before bigint not null default 0, -- what both were before the last move: where it began
    read_before bigint not null default 0,
    -- What the others are told; null: all. Both while the user blocks the other one; of reading also while the user, or
    -- the other one of two, has read receipts off.
    shown_delivered_seq bigint,
    shown_read_seq bigint,
    primary key (chat_id, user_id)
) with (fillfactor = 50);

-- When watermarks moved: the entries after after_seq, up to up_to_seq, reached or were read by the user at this time.
-- Kept for 30 days; what is older is still known to be delivered or read, but no longer since when.
create table receipt_moves (
    chat_id uuid not null,
    user_id uuid not null,
    kind smallint not null, -- 1: delivered, 2: read, 3: both at once
    up_to_seq bigint not null,
    after_seq bigint not null,
    at timestamptz not null default statement_timestamp(),
    primary key (chat_id, user_id, kind, up_to_seq)
);
create index receipt_moves_at on receipt_moves (at); -- for their removal

-- What each writer committed, without gaps in n: how a node that missed hints finds what it missed.
create table append_feed (
    writer uuid not null,
    n bigint not null,
    chat_id uuid not null, -- of the batch's first chat: the distribution column
    chat_ids uuid[] not null,
    last_seqs bigint[] not null,
    created_at timestamptz not null default statement_timestamp(),
    primary key (writer, n, chat_id)
);
create index append_feed_created_at on append_feed (created_at); -- rows of writers that are gone are removed by age

-- What calls with an idempotency key answered.
create table idempotency_keys (
    app_id uuid not null,  -- zeros: the operator
    user_id uuid not null, -- zeros: the app's backend for itself
    key text not null,
    request_hash bytea not null, -- SHA-256 of method and request
    reply bytea,                 -- packed; null where the answer has a secret
    created_at timestamptz not null default statement_timestamp(),
    constraint idempotency_keys_pkey primary key (app_id, user_id, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);
