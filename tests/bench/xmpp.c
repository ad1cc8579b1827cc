/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * parley-bench-xmpp PORT PAIRS WINDOW SECONDS BODY_BYTES: the load of `parley-bench pairs` on an XMPP server, which is
 * what peer.py compares with. Users u1, u2, ... of "localhost" with the password p; u1 writes to u2, u3 to u4. Stream
 * management (XEP-0198) acknowledges what the server has, receipts (XEP-0184) what the other one has. A message is done
 * when it has arrived; each must come once, in order and unchanged. One thread. The parser knows what such a server
 * says and no more of XML. Prints one line of JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/fail.h"
#include "bench/histogram.h"

enum { IN_BYTES = 1 << 17, OUT_BYTES = 1 << 18, BODY_MAX = 8192, WARMUP_US = 1000000, EVENTS = 256 };

#define OPEN                                                                                                           \
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' "             \
    "version='1.0'>"

struct device {
    int fd;
    unsigned user;         /* odd: sends to the next one */
    unsigned long handled; /* stanzas that came */
    unsigned long number;  /* odd users: of the last message sent; even ones: received */
    size_t in_bytes, out_bytes;
    char in[IN_BYTES], out[OUT_BYTES];
};

struct load {
    struct device **devices;
    unsigned count;
    unsigned first_user; /* an odd one */
    int poll;
    char filler[BODY_MAX];
    int64_t from_us, until_us;
    struct bench_histogram delivered_us;
    unsigned long receipts;
    unsigned long acks;
};

/* ---- out ---- */

static void say(struct device *device, const char *text)
{
    size_t bytes = strlen(text);
    if (device->out_bytes + bytes > OUT_BYTES)
        bench_fail("the server does not read");
    memcpy(device->out + device->out_bytes, text, bytes);
    device->out_bytes += bytes;
}

static void flush(struct device *device)
{
    size_t done = 0;
    while (done < device->out_bytes) {
        ssize_t wrote = write(device->fd, device->out + done, device->out_bytes - done);
        if (wrote < 0 && errno != EAGAIN)
            bench_fail("the server closed a connection");
        if (wrote < 0)
            break;
        done += (size_t)wrote;
    }
    device->out_bytes -= done;
    memmove(device->out, device->out + done, device->out_bytes);
}

static void send_next(const struct load *load, struct device *sender)
{
    char text[BODY_MAX + 512];
    unsigned long number = ++sender->number;
    snprintf(text, sizeof(text),
             "<message to='u%u@localhost' type='chat' id='m%lu'><body>%012lu %020lld %s</body>"
             "<request xmlns='urn:xmpp:receipts'/></message><r xmlns='urn:xmpp:sm:3'/>",
             sender->user + 1, number, number, (long long)pl_clock_now_us(), load->filler);
    say(sender, text);
}

static void send_receipt(struct device *receiver)
{
    char text[256];
    snprintf(text, sizeof(text),
             "<message to='u%u@localhost' type='chat'><received xmlns='urn:xmpp:receipts' id='m%lu'/>"
             "<no-store xmlns='urn:xmpp:hints'/></message>",
             receiver->user - 1, receiver->number);
    say(receiver, text);
}

/* ---- in ---- */

static void take_body(struct load *load, struct device *receiver, const char *body)
{
    unsigned long number = 0;
    long long at_us = 0;
    size_t filler = strlen(load->filler);
    if (sscanf(body, "<body>%12lu %20lld ", &number, &at_us) != 2 || number != receiver->number + 1)
        bench_violation("u%u got message %lu after %lu", receiver->user, number, receiver->number);
    body += strlen("<body>") + 12 + 1 + 20 + 1;
    if (strncmp(body, load->filler, filler) != 0 || strncmp(body + filler, "</body>", 7) != 0)
        bench_violation("u%u got another body than was sent", receiver->user);
    receiver->number = number;
    int64_t now_us = pl_clock_now_us();
    if (now_us >= load->from_us && now_us < load->until_us)
        bench_histogram_add(&load->delivered_us, now_us - at_us);
    send_receipt(receiver);
    struct device *sender = load->devices[receiver->user - load->first_user - 1];
    send_next(load, sender);
    flush(sender);
}

/* Stanza is one element, ended by a NUL. */
static void take(struct load *load, struct device *device, const char *stanza)
{
    char answer[96];
    if (strncmp(stanza, "<r ", 3) == 0) {
        snprintf(answer, sizeof(answer), "<a xmlns='urn:xmpp:sm:3' h='%lu'/>", device->handled);
        say(device, answer);
    } else if (strncmp(stanza, "<a ", 3) == 0) {
        load->acks++;
    } else if (strncmp(stanza, "<stream:error", 13) == 0) {
        bench_fail("the server ended a stream: %s", stanza);
    } else {
        device->handled++;
        const char *body = strstr(stanza, "<body>");
        if (body != NULL)
            take_body(load, device, body);
        else if (strstr(stanza, "<received ") != NULL)
            load->receipts++;
    }
}

/* The end of the element that text begins with; NULL while it is not all there. */
static char *end_of(char *text)
{
    char closing[64] = "</";
    char *end = strchr(text, '>');
    if (end == NULL || end[-1] == '/')
        return end == NULL ? NULL : end + 1;
    size_t name = strcspn(text + 1, " />");
    if (name > sizeof(closing) - 4)
        bench_fail("the server said what is no stanza: %.40s", text);
    memcpy(closing + 2, text + 1, name);
    closing[2 + name] = '>';
    end = strstr(end, closing);
    return end == NULL ? NULL : end + name + 3;
}

static bool fill(struct device *device)
{
    ssize_t got = read(device->fd, device->in + device->in_bytes, IN_BYTES - 1 - device->in_bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN))
        bench_fail("the server closed a connection");
    device->in_bytes += got > 0 ? (size_t)got : 0;
    device->in[device->in_bytes] = '\0';
    return got > 0;
}

static void receive(struct load *load, struct device *device)
{
    char *at = device->in;
    fill(device);
    for (char *end; *at != '\0' && (end = end_of(at)) != NULL; at = end) {
        char kept = *end;
        *end = '\0';
        take(load, device, at);
        *end = kept;
    }
    device->in_bytes -= (size_t)(at - device->in);
    memmove(device->in, at, device->in_bytes + 1);
    flush(device);
}

/* ---- login, which blocks ---- */

static void await(struct device *device, const char *text, const char *wanted)
{
    say(device, text);
    flush(device);
    device->in_bytes = 0;
    while (fill(device) && strstr(device->in, wanted) == NULL)
        if (strstr(device->in, "<failure") != NULL || strstr(device->in, "stream:error") != NULL)
            bench_fail("u%u cannot log in: %s", device->user, device->in);
    device->in_bytes = 0;
}

static void encode_base64(const char *data, size_t bytes, char *ret_text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes; i += 3) {
        unsigned bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (i + k < bytes ? (unsigned char)data[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            *ret_text++ = (char)(i + k > bytes ? '=' : digits[bits >> (18 - 6 * k) & 63]);
    }
    *ret_text = '\0';
}

static void log_in(struct device *device, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    char plain[32];
    char secret[64];
    char text[256];
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    device->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(device->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        bench_fail("nobody listens on port %u", port);
    setsockopt(device->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    int bytes = snprintf(plain, sizeof(plain), "%cu%u%cp", 0, device->user, 0);
    encode_base64(plain, (size_t)bytes, secret);
    snprintf(text, sizeof(text), "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>", secret);
    await(device, OPEN, "</stream:features>");
    await(device, text, "<success");
    await(device, OPEN, "</stream:features>");
    await(device, "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "</iq>");
    await(device, "<enable xmlns='urn:xmpp:sm:3'/>", "<enabled");
    say(device, "<presence/>");
    flush(device);
}

/* ---- the run ---- */

static void connect_all(struct load *load, uint16_t port)
{
    for (unsigned i = 0; i < load->count; i++) {
        struct device *device = load->devices[i] = calloc(1, sizeof(*device));
        pl_assert(device != NULL);
        device->user = load->first_user + i;
        log_in(device, port);
    }
    for (unsigned i = 0; i < load->count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = load->devices[i]};
        fcntl(load->devices[i]->fd, F_SETFL, O_NONBLOCK);
        epoll_ctl(load->poll, EPOLL_CTL_ADD, load->devices[i]->fd, &event);
    }
}

static void run(struct load *load, int window)
{
    struct epoll_event events[EVENTS];
    for (unsigned i = 0; i < load->count; i += 2) {
        for (int k = 0; k < window; k++)
            send_next(load, load->devices[i]);
        flush(load->devices[i]);
    }
    while (pl_clock_now_us() < load->until_us) {
        int ready = epoll_wait(load->poll, events, EVENTS, 100);
        for (int i = 0; i < ready; i++)
            receive(load, events[i].data.ptr);
    }
}

int main(int argc, char **argv)
{
    if (argc != 7)
        bench_fail("usage: parley-bench-xmpp PORT PAIRS WINDOW SECONDS BODY_BYTES FIRST_USER");
    struct load *load = calloc(1, sizeof(*load));
    int seconds = atoi(argv[4]);
    int body = atoi(argv[5]);
    if (load == NULL || body < 64 || body >= BODY_MAX)
        bench_fail("a body has 64 to %d bytes", BODY_MAX - 1);
    load->count = 2 * (unsigned)atoi(argv[2]);
    load->first_user = (unsigned)atoi(argv[6]);
    load->devices = calloc(load->count, sizeof(*load->devices));
    load->poll = epoll_create1(EPOLL_CLOEXEC);
    memset(load->filler, 'x', (size_t)body - 34); /* number and time take the rest */
    connect_all(load, (uint16_t)atoi(argv[1]));
    load->from_us = pl_clock_now_us() + WARMUP_US;
    load->until_us = load->from_us + (int64_t)seconds * 1000000;
    run(load, atoi(argv[3]));
    const struct bench_histogram *delivered = &load->delivered_us;
    printf("{\"delivered_per_s\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"acks\": %lu, \"receipts\": %lu}\n",
           (double)delivered->total / seconds, (double)bench_histogram_at(delivered, 0.5) / 1000,
           (double)bench_histogram_at(delivered, 0.99) / 1000, load->acks, load->receipts);
    return 0;
}
