# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The schemas of the OpenAPI file: messages and enums as gateway/json reads and writes them."""
import re

from google.protobuf import descriptor_pb2

from generator import comments, model

FIELD = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    FIELD.TYPE_STRING: {"type": "string"},
    FIELD.TYPE_BYTES: {"type": "string", "format": "byte"},
    FIELD.TYPE_BOOL: {"type": "boolean"},
    FIELD.TYPE_INT32: {"type": "integer", "format": "int32"},
    FIELD.TYPE_UINT32: {"type": "integer", "format": "int64", "minimum": 0},
    FIELD.TYPE_INT64: {"type": "integer", "format": "int64"},
    FIELD.TYPE_UINT64: {"type": "integer", "format": "int64", "minimum": 0},
}
WELL_KNOWN = {
    ".google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    ".google.protobuf.FieldMask": {"type": "string"},
}
MASK_NOTE = " In JSON it may be left out: then it is what the body has."
PAGE_SIZE = re.compile(r"1 to ([0-9,]+); 0 stands for ([0-9,]+)")


def reference(name):
    return {"$ref": f"#/components/schemas/{name}"}


def short(full_name):
    """The name of a component: what follows the package."""
    return full_name.lstrip(".").removeprefix(model.PACKAGE + ".").replace(".", "")


def enum_word(enum, value):
    """CHAT_TYPE_GROUP of ChatType is "group"."""
    return value.proto.name.removeprefix(model.enum_prefix(enum.full_name)).lower()


class Schemas:
    """Knows the API's messages by name, and in which direction each travels."""

    def __init__(self, api):
        files = api.own_files()
        self.messages = {"." + message.full_name: message for file in files for message in file.all_messages()}
        self.enums = {"." + enum.full_name: enum for file in files for enum in file.all_enums()}
        self._words = {value.proto.name: enum_word(enum, value)
                       for enum in self.enums.values() for value in enum.values}
        self._path_fields = {}  # of a request: what the path says, and the body does not
        roots = ([], [])
        for method in (method for file in files for service in file.services for method in service.methods):
            for rule in method.http:
                self._path_fields[method.proto.input_type] = path_fields(rule)
            if method.http:
                roots[1].append(method.proto.output_type)
            if self.has_body(method):
                roots[0].append(method.proto.input_type)
        self._asked, self._answered = map(self._reachable, roots)

    def _reachable(self, names):
        """The names, and those of all messages and enums within."""
        found, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                fields = self.messages[name].fields if name in self.messages else []
                waiting += [field.proto.type_name for field in fields if field.proto.type_name]
        return found

    def text(self, comment):
        """A comment, for readers of REST: enum values are words, metadata are headers."""
        text = re.sub(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b",
                      lambda match: f"`{self._words[match[0]]}`" if match[0] in self._words else match[0], comment)
        text = text.replace("the metadata `idempotency-key`", "the header `Idempotency-Key`")
        return re.sub(r"\b\w+Service\.(\w+)(?=[.;])", r"Of the operation `\1`", text)

    def body_fields(self, type_name):
        """What the JSON body of a request has."""
        message = self.messages[type_name]
        return [field for field in message.fields if field.proto.name not in self._path_fields.get(type_name, ())]

    def has_body(self, method):
        """Whether a request of the method has fields in its body; a body of no fields is left out."""
        return any(rule.body for rule in method.http) and bool(self.body_fields(method.proto.input_type))

    def components(self):
        """Name to schema, of everything that a request or an answer has."""
        used = self._asked | self._answered
        schemas = {}
        for type_name, message in self.messages.items():
            if type_name in used and not message.is_map_entry:
                schemas[short(type_name)] = self._message(type_name, message)
        for type_name, enum in self.enums.items():
            if type_name in used:
                schemas[short(type_name)] = self._enum(enum)
        return dict(sorted(schemas.items()))

    def _enum(self, enum):
        lines = [f"- `{enum_word(enum, value)}`: {self.text(' '.join(comments.prose(value.comment)))}"
                 for value in enum.values]
        return {"type": "string", "description": "\n\n".join([self._prose(enum), "\n".join(lines)]),
                "enum": [enum_word(enum, value) for value in enum.values]}

    def _prose(self, element):
        return self.text("\n\n".join(comments.prose(element.comment)))

    def _message(self, type_name, message):
        fields = self.body_fields(type_name)
        schema = {"type": "object", "description": self._prose(message),
                  "properties": {field.proto.name: self.field(field) for field in fields}}
        required = [field.proto.name for field in fields if self._is_required(type_name, field)]
        if required:
            schema["required"] = required
        if type_name not in self._answered:
            schema["additionalProperties"] = False
        if message.shorthand:
            return {"description": schema.pop("description"),
                    "oneOf": [self._bare_field(message, message.shorthand), schema]}
        return schema

    def _bare_field(self, message, name):
        return next(self.field(field) for field in message.fields if field.proto.name == name)

    def _is_required(self, type_name, field):
        """Answers have all that can always be there; requests have to have what says so."""
        single = field.proto.label != FIELD.LABEL_REPEATED
        if field.proto.HasField("oneof_index"):
            return False
        if type_name not in self._asked:
            return not (single and field.proto.type == FIELD.TYPE_MESSAGE)
        return (type_name not in self._answered and "Required" in field.comment
                and field.proto.type_name != ".google.protobuf.FieldMask")

    def field(self, field):
        """The schema of a field, with its description."""
        proto, schema = field.proto, self._type(field)
        text = self.text(" ".join(comments.prose(field.comment)))
        if proto.type_name == ".google.protobuf.FieldMask":
            text += MASK_NOTE
        if proto.type_name in self.messages and self.messages[proto.type_name].is_map_entry:
            value = next(f for f in self.messages[proto.type_name].fields if f.proto.name == "value")
            return {"type": "object", "description": text, "additionalProperties": self._type(value)}
        if proto.label == FIELD.LABEL_REPEATED:
            return {"type": "array", "description": text, "items": schema}
        return {**schema, "description": text}

    def _type(self, field):
        proto = field.proto
        if proto.type_name in WELL_KNOWN:
            return dict(WELL_KNOWN[proto.type_name])
        if proto.type_name:
            return reference(short(proto.type_name))
        schema = dict(SCALARS[proto.type])
        size = PAGE_SIZE.match(field.comment)
        if proto.type == FIELD.TYPE_STRING and proto.name.endswith("_id") and "empty" not in field.comment:
            schema["format"] = "uuid"
        elif proto.name == "page_size" and size:
            most, default = (int(number.replace(",", "")) for number in size.groups())
            schema.update(minimum=0, maximum=most, default=default)
        return schema


def path_fields(rule):
    return re.findall(r"{([^}=]+)", rule.template)
