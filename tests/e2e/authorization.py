# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Who may call what: one row for each method, and for each kind of frame that a device says on its stream.

A row is a function that makes a valid request, and what becomes of those who call. Bad credentials and the method's
scope are judged alike everywhere, so they are derived; a row states the rules of the resource only (member, admin,
owner, own app, own device). Who is not named and not kept out by the scope may call, but for outsiders: what becomes
of them must be stated in every row, so nothing is open to them by having been forgotten.

The world that the callers live in is described in test_authorization.py, which makes every call of the table.
check_authorization.py fails the build when a method has no row. There are no imports of generated code here, so that
this check needs no server and no gRPC.
"""
import dataclasses
import typing

OK = "OK"
DENIED = "PERMISSION_DENIED"

# Refused wherever they call, but with credentials that would be right if they were in force.
CREDENTIALS = {
    "nobody": "CREDENTIALS_MISSING",
    "expired_token": "TOKEN_EXPIRED",
    "revoked_device": "DEVICE_REVOKED",
    "deactivated_user": "USER_DEACTIVATED",
    "device_for_other": "ACTING_USER_REFUSED",
    "revoked_key": "API_KEY_INVALID",
    "app_for_deactivated_user": "USER_DEACTIVATED",
    "other_app_for_member": "USER_NOT_FOUND",
    "operator_for_member": "ACTING_USER_REFUSED",
}

# The others, by what a scope looks at. other_* are of another app.
OPERATOR, APP, APP_FOR_USER, DEVICE = "operator", "app", "app for a user", "device"
CALLERS = {
    "operator": OPERATOR,
    "app": APP,
    "app_for_member": APP_FOR_USER,
    "app_for_stranger": APP_FOR_USER,
    "owner": DEVICE,
    "admin": DEVICE,
    "member": DEVICE,
    "ex_member": DEVICE,
    "stranger": DEVICE,
    "other_app": APP,
    "other_app_for_user": APP_FOR_USER,
    "other_user": DEVICE,
}

# Names that stand for several callers in a row; a later name of a row overrides an earlier one.
GROUPS = {
    "foreign": ("other_app", "other_app_for_user", "other_user"),
    "outsiders": ("other_app", "other_app_for_user", "other_user", "stranger", "ex_member", "app_for_stranger"),
    "devices": tuple(caller for caller, column in CALLERS.items() if column == DEVICE),
    "everybody": tuple(CALLERS),
}
MUST_BE_STATED = ("other_app", "other_app_for_user", "other_user", "stranger", "ex_member")

# What a scope says to a column. Who is not here may call.
SCOPES = {
    "SCOPE_OPERATOR": {APP: DENIED, APP_FOR_USER: DENIED, DEVICE: DENIED},
    "SCOPE_OPERATOR_OR_APP": {DEVICE: DENIED},
    "SCOPE_APP": {OPERATOR: DENIED, DEVICE: DENIED},
    "SCOPE_APP_OR_USER": {OPERATOR: DENIED},
    "SCOPE_USER": {OPERATOR: DENIED, APP: "ACTING_USER_MISSING"},
    "SCOPE_DEVICE": {OPERATOR: DENIED, APP: DENIED, APP_FOR_USER: DENIED},
}

STREAM = "StreamService.Connect"


@dataclasses.dataclass(frozen=True)
class Row:
    """One method, or one case of it."""

    method: str  # "ChatService.GetChat"
    request: typing.Callable  # what is named (see test_authorization.py) -> fields of the request, or of a frame
    stated: dict  # caller -> reason or OK
    case: str = ""  # of the stream: its first word is the field of ClientFrame
    verdict: typing.Callable = None  # reply -> reason or OK, where a reply may tell of a refusal

    @property
    def name(self):
        """For people."""
        return f"{self.method} ({self.case})" if self.case else self.method

    @property
    def field(self):
        """Of ClientFrame."""
        return self.case.partition(" ")[0]

    def expected(self, scope):
        """What each kind of caller gets: a reason or OK."""
        by_scope = {caller: SCOPES[scope].get(column) for caller, column in CALLERS.items()}
        return CREDENTIALS | {caller: by_scope[caller] or self.stated.get(caller, OK) for caller in CALLERS}


def row(method, request, case="", verdict=None, **stated):
    """A row; `stated` has callers and groups of callers."""
    by_caller = {}
    for name, reason in stated.items():
        by_caller.update({caller: reason for caller in GROUPS.get(name, (name,))})
    return Row(method, request, by_caller, case, verdict)


def first_result(reply):
    """Of SendMessages, which succeeds whatever becomes of its messages."""
    return reply.results[0].error.reason or OK


def own_user(missing):
    """A device does it for its own user only, which is the member; an app for its own users."""
    return {"devices": DENIED, "other_app": missing, "other_app_for_user": missing, "member": OK}


NOT_MEMBERS = {"outsiders": "NOT_A_MEMBER"}
ONLY_THE_MEMBER = {**NOT_MEMBERS, "admin": "NOT_A_MEMBER", "owner": "NOT_A_MEMBER"}
NOT_READERS = {"outsiders": "MESSAGE_NOT_FOUND"}
# An app's backend does it in every group of its own app, whoever it acts for.
NOT_MEMBERS_NOR_BACKEND = {**NOT_MEMBERS, "app_for_stranger": OK, "other_app_for_user": "CHAT_NOT_FOUND"}

ROWS = [
    # What belongs to an app: the operator and the app's own backend.
    row("AdminService.CreateApp", lambda it: {"name": it.new_name()}),
    row("AdminService.GetApp", lambda it: {"app_id": it.app()}, foreign=DENIED),
    row("AdminService.UpdateApp", lambda it: {"app_id": it.app(), "max_group_members": 1000}),
    row("AdminService.CreateApiKey", lambda it: {"app_id": it.app()}, foreign=DENIED),
    row("AdminService.ListApiKeys", lambda it: {"app_id": it.app()}, foreign=DENIED),
    row("AdminService.RotateApiKey", lambda it: {"app_id": it.app(), "key_id": it.new_api_key()}, foreign=DENIED),
    row("AdminService.RevokeApiKey", lambda it: {"app_id": it.app(), "key_id": it.new_api_key()}, foreign=DENIED),
    row("AdminService.RegisterSigningKey",
        lambda it: {"app_id": it.app(), "algorithm": "SIGNING_ALGORITHM_HS256", "secret": b"s" * 32}, foreign=DENIED),
    row("AdminService.ListSigningKeys", lambda it: {"app_id": it.app()}, foreign=DENIED),
    row("AdminService.RevokeSigningKey", lambda it: {"app_id": it.app(), "key_id": it.new_signing_key()},
        foreign=DENIED),

    # Users and devices: those of the caller's app.
    row("UserService.CreateUser", lambda it: {"username": it.new_name()}, foreign=OK),
    row("UserService.GetUser", lambda it: {"user_id": it.member()}, everybody=OK, foreign="USER_NOT_FOUND"),
    row("UserService.ListUsers", lambda it: {"page_size": 100}, foreign=OK),
    row("UserService.UpdateUser", lambda it: {"user_id": it.member(), "about": "here"}, **own_user("USER_NOT_FOUND")),
    row("UserService.UpdateUser", lambda it: {"user_id": it.member(), "username": it.new_name()}, case="username",
        **own_user("USER_NOT_FOUND") | {"member": DENIED}),
    row("UserService.DeactivateUser", lambda it: {"user_id": it.new_user()}, foreign="USER_NOT_FOUND"),
    row("UserService.ReactivateUser", lambda it: {"user_id": it.new_user()}, foreign="USER_NOT_FOUND"),
    row("UserService.DeleteUser", lambda it: {"user_id": it.new_user()}, foreign="USER_NOT_FOUND"),
    row("UserService.LookupUsers", lambda it: {"usernames": ["stranger", "owner"]}, everybody=OK),
    row("UserService.CreateDevice", lambda it: {"user_id": it.member()}, foreign="USER_NOT_FOUND"),
    row("UserService.ListDevices", lambda it: {"user_id": it.member()}, **own_user("USER_NOT_FOUND")),
    row("UserService.UpdateDevice",
        lambda it: {"user_id": it.member(), "device_id": it.new_device(), "name": "tablet"},
        **own_user("DEVICE_NOT_FOUND")),
    row("UserService.RevokeDevice", lambda it: {"user_id": it.member(), "device_id": it.new_device()},
        **own_user("DEVICE_NOT_FOUND")),
    row("UserService.BlockUser", lambda it: {"user_id": it.member(), "blocked_user_id": it.new_user()},
        **own_user("USER_NOT_FOUND")),
    row("UserService.UnblockUser", lambda it: {"user_id": it.member(), "blocked_user_id": it.new_blocked_user()},
        **own_user("USER_NOT_FOUND")),
    row("UserService.ListBlockedUsers", lambda it: {"user_id": it.member()}, **own_user("USER_NOT_FOUND")),
    row("UserService.CreateToken", lambda it: {"user_id": it.member(), "device_id": it.new_device()},
        foreign="DEVICE_NOT_FOUND"),

    # Chats: their members, of whom some may do more.
    row("ChatService.CreateChat",
        lambda it: {"chat_type": "CHAT_TYPE_GROUP",
                    "participants": [{"user_id": it.member()}, {"user_id": it.new_user()}]},
        everybody=OK, foreign="USER_NOT_FOUND"),
    row("ChatService.CreateChat",
        lambda it: {"chat_type": "CHAT_TYPE_INDIVIDUAL", "participants": [{"user_id": it.new_user()}]},
        case="individual", everybody=OK, foreign="USER_NOT_FOUND"),
    row("ChatService.GetChat", lambda it: {"chat_id": it.group()}, **NOT_MEMBERS),
    row("ChatService.GetChat", lambda it: {"chat_id": it.individual()}, case="individual", **NOT_MEMBERS,
        owner="NOT_A_MEMBER"),
    row("ChatService.GetChat", lambda it: {"chat_id": it.self_chat()}, case="self", **ONLY_THE_MEMBER),
    row("ChatService.UpdateChat",
        lambda it: {"chat_id": it.new_group(), "name": "new", "update_mask": {"paths": ["name"]}},
        **NOT_MEMBERS_NOR_BACKEND, member=DENIED),
    row("ChatService.UpdateChat",
        lambda it: {"chat_id": it.new_group(who_may_edit="ROLE_MEMBER"), "name": "new",
                    "update_mask": {"paths": ["name"]}},
        case="where members may", **NOT_MEMBERS_NOR_BACKEND),
    row("ChatService.UpdateChat",
        lambda it: {"chat_id": it.new_group(who_may_edit="ROLE_MEMBER"), "settings": {"who_may_send": "ROLE_ADMIN"},
                    "update_mask": {"paths": ["settings.who_may_send"]}},
        case="settings where members may edit", **NOT_MEMBERS_NOR_BACKEND, member=DENIED),
    row("ChatService.DeleteChat", lambda it: {"chat_id": it.new_group()}, **NOT_MEMBERS_NOR_BACKEND, member=DENIED,
        admin=DENIED),
    row("ChatService.ListParticipants", lambda it: {"chat_id": it.group()}, **NOT_MEMBERS_NOR_BACKEND),
    row("ChatService.ListParticipants", lambda it: {"chat_id": it.individual()}, case="individual",
        **NOT_MEMBERS_NOR_BACKEND, owner="NOT_A_MEMBER"),
    row("ChatService.ListParticipants", lambda it: {"chat_id": it.self_chat()}, case="self",
        **ONLY_THE_MEMBER | NOT_MEMBERS_NOR_BACKEND),
    row("ChatService.UpdateParticipants",
        lambda it: {"chat_id": it.new_group(), "add": [{"user_id": it.new_user()}]}, case="add",
        **NOT_MEMBERS_NOR_BACKEND, member=DENIED),
    row("ChatService.UpdateParticipants", lambda it: {"chat_id": it.new_group(), "remove": [it.admin()]},
        case="remove an admin", **NOT_MEMBERS_NOR_BACKEND, member=DENIED),
    row("ChatService.UpdateParticipants",
        lambda it: {"chat_id": it.new_group(), "add": [{"user_id": it.member(), "role": "ROLE_ADMIN"}]},
        case="make an admin", **NOT_MEMBERS_NOR_BACKEND, member=DENIED, admin=DENIED),
    row("ChatService.UpdateParticipants",
        lambda it: {"chat_id": it.new_group(who_may_add="ROLE_MEMBER"), "add": [{"user_id": it.new_user()}]},
        case="add where members may", **NOT_MEMBERS_NOR_BACKEND),
    row("ChatService.UpdateParticipants",
        lambda it: {"chat_id": it.new_group(join_policy="JOIN_POLICY_API_KEY"), "add": [{"user_id": it.new_user()}]},
        case="add where API keys do", **NOT_MEMBERS_NOR_BACKEND, member=DENIED, admin=DENIED, owner=DENIED),
    row("ChatService.JoinChat", lambda it: {"chat_id": it.new_group()}, outsiders=DENIED, app_for_stranger=OK,
        other_app_for_user="CHAT_NOT_FOUND"),
    row("ChatService.JoinChat", lambda it: {"chat_id": it.new_open_group()}, case="open", everybody=OK,
        other_user=DENIED, other_app_for_user="CHAT_NOT_FOUND"),
    row("ChatService.LeaveChat", lambda it: {"chat_id": it.new_group()}, **NOT_MEMBERS),
    row("ChatService.ListChats", lambda it: {}, everybody=OK, app="ACTING_USER_MISSING",
        other_app="ACTING_USER_MISSING"),
    row("ChatService.ListChats", lambda it: {"user_id": it.member()}, case="of a user", **own_user("USER_NOT_FOUND")),

    # Messages: who was a member at the time.
    row("MessageService.SendMessage", lambda it: {"chat_id": it.group(), "content": "hello"}, **NOT_MEMBERS),
    row("MessageService.SendMessage",
        lambda it: {"chat_id": it.new_group(who_may_send="ROLE_ADMIN"), "content": "hello"},
        case="where admins may", **NOT_MEMBERS, member=DENIED, app_for_member=DENIED),
    row("MessageService.SendMessage", lambda it: {"chat_id": it.individual(), "content": "hello"}, case="individual",
        **NOT_MEMBERS, owner="NOT_A_MEMBER"),
    row("MessageService.SendMessage", lambda it: {"chat_id": it.self_chat(), "content": "hello"}, case="self",
        **ONLY_THE_MEMBER, member=DENIED, app_for_member=DENIED),
    row("MessageService.SendMessage", lambda it: {"recipient_id": it.new_user(), "content": "hello"},
        case="to a user", everybody=OK, foreign="USER_NOT_FOUND"),
    row("MessageService.SendMessages", lambda it: {"messages": [{"chat_id": it.group(), "content": "hello"}]},
        verdict=first_result, **NOT_MEMBERS),
    row("MessageService.GetMessage", lambda it: {"message_id": it.message()}, **NOT_READERS),
    row("MessageService.GetMessage", lambda it: {"message_id": it.old_message()}, case="of their time", **NOT_READERS,
        ex_member=OK),
    row("MessageService.ListMessages", lambda it: {"chat_id": it.group()}, **NOT_MEMBERS),
    row("MessageService.ListMessages", lambda it: {"chat_id": it.group(), "before_message_id": it.message()},
        case="before a message", **NOT_MEMBERS),
    row("MessageService.ListMessages", lambda it: {"chat_id": it.self_chat()}, case="self", **ONLY_THE_MEMBER),
    row("MessageService.MarkRead", lambda it: {"message_id": it.message()}, **NOT_READERS),
    row("MessageService.ListReceipts", lambda it: {"message_id": it.message()}, **NOT_READERS),
    row("MessageService.ListReceipts", lambda it: {"message_id": it.old_message()}, case="of their time",
        **NOT_READERS, ex_member=OK),
    row("MessageService.ReactToMessage", lambda it: {"message_id": it.new_message("owner"), "emoji": "+1"},
        **NOT_READERS),
    row("MessageService.ReactToMessage", lambda it: {"message_id": it.new_left_message(), "emoji": "+1"},
        case="of who left", **NOT_READERS, ex_member="NOT_A_MEMBER"),
    row("MessageService.ReactToMessage", lambda it: {"message_id": it.new_individual_message(), "emoji": "+1"},
        case="individual", **NOT_READERS, owner="MESSAGE_NOT_FOUND"),
    row("MessageService.ListReactions", lambda it: {"message_id": it.message()}, **NOT_READERS),
    row("MessageService.ListReactions", lambda it: {"message_id": it.old_message()}, case="of their time",
        **NOT_READERS, ex_member=OK),

    row("MessageService.HideMessage", lambda it: {"message_id": it.new_message("member")}, **NOT_READERS),
    row("MessageService.HideMessage", lambda it: {"message_id": it.new_left_message()}, case="of their time",
        **NOT_READERS, ex_member=OK),
    row("MessageService.EditMessage", lambda it: {"message_id": it.new_message("member"), "content": "edited"},
        **NOT_READERS, admin=DENIED, owner=DENIED),
    row("MessageService.EditMessage", lambda it: {"message_id": it.new_left_message(), "content": "edited"},
        case="of who left", **NOT_READERS, ex_member="NOT_A_MEMBER", app_for_member=DENIED, member=DENIED,
        admin=DENIED, owner=DENIED),
    row("MessageService.DeleteMessage", lambda it: {"message_id": it.new_message("member")}, **NOT_READERS,
        app_for_stranger=OK),
    row("MessageService.DeleteMessage", lambda it: {"message_id": it.new_message("owner")}, case="of another",
        **NOT_READERS, app_for_stranger=OK, member=DENIED),
    row("MessageService.DeleteMessage", lambda it: {"message_id": it.new_left_message()}, case="of who left",
        **NOT_READERS, ex_member="NOT_A_MEMBER", app_for_stranger=OK, member=DENIED),
    row("MessageService.DeleteMessage", lambda it: {"message_id": it.new_individual_message()}, case="individual",
        **NOT_READERS, app_for_stranger=OK, owner="MESSAGE_NOT_FOUND", admin=DENIED),

    row("PresenceService.GetPresence", lambda it: {"user_id": it.member()}, everybody=OK, foreign="USER_NOT_FOUND"),
    row("SyncService.ListHeads", lambda it: {"page_size": 100}, everybody=OK),
    row("SyncService.Sync", lambda it: {"page_size": 1}, everybody=OK),
    row("SyncService.AckSync", lambda it: {"acks": [{"chat_id": it.group(), "seq": 1}]}, **NOT_MEMBERS,
        ex_member=OK),
    row("SyncService.AckSync", lambda it: {"acks": [{"chat_id": it.group(), "seq": it.message_seq()}]},
        case="of a later time", **NOT_MEMBERS, ex_member="INVALID_ARGUMENT"),

    # The stream: a row for each field of ClientFrame.
    row(STREAM, lambda it: {"protocol_version": 1, "cursors": [{"chat_id": it.group(), "seq": 1}]}, case="hello",
        everybody=OK),
    row(STREAM, lambda it: [{"request_id": 1, "message": {"chat_id": it.group(), "content": "hello"}}], case="sends",
        **NOT_MEMBERS),
    row(STREAM, lambda it: [{"chat_id": it.group(), "seq": it.message_seq()}], case="acks",
        outsiders="INVALID_ARGUMENT"),
    # A read of a chat that the user never was in comes to nothing, without a word; who left cannot read what came after.
    row(STREAM, lambda it: [{"chat_id": it.group(), "seq": it.message_seq()}], case="reads", everybody=OK,
        ex_member="INVALID_ARGUMENT"),
    row(STREAM, lambda it: [{"chat_id": it.group(), "after_seq": 0}], case="fetches", everybody=OK),
    # Of no member it comes to nothing, without a word; see test_typing.py.
    row(STREAM, lambda it: [{"chat_id": it.group(), "is_typing": True}], case="typings", everybody=OK),
    row(STREAM, lambda it: {"user_ids": [it.member()]}, case="watch", everybody=OK),
    row(STREAM, lambda it: {"token": it.new_token()}, case="reauth", devices="TOKEN_INVALID", member=OK),
    row(STREAM, lambda it: {"token": it.revoked_token()}, case="reauth of a revoked device", devices="DEVICE_REVOKED"),
]


def faults(scopes, frame_fields):
    """What is wrong with the table, in sentences. `scopes`: method -> scope; `frame_fields`: those of ClientFrame."""
    methods = {one.method for one in ROWS}
    fields = {one.field for one in ROWS if one.method == STREAM}
    found = [f"{method} has no row: say in authorization.py who may call it" for method in scopes
             if method not in methods]
    found += [f"{method} has a row in authorization.py, but there is no such method"
              for method in sorted(methods - scopes.keys())]
    found += [f"ClientFrame.{field} has no row: say in authorization.py who may send it" for field in frame_fields
              if field not in fields]
    found += [f"{STREAM} has a row for {field}, which is no field of ClientFrame"
              for field in sorted(fields - set(frame_fields))]
    for one in ROWS:
        found += row_faults(one, scopes.get(one.method))
    return found


def row_faults(one, scope):
    """What is wrong with a row of a method with this scope; None when there is no such method."""
    found = [f"{one.name}: {caller} is no kind of caller" for caller in one.stated if caller not in CALLERS]
    if scope is None:
        return found
    if scope not in SCOPES:
        return found + [f"{one.name} has {scope}, of which authorization.py knows nothing"]
    return found + [f"{one.name}: the row does not say what becomes of {caller}" for caller in MUST_BE_STATED
                    if CALLERS[caller] not in SCOPES[scope] and caller not in one.stated]
