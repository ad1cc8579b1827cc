/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What the kernel knows of processes: CPU, memory, context switches. From /proc, so Linux only. */
#ifndef PL_TESTS_BENCH_PROCESSES_H
#define PL_TESTS_BENCH_PROCESSES_H

#include <stdint.h>
#include <sys/types.h>

/* 0 when there is no such process. */
pid_t bench_process_parent(pid_t pid);
/* CPU time of the process, of the children that it has waited for and of those that run, in microseconds (ticks of
 * 10 ms each). */
int64_t bench_process_cpu_us(pid_t pid);
/* CPU time of this process in microseconds. */
int64_t bench_process_own_cpu_us(void);
/* CPU time that the machine spent on anything, and that its host took away. */
void bench_machine_cpu_us(int64_t *ret_busy_us, int64_t *ret_stolen_us);
int64_t bench_process_rss_bytes(pid_t pid);
/* Voluntary and other context switches of all threads. */
int64_t bench_process_switches(pid_t pid);

#endif
