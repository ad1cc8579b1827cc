/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/fail.h"

#define START_US 60000000

static bool takes_connections(const char *endpoint)
{
    char host[64] = "";
    const char *colon = strrchr(endpoint, ':');
    if (colon == NULL || (size_t)(colon - endpoint) >= sizeof(host))
        bench_fail("--endpoint must be ADDRESS:PORT");
    memcpy(host, endpoint, (size_t)(colon - endpoint));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        bench_fail("--endpoint must be an IPv4 address and a port");
    int tried = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = tried >= 0 && connect(tried, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(tried);
    return connected;
}

pid_t bench_server_start(const struct bench_options *options)
{
    pid_t server = fork();
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a bench that fails leaves nothing behind */
        int log = open(options->server_log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
            _exit(127);
        execl(options->server_program, options->server_program, NULL);
        _exit(127);
    }
    int64_t until_us = pl_clock_now_us() + START_US;
    while (server > 0 && !takes_connections(options->endpoint)) {
        if (pl_clock_now_us() > until_us || waitpid(server, NULL, WNOHANG) != 0)
            bench_fail("%s does not start", options->server_program);
        usleep(2000);
    }
    if (server < 0)
        bench_fail("no process can be made");
    return server;
}

void bench_server_freeze(pid_t server)
{
    if (kill(server, SIGSTOP) != 0)
        bench_fail("the server is gone");
}

void bench_server_reap(pid_t server)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}
