# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Every method of the API, called by every kind of caller: the table of authorization.py against the real server.

The world is made once. The app at home has users owner, admin, member, ex_member, stranger and deactivated, and a
group, of which all but the stranger are members; ex_member left it. Member and admin have an individual chat. Another
app has a user of its own. What a call changes is made for that call.
"""
import queue
import secrets
import time

import grpc
import jwt
import pytest
from api_client import METHODS, SERVICES, Api, Person
from authorization import CALLERS, CREDENTIALS, GROUPS, OK, ROWS, STREAM, faults
from parley_pb import options_pb2, stream_service_pb2
from refusals import Refusal, reason_of
from rest_client import http_rules_of
from uuid7 import uuid7

pytestmark = pytest.mark.transports("grpc", "rest")

STREAM_S = 120
SECRET = "a secret"
SCOPES = {f"{service.name}.{method.name}": options_pb2.Scope.Name(method.GetOptions().Extensions[options_pb2.scope])
          for service in SERVICES for method in service.methods}
EACH_ROW = pytest.mark.parametrize("row", [
    pytest.param(row, id=row.name, marks=[pytest.mark.transports("grpc")] if row.method == STREAM else [])
    for row in ROWS])
# Every table whose rows only a call changes at once: cursors and watermarks are written behind acknowledgements, SELF
# chats behind what they tell of, and when users were last there behind their streams' ends.
STATE = """select relname, md5(query_to_xml(format('select * from %I t%s order by t::text', relname,
    case when exists (select from pg_attribute where attrelid = c.oid and attname = 'chat_id')
    then ' where chat_id not in (select chat_id from chats where chat_type = 3)' end), true, false, '')::text)
    from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
    and relname not in ('device_cursors', 'watermarks', 'receipt_moves', 'append_feed', 'nodes', 'last_seen')"""


class Things:
    """What a request may name: all of it is of the app at home."""

    def __init__(self, server):
        self.operator = server.api(x_api_key=server.operator_key)
        self.app_id = self.operator.CreateApp(name="Home").app_id
        self.api_key = self.operator.CreateApiKey(app_id=self.app_id).secret
        self.backend = server.api(x_api_key=self.api_key)
        self.last_device = None
        self.people = {name: Person(self.backend, name) for name in (
            "owner", "admin", "member", "ex_member", "stranger", "deactivated")}
        self._old_message = self.new_left_message()
        self._group = self.people["owner"].api.GetMessage(message_id=self._old_message).chat_id
        self._message = self.say("member", chat_id=self._group)
        private = self.say("member", recipient_id=self.admin())
        self._individual = private.chat_id
        self.people["member"].api.LeaveChat(chat_id=self.new_group())
        self._self_chat = find_self_chat(server, self.people["member"].token)
        self.chat_words = {SECRET, self._group, self._individual, self._self_chat, private.message_id,
                           self._old_message, self._message.message_id}
        self.words = self.chat_words | {self.app_id, *(person.user_id for person in self.people.values())}

    @staticmethod
    def new_name():
        """A username that nobody has."""
        return f"n{secrets.token_hex(8)}"

    def app(self):
        """The app."""
        return self.app_id

    def member(self):
        """The member."""
        return self.people["member"].user_id

    def admin(self):
        """The admin."""
        return self.people["admin"].user_id

    def new_user(self):
        """A user with a device."""
        user_id = self.backend.CreateUser(username=self.new_name()).user_id
        self.backend.CreateDevice(user_id=user_id)
        return user_id

    def new_blocked_user(self):
        """A user whom the member blocks."""
        user_id = self.new_user()
        self.backend.BlockUser(user_id=self.member(), blocked_user_id=user_id)
        return user_id

    def new_device(self):
        """A device of the member, in the place of the last one: a user may not have any number."""
        if self.last_device:
            self.backend.RevokeDevice(user_id=self.member(), device_id=self.last_device)
        self.last_device = self.backend.CreateDevice(user_id=self.member()).device_id
        return self.last_device

    def new_token(self):
        """Another one for the device of the member's that calls."""
        person = self.people["member"]
        return self.backend.CreateToken(user_id=person.user_id, device_id=person.device_id).token

    def revoked_token(self):
        """Of a device that the member lost."""
        names = {"user_id": self.member(), "device_id": self.new_device()}
        token = self.backend.CreateToken(**names).token
        self.backend.RevokeDevice(**names)
        return token

    def new_api_key(self):
        """An API key."""
        return self.backend.CreateApiKey(app_id=self.app_id).api_key.key_id

    def new_signing_key(self):
        """A signing key."""
        return self.backend.RegisterSigningKey(app_id=self.app_id, algorithm="SIGNING_ALGORITHM_HS256",
                                               secret=b"k" * 32).key_id

    def group(self):
        """The group."""
        return self._group

    def create_group(self, **settings):
        """A group of all but the stranger."""
        members = [{"user_id": self.people[name].user_id} for name in ("member", "ex_member", "deactivated")]
        return self.people["owner"].api.CreateChat(
            chat_type="CHAT_TYPE_GROUP", settings=settings,
            participants=[{"user_id": self.admin(), "role": "ROLE_ADMIN"}, *members]).chat_id

    def new_group(self, **settings):
        """A group like the first."""
        chat_id = self.create_group(**settings)
        self.people["ex_member"].api.LeaveChat(chat_id=chat_id)
        return chat_id

    def new_open_group(self):
        """One that everybody of the app may join."""
        return self.new_group(join_policy="JOIN_POLICY_OPEN")

    def individual(self):
        """The chat of member and admin."""
        return self._individual

    def self_chat(self):
        """Of the member."""
        return self._self_chat

    def say(self, name, **where):
        """A message."""
        return self.people[name].api.SendMessage(content=SECRET, **where)

    def new_message(self, sender):
        """One in the group."""
        return self.say(sender, chat_id=self._group).message_id

    def new_individual_message(self):
        """The member's, in the chat with the admin."""
        return self.say("member", chat_id=self._individual).message_id

    def new_left_message(self):
        """What ex_member said, in a group like the first, before leaving it."""
        chat_id = self.create_group()
        message_id = self.say("ex_member", chat_id=chat_id).message_id
        self.people["ex_member"].api.LeaveChat(chat_id=chat_id)
        return message_id

    def message(self):
        """The member's, which came when ex_member had left."""
        return self._message.message_id

    def message_seq(self):
        """Its place."""
        return self._message.seq

    def old_message(self):
        """One from the time of ex_member."""
        return self._old_message


class Nothing:
    """The same names for what is not there. What nobody can guess is as it is."""

    def __init__(self, things):
        self.same = {"new_name": things.new_name, "message_seq": things.message_seq,
                     "revoked_token": things.revoked_token}

    def __getattr__(self, name):
        return self.same.get(name, lambda *_sender, **_settings: uuid7())


class World:
    """Things, and a caller of every kind."""

    def __init__(self, server, postgres):
        self.things, self.postgres = Things(server), postgres
        home, people, member = self.things, self.things.people, self.things.people["member"]
        other_app = home.operator.CreateApp(name="Other").app_id
        other_key = home.operator.CreateApiKey(app_id=other_app).secret
        other = Person(server.api(x_api_key=other_key), "other")
        metadata = {
            "nobody": {},
            "expired_token": {"authorization": f"Bearer {self.expired_token()}"},
            "revoked_device": {"authorization": f"Bearer {home.revoked_token()}"},
            "deactivated_user": {"authorization": f"Bearer {people['deactivated'].token}"},
            "device_for_other": self.token_of("member") | {"parley_user": people["owner"].user_id},
            "revoked_key": {"x_api_key": self.revoked_key(), "parley_user": member.user_id},
            "app_for_deactivated_user": {"x_api_key": home.api_key, "parley_user": people["deactivated"].user_id},
            "other_app_for_member": {"x_api_key": other_key, "parley_user": member.user_id},
            "operator_for_member": {"x_api_key": server.operator_key, "parley_user": member.user_id},
            "operator": {"x_api_key": server.operator_key},
            "app": {"x_api_key": home.api_key},
            "app_for_member": {"x_api_key": home.api_key, "parley_user": member.user_id},
            "app_for_stranger": {"x_api_key": home.api_key, "parley_user": people["stranger"].user_id},
            "other_app": {"x_api_key": other_key},
            "other_app_for_user": {"x_api_key": other_key, "parley_user": other.user_id},
            "other_user": {"authorization": f"Bearer {other.token}"},
        } | {name: self.token_of(name) for name in ("owner", "admin", "member", "ex_member", "stranger")}
        home.backend.DeactivateUser(user_id=people["deactivated"].user_id)
        self.callers = {name: server.api(**fields) for name, fields in metadata.items()}

    def token_of(self, name):
        """The metadata of a device."""
        return {"authorization": f"Bearer {self.things.people[name].token}"}

    def expired_token(self):
        """The member's, signed as an app does it, from ten minutes ago."""
        home, member, now = self.things, self.things.people["member"], int(time.time())
        key = home.backend.RegisterSigningKey(app_id=home.app_id, algorithm="SIGNING_ALGORITHM_HS256",
                                              secret=b"e" * 32)
        claims = {"aud": "parley", "app": home.app_id, "sub": member.user_id, "device": member.device_id,
                  "iat": now - 1200, "exp": now - 600}
        return jwt.encode(claims, b"e" * 32, algorithm="HS256", headers={"kid": key.key_id})

    def revoked_key(self):
        """The app's."""
        key = self.things.operator.CreateApiKey(app_id=self.things.app_id)
        self.things.operator.RevokeApiKey(app_id=self.things.app_id, key_id=key.api_key.key_id)
        return key.secret

    def close(self):
        """Closes every connection."""
        home = self.things
        for api in (home.operator, home.backend, *(person.api for person in home.people.values()),
                    *self.callers.values()):
            api.close()

    def call(self, row, caller, request):
        """Makes the call; the reason of its refusal or OK, and the reply."""
        api = self.callers[caller]
        try:
            if row.method == STREAM:
                return stream(api, row.field, request)
            reply = getattr(api, row.method.rpartition(".")[2])(**request)
            return row.verdict(reply) if row.verdict else OK, reply
        except (Refusal, grpc.RpcError) as error:
            return reason_of(error), None


def connect(api, frames):
    """A stream that says what is put into the queue `frames`, until None."""
    method = api.channel.stream_stream("/parley.v1.StreamService/Connect",
                                       request_serializer=stream_service_pb2.ClientFrame.SerializeToString,
                                       response_deserializer=stream_service_pb2.ServerFrame.FromString)
    return method(iter(frames.get, None), metadata=api.metadata, timeout=STREAM_S, wait_for_ready=True)


def stream(api, field, value):
    """Says a frame with this field, once all is caught up, and reads to the end."""
    frames, replies, verdict = queue.SimpleQueue(), [], OK
    hello = value if field == "hello" else {"protocol_version": 1}
    frames.put(stream_service_pb2.ClientFrame(hello=hello))
    try:
        for frame in connect(api, frames):
            replies.append(frame)
            verdict = frame.faileds[0].reason if frame.faileds else verdict
            if frame.caught_up:
                if field != "hello":
                    frames.put(stream_service_pb2.ClientFrame(**{field: value}))
                frames.put(None)
    finally:
        frames.put(None)
    return verdict, replies


def find_self_chat(server, token):
    """The chat in which the user of a device is told that they left a group, once they are."""
    api, frames = Api(server.address, authorization=f"Bearer {token}"), queue.SimpleQueue()
    frames.put(stream_service_pb2.ClientFrame(hello={"protocol_version": 1}))
    entries = (entry for frame in connect(api, frames) for entry in frame.entries)
    chat_id = next(entry.chat_id for entry in entries if entry.event.HasField("chat_left"))
    frames.put(None)
    api.close()
    return chat_id


@pytest.fixture(name="world", scope="module")
def fixture_world(server, postgres):
    """The world of this file."""
    world = World(server, postgres)
    yield world
    world.close()


def test_table_is_complete():
    """Each method and each field of a frame has its row. The build checks it, too."""
    assert not faults(SCOPES, [field.name for field in stream_service_pb2.ClientFrame.DESCRIPTOR.fields])


def test_every_unary_method_is_called_over_rest():
    """Each has its twin there, and somebody who is let in."""
    let_in = {row.method for row in ROWS if OK in row.expected(SCOPES[row.method]).values()}
    bindings = {f"{method.containing_service.name}.{name}": http_rules_of(method) for name, method in METHODS.items()}
    assert {method: len(rules) for method, rules in bindings.items()} == dict.fromkeys(let_in - {STREAM}, 1)


@pytest.mark.parametrize("caller", [*CREDENTIALS, *CALLERS])
@EACH_ROW
def test_cell(world, row, caller):
    """One call; who is let in sees nothing of another app, and strangers nothing of a chat."""
    verdict, reply = world.call(row, caller, row.request(world.things))
    assert verdict == row.expected(SCOPES[row.method])[caller]
    if caller in GROUPS["foreign"]:
        assert not [word for word in world.things.words if word in str(reply)]
    if caller == "stranger":
        assert not [word for word in world.things.chat_words if word in str(reply)]


@EACH_ROW
def test_refusals_change_nothing(world, row):
    """Everybody who is refused tries it at once, on the same things."""
    request = row.request(world.things)
    refused = [caller for caller, verdict in row.expected(SCOPES[row.method]).items() if verdict != OK]
    before = world.postgres.query(STATE)
    assert OK not in {world.call(row, caller, request)[0] for caller in refused}
    assert world.postgres.query(STATE) == before


@EACH_ROW
def test_outsiders_cannot_tell_what_is_there(world, row):
    """What is not there is refused as what is not theirs."""
    expected = row.expected(SCOPES[row.method])
    outsiders = [caller for caller in ("stranger", *GROUPS["foreign"]) if expected[caller] != OK]
    request = row.request(Nothing(world.things))
    assert {caller: world.call(row, caller, request)[0] for caller in outsiders} == {
        caller: expected[caller] for caller in outsiders}
