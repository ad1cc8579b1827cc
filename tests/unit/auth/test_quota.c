/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What users and apps may do in a second, by a clock of the test's, and what calls are told of it. */
#include "auth/quota.h"

#include <string.h>

#include "support/cmocka.h"
#include "unit/auth/fake_call.h"
#include "unit/auth/fake_db.h"

#define NOW_US INT64_C(1000000000000)

static const struct pl_app_id our_app = {{{0xa0, 1}}};
static const struct pl_user_id alice = {{{0xa1}}}, bob = {{{0xb0}}};
static const struct pl_config config = {
    .user_messages_per_second = 10,
    .user_bytes_per_second = 1000,
    .user_creates_per_second = 2,
    .app_messages_per_second = 15,
    .app_bytes_per_second = 100000,
    .app_creates_per_second = 0,
};
static struct pl_metrics metrics;
static struct pl_quotas *quotas;

static int set_up(void **state)
{
    (void)state;
    memset(&metrics, 0, sizeof(metrics));
    quotas = pl_quotas_new(&config, &metrics);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_quotas_free(quotas);
    return 0;
}

static struct pl_principal user(struct pl_user_id user_id, const int32_t limits[PL_QUOTAS_OF_APP])
{
    struct pl_rows rows = fake_limits(limits);
    struct pl_principal principal = {.kind = PL_PRINCIPAL_DEVICE, .app_id = our_app, .user_id = user_id};
    principal.quota = pl_quotas_app(quotas, &our_app, &rows, 0, 0);
    pl_rows_clear(&rows);
    return principal;
}

static const int32_t defaults[PL_QUOTAS_OF_APP] = {0};

/* How many of these may be done now. */
static unsigned count(const struct pl_principal *principal, struct pl_spending spending, int64_t now_us)
{
    struct pl_quota_taking taking;
    unsigned done = 0;
    while (done < 1000 && pl_quota_take(principal, &spending, now_us, &taking))
        done++;
    return done;
}

static const struct pl_spending message = {.messages = 1, .bytes = 10}, creation = {.creates = 1};

static void user_gets_a_second_s_worth_at_once_and_then_by_and_by(void **state)
{
    (void)state;
    struct pl_principal principal = user(alice, defaults);
    assert_int_equal(count(&principal, message, NOW_US), 10);
    assert_int_equal(count(&principal, message, NOW_US + 99999), 0);
    assert_int_equal(count(&principal, message, NOW_US + 100000), 1);
    assert_int_equal(count(&principal, message, NOW_US + 10000000), 10);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_rate_limited_total + PL_QUOTA_USER_MESSAGES), 4);
}

static void users_of_an_app_share_its_limit_and_nothing_else(void **state)
{
    (void)state;
    struct pl_principal first = user(alice, defaults), second = user(bob, defaults);
    assert_int_equal(count(&first, message, NOW_US), 10);
    assert_int_equal(count(&second, message, NOW_US), 5);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_rate_limited_total + PL_QUOTA_APP_MESSAGES), 1);
    assert_int_equal(count(&second, creation, NOW_US), 2);
}

static void bytes_count_beside_messages(void **state)
{
    (void)state;
    struct pl_principal principal = user(alice, defaults);
    assert_int_equal(count(&principal, (struct pl_spending){.messages = 1, .bytes = 400}, NOW_US), 2);
    assert_int_equal(count(&principal, message, NOW_US), 8);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_rate_limited_total + PL_QUOTA_USER_BYTES), 1);
}

static void app_that_acts_for_nobody_counts_as_itself(void **state)
{
    (void)state;
    static const int32_t limits[PL_QUOTAS_OF_APP] = {0, 0, 0, 0, 0, 7};
    struct pl_principal principal = user((struct pl_user_id){{{0}}}, limits);
    principal.kind = PL_PRINCIPAL_APP;
    assert_int_equal(count(&principal, creation, NOW_US), 7);
}

static void limits_of_an_app_come_before_the_server_s(void **state)
{
    (void)state;
    static const int32_t few[PL_QUOTAS_OF_APP] = {3}, many[PL_QUOTAS_OF_APP] = {-1, -1, 0, -1, -1};
    struct pl_principal principal = user(alice, few);
    assert_int_equal(count(&principal, message, NOW_US), 3);
    (void)user(alice, many);
    assert_int_equal(count(&principal, message, NOW_US), 1000);
    (void)user(alice, defaults);
    assert_int_equal(count(&principal, message, NOW_US + 5000000), 10);
}

static void who_has_no_app_is_not_counted(void **state)
{
    (void)state;
    struct pl_principal operator= {.kind = PL_PRINCIPAL_OPERATOR};
    assert_int_equal(count(&operator, message, NOW_US), 1000);
}

/* ---- calls ---- */

static void call_is_told_what_is_left_and_by_which_policy(void **state)
{
    (void)state;
    struct pl_call call;
    fake_call_init(&call, PL_SCOPE_DEVICE);
    call.principal = user(alice, defaults);
    assert_true(pl_quota_pay(&call, &(struct pl_spending){.messages = 1, .bytes = 10}));
    assert_string_equal(call.ratelimit, "\"user_messages\";r=9;t=1");
    assert_string_equal(call.ratelimit_policy,
                        "\"user_messages\";q=10;w=1, \"user_bytes\";q=1000;w=1;qu=\"content-bytes\", "
                        "\"app_messages\";q=15;w=1, \"app_bytes\";q=100000;w=1;qu=\"content-bytes\"");
    assert_int_equal(call.ended, 0);
    fake_call_fini(&call);
}

static void refused_call_is_told_which_limit_and_when_to_come_back(void **state)
{
    (void)state;
    struct pl_call call;
    fake_call_init(&call, PL_SCOPE_DEVICE);
    call.principal = user(alice, defaults);
    assert_true(pl_quota_pay(&call, &(struct pl_spending){.creates = 2000})); /* of a debt of a quarter of an hour */
    assert_false(pl_quota_pay(&call, &creation));
    assert_int_equal(call.status, PL_RATE_LIMITED);
    assert_string_equal(call.limit, "user_creates");
    assert_memory_equal(call.ratelimit, "\"user_creates\";r=0;t=", 21);
    assert_string_equal(call.ratelimit_policy, "\"user_creates\";q=2;w=1");
    assert_in_range(call.retry_after_ms, 900000, 1000001);
    fake_call_fini(&call);
}

static void call_without_limits_gets_no_headers(void **state)
{
    (void)state;
    static const int32_t none[PL_QUOTAS_OF_APP] = {-1, -1, -1, -1, -1, -1};
    struct pl_call call;
    fake_call_init(&call, PL_SCOPE_DEVICE);
    call.principal = user(alice, none);
    assert_true(pl_quota_pay(&call, &message));
    assert_true(pl_quota_pay(&call, &(struct pl_spending){.messages = 0}));
    assert_null(call.ratelimit);
    assert_null(call.ratelimit_policy);
    fake_call_fini(&call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(user_gets_a_second_s_worth_at_once_and_then_by_and_by, set_up, tear_down),
        cmocka_unit_test_setup_teardown(users_of_an_app_share_its_limit_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_count_beside_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(app_that_acts_for_nobody_counts_as_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_of_an_app_come_before_the_server_s, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_no_app_is_not_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(call_is_told_what_is_left_and_by_which_policy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_call_is_told_which_limit_and_when_to_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(call_without_limits_gets_no_headers, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
