/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How a stream takes frames out of bytes; the rest is seen with a server (tests/e2e/test_bench.py). */
#include "bench/stream.h"

#include <string.h>

#include "support/cmocka.h"

enum { REASON_BYTES = 1000 };

struct fixture {
    struct bench_stream stream;
    struct pl_arena arena;
    struct pl_buf bytes; /* of three frames: an empty one, one that says caught_up, one that says going_away */
    char reason[REASON_BYTES + 1];
    char received[16]; /* a letter for each frame */
};

static void received(struct bench_stream *stream, const Parley__V1__ServerFrame *frame)
{
    struct fixture *fixture = pl_container_of(stream, struct fixture, stream);
    if (frame->going_away != NULL)
        assert_string_equal(frame->going_away->reason, fixture->reason);
    strcat(fixture->received, frame->going_away != NULL ? "g" : frame->caught_up ? "c" : "-");
}

static void put(struct pl_buf *bytes, const Parley__V1__ServerFrame *frame)
{
    size_t length = parley__v1__server_frame__get_packed_size(frame);
    pl_buf_put_u8(bytes, 0);
    pl_buf_put_u32(bytes, (uint32_t)length);
    parley__v1__server_frame__pack(frame, pl_buf_extend(bytes, length));
}

static void put_frames(struct fixture *fixture)
{
    Parley__V1__GoingAway going_away = PARLEY__V1__GOING_AWAY__INIT;
    Parley__V1__ServerFrame frame = PARLEY__V1__SERVER_FRAME__INIT;
    put(&fixture->bytes, &frame);
    frame.caught_up = 1;
    put(&fixture->bytes, &frame);
    going_away.reason = memset(fixture->reason, 'r', REASON_BYTES);
    frame.going_away = &going_away;
    put(&fixture->bytes, &frame);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    pl_arena_init(&fixture.arena, SIZE_MAX);
    pl_buf_init(&fixture.bytes, SIZE_MAX / 4);
    pl_buf_init(&fixture.stream.in, SIZE_MAX / 4);
    fixture.stream.site.arena = &fixture.arena;
    fixture.stream.site.received = received;
    put_frames(&fixture);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    pl_buf_fini(&fixture->stream.in);
    pl_buf_fini(&fixture->bytes);
    pl_arena_fini(&fixture->arena);
    return 0;
}

static void frames_come_however_the_bytes_are_cut(void **state)
{
    struct fixture *fixture = *state;
    for (size_t each = 1; each <= fixture->bytes.bytes; each++) {
        fixture->received[0] = '\0';
        for (size_t done = 0; done < fixture->bytes.bytes; done += each) {
            size_t left = fixture->bytes.bytes - done;
            bench_stream_data(&fixture->stream, fixture->bytes.data + done, left < each ? left : each);
        }
        assert_string_equal(fixture->received, "-cg");
        assert_int_equal(fixture->stream.in.bytes, 0);
    }
}

static void a_frame_waits_for_its_last_byte(void **state)
{
    struct fixture *fixture = *state;
    size_t bytes = fixture->bytes.bytes;
    bench_stream_data(&fixture->stream, fixture->bytes.data, bytes - 1);
    assert_string_equal(fixture->received, "-c");
    bench_stream_data(&fixture->stream, fixture->bytes.data + bytes - 1, 1);
    assert_string_equal(fixture->received, "-cg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_come_however_the_bytes_are_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_frame_waits_for_its_last_byte, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
