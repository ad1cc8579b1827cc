# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""How a failure is told: one exception, with what the server said for programs and for people."""
import grpc

from parley import error_details_pb2

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_PASSING = {"OVERLOADED", "UNAVAILABLE", "DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN", "DRAINING", "UNREACHABLE"}
_NOT_FINAL = {grpc.StatusCode.OK, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN, grpc.StatusCode.ABORTED,
              grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL,
              grpc.StatusCode.UNAVAILABLE}


class Error(Exception):
    """A call was refused, or did not get through.

    code: the grpc.StatusCode. reason: stable, for programs, as in the API's documentation (`NOT_A_MEMBER`); UNREACHABLE
    when nobody answered. message: for people. metadata: more about it, by key. retry_after: seconds after which the
    same call may succeed; 0 when the server named none.
    """

    def __init__(self, code, reason, message, metadata=None, retry_after=0.0):
        super().__init__(f"{reason}: {message}")
        self.code, self.reason, self.message = code, reason, message
        self.metadata, self.retry_after = dict(metadata or {}), retry_after

    @property
    def passing(self):
        """The same call may succeed later without any change."""
        return self.reason in _PASSING or self.retry_after > 0

    @property
    def final(self):
        """A stream that ended so is not to be opened again with the same credentials."""
        return self.reason == "SESSION_REPLACED" or self.code not in _NOT_FINAL


def from_rpc(error):
    """The Error of a grpc.RpcError that is also a call."""
    code, message = error.code(), error.details() or ""
    reason, metadata, retry_after = None, {}, 0.0
    for detail in _details(error):
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if detail.type_url.endswith("/google.rpc.ErrorInfo"):
            info.ParseFromString(detail.value)
            reason, metadata = info.reason, info.metadata
        elif detail.type_url.endswith("/google.rpc.RetryInfo"):
            retry.ParseFromString(detail.value)
            retry_after = max(0.0, retry.retry_delay.ToTimedelta().total_seconds())
    if reason is None:
        reason = "UNREACHABLE" if code is grpc.StatusCode.UNAVAILABLE else code.name
    return Error(code, reason, message, metadata, retry_after)


def from_parts(code, reason, message, retry_after_ms=0):
    """The Error of a message that has its parts: Failed, SendError."""
    return Error(_CODES.get(code, grpc.StatusCode.UNKNOWN), reason, message, None, max(0, retry_after_ms) / 1000)


def _details(error):
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return error_details_pb2.Status.FromString(value).details
    return ()
