/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Every principal against every scope. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/scope.h"

static const struct pl_principal nobody = {.kind = PL_PRINCIPAL_NOBODY};
static const struct pl_principal the_operator = {.kind = PL_PRINCIPAL_OPERATOR};
static const struct pl_principal app = {.kind = PL_PRINCIPAL_APP, .app_id = {{{1}}}};
static const struct pl_principal app_for_user = {.kind = PL_PRINCIPAL_APP, .app_id = {{{1}}}, .user_id = {{{2}}}};
static const struct pl_principal device = {
    .kind = PL_PRINCIPAL_DEVICE, .app_id = {{{1}}}, .user_id = {{{2}}}, .device_id = {{{3}}}};

static void assert_row(enum pl_scope scope, enum pl_status for_nobody, enum pl_status for_operator,
                       enum pl_status for_apps[2], enum pl_status for_device)
{
    assert_int_equal(pl_scope_check(&nobody, scope), for_nobody);
    assert_int_equal(pl_scope_check(&the_operator, scope), for_operator);
    assert_int_equal(pl_scope_check(&app, scope), for_apps[0]);
    assert_int_equal(pl_scope_check(&app_for_user, scope), for_apps[1]);
    assert_int_equal(pl_scope_check(&device, scope), for_device);
}

#define APPS(alone_, for_user_) ((enum pl_status[2]){(alone_), (for_user_)})

static void public_admits_everybody(void **state)
{
    (void)state;
    assert_row(PL_SCOPE_PUBLIC, PL_OK, PL_OK, APPS(PL_OK, PL_OK), PL_OK);
}

static void operator_scope_admits_the_operator_alone(void **state)
{
    (void)state;
    assert_row(PL_SCOPE_OPERATOR, PL_CREDENTIALS_MISSING, PL_OK, APPS(PL_PERMISSION_DENIED, PL_PERMISSION_DENIED),
               PL_PERMISSION_DENIED);
}

static void operator_or_app_refuses_devices(void **state)
{
    (void)state;
    assert_row(PL_SCOPE_OPERATOR_OR_APP, PL_CREDENTIALS_MISSING, PL_OK, APPS(PL_OK, PL_OK), PL_PERMISSION_DENIED);
}

static void app_scope_refuses_the_operator_who_has_no_app(void **state)
{
    (void)state;
    assert_row(PL_SCOPE_APP, PL_CREDENTIALS_MISSING, PL_PERMISSION_DENIED, APPS(PL_OK, PL_OK), PL_PERMISSION_DENIED);
}

static void app_or_user_admits_apps_and_devices(void **state)
{
    (void)state;
    assert_row(PL_SCOPE_APP_OR_USER, PL_CREDENTIALS_MISSING, PL_PERMISSION_DENIED, APPS(PL_OK, PL_OK), PL_OK);
}

static void user_scope_needs_the_acting_user_of_an_app(void **state)
{
    (void)state;
    assert_row(PL_SCOPE_USER, PL_CREDENTIALS_MISSING, PL_PERMISSION_DENIED, APPS(PL_ACTING_USER_MISSING, PL_OK), PL_OK);
}

static void device_scope_admits_devices_alone(void **state)
{
    (void)state;
    assert_row(PL_SCOPE_DEVICE, PL_CREDENTIALS_MISSING, PL_PERMISSION_DENIED,
               APPS(PL_PERMISSION_DENIED, PL_PERMISSION_DENIED), PL_OK);
}

static void unknown_scope_admits_nobody(void **state)
{
    (void)state;
    assert_row((enum pl_scope)0, PL_PERMISSION_DENIED, PL_PERMISSION_DENIED,
               APPS(PL_PERMISSION_DENIED, PL_PERMISSION_DENIED), PL_PERMISSION_DENIED);
    assert_row((enum pl_scope)8, PL_PERMISSION_DENIED, PL_PERMISSION_DENIED,
               APPS(PL_PERMISSION_DENIED, PL_PERMISSION_DENIED), PL_PERMISSION_DENIED);
}

static void who_is_refused_is_told_what_the_scope_takes(void **state)
{
    (void)state;
    for (enum pl_scope scope = PL_SCOPE_OPERATOR; scope <= PL_SCOPE_DEVICE; scope++)
        assert_non_null(pl_scope_sentence(scope, PL_PERMISSION_DENIED));
    assert_string_equal(pl_scope_sentence(PL_SCOPE_APP, PL_PERMISSION_DENIED),
                        "this call takes an app's API key in x-api-key");
    assert_null(pl_scope_sentence(PL_SCOPE_APP, PL_CREDENTIALS_MISSING));
    assert_null(pl_scope_sentence((enum pl_scope)8, PL_PERMISSION_DENIED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_admits_everybody),
        cmocka_unit_test(operator_scope_admits_the_operator_alone),
        cmocka_unit_test(operator_or_app_refuses_devices),
        cmocka_unit_test(app_scope_refuses_the_operator_who_has_no_app),
        cmocka_unit_test(app_or_user_admits_apps_and_devices),
        cmocka_unit_test(user_scope_needs_the_acting_user_of_an_app),
        cmocka_unit_test(device_scope_admits_devices_alone),
        cmocka_unit_test(unknown_scope_admits_nobody),
        cmocka_unit_test(who_is_refused_is_told_what_the_scope_takes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
