/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* What of /proc/PID/stat is of use here. */
struct stat_line {
    pid_t parent;
    int64_t own_ticks;
    int64_t reaped_ticks;
};

static bool read_file(const char *path, char *ret_text, size_t bytes)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    size_t got = fread(ret_text, 1, bytes - 1, file);
    ret_text[got] = '\0';
    fclose(file);
    return got > 0;
}

static bool read_stat(pid_t pid, struct stat_line *ret_line)
{
    char path[64];
    char text[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (!read_file(path, text, sizeof(text)))
        return false;
    /* The name, in parentheses, may hold anything. */
    const char *at = strrchr(text, ')');
    long long user, system, user_reaped, system_reaped;
    int parent;
    if (at == NULL || sscanf(at + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld %lld %lld", &parent, &user,
                             &system, &user_reaped, &system_reaped) != 5)
        return false;
    *ret_line = (struct stat_line){parent, user + system, user_reaped + system_reaped};
    return true;
}

pid_t bench_process_parent(pid_t pid)
{
    struct stat_line line;
    return read_stat(pid, &line) ? line.parent : 0;
}

static int64_t us_of_ticks(int64_t ticks)
{
    return ticks * (1000000 / sysconf(_SC_CLK_TCK));
}

static int64_t children_ticks(pid_t parent)
{
    int64_t ticks = 0;
    DIR *folder = opendir("/proc");
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        struct stat_line line;
        if (isdigit((unsigned char)entry->d_name[0]) && read_stat(atoi(entry->d_name), &line) && line.parent == parent)
            ticks += line.own_ticks + line.reaped_ticks;
    }
    if (folder != NULL)
        closedir(folder);
    return ticks;
}

int64_t bench_process_cpu_us(pid_t pid)
{
    struct stat_line line;
    if (pid == 0 || !read_stat(pid, &line))
        return 0;
    return us_of_ticks(line.own_ticks + line.reaped_ticks + children_ticks(pid));
}

int64_t bench_process_own_cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

void bench_machine_cpu_us(int64_t *ret_busy_us, int64_t *ret_stolen_us)
{
    char text[1024] = "";
    long long user = 0, nice = 0, system = 0, interrupt = 0, soft_interrupt = 0, stolen = 0;
    read_file("/proc/stat", text, sizeof(text));
    sscanf(text, "cpu %lld %lld %lld %*d %*d %lld %lld %lld", &user, &nice, &system, &interrupt, &soft_interrupt,
           &stolen);
    *ret_busy_us = us_of_ticks(user + nice + system + interrupt + soft_interrupt);
    *ret_stolen_us = us_of_ticks(stolen);
}

/* The number behind "NAME:" in a file of lines; 0 when it is not there. */
static int64_t field_of(const char *path, const char *name)
{
    char text[4096];
    if (!read_file(path, text, sizeof(text)))
        return 0;
    const char *at = strstr(text, name);
    return at != NULL ? strtoll(at + strlen(name), NULL, 10) : 0;
}

int64_t bench_process_rss_bytes(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    return field_of(path, "VmRSS:") * 1024;
}

int64_t bench_process_switches(pid_t pid)
{
    char path[320];
    int64_t switches = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, entry->d_name);
        switches += field_of(path, "\nvoluntary_ctxt_switches:") + field_of(path, "nonvoluntary_ctxt_switches:");
    }
    if (folder != NULL)
        closedir(folder);
    return switches;
}
