/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What the tests of JSON say: texts in, messages and problems out. Messages live until json_case_fini. */
#ifndef TESTS_UNIT_GATEWAY_JSON_JSON_CASE_H
#define TESTS_UNIT_GATEWAY_JSON_JSON_CASE_H

#include "support/cmocka.h"

#include "gateway/json/json.h"

/* cmocka's setup and teardown: *state is the arena of the test. */
int json_case_init(void **state);
int json_case_fini(void **state);

/* The message that the text is; fails the test when it is none. */
ProtobufCMessage *read_json(void **state, const ProtobufCMessageDescriptor *type, const char *text);
/* What is read from the text is written so. */
void assert_rewritten(void **state, const ProtobufCMessageDescriptor *type, const char *text, const char *expected);
/* The text is refused with this status, and "path sentence" or "sentence" begins as told. */
void assert_refused(void **state, const ProtobufCMessageDescriptor *type, const char *text, enum pl_status status,
                    const char *told);
/* The message is written so. */
void assert_written(const ProtobufCMessage *message, const char *expected);
void assert_told(const struct pl_json_problem *problem, enum pl_status status, const char *told);

#endif
