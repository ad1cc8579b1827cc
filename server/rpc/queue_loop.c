/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A turn takes all completions that are ready, without blocking in between, and only then the mail, the timers and what
 * was deferred: writes that one turn causes gather into one frame. A turn is cut at COMPLETIONS_MAX so that a flood of
 * calls does not keep the mail waiting. The bell is an empty batch on a call that is never made (of a lame channel):
 * core posts its tag at once, from any thread.
 */
#include "rpc/queue_loop.h"

#include <sys/resource.h>

#include "base/clock.h"
#include "base/thread.h"

enum { COMPLETIONS_MAX = 256 };

static void ignore_bell(struct pl_tag *tag, bool ok)
{
    (void)tag;
    (void)ok;
}

static void ring(void *owner)
{
    struct pl_queue_loop *loop = owner;
    grpc_call_error error = grpc_call_start_batch(loop->doorbell, NULL, 0, &loop->rung, NULL);

    pl_assert(error == GRPC_CALL_OK);
}

static void quit(struct pl_task *task)
{
    pl_container_of(task, struct pl_queue_loop, quit)->quitting = true;
}

static gpr_timespec next_deadline(const struct pl_queue_loop *loop)
{
    int64_t due_us = pl_timers_next_due_us(&loop->loop.timers);
    int64_t wait_us;

    if (due_us == INT64_MAX)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    wait_us = due_us - pl_clock_now_us();
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_micros(wait_us > 0 ? wait_us : 0, GPR_TIMESPAN));
}

/* Waits until the deadline for one completion and runs it. False when none came, or none will. */
static bool run_completion(struct pl_queue_loop *loop, gpr_timespec deadline)
{
    grpc_event event = grpc_completion_queue_next(loop->queue, deadline, NULL);

    if (event.type != GRPC_OP_COMPLETE)
        return false;
    struct pl_tag *tag = event.tag;
    tag->run(tag, event.success != 0);
    return true;
}

static void *run(void *argument)
{
    struct pl_queue_loop *loop = argument;

    /* Linux: of this thread only. */
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + loop->nice);
    while (!loop->quitting) {
        gpr_timespec deadline = next_deadline(loop);
        for (unsigned i = 0; i < COMPLETIONS_MAX && run_completion(loop, deadline); i++)
            deadline = gpr_inf_past(GPR_CLOCK_MONOTONIC);
        pl_loop_turn(&loop->loop);
    }
    return NULL;
}

static grpc_completion_queue *make_queue(bool polling)
{
    grpc_completion_queue_attributes attributes = {.version = GRPC_CQ_CURRENT_VERSION,
                                                   .cq_completion_type = GRPC_CQ_NEXT,
                                                   .cq_polling_type =
                                                       polling ? GRPC_CQ_DEFAULT_POLLING : GRPC_CQ_NON_POLLING};

    return grpc_completion_queue_create(grpc_completion_queue_factory_lookup(&attributes), &attributes, NULL);
}

static grpc_call *make_doorbell(grpc_completion_queue *queue)
{
    grpc_channel *channel = grpc_lame_client_channel_create("doorbell", GRPC_STATUS_UNAVAILABLE, "never called");
    grpc_call *call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, queue,
                                               grpc_slice_from_static_string("/doorbell/ring"), NULL,
                                               gpr_inf_future(GPR_CLOCK_REALTIME), NULL);

    grpc_channel_destroy(channel); /* the call holds it */
    return call;
}

enum pl_status pl_queue_loop_start(struct pl_queue_loop *loop, unsigned index, bool polling, size_t scratch_bytes_max)
{
    pl_loop_init(&loop->loop, index, ring, loop);
    pl_arena_init(&loop->scratch, scratch_bytes_max);
    loop->queue = make_queue(polling);
    loop->doorbell = make_doorbell(loop->queue);
    loop->rung.run = ignore_bell;
    loop->quit.run = quit;
    if (!pl_thread_start(&loop->thread, polling ? "rpc" : "stream", run, loop)) {
        pl_queue_loop_fini(loop);
        return PL_UNAVAILABLE;
    }
    return PL_OK;
}

void pl_queue_loop_join(struct pl_queue_loop *loop)
{
    pl_mailbox_post(&loop->loop.mailbox, &loop->quit);
    pthread_join(loop->thread, NULL);
}

void pl_queue_loop_fini(struct pl_queue_loop *loop)
{
    while (!pl_loop_is_idle(&loop->loop))
        pl_loop_turn(&loop->loop);
    grpc_call_unref(loop->doorbell);
    grpc_completion_queue_shutdown(loop->queue);
    while (run_completion(loop, gpr_inf_future(GPR_CLOCK_MONOTONIC))) {
    }
    grpc_completion_queue_destroy(loop->queue);
    pl_arena_fini(&loop->scratch);
    pl_loop_fini(&loop->loop);
}
