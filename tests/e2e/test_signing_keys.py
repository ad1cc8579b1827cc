# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Apps that sign their own tokens, with every kind of key, and what is refused of keys and tokens."""
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from parley_pb import admin_service_pb2 as pb
from refusals import refused

pytestmark = pytest.mark.transports("grpc", "rest")

SECRET = b"an hmac secret of 36 random bytes..."
PRIVATE_KEYS = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
ALGORITHMS = {"HS256": pb.SIGNING_ALGORITHM_HS256, "ES256": pb.SIGNING_ALGORITHM_ES256,
              "RS256": pb.SIGNING_ALGORITHM_RS256, "EdDSA": pb.SIGNING_ALGORITHM_EDDSA}
UNKNOWN = "0198c0de-0000-7000-8000-00000000abcd"


def public_pem(key):
    """What is registered."""
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key):
    """What must never be sent."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()).decode()


def register(world, algorithm):
    """Registers this file's key for the algorithm."""
    material = {"secret": SECRET} if algorithm == "HS256" else {"public_key": public_pem(PRIVATE_KEYS[algorithm])}
    return world.backend.RegisterSigningKey(app_id=world.app_id, name="ours", algorithm=ALGORITHMS[algorithm],
                                            **material)


def sign(world, person, key_id, algorithm, **claims):
    """A token as an app's backend makes it."""
    now = int(time.time())
    claims = {"aud": "parley", "app": world.app_id, "sub": person.user_id, "device": person.device_id, "iat": now,
              "exp": now + 600, **claims}
    return jwt.encode(claims, PRIVATE_KEYS.get(algorithm, SECRET), algorithm=algorithm, headers={"kid": key_id})


def whoami(server, token):
    """A call that any device may make."""
    api = server.api(authorization=f"Bearer {token}")
    try:
        return api.ListChats()
    finally:
        api.close()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_app_signs_its_own_tokens(world, algorithm):
    """From the key to a call, and no further than the key's revocation."""
    key = register(world, algorithm)
    assert key.registered and key.algorithm == ALGORITHMS[algorithm] and not key.HasField("revoked_at")
    token = sign(world, world.alice, key.key_id, algorithm)
    whoami(world.server, token)
    for wrong in ({"exp": int(time.time()) - 61, "iat": int(time.time()) - 100},):
        with refused("UNAUTHENTICATED", "TOKEN_EXPIRED"):
            whoami(world.server, sign(world, world.alice, key.key_id, algorithm, **wrong))
    for wrong in ({"app": UNKNOWN}, {"aud": "other"}, {"sub": "alice"}, {"exp": int(time.time()) + 90000}):
        with refused("UNAUTHENTICATED", "TOKEN_INVALID"):
            whoami(world.server, sign(world, world.alice, key.key_id, algorithm, **wrong))
    with refused("UNAUTHENTICATED", "DEVICE_REVOKED"):
        whoami(world.server, sign(world, world.alice, key.key_id, algorithm, device=world.bob.device_id))
    with refused("UNAUTHENTICATED", "TOKEN_INVALID"):
        whoami(world.server, sign(world, world.alice, UNKNOWN, algorithm))

    revoked = world.backend.RevokeSigningKey(app_id=world.app_id, key_id=key.key_id)
    assert revoked.HasField("revoked_at")
    with refused("UNAUTHENTICATED", "TOKEN_INVALID"):
        whoami(world.server, token)
    assert world.backend.RevokeSigningKey(app_id=world.app_id, key_id=key.key_id) == revoked


def test_algorithm_is_the_keys(world):
    """Each key with each other algorithm, and a public key as a secret."""
    keys = {algorithm: register(world, algorithm).key_id for algorithm in ALGORITHMS}
    for algorithm, key_id in keys.items():
        for other in ALGORITHMS:
            if other != algorithm:
                with refused("UNAUTHENTICATED", "TOKEN_INVALID"):
                    whoami(world.server, sign(world, world.alice, key_id, other))
    confused = sign(world, world.alice, keys["RS256"], "HS256")
    with refused("UNAUTHENTICATED", "TOKEN_INVALID"):
        whoami(world.server, confused)
    unsigned = jwt.encode({"aud": "parley"}, None, algorithm="none", headers={"kid": keys["HS256"]})
    with refused("UNAUTHENTICATED", "TOKEN_INVALID"):
        whoami(world.server, unsigned)


def test_registered_key_does_not_sign_for_parley(world):
    """CreateToken stays with Parley's own key, whatever the app registers."""
    own = world.backend.ListSigningKeys(app_id=world.app_id).signing_keys
    assert [key.registered for key in own] == [False]
    register(world, "ES256")
    register(world, "HS256")
    token = world.backend.CreateToken(user_id=world.alice.user_id, device_id=world.alice.device_id).token
    assert jwt.get_unverified_header(token)["kid"] == own[0].key_id
    whoami(world.server, token)


def test_revoking_parleys_own_key_renews_it(world):
    """Old tokens end, new ones are signed with a new key."""
    own = world.backend.ListSigningKeys(app_id=world.app_id).signing_keys[0]
    world.backend.RevokeSigningKey(app_id=world.app_id, key_id=own.key_id)
    with refused("UNAUTHENTICATED", "TOKEN_INVALID"):
        whoami(world.server, world.alice.token)
    token = world.backend.CreateToken(user_id=world.alice.user_id, device_id=world.alice.device_id).token
    assert jwt.get_unverified_header(token)["kid"] != own.key_id
    whoami(world.server, token)
    world.backend.RevokeSigningKey(app_id=world.app_id, key_id=own.key_id)
    keys = world.backend.ListSigningKeys(app_id=world.app_id).signing_keys
    assert [key.HasField("revoked_at") for key in keys] == [False, True]


def test_bad_keys_are_refused(world):
    """With a sentence that says what is wrong."""
    es256 = PRIVATE_KEYS["ES256"]
    p384 = public_pem(ec.generate_private_key(ec.SECP384R1()))
    small = public_pem(rsa.generate_private_key(65537, 1024))
    for algorithm, material, word in (
            ("ES256", {"public_key": private_pem(es256)}, "private key"),
            ("RS256", {"public_key": private_pem(PRIVATE_KEYS["RS256"])}, "private key"),
            ("EdDSA", {"public_key": private_pem(PRIVATE_KEYS["EdDSA"])}, "private key"),
            ("ES256", {}, "BEGIN PUBLIC KEY"), ("ES256", {"public_key": "x" * 7000}, "BEGIN PUBLIC KEY"),
            ("ES256", {"public_key": p384}, "P-256"), ("RS256", {"public_key": small}, "2048"),
            ("RS256", {"public_key": public_pem(es256)}, "RS256"), ("EdDSA", {"public_key": public_pem(es256)}, "EdDSA"),
            ("ES256", {"public_key": public_pem(es256), "secret": SECRET}, "secret"),
            ("HS256", {"public_key": public_pem(es256)}, "secret"),
            ("HS256", {"public_key": public_pem(es256), "secret": SECRET}, "public_key"),
            ("HS256", {}, "32 to 64"), ("HS256", {"secret": b"x" * 31}, "32 to 64"),
            ("HS256", {"secret": b"x" * 65}, "32 to 64")):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
            world.backend.RegisterSigningKey(app_id=world.app_id, algorithm=ALGORITHMS[algorithm], **material)
        assert word in caught.value.sentence
    for algorithm in (0, 5, 99, -1):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
            world.backend.RegisterSigningKey(app_id=world.app_id, algorithm=algorithm, secret=SECRET)
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.backend.RegisterSigningKey(app_id=world.app_id, algorithm=1, secret=SECRET, name="x" * 256)
    assert len(world.backend.ListSigningKeys(app_id=world.app_id).signing_keys) == 1


def test_keys_are_of_their_app(world, server):
    """Another app's key can neither be seen nor revoked, nor sign for this app; devices may do nothing of this."""
    key = register(world, "EdDSA")
    other_id = world.operator.CreateApp(name="Other").app_id
    other = server.api(x_api_key=world.operator.CreateApiKey(app_id=other_id).secret)
    for call in (lambda app_id: other.ListSigningKeys(app_id=app_id),
                 lambda app_id: other.RevokeSigningKey(app_id=app_id, key_id=key.key_id),
                 lambda app_id: other.RegisterSigningKey(app_id=app_id, algorithm=1, secret=SECRET)):
        for app_id in (world.app_id, UNKNOWN):
            with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
                call(app_id)
        with refused("INVALID_ARGUMENT", "INVALID_ID"):
            call("nonsense")
    with refused("NOT_FOUND", "NOT_FOUND"):
        other.RevokeSigningKey(app_id=other_id, key_id=key.key_id)
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        other.RevokeSigningKey(app_id=other_id, key_id="nonsense")
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        world.alice.api.ListSigningKeys(app_id=world.app_id)
    with refused("NOT_FOUND", "APP_NOT_FOUND"):
        world.operator.ListSigningKeys(app_id=UNKNOWN)
    with refused("NOT_FOUND", "APP_NOT_FOUND"):
        world.operator.RegisterSigningKey(app_id=UNKNOWN, algorithm=1, secret=SECRET)
    theirs = other.RegisterSigningKey(app_id=other_id, algorithm=1, secret=SECRET)
    with refused("UNAUTHENTICATED", "TOKEN_INVALID"):
        whoami(server, sign(world, world.alice, theirs.key_id, "HS256"))
    whoami(server, sign(world, world.alice, key.key_id, "EdDSA"))
    other.close()


def test_list_is_paged(world):
    """Newest first, without a gap, and with tokens of this list alone."""
    keys = [register(world, "HS256").key_id for _ in range(4)]
    seen, token = [], ""
    while True:
        page = world.operator.ListSigningKeys(app_id=world.app_id, page_size=2, page_token=token)
        seen += [key.key_id for key in page.signing_keys]
        token = page.next_page_token
        if not token:
            break
    assert seen[:4] == keys[::-1] and len(seen) == 5
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        world.backend.ListSigningKeys(app_id=world.app_id, page_token="nonsense")
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_SIZE"):
        world.backend.ListSigningKeys(app_id=world.app_id, page_size=101)
