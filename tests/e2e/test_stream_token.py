# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""How long a stream may go on: newer tokens, and whatever let it in is revoked. There is no bus in these tests."""
import queue
import time

import grpc
import jwt
import pytest
from parley_pb import admin_service_pb2, stream_service_pb2 as pb
from programs import RETRY_FAST
from refusals import reason_of

SECRET = b"an hmac secret of 36 random bytes..."
WAIT_S = 120


class Stream:
    """One Connect, from hello until it ends."""

    def __init__(self, server, token):
        self._channel = grpc.insecure_channel(server.address, options=RETRY_FAST)
        self._frames = queue.SimpleQueue()
        connect = self._channel.stream_stream("/parley.v1.StreamService/Connect",
                                              request_serializer=pb.ClientFrame.SerializeToString,
                                              response_deserializer=pb.ServerFrame.FromString)
        self._call = connect(iter(self._frames.get, None), metadata=(("authorization", f"Bearer {token}"),),
                             timeout=WAIT_S, wait_for_ready=True)
        self._frames.put(pb.ClientFrame(hello=pb.Hello(protocol_version=1, client="e2e")))
        self._expirings = []
        for frame in self._call:
            self._take(frame)
            if frame.caught_up:
                return
        raise AssertionError("the stream ended before all was caught up")

    def _take(self, frame):
        if frame.HasField("token_expiring"):
            self._expirings.append(frame.token_expiring.expires_at.seconds)

    def expiring(self):
        """When the token ends of which that is told next."""
        while not self._expirings:
            self._take(next(self._call))
        return self._expirings.pop(0)

    def reauth(self, token):
        """Goes on with this token."""
        self._frames.put(pb.ClientFrame(reauth=pb.Reauth(token=token)))

    def end(self):
        """The reason of its end, which going_away must have told before."""
        told = None
        with pytest.raises(grpc.RpcError) as caught:
            for frame in self._call:
                if frame.HasField("going_away"):
                    told = frame.going_away.reason
        self.close()
        assert told == reason_of(caught.value)
        return told

    def close(self):
        """Lets go."""
        self._frames.put(None)
        self._channel.close()


def register(world):
    """A key that this app signs with from now on."""
    return world.backend.RegisterSigningKey(app_id=world.app_id, secret=SECRET,
                                            algorithm=admin_service_pb2.SIGNING_ALGORITHM_HS256).key_id


@pytest.fixture
def key_id(world):
    """One of them."""
    return register(world)


def sign(world, person, key_id, left_s, age_s=0):
    """A token that lives for so long still, and has lived for so long."""
    now = int(time.time())
    claims = {"aud": "parley", "app": world.app_id, "sub": person.user_id, "device": person.device_id,
              "iat": now - age_s, "exp": now + left_s}
    return jwt.encode(claims, SECRET, headers={"kid": key_id})


def forge(token):
    """The same with another signature, whatever it was."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def test_revoked_signing_key_ends_its_streams(world, server, key_id):
    """And no others."""
    by_parley = Stream(server, world.bob.token)
    by_app = Stream(server, sign(world, world.alice, key_id, 600))
    world.backend.RevokeSigningKey(app_id=world.app_id, key_id=key_id)
    assert by_app.end() == "TOKEN_INVALID"
    own = [key for key in world.backend.ListSigningKeys(app_id=world.app_id).signing_keys if not key.registered]
    world.backend.RevokeSigningKey(app_id=world.app_id, key_id=own[0].key_id)
    assert by_parley.end() == "TOKEN_INVALID"


@pytest.mark.parametrize("change,reason", (
    ("update devices set revoked_at = now() where device_id = '{person.device_id}'", "DEVICE_REVOKED"),
    ("update users set deactivated_at = now() where user_id = '{person.user_id}'", "USER_DEACTIVATED"),
    ("update users set deleted_at = now() where user_id = '{person.user_id}'", "DEVICE_REVOKED")))
def test_revoked_device_ends_its_stream(world, server, postgres, change, reason):
    """By what is in the database alone, whoever wrote it there."""
    stream = Stream(server, world.alice.token)
    postgres.query(change.format(person=world.alice))
    assert stream.end() == reason


def test_stream_goes_on_with_a_newer_token(world, server, key_id):
    """Past the end of the first one, to the end of the second.

    That it ends is told when a tenth of its life is left; of the first that is all that is left of it.
    """
    stream = Stream(server, sign(world, world.alice, key_id, 10, age_s=200))
    first = stream.expiring()
    stream.reauth(sign(world, world.alice, key_id, 12, age_s=8))
    second = stream.expiring()
    assert second > first
    assert stream.end() == "TOKEN_EXPIRED"
    assert time.time() >= second


def test_newer_token_of_another_key(world, server, key_id):
    """Then the older key does not matter any more. That the token counts shows as its end is near."""
    stream = Stream(server, sign(world, world.alice, key_id, 600))
    stream.reauth(sign(world, world.alice, register(world), 55, age_s=3000))
    assert stream.expiring() < time.time() + 60
    world.backend.RevokeSigningKey(app_id=world.app_id, key_id=key_id)
    own = [key for key in world.backend.ListSigningKeys(app_id=world.app_id).signing_keys if not key.registered]
    stream.reauth(sign(world, world.alice, own[0].key_id, 600))
    assert stream.end() == "TOKEN_INVALID"


def test_bad_newer_token_ends_the_stream(world, server, key_id):
    """Whatever is wrong with it."""
    for token, reason in ((world.bob.token, "TOKEN_INVALID"), ("", "TOKEN_INVALID"), ("x.y.z", "TOKEN_INVALID"),
                          ("x" * 20000, "TOKEN_INVALID"),
                          (jwt.encode({"aud": "parley"}, None, algorithm="none", headers={"kid": key_id}),
                           "TOKEN_INVALID"),
                          (forge(sign(world, world.alice, key_id, 600)), "TOKEN_INVALID")):
        stream = Stream(server, world.alice.token)
        stream.reauth(token)
        assert stream.end() == reason
