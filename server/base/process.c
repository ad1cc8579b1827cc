/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One function for each row of process.def. */
#include "base/process.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define STAT_BYTES_MAX 4096
#define STAT_STARTTIME 22 /* proc(5), counted from 1 */
#define NS_PER_S 1e9

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        return NAN;
    return (double)now.tv_sec + (double)now.tv_nsec / NS_PER_S;
}

/* Word number of proc(5) of /proc/self/stat; NAN when it cannot be read. The second word may hold anything. */
static double stat_word(unsigned number)
{
    char text[STAT_BYTES_MAX];
    double value = NAN;
    FILE *file = fopen("/proc/self/stat", "re");
    size_t bytes = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    text[bytes] = '\0';
    const char *at = strrchr(text, ')');
    for (unsigned i = 2; at != NULL && i < number; i++)
        at = strchr(at + 1, ' ');
    if (at == NULL || sscanf(at, "%lf", &value) != 1)
        return NAN;
    return value;
}

double pl_process_started_s(void)
{
    double since_boot_s = stat_word(STAT_STARTTIME) / (double)sysconf(_SC_CLK_TCK);
    double started_s = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME) + since_boot_s;
    return isnan(started_s) ? 0 : started_s;
}

static double memory_bytes(unsigned word)
{
    double pages[2] = {NAN, NAN};
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return NAN;
    if (fscanf(file, "%lf %lf", &pages[0], &pages[1]) != 2)
        pages[0] = pages[1] = NAN;
    fclose(file);
    return pages[word] * (double)sysconf(_SC_PAGESIZE);
}

static double process_cpu_seconds_total(double started_s)
{
    (void)started_s;
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

static double process_virtual_memory_bytes(double started_s)
{
    (void)started_s;
    return memory_bytes(0);
}

static double process_resident_memory_bytes(double started_s)
{
    (void)started_s;
    return memory_bytes(1);
}

/* The folder's own descriptor is not counted. */
static double process_open_fds(double started_s)
{
    double count = -1;
    DIR *folder = opendir("/proc/self/fd");
    (void)started_s;
    if (folder == NULL)
        return NAN;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static double process_max_fds(double started_s)
{
    struct rlimit limit;
    (void)started_s;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (double)limit.rlim_cur : NAN;
}

static double process_start_time_seconds(double started_s)
{
    return started_s > 0 ? started_s : NAN;
}

static const struct row {
    const char *name;
    const char *type;
    const char *help;
    double (*read)(double started_s); /* NAN: not known */
} rows[] = {
#define PL_PROCESS_METRIC(name, type, help) {#name, #type, help, name},
#include "base/process.def"
#undef PL_PROCESS_METRIC
};

void pl_process_format(double started_s, struct pl_buf *buf)
{
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double value = rows[i].read(started_s);
        pl_buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n", rows[i].name, rows[i].help, rows[i].name, rows[i].type);
        if (!isnan(value))
            pl_buf_printf(buf, "%s %.15g\n", rows[i].name, value);
    }
}
