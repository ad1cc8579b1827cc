# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A caller of the API over REST, made from the google.api.http rules of the protos, so that it knows every method.

What it is answered is held against the documents: the status, the headers, and the JSON to the letter. What is refused,
or only read, is asked once more over gRPC, which must tell the caller the same.
"""
import collections
import contextlib
import copy
import http.client
import json
import re
import select
import urllib.parse

import openapi
from api_client import Api, Caller
from json_form import read, request_of
from parley_pb import annotations_pb2, options_pb2
from programs import ONE_THREAD, Gateway, Server
from refusals import STATUSES, Refusal

READS_MAX = 5
CALL_S = 120
VARIABLE = re.compile(r"\{(\w+)\}")
PASSING = ("UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED")  # another call may end otherwise
GATEWAYS_OWN = ("MESSAGE_TOO_LARGE", "INVALID_TEXT")  # what it finds itself, and has its own words for

Answer = collections.namedtuple("Answer", "status headers body")


class Connections:
    """Keep-alive connections to one address, for any number of callers and threads."""

    def __init__(self, address):
        self._address = address
        self._idle = collections.deque()

    def exchange(self, verb, target, headers=(), body=None):
        """Asks, and waits for the answer."""
        connection = self._take()
        try:
            connection.putrequest(verb, target, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None or verb != "GET":
                connection.putheader("content-length", str(len(body or b"")))
            with contextlib.suppress(BrokenPipeError):  # the answer has come before all was said
                connection.endheaders(body)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return answer

    def _take(self):
        """An idle one that the server has not closed, or a new one."""
        with contextlib.suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if connection.sock and not select.select([connection.sock], [], [], 0)[0]:
                    return connection
                connection.close()
        return http.client.HTTPConnection(self._address, timeout=CALL_S)

    def close(self):
        """Closes those that are idle."""
        while self._idle:
            self._idle.pop().close()


class RestApi(Caller):
    """Over REST. `twin` is a caller over gRPC without any metadata."""

    def __init__(self, connections, twin, **metadata):
        super().__init__(**metadata)
        self.connections = connections
        self.twin = twin

    def anew(self, **metadata):
        return RestApi(self.connections, self.twin, **metadata)

    def call(self, method, request):
        told = self.ask(method, request)
        if may_be_asked_twice(method, told):
            self.assert_alike(method, request, told)
        if isinstance(told, Refusal):
            raise told
        return told

    def assert_alike(self, method, request, told):
        """What is read may change in between, but not again and again."""
        for _ in range(READS_MAX):
            by_twin = comparable(self.ask_twin(method, request))
            if comparable(told) == by_twin:
                return
            told = self.ask(method, request)
        assert comparable(told) == by_twin

    def ask(self, method, request):
        """The reply, or the Refusal."""
        (verb, template, _), *_ = http_rules_of(method)
        target, body = http_request(method, request)
        headers = self.metadata + ((("content-type", "application/json"),) if body else ())
        answer = self.connections.exchange(verb, target, headers, body)
        assert openapi.answer_of(verb, template, answer.status), f"{method.name}: {answer.status} is not documented"
        if answer.status < 400:
            return reply_of(method, answer)
        refusal = refusal_of_problem(target, answer)
        assert openapi.has_reason(verb, template, answer.status, refusal.reason), \
            f"{method.name}: {refusal.reason} is not documented"
        return refusal

    def ask_twin(self, method, request):
        """What ask tells, over gRPC."""
        twin = copy.copy(self.twin)
        twin.metadata = self.metadata
        try:
            return twin.call(method, request)
        except Refusal as refusal:
            return refusal


def may_be_asked_twice(method, told):
    """Whether it changes nothing, and another call ends alike."""
    if isinstance(told, Refusal):
        return told.code not in PASSING
    # In what order a page of Sync has its chats is open.
    return http_rules_of(method)[0][0] == "GET" and not method.GetOptions().HasExtension(options_pb2.wait_field)


def comparable(told):
    """What must be the same over every transport."""
    if not isinstance(told, Refusal):
        return told
    return {**told.told, "sentence": ""} if told.reason in GATEWAYS_OWN else told.told


def http_rules_of(method):
    """Its bindings: verb, path with variables, and whether there is a body."""
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    rules = [rule, *rule.additional_bindings] if rule.WhichOneof("pattern") else []
    return [(one.WhichOneof("pattern").upper(), getattr(one, one.WhichOneof("pattern")), one.body) for one in rules]


def http_request(method, request):
    """Target and body of a call: variables in the path, then all the rest in the body or in the query."""
    (_, template, body), *_ = http_rules_of(method)
    assert body in ("", "*")
    said = request_of(request)
    for name in VARIABLE.findall(template):
        assert said.get(name), f"a path cannot say that {name} is empty"
    path = VARIABLE.sub(lambda match: urllib.parse.quote(said.pop(match[1]), safe=""), template)
    if body:
        return path, json.dumps(said).encode()
    said = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in said.items()}
    query = urllib.parse.urlencode(said, doseq=True)
    return f"{path}?{query}" if query else path, None


def reply_of(method, answer):
    """The reply in a good answer."""
    # pylint: disable-next=protected-access
    reply = read(json.loads(answer.body), method.output_type._concrete_class)
    options = method.GetOptions()
    assert answer.headers.get_content_type() == "application/json"
    assert answer.headers["x-request-id"]
    assert answer.status == (201 if options.HasExtension(options_pb2.location) else 200)
    location = VARIABLE.sub(lambda match: getattr(reply, match[1]), options.Extensions[options_pb2.location])
    assert answer.headers.get("location", "") == location
    etag = getattr(reply, "etag", "")
    assert answer.headers.get("etag", "").rpartition(".")[0] == (f'"{etag}' if etag else "")
    return reply


def refusal_of_problem(target, answer):
    """The Refusal in a problem (RFC 9457)."""
    assert answer.headers.get_content_type() == "application/problem+json", answer
    problem = json.loads(answer.body)
    status = STATUSES[problem["reason"]]
    assert answer.status == problem["status"] == status.http_status, problem
    assert problem["type"] == f"/problems/{problem['reason']}"
    assert problem["title"] == status.sentence
    assert problem["instance"] == target.partition("?")[0]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert [violation["field"] for violation in problem["field_violations"]] == [
        value for name, value in problem["metadata"].items() if name == "field"]
    assert ("www-authenticate" in answer.headers) == (answer.status == 401)
    retry_after = answer.headers.get("retry-after")
    return Refusal(status.code, problem["detail"], problem["reason"], problem["domain"], problem["metadata"],
                   int(retry_after) if retry_after else None)


class RestServer(Server):
    """A parleyd with a gateway in front, which is called over REST. Only parleyd is killed and started again."""

    def __init__(self, folder, postgres):
        super().__init__(folder, postgres, ONE_THREAD)
        self.gateway = Gateway(folder, self.socket)
        self.connections = Connections(f"127.0.0.1:{self.gateway.port}")
        self.twin = Api(self.address)

    def api(self, **metadata):
        """A caller with this metadata."""
        return RestApi(self.connections, self.twin, **metadata)

    def start(self):
        super().start()
        if not self.gateway.process:
            self.gateway.start()
        self.gateway.wait_until_ready()

    def stop(self):
        self.connections.close()
        self.twin.close()
        try:
            self.gateway.stop()
        finally:
            super().stop()
