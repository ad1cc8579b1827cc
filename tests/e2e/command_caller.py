# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The `parley` command as a caller: each method by the command that is for it.

TABLE has one row for each unary method: the command, the function of the C SDK behind it, and how a request becomes
arguments. What the command prints for scripts becomes the reply again, so that a test sees no difference.
"""
import dataclasses
import json
import os
import subprocess
import tempfile
import typing

from api_client import Caller
from google.protobuf import json_format
from parley_pb import chat_service_pb2, message_service_pb2
from programs import PARLEY

ROLES = {chat_service_pb2.ROLE_OWNER: "owner", chat_service_pb2.ROLE_ADMIN: "admin",
         chat_service_pb2.ROLE_MEMBER: "member"}
CALL_S = 120


@dataclasses.dataclass(frozen=True)
class Row:
    """A method as the command and the C SDK have it."""

    command: str
    function: str
    arguments: typing.Callable = lambda request: []  # request -> what follows the command
    stdin: typing.Callable = lambda request: b""


def fields(*names):
    """These fields, in this order."""
    return lambda request: [getattr(request, name) for name in names]


def changed(request, *names):
    """Flags for what update_mask names, then these fields."""
    flags = [f"--{path.replace('_', '-')}={getattr(request, path)}" for path in request.update_mask.paths]
    return flags + [getattr(request, name) for name in names]


def changed_chat(request):
    """As changed, with settings by their own words."""
    flags = []
    for path in request.update_mask.paths:
        if path == "settings.join_policy":
            is_open = request.settings.join_policy == chat_service_pb2.JOIN_POLICY_OPEN
            flags += ["--join", "open" if is_open else "invite"]
        else:
            flags += [f"--{path}", getattr(request, path)]
    return flags + (["--etag", request.etag] if request.etag else []) + [request.chat_id]


def changed_members(request):
    """Arguments of group add and group set."""
    named = [f"{one.user_id}={ROLES[one.role]}" if one.role else one.user_id for one in request.participants]
    return [request.chat_id, *(named or [one.user_id for one in request.add])]


def to(request):
    """Whom a message is for."""
    return ["--chat", request.chat_id] if request.chat_id else [request.recipient_id]


TABLE = {
    "CreateApp": Row("admin create-app", "parley_create_app", fields("name")),
    "GetApp": Row("admin get-app", "parley_get_app", fields("app_id")),
    "UpdateApp": Row("admin update-app", "parley_update_app", lambda request: changed(request, "app_id")),
    "CreateApiKey": Row("admin create-key", "parley_create_api_key", fields("app_id", "name")),
    "ListApiKeys": Row("admin list-keys", "parley_list_api_keys", fields("app_id")),
    "RotateApiKey": Row("admin rotate-key", "parley_rotate_api_key", lambda request: [
        "--grace", str(request.grace_seconds), request.app_id, request.key_id]),
    "RevokeApiKey": Row("admin revoke-key", "parley_revoke_api_key", fields("app_id", "key_id")),
    "RegisterSigningKey": Row("admin register-signing-key", "parley_register_signing_key",
                              lambda request: [request.app_id, "HS256", "-", request.name],
                              lambda request: request.secret),
    "ListSigningKeys": Row("admin list-signing-keys", "parley_list_signing_keys", fields("app_id")),
    "RevokeSigningKey": Row("admin revoke-signing-key", "parley_revoke_signing_key", fields("app_id", "key_id")),
    "CreateUser": Row("admin create-user", "parley_create_user", fields("username")),
    "GetUser": Row("admin get-user", "parley_get_user", fields("user_id")),
    "ListUsers": Row("admin list-users", "parley_list_users"),
    "UpdateUser": Row("admin update-user", "parley_update_user", lambda request: changed(request, "user_id")),
    "DeactivateUser": Row("admin deactivate-user", "parley_deactivate_user", fields("user_id")),
    "ReactivateUser": Row("admin reactivate-user", "parley_reactivate_user", fields("user_id")),
    "DeleteUser": Row("admin delete-user", "parley_delete_user", fields("user_id")),
    "LookupUsers": Row("admin lookup-users", "parley_lookup_users", lambda request: [
        *(f"--phone-number={number}" for number in request.phone_numbers), *request.usernames]),
    "CreateDevice": Row("admin create-device", "parley_create_device", fields("user_id", "name")),
    "ListDevices": Row("admin list-devices", "parley_list_devices", fields("user_id")),
    "UpdateDevice": Row("admin rename-device", "parley_rename_device", fields("user_id", "device_id", "name")),
    "RevokeDevice": Row("admin revoke-device", "parley_revoke_device", fields("user_id", "device_id")),
    "BlockUser": Row("block", "parley_block_user", fields("blocked_user_id")),
    "UnblockUser": Row("unblock", "parley_unblock_user", fields("blocked_user_id")),
    "ListBlockedUsers": Row("blocks", "parley_list_blocked_users"),
    "CreateToken": Row("admin create-token", "parley_create_token", fields("user_id", "device_id")),
    "CreateChat": Row("group create", "parley_create_chat", lambda request: [
        request.name, *(one.user_id for one in request.participants)]),
    "GetChat": Row("group show", "parley_get_chat", fields("chat_id")),
    "UpdateChat": Row("group update", "parley_update_chat", changed_chat),
    "DeleteChat": Row("group delete", "parley_delete_chat", fields("chat_id")),
    "ListParticipants": Row("group members", "parley_list_participants", fields("chat_id")),
    "UpdateParticipants": Row("group set", "parley_update_participants", changed_members),
    "JoinChat": Row("group join", "parley_join_chat", fields("chat_id")),
    "LeaveChat": Row("group leave", "parley_leave_chat", fields("chat_id")),
    "ListChats": Row("chats", "parley_list_chats", lambda request: [request.user_id] if request.user_id else []),
    "SendMessage": Row("send", "parley_send_message", lambda request: [*to(request), request.content]),
    "SendMessages": Row("send-batch", "parley_send_messages", lambda request: to(request.messages[0]),
                        lambda request: "".join(f"{one.content}\n" for one in request.messages).encode()),
    "GetMessage": Row("show", "parley_get_message", fields("message_id")),
    "ListMessages": Row("history", "parley_list_messages", lambda request: [
        *(["--before", str(request.before_seq)] if request.before_seq else []),
        *(["--after", request.after_message_id] if request.after_message_id else []), request.chat_id]),
    "EditMessage": Row("edit", "parley_edit_message", fields("message_id", "content")),
    "DeleteMessage": Row("delete", "parley_delete_message", fields("message_id")),
    "HideMessage": Row("hide", "parley_hide_message", fields("message_id")),
    "ReactToMessage": Row("react", "parley_react_to_message", fields("message_id", "emoji")),
    "ListReactions": Row("reactions", "parley_list_reactions", fields("message_id")),
    "MarkRead": Row("read", "parley_mark_read", fields("message_id")),
    "ListReceipts": Row("receipts", "parley_list_receipts", fields("message_id")),
    "GetPresence": Row("presence", "parley_get_presence", fields("user_id")),
    "ListHeads": Row("heads", "parley_list_heads"),
    "Sync": Row("sync", "parley_sync", lambda request: [
        f"--wait={request.wait_seconds}", *([f"--since={request.sync_token}"] if request.sync_token else [])]),
    "AckSync": Row("ack", "parley_ack_sync", lambda request: [
        word for ack in request.acks for word in (ack.chat_id, str(ack.seq))]),
}


class CommandCaller(Caller):
    """Credentials go by the environment and by --as."""

    def __init__(self, address, **metadata):
        super().__init__(**metadata)
        self.address = address

    def call(self, method, request):
        row, given = TABLE[method.name], dict(self.metadata)
        words = row.command.split()
        acting = ["--as", given["parley-user"]] if "parley-user" in given else []
        with tempfile.TemporaryDirectory() as folder:
            environment = {**{name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")},
                           "PARLEY_GRPC": self.address, "PARLEY_CONFIG_HOME": folder,
                           "PARLEY_API_KEY": given.get("x-api-key", ""),
                           "PARLEY_TOKEN": given.get("authorization", "").removeprefix("Bearer ")}
            done = subprocess.run([PARLEY, *words, "--json", *acting, *row.arguments(request)], env=environment,
                                  input=row.stdin(request), timeout=CALL_S, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), (words, done.stderr)
        # pylint: disable-next=protected-access
        reply = method.output_type._concrete_class()
        put_lines(reply, [json.loads(line) for line in done.stdout.splitlines()])
        return reply


def put_lines(reply, lines):
    """The reply that the command printed."""
    lists = [field for field in reply.DESCRIPTOR.fields if field.label == field.LABEL_REPEATED]
    if isinstance(reply, message_service_pb2.SendMessagesResponse):
        value = {"results": [{"message": proto_names(message_service_pb2.Message.DESCRIPTOR, line)} for line in lines]}
    elif reply.DESCRIPTOR.name.startswith("List") or reply.DESCRIPTOR.name.startswith("Lookup"):
        # Histories are printed the other way round than they are listed.
        lines = lines[::-1] if lists[0].name == "messages" else lines
        value = {lists[0].name: [proto_names(lists[0].message_type, line) for line in lines]}
    else:
        (value,) = lines
        if "api_key" in reply.DESCRIPTOR.fields_by_name:
            value = {"secret": value.pop("secret"), "api_key": value}
        value = proto_names(reply.DESCRIPTOR, value)
    json_format.ParseDict(value, reply, ignore_unknown_fields=True)


def proto_names(descriptor, value):
    """The object with the full names of its enums: "group" is CHAT_TYPE_GROUP."""
    named = dict(value)
    for field in descriptor.fields:
        if field.name not in named:
            continue
        if field.enum_type:
            prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
            words = named[field.name]
            named[field.name] = ([prefix + word.upper() for word in words] if isinstance(words, list)
                                 else prefix + words.upper())
        elif field.message_type and field.message_type.GetOptions().map_entry:
            continue
        elif isinstance(named[field.name], dict):
            named[field.name] = proto_names(field.message_type, named[field.name])
        elif field.message_type and isinstance(named[field.name], list):
            named[field.name] = [proto_names(field.message_type, one) for one in named[field.name]]
    return named
