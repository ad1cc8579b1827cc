# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""How a call is refused, whatever it was made over; and api/status.def, which says how each reason looks."""
import collections
import contextlib
import dataclasses
import pathlib
import re

import grpc
import pytest
from parley_pb import error_details_pb2, status_pb2

CODES = {code.value[0]: code.name for code in grpc.StatusCode}
Status = collections.namedtuple("Status", "code http_status sentence")
ROW = re.compile(r'^PL_STATUS\(\w+, (\d+), (\d+), "(\w+)", "(.*)",$', re.MULTILINE)
STATUS_DEF = (pathlib.Path(__file__).parents[2] / "api" / "status.def").read_text(encoding="utf-8")
STATUSES = {reason: Status(CODES[int(code)], int(http_status), sentence)
            for code, http_status, reason, sentence in ROW.findall(STATUS_DEF)}


@dataclasses.dataclass(eq=False)
class Refusal(Exception):
    """What a caller is told. Without a reason it came from gRPC itself."""

    code: str  # of gRPC, its name
    sentence: str
    reason: str = None
    domain: str = ""
    metadata: dict = dataclasses.field(default_factory=dict)
    retry_after_s: int = None

    @property
    def told(self):
        """What must be the same over every transport. Times go by between two calls."""
        return {**vars(self), "retry_after_s": self.retry_after_s is not None}


def refusal_of(error):
    """The Refusal of an error that grpcio raised; a Refusal is one already."""
    if isinstance(error, Refusal):
        return error
    refusal = Refusal(error.code().name, error.details())
    trailers = dict(error.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    for detail in status.details:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            assert (CODES[status.code], status.message) == (refusal.code, refusal.sentence)
            assert STATUSES[info.reason].code == refusal.code
            refusal.reason, refusal.domain, refusal.metadata = info.reason, info.domain, dict(info.metadata)
        elif detail.Unpack(retry):
            refusal.retry_after_s = retry.retry_delay.seconds
    return refusal


def reason_of(error):
    """The `reason` of an error; None when it has none."""
    return refusal_of(error).reason


@contextlib.contextmanager
def refused(code, reason, **metadata):
    """The block must be answered with this gRPC code and this reason, and these details."""
    with pytest.raises((Refusal, grpc.RpcError)) as caught:
        yield caught
    refusal = refusal_of(caught.value)
    assert (refusal.code, refusal.reason) == (code, reason), refusal.sentence
    assert refusal.sentence
    assert refusal.metadata.items() >= metadata.items()
