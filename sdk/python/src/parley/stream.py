# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The stream of a device: receives, acknowledges and sends, and comes back by itself after every interruption."""
import concurrent.futures
import logging
import random
import threading

import grpc

from parley import errors
from parley.heads import HeadsCheck
from parley.ids import make_id
from parley.outgoing import Outgoing
from parley.v1 import message_service_pb2
from parley.v1 import stream_service_pb2 as pb

OUTBOX_MESSAGES_MAX = 4096
PAUSE_FIRST_S = 0.1
PAUSE_MAX_S = 10.0
WELCOME_S = 10.0
LEAVE_S = 2.0
_log = logging.getLogger("parley")


def _closed():
    return errors.Error(grpc.StatusCode.CANCELLED, "CLOSED", "the stream is closed")


class Stream:
    """Runs from the start until close, or until its state is `ended`.

    on_message(entry) is called for each entry of the device's chats, in order within a chat, and once as long as the
    stream lives; the entry is acknowledged when it returns. When it raises, the entry comes again, after a pause. An
    entry that this device sent comes, too, without its body. on_receipt(receipt) tells how far the other user
    of an individual chat is, on_group_receipt(receipt) how many in a group have own messages, on_typing(typing) who
    writes a message at the moment, on_presence(presence) whether those whom watch names are there.
    on_state(state, error): `connecting`, `live`, `caught_up` (every chat has reached its end), `lost` (the next attempt
    follows by itself), `ended` (for good). error is None but for the last two.

    Against entries that are lost on the way, the ends of all logs are asked for when the stream has caught up and every
    five minutes; when one stays above what came for ten seconds, the stream is opened again from what the device has.

    Callbacks run on the stream's own thread, one at a time. send and read may be called by any thread and by callbacks;
    close by any thread but the stream's own.
    """

    def __init__(self, client, on_message=None, *, on_receipt=None, on_group_receipt=None, on_typing=None,
                 on_presence=None, on_state=None, name="parley-python"):
        self._client = client
        self._on_message, self._on_state = on_message, on_state
        self._on_receipt, self._on_group_receipt, self._on_typing = on_receipt, on_group_receipt, on_typing
        self._on_presence = on_presence
        self._outgoing = Outgoing(name)
        self._closing, self._caught_up, self._ended = threading.Event(), threading.Event(), False
        self._lock = threading.Lock()  # guards _ended, _call, _session_number and _drop_error
        self._call = None
        self._session_number = 0
        self._drop_error = None
        self._leaving = False  # of the stream's thread, as all below
        self._reconnect_after = None
        self._pause = PAUSE_FIRST_S
        self._heads_check = HeadsCheck(client, self._outgoing.places, self._drop)
        self._thread = threading.Thread(target=self._run, name="parley-stream", daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, message=None, **fields):
        """Sends a SendMessageRequest, or one with these fields, until the server has answered.

        Answers a future: its result is the Sent message, with seq; or it raises parley.Error. The message is sent again
        with the same message_id after an interruption, so it is stored once.
        """
        request = message_service_pb2.SendMessageRequest()
        if message is not None:
            request.CopyFrom(message)
        request.MergeFrom(message_service_pb2.SendMessageRequest(**fields))
        request.message_id = request.message_id or make_id()
        future = concurrent.futures.Future()
        future.set_running_or_notify_cancel()  # it is too late to cancel
        with self._lock:
            if self._ended:
                raise _closed()
            if self._outgoing.unanswered() >= OUTBOX_MESSAGES_MAX:
                raise errors.Error(grpc.StatusCode.RESOURCE_EXHAUSTED, "OUTBOX_FULL", "too many messages wait")
            self._outgoing.send(request, future)
        return future

    def read(self, chat_id, seq):
        """The user has read the chat up to seq. Repeated until it is on disk."""
        self._outgoing.read(chat_id, seq)

    def show(self, chat_id):
        """The user looks at this chat now; None: at none.

        A group that is so busy that the server pushes only its end is fetched at once while it is shown, and otherwise
        every five seconds.
        """
        self._outgoing.show(chat_id)

    def type(self, chat_id, is_typing=True):
        """The user writes a message in this chat now, or has stopped to: for each key, the stream says it every 3 s.

        Nothing comes of it while the stream is not live.
        """
        self._outgoing.type(chat_id, is_typing)

    def watch(self, user_ids):
        """From now on on_presence is told of these users, at most 256, and of no others; also after interruptions."""
        self._outgoing.watch(user_ids)

    def wait_until_caught_up(self, timeout=None):
        """True when every chat has reached its end once since the stream was opened."""
        return self._caught_up.wait(timeout)

    def close(self):
        """Acknowledges what was taken and ends the stream. Messages without an answer raise reason CLOSED."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a callback must not close its stream")
        self._closing.set()
        self._outgoing.leave()
        self._thread.join(LEAVE_S)
        self._cancel()
        self._thread.join()

    # ---- the thread ----

    def _run(self):
        while not self._closing.is_set():
            error = self._session()
            if self._closing.is_set():
                break
            if self._is_final(error):
                self._end(error)
                return
            pause = self._next_pause(error)
            self._tell("lost", error)
            self._closing.wait(pause)
        self._end(_closed())

    def _session(self):
        """One call, from hello to its end; why it ended."""
        self._tell("connecting")
        self._leaving, self._reconnect_after = False, None
        with self._lock:
            self._session_number += 1
            self._drop_error = None
        error = None
        try:
            frames = self._outgoing.begin()
            call = self._client.connect(frames, pb.ClientFrame.SerializeToString, pb.ServerFrame.FromString)
            self._receive(call)
        except grpc.RpcError as failure:
            error = errors.from_rpc(failure)
        except errors.Error as failure:
            error = failure
        self._outgoing.over()
        self._heads_check.over()
        if self._drop_error and (error is None or error.code is grpc.StatusCode.CANCELLED):
            return self._drop_error
        return error or errors.Error(grpc.StatusCode.UNAVAILABLE, "UNREACHABLE", "the server ended the stream")

    def _receive(self, call):
        with self._lock:
            self._call = call
        if self._closing.is_set():
            self._outgoing.leave()
        overdue = self._cancel_later(WELCOME_S)
        try:
            for frame in call:
                if frame.HasField("welcome"):
                    overdue.cancel()
                self._outgoing.busy(True)
                self._take(frame)
                self._outgoing.busy(False)
        finally:
            overdue.cancel()

    def _cancel_later(self, seconds):
        timer = threading.Timer(seconds, self._call.cancel)
        timer.daemon = True
        timer.start()
        return timer

    def _cancel(self):
        with self._lock:
            if self._call is not None:
                self._call.cancel()

    def _drop(self, session):
        """Ends this session, if it has not ended; called by the check of heads."""
        with self._lock:
            if session == self._session_number:
                self._drop_error = errors.Error(grpc.StatusCode.CANCELLED, "BAD_REPLY",
                                                "entries are missing; asking for them again")
                self._call.cancel()

    def _is_final(self, error):
        if error.reason == "TOKEN_EXPIRED" and self._client.renews_token:
            return False
        return error.final or self._reconnect_after == 0

    def _next_pause(self, error):
        own, self._pause = self._pause * random.uniform(0.5, 1), min(self._pause * 2, PAUSE_MAX_S)
        asked = self._reconnect_after or error.retry_after
        return asked * random.uniform(1, 1.25) if asked else own

    def _end(self, error):
        with self._lock:
            self._ended = True
        self._heads_check.close()
        for item in self._outgoing.drain():
            item.future.set_exception(error)
        self._tell("ended", error)

    def _tell(self, state, error=None):
        if self._on_state:
            self._guarded(self._on_state, state, error)

    @staticmethod
    def _guarded(callback, *arguments):
        """True when the callback did not raise. The stream goes on in any case, so the log is told."""
        try:
            callback(*arguments)
            return True
        except Exception:  # pylint: disable=broad-exception-caught
            _log.exception("a callback of the stream raised")
            return False

    # ---- what the server says ----

    def _take(self, frame):
        if frame.HasField("welcome"):
            self._outgoing.welcome(frame.welcome)
            self._tell("live")
        for sent in frame.sents:
            self._take_sent(sent)
        for failed in frame.faileds:
            self._take_failed(failed)
        for entry in frame.entries:
            if not self._leaving:
                self._take_entry(entry, frame.ack_interval_ms)
        for receipt in frame.receipts if self._on_receipt else ():
            self._guarded(self._on_receipt, receipt)
        for receipt in frame.group_receipts if self._on_group_receipt else ():
            self._guarded(self._on_group_receipt, receipt)
        for typing in frame.typings if self._on_typing else ():
            self._guarded(self._on_typing, typing)
        for presence in frame.presences if self._on_presence else ():
            self._guarded(self._on_presence, presence)
        for mark in frame.read_oks:
            self._outgoing.read_ok(mark.chat_id, mark.seq)
        for advanced in frame.chats_advanced:
            self._outgoing.advanced(advanced.chat_id, advanced.last_seq)
        if frame.caught_up:
            self._pause = PAUSE_FIRST_S
            self._outgoing.caught_up()
            self._heads_check.caught_up(self._session_number)
            self._caught_up.set()
            self._tell("caught_up")
        if frame.HasField("going_away"):
            self._reconnect_after = max(0, frame.going_away.reconnect_after_ms) / 1000
        if frame.HasField("token_expiring") and self._client.renews_token:
            self._renew()

    def _renew(self):
        """Without a newer token now, the stream ends with the old one, and comes back when there is one."""
        try:
            self._outgoing.reauth(self._client.token())
        except errors.Error as error:
            _log.warning("the stream's token is about to end: %s", error)

    def _take_sent(self, sent):
        item = self._outgoing.answered(sent.request_id)
        if item is not None:
            item.future.set_result(sent)

    def _take_failed(self, failed):
        error = errors.from_parts(failed.code, failed.reason, failed.message, failed.retry_after_ms)
        if error.passing:
            self._outgoing.put_back(failed.request_id, max(error.retry_after, PAUSE_FIRST_S))
            return
        item = self._outgoing.answered(failed.request_id)
        if item is not None:
            item.future.set_exception(error)

    def _take_entry(self, entry, ack_interval_ms):
        verdict = self._outgoing.verdict(entry.chat_id, entry.seq)
        if verdict == "gap":
            self._leave("BAD_REPLY", "an entry is missing; asking for it again")
        elif verdict == "next" and self._on_message and not self._guarded(self._on_message, entry):
            self._leave("CLOSED", "the application did not take a message")
        else:
            self._outgoing.taken(entry.chat_id, entry.seq, ack_interval_ms)

    def _leave(self, reason, sentence):
        """What was taken is acknowledged, then the call ends and is opened again."""
        self._leaving = True
        with self._lock:
            self._drop_error = errors.Error(grpc.StatusCode.CANCELLED, reason, sentence)
        self._outgoing.leave()
        self._cancel_later(LEAVE_S)
