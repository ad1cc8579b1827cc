-- SPDX-License-Identifier: Apache-2.0
-- Copyright (c) the Parley authors.
--
-- Accounts that change and end: limits of apps, rotation of API keys, deactivated and deleted users, phone numbers that
-- are unique in an app; and what calls with an idempotency key answered.

alter table apps add column max_group_members integer not null default 1024;

alter table api_keys
    add column previous_secret_hash bytea, -- of the secret before the last rotation
    add column previous_until timestamptz;
create index api_keys_previous_secret_hash on api_keys (previous_secret_hash);
create index api_keys_app on api_keys (app_id, key_id);

alter table users
    add column deactivated_at timestamptz,
    add column deleted_at timestamptz; -- the row stays, for the messages that name it; its profile is empty
create index users_app on users (app_id, user_id);

-- As usernames. Where two users had one number, the first keeps it.
create table phone_numbers (
    app_id uuid not null,
    phone_number text not null,
    user_id uuid not null,
    constraint phone_numbers_pkey primary key (app_id, phone_number)
);
insert into phone_numbers (app_id, phone_number, user_id)
select distinct on (app_id, phone_number) app_id, phone_number, user_id from users
where phone_number <> '' order by app_id, phone_number, user_id;
update users u set phone_number = ''
where phone_number <> '' and not exists (
    select from phone_numbers p
    where p.app_id = u.app_id and p.phone_number = u.phone_number and p.user_id = u.user_id);

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
