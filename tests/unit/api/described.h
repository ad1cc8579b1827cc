/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The descriptors that pl_api embeds, unpacked. They are shared by all tests of a program and freed at its end. */
#ifndef TESTS_UNIT_API_DESCRIBED_H
#define TESTS_UNIT_API_DESCRIBED_H

#include "api/methods.h"
#include "google/protobuf/descriptor.pb-c.h"

/* Unpacks every file; the program stops when one does not parse. Group set-up of cmocka. */
int described_open(void **state);
int described_close(void **state);

/* One for each of pl_api_files, in the same order. */
Google__Protobuf__FileDescriptorProto *const *described_files(void);
/* The message of this fully qualified name, of any depth, or NULL. */
const Google__Protobuf__DescriptorProto *described_message(const char *full_name);
/* The method of a fully qualified service, or NULL. */
const Google__Protobuf__MethodDescriptorProto *described_method(const char *service, const char *name);

#endif
