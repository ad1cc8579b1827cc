# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The model of the API: a descriptor set, with comments and decoded options beside each element.

Every element keeps its descriptor as `proto`, so an emitter finds there whatever is not lifted out here. The options
google.api.http and those of parley/v1/options.proto are decoded with the declarations that are in the set itself; no
generated Python is needed.
"""
from __future__ import annotations

import dataclasses
import re

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "parley.v1"

# Field numbers within descriptor.proto: the paths of source_code_info are made of them.
FILE_MESSAGES, FILE_ENUMS, FILE_SERVICES = 4, 5, 6
MESSAGE_FIELDS, MESSAGE_NESTED, MESSAGE_ENUMS = 2, 3, 4
ENUM_VALUES = 2
SERVICE_METHODS = 2


@dataclasses.dataclass
class Element:
    """What everything that can carry a comment has in common."""
    kind: str  # as people call it: "rpc", "message", "field", ...
    full_name: str  # "parley.v1.Message.seq", without a leading dot
    proto: object
    where: str  # "parley/v1/message_service.proto:12"
    comment: str  # the leading comment, "" for none


@dataclasses.dataclass
class HttpRule:
    verb: str
    template: str
    body: str


@dataclasses.dataclass
class Method(Element):
    scope: str  # "SCOPE_USER", "" when the option is not there
    http: list[HttpRule]
    location: str | None  # where a GET finds what the method created, "" for nowhere; None: it does not create
    wait_field: str  # of the request, with the seconds that the method may rest; "" when it does not


@dataclasses.dataclass
class Service(Element):
    methods: list[Method]


@dataclasses.dataclass
class Enum(Element):
    values: list[Element]


@dataclasses.dataclass
class Message(Element):
    fields: list[Element]  # in the order of their numbers, as protobuf-c has them
    nested: list[Message]
    enums: list[Enum]
    shorthand: str  # the field that a string in this message's place sets, "" for none

    @property
    def is_map_entry(self):
        return self.proto.options.map_entry


@dataclasses.dataclass
class File:
    name: str
    package: str
    data: bytes  # the serialized descriptor without source info
    dependencies: list[int]  # indexes of all transitive imports, an import before those that import it
    messages: list[Message]
    enums: list[Enum]
    services: list[Service]

    def all_messages(self):
        """Messages of any depth, the outer before the inner."""
        waiting = list(self.messages)
        while waiting:
            message = waiting.pop(0)
            yield message
            waiting = message.nested + waiting

    def all_enums(self):
        yield from self.enums
        for message in self.all_messages():
            yield from message.enums


@dataclasses.dataclass
class Api:
    files: list[File]  # an import before those that import it
    scopes: list[tuple[str, int]]  # values of parley.v1.Scope

    def own_files(self):
        return [file for file in self.files if file.package == PACKAGE]

    def message(self, full_name):
        for file in self.files:
            for message in file.all_messages():
                if message.full_name == full_name:
                    return message
        return None


class _Options:
    """Decodes options with the extensions that the descriptor set declares."""

    def __init__(self, files):
        pool = descriptor_pool.DescriptorPool()
        for file in files:
            pool.Add(file)
        names = [file.name for file in files]
        factory = message_factory.MessageFactory(pool)
        factory.GetMessages(names)
        self._method = factory.GetPrototype(pool.FindMessageTypeByName("google.protobuf.MethodOptions"))
        self._message = factory.GetPrototype(pool.FindMessageTypeByName("google.protobuf.MessageOptions"))
        self._http = pool.FindExtensionByName("google.api.http")
        self._scope = pool.FindExtensionByName("parley.v1.scope")
        self._location = pool.FindExtensionByName("parley.v1.location")
        self._wait_field = pool.FindExtensionByName("parley.v1.wait_field")
        self._shorthand = pool.FindExtensionByName("parley.v1.shorthand")

    def scopes(self):
        return [(value.name, value.number) for value in self._scope.enum_type.values]

    def scope_of(self, method):
        options = self._method.FromString(method.options.SerializeToString())
        if not options.HasExtension(self._scope):
            return ""
        number = options.Extensions[self._scope]
        value = self._scope.enum_type.values_by_number.get(number)
        return value.name if value else str(number)

    def http_of(self, method):
        options = self._method.FromString(method.options.SerializeToString())
        if not options.HasExtension(self._http):
            return []
        rule = options.Extensions[self._http]
        return [_http_rule(binding) for binding in [rule, *rule.additional_bindings]]

    def location_of(self, method):
        options = self._method.FromString(method.options.SerializeToString())
        return options.Extensions[self._location] if options.HasExtension(self._location) else None

    def wait_field_of(self, method):
        return self._method.FromString(method.options.SerializeToString()).Extensions[self._wait_field]

    def shorthand_of(self, message):
        return self._message.FromString(message.options.SerializeToString()).Extensions[self._shorthand]


def _http_rule(rule):
    pattern = rule.WhichOneof("pattern")
    if pattern is None:
        return HttpRule("", "", rule.body)
    if pattern == "custom":
        return HttpRule(rule.custom.kind, rule.custom.path, rule.body)
    return HttpRule(pattern.upper(), getattr(rule, pattern), rule.body)


class _FileReader:
    """Turns one FileDescriptorProto into a File."""

    def __init__(self, proto, options):
        self._proto = proto
        self._options = options
        self._locations = {tuple(location.path): location for location in proto.source_code_info.location}

    def read(self, dependencies):
        proto, package = self._proto, self._proto.package
        bare = descriptor_pb2.FileDescriptorProto.FromString(proto.SerializeToString())
        bare.ClearField("source_code_info")
        return File(
            name=proto.name, package=package, data=bare.SerializeToString(), dependencies=dependencies,
            messages=[self._message(m, (FILE_MESSAGES, i), package) for i, m in enumerate(proto.message_type)],
            enums=[self._enum(e, (FILE_ENUMS, i), package) for i, e in enumerate(proto.enum_type)],
            services=[self._service(s, (FILE_SERVICES, i), package) for i, s in enumerate(proto.service)])

    def _common(self, kind, proto, path, scope):
        location = self._locations.get(path)
        line = location.span[0] + 1 if location else 0
        return {"kind": kind, "full_name": f"{scope}.{proto.name}" if scope else proto.name, "proto": proto,
                "where": f"{self._proto.name}:{line}", "comment": location.leading_comments.strip() if location else ""}

    def _message(self, proto, path, scope):
        common = self._common("message", proto, path, scope)
        name = common["full_name"]
        fields = [Element(**self._common("field", f, path + (MESSAGE_FIELDS, i), name))
                  for i, f in enumerate(proto.field)]
        return Message(
            **common, fields=sorted(fields, key=lambda field: field.proto.number),
            nested=[self._message(m, path + (MESSAGE_NESTED, i), name) for i, m in enumerate(proto.nested_type)],
            enums=[self._enum(e, path + (MESSAGE_ENUMS, i), name) for i, e in enumerate(proto.enum_type)],
            shorthand=self._options.shorthand_of(proto))

    def _enum(self, proto, path, scope):
        common = self._common("enum", proto, path, scope)
        return Enum(**common, values=[Element(**self._common("enum value", v, path + (ENUM_VALUES, i), scope))
                                      for i, v in enumerate(proto.value)])

    def _service(self, proto, path, scope):
        common = self._common("service", proto, path, scope)
        return Service(**common, methods=[self._method(m, path + (SERVICE_METHODS, i), common["full_name"])
                                          for i, m in enumerate(proto.method)])

    def _method(self, proto, path, scope):
        return Method(**self._common("rpc", proto, path, scope), scope=self._options.scope_of(proto),
                      http=self._options.http_of(proto), location=self._options.location_of(proto),
                      wait_field=self._options.wait_field_of(proto))


def _transitive_imports(files):
    """For each file, the sorted indexes of what it imports, directly or not. Imports come first in a descriptor set."""
    index = {file.name: i for i, file in enumerate(files)}
    closures = []
    for file in files:
        closure = set()
        for name in file.dependency:
            closure |= {index[name]} | closures[index[name]]
        closures.append(closure)
    return [sorted(closure) for closure in closures]


def enum_prefix(full_name):
    """What the names of an enum's values begin with: "CHAT_TYPE_" for parley.v1.ChatType."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", full_name.rpartition(".")[2]).upper() + "_"


def load(data):
    """Read a serialized FileDescriptorSet that has its imports and its source info."""
    files = list(descriptor_pb2.FileDescriptorSet.FromString(data).file)
    options = _Options(files)
    imports = _transitive_imports(files)
    return Api(files=[_FileReader(file, options).read(imports[i]) for i, file in enumerate(files)],
               scopes=options.scopes())
