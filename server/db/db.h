/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * PostgreSQL, for the rest of the server: three kinds of work, each an intrusive item that is
 * submitted from any thread and comes home to the submitter's mailbox when it is done. Submitting
 * never blocks and never fails: an item that is refused (queue full, database away, draining) comes
 * home with that status.
 *
 * pl_query   anything that reads, and small transactions that do not append (reader threads)
 * pl_append  one entry for a chat's log (the chat's writer thread)
 * pl_mark    a device's cursor or a user's watermark moves (cursor thread)
 */
#ifndef PL_DB_DB_H
#define PL_DB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "base/uuid.h"
#include "db/params.h"
#include "db/rows.h"

struct pl_db;

/* ---- queries ---- */

enum pl_statement {
#define PL_STATEMENT(name, on, sql) PL_STATEMENT_##name,
#include "db/statements.def"
#undef PL_STATEMENT
    PL_STATEMENT_COUNT
};

#define PL_QUERY_STEPS_MAX 10

struct pl_query_step {
    enum pl_statement statement;
    struct pl_params params;
    struct pl_rows rows;
};

/*
 * One or more statements that run in order as one transaction. Lives in the arena it was made in,
 * which clears its rows and must outlive it.
 */
struct pl_query {
    struct pl_task task;
    struct pl_mailbox *home;
    void (*done)(struct pl_query *query, void *context); /* on the home thread */
    void *context;
    /*
     * NULL: none. Called when every step has run and the transaction is still open; reads the rows and may add steps,
     * which then run before the commit. Not called after a failure. On a database thread, to which the query, its
     * arena and its context belong until done; must not block.
     */
    void (*compose)(struct pl_query *query, void *context);
    int64_t deadline_us; /* pl_clock_now_us; not begun after this. 0: none */
    enum pl_status status;
    unsigned failed_step; /* with the status of a step's failure: which */
    bool lock_timeout;    /* with PL_DATABASE_UNAVAILABLE: another transaction held a row for lock_timeout_ms */
    char constraint[64];  /* name of the unique key, with PL_ALREADY_EXISTS */
    bool composed;        /* the reader's own, as is sent_us */
    int64_t sent_us;
    unsigned count;
    struct pl_query_step steps[PL_QUERY_STEPS_MAX];
};

struct pl_query *pl_query_new(struct pl_arena *arena, struct pl_mailbox *home,
                              void (*done)(struct pl_query *query, void *context), void *context);
/* The parameters of a further step, to be filled in before submitting. */
struct pl_params *pl_query_add(struct pl_query *query, enum pl_statement statement);
/*
 * Statuses: PL_OK, PL_ALREADY_EXISTS, PL_INVALID_ARGUMENT (SQLSTATE 22, 23), PL_OVERLOADED,
 * PL_DEADLINE_EXCEEDED, PL_DATABASE_UNAVAILABLE (not done, or a read), PL_OUTCOME_UNKNOWN (the
 * connection was lost after a transaction of a query with is_write statements was sent),
 * PL_INTERNAL.
 */
void pl_db_query(struct pl_db *db, struct pl_query *query);

/* ---- appends ---- */

enum pl_body_kind {
    PL_BODY_NONE,
    PL_BODY_CONTENT,
    PL_BODY_ENCRYPTED,
    PL_BODY_DEVICE_PARTS, /* body is a packed parley.v1.DeviceParts */
    PL_BODY_EVENT         /* body is a packed parley.v1.ChatEvent */
};

/* What an entry is; the numbers of parley.v1.EntryKind. All but messages are written by the server. */
enum pl_entry_kind {
    PL_ENTRY_MESSAGE = 1, /* 0 stands for it, too */
    PL_ENTRY_MEMBERS,
    PL_ENTRY_SETTINGS,
    PL_ENTRY_EDIT,
    PL_ENTRY_DELETE,
    PL_ENTRY_ACCOUNT,
    PL_ENTRY_REACTION
};

/*
 * What a message wants, as bits; parley.v1.MessageFlag names them. Of rows that are read for a user one more: the user
 * deleted it for themselves. And of rows to which somebody reacted, though perhaps nobody does any more, one more,
 * which is not the sender's.
 */
enum pl_message_flag {
    PL_FLAG_COUNTABLE = 1,
    PL_FLAG_URGENT = 2,
    PL_FLAG_EPHEMERAL = 4,
    PL_FLAG_HIDDEN = 8,
    PL_FLAG_REACTED = 16
};

/* An entry as the table holds it. Pointers are borrowed. */
struct pl_message {
    struct pl_chat_id chat_id;
    int64_t seq;
    struct pl_message_id message_id;
    struct pl_message_id prev_message_id; /* nil: the first */
    struct pl_user_id sender_id;
    struct pl_device_id sender_device_id; /* nil: an app's backend */
    struct pl_user_id recipient_id;       /* nil: not an individual chat */
    int16_t message_type;
    enum pl_body_kind body_kind;
    const void *body;
    size_t body_bytes;
    struct pl_media_id media_id;
    struct pl_message_id reply_to_message_id;
    const void *metadata; /* packed parley.v1.Message with field 12 only; NULL for none */
    size_t metadata_bytes;
    int64_t created_at_us;
    enum pl_entry_kind entry_kind;
    struct pl_message_id target_message_id; /* of PL_ENTRY_EDIT, PL_ENTRY_DELETE and PL_ENTRY_REACTION */
    int64_t edited_at_us;                   /* 0: not edited, or not asked for */
    int64_t deleted_at_us;                  /* 0: not deleted */
    int16_t flags;                          /* enum pl_message_flag */
    int64_t expires_at_us;                  /* 0: never */
};

struct pl_append;

#define PL_CHANGE_READS_MAX 4
#define PL_CHANGE_WRITES_MAX 8

/*
 * What an append does to more than the log: it reads, under the lock of the chat's row, decides, and writes in the
 * transaction that stores its entry. Such an append is a batch of its own, in order with its chat's others. It may run
 * several times until one run is committed, so decide starts from what it reads and from nothing that it did before;
 * what the last run left in its context is what was stored.
 */
struct pl_change {
    struct pl_arena *arena;
    /* The sender need not be a member: decide looks at who may do this. A chat that is not there is then
     * PL_CHAT_NOT_FOUND. */
    bool any_sender;
    /*
     * On the writer's thread; must not block. append->message has its seq and times. May fill in body and
     * target, and add writes; memory is from the arena. Not PL_OK: nothing is stored, and that is the append's status.
     * Rows of reads are gone when it returns. NULL: always PL_OK.
     */
    enum pl_status (*decide)(struct pl_change *change, struct pl_append *append);
    bool is_needless; /* decide found nothing to change: PL_OK without an entry; message.seq is then 0 */
    unsigned read_count;
    struct pl_query_step reads[PL_CHANGE_READS_MAX]; /* rows are there for decide */
    unsigned write_count;
    struct pl_query_step writes[PL_CHANGE_WRITES_MAX];
};

/* arena: the submitter's, the writer's from submit until done. */
void pl_change_init(struct pl_change *change, struct pl_arena *arena,
                    enum pl_status (*decide)(struct pl_change *change, struct pl_append *append));
/* The parameters of a further read, before submitting. Its statement is one of a writer's. */
struct pl_params *pl_change_read(struct pl_change *change, enum pl_statement statement);
/* The parameters of a further write, in decide. */
struct pl_params *pl_change_write(struct pl_change *change, enum pl_statement statement);

/*
 * One message to append. The submitter's memory; the writer's from submit until done.
 * When app_id is set, message.recipient_id must be too, message.chat_id must be the individual chat
 * of the two, and the chat is created when there is none. A user alone (recipient_id is sender_id) has a SELF chat.
 */
struct pl_append {
    struct pl_task task;
    struct pl_mailbox *home;
    void (*done)(struct pl_append *append); /* on the home thread */
    int64_t deadline_us;                    /* not begun after this. 0: none */
    struct pl_app_id app_id;                /* nil: never create the chat */
    struct pl_change *change;               /* NULL: the entry is all */
    struct pl_message message;              /* done fills in seq, prev_message_id, recipient_id, and the times */
    /*
     * PL_OK; PL_NOT_A_MEMBER (also: no such chat); PL_PERMISSION_DENIED (a SELF chat, or a role below who_may_send);
     * PL_RECIPIENT_BLOCKED, PL_RECIPIENT_UNAVAILABLE (between the two of an individual chat there is a block);
     * PL_USER_NOT_FOUND (recipient); PL_MESSAGE_NOT_FOUND (what it answers); PL_MESSAGE_ID_REUSED; PL_INVALID_ARGUMENT
     * (the row itself is refused); PL_OVERLOADED; PL_DEADLINE_EXCEEDED; PL_DATABASE_UNAVAILABLE (not stored);
     * PL_OUTCOME_UNKNOWN; PL_DRAINING; PL_INTERNAL; of a change also what decide answers, and PL_CHAT_NOT_FOUND.
     */
    enum pl_status status;
    bool resend; /* the message was there already: seq and created_at_us are of the first */
    /* The writer's own, which the listener may read. */
    int64_t submitted_us; /* pl_clock_now_us */
    /* The writer's own. */
    bool chat_tried;   /* creating the chat was tried */
    bool maybe_stored; /* was once sent up to a commit whose outcome is unknown */
};

void pl_db_append(struct pl_db *db, struct pl_append *append);

/* ---- cursors and watermarks ---- */

/*
 * One move. With device_id: the cursor of a device, which raises the user's delivered watermark;
 * read_seq raises the read watermark and delivered with it. Lower values than stored change
 * nothing. With done: flushed at once, and done when committed. Without: gathered (100 ms + 4 ms
 * per member of the chat), and the cursor thread frees the mark; when the database is away for so
 * long that too many gather, they are dropped, for devices acknowledge again what comes again.
 *
 * Statuses: PL_OK; PL_NOT_A_MEMBER (never was a participant: nothing changed); PL_INVALID_ARGUMENT;
 * PL_OVERLOADED; PL_DATABASE_UNAVAILABLE or PL_OUTCOME_UNKNOWN (a mark may simply be repeated);
 * PL_DRAINING; PL_INTERNAL.
 */
struct pl_mark {
    struct pl_task task;
    struct pl_mailbox *home;            /* with done */
    void (*done)(struct pl_mark *mark); /* on the home thread; NULL: nobody waits */
    struct pl_chat_id chat_id;
    struct pl_user_id user_id;
    struct pl_device_id device_id; /* nil: no cursor moves */
    int64_t cursor_seq;
    int64_t read_seq; /* 0: does not move */
    uint32_t members; /* of the chat, as far as known; 0 counts as 2 */
    enum pl_status status;
    int64_t ret_delivered_seq; /* the user's watermarks after the commit */
    int64_t ret_read_seq;
};

/* mark is from malloc when done is NULL. */
void pl_db_mark(struct pl_db *db, struct pl_mark *mark);
/* Everything gathered is flushed now; for the end of a session. */
void pl_db_flush_marks(struct pl_db *db);

/* ---- the whole ---- */

/* How far a user is in a chat. */
struct pl_moved {
    struct pl_chat_id chat_id;
    struct pl_user_id user_id;
    int64_t delivered_seq;
    int64_t read_seq;
    int64_t at_us;
    bool delivered_moved; /* or may have */
    bool read_is_shown;   /* false: to nobody but the user */
};

/* What the database tells the hub. Called on database threads; must not block; arguments are
 * borrowed. */
struct pl_db_listener {
    void *context;
    /* Entries that are committed, in order within each chat, before the sender is told. */
    void (*committed)(void *context, struct pl_append *const *appends, unsigned count);
    /* The chat's log has at least this seq now, by way of something else than committed. */
    void (*advanced)(void *context, struct pl_chat_id chat_id, int64_t last_seq);
    /* An individual chat was created: the user has a new chat. A hint: after a lost connection it may come again, or
     * for a chat that could not be created. */
    void (*joined)(void *context, struct pl_user_id user_id, struct pl_chat_id chat_id);
    /* Watermarks that moved and are committed. */
    void (*marked)(void *context, const struct pl_moved *moved);
    /* pl_db_ready has changed, and may have changed again. */
    void (*turned)(void *context);
};

/*
 * Connects (waits up to 10 s for the first connection), migrates when config->migrate, starts the
 * threads. PL_DATABASE_UNAVAILABLE or PL_FAILED_PRECONDITION (schema too old or too new, or a conninfo that
 * cannot be read) with a sentence in error.
 */
enum pl_status pl_db_open(const struct pl_config *config, struct pl_metrics *metrics,
                          const struct pl_db_listener *listener, struct pl_db **ret_db, char *error,
                          unsigned error_bytes) PL_MUST_CHECK;
/*
 * From until_us (pl_clock_now_us) on the database counts as away: what waits for it is answered then, and pl_db_close
 * waits no longer. Work goes on until then.
 */
void pl_db_end_by(struct pl_db *db, int64_t until_us);
/* Finishes what was submitted, flushes marks, joins the threads. Nothing is submitted afterwards. */
void pl_db_close(struct pl_db *db);
/* False while the circuit is open. Any thread. */
bool pl_db_ready(const struct pl_db *db);
/* What the installation row says. */
struct pl_uuid pl_db_epoch(const struct pl_db *db);
const uint8_t *pl_db_page_token_key(const struct pl_db *db); /* 32 bytes */

/* Applies what is missing, each migration in one transaction, under an advisory lock; see migrate.h. */
enum pl_status pl_db_migrate(const struct pl_config *config, char *error, unsigned error_bytes) PL_MUST_CHECK;

#endif
