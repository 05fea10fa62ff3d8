/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Governance: what the partnership has agreed, as five JSON documents, each with a C2SP signed note
 * that names document, version and SHA-256:
 *
 *   cairn-governance/v1
 *   ORIGIN
 *   DOCUMENT NAME          root | directory | agreements | patterns | calendar
 *   VERSION                decimal, from 1
 *   SHA-256 OF THE JSON    64 hex digits
 *
 * The note is signed by the root's keys: its threshold of good signatures, and for version n > 1 of
 * the root itself the thresholds of both n-1 and n. Unknown members in a document are refused (JSON
 * schemas of config/schemas/).
 *
 * Documents of one snapshot fit each other: rules and patterns name kinds, classes and agencies
 * that the directory has, and no version of the directory drops a kind, an agency or a key of the
 * one before: so a revocation is never refused for another document's sake, and what waits for a
 * reader can be checked however late it comes. Every document of a snapshot is signed as its root
 * requires: before a root drops a key, the other documents are published once more (version n+1)
 * with signatures of the old and the new keys.
 *
 * struct governance is an immutable snapshot of documents that fit each other, shared by reference
 * count. Everything in it is read-only and may be read from any thread. Agencies, kinds and rules
 * are found by number or id; pointers live as long as the snapshot.
 */
#ifndef GOVERN_GOVERN_H
#define GOVERN_GOVERN_H

#include "base/error.h"
#include "cairn/codes.h"
#include "cairn/ids.h"
#include "cairn/limits.h"
#include "crypto/hpke.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "govern/keys.h"
#include "tree/note.h"
#include "tree/tree.h"

#define KIND_ID_MAX_BYTES 32
#define ROOT_KEYS_MAX     8
#define AGENCY_KEYS_MAX   KEY_SETS_MAX /* of each sort, those that are no longer used included */

/* --- root --- */
struct root {
    char origin[NOTE_NAME_MAX_BYTES]; /* of the log and of every note: "cairn.example.org/north" */
    char name[CAIRN_NAME_MAX_BYTES];
    bool live; /* true: only real NHS numbers are accepted; false: only test numbers */
    size_t n_keys;
    struct note_key keys[ROOT_KEYS_MAX];
    size_t threshold;
};

/* --- directory --- */
enum key_status {
    KEY_ACTIVE = 1,
    KEY_RETIRED = 2, /* old signatures and grants hold, no new ones */
    KEY_REVOKED = 3,
};

struct agency_key {
    uint32_t id; /* key_id() of the public half */
    enum key_status status;
    uint8_t public_key[32];
    struct verifier *verifier; /* signing keys only */
};

struct agency_kind {
    char id[KIND_ID_MAX_BYTES];    /* "gp", "hospital", "health-visiting", "mash" */
    char class[KIND_ID_MAX_BYTES]; /* "health", "education", "front-door" */
    char name[CAIRN_NAME_MAX_BYTES];
    uint32_t index; /* place in the directory's list */
    bool sensitive; /* that a child knows it says something about the child */
};
#define KINDS_MAX 32 /* a set of kinds is 32 bits */

struct agency {
    uint32_t number;
    char id[CAIRN_AGENCY_ID_MAX_BYTES];
    char name[CAIRN_NAME_MAX_BYTES];
    const struct agency_kind *kind;
    bool active;    /* false: revoked; nothing of it is accepted, nothing goes to it */
    bool sensitive; /* its kind is, or it alone: who else is involved is never told of it */
    size_t n_sign_keys;
    struct agency_key sign_keys[AGENCY_KEYS_MAX];
    size_t n_open_keys;
    struct agency_key open_keys[AGENCY_KEYS_MAX];
    size_t n_curve_keys;
    struct agency_key curve_keys[AGENCY_KEYS_MAX];
    char duty_contact[CAIRN_NAME_MAX_BYTES];
    char duty_phone[CAIRN_PHONE_MAX_BYTES];
    uint32_t involvements_max;         /* ceiling */
    uint32_t involvements_per_day_max; /* rate */
    uint32_t linkage_epoch;
    uint8_t linkage_sealed[HPKE_ENC_BYTES + SEAL_KEY_BYTES +
                           HPKE_TAG_BYTES]; /* the linkage key for its opening key */
    uint32_t linkage_key_id;                /* which opening key */
};

struct directory {
    size_t n_kinds;
    struct agency_kind kinds[KINDS_MAX];
    size_t n_agencies;
    struct agency *agencies; /* ascending number */
    size_t n_front_doors;    /* active ones */
    uint32_t front_doors[CAIRN_FRONT_DOORS_MAX];
    size_t n_by_curve;
    struct curve_owner *by_curve; /* private: active keys of active agencies, ascending */
    uint8_t broker_curve_key[32];
    bool has_next_curve_key; /* the broker is about to change to another */
    uint8_t broker_next_curve_key[32];
    char broker_endpoint[128];
    struct note_key checkpoint_key; /* name = origin */
};

const struct agency *directory_agency(const struct directory *directory, uint32_t number);
const struct agency *directory_agency_by_id(const struct directory *directory, const char *id);
/* An active agency by an active CURVE key. */
const struct agency *directory_by_curve(const struct directory *directory, const uint8_t key[32]);
/* Any status; NULL when the agency has no such signing key. */
const struct agency_key *agency_sign_key(const struct agency *agency, uint32_t key_id);
/* The active opening key that new grants are sealed to (the last listed active one); NULL when
 * there is none. */
const struct agency_key *agency_open_key(const struct agency *agency);

/* Of class "front-door": where whoever is worried about a child turns, and who decides on an
 * alert. */
bool agency_is_front_door(const struct agency *agency);
/* An active one: somebody is there to open what is urgent. */
bool directory_has_front_door(const struct directory *directory);

/* --- agreements --- */
enum effect {
    EFFECT_DENY = 1,
    EFFECT_ASK = 2,
    EFFECT_HOLD = 3,
    EFFECT_SHARE = 4
}; /* rising disclosure */
enum mode {
    MODE_EXISTENCE = 1,
    MODE_CONTENT = 2
};

/* What agreements speak of beside records: that the origin is involved with the child. */
#define DISCLOSED_INVOLVEMENT ((enum record_kind)63)

/* What is asked: may this go to that agency, on that day? */
struct disclosure {
    const struct agency *origin;
    const struct agency *recipient;
    enum record_kind kind; /* or DISCLOSED_INVOLVEMENT */
    uint32_t code;
    uint32_t level;
    enum urgency urgency;
    uint32_t roles;   /* ROLE_BIT of each that the recipient holds for the child on that day */
    uint32_t purpose; /* what the recipient asks for it for; 0: it did not ask, it is told */
    int32_t day;      /* today, for validity */
};
struct decision {
    enum effect effect;
    enum mode mode;
    bool count;        /* the broker may count it; false: denied, and no rule says so */
    uint32_t purposes; /* PURPOSE_BIT: what the recipient may use it for */
    /* How many days before a role began its holder hears, as headlines, of what was stored then. */
    uint32_t history_days;
    /* The rule's id, or "no-match", "expired", "not-loaded", "revoked", "own", "sensitive" (an
     * involvement), "danger" (an immediate record or a referral). Lives as long as the snapshot. */
    const char *rule;
    uint64_t version; /* of the agreements; 0: not loaded */
};

struct agreements; /* opaque; compiled rules */
/* No match, nothing loaded, expired (review_by passed): deny. An exception beats a rule that is
 * none; among equals the stricter wins. The origin itself always gets share/content. An immediate
 * record or a referral to an agency of class "front-door": share/content, whatever the rules say. A
 * revoked recipient: deny, whatever else holds. That a sensitive agency is involved: deny.
 *
 * A rule that names roles is for who holds one of them; one that names none is for the front door
 * and for whoever is involved at all. A rule with roles never speaks of a front door, so `roles`
 * may be 0 for one. A rule that denies without naming roles denies everybody.
 *
 * Origin and recipient come from the directory of the same snapshot. Under 2 microseconds; no
 * allocation. */
struct decision agreements_decide(const struct agreements *agreements,
                                  const struct disclosure *disclosure);
/* The most that this recipient could be allowed, whatever role it may hold: what a sender who saw
 * another day's involvements was free to seal. */
struct decision agreements_decide_at_most(const struct agreements *agreements,
                                          const struct disclosure *disclosure);
/* The sentence with which a rule says where it comes from; NULL when it does not, or is none. */
const char *agreements_source(const struct agreements *agreements, const char *rule);
int32_t agreements_review_by(const struct agreements *agreements);
/* Agreements that are not signed yet, for whoever prepares them. */
int agreements_compile(struct slice text, const struct directory *directory,
                       struct agreements **ret, struct error *error) MUST_USE;
void agreements_free(struct agreements **agreements);
const char *effect_text(enum effect effect);

/* --- patterns --- */
enum addressee_sort {
    ADDRESSEE_ORIGINS = 1,
    ADDRESSEE_INVOLVED_CLASS = 2,
    ADDRESSEE_KIND = 3
};
struct addressee_rule {
    enum addressee_sort sort;
    char id[KIND_ID_MAX_BYTES]; /* class or kind */
};
#define PATTERN_ADDRESSEES_MAX 8
#define PATTERN_APPROVERS_MAX  4
#define PATTERN_APPROVERS_MIN  2 /* of a live one */

/* What records from before a pattern was turned on make. Never alerts. */
enum backfill {
    BACKFILL_NONE = 1,
    BACKFILL_REVIEW_LIST = 2
};

struct pattern {
    char id[RULE_ID_MAX_BYTES];
    char title[CAIRN_NAME_MAX_BYTES];
    uint64_t version;
    bool shadow; /* it raises nothing: nobody has turned it on */
    size_t n_approved_by;
    char approved_by[PATTERN_APPROVERS_MAX][CAIRN_NAME_MAX_BYTES];
    char owner[CAIRN_NAME_MAX_BYTES]; /* is told of what goes beyond the budget */
    uint32_t weekly_budget;           /* alerts */
    enum backfill backfill;
    uint64_t kinds; /* bits of enum record_kind: any record of one counts, whatever its code */
    size_t n_codes;
    uint32_t codes[CAIRN_PATTERN_CODES_MAX];
    size_t n_origin_classes; /* 0: any */
    char origin_classes[4][KIND_ID_MAX_BYTES];
    uint32_t occurrences_min; /* distinct occurrences */
    uint32_t agencies_min;    /* distinct origins */
    int32_t window_months;    /* one of the two is not 0 */
    int32_t window_days;
    bool
        brings_kept; /* once it is met, the alert lists everything of its window that may be told */
    size_t n_addressees;
    struct addressee_rule addressees[PATTERN_ADDRESSEES_MAX];
};
struct patterns {
    size_t n;
    struct pattern items[CAIRN_PATTERNS_MAX];
};
bool pattern_counts(const struct pattern *pattern, enum record_kind kind, uint32_t code,
                    const struct agency *origin);

/* --- calendar --- */
struct desk {
    char id[KIND_ID_MAX_BYTES];
    uint32_t agency; /* 0: not in the directory yet; the telephone holds all the same */
    char name[CAIRN_NAME_MAX_BYTES];
    char phone[CAIRN_PHONE_MAX_BYTES];
};
/* Opaque: desks, weekly hours, holidays. Every minute has a desk (checked when loaded). */
struct calendar;
/* All of them, for as long as the calendar. */
const struct desk *calendar_desks(const struct calendar *calendar, size_t *ret_n);
/* Never NULL. Answers after review_by too: somebody must always be reachable. */
const struct desk *calendar_desk(const struct calendar *calendar, int64_t real_ms);
/* Who has the watch after that desk, and from when: to the minute. NULL when nobody else has within
 * fourteen days. Takes up to a millisecond: for what people read, not for apply. */
const struct desk *calendar_next_desk(const struct calendar *calendar, int64_t real_ms,
                                      int64_t *ret_from_ms);
/* Whether one of its desks is at an active front door of the directory. */
bool calendar_has_front_door(const struct calendar *calendar, const struct directory *directory);
/* After how long those concerned hear that nobody has opened what was urgent; likewise an alert. In
 * ms, above 0; of no calendar (NULL) the shipped one's. */
int64_t calendar_unopened_ms(const struct calendar *calendar);
int64_t calendar_undecided_ms(const struct calendar *calendar);
/* How many days the broker's copy of a body stays once everybody has it; of no calendar (NULL) the
 * shipped one's. 0: nothing is destroyed, because people have said so (an inquiry, a court). */
int32_t calendar_transit_days(const struct calendar *calendar);
/* How many days a record's body stays so that its origin can grant it to somebody else, who comes
 * to know the child later. */
int32_t calendar_history_days(const struct calendar *calendar);
/* Whether this partnership looks after the children of that local authority, by its DfE number. */
bool calendar_is_own(const struct calendar *calendar, uint32_t authority);

/* --- the snapshot --- */
struct governance {
    struct root root;
    struct directory directory;
    struct agreements *agreements; /* NULL until loaded: everything is denied */
    struct patterns patterns;
    struct calendar *calendar; /* NULL until loaded */
    uint64_t versions[GOVERNANCE_DOCUMENTS + 1];
    struct hash digests[GOVERNANCE_DOCUMENTS + 1]; /* SHA-256 of each JSON */
    int32_t review_by[GOVERNANCE_DOCUMENTS + 1];   /* day; INT32_MAX none */
    struct govern_held *held;                      /* the bytes of each; see governance_held */
    int references;                                /* atomic; use the functions */
};

/* One document as it lies on disk or comes over the wire. */
struct govern_document {
    enum governance_document document;
    struct slice text;
    struct slice note;
};

/* What keeps a document out. */
enum govern_result {
    GOVERN_ACCEPTED = 0,
    GOVERN_SAME,          /* this version is held already */
    GOVERN_OLDER,         /* refused: replay of an older version */
    GOVERN_BAD_SIGNATURE, /* too few good signatures, or a bad one */
    GOVERN_BAD_DOCUMENT, /* note and text do not fit; the text breaks its schema, contradicts itself
                          * or the other documents; this version is held with another text */
    GOVERN_NO_ROOT,      /* nothing can be judged before the root is known */
};
const char *govern_result_text(enum govern_result result);

/* An empty snapshot that trusts this root document (its own signatures hold by its own keys): the
 * start of trust, from the partnership's joining file. */
enum govern_result governance_start(const struct govern_document *root, struct governance **ret,
                                    struct error *error) MUST_USE;
/* A new snapshot = `old` with this document added or replaced, when it is newer and well signed;
 * *ret untouched otherwise. The directory comes before what names its kinds. `error` may be NULL;
 * it says what is wrong except for GOVERN_SAME and _NO_ROOT. */
enum govern_result governance_with(const struct governance *old,
                                   const struct govern_document *document, struct governance **ret,
                                   struct error *error) MUST_USE;
/* As governance_start when `old` is NULL, else as governance_with. */
enum govern_result governance_next(const struct governance *old,
                                   const struct govern_document *document, struct governance **ret,
                                   struct error *error) MUST_USE;
struct governance *governance_ref(struct governance *governance);
void governance_unref(struct governance **governance); /* `_cleanup_(governance_unref)` */
/* The bytes of a document of the snapshot, borrowed from it; false when it holds none. */
bool governance_held(const struct governance *governance, enum governance_document document,
                     struct govern_document *ret) MUST_USE;
/* Which document and version a note speaks of, without checking its signature. */
bool govern_note_read(struct slice note, enum governance_document *ret_document,
                      uint64_t *ret_version) MUST_USE;

/* --- documents on disk: DIR/NAME.json and DIR/NAME.note --- */
/* Reads one; text and note are appended to the bufs. -ENOENT when it is not there. */
int govern_read(const char *dir, enum governance_document document, struct buf *ret_text,
                struct buf *ret_note, struct error *error) MUST_USE;
int govern_write(const char *dir, const struct govern_document *document,
                 struct error *error) MUST_USE;
/* Root first, then the others that are there. */
int governance_load(const char *dir, struct governance **ret, struct error *error) MUST_USE;
/* Partnership side, root key at hand. */
struct govern_signing {
    const char *origin;
    const struct note_key *key;
    const struct signer *signer;
};
/* The note that makes `text` the given version of the document: to be judged by governance_with
 * before both are written. */
int govern_note_make(const struct govern_signing *signing, enum governance_document document,
                     uint64_t version, struct slice text, struct buf *ret_note) MUST_USE;

/* Agency side: opens the linkage key of its own directory entry. */
int agency_linkage_key(const struct agency *agency, const struct secret *opening_key,
                       struct secret *ret) MUST_USE;
/* Partnership side: seals it. info = "cairn-linkage/v1\n" || agency u32 || epoch u32. */
int agency_linkage_seal(uint32_t agency, uint32_t epoch, const uint8_t opening_key[32],
                        const struct secret *linkage_key,
                        uint8_t ret[HPKE_ENC_BYTES + SEAL_KEY_BYTES + HPKE_TAG_BYTES]) MUST_USE;

#endif
