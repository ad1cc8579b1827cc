# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The last safeguard against an entry that was lost on the way: what the server says of the ends of all logs, against
what has come. Once a session has caught up and every five minutes after that; when an end stays above what has come for
ten seconds, the stream is to be opened again from what the device has. A check that fails is left for the next time.
"""
import random
import threading
import time

import grpc

from parley import errors

CHECK_S = 300.0
ANSWER_S = 10.0
LATE_S = 10.0


class Heads:
    """What is known of the ends of logs. A chat whose end stays above what came is told once for each end, so that a
    server that means it is not asked for ever. Of a chat that nothing has come of, the first check cannot tell what the
    device has from before: it believes.
    """

    def __init__(self):
        self._epoch, self._known, self._has_checked = "", {}, False

    def late(self, epoch, have, heads):
        """The chats whose end is above what has come: chat_id -> that end."""
        if epoch != self._epoch:
            self._epoch, self._known, self._has_checked = epoch, {}, False
        late = {}
        for head in heads:
            if head.last_seq < head.first_seq:
                continue  # everything is gone
            came = have.get(head.chat_id, 0)
            known = max(came, self._known.get(head.chat_id, 0))
            if known < head.last_seq and (came or self._has_checked):
                late[head.chat_id] = head.last_seq
            else:
                known = max(known, head.last_seq)
            self._known[head.chat_id] = known
        self._has_checked = True
        return late

    def still_late(self, late, have):
        """True when one of them still is."""
        for chat_id, seq in late.items():
            self._known[chat_id] = max(seq, self._known.get(chat_id, 0))
        return any(have.get(chat_id, 0) < seq for chat_id, seq in late.items())


class HeadsCheck:
    """Checks on a thread of its own, beside the stream. places() answers the epoch and what has come, chat_id -> seq;
    drop(session) is called when something is missing.
    """

    def __init__(self, client, places, drop):
        self._client, self._places, self._drop = client, places, drop
        self._changed = threading.Condition()  # guards the next three
        self._session = None  # the one that has caught up
        self._closed = False
        self._call = None
        self._heads = Heads()
        self._thread = threading.Thread(target=self._run, name="parley-heads", daemon=True)
        self._thread.start()

    def caught_up(self, session):
        """A session has everything, as far as it was told."""
        self._become(session)

    def over(self):
        """The session has ended."""
        self._become(None)

    def close(self):
        """Ends the thread."""
        with self._changed:
            self._closed = True
            if self._call is not None:
                self._call.cancel()
            self._changed.notify_all()
        self._thread.join()

    def _become(self, session):
        with self._changed:
            self._session = session
            self._changed.notify_all()

    def _run(self):
        checked, due = None, 0.0
        while True:
            with self._changed:
                while not self._closed and not self._is_due(checked, due):
                    self._changed.wait(None if self._session is None else max(0.0, due - time.monotonic()))
                if self._closed:
                    return
                session = checked = self._session
            due = time.monotonic() + CHECK_S * random.uniform(1, 1.25)
            if self._finds_loss(session):
                self._drop(session)

    def _is_due(self, checked, due):
        return self._session is not None and (self._session != checked or time.monotonic() >= due)

    def _finds_loss(self, session):
        try:
            heads = self._ask()
        except (errors.Error, grpc.RpcError, grpc.FutureCancelledError):
            return False
        late = self._heads.late(*self._places(), heads) if self._is_still(session) else None
        if not late or not self._is_still(session, LATE_S):
            return False
        return self._heads.still_late(late, self._places()[1])

    def _is_still(self, session, seconds=0.0):
        """The session has gone on for so long."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._closed or self._session != session, seconds)

    def _ask(self):
        """All pages."""
        heads, token = [], None
        while token != "":
            call = self._client.start("ListHeads", ANSWER_S, page_token=token or "")
            with self._changed:
                self._call = call
                if self._closed:
                    call.cancel()
            page = call.result()
            heads += page.heads
            token = page.next_page_token
        return heads
