# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Every unary method, called with plain grpcio, over REST, with the command (and so with the C SDK), and with the
Python package.

One walk through an app's life calls each method once at least and looks at what became of it.
"""
import pathlib
import re

import pytest
from api_client import METHODS
from command_caller import TABLE, CommandCaller
from parley_pb import admin_service_pb2 as admin, chat_service_pb2 as chats, message_service_pb2 as messages
from python_package import PackageCaller, installed  # noqa: F401 pylint: disable=unused-import

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")
ROOT = pathlib.Path(__file__).parents[2]


def test_every_method_has_a_command_and_a_function():
    """A method that is new to the protos has a row in the table, and the row names things that there are."""
    protos = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "api/parley/v1").glob("*.proto"))
    unary = re.findall(r"\brpc (\w+)\((?!stream )", protos)
    assert len(unary) == len(set(unary)) and set(unary) == set(METHODS)
    assert set(TABLE) == set(unary)
    headers = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "sdk/c/include/parley").glob("*.h"))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "sdk/c/cli").glob("*.c"))
    for row in TABLE.values():
        assert re.search(rf"^PARLEY_API parley_status {row.function}\(", headers, re.MULTILINE), row.function
        assert f'.name = "{row.command}",' in sources, row.command


class Callers:
    """Makes callers, and counts which methods they call."""

    def __init__(self, new):
        self.new, self.made, self.called = new, [], set()

    def __call__(self, **metadata):
        caller = self.new(**metadata)
        call = caller.call
        caller.call = lambda method, request: self.called.add(method.name) or call(method, request)
        self.made.append(caller)
        return caller

    def close(self):
        """Closes them all."""
        for caller in self.made:
            caller.close()


@pytest.fixture(params=["plain", pytest.param("command", marks=pytest.mark.transports("grpc")),
                        pytest.param("package", marks=pytest.mark.transports("grpc"))])
def callers(request, server):
    """By the way in which they call."""
    if request.param == "package":
        environment = request.getfixturevalue("installed")
        callers = Callers(lambda **metadata: PackageCaller(environment, server.address, **metadata))
    elif request.param == "command":
        callers = Callers(lambda **metadata: CommandCaller(server.address, **metadata))
    else:
        callers = Callers(server.api)
    yield callers
    callers.close()


def mask(*paths):
    """A field mask."""
    return {"paths": paths}


def walk_apps(callers, operator):
    """An app and its keys; the app's backend, and the app's id."""
    app_id = operator.CreateApp(name="Walk").app_id
    assert operator.UpdateApp(app_id=app_id, max_group_members=9, update_mask=mask("max_group_members")).name == "Walk"
    assert operator.GetApp(app_id=app_id).max_group_members == 9
    first = operator.CreateApiKey(app_id=app_id, name="first")
    second = callers(x_api_key=first.secret).CreateApiKey(app_id=app_id, name="second")
    rotated = operator.RotateApiKey(app_id=app_id, key_id=first.api_key.key_id, grace_seconds=0)
    assert rotated.secret != first.secret
    backend = callers(x_api_key=rotated.secret)
    assert backend.RevokeApiKey(app_id=app_id, key_id=second.api_key.key_id).HasField("revoked_at")
    assert [(key.name, key.HasField("revoked_at")) for key in backend.ListApiKeys(app_id=app_id).api_keys] == [
        ("second", True), ("first", False)]
    key = backend.RegisterSigningKey(app_id=app_id, name="ours", algorithm=admin.SIGNING_ALGORITHM_HS256,
                                     secret=bytes(range(32)))
    assert backend.ListSigningKeys(app_id=app_id).signing_keys[0] == key and key.registered
    assert backend.RevokeSigningKey(app_id=app_id, key_id=key.key_id).HasField("revoked_at")
    return backend, rotated.secret


def walk_users(backend):
    """alice, bob and carol; what keeps carol out, and away."""
    alice, bob, carol = (backend.CreateUser(username=name).user_id for name in ("alice", "bob", "carol"))
    changed = backend.UpdateUser(user_id=alice, about="hi", phone_number="+31201234567",
                                 update_mask=mask("about", "phone_number"))
    assert (changed.about, backend.GetUser(user_id=alice)) == ("hi", changed)
    found = backend.LookupUsers(usernames=["bob", "nobody"], phone_numbers=["+31201234567"]).users
    assert {user.user_id for user in found} == {alice, bob}
    assert backend.DeactivateUser(user_id=carol).HasField("deactivated_at")
    assert not backend.ReactivateUser(user_id=carol).HasField("deactivated_at")
    backend.DeleteUser(user_id=carol)
    assert [user.user_id for user in backend.ListUsers().users] == [bob, alice]
    return alice, bob


def walk_devices(callers, backend, alice):
    """A device that is revoked, and one that calls from now on."""
    lost = backend.CreateDevice(user_id=alice, name="lost")
    assert backend.UpdateDevice(user_id=alice, device_id=lost.device_id, name="gone").name == "gone"
    phone = backend.CreateDevice(user_id=alice, name="phone")
    assert backend.RevokeDevice(user_id=alice, device_id=lost.device_id).HasField("revoked_at")
    assert list(backend.ListDevices(user_id=alice).devices) == [phone]
    token = backend.CreateToken(user_id=alice, device_id=phone.device_id).token
    return callers(authorization=f"Bearer {token}")


def walk_chats(device, acting, backend, alice, bob):
    """A group of alice's, which bob joins and leaves; acting is the backend for bob."""
    group = device.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, name="Team", participants=[{"user_id": bob}])
    assert (group.participant_count, group.name) == (2, "Team")
    changed = device.UpdateChat(chat_id=group.chat_id, description="all", etag=group.etag,
                                settings={"join_policy": chats.JOIN_POLICY_OPEN},
                                update_mask=mask("description", "settings.join_policy"))
    seen = acting.GetChat(chat_id=group.chat_id)
    assert (seen.description, seen.settings.join_policy) == ("all", chats.JOIN_POLICY_OPEN)
    assert seen.etag == changed.etag != group.etag
    assert acting.LeaveChat(chat_id=group.chat_id).left_seq > 0
    assert acting.JoinChat(chat_id=group.chat_id).participant_count == 2
    assert device.UpdateParticipants(chat_id=group.chat_id, participants=[
        {"user_id": alice}, {"user_id": bob, "role": chats.ROLE_ADMIN}]).seq > 0
    members = device.ListParticipants(chat_id=group.chat_id).participants
    assert [(one.user_id, one.role) for one in members] == [(alice, chats.ROLE_OWNER), (bob, chats.ROLE_ADMIN)]
    assert device.UpdateParticipants(chat_id=group.chat_id, participants=[{"user_id": alice}]).participant_count == 1
    assert [chat.chat_id for chat in backend.ListChats(user_id=alice).chats] == [group.chat_id]
    device.DeleteChat(chat_id=group.chat_id)
    assert not device.ListChats().chats


def walk_messages(device, acting, alice, bob):
    """What alice writes to bob, from the first word to the last receipt."""
    first = device.SendMessage(recipient_id=bob, content="first")
    batch = device.SendMessages(messages=[{"chat_id": first.chat_id, "content": text} for text in ("second", "third")])
    second, third = (result.message for result in batch.results)
    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    assert device.EditMessage(message_id=second.message_id, content="2nd").content == "2nd"
    assert device.DeleteMessage(message_id=third.message_id).seq > third.seq
    assert acting.MarkRead(message_id=second.message_id).last_read_seq == 2
    shown = acting.GetMessage(message_id=second.message_id)
    assert (shown.content, shown.sender_id, shown.status) == ("2nd", alice, messages.MESSAGE_STATUS_READ)
    listed = acting.ListMessages(chat_id=first.chat_id, after_message_id=first.message_id, before_seq=4).messages
    assert [(entry.seq, entry.content, entry.HasField("deleted_at")) for entry in listed] == [
        (3, "", True), (2, "2nd", False)]
    reacted = acting.ReactToMessage(message_id=second.message_id, emoji="\U0001F44D")
    assert [(one.emoji, one.count, one.mine) for one in reacted.reactions] == [("\U0001F44D", 1, True)]
    (reaction,) = device.ListReactions(message_id=second.message_id).reactions
    assert (reaction.user_id, reaction.emoji) == (bob, "\U0001F44D")
    assert not acting.ReactToMessage(message_id=second.message_id).reactions
    (receipt,) = device.ListReceipts(message_id=first.message_id).receipts
    assert (receipt.user_id, receipt.status) == (bob, messages.MESSAGE_STATUS_READ)
    heads = {head.chat_id: (head.last_seq, head.read_seq) for head in acting.ListHeads().heads}
    assert heads[first.chat_id] == (7, 2)
    assert acting.HideMessage(message_id=first.message_id).seq == 1
    assert [entry.seq for entry in acting.ListMessages(chat_id=first.chat_id, after_seq=0).messages] == [3, 2]
    page = device.Sync()
    assert [entry.seq for entry in page.entries if entry.chat_id == first.chat_id] == [1, 2, 3, 4, 5, 6, 7]
    assert [(one.user_id, one.read_seq) for one in page.receipts if one.chat_id == first.chat_id] == [(bob, 2)]
    device.AckSync(acks=[{"chat_id": first.chat_id, "seq": 7}])
    rest = device.Sync(wait_seconds=1, sync_token=page.sync_token)
    assert not rest.receipts and first.chat_id not in {entry.chat_id for entry in rest.entries}


def walk_blocks(device, acting, alice, bob):
    """alice blocks bob, and thinks better of it."""
    assert not acting.GetPresence(user_id=bob).online
    block = device.BlockUser(user_id=alice, blocked_user_id=bob)
    assert block.blocked_user_id == bob and block.HasField("created_at")
    assert list(device.ListBlockedUsers(user_id=alice).blocks) == [block]
    device.UnblockUser(user_id=alice, blocked_user_id=bob)
    assert not device.ListBlockedUsers(user_id=alice).blocks
    assert not acting.ListBlockedUsers(user_id=bob).blocks


def test_every_method_does_what_it_says(server, callers):
    """And none is left out."""
    operator = callers(x_api_key=server.operator_key)
    backend, secret = walk_apps(callers, operator)
    alice, bob = walk_users(backend)
    device = walk_devices(callers, backend, alice)
    acting = callers(x_api_key=secret, parley_user=bob)
    walk_chats(device, acting, backend, alice, bob)
    walk_messages(device, acting, alice, bob)
    walk_blocks(device, acting, alice, bob)
    assert callers.called == set(METHODS)
