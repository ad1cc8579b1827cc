/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/sqlstate.h"

#include "support/cmocka.h"

static void classes_decide_what_happens_to_a_transaction(void **state)
{
    (void)state;
    const struct {
        const char *sqlstate;
        enum pl_failure failure;
    } cases[] = {
        {"22021", PL_FAILURE_ROW},   {"23514", PL_FAILURE_ROW},   {"40001", PL_FAILURE_AGAIN},
        {"40P01", PL_FAILURE_AGAIN}, {"55P03", PL_FAILURE_AGAIN}, {"57014", PL_FAILURE_AGAIN},
        {"53100", PL_FAILURE_AGAIN}, {"57P01", PL_FAILURE_LOST},  {"57P03", PL_FAILURE_LOST},
        {"08006", PL_FAILURE_LOST},  {"25006", PL_FAILURE_LOST},  {NULL, PL_FAILURE_LOST},
        {"42P01", PL_FAILURE_BUG},   {"55000", PL_FAILURE_BUG},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(pl_sqlstate_failure(cases[i].sqlstate), cases[i].failure);
}

static void queries_are_told_what_became_of_them(void **state)
{
    (void)state;
    assert_int_equal(pl_sqlstate_status("23505", 1), PL_ALREADY_EXISTS);
    assert_int_equal(pl_sqlstate_status("23514", 1), PL_INVALID_ARGUMENT);
    assert_int_equal(pl_sqlstate_status("40001", 1), PL_DATABASE_UNAVAILABLE);
    assert_int_equal(pl_sqlstate_status("57P01", 1), PL_OUTCOME_UNKNOWN);
    assert_int_equal(pl_sqlstate_status("57P01", 0), PL_DATABASE_UNAVAILABLE);
    assert_int_equal(pl_sqlstate_status("42P01", 0), PL_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_decide_what_happens_to_a_transaction),
        cmocka_unit_test(queries_are_told_what_became_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
