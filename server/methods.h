/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Every method that parleyd serves, in one list; opening the gRPC server asserts that it is the API's. */
#ifndef PL_METHODS_H
#define PL_METHODS_H

#include "rpc/call.h"

extern const struct pl_method *const pl_methods[];
extern const unsigned pl_method_count;

#endif
