# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Histories: what each client of a chaos run saw and did, as one JSON object on a line, written before it goes on.

A history is also the client's disk: one that was killed reads its own and knows what it had. Every record has `t`, the
machine's monotonic clock in nanoseconds, which all processes share, and `e`, what happened:

  client      role, user                 who writes this
  chat        chat, members, is_pair, ttl, keeps   the runner made this chat; its members before its first entry; after
                                         how many seconds messages expire (0: never); what its app keeps (None:
                                         everything, DAYS, UNTIL_DELIVERED)
  send        chat, id, hash             about to be sent, also when sent again
  sent        chat, id, seq              acknowledged
  failed      chat, id, code, reason, retry_ms
  reused      id, reason                 the answer to another message under an id that was used; None: it was taken
  hello       cursors                    a session, or a call of Sync, begins with what the client has, or acknowledged
  welcome     epoch
  entry       chat, seq, id, sender, hash, prev, kind, target, add, remove, expired    received; hash None: without body
  log_start   chat, first                everything before is gone, which the client has not
  caught_up                              over Sync: nothing more is behind what came
  ack, read   cursors / chat, seq        about to be sent
  acked                                  the last acknowledgement was answered, over Sync
  read_ok     chat, seq
  receipt     chat, user, delivered, read
  counts      chat, first, last, recipients, delivered, read           of the client's messages from first to last
  end         code, reason               of the session
  token       token                      sync_token
  got         chat, seq, id, sender, hash, edited, deleted, expired    read back after it was acknowledged
  missing     chat, id                   not found when read back after it was acknowledged
  amend       n, op, chat, id, hash      an edit (op EDIT, to hash) or a deletion is about to be asked for, also again
  amended     n
  amend_failed  n, reason
  react       n, chat, id, hash          a reaction to message id is about to be asked for, also again; hash None: none
  reacted     n, mine                    mine: hashes of what the answer shows as the user's own
  react_failed  n, reason
  watermarks  asked, chat, members {user: [delivered, read]}           asked: t when the question left
  status      asked, chat, id, status, counts [recipients, delivered, read]
  change      n, chat, op, user          about to be asked for
  changed     n, chat, seq               0: it was so already
  change_failed  n, reason
  aged        chat, seq                  about to be made older than what its app keeps, and than tombstones get
  page        asked, chat, first, has, gone    the end of a log: where it begins (None: not told), seqs with and without
                                         a body
  fault, healed  n, kind, target         of the runner
  memory      process, bytes
  quiet                                  nobody sends anything new from here on
  listed      chat, seq, id, sender, hash, edited, deleted, expired    at the end, by a member of all times
  listed_all  chat, last_seq, first
  reactions   chat, id, by, counts [[hash, count, mine]], users [[user, hash]]    at the end, as user `by` is told
  finished    is_complete                the client has all that it was told there is
"""
import hashlib
import json
import os
import time


MESSAGE, MEMBERS, SETTINGS, EDIT, DELETE, _, REACTION = range(1, 8)  # kinds of entries
DAYS, UNTIL_DELIVERED = "days", "until delivered"


class Writer:
    """Appends to a history; a record is in the file when note returns. Any thread."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, event, **fields):
        """Appends one record and returns its time."""
        now = time.monotonic_ns()
        line = json.dumps({"t": now, "e": event, **fields}, separators=(",", ":")) + "\n"
        os.write(self._file, line.encode())
        return now


def read(path):
    """The records of a history, in their order."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_folder(folder):
    """All histories of a run: {name: records}."""
    return {path.stem: read(path) for path in sorted(folder.glob("*.jsonl"))}


def hash_of(content):
    """A short digest of a body."""
    return hashlib.sha256(content.encode()).hexdigest()[:16]
