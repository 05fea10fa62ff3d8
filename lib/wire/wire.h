/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire: what travels between agent and broker, as plain structs. The generated protobuf code
 * stays behind this header. docs/protocol.md is the same contract in prose with examples in hex.
 *
 * Reading is strict. A message is unpacked inside the caller's arena budget, checked field by
 * field, packed again and compared with what came: unknown fields, repeated scalars, over-long
 * varints, a missing or reordered field all fail. Slices of a read message borrow from the arena.
 * Reading returns true, or false for anything a peer must not send.
 *
 * Writing appends to a struct buf and fails only by its ceiling (buf_ok) or by a programming error
 * (assert).
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "base/arena.h"
#include "cairn/codes.h"
#include "cairn/ids.h"
#include "cairn/limits.h"
#include "cairn/verdict.h"
#include "crypto/seal.h"
#include "tree/checkpoint.h"

/*
 * --- transport header: 24 bytes before every message, big-endian, all that gate reads ---
 *
 *   magic "CRN1" | u16 version | u8 type | u8 lane | u16 entries | u16 zero
 *   | u64 correlation | u32 length of the rest
 */
#define WIRE_HEADER_BYTES 24

#define WIRE_TYPES(X)                                                                              \
    X(HELLO, 1)                                                                                    \
    X(HELLO_REPLY, 2)                                                                              \
    X(PING, 3)                                                                                     \
    X(PONG, 4)                                                                                     \
    X(PARCEL, 5)                                                                                   \
    X(RECEIPT, 6)                                                                                  \
    X(FETCH, 7)                                                                                    \
    X(DELIVERY, 8)                                                                                 \
    X(GOVERNANCE_FETCH, 9)                                                                         \
    X(GOVERNANCE_DOCUMENT, 10)                                                                     \
    X(PROOF_REQUEST, 11)                                                                           \
    X(PROOF_REPLY, 12)                                                                             \
    X(STATE_REQUEST, 13)                                                                           \
    X(STATE_REPLY, 14)                                                                             \
    X(ERROR, 15)                                                                                   \
    X(PICTURE_REQUEST, 16)                                                                         \
    X(PICTURE_REPLY, 17)

enum wire_type {
#define X(name, number) WIRE_##name = (number),
    WIRE_TYPES(X)
#undef X
};

struct wire_header {
    uint16_t version; /* negotiated; CAIRN_PROTOCOL_MAX in hello */
    enum wire_type type;
    uint8_t lane;         /* enum lane for parcels and receipts, else 0 */
    uint16_t entries;     /* of a parcel, else 0 */
    uint64_t correlation; /* chosen by the asker, repeated in the answer */
    uint32_t length;
};
void wire_header_write(const struct wire_header *header, uint8_t out[WIRE_HEADER_BYTES]);
/* Checks magic, type, lane, zero field and that length is what follows. Version is the caller's to
 * judge. */
bool wire_header_read(struct slice frame, struct wire_header *ret) MUST_USE;
struct slice wire_payload(struct slice frame);
/* Clears `out` and writes a header with room for the length; wire_frame_end fills the length in. */
void wire_frame_begin(struct buf *out, const struct wire_header *header);
void wire_frame_end(struct buf *out);

/* --- small shared pieces --- */
/* Versions by document number; index 0 unused; 0 none held. */
struct wire_versions {
    uint64_t of[GOVERNANCE_DOCUMENTS + 1];
};

struct wire_grant {
    enum part part;
    uint32_t recipient;
    uint32_t key_id; /* of the recipient's opening key */
    uint8_t sealed[GRANT_BYTES];
};

/* Whom the author tells less than the agreements do. All zero: nobody. Else reason and authority
 * are set. */
struct narrowing {
    size_t n_agencies;
    uint32_t agencies[CAIRN_NARROW_MAX]; /* left out; rising */
    uint32_t roles;                      /* ROLE_BIT of each that is left out */
    int32_t hidden_until; /* day on which others than front doors are told; 0 at once */
    bool not_for_family;  /* to be kept from what the family can see */
    uint32_t reason;      /* enum narrow_reason */
    uint32_t authority;   /* enum authority */
};

/* --- entries --- */
struct record_header {
    struct entry_id id;
    uint8_t handle[CAIRN_HANDLE_BYTES];
    enum record_kind record_kind;
    uint32_t code; /* enum record_code */
    uint32_t level;
    enum urgency urgency;
    int32_t event_day;
    int64_t recorded_ms;
    int64_t created_ms;
    uint8_t event_id[CAIRN_EVENT_ID_BYTES];
    bool has_occurrence;
    uint8_t occurrence[16];
    bool has_retracts;
    struct entry_id retracts;
    uint32_t card_bytes;
    uint32_t judged_by;
    uint32_t basis;
    uint32_t detriment;
    uint32_t family_told;
    struct narrowing narrow;
    uint32_t home_authority;
    bool person; /* the handle is an adult's */
};

struct token_mark {
    enum token_class class;
    enum identifier_status status;
};

struct subject_header {
    struct entry_id id;
    uint8_t handle[CAIRN_HANDLE_BYTES];
    uint32_t epoch;
    uint64_t revision; /* of what is said about the handle: the highest holds */
    bool person;       /* the handle is an adult's, and so are all classes of its tokens */
    size_t n_tokens;   /* the body holds n_tokens x 32 bytes in this order */
    struct token_mark tokens[CAIRN_TOKENS_MAX];
};

#define TIE_OPEN INT32_MAX
struct tie_header {
    struct entry_id id;
    uint8_t handle[CAIRN_HANDLE_BYTES];
    uint8_t person[CAIRN_HANDLE_BYTES]; /* of RELATIONSHIP_BORN: the handle of the expected child */
    enum relationship relationship;
    int32_t until_day; /* TIE_OPEN while open */
    bool withdrawn;    /* it never held */
};

#define INVOLVEMENT_OPEN INT32_MAX
struct involvement_header {
    struct entry_id id;
    uint8_t handle[CAIRN_HANDLE_BYTES];
    enum role role;
    int32_t from_day;
    int32_t until_day; /* INVOLVEMENT_OPEN while open */
};

struct acknowledgement_header {
    struct entry_id id;
    uint64_t position;
    uint64_t log_size;
    struct hash log_root;
    uint8_t cosignature[COSIGNATURE_BYTES];
};

struct decision_header {
    struct entry_id id;
    enum action action;
    uint64_t alert;  /* 0 when it is about a record or a child */
    bool has_handle; /* of looking, without an alert */
    uint8_t handle[CAIRN_HANDLE_BYTES];
    bool has_record;
    struct entry_id record;
    bool has_other; /* of a candidate: a record of the other child */
    struct entry_id other;
    enum outcome outcome;
    int64_t decided_ms;
};

/* A later disclosure: the entry's grants are sealed to the scope of `record`. */
struct grant_header {
    struct entry_id id;
    struct entry_id record;
    uint32_t basis;
    uint32_t judged_by; /* enum judged_by: a person, or its agent by agreements that share it */
};

struct request_header {
    struct entry_id id;
    uint8_t handle[CAIRN_HANDLE_BYTES]; /* the asking agency's own */
    bool has_record;                    /* false: everything that may be asked for */
    struct entry_id record;
    enum purpose purpose;
};

struct entry_header {
    enum entry_kind kind;
    struct entry_id id;
    union {
        struct record_header record;
        struct subject_header subject;
        struct tie_header tie;
        struct involvement_header involvement;
        struct acknowledgement_header acknowledgement;
        struct decision_header decision;
        struct grant_header grant;
        struct request_header request;
    };
};
/* Strict read of an entry's header; checks every range of docs/protocol.md. */
bool wire_entry_header_read(enum entry_kind kind, struct slice header, struct arena *arena,
                            struct entry_header *ret) MUST_USE;
/* Freezes a header: the bytes that are hashed, signed and kept for ever. Both copies of the
 * id set. Ranges are the caller's to have checked: a header that breaks them is
 * written, and refused by whoever reads it. */
void wire_entry_header_write(const struct entry_header *header, struct buf *out);
/* Whether the body has the length that its header gives it: card_bytes within a record's, 32 bytes
 * a token, none for a tie, an acknowledgement, a grant or a request. Read the header first, then
 * ask this: neither alone can tell. */
bool wire_entry_fits(const struct entry_header *header, struct slice body) MUST_USE;
/* True when no message of the schema can contain itself or nest deeper than the reader looks. */
bool wire_schema_ok(void) MUST_USE;

struct wire_entry {
    enum entry_kind kind;
    struct slice header;
    struct slice body;
    size_t n_grants;
    const struct wire_grant *grants;
};

/*
 * item digest   = SHA-256("cairn-item/v1\n" || u32 length of header || header || SHA-256(body))
 *
 * grants digest = SHA-256("cairn-grants/v1\n" || for each: part u8 || recipient u32 || key id u32
 *                         || sealed[80])
 *
 * entry digest  = SHA-256("cairn-entry/v1\n" || item digest || grants digest): the leaf data of a
 *                 parcel's tree
 */
void wire_item_digest(struct slice header, struct slice body, struct hash *ret);
void wire_grants_digest(const struct wire_grant *grants, size_t n, struct hash *ret);
void wire_entry_digest(const struct hash *item, const struct hash *grants, struct hash *ret);
/* Of a whole entry, its leaf in its parcel's tree. */
void wire_entry_leaf(const struct wire_entry *entry, struct hash *ret);

/* --- parcels --- */
struct parcel_head {
    struct hash partnership; /* SHA-256 of the log's origin */
    uint32_t agency;
    uint32_t key_id;
    uint64_t stream;
    uint64_t first_seq;
    uint32_t entries;
    struct hash root;
    struct wire_versions versions;
    uint64_t log_size;
    struct hash log_root;
};
bool wire_parcel_head_read(struct slice head, struct arena *arena,
                           struct parcel_head *ret) MUST_USE;
void wire_parcel_head_write(const struct parcel_head *head, struct buf *out);

struct wire_parcel {
    struct slice head; /* as signed */
    struct slice signature;
    size_t n_entries;
    struct wire_entry *entries;
};
bool wire_parcel_read(struct slice payload, struct arena *arena, struct wire_parcel *ret) MUST_USE;
void wire_parcel_write(const struct wire_parcel *parcel, struct buf *out);

struct wire_result {
    uint64_t seq;
    enum verdict verdict;
    uint64_t log_index;
};
struct wire_receipt {
    uint64_t stream;
    size_t n_results;
    const struct wire_result *results;
    struct slice checkpoint;
};
bool wire_receipt_read(struct slice payload, struct arena *arena,
                       struct wire_receipt *ret) MUST_USE;
void wire_receipt_write(const struct wire_receipt *receipt, struct buf *out);

/* --- session --- */
struct wire_hello {
    uint32_t protocol_min;
    uint32_t protocol_max;
    struct slice software;
    struct wire_versions versions;
    struct slice checkpoint; /* signed note of the largest head shown to us; empty for none */
    uint64_t proven;         /* size up to which that log was proved to continue what we had seen */
    /* whose cosigned heads are wanted: this agency and those behind; 0 none */
    uint32_t cosigned_from;
};
bool wire_hello_read(struct slice payload, struct arena *arena, struct wire_hello *ret) MUST_USE;
void wire_hello_write(const struct wire_hello *hello, struct buf *out);

/* What another agency has signed that it verified. */
struct wire_cosigned {
    uint32_t agency;
    uint32_t key_id;
    struct checkpoint head;
    uint8_t cosignature[COSIGNATURE_BYTES];
    struct tree_proof consistency; /* from that head to the answer's */
};

struct wire_hello_reply {
    uint32_t protocol;
    struct wire_versions versions;
    struct slice checkpoint;
    struct tree_proof consistency; /* from the hello's checkpoint to this one */
    int64_t time_ms;
    struct tree_proof bridge; /* from the hello's proven size to its checkpoint */
    size_t n_cosigned;        /* at most CAIRN_COSIGNED_MAX, rising by agency */
    const struct wire_cosigned *cosigned;
};
bool wire_hello_reply_read(struct slice payload, struct arena *arena,
                           struct wire_hello_reply *ret) MUST_USE;
void wire_hello_reply_write(const struct wire_hello_reply *reply, struct buf *out);

struct wire_pong {
    struct wire_versions versions;
    int64_t time_ms;
};
bool wire_pong_read(struct slice payload, struct arena *arena, struct wire_pong *ret) MUST_USE;
void wire_pong_write(const struct wire_pong *pong, struct buf *out); /* PING has an empty payload */
bool wire_error_read(struct slice payload, struct arena *arena, enum verdict *ret) MUST_USE;
void wire_error_write(enum verdict verdict, struct buf *out);

/* --- mailbox --- */
struct wire_fetch {
    uint64_t after;
    uint32_t credit;
    uint64_t log_size;
};
bool wire_fetch_read(struct slice payload, struct arena *arena, struct wire_fetch *ret) MUST_USE;
void wire_fetch_write(const struct wire_fetch *fetch, struct buf *out);

enum item_kind {
    ITEM_DELIVERED = 1,
    ITEM_RELEASE = 2,
    ITEM_NOTICE = 3,
    ITEM_WITHHELD = 4 /* nothing: what waited at this position is not shared any more */
};
struct wire_item {
    uint64_t position;
    enum item_kind kind;
    struct slice payload;
    uint64_t log_index;
    struct slice leaf;
    struct tree_proof path;
};
struct wire_delivery {
    size_t n_items;
    const struct wire_item *items;
    struct slice checkpoint;
    uint64_t consistent_from;
    struct tree_proof consistency;
};
bool wire_delivery_read(struct slice payload, struct arena *arena,
                        struct wire_delivery *ret) MUST_USE;
void wire_delivery_write(const struct wire_delivery *delivery, struct buf *out);

#define DELIVERED_PROVISIONAL 1U
#define DELIVERED_ON_DUTY     2U /* it cannot wait, and whoever is told is the one to act */
#define DELIVERED_FLAGS       (DELIVERED_PROVISIONAL | DELIVERED_ON_DUTY)
struct wire_delivered {
    struct slice head;
    struct slice signature;
    uint32_t index;
    struct tree_proof path;
    enum entry_kind kind;
    struct slice header;
    struct slice body;
    struct hash grants_digest;
    size_t n_grants;
    const struct wire_grant *grants;
    uint64_t log_index;
    bool has_handle;
    uint8_t handle[CAIRN_HANDLE_BYTES];
    size_t n_more; /* the recipient's other handles for the same child */
    uint8_t more[CAIRN_MEMBERS_PER_AGENCY_MAX - 1][CAIRN_HANDLE_BYTES];
    uint32_t flags;
};
bool wire_delivered_read(struct slice payload, struct arena *arena,
                         struct wire_delivered *ret) MUST_USE;
void wire_delivered_write(const struct wire_delivered *delivered, struct buf *out);

struct wire_release {
    struct entry_id record;
    uint64_t log_index;
    size_t n_grants;
    const struct wire_grant *grants;
    uint64_t alert;
};
bool wire_release_read(struct slice payload, struct arena *arena,
                       struct wire_release *ret) MUST_USE;
void wire_release_write(const struct wire_release *release, struct buf *out);

enum notice_type {
    NOTICE_RAISED = 1,
    NOTICE_EXTENDED = 2,
    NOTICE_OPENED = 3,
    NOTICE_CLOSED = 4,
    NOTICE_RECORD_OPENED = 5,
    NOTICE_RETRACTED = 6,
    NOTICE_TOLD = 7,           /* that something exists: an agreement tells it at once */
    NOTICE_UNOPENED = 8,       /* nobody has opened the record or alert: somebody telephones */
    NOTICE_LINK_CONFIRMED = 9, /* a person says that these records are about this child */
    NOTICE_LINK_UNDONE = 10,   /* a person says that they are about another child */
    NOTICE_WITHDRAWN = 11,     /* the alert: without them its rule is not met */
    NOTICE_CANDIDATE = 12,     /* might be the same child: two headlines, a person decides */
    NOTICE_NOT_SHARED = 13,    /* of ours: it waited for that agency, and is not shared any more */
    NOTICE_DESTROYED_UNUSED = 14, /* the broker's copies of these, its own: no rule can use them */
    NOTICE_DESTROYED_DELIVERED = 15, /* likewise: everybody has long had them */
    NOTICE_LISTED = 16, /* an alert for review alone: found in what was there before its pattern */
    NOTICE_OVER_BUDGET = 17, /* the alert: it goes beyond its pattern's week */
    NOTICE_HOLD_ENDS = 18    /* of ours, on this record: it ends in four weeks unless prolonged */
};
#define NOTICE_LAST             NOTICE_HOLD_ENDS
#define HEADLINE_PROVISIONAL    1U
#define HEADLINE_RETRACTED      2U
#define HEADLINE_OWN            4U
#define HEADLINE_MAY_ASK        8U  /* its origin decides, when it is asked */
#define HEADLINE_DESTROYED      16U /* the broker has no copy of what it says any more */
#define HEADLINE_NOT_FOR_FAMILY 32U /* its author keeps it from what the family can see */
struct wire_headline {
    bool has_record; /* content mode: record, kind, code, origin are set; existence mode: class,
                        day, origin kind only */
    struct entry_id record;
    uint64_t log_index;
    uint32_t record_kind;
    uint32_t code;
    struct slice class;
    int32_t event_day;
    struct slice origin_kind;
    uint32_t origin;
    uint32_t flags;
};
struct wire_notice {
    enum notice_type type;
    uint64_t alert;
    uint32_t revision;
    struct slice pattern;
    struct hash pattern_hash;
    uint64_t rule_version;
    bool has_handle;
    uint8_t handle[CAIRN_HANDLE_BYTES];
    size_t n_headlines; /* <= CAIRN_ALERT_RECORDS_MAX */
    const struct wire_headline *headlines;
    uint32_t agency;
    uint32_t outcome;
    bool has_record;
    struct entry_id record;
    int64_t time_ms;
    uint32_t earlier_outcome;
};
bool wire_notice_read(struct slice payload, struct arena *arena, struct wire_notice *ret) MUST_USE;
void wire_notice_write(const struct wire_notice *notice, struct buf *out);

/* --- governance --- */
struct wire_governance_fetch {
    enum governance_document document;
    uint64_t have;
};
bool wire_governance_fetch_read(struct slice payload, struct arena *arena,
                                struct wire_governance_fetch *ret) MUST_USE;
void wire_governance_fetch_write(const struct wire_governance_fetch *fetch, struct buf *out);
struct wire_governance_document {
    enum governance_document document;
    uint64_t version;
    struct slice text;
    struct slice note;
};
bool wire_governance_document_read(struct slice payload, struct arena *arena,
                                   struct wire_governance_document *ret) MUST_USE;
void wire_governance_document_write(const struct wire_governance_document *document,
                                    struct buf *out);

/* --- questions --- */
bool wire_proof_request_read(struct slice payload, struct arena *arena,
                             uint64_t *ret_log_index) MUST_USE;
void wire_proof_request_write(uint64_t log_index, struct buf *out);
struct wire_proof_reply {
    enum verdict verdict;
    uint64_t log_index;
    struct slice leaf;
    struct tree_proof path;
    struct slice checkpoint;
};
bool wire_proof_reply_read(struct slice payload, struct arena *arena,
                           struct wire_proof_reply *ret) MUST_USE;
void wire_proof_reply_write(const struct wire_proof_reply *reply, struct buf *out);
bool wire_state_request_read(struct slice payload, struct arena *arena,
                             struct entry_id *ret) MUST_USE;
void wire_state_request_write(const struct entry_id *entry, struct buf *out);

enum reader_state {
    READER_KEPT = 1,
    READER_QUEUED = 2,
    READER_DELIVERED = 3,
    READER_OPENED = 4,
    READER_WITHHELD = 5, /* it was to be delivered, and no agreement allowed it any more */
    READER_TOLD = 6      /* that it exists, its day and its kind; not what it says */
};
struct wire_reader {
    uint32_t agency; /* 0, of READER_TOLD: agencies that are not named to its origin */
    enum reader_state state;
};
struct wire_state_reply {
    struct entry_id entry;
    enum verdict verdict;
    uint64_t log_index;
    size_t n_readers; /* <= CAIRN_ADDRESSEES_MAX */
    const struct wire_reader *readers;
    bool retracted;
    uint64_t alert;
    enum destroyed destroyed; /* the broker's copy of what it says */
    bool on_hold;             /* a named person keeps it from that */
};
bool wire_state_reply_read(struct slice payload, struct arena *arena,
                           struct wire_state_reply *ret) MUST_USE;
void wire_state_reply_write(const struct wire_state_reply *reply, struct buf *out);

#define PICTURE_ALL_DAYS INT32_MAX
struct wire_picture_request {
    struct entry_id look; /* a decision of the asker's own: which child, who asks and why */
    int32_t until_day;    /* nothing that happened later; PICTURE_ALL_DAYS */
};
bool wire_picture_request_read(struct slice payload, struct arena *arena,
                               struct wire_picture_request *ret) MUST_USE;
void wire_picture_request_write(const struct wire_picture_request *request, struct buf *out);

#define INVOLVED_PROVISIONAL 1U
struct wire_involved {
    uint32_t agency;
    uint32_t roles; /* ROLE_BIT of each that it holds today */
    uint32_t flags;
};
/* Whose feed is silent, whatever the child. */
struct wire_silent {
    uint32_t agency;
    int32_t last_day; /* on which it last said something of a child; 0 never */
};
#define PICTURE_OLDER    1U /* there is more from before the last headline's day */
#define PICTURE_WITHHELD 2U /* something is kept that may not be shown; said to a front door only */
struct wire_picture_reply {
    struct entry_id look;
    size_t n_headlines; /* <= CAIRN_PICTURE_HEADLINES_MAX; newest first, whole days */
    const struct wire_headline *headlines;
    size_t n_involved; /* <= CAIRN_MEMBERS_MAX */
    const struct wire_involved *involved;
    uint32_t flags;
    size_t n_silent; /* <= CAIRN_PICTURE_SILENT_MAX */
    const struct wire_silent *silent;
};
bool wire_picture_reply_read(struct slice payload, struct arena *arena,
                             struct wire_picture_reply *ret) MUST_USE;
void wire_picture_reply_write(const struct wire_picture_reply *reply, struct buf *out);

#endif
