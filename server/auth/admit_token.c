/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* authorization: Bearer: a device token, see token_check.h. */
#include "auth/admission.h"

static void on_checked(struct pl_token_check *check);

void pl_admit_token(struct pl_admission *admission, const char *token)
{
    struct pl_call *call = admission->call;

    admission->token = (struct pl_token_check){
        .token = token,
        .arena = pl_call_arena(call),
        .home = &pl_call_loop(call)->mailbox,
        .deadline_us = pl_call_deadline_us(call),
        .done = on_checked,
    };
    pl_token_check_begin(admission->auth, &admission->token);
}

static void on_checked(struct pl_token_check *check)
{
    struct pl_admission *admission = pl_container_of(check, struct pl_admission, token);

    if (check->status != PL_OK) {
        pl_admission_refuse(admission, check->status, NULL);
        return;
    }
    *pl_call_principal(admission->call) = check->principal;
    pl_admission_pass(admission);
}
