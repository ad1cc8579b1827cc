/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/circuit.h"

#include "support/cmocka.h"

static void count(void *context)
{
    ++*(unsigned *)context;
}

static void circuit_is_open_while_all_its_connections_are_away(void **state)
{
    (void)state;
    static struct pl_metrics metrics;
    unsigned turns = 0;
    struct pl_circuits all = {.metrics = &metrics, .turned = count, .context = &turns};
    struct pl_circuit readers;
    struct pl_circuit writer;
    pl_circuit_init(&readers, &all, 2);
    pl_circuit_init(&writer, &all, 1);
    pl_circuit_lose(&readers);
    assert_false(pl_circuit_is_open(&readers));
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_database_circuit_open), 0);
    pl_circuit_lose(&readers);
    assert_true(pl_circuit_is_open(&readers));
    assert_false(pl_circuit_is_open(&writer));
    pl_circuit_lose(&writer);
    pl_circuit_regain(&readers);
    assert_false(pl_circuit_is_open(&readers));
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_database_circuit_open), 1);
    assert_int_equal(turns, 1);
    pl_circuit_regain(&writer);
    pl_circuit_regain(&readers);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_database_circuit_open), 0);
    assert_int_equal(turns, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circuit_is_open_while_all_its_connections_are_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
