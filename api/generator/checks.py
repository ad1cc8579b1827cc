# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What an API must have before anything is generated from it. Each problem is one sentence with file and line."""
import re

from google.protobuf import descriptor_pb2

from generator import comments, model

STREAM_SERVICE = "parley.v1.StreamService"  # served as a WebSocket, which google.api.http has no word for
BODILESS_VERBS = ("GET", "DELETE")

# Types that JSON writes in a way of its own, and that api/methods.h has no kind for.
JSON_KINDLESS = re.compile(
    r"\.google\.protobuf\.(Any|Duration|Struct|Value|ListValue|(Double|Float|U?Int(32|64)|Bool|String|Bytes)Value)$")


def problems_of(api, statuses):
    """All problems of the files of parley.v1, in the order of the files. statuses: the rows of api/status.def."""
    problems = []
    for file in api.own_files():
        for element in _documented(file):
            if not element.comment:
                problems.append(f"{element.where}: {element.kind} {element.full_name} has no comment above it")
        for service in file.services:
            problems += [f"{element.where}: {element.kind} {element.full_name} names the error {reason}, "
                         "which api/status.def does not have"
                         for element, reason in comments.reasons_of(service) if reason not in statuses]
            for method in service.methods:
                problems += [f"{method.where}: rpc {method.full_name} {problem}"
                             for problem in _method_problems(api, service, method)]
        for message in file.all_messages():
            problems += _shorthand_problems(message)
            problems += _field_problems(message)
        for enum in file.all_enums():
            problems += _enum_problems(enum)
    return problems


def _documented(file):
    for service in file.services:
        yield service
        yield from service.methods
    for message in file.all_messages():
        if not message.is_map_entry:
            yield message
            yield from message.fields
    for enum in file.all_enums():
        yield enum
        yield from enum.values


def _method_problems(api, service, method):
    known = [name for name, number in api.scopes if number != 0]
    if method.scope not in known:
        yield f"has no scope; add `option (scope) = SCOPE_...` with one of {', '.join(known)}"
    if not method.http and service.full_name != STREAM_SERVICE:
        yield "has no HTTP rule; add `option (google.api.http) = {...}`"
    for rule in method.http:
        yield from _rule_problems(api.message(method.proto.input_type[1:]), rule)
    if method.location:
        yield from _location_problems(api, method)
    if method.wait_field and method.wait_field not in _int32_fields(api.message(method.proto.input_type[1:])):
        yield f"has the wait_field {method.wait_field}, but {method.proto.input_type[1:]} has no such int32 field"


def _location_problems(api, method):
    reply = api.message(method.proto.output_type[1:])
    for name in re.findall(r"{([^}=]+)", method.location):
        if name not in _string_fields(reply):
            yield f"has {{{name}}} in its location, but {reply.full_name} has no such string field"
    templates = [rule.template for file in api.own_files() for service in file.services for other in service.methods
                 for rule in other.http if rule.verb == "GET"]
    if method.location not in templates:
        yield f"has the location {method.location}, which no GET has as its HTTP path"


def _rule_problems(request, rule):
    fields = [field.proto.name for field in request.fields]
    if not rule.verb or not rule.template.startswith("/"):
        yield "has an HTTP rule without a verb and a path that starts with /"
    for name in re.findall(r"{([^}=]+)", rule.template):
        if name not in fields:
            yield f"has {{{name}}} in its HTTP path, but {request.full_name} has no such field"
    if rule.body and rule.verb in BODILESS_VERBS:
        yield f"has a body in its HTTP rule, but {rule.verb} carries none"
    if rule.body not in ("", "*", *fields):
        yield f"has body {rule.body} in its HTTP rule, but {request.full_name} has no such field"


def _string_fields(message):
    return [field.proto.name for field in message.fields
            if field.proto.type == descriptor_pb2.FieldDescriptorProto.TYPE_STRING
            and field.proto.label != descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED]


def _int32_fields(message):
    return [field.proto.name for field in message.fields
            if field.proto.type == descriptor_pb2.FieldDescriptorProto.TYPE_INT32
            and field.proto.label != descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED]


def _shorthand_problems(message):
    if message.shorthand and message.shorthand not in _string_fields(message):
        yield (f"{message.where}: message {message.full_name} has the shorthand {message.shorthand}, "
               "but no such string field")


def _field_problems(message):
    for field in message.fields:
        kindless = _kindless(message, field)
        if kindless:
            yield f"{field.where}: field {field.full_name} is a {kindless}, for which Parley has no JSON rule"


def _kindless(message, field):
    """What a field is, when JSON has no rule for that."""
    types = descriptor_pb2.FieldDescriptorProto
    if field.proto.type in (types.TYPE_FLOAT, types.TYPE_DOUBLE):
        return types.Type.Name(field.proto.type).removeprefix("TYPE_").lower()
    if message.is_map_entry and field.proto.number == 1 and field.proto.type != types.TYPE_STRING:
        return "map's key and no string"
    return field.proto.type_name[1:] if JSON_KINDLESS.match(field.proto.type_name) else ""


def _enum_problems(enum):
    prefix = model.enum_prefix(enum.full_name)
    for value in enum.values:
        if not value.proto.name.startswith(prefix):
            yield f"{value.where}: enum value {value.full_name} does not begin with {prefix}, which JSON leaves out"
