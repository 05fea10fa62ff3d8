/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one answer of the local interface looks from: the governance in force, our own number, the
 * link and the time, taken once at the start. And what several answers write alike. No transaction
 * belongs to it.
 */
#ifndef AGENTS_API_VIEW_H
#define AGENTS_API_VIEW_H

#include "agents/core/api_request.h"
#include "agents/core/confirm.h"
#include "agents/core/inbox.h"
#include "agents/core/intake.h"
#include "agents/core/link.h"
#include "agents/core/open.h"
#include "agents/core/words.h"

struct api_view {
    struct agent *agent;
    struct governance *governance;
    struct link_status link;
    int64_t now_ms;
    bool placed; /* the directory names us */
    uint32_t own;
    struct desk fallback; /* of duty_telephone, while no calendar is held */
};

void view_begin(struct agent *agent, struct api_view *ret);
void view_end(struct api_view *view); /* `_cleanup_(view_end)` */

/* A read transaction; NULL, and a problem, when readers are exhausted. */
struct store_txn *view_read(const struct api_view *view, struct api_answer *answer) MUST_USE;
/* True, and *answer is a problem, when what was read cannot be trusted. */
bool view_broken(const struct store_txn *txn, struct api_answer *answer);

/* The name that people know; "an agency that is not in the directory" otherwise. */
const char *view_agency_name(const struct api_view *view, uint32_t agency);
/* {agency, name, kind}, or {number} of one that is not in the directory. */
struct json *view_agency(const struct api_view *view, uint32_t agency);
void view_set_agency(struct json *object, const char *key, const struct api_view *view,
                     uint32_t agency);
/* Whether we are a front door: only those decide about alerts. */
bool view_is_front_door(const struct api_view *view);
/* The telephone number that problems carry. */
/* That nobody has opened something: whom to telephone now, and later. */
/* Of a record that was delivered: about a child of another authority, and we are a front door. */
bool view_must_pass_on(const struct api_view *view, const struct record_header *record);
void view_set_unopened(struct json *object, const struct api_view *view);
void view_set_desk(struct agent *agent, struct api_answer *answer);

/* Who else has confirmed the log that is held here. */
void view_confirmations(const struct api_view *view, struct store_txn *txn,
                        struct confirmations *ret);

/* What the broker said, or would have to say, of an entry of ours: its word, and no more. */
struct view_readers {
    bool asked;
    size_t n;
    struct words_reader of[CAIRN_ADDRESSEES_MAX];
    uint32_t agencies[CAIRN_ADDRESSEES_MAX]; /* whose state that is */
};
/* Asks the broker, when the record or request of ours is stored; `asked` stays false when it does
 * not answer. Blocks at most CAIRN_API_ASK_MAX_MS. */
void view_ask_readers(const struct api_view *view, const struct out_row *row,
                      struct view_readers *readers, struct state_answer *state);
/* state, words, telephone of one thing of ours. `readers` NULL: the broker was not asked. */
void view_set_state(struct json *object, const struct api_view *view, struct store_txn *txn,
                    const struct out_row *row, const struct view_readers *readers);

/* What became of one thing that was handed in: outcome, reason, reference, state, words,
 * telephone. */
struct json *view_item(const struct api_view *view, struct store_txn *txn,
                       const struct intake_item *item) MUST_USE;

/* review: of a record of ours that is or was kept unseen, when to look again, what was decided, and
 * if `persons` by whom and why. Nothing of any other. `reference` with its `readers`, NULL when the
 * broker was not asked. */
struct view_reviewed {
    const struct reference *reference;
    const struct view_readers *readers;
    bool persons;
};
void view_set_review(struct json *object, const struct api_view *view, struct store_txn *txn,
                     const struct view_reviewed *what);

/* person and reason: who decided here and why, as decide_open gives it. */
void view_set_person(struct json *object, struct slice account);

/* returned: of what the broker refused for good, whether it still waits for somebody, or who has
 * dealt with it; and if `persons` who that was and how. Nothing of any other. */
void view_set_returned(struct json *object, const struct api_view *view, struct store_txn *txn,
                       const struct reference *reference, bool persons);

/* reasons: of a record of ours, why named persons elsewhere opened it, or decided about the alert
 * that lists it, as far as that was sealed to us. `alert`: as the broker says; 0: as notices
 * said. */
void view_set_reasons(struct json *object, const struct api_view *view,
                      const struct opening *opening, const struct entry_id *record, uint64_t alert);

/* reasons: of a request of ours, who refused it and why. */
void view_set_refusals(struct json *object, const struct api_view *view,
                       const struct opening *opening, const struct entry_id *request);
/* Whoever refused this request of ours has "opened" it: that is its answer (words.h). */
void view_mark_refused(const struct api_view *view, struct store_txn *txn,
                       const struct entry_id *request, struct view_readers *readers);

/* telephone alone: whom to ring now. */
void view_set_telephone(struct json *object, const struct api_view *view);

/* header: what the broker knows of a record, a decision or an involvement; nothing of others. */
void view_set_header(struct json *object, const struct api_view *view,
                     const struct entry_header *header);

/* retracted: its origin signed that it takes the record back; retraction_unproven: the broker says
 * that it does. */
void view_set_retraction(struct json *object, enum retraction retraction);
/* provisional: a name alone led it here, and nobody has decided; another_child: a named person has
 * said that it is about another child. */
void view_set_link(struct json *object, bool provisional, enum judged_link link);

/* A headline: the broker's word, and of a retraction what its origin has signed. Without the parts
 * of the record. */
struct json *view_headline(const struct api_view *view, struct store_txn *txn,
                           const struct wire_headline *headline);

/* ROLE_BIT of what that agency is today to the child of ours. */
uint32_t view_roles(const struct api_view *view, struct store_txn *txn,
                    const uint8_t handle[CAIRN_HANDLE_BYTES], uint32_t agency);
/* roles: their names. */
void view_set_roles(struct json *object, uint32_t roles);
/* duty: whom to speak to there, by the directory. */
void view_set_duty(struct json *object, const struct agency *agency);
/* circle: who is involved with the child today, by our handle of it, but for agencies whose
 * involvement is told to nobody. */
void view_set_circle(struct json *object, const struct api_view *view,
                     const struct opening *opening, const uint8_t handle[CAIRN_HANDLE_BYTES]);

/* A part that another agency sealed, as member `key` when we may open it; "KEY_state" says why when
 * we may not. */
void view_set_part(struct json *object, const struct opening *opening,
                   const struct wire_delivered *delivered, enum part part);

/* What a caller decided or asked is on disk and on its way: 202, its reference and its state. */
void view_answer_taken(const struct api_view *view, const struct reference *reference,
                       struct api_answer *answer);
/* Why it was not: what every such call means by -EINVAL (with the error), -EEXIST, -EAGAIN and
 * -ENOENT; anything else is a fault. */
void view_answer_refused(int r, const struct error *error, struct api_answer *answer);

#endif
