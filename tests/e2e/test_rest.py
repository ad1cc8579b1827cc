# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""REST as people write it by hand: the documented calls, what headers do, and a parleyd that dies under load.

That every method does over REST what it does over gRPC is tested elsewhere, by a client made from the protos.
"""
import collections
import concurrent.futures
import contextlib
import http.client
import itertools
import json
import signal
import threading
import time
import uuid

import pytest
from programs import Gateway, stand_still, standing_still

ORIGIN = "https://app.example"
WRITERS = 6
CALLERS = 12
EACH_BEFORE, EACH_AFTER = 20, 20  # messages of each writer before parleyd is killed, and when it is back
RETRY_S = 120
LOG_S = 60

Answer = collections.namedtuple("Answer", "status headers body")


class Rest:
    """A keep-alive connection to a gateway with headers that every request has."""

    def __init__(self, gateway, **headers):
        self.gateway = gateway
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)

    def __call__(self, verb, path, body=None, **headers):
        headers = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("content-type", "application/json")
        with contextlib.suppress(BrokenPipeError):  # a refusal may come before all of the body has gone
            self.connection.request(verb, path, body, headers)
        response = self.connection.getresponse()
        text = response.read()
        is_json = response.headers.get_content_type().endswith("json") and text
        return Answer(response.status, response.headers, json.loads(text) if is_json else text)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, server):
    """A running gateway."""
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), server.address, cors_origins=f"https://b.example,{ORIGIN}")
    gateway.start()
    gateway.wait_until_ready()
    yield gateway
    gateway.stop()


@pytest.fixture
def alice(world, gateway):
    """Her device."""
    return Rest(gateway, authorization=f"Bearer {world.alice.token}")


@pytest.fixture
def bob(world, gateway):
    """His device."""
    return Rest(gateway, authorization=f"Bearer {world.bob.token}")


@pytest.fixture
def backend(world, gateway):
    """The app's backend."""
    return Rest(gateway, x_api_key=world.api_key)


@pytest.fixture
def group(alice, world):
    """A group of alice and bob."""
    return alice("POST", "/v1/chats", {"chat_type": "group", "name": "Plans", "participants": [world.bob.user_id]}).body


def assert_problem(answer, status, reason):
    """The answer is this problem, whole."""
    assert (answer.status, answer.headers.get_content_type()) == (status, "application/problem+json"), answer.body
    problem = answer.body
    assert (problem["status"], problem["reason"], problem["type"]) == (status, reason, f"/problems/{reason}")
    assert problem["domain"] == "parley" and problem["title"] and problem["detail"] and problem["cure"]
    assert problem["request_id"] == answer.headers["x-request-id"]


# ---- the documented calls ----

def test_messages_as_documented(alice, bob, world):
    """POST /messages, GET, list, PUT …/read."""
    sent = alice("POST", "/v1/messages", {"recipient_id": world.bob.user_id, "content": "Hello"})
    assert sent.status == 201
    message = sent.body
    assert sent.headers["location"] == f"/v1/messages/{message['message_id']}"
    assert (message["content"], message["seq"], message["status"]) == ("Hello", 1, "sent")
    assert message["recipient_id"] == world.bob.user_id and message["message_type"] == "text"
    got = bob("GET", sent.headers["location"])
    assert (got.status, got.body["content"]) == (200, "Hello")
    listed = bob("GET", f"/v1/messages?chat_id={message['chat_id']}&limit=20").body
    assert [one["message_id"] for one in listed["messages"]] == [message["message_id"]]
    assert listed["next_page_token"] == ""
    assert bob("PUT", f"/v1/messages/{message['message_id']}/read").status == 200
    (receipt,) = alice("GET", f"/v1/messages/{message['message_id']}/receipts").body["receipts"]
    assert receipt["user_id"] == world.bob.user_id and receipt["read_at"]
    assert alice("GET", f"/v1/messages/{message['message_id']}").body["status"] == "read"


def test_chats_as_documented(alice, backend, world):
    """POST /chats, GET, PUT …/participants, list by user."""
    made = alice("POST", "/v1/chats", {"chat_type": "group", "name": "Plans", "participants": [world.bob.user_id]})
    assert made.status == 201
    chat = made.body
    assert made.headers["location"] == f"/v1/chats/{chat['chat_id']}"
    assert alice("GET", f"/v1/chats/{chat['chat_id']}").body["name"] == "Plans"
    carol = backend("POST", "/v1/users", {"username": "carol"}).body["user_id"]
    changed = alice("PUT", f"/v1/chats/{chat['chat_id']}/participants", {"participants": [world.bob.user_id, carol]})
    assert changed.status == 200
    listed = backend("GET", f"/v1/chats?user_id={carol}&limit=5", parley_user=carol).body["chats"]
    assert [one["chat_id"] for one in listed] == [chat["chat_id"]]


def test_a_user_a_device_and_a_token(backend, gateway, world):
    """What the app's backend does before a device can call."""
    user = backend("POST", "/v1/users", {"username": "dave"})
    assert (user.status, user.headers["location"]) == (201, f"/v1/users/{user.body['user_id']}")
    devices = f"{user.headers['location']}/devices"
    device = backend("POST", devices, {"name": "phone"}).body["device_id"]
    token = backend("POST", f"{devices}/{device}/tokens")
    assert token.headers["cache-control"] == "no-store"
    dave = Rest(gateway, authorization=f"Bearer {token.body['token']}")
    assert dave("POST", "/v1/messages", {"recipient_id": world.bob.user_id, "content": "Hi"}).status == 201
    assert [chat["last_seq"] for chat in dave("GET", "/v1/chats").body["chats"]] == [1]


# ---- what is asked for, and how ----

def test_paths_and_verbs(alice):
    """404, 405 with Allow, OPTIONS, HEAD."""
    assert_problem(alice("GET", "/v1/nothing"), 404, "ROUTE_NOT_FOUND")
    assert_problem(alice("GET", "/messages"), 404, "ROUTE_NOT_FOUND")
    refused = alice("DELETE", "/v1/messages")
    assert_problem(refused, 405, "METHOD_NOT_ALLOWED")
    assert refused.headers["allow"] == "POST, GET, HEAD, OPTIONS"
    options = alice("OPTIONS", "/v1/messages")
    assert (options.status, options.headers["allow"]) == (204, "POST, GET, HEAD, OPTIONS")
    assert_problem(alice("OPTIONS", "/v1/nothing"), 404, "ROUTE_NOT_FOUND")
    options = alice("OPTIONS", "*")
    assert options.status == 204
    assert sorted(options.headers["allow"].split(", ")) == ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    assert alice("GET", "/docs/").body == alice("GET", "/docs").body
    got, head = alice("GET", "/v1/chats"), alice("HEAD", "/v1/chats")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", got.headers["content-length"])
    assert_problem(alice("GET", "/v1/chats/%zz"), 400, "MALFORMED_REQUEST")
    assert_problem(alice("GET", "/v1/chats/%ff"), 400, "INVALID_TEXT")
    assert_problem(alice("GET", "/v1/chats/a%2Fb"), 400, "INVALID_ID")


def test_queries(alice, group):
    """By the names of fields; what is not one is refused by its name."""
    chat_id = group["chat_id"]
    wrong = alice("GET", f"/v1/messages?chat_id={chat_id}&limit=x")
    assert_problem(wrong, 400, "INVALID_ARGUMENT")
    assert wrong.body["field_violations"][0]["field"] == "limit" and wrong.body["detail"].startswith("limit must be")
    large = alice("GET", f"/v1/messages?chat_id={chat_id}&limit=101")
    assert_problem(large, 400, "INVALID_PAGE_SIZE")
    assert "limit" in large.body["detail"]
    no_id = alice("GET", "/v1/chats/1")
    assert_problem(no_id, 400, "INVALID_ID")
    assert [one["field"] for one in no_id.body["field_violations"]] == ["chat_id"] == [no_id.body["metadata"]["field"]]
    unknown = alice("GET", f"/v1/messages?chatid={chat_id}")
    assert_problem(unknown, 400, "UNKNOWN_FIELD")
    assert unknown.body["field_violations"][0]["field"] == "chatid"
    twice = alice("GET", f"/v1/chats/{chat_id}?chat_id={uuid.uuid4()}")
    assert_problem(twice, 400, "INVALID_ARGUMENT")
    assert_problem(alice("POST", "/v1/messages?content=x", {}), 400, "UNKNOWN_FIELD")
    both = alice("GET", f"/v1/messages?chat_id={chat_id}&before_seq=1&after_seq=1&before_message_id={uuid.uuid4()}")
    assert_problem(both, 400, "INVALID_ARGUMENT")


def test_bodies(alice, group):
    """JSON, uncompressed, where one is due."""
    assert_problem(alice("POST", "/v1/messages", b"a=b", content_type="application/x-www-form-urlencoded"), 415,
                   "UNSUPPORTED_MEDIA_TYPE")
    assert_problem(alice("POST", "/v1/messages", b"{}"), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert_problem(alice("POST", "/v1/messages", b"{}", content_type="application/json; charset=latin1"), 415,
                   "UNSUPPORTED_MEDIA_TYPE")
    assert_problem(alice("POST", "/v1/messages", {}, content_encoding="gzip"), 415, "UNSUPPORTED_MEDIA_TYPE")
    message = {"chat_id": group["chat_id"], "content": "x"}
    assert alice("POST", "/v1/messages", message, content_type="Application/JSON; Charset=UTF-8").status == 201
    assert_problem(alice("POST", "/v1/messages", b"{", content_type="application/json"), 400, "MALFORMED_JSON")
    assert_problem(alice("POST", "/v1/messages", b"[]", content_type="application/json"), 400, "MALFORMED_JSON")
    unknown = alice("POST", "/v1/messages", message | {"contents": "x"})
    assert_problem(unknown, 400, "UNKNOWN_FIELD")
    assert "contents" in unknown.body["detail"]
    king = alice("POST", "/v1/chats", {"chat_type": "group", "participants": [{"user_id": "u", "role": "king"}]})
    assert_problem(king, 400, "INVALID_ARGUMENT")
    assert king.body["field_violations"][0]["field"] == "participants[0].role"
    assert_problem(alice("POST", "/v1/messages", message | {"content": "x" * (1 << 20)}), 413, "MESSAGE_TOO_LARGE")
    chat = f"/v1/chats/{group['chat_id']}"
    assert_problem(alice("GET", chat, {"chat_id": "x"}), 400, "INVALID_ARGUMENT")
    assert alice("GET", chat, {}).status == 200
    assert_problem(alice("PATCH", chat, {"chat_id": str(uuid.uuid4()), "name": "x"}), 400, "INVALID_ARGUMENT")
    assert alice("PATCH", chat, {"name": "Other"}).body["name"] == "Other"
    assert alice("POST", f"{chat}:leave").status == 200


def test_accept(alice):
    """406, unless JSON is among what is accepted."""
    assert alice("GET", "/v1/chats", accept="text/html, */*;q=0.1").status == 200
    assert_problem(alice("GET", "/v1/chats", accept="text/html"), 406, "NOT_ACCEPTABLE")


def test_credentials(alice, backend, gateway, world):
    """401 says how; an acting user belongs to API keys."""
    nobody = Rest(gateway)("GET", "/v1/chats")
    assert_problem(nobody, 401, "CREDENTIALS_MISSING")
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert_problem(Rest(gateway, authorization="Bearer x")("GET", "/v1/chats"), 401, "TOKEN_INVALID")
    assert_problem(Rest(gateway, authorization="Bearer \u00e9".encode("latin1"))("GET", "/v1/chats"), 400,
                   "INVALID_ARGUMENT")
    twice = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    twice.putrequest("GET", "/v1/chats")
    for token in (world.alice.token, "x"):
        twice.putheader("Authorization", f"Bearer {token}")
    twice.endheaders()
    answer = twice.getresponse()
    assert (answer.status, json.loads(answer.read())["reason"]) == (400, "MALFORMED_REQUEST")
    spaced = Rest(gateway, authorization=f"Bearer {world.alice.token} \t")
    assert spaced("GET", "/v1/chats").status == 200
    assert_problem(backend("GET", "/v1/chats"), 400, "ACTING_USER_MISSING")
    assert backend("GET", "/v1/chats", parley_user=world.alice.user_id).status == 200
    denied = alice("POST", "/v1/users", {"username": "erin"})
    assert_problem(denied, 403, "PERMISSION_DENIED")
    assert denied.body["detail"] == "this call takes an app's API key in x-api-key"
    assert_problem(alice("GET", "/v1/chats", parley_user=world.alice.user_id), 400, "ACTING_USER_REFUSED")


# ---- headers ----

def logged(log, event, request_id):
    """The fields of the line of a request in a log, which may be written after the answer has come."""
    deadline = time.monotonic() + LOG_S
    while time.monotonic() < deadline:
        for text in log.read_text(encoding="utf-8").splitlines():
            if f'"event":"{event}"' in text and f'"request_id":"{request_id}"' in text:
                return json.loads(text)
        time.sleep(0.01)
    raise AssertionError(f"no line of {request_id} in {log}")


def test_request_ids(alice, gateway, server, group):
    """Taken or made, answered, and in both logs."""
    content = "what alice writes"
    answer = alice("POST", "/v1/messages", {"chat_id": group["chat_id"], "content": content}, x_request_id="my-1")
    assert answer.headers["x-request-id"] == "my-1"
    line = logged(gateway.log, "request_finished", "my-1")
    assert (line["verb"], line["route"], line["status"], line["reason"]) == ("POST", "/v1/messages", 201, "OK")
    assert line["duration_us"] > 0 and line["bytes_in"] > 0 and line["bytes_out"] > 0
    assert logged(server.log, "call_finished", "my-1")["method"] == "/parley.v1.MessageService/SendMessage"
    got = alice("GET", f"/v1/chats/{group['chat_id']}")
    made = got.headers["x-request-id"]
    assert uuid.UUID(made).version == 7
    assert logged(gateway.log, "request_finished", made)["route"] == "/v1/chats/{chat_id}"
    for bad in ("a b", "x" * 129, "\u00e9".encode("latin1")):
        assert uuid.UUID(alice("GET", "/v1/chats", x_request_id=bad).headers["x-request-id"])
    assert content not in gateway.log.read_text(encoding="utf-8")


def test_etags(alice, group):
    """If-None-Match spares the answer, If-Match the lost change."""
    chat = f"/v1/chats/{group['chat_id']}"
    first = alice("GET", chat)
    tag = first.headers["etag"]
    assert tag.startswith(f'"{first.body["etag"]}.')
    same = alice("GET", chat, if_none_match=f'"other", W/{tag}')
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
    assert alice("GET", chat, if_none_match='"other"').status == 200
    changed = alice("PATCH", chat, {"name": "New"}, if_match=tag)
    assert (changed.status, changed.headers["etag"] != tag) == (200, True)
    assert_problem(alice("PATCH", chat, {"name": "Lost"}, if_match=tag), 412, "ETAG_MISMATCH")
    assert alice("PATCH", chat, {"name": "Any"}, if_match="*").status == 200
    now = alice("GET", chat)
    assert alice("POST", "/v1/messages", {"chat_id": group["chat_id"], "content": "x"}).status == 201
    later = alice("GET", chat, if_none_match=now.headers["etag"])
    assert (later.status, later.body["last_seq"]) == (200, now.body["last_seq"] + 1)
    assert alice("PATCH", chat, {"name": "Based"}, if_match=now.headers["etag"]).status == 200
    assert_problem(alice("PATCH", chat, {"name": "x"}, if_match=f'"{now.body["etag"]}"'), 412, "ETAG_MISMATCH")
    assert_problem(alice("PATCH", chat, {"name": "x"}, if_match='"1", "2"'), 412, "ETAG_MISMATCH")
    listed = f'"1", {alice("GET", chat).headers["etag"]}'
    assert alice("PATCH", chat, {"name": "Listed"}, if_match=listed).status == 200
    assert_problem(alice("PATCH", chat, {"name": "x"}, if_match=listed), 412, "ETAG_MISMATCH")
    assert_problem(alice("PATCH", chat, {"name": "x"}, if_match='""'), 400, "INVALID_ARGUMENT")
    assert_problem(alice("POST", "/v1/messages", {"chat_id": group["chat_id"], "content": "x"}, if_match=tag), 400,
                   "INVALID_ARGUMENT")


def test_cors(alice):
    """Origins of the list may read; a preflight says what they may send."""
    ours = alice("GET", "/v1/chats", origin=ORIGIN)
    assert ours.headers["access-control-allow-origin"] == ORIGIN
    assert "X-Request-Id" in ours.headers["access-control-expose-headers"]
    assert "Origin" in ", ".join(ours.headers.get_all("vary"))
    assert "access-control-allow-origin" in alice("GET", "/v1/nothing", origin=ORIGIN).headers
    theirs = alice("GET", "/v1/chats", origin="https://evil.example")
    assert theirs.status == 200 and "access-control-allow-origin" not in theirs.headers
    preflight = alice("OPTIONS", "/v1/chats/1", origin=ORIGIN, access_control_request_method="PATCH")
    assert preflight.status == 204
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    assert {"authorization", "content-type", "idempotency-key", "parley-user"} <= \
        set(preflight.headers["access-control-allow-headers"].split(", "))
    assert "access-control-allow-methods" not in alice("OPTIONS", "/v1/chats/1", origin=ORIGIN).headers


def test_idempotency_keys(alice, backend, group):
    """The same request with the same key happens once."""
    key = str(uuid.uuid4())
    message = {"chat_id": group["chat_id"], "content": "once"}
    first = alice("POST", "/v1/messages", message, idempotency_key=key)
    assert first.body["message_id"] == key
    assert alice("POST", "/v1/messages", message, idempotency_key=key).body["seq"] == first.body["seq"]
    words = [alice("POST", "/v1/messages", message, idempotency_key="order-7").body for _ in range(2)]
    assert words[0]["message_id"] == words[1]["message_id"] and uuid.UUID(words[0]["message_id"]).version == 8
    users = [backend("POST", "/v1/users", {"username": "erin"}, idempotency_key=key).body for _ in range(2)]
    assert users[0] == users[1]
    assert_problem(backend("POST", "/v1/users", {"username": "frank"}, idempotency_key=key), 422,
                   "IDEMPOTENCY_KEY_REUSED")


def test_limits_of_a_gateway_are_answers(tmp_path, server, world):
    """With one call in flight at most, others are told to come back."""
    small = Gateway(tmp_path, server.address, calls_max=1)
    small.start()
    small.wait_until_ready()
    first, second = (Rest(small, authorization=f"Bearer {world.alice.token}") for _ in range(2))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with standing_still(server.process):
            asked = pool.submit(first, "GET", "/v1/chats")
            small.wait_for_metric("gateway_upstream_calls", 1)
            refused = second("GET", "/v1/chats")
        assert asked.result().status == 200
    assert_problem(refused, 429, "OVERLOADED")
    assert refused.headers["retry-after"] == "1"
    small.wait_for_metric("gateway_upstream_calls", 0)
    assert second("GET", "/v1/chats").status == 200
    small.stop()


def test_several_threads_serve(tmp_path, server, world):
    """Each has connections of clients, and one of its own to parleyd."""
    many = Gateway(tmp_path, server.address, http_threads=3)
    many.start()
    many.wait_until_ready()
    callers = [Rest(many, authorization=f"Bearer {world.alice.token}") for _ in range(CALLERS)]
    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        for _ in range(10):
            assert {answer.status for answer in pool.map(lambda rest: rest("GET", "/v1/chats"), callers)} == {200}
    many.stop()


def test_connections_of_one_address_are_bounded(tmp_path, server, world):
    """One more is closed without an answer; one that ends makes room."""
    small = Gateway(tmp_path, server.address, connections_per_address_max=2)
    small.start()
    small.wait_until_ready()
    try:
        first, second, third = (Rest(small, authorization=f"Bearer {world.alice.token}") for _ in range(3))
        assert [first("GET", "/v1/chats").status, second("GET", "/v1/chats").status] == [200, 200]
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            third("GET", "/v1/chats")
        assert small.metric("gateway_connections_turned_away_total") == 1
        second.connection.close()
        small.wait_for_metric("gateway_connections", 1)
        fourth = Rest(small, authorization=f"Bearer {world.alice.token}")
        assert [fourth("GET", "/v1/chats").status, first("GET", "/v1/chats").status] == [200, 200]
    finally:
        small.stop()


# ---- parleyd dies ----

class Writer:
    """Sends messages one by one, each until it is acknowledged, under one Idempotency-Key."""

    def __init__(self, gateway, token, chat_id, go_on, back):
        self.rest = Rest(gateway, authorization=f"Bearer {token}")
        self.chat_id = chat_id
        self.go_on = go_on
        self.back = back
        self.sent = {}  # message_id by content
        self.refused = []

    def run(self, name):
        """EACH_BEFORE messages, then more while parleyd is killed and started, and EACH_AFTER behind that."""
        for number in range(EACH_BEFORE):
            self.send(f"{name}.before.{number}")
        self.go_on.wait()
        while not self.back.is_set():
            self.send(f"{name}.meanwhile.{len(self.sent)}")
        for number in range(EACH_AFTER):
            self.send(f"{name}.after.{number}")
        return self

    def send(self, content):
        """One message."""
        key = str(uuid.uuid4())
        for _ in range(RETRY_S * 20):
            answer = self.rest("POST", "/v1/messages", {"chat_id": self.chat_id, "content": content},
                               idempotency_key=key)
            if answer.status == 201:
                self.sent[content] = answer.body["message_id"]
                return
            self.refused.append(answer)
            time.sleep(0.05)  # what Retry-After asks for, but shorter
        raise AssertionError(f"never sent: {answer.body}")


def test_kill_of_parleyd_under_load(alice, gateway, group, postgres, server, world):
    """503 with Retry-After while it is away; nothing acknowledged is lost, nothing is there twice."""
    killing, back = threading.Barrier(WRITERS + 1, timeout=RETRY_S), threading.Event()
    writers = [Writer(gateway, world.alice.token, group["chat_id"], killing, back) for _ in range(WRITERS)]
    with concurrent.futures.ThreadPoolExecutor(WRITERS + 1) as pool:
        running = [pool.submit(writer.run, number) for number, writer in enumerate(writers)]
        killing.wait()
        server.kill()
        away = alice("GET", "/v1/chats")
        assert_problem(away, 503, "UNAVAILABLE")
        assert away.headers["retry-after"] == "1"
        lost = alice("POST", "/v1/messages", {"chat_id": group["chat_id"], "content": "x"})
        assert lost.body["reason"] in ("UNAVAILABLE", "OUTCOME_UNKNOWN") and lost.status == 503
        gateway.wait_until_not_ready()
        assert gateway.answers("/livez")
        unsent = alice("POST", "/v1/messages", {"chat_id": group["chat_id"], "content": "x"})
        assert_problem(unsent, 503, "UNAVAILABLE")
        deadline = time.monotonic() + RETRY_S
        while not any(writer.refused for writer in writers):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server.start()
        gateway.wait_until_ready()
        back.set()
        done = [future.result(timeout=RETRY_S * 2) for future in running]
    refused = list(itertools.chain.from_iterable(writer.refused for writer in done))
    for answer in refused:
        assert answer.status == 503 and int(answer.headers["retry-after"]) >= 1, answer.body
    sent = {content: message_id for writer in done for content, message_id in writer.sent.items()}
    assert len(sent) >= WRITERS * (EACH_BEFORE + EACH_AFTER)
    stored = postgres.query("select message_id, convert_from(content, 'UTF8') from messages "
                            f"where chat_id = '{group['chat_id']}' and content is not null")
    found = collections.Counter(row.split("|")[1] for row in stored)
    assert {content: found[content] for content in sent} == dict.fromkeys(sent, 1)
    assert {row.split("|")[1]: row.split("|")[0] for row in stored if row.split("|")[1] in sent} == sent


def test_a_parleyd_that_hangs_is_not_waited_for(tmp_path, server, world):
    """504 when the gateway's own deadline passes."""
    hasty = Gateway(tmp_path, server.address, upstream_deadline_ms=1000)
    hasty.start()
    hasty.wait_until_ready()
    rest = Rest(hasty, authorization=f"Bearer {world.alice.token}")
    with standing_still(server.process):
        assert_problem(rest("GET", "/v1/chats"), 504, "DEADLINE_EXCEEDED")
    deadline = time.monotonic() + RETRY_S
    while rest("GET", "/v1/chats").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    hasty.stop()


def unread_bytes(server):
    """What has come over TCP for a parleyd that stands still."""
    port = f"{int(server.address.rpartition(':')[2]):04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return sum(int(row[4].partition(":")[2], 16) for row in rows if row[1].endswith(f":{port}"))


def test_what_was_in_flight_may_have_happened(alice, bob, gateway, group, server):
    """A write whose connection broke is told so; a read may simply be repeated."""
    stand_still(server.process.pid)
    unread = unread_bytes(server)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        message = {"chat_id": group["chat_id"], "content": "x"}
        write = pool.submit(alice, "POST", "/v1/messages", message)
        try:
            deadline = time.monotonic() + RETRY_S
            while unread_bytes(server) == unread:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            read = pool.submit(bob, "GET", "/v1/chats")
            gateway.wait_for_metric("gateway_upstream_calls", 2)
        finally:
            server.kill()
        assert_problem(write.result(), 503, "OUTCOME_UNKNOWN")
        assert_problem(read.result(), 503, "UNAVAILABLE")
    server.start()
    gateway.wait_until_ready()
    assert alice("POST", "/v1/messages", message).status == 201


def test_sigterm_answers_what_is_open(gateway, tmp_path, server, world):
    """A gateway that ends does not cut off an answer."""
    other = Gateway(tmp_path, server.address)
    other.start()
    other.wait_until_ready()
    rest = Rest(other, authorization=f"Bearer {world.alice.token}")
    assert rest("GET", "/v1/chats").status == 200
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with standing_still(server.process):
            asked = pool.submit(rest, "GET", "/v1/chats")
            other.wait_for_metric("gateway_upstream_calls", 1)
            other.process.send_signal(signal.SIGTERM)
            other.wait_until_refused()
        answer = asked.result()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    other.stop()
    assert other.process.returncode == 0
    assert '"event":"stopped"' in other.log_text()
    assert gateway.answers("/livez")
