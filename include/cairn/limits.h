/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of Cairn that cross folders, each with its unit in the name and its reason beside it.
 * Nothing in the system grows without one of these. Relations between limits are asserted at
 * compile time at the end of this file.
 */
#ifndef CAIRN_LIMITS_H
#define CAIRN_LIMITS_H

#include <assert.h>

/* --- identifiers --- */
#define CAIRN_AGENCY_ID_MAX_BYTES 48  /* "gp-elm-street": shown in lists, used in file names */
#define CAIRN_NAME_MAX_BYTES      120 /* names of agencies, desks, people: fits a screen line */
#define RULE_ID_MAX_BYTES         48  /* agreements, patterns: "three-missed-health-appointments" */
#define CAIRN_PHONE_MAX_BYTES     32  /* E.164 with spaces and an extension */

/* --- one record --- */
#define CAIRN_HEADER_MAX_BYTES (4 * 1024) /* clear header; the broker keeps it in the journal */
#define CAIRN_BODY_MAX_BYTES                                                                       \
    (64 * 1024)                        /* both sealed parts together; attachments are not carried */
#define CAIRN_PARTS                 2  /* card and account */
#define CAIRN_GRANTS_MAX            16 /* per record: parts x recipients */
#define CAIRN_TOKENS_MAX            12 /* per subject statement */
#define CAIRN_NARROW_MAX            8  /* agencies an author may leave out */
#define CAIRN_HIDDEN_MAX_DAYS       28 /* an author may hide a record: four weeks of an enquiry */
#define CAIRN_TEXT_MAX_BYTES        16384 /* the account's free text, before padding */
#define CAIRN_REASON_MAX_BYTES      1000  /* why a practitioner opened or decided */
#define CAIRN_REASON_MIN_CHARACTERS 20    /* blanks not counted; shorter is no reason */

/* --- transport --- */
#define CAIRN_PARCEL_ENTRIES_MAX 64           /* one signature covers at most these */
#define CAIRN_FRAME_MAX_BYTES    (256 * 1024) /* one message on the wire, header included */
#define CAIRN_CREDIT_MAX         64           /* deliveries an agency may have unacknowledged */
#define CAIRN_AGENT_RECEIVE_HWM  256 /* deliveries in credit, receipts, documents: all fit */
/* CURVE and TCP: 7 us a frame of 2 KiB; more only wake each other */
#define CAIRN_NET_IO_THREADS           1
#define CAIRN_BACKLOG_CONNECTIONS      1024 /* all agencies dialling at once after a restart */
#define CAIRN_HANDSHAKE_MAX_MS         3000 /* a connection with no proven key by then is closed */
#define CAIRN_BROKER_FILES_MAX         4096 /* all agencies twice, and as many strangers */
#define CAIRN_STRANGER_BYTES           (32 * 1024) /* of a handshake that stops; libzmq's buffers */
#define CAIRN_CONNECT_MAX_MS           5000        /* an agent's dialling; then it tries again */
#define CAIRN_RECONNECT_MIN_MS         100         /* doubled after each failure, with jitter ... */
#define CAIRN_RECONNECT_MAX_MS         30000       /* ... up to this */
#define CAIRN_PROTOCOL_MIN             1
#define CAIRN_PROTOCOL_MAX             1
#define CAIRN_GOVERNANCE_DOC_MAX_BYTES (224 * 1024) /* one governance document fits one frame */
#define CAIRN_NOTE_MAX_BYTES           (8 * 1024)   /* a signed note with its signatures */
#define CAIRN_NOTE_SIGNATURES_MAX      16 /* C2SP signed-note asks for at least this many */
#define CAIRN_COSIGNED_MAX             16 /* others' cosigned heads in one answer to hello */
#define CAIRN_COSIGNED_MINUTES         60 /* after which an agent asks for everybody's again */
#define CAIRN_UNCONFIRMED_HOURS        72 /* so long unconfirmed, an operator is told: a weekend */
#define CAIRN_PROOF_MAX_HASHES         63 /* RFC 9162: a tree has fewer than 2^63 leaves */
#define CAIRN_UNPACK_BUDGET_BYTES                                                                  \
    (1024 * 1024)                  /* arena for one unpacked frame: see docs/protocol.md */
#define CAIRN_UNPACK_FACTOR      8 /* in the ring no more than so many times its bytes ... */
#define CAIRN_UNPACK_FLOOR_BYTES (16 * 1024) /* ... and these: many small entries take the most */

/* --- broker --- */
#define CAIRN_RING_SLOTS        1024               /* frames in flight between gate and answer */
#define CAIRN_RING_BYTES        (16 * 1024 * 1024) /* and their bytes */
#define CAIRN_RING_URGENT_SLOTS 64                 /* of these, kept for the urgent lane */
#define CAIRN_RING_URGENT_BYTES (1024 * 1024)      /* likewise */
#define CAIRN_BATCH_FRAMES_MAX  256                /* one commit takes at most these ... */
#define CAIRN_BATCH_BYTES_MAX   (4 * 1024 * 1024)  /* ... and these: bounds dirty pages */
#define CAIRN_BATCH_WRITES_MAX                                                                     \
    16384 /* after as many rows written a batch ends: what is left waits for the next one */
#define CAIRN_ENTRY_WRITES_MAX 40960 /* rows that one entry may write: the sum is asserted below */
#define CAIRN_BATCH_AGE_MAX_MS 2     /* a lone record waits no longer for company */
#define CAIRN_ACKNOWLEDGED_ROWS_MAX                                                                \
    4096 /* mailbox rows one acknowledgement removes; the next takes the rest */
#define CAIRN_VERIFY_WORKERS_MAX 16
#define CAIRN_AGENCIES_MAX       1024 /* a whole region */
#define CAIRN_OUT_QUEUE_FRAMES   64   /* letters between publish and net, each way */
#define CAIRN_SEND_HWM                                                                             \
    8 /* messages a connection, outbound: a delivery and a few answers; LMDB is the queue */
#define CAIRN_RECEIVE_HWM                                                                          \
    8 /* at the broker, inbound: a parcel a lane and a few questions; then the network waits */
#define CAIRN_QUOTA_RECORDS_PER_MIN 30000              /* per agency, default; urgent lane exempt */
#define CAIRN_QUOTA_BYTES_PER_MIN   (64 * 1024 * 1024) /* likewise */
#define CAIRN_QUESTIONS_PER_MIN     6000 /* of one agency, but for fetches, which credit bounds */
#define CAIRN_URGENT_IN_FLIGHT_MAX  4    /* of one agency in the ring; an agent has one */
#define CAIRN_PEER_ROUTES           2    /* connections of one agency after hello: old and new */

/* --- identity and patterns --- */
#define CAIRN_MEMBERS_MAX            64   /* subjects linked to one child */
#define CAIRN_MEMBERS_PER_AGENCY_MAX 8    /* of one agency: registered again, merged practices */
#define CAIRN_TIED_MAX               32   /* adults tied to one child; children of one adult */
#define CAIRN_TOKEN_MATCHES_MAX      64   /* subjects that a token is compared with ... */
#define CAIRN_TOKEN_WALK_MAX         8192 /* ... of these that state it: eight of each agency */
#define CAIRN_CANDIDATES_MAX         4    /* children that one entry makes a person look at */
#define CAIRN_CHRONOLOGY_SCAN_MAX    512  /* entries a pattern looks at */
#define CAIRN_CHRONOLOGY_WALK_MAX                                                                  \
    8192 /* and rows of any kind it passes over to find them: some tens of a day */
#define CAIRN_JOIN_ROWS_MAX      4096 /* chronology rows that one entry moves, when children join */
#define CAIRN_JUDGED_PER_BATCH   128  /* waiting deliveries that one batch judges again */
#define CAIRN_BACKFILL_PER_BATCH 32   /* children that one batch looks at for a pattern turned on */
#define CAIRN_TIMERS_PER_TICK    64   /* fired by one batch; what is left is due in the next */
#define CAIRN_STEP_WRITES_MAX                                                                      \
    4096 /* rows after which a tick, or what is told of an adult, pauses */
#define CAIRN_RETENTION_LOOKS_PER_BATCH                                                            \
    128 /* at bodies that may be due to be destroyed; what is left is looked at in the next */
#define CAIRN_WINDOW_MAX_DAYS       366  /* no body waits longer for a rule than so many days */
#define CAIRN_TRANSIT_MIN_DAYS      7    /* that the partnership may let bodies stay ... */
#define CAIRN_TRANSIT_MAX_DAYS      366  /* ... after everybody has them */
#define CAIRN_HISTORY_MAX_DAYS      3660 /* and a record's, for whoever knows the child later */
#define CAIRN_LEFT_KEPT_DAYS        90   /* what waits for a revoked agency, which may come back */
#define CAIRN_HOLD_DAYS             366  /* a hold lasts, unless a person prolongs it ... */
#define CAIRN_HOLD_NOTICE_DAYS      28   /* ... who hears so long before */
#define CAIRN_HOLDS_MAX             1000 /* of one agency at a time: an inquiry's, not a habit */
#define CAIRN_REQUEST_OPEN_DAYS     28   /* what was asked for stays so long */
#define CAIRN_SILENT_DAYS           7    /* an agency that has said nothing for so long is named */
#define CAIRN_PICTURE_SILENT_MAX    64   /* of them, in one answer */
#define CAIRN_PICTURE_HEADLINES_MAX 256  /* in one answer; what is older is asked for again */
#define CAIRN_LOOK_MAX_MS           (24 * 3600 * 1000) /* so long a look lets its agency ask */
#define CAIRN_PATTERNS_MAX          32
#define CAIRN_PATTERN_CODES_MAX     32
#define CAIRN_HISTORY_DAYS_MAX      3660 /* that a rule may look back: ten years */
#define CAIRN_ALERT_RECORDS_MAX     64   /* records listed in one alert; the newest are kept */
#define CAIRN_ADDRESSEES_MAX        32   /* agencies told of one alert */
#define CAIRN_FRONT_DOORS_MAX       8    /* a MASH, an emergency duty team, and a few more */
#define CAIRN_REQUESTS_PER_DAY      200  /* of one agency; a person decides on most of them */

/* --- agent --- */
#define CAIRN_API_CONNECTIONS_MAX  64 /* shared out equally between the users that are named */
#define CAIRN_API_BODY_MAX_BYTES   (4 * 1024 * 1024) /* a Bundle of a practice's day */
#define CAIRN_API_POLL_MAX_S       60
#define CAIRN_API_REQUEST_MAX_S    10 /* silence of a caller who has not finished asking */
#define CAIRN_API_TURN_MAX_S       30 /* all of asking, or of reading an answer, however busily */
#define CAIRN_API_SMALL_BODY_BYTES (16 * 1024) /* every connection may hold such a body ... */
#define CAIRN_API_LARGE_BODIES_MAX 3    /* ... and so many callers a larger one at a time: memory */
#define CAIRN_API_LARGE_WAIT_MS    2000 /* for another's to be done with */
#define CAIRN_API_CONNECTION_BYTES                                                                 \
    (32 * 1024) /* request line and headers, and one piece of a body */
#define CAIRN_API_STACK_BYTES                                                                      \
    (1024 * 1024) /* of a connection's thread: address space, touched as used */
#define CAIRN_API_ANSWER_MAX_BYTES                                                                 \
    (2 * 1024 * 1024)                   /* an alert with every card and account that it lists */
#define CAIRN_API_ASK_MAX_MS       5000 /* a question to the broker on a caller's behalf */
#define CAIRN_API_APPLICATIONS_MAX 32   /* that acknowledge what they read */
#define CAIRN_BUNDLE_ENTRIES_MAX   2000
#define CAIRN_STATED_KEPT_DAYS                                                                     \
    1098 /* what documents last said of people, once no version came and nothing holds: 3 years */
#define CAIRN_SETTLE_MAX_S   (7 * 86400)
#define CAIRN_JSON_DEPTH_MAX 32
#define CAIRN_JSON_MAX_BYTES CAIRN_API_BODY_MAX_BYTES

/* --- stores --- */
#define CAIRN_BROKER_MAP_BYTES    (64ULL << 30) /* address space, not memory */
#define CAIRN_AGENT_MAP_BYTES     (4ULL << 30)
#define CAIRN_AGENT_ADMIT_PERCENT 90 /* of the map, for all lanes; the rest is for what is urgent */
#define CAIRN_AGENT_RESERVE_BYTES                                                                  \
    (8ULL << 20) /* on disk beforehand: some hundreds of urgent records */
#define CAIRN_AGENT_UNASKED_BYTES                                                                  \
    (2ULL << 20) /* and for what is written without asking: documents, receipts */
#define CAIRN_AGENT_GROW_BYTES  (256ULL << 10) /* the store's file grows by such steps */
#define CAIRN_AGENT_ENTRY_BYTES (48ULL << 10)  /* of pages that one entry touches, sealed and all */
#define CAIRN_READERS_MAX       512
#define CAIRN_DISK_WARN_PERCENT 80 /* the bulk lane is told to wait */
#define CAIRN_DISK_REFUSE_PERCENT                                                                  \
    90 /* the rest is for what is urgent, decisions, acknowledgements */
#define CAIRN_BROKER_RESERVE_BYTES                                                                 \
    (16ULL << 20) /* of disk, kept from the first of these on: some hundreds of urgent batches */

static_assert(CAIRN_HEADER_MAX_BYTES + CAIRN_BODY_MAX_BYTES + CAIRN_GRANTS_MAX * 160 + 4096 <
                  CAIRN_FRAME_MAX_BYTES,
              "the largest record fits a frame of its own");
static_assert(CAIRN_GOVERNANCE_DOC_MAX_BYTES + CAIRN_NOTE_MAX_BYTES + 1024 < CAIRN_FRAME_MAX_BYTES,
              "the largest governance document fits a frame");
static_assert(CAIRN_COSIGNED_MAX * (CAIRN_PROOF_MAX_HASHES * 34 + 160) +
                      2 * CAIRN_PROOF_MAX_HASHES * 34 + CAIRN_NOTE_MAX_BYTES + 1024 <
                  CAIRN_FRAME_MAX_BYTES,
              "the longest answer to hello fits a frame");
static_assert(CAIRN_AGENT_RECEIVE_HWM > CAIRN_CREDIT_MAX,
              "what the broker may send unasked is always read");
static_assert(CAIRN_RING_URGENT_SLOTS < CAIRN_RING_SLOTS, "the reserve is a part of the ring");
static_assert(CAIRN_RING_URGENT_BYTES >= 4 * CAIRN_FRAME_MAX_BYTES,
              "the reserve holds whole frames");
static_assert(CAIRN_BATCH_BYTES_MAX >= CAIRN_FRAME_MAX_BYTES, "one frame always fits a batch");
static_assert(2 * CAIRN_JOIN_ROWS_MAX + CAIRN_PATTERNS_MAX * CAIRN_CHRONOLOGY_SCAN_MAX +
                      CAIRN_ADDRESSEES_MAX * (5 * CAIRN_ALERT_RECORDS_MAX + 4) +
                      16 * CAIRN_MEMBERS_MAX + 4 * CAIRN_TOKENS_MAX +
                      CAIRN_MEMBERS_MAX * CAIRN_MEMBERS_MAX / 2 +
                      24 * (CAIRN_MEMBERS_MAX + CAIRN_ADDRESSEES_MAX) <=
                  CAIRN_ENTRY_WRITES_MAX,
              "rows moved, records marked, cards, headlines and notices, members and tokens; of a "
              "link undone, pairs kept apart and notices of 512 records");
static_assert(CAIRN_ACKNOWLEDGED_ROWS_MAX + 16 <= CAIRN_ENTRY_WRITES_MAX,
              "what an acknowledgement removes");
static_assert(CAIRN_RETENTION_LOOKS_PER_BATCH * 24 <= CAIRN_ENTRY_WRITES_MAX,
              "a row put and deleted, the entry's, its leaf, its body's pages, a notice each");
static_assert(
    CAIRN_STEP_WRITES_MAX + 8 * CAIRN_TIED_MAX * (CAIRN_MEMBERS_MAX + CAIRN_FRONT_DOORS_MAX) <=
        CAIRN_ENTRY_WRITES_MAX,
    "and the one record of an adult that goes past it, told of each child to each member");
static_assert(CAIRN_STEP_WRITES_MAX + CAIRN_PATTERNS_MAX * CAIRN_CHRONOLOGY_SCAN_MAX +
                      CAIRN_ADDRESSEES_MAX * (5 * CAIRN_ALERT_RECORDS_MAX + 4) <=
                  CAIRN_ENTRY_WRITES_MAX,
              "and the last look at a child that such a step begins");
static_assert(CAIRN_HOLD_NOTICE_DAYS < CAIRN_HOLD_DAYS, "a hold's end is told before it comes");
static_assert(CAIRN_BATCH_WRITES_MAX + CAIRN_ENTRY_WRITES_MAX < 131071 / 2,
              "LMDB keeps at most 131,071 dirty pages");
static_assert(CAIRN_TOKEN_MATCHES_MAX <= CAIRN_MEMBERS_MAX, "holders fit a list of members");
static_assert(CAIRN_BATCH_FRAMES_MAX <= CAIRN_RING_SLOTS, "a batch is a part of the ring");
static_assert(CAIRN_ALERT_RECORDS_MAX <= CAIRN_CHRONOLOGY_SCAN_MAX,
              "an alert lists what was looked at");
static_assert(CAIRN_PICTURE_HEADLINES_MAX < CAIRN_CHRONOLOGY_SCAN_MAX,
              "one that does not fit the answer is found, and said to be there");
static_assert(CAIRN_API_BODY_MAX_BYTES >= CAIRN_BODY_MAX_BYTES,
              "the largest record can be submitted");

/* The DfE numbers local authorities with three digits. */
#define CAIRN_AUTHORITY_MIN       201
#define CAIRN_AUTHORITY_MAX       999
#define CAIRN_OWN_AUTHORITIES_MAX 16 /* of one partnership; most have one */

#endif
