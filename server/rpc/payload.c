/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A message mostly lies in one slice, which is then read in place; only a longer one is put together first. */
#include "rpc/payload.h"

#include <grpc/byte_buffer_reader.h>

#include "rpc/codec.h"

size_t pl_payload_bytes(grpc_byte_buffer *buffer)
{
    return buffer == NULL ? 0 : grpc_byte_buffer_length(buffer);
}

static grpc_slice contiguous(grpc_byte_buffer *buffer)
{
    grpc_byte_buffer_reader reader;
    grpc_slice slice;

    if (buffer == NULL)
        return grpc_empty_slice();
    if (buffer->data.raw.slice_buffer.count == 1)
        return grpc_slice_ref(buffer->data.raw.slice_buffer.slices[0]);
    if (!grpc_byte_buffer_reader_init(&reader, buffer))
        return grpc_empty_slice();
    slice = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    return slice;
}

enum pl_status pl_payload_unpack(grpc_byte_buffer *buffer, const struct pl_served *served, struct pl_arena *arena,
                                 ProtobufCMessage **ret_message)
{
    enum pl_status status;
    grpc_slice slice;

    if (pl_payload_bytes(buffer) > served->method->request_bytes_max)
        return PL_MESSAGE_TOO_LARGE;
    if (buffer != NULL && buffer->data.raw.compression != GRPC_COMPRESS_NONE)
        return PL_MALFORMED_MESSAGE;
    slice = contiguous(buffer);
    status =
        pl_codec_unpack(served->api->input, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice), arena, ret_message);
    grpc_slice_unref(slice);
    return status;
}

static grpc_byte_buffer *wrap(grpc_slice slice)
{
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

    grpc_slice_unref(slice);
    return buffer;
}

grpc_byte_buffer *pl_payload_pack(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));

    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    return wrap(slice);
}

grpc_byte_buffer *pl_payload_copy(const void *data, size_t bytes)
{
    return wrap(grpc_slice_from_copied_buffer(data, bytes));
}
