-- SPDX-License-Identifier: Apache-2.0
-- Copyright (c) the Parley authors.
--
-- Every change of a chat is an entry of its log: members, settings, edits and deletions.

alter table chats
    add column avatar_media_id uuid,
    add column settings bytea,                       -- parley.v1.ChatSettings; null: all defaults
    add column settings_seq bigint not null default 0, -- of the last entry that changed settings: the etag
    add column deleted_at timestamptz;

alter table messages
    add column entry_kind smallint not null default 1, -- parley.v1.EntryKind
    add column target_message_id uuid;                 -- of edits and deletions
-- Messages are not in it: it costs them nothing.
create index messages_target on messages (chat_id, target_message_id) where target_message_id is not null;
