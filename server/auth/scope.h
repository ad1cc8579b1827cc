/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Who may call what: the scope of a method against who is asking. */
#ifndef PL_AUTH_SCOPE_H
#define PL_AUTH_SCOPE_H

#include "api/methods.h"
#include "auth/principal.h"
#include "base/status.h"

/*
 * PL_OK, PL_CREDENTIALS_MISSING (nobody), PL_ACTING_USER_MISSING (an app without a user where a user
 * is needed) or PL_PERMISSION_DENIED. A scope that this does not know admits nobody.
 */
enum pl_status pl_scope_check(const struct pl_principal *principal, enum pl_scope scope) PL_MUST_CHECK;
/* What to say of a verdict of pl_scope_check: which credentials the scope takes. NULL: the status says it all. */
const char *pl_scope_sentence(enum pl_scope scope, enum pl_status status);

#endif
