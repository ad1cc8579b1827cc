/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What the generator reads from the protos and protobuf-c does not know: the methods, with their scope, streaming and
 * HTTP rules; JSON facts of every field; the descriptors that reflection serves. The tables are const and static.
 */
#ifndef PL_API_METHODS_H
#define PL_API_METHODS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* parley.v1.Scope, by value. */
enum pl_scope {
    PL_SCOPE_PUBLIC = 1,
    PL_SCOPE_OPERATOR = 2,
    PL_SCOPE_OPERATOR_OR_APP = 3,
    PL_SCOPE_APP = 4,
    PL_SCOPE_APP_OR_USER = 5,
    PL_SCOPE_USER = 6,
    PL_SCOPE_DEVICE = 7
};

/* One google.api.http binding. */
struct pl_api_http {
    const char *verb;     /* "GET" */
    const char *template; /* "/v1/chats/{chat_id}" */
    const char *body;     /* "*", a field's name, or "" */
};

struct pl_api_method {
    const char *path;    /* "/parley.v1.ChatService/GetChat" */
    const char *service; /* "parley.v1.ChatService" */
    const char *name;    /* "GetChat" */
    const ProtobufCMessageDescriptor *input;
    const ProtobufCMessageDescriptor *output;
    bool client_streaming;
    bool server_streaming;
    enum pl_scope scope;
    const struct pl_api_http *http;
    unsigned http_count;
    /*
     * Of methods that create; REST answers 201. "/v1/chats/{chat_id}": where a GET finds what was created, with
     * string fields of the reply as variables; "": it has no address of its own. NULL: the method does not create.
     */
    const char *location;
    const char *wait_field; /* of methods that rest: the int32 field of the request with the seconds; else NULL */
};

extern const struct pl_api_method pl_api_methods[];
extern const unsigned pl_api_method_count;

/*
 * How a field reads in JSON, beside what its protobuf-c descriptor says. json_name is protobuf's: lowerCamelCase, or
 * what the proto says; readers of JSON accept it beside the descriptor's own snake_case name, which is the one that is
 * written.
 */
enum pl_api_json_kind {
    PL_API_JSON_PLAIN,
    PL_API_JSON_MAP,       /* repeated entries with key and value */
    PL_API_JSON_TIMESTAMP, /* google.protobuf.Timestamp */
    PL_API_JSON_FIELD_MASK,
};
struct pl_api_json_message;
struct pl_api_json_field {
    const char *json_name;
    unsigned name_bytes; /* of the name in the descriptor, which is the one that is written */
    enum pl_api_json_kind kind;
    bool has_presence;                         /* proto3 optional or member of a oneof */
    const struct pl_api_json_message *message; /* of a message or a map's entry: the row of its type; else NULL */
    unsigned enum_prefix_bytes;                /* of an enum: of "CHAT_TYPE_", which JSON leaves out; else 0 */
};
struct pl_api_json_message {
    const ProtobufCMessageDescriptor *descriptor;
    const struct pl_api_json_field *fields; /* in the order of descriptor->fields */
    const char *shorthand; /* the string field that a bare JSON string in this message's place sets; NULL: none */
};
extern const struct pl_api_json_message pl_api_json_messages[];
extern const unsigned pl_api_json_message_count;

/*
 * The files of the API, of health and of reflection, and what they import: serialized FileDescriptorProtos without
 * source info. A file comes after its imports.
 */
struct pl_api_file {
    const char *name;
    const uint8_t *data;
    size_t bytes;
    const unsigned *dependencies; /* indexes of this file's transitive imports, ascending */
    unsigned dependency_count;
};
extern const struct pl_api_file pl_api_files[];
extern const unsigned pl_api_file_count;

/* Fully qualified symbol (service, method, message, enum) to file, sorted by name in the order of strcmp. */
struct pl_api_symbol {
    const char *name;
    unsigned file;
};
extern const struct pl_api_symbol pl_api_symbols[];
extern const unsigned pl_api_symbol_count;

#endif
