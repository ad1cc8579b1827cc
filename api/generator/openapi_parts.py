# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What the OpenAPI file says of the gateway, and no proto does: credentials, headers, errors of HTTP itself."""

DESCRIPTION = """\
Parley is a self-hosted messaging platform: chats are logs of messages, devices follow them.

This is its REST surface. Every operation is a method of the gRPC API with the same name, the same permissions and the
same errors; the stream of a device is `GET /v1/stream`, over WebSocket.

- **JSON**: names are snake_case, enums short lower-case words, times RFC 3339, bytes base64. A field that a method does
  not have is refused by its name.
- **Lists** have `page_size` (or `limit`) and `page_token`; an answer's `next_page_token` is empty on the last page.
- **Errors** are `application/problem+json` (RFC 9457). `reason` is stable and the same as over gRPC; `cure` and the
  page `/problems/{reason}` say what to do about it.
- **Repeating** a request whose outcome is unknown is safe with an `Idempotency-Key`.
- The **limits** are at `/limits`.
"""

SECURITY_SCHEMES = {
    "operatorKey": {"type": "apiKey", "in": "header", "name": "x-api-key",
                    "description": "The key of the installation's operator."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key",
               "description": "The secret of an API key: an app's backend. Whom it acts for is in `parley-user`."},
    "deviceToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The token of a device, by `CreateToken` or signed with a key of the app."},
}
SECURITY = {
    "SCOPE_PUBLIC": [],
    "SCOPE_OPERATOR": [{"operatorKey": []}],
    "SCOPE_OPERATOR_OR_APP": [{"operatorKey": []}, {"apiKey": []}],
    "SCOPE_APP": [{"apiKey": []}],
    "SCOPE_APP_OR_USER": [{"deviceToken": []}, {"apiKey": []}],
    "SCOPE_USER": [{"deviceToken": []}, {"apiKey": []}],
    "SCOPE_DEVICE": [{"deviceToken": []}],
}
ACTING_SCOPES = ("SCOPE_APP_OR_USER", "SCOPE_USER")


def _header(name, description, example, **schema):
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string", **schema},
            "example": example}


PARAMETERS = {
    "limit": {"name": "limit", "in": "query", "description": "Another name of `page_size`.",
              "schema": {"type": "integer", "format": "int32", "minimum": 0}, "example": 20},
    "parley-user": _header(
        "parley-user", "With an API key: the user that the backend acts for. Refused with a device's token.",
        "0190c1d4-7a10-7c3e-9b1f-2f6d8e4a1c01", format="uuid"),
    "Idempotency-Key": _header(
        "Idempotency-Key", "Chosen by the client: for 24 hours the same request with the same key happens once and "
        "gets the first answer.", "0190c1d5-3b20-7d41-8a2e-5c7f9b3d2e10", minLength=1, maxLength=255),
    "If-Match": _header("If-Match", "The ETag that the change is based on, or a list of them: when it is none of them now, nothing changes.",
                        '"7"'),
    "If-None-Match": _header("If-None-Match", "An ETag: while it is still that, the answer is 304 without a body.",
                             '"7"'),
    "X-Request-Id": _header("X-Request-Id", "Goes into the server's log and comes back; without it there is a new one.",
                            "0190c1d5-5d40-7f63-8c4a-7e9f1b5d3a22", maxLength=128),
}
HEADERS = {
    "X-Request-Id": {"description": "Of this request, in the server's log.", "schema": {"type": "string"}},
    "Location": {"description": "The path of what was created.",
                 "schema": {"type": "string", "format": "uri-reference"}},
    "ETag": {"description": "Of this answer, for `If-Match` and `If-None-Match`.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Send the request again after so many seconds.",
                    "schema": {"type": "integer", "minimum": 0}},
    "RateLimit": {"description": "Of the limit that is closest: what is left of it now (r), and in how many seconds "
                                 "all of it is there again (t); draft-ietf-httpapi-ratelimit-headers-09.",
                  "schema": {"type": "string"}, "example": '"user_messages";r=9999;t=1'},
    "RateLimit-Policy": {"description": "Every limit that the request counted against: how much (q) in how many "
                                        "seconds (w), of what (qu).",
                         "schema": {"type": "string"},
                         "example": '"user_messages";q=10000;w=1, "user_bytes";q=67108864;w=1;qu="content-bytes"'},
}
PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "`/problems/{reason}`, a page to read."},
        "title": {"type": "string", "description": "What the reason means."},
        "status": {"type": "integer", "format": "int32", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong with this request, for people."},
        "cure": {"type": "string", "description": "What to do about the reason, for people."},
        "instance": {"type": "string", "format": "uri-reference", "description": "The path of the request."},
        "reason": {"type": "string", "description": "Stable, for programs; the same as in gRPC's ErrorInfo."},
        "domain": {"type": "string", "description": "Whose reason it is: `parley`."},
        "metadata": {"type": "object", "description": "More about it, by reason.",
                     "additionalProperties": {"type": "string"}},
        "field_violations": {
            "type": "array", "description": "The field that is wrong, when it is one.",
            "items": {"type": "object", "required": ["field", "description"], "properties": {
                "field": {"type": "string", "description": "Where it is: `participants[2].role`."},
                "description": {"type": "string", "description": "What is wrong with it, for people."}}}},
        "request_id": {"type": "string", "description": "That of the header `X-Request-Id`."},
    },
    "required": ["type", "title", "status", "detail", "cure", "instance", "reason", "domain", "metadata",
                 "field_violations", "request_id"],
}

# What a shared response is called, by its status.
TITLES = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict",
          412: "PreconditionFailed", 413: "TooLarge", 422: "Unprocessable", 429: "TooManyRequests",
          500: "Internal", 503: "Unavailable", 504: "Timeout"}

# Answered by the gateway at any path; not repeated at every operation.
HTTP_ERRORS = ("METHOD_UNKNOWN", "ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED", "NOT_ACCEPTABLE", "REQUEST_TIMEOUT",
               "LENGTH_REQUIRED", "URI_TOO_LONG", "UNSUPPORTED_MEDIA_TYPE", "HEADERS_TOO_LARGE")


def impossible_errors(rule, has_body):
    """What a service's methods can answer, and this one not over REST."""
    yield "MALFORMED_MESSAGE"  # the gateway makes the message
    if rule.verb == "GET":
        yield "OUTCOME_UNKNOWN"
    if not has_body:
        yield "MESSAGE_TOO_LARGE"


def gateway_errors(rule, has_body):
    """{reason: note} of what the gateway answers before parleyd is asked."""
    errors = {"MALFORMED_REQUEST": "", "UNAVAILABLE": "parleyd is away"}
    if has_body:
        errors |= {"MALFORMED_JSON": "", "MESSAGE_TOO_LARGE": ""}
    if has_body or not rule.body:
        errors |= {"UNKNOWN_FIELD": "", "INVALID_ARGUMENT": "a value that its field cannot have"}
    return errors
