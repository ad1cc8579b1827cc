-- SPDX-License-Identifier: Apache-2.0
-- Copyright (c) the Parley authors.
--
-- The tables of the first path. No triggers, no sequences, no foreign keys across distribution columns: the same
-- tables can be distributed by chat_id (chats, participants, messages, device_cursors, watermarks, append_feed) and
-- by user_id (users, devices, user_chats).

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
    created_at timestamptz not null default statement_timestamp()
);

create table api_keys (
    key_id uuid primary key,
    app_id uuid not null,
    name text not null,
    secret_hash bytea not null unique, -- SHA-256; the secret itself has 256 random bits
    created_at timestamptz not null default statement_timestamp(),
    revoked_at timestamptz
);

create table signing_keys (
    key_id uuid primary key, -- kid
    app_id uuid not null,
    algorithm text not null check (algorithm in ('HS256')),
    secret bytea not null,
    created_at timestamptz not null default statement_timestamp(),
    revoked_at timestamptz
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
    created_at timestamptz not null default statement_timestamp()
);

-- Apart from users, so that the unique key does not cross users' distribution column.
create table usernames (
    app_id uuid not null,
    username text not null,
    user_id uuid not null,
    constraint usernames_pkey primary key (app_id, username)
);

create table devices (
    user_id uuid not null,
    device_id uuid not null,
    name text not null,
    created_at timestamptz not null default statement_timestamp(),
    revoked_at timestamptz,
    primary key (user_id, device_id)
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
    created_at timestamptz not null default statement_timestamp()
) with (fillfactor = 50);

create table participants (
    chat_id uuid not null,
    user_id uuid not null,
    joined_seq bigint not null,
    left_seq bigint, -- inclusive
    visible_from bigint not null,
    role smallint not null, -- parley.v1.Role
    joined_at timestamptz not null default statement_timestamp(),
    primary key (chat_id, user_id, joined_seq)
) partition by hash (chat_id);

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
    primary key (chat_id, seq),
    unique (message_id, chat_id)
) partition by hash (chat_id);
create index messages_expires_at on messages (expires_at) where expires_at is not null;

do $$
begin
    for i in 0..7 loop
        execute format('create table participants_%s partition of participants
                        for values with (modulus 8, remainder %s)', i, i);
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
    primary key (chat_id, user_id)
) with (fillfactor = 50);

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
