/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event: one thing an agency's system says about one child, on its way from intake to seal. An
 * adapter fills it, intake lets it settle (it may wait for days, sealed under the store key as
 * event_to_json), seal freezes it into a record: numbers into the header, event_card_json into the
 * card, event_account_json into the account.
 *
 * Personal data: owned by whoever declared it, wiped by event_deinit. Zero state EVENT_NULL; deinit
 * accepts it and any half-filled event. One thread at a time.
 */
#ifndef AGENTS_EVENT_H
#define AGENTS_EVENT_H

#include "agents/core/identity.h"
#include "base/error.h"
#include "cairn/codes.h"
#include "cairn/limits.h"
#include "crypto/seal.h"

#define EVENT_ADAPTER_BYTES        64  /* "fhir-appointment", "record/cpoms"; and NUL */
#define EVENT_SOURCE_ID_BYTES      129 /* of the source's own; and NUL */
#define EVENT_SOURCE_VERSION_BYTES 65  /* likewise; a SHA-256 in hex fits */
#define EVENT_OCCURRENCE_BYTES     128 /* "sct:408443003", "text:paediatricclinic"; and NUL */
#define EVENT_FUNCTION_BYTES       401 /* a sentence or two; and NUL */
#define EVENT_JUDGE_BYTES          201 /* name and role, or a decision's title and date; and NUL */
#define EVENT_NARROW_WORDS_BYTES   401 /* a sentence or two; and NUL */
#define EVENT_REASON_BYTES         (CAIRN_REASON_MAX_BYTES + 1)

/* What fits a sealed part beside its u32 length. */
#define EVENT_CARD_JSON_MAX_BYTES    (SEAL_CARD_MAX_BYTES - 4)
#define EVENT_ACCOUNT_JSON_MAX_BYTES (SEAL_ACCOUNT_MAX_BYTES - 4)
/* The narrative alone: text of CAIRN_TEXT_MAX_BYTES with every character escaped, and the names of
 * its fields. */
#define EVENT_NARRATIVE_MAX_BYTES (2 * CAIRN_TEXT_MAX_BYTES + 1024)
#define EVENT_JSON_MAX_BYTES      (EVENT_CARD_JSON_MAX_BYTES + EVENT_ACCOUNT_JSON_MAX_BYTES + 4096)

static_assert(EVENT_NARRATIVE_MAX_BYTES +
                      2 * (EVENT_FUNCTION_BYTES + EVENT_JUDGE_BYTES + EVENT_REASON_BYTES +
                           EVENT_NARROW_WORDS_BYTES) +
                      1024 <=
                  EVENT_ACCOUNT_JSON_MAX_BYTES,
              "narrative and lawfulness fit one sealed account");
static_assert(2 * (2 * CAIRN_NAME_MAX_BYTES + IDENTITY_ADDRESS_BYTES + IDENTITY_POSTCODE_BYTES +
                   IDENTITY_LOCAL_ID_BYTES + 2 * IDENTIFIER_MAX_BYTES) +
                      512 <=
                  EVENT_CARD_JSON_MAX_BYTES,
              "every identity fits one sealed card");

struct lawfulness {
    enum judged_by judged_by;
    enum basis basis;
    enum detriment detriment;
    enum family_told family_told;
    char judge[EVENT_JUDGE_BYTES];         /* who judged it relevant, or which standing decision */
    char function[EVENT_FUNCTION_BYTES];   /* the function of the recipients that it serves */
    char family_words[EVENT_REASON_BYTES]; /* what they were told, or why not */
};

/* Whom the author tells less than the agreements do. */
struct event_narrow {
    size_t n_agencies;
    char agencies[CAIRN_NARROW_MAX][CAIRN_AGENCY_ID_MAX_BYTES]; /* ids */
    uint32_t roles;                                             /* ROLE_BIT */
    int32_t hidden_until;                                       /* day; 0 none */
    bool not_for_family;
    uint32_t reason;    /* enum narrow_reason; 0: it narrows nothing */
    uint32_t authority; /* enum authority */
    char words
        [EVENT_NARROW_WORDS_BYTES]; /* who decided it, and why: for whoever may read the account */
};

struct event {
    char adapter[EVENT_ADAPTER_BYTES];
    char source_id[EVENT_SOURCE_ID_BYTES]; /* with adapter and version: the same input makes no
                                              second record */
    char source_version[EVENT_SOURCE_VERSION_BYTES];
    char event_id[EVENT_SOURCE_ID_BYTES]; /* the source's own id of what happened, when there are
                                             records about several children of it; "" none */
    int64_t changed_ms; /* when the source changed it to this version; 0: not said, or not to be
                           believed. Not kept while it waits, nor are the next two */
    bool final;     /* of a retraction: entered in error or retracted by name, so nothing that is
                       not known to be newer holds after it */
    bool day_heard; /* event_day is the day on which we heard of it: the source names none */
    enum record_kind kind;
    uint32_t code; /* enum record_code */
    uint32_t level;
    enum urgency urgency;
    int32_t event_day;
    int64_t recorded_ms;
    char occurrence[EVENT_OCCURRENCE_BYTES]; /* the service, for token_occurrence with event_day; ""
                                                none */
    struct identity child;                   /* or adult; empty only for a retraction */
    struct buf account;                      /* the narrative: one JSON object, canonical */
    struct lawfulness lawfulness;
    struct event_narrow narrow;
    char retracts[EVENT_SOURCE_ID_BYTES]; /* source id of the same adapter; a retraction has one,
                                               nothing else does */
    bool settles;                         /* waits its settle time before it leaves */
};

#define EVENT_NULL                                                                                 \
    ((struct event){.child = IDENTITY_NULL, .account = BUF_MAX(EVENT_NARRATIVE_MAX_BYTES)})
void event_deinit(struct event *event);

/* What every adapter is told about the partnership and the day. */
struct event_terms {
    bool live;      /* of the partnership's root document */
    bool kept;      /* it was taken before, and is read out of our own store again */
    int64_t now_ms; /* real time */
    /* Title and date of the decision that an automatic feed rests on; NULL: the configuration names
     * none. Adapters of what a person wrote do not look at it. */
    const char *standing_decision;
};

/* "text:" and the folded words of a service; "" when there are none or they do not fit. The same
 * words of two agencies make the same occurrence. */
void event_occurrence_of_words(struct slice words, char out[EVENT_OCCURRENCE_BYTES]);

/* Whole, for our own sealed storage. Appends; -EFBIG when `out` is full (EVENT_JSON_MAX_BYTES
 * always do). */
int event_to_json(const struct event *event, struct buf *out) MUST_USE;
/* What event_to_json wrote. -EINVAL and the error otherwise; *ret (EVENT_NULL before) is untouched
 * then. */
int event_from_json(struct slice text, struct event *ret, struct error *error) MUST_USE;

/* The sealed parts. Append; -EFBIG when `out` is full. A restricted child's card holds neither
 * address nor postcode. */
int event_card_json(const struct event *event, struct buf *out) MUST_USE;
int event_account_json(const struct event *event, struct buf *out) MUST_USE;
/* The card of an identity alone, for whoever has no event. */
int identity_card_json(const struct identity *identity, struct buf *out) MUST_USE;

#endif
