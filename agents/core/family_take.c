/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/family_take.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/correct.h"
#include "agents/core/returned.h"
#include "agents/core/stated.h"
#include "agents/core/telling.h"
#include "crypto/digest.h"

#define LEFT_OUT_JUDGE "automatic: a newer version of its document does not say it any more"
/* A child's own, those that it had, and those that only an earlier version had. */
#define ITEMS_PER_CHILD (1 + 2 * FAMILY_INVOLVEMENTS_MAX)

/* --- involvements --- */

static int read_claim(const struct taking *taking, struct slice json, struct involvement *ret)
{
    struct error error = ERROR_NULL;
    const struct event_terms terms = {.live =
                                          taking->can_seal && taking->seal.governance->root.live,
                                      .kept = true,
                                      .now_ms = taking->now_ms};
    return involvement_json_read(taking->agent->records, json, &terms, ret, &error) == 0 ? 0
                                                                                         : -EBADMSG;
}

static int say_end(struct taking *taking, struct slice json, bool others,
                   struct intake_answer *answer)
{
    _cleanup_(involvement_deinit) struct involvement involvement = INVOLVEMENT_NULL;
    const struct stated_by nothing = {.bytes = {0}};
    struct intake_item *item = &answer->items[answer->n];
    int r = read_claim(taking, json, &involvement);
    if (r != 0) {
        return r;
    }
    if (!others) {
        involvement.until_day =
            taking->day > involvement.from_day ? taking->day : involvement.from_day;
    }
    r = telling_involvement(taking, &involvement, &nothing, item);
    if (r == 0) {
        answer->n++;
        item->flawed = false; /* its numbers were spoken of when it was stated */
        (void)snprintf(item->reason, sizeof(item->reason), "%s",
                       others
                           ? "an involvement holds as something else states it"
                           : "an involvement has ended: its document does not state it any more");
    }
    return r;
}

static int end(struct taking *taking, const struct stated_by *by,
               const struct stated_involvement *stated, struct intake_answer *answer)
{
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(INVOLVEMENT_JSON_MAX_BYTES);
    struct stated_key key = {.role = stated->role, .by = *by};
    struct out_row row;
    bool others;
    if (!out_get(taking->txn, &stated->reference, &row)) {
        return -EBADMSG;
    }
    if (row.state == OUT_WAITING) {
        correct_withdraw(taking, &stated->reference, &row, &answer->items[answer->n++]);
        return 0;
    }
    returned_end(taking->txn, &stated->reference);
    memcpy(key.handle, row.handle, sizeof(key.handle));
    int r =
        stated_take_out(taking->txn, taking_store_key(taking), &key, taking->day, &json, &others);
    return r != 0 || json.len == 0 ? r : say_end(taking, buf_slice(&json), others, answer);
}

/* In these words already, and not in vain. */
static bool still_said(struct taking *taking, const struct stated_involvement *before,
                       const struct hash *content)
{
    struct out_row row;
    return before != NULL && hash_equal(&before->content, content) &&
           out_get(taking->txn, &before->reference, &row) && row.state != OUT_REFUSED &&
           row.state != OUT_WITHDRAWN;
}

/* Under another handle than before: the child's number has been corrected. */
static bool has_moved(struct taking *taking, const struct reference *before,
                      const struct reference *now)
{
    struct out_row a;
    struct out_row b;
    return out_get(taking->txn, before, &a) && out_get(taking->txn, now, &b) &&
           memcmp(a.handle, b.handle, sizeof(a.handle)) != 0;
}

/* What is stated of one child: before, and now. */
struct restating {
    struct stated_by by;
    struct stated_thing before;
    struct stated_thing now;
};

static int state_one(struct taking *taking, const struct involvement *involvement,
                     struct restating *restating, struct intake_answer *answer)
{
    const struct stated_involvement *before = stated_find(&restating->before, involvement->role);
    struct stated_involvement *now = &restating->now.involvements[restating->now.n++];
    struct intake_item *item = &answer->items[answer->n];
    now->role = involvement->role;
    int r = stated_content(taking_store_key(taking), involvement, &now->content);
    if (r != 0) {
        return r;
    }
    if (still_said(taking, before, &now->content)) {
        now->reference = before->reference;
        return 0;
    }
    if (before != NULL) {
        returned_end(taking->txn, &before->reference);
    }
    r = telling_involvement(taking, involvement, &restating->by, item);
    if (r != 0) {
        return r;
    }
    answer->n++;
    now->reference = item->reference;
    return before != NULL && has_moved(taking, &before->reference, &now->reference)
               ? end(taking, &restating->by, before, answer)
               : 0;
}

static int state_all(struct taking *taking, const struct stated_by *by,
                     const struct family_child *child, struct intake_answer *answer)
{
    struct restating restating = {.by = *by, .now = {.said_day = taking->day}};
    int r = 0;
    stated_thing_get(taking->txn, by, &restating.before);
    for (size_t i = 0; r == 0 && i < child->n_involvements; i++) {
        r = state_one(taking, &child->involvements[i], &restating, answer);
    }
    for (size_t i = 0; r == 0 && i < restating.before.n; i++) {
        const struct stated_involvement *before = &restating.before.involvements[i];
        if (stated_find(&restating.now, before->role) == NULL) {
            r = end(taking, by, before, answer);
        }
    }
    if (r == 0) {
        stated_thing_put(taking->txn, by, &restating.now);
    }
    return r;
}

static int end_all(struct taking *taking, const char *adapter, const char *source_id,
                   struct intake_answer *answer)
{
    const struct family_child nobody = {.n_involvements = 0};
    struct stated_by by = stated_by_source(taking_store_key(taking), adapter, source_id);
    return state_all(taking, &by, &nobody, answer);
}

/* --- documents --- */

struct document {
    struct event as; /* what the versions of the document are ordered and known by */
    struct stated_by by;
    struct hash content;
    struct stated_document before;
    bool is_known; /* this very version */
    bool is_older; /* than what was said last */
};
#define DOCUMENT_NULL ((struct document){.as = EVENT_NULL, .before = STATED_DOCUMENT_NULL})

static void document_deinit(struct document *document)
{
    event_deinit(&document->as);
    stated_document_deinit(&document->before);
}

/* All that it says of everybody. */
static int read_content(const struct secret *store_key, struct family *family, struct hash *ret)
{
    struct slice parts[1 + FAMILY_CHILDREN_MAX * (1 + FAMILY_INVOLVEMENTS_MAX)];
    struct hash hashes[ARRAY_LEN(parts)];
    size_t n = 0;
    int r = 0;
    parts[n++] = slice_of_text("cairn-document/v1\n");
    for (size_t i = 0; r == 0 && i < family->n; i++) {
        struct family_child *child = &family->children[i];
        r = source_content(store_key, &child->event, &hashes[n]);
        parts[n] = SLICE_OF(hashes[n].bytes);
        n++;
        for (size_t j = 0; r == 0 && j < child->n_involvements; j++) {
            r = stated_content(store_key, &child->involvements[j], &hashes[n]);
            parts[n] = SLICE_OF(hashes[n].bytes);
            n++;
        }
    }
    if (r == 0) {
        hmac_sha256(store_key, parts, n, ret->bytes);
    }
    return r;
}

static int look(struct taking *taking, struct family *family, struct document *ret)
{
    const struct secret *key = taking_store_key(taking);
    const struct event *first = &family->children[0].event;
    struct event *as = &ret->as;
    struct reference known;
    as->changed_ms = first->changed_ms;
    memcpy(as->adapter, first->adapter, sizeof(as->adapter));
    memcpy(as->source_version, first->source_version, sizeof(as->source_version));
    memcpy(as->source_id, family->source_id, sizeof(as->source_id));
    ret->by = stated_by_source(key, as->adapter, as->source_id);
    int r = read_content(key, family, &ret->content);
    if (r == 0) {
        r = stated_document_get(taking->txn, key, &ret->by, &ret->before);
    }
    ret->is_known = source_known(taking->txn, key, as, &ret->content, &known);
    ret->is_older = source_age(&ret->before.rank, as) == SOURCE_OLDER;
    return r;
}

/* Several records of one document: which of them it has is its version's to say. A plan's end does
 * not take back the plan. */
static bool has_several(const struct family *family)
{
    return family->children[0].event.event_id[0] != '\0';
}

static int remember(struct taking *taking, const struct family *family,
                    const struct document *document)
{
    _cleanup_(stated_document_deinit) struct stated_document now = STATED_DOCUMENT_NULL;
    const struct reference nothing = {.bytes = {0}};
    now.said_day = taking->day;
    now.rank = source_rank(&document->as);
    now.n = has_several(family) ? family->n : 0;
    now.records = base_zalloc(FAMILY_CHILDREN_MAX, sizeof(now.records[0]));
    for (size_t i = 0; i < now.n; i++) {
        memcpy(now.records[i], family->children[i].event.source_id, sizeof(now.records[i]));
    }
    source_put_known(taking->txn, taking_store_key(taking), &document->as, &document->content,
                     &nothing);
    return stated_document_put(taking->txn, taking_store_key(taking), &document->by, &now);
}

/* --- children --- */

static int take_child(struct taking *taking, struct family *family, struct family_child *child,
                      const struct document *document, struct intake_answer *answer)
{
    struct event *event = &child->event;
    struct intake_item *record = &answer->items[answer->n++];
    const char *thing = has_several(family) ? event->source_id : family->source_id;
    struct stated_by by = stated_by_source(taking_store_key(taking), event->adapter, thing);
    if (document->is_older && has_several(family) &&
        !stated_document_has(&document->before, event->source_id)) {
        record->outcome = INTAKE_OLDER;
        (void)snprintf(record->reason, sizeof(record->reason), "%s",
                       "a newer version of its document does not say it");
        return 0;
    }
    int r = telling_event(taking, event, record);
    bool says = !document->is_older && record->outcome != INTAKE_OLDER &&
                (!document->is_known || record->outcome == INTAKE_ACCEPTED);
    return r == 0 && says ? state_all(taking, &by, child, answer) : r;
}

static int take_back(struct taking *taking, const struct document *document, const char *source_id,
                     struct intake_answer *answer)
{
    _cleanup_(event_deinit) struct event event = EVENT_NULL;
    _cleanup_(event_deinit) struct event nothing = EVENT_NULL;
    event.event_day = taking->day;
    event.recorded_ms = taking->now_ms;
    event.changed_ms = document->as.changed_ms;
    memcpy(event.adapter, document->as.adapter, sizeof(event.adapter));
    memcpy(event.source_version, document->as.source_version, sizeof(event.source_version));
    memcpy(event.source_id, source_id, sizeof(event.source_id));
    correct_nothing(&event, &nothing);
    (void)snprintf(nothing.lawfulness.judge, sizeof(nothing.lawfulness.judge), "%s",
                   LEFT_OUT_JUDGE);
    struct intake_item *item = &answer->items[answer->n++];
    int r = telling_event(taking, &nothing, item);
    if (r == 0 && item->reason[0] == '\0') {
        (void)snprintf(item->reason, sizeof(item->reason), "%s",
                       "a record is taken back: its document does not say it any more");
    }
    return r != 0 ? r : end_all(taking, event.adapter, source_id, answer);
}

/* What the version before said, and this one does not. */
static int take_back_left_out(struct taking *taking, const struct family *family,
                              const struct document *document, struct intake_answer *answer)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < document->before.n; i++) {
        bool left_out = true;
        for (size_t j = 0; j < family->n; j++) {
            left_out = left_out && strcmp(family->children[j].event.source_id,
                                          document->before.records[i]) != 0;
        }
        if (left_out) {
            r = take_back(taking, document, document->before.records[i], answer);
        }
    }
    return r;
}

int family_take(struct taking *taking, struct family *family, struct intake_answer *answer)
{
    _cleanup_(document_deinit) struct document document = DOCUMENT_NULL;
    int r = look(taking, family, &document);
    if (r != 0) {
        return r;
    }
    answer_begin(answer, (family->n + document.before.n) * ITEMS_PER_CHILD);
    answer->n = 0;
    for (size_t i = 0; r == 0 && i < family->n; i++) {
        r = take_child(taking, family, &family->children[i], &document, answer);
    }
    if (r != 0 || document.is_known || document.is_older) {
        return r;
    }
    r = take_back_left_out(taking, family, &document, answer);
    return r != 0 ? r : remember(taking, family, &document);
}

/* --- retractions --- */

/* The retraction, of this record of the document that it names. */
static int take_back_record(struct taking *taking, struct event *retraction, const char *source_id,
                            struct intake_answer *answer)
{
    memcpy(retraction->retracts, source_id, sizeof(retraction->retracts));
    int r = telling_event(taking, retraction, &answer->items[answer->n++]);
    return r != 0 ? r : end_all(taking, retraction->adapter, source_id, answer);
}

int family_take_back(struct taking *taking, struct event *retraction, struct intake_answer *answer)
{
    _cleanup_(stated_document_deinit) struct stated_document document = STATED_DOCUMENT_NULL;
    const struct secret *key = taking_store_key(taking);
    struct stated_by by = stated_by_source(key, retraction->adapter, retraction->retracts);
    char named[EVENT_SOURCE_ID_BYTES];
    int r = stated_document_get(taking->txn, key, &by, &document);
    if (r != 0) {
        return r;
    }
    memcpy(named, retraction->retracts, sizeof(named));
    intake_answer_deinit(answer);
    answer_begin(answer, (1 + document.n) * ITEMS_PER_CHILD);
    answer->n = 0;
    if (document.n == 0 || stated_document_has(&document, named)) {
        return take_back_record(taking, retraction, named, answer);
    }
    for (size_t i = 0; r == 0 && i < document.n; i++) {
        r = take_back_record(taking, retraction, document.records[i], answer);
    }
    return r;
}
