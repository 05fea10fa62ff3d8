/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header is written before the body, because its digest is bound into both parts (frozen.h); it
 * can be, because the size of a sealed card is known from the size of its text.
 */
#include "agents/core/seal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/frozen.h"
#include "agents/core/kept.h"
#include "agents/core/review.h"
#include "agents/core/stated.h"
#include "agents/core/statements.h"
#include "agents/core/subjects.h"
#include "base/date.h"
#include "crypto/digest.h"
#include "crypto/token.h"
#include "json/json.h"

#define DECISION_FORMAT "cairn-decision-account/v1"

/* What is frozen now; its digest is what a proof must speak of later. */
static struct spool_entry entry_of(const struct seal *seal, const struct frozen *frozen,
                                   const struct reference *reference, struct out_row *out)
{
    wire_item_digest(buf_slice(&frozen->header), buf_slice(&frozen->body), &out->item);
    return (struct spool_entry){
        .lane = out->lane,
        .stream = out->entry.stream,
        .seq = out->entry.seq,
        .kind = out->kind,
        .header = buf_slice(&frozen->header),
        .body = buf_slice(&frozen->body),
        .keys = SLICE_OF(frozen->wrapped),
        .has_reference = true,
        .reference = *reference,
        .created_ms = seal->now_ms,
    };
}

static void take_id(const struct seal *seal, enum lane lane, struct out_row *out)
{
    out->state = OUT_SPOOLED;
    out->lane = lane;
    out->has_entry = true;
    out->entry = spool_next_id(seal->txn, seal->place.agency, lane);
    out->due_ms = 0;
}

struct subjects seal_subjects(const struct seal *seal)
{
    return (struct subjects){.txn = seal->txn,
                             .store_key = &seal->keys->store,
                             .place = &seal->place,
                             .now_ms = seal->now_ms};
}

/* --- records --- */

enum lane seal_lane(enum record_kind kind, enum urgency urgency)
{
    return record_is_danger(kind, urgency) ? LANE_URGENT : LANE_NORMAL;
}

/* Agencies as numbers, rising and each once. */
static int fill_narrow(const struct seal *seal, const struct event *event,
                       struct record_header *header, struct error *error)
{
    struct narrowing *narrow = &header->narrow;
    *narrow = (struct narrowing){.roles = event->narrow.roles,
                                 .hidden_until = event->narrow.hidden_until,
                                 .not_for_family = event->narrow.not_for_family,
                                 .reason = event->narrow.reason,
                                 .authority = event->narrow.authority};
    for (size_t i = 0; i < event->narrow.n_agencies; i++) {
        const struct agency *agency =
            directory_agency_by_id(&seal->governance->directory, event->narrow.agencies[i]);
        size_t at = narrow->n_agencies;
        if (agency == NULL || agency->number == seal->place.agency) {
            char where[48];
            (void)snprintf(where, sizeof(where), "/narrow/agencies/%zu", i);
            return error_set(error, where, "%s",
                             agency == NULL
                                 ? "is no agency of the directory: give its id"
                                 : "is this agency, which has its own record: leave it out");
        }
        while (at > 0 && narrow->agencies[at - 1] > agency->number) {
            at--;
        }
        if (at > 0 && narrow->agencies[at - 1] == agency->number) {
            continue;
        }
        memmove(&narrow->agencies[at + 1], &narrow->agencies[at],
                (narrow->n_agencies - at) * sizeof(narrow->agencies[0]));
        narrow->agencies[at] = agency->number;
        narrow->n_agencies++;
    }
    return 0;
}

int seal_check(const struct seal *seal, const struct event *event, struct error *error)
{
    struct record_header header;
    return fill_narrow(seal, event, &header, error);
}

/* The same for all records of one event, and nothing that anybody can try source ids against. */
static int name_event(const struct seal *seal, const struct event *event,
                      uint8_t ret[CAIRN_EVENT_ID_BYTES])
{
    uint8_t digest[CAIRN_HASH_BYTES];
    if (event->event_id[0] == '\0') {
        return random_bytes(ret, CAIRN_EVENT_ID_BYTES);
    }
    const struct slice parts[] = {slice_of_text("cairn-event-id/v1\n"),
                                  slice_of_text(event->adapter), slice_of_text("\n"),
                                  slice_of_text(event->event_id)};
    hmac_sha256(&seal->keys->store, parts, ARRAY_LEN(parts), digest);
    memcpy(ret, digest, CAIRN_EVENT_ID_BYTES);
    return 0;
}

static int fill_header(const struct seal *seal, const struct event *event,
                       const struct out_row *out, struct record_header *header)
{
    struct error error = ERROR_NULL;
    header->id = out->entry;
    header->record_kind = event->kind;
    header->code = event->code;
    header->level = event->level;
    header->urgency = event->urgency;
    header->event_day = event->event_day;
    header->recorded_ms = event->recorded_ms;
    header->created_ms = seal->now_ms;
    header->judged_by = event->lawfulness.judged_by;
    header->basis = event->lawfulness.basis;
    header->detriment = event->lawfulness.detriment;
    header->family_told = event->lawfulness.family_told;
    header->person = event->child.person;
    if (!calendar_is_own(seal->governance->calendar, event->child.home_authority)) {
        header->home_authority = event->child.home_authority;
    }
    memcpy(header->handle, out->handle, sizeof(header->handle));
    header->has_occurrence = event->occurrence[0] != '\0';
    if (header->has_occurrence) {
        token_occurrence(&seal->place.linkage, event->event_day, slice_of_text(event->occurrence),
                         header->occurrence);
    }
    int r = name_event(seal, event, header->event_id);
    return r != 0 ? r : fill_narrow(seal, event, header, &error);
}

/* The handle: of the child, with its statement in front; a retraction's is that of its record. */
static int find_handle(const struct seal *seal, const struct event *event, enum lane lane,
                       const struct out_row *retracts, struct out_row *out)
{
    struct subjects subjects = seal_subjects(seal);
    if (retracts != NULL) {
        memcpy(out->handle, retracts->handle, sizeof(out->handle));
        return 0;
    }
    int r = subjects_handle(&subjects, &event->child, out->handle);
    if (r == 0) {
        statements_add(&subjects, lane, out->handle);
    }
    return r;
}

/* Without the address when any system of the agency withholds it. The narrative is borrowed. */
static int freeze_card(const struct seal *seal, const struct event *event,
                       const struct out_row *out, struct buf *ret)
{
    _cleanup_(identity_deinit) struct identity held = IDENTITY_NULL;
    struct event told = *event;
    if (subjects_identity(seal->txn, &seal->keys->store, out->handle, &held) && held.restricted) {
        identity_restrict(&told.child);
    }
    int r = event_card_json(&told, ret);
    identity_deinit(&told.child);
    return r;
}

static int freeze_record(const struct seal *seal, const struct event *event,
                         const struct out_row *retracts, const struct out_row *out,
                         struct frozen *frozen)
{
    struct entry_header header = {.kind = ENTRY_RECORD, .id = out->entry};
    int r = fill_header(seal, event, out, &header.record);
    if (r == 0) {
        r = freeze_card(seal, event, out, &frozen->card);
    }
    if (r == 0) {
        r = event_account_json(event, &frozen->account);
    }
    if (r != 0) {
        return r;
    }
    header.record.card_bytes = (uint32_t)seal_part_size(frozen->card.len);
    header.record.has_retracts = retracts != NULL;
    if (retracts != NULL) {
        header.record.retracts = retracts->entry;
        header.record.urgency = /* of what the broker lets use that lane */
            out->lane == LANE_URGENT ? URGENCY_IMMEDIATE : event->urgency;
    }
    wire_entry_header_write(&header, &frozen->header);
    return frozen_seal(frozen, &seal->keys->store, true);
}

int seal_record(const struct seal *seal, const struct event *event,
                const struct reference *reference, const struct out_row *retracts,
                struct out_row *out)
{
    _cleanup_(frozen_deinit) struct frozen frozen = frozen_new();
    /* A retraction goes behind its record, in the same lane, and overtakes nothing. */
    enum lane lane = retracts != NULL ? retracts->lane : seal_lane(event->kind, event->urgency);
    assert((event->kind == RECORD_RETRACTION) == (retracts != NULL));
    int r = find_handle(seal, event, lane, retracts, out);
    if (r != 0) {
        return r;
    }
    take_id(seal, lane, out); /* after the statement, which has the number before */
    r = freeze_record(seal, event, retracts, out, &frozen);
    if (r != 0) {
        return r;
    }
    struct spool_entry entry = entry_of(seal, &frozen, reference, out);
    spool_add(seal->txn, &entry);
    if (retracts == NULL) {
        kept_add(seal->txn, &entry, out);
        const struct review review = {.txn = seal->txn,
                                      .governance = seal->governance,
                                      .now_ms = seal->now_ms,
                                      .after_ms = seal->review_after_ms};
        review_place(&review, reference, out);
    }
    return store_fault(seal->txn);
}

/* --- involvements and decisions --- */

int seal_involvement(const struct seal *seal, const struct involvement *involvement,
                     const struct reference *reference, struct out_row *out)
{
    _cleanup_(frozen_deinit) struct frozen frozen = frozen_new();
    struct subjects subjects = seal_subjects(seal);
    int r = subjects_handle(&subjects, &involvement->child, out->handle);
    if (r != 0) {
        return r;
    }
    statements_add(&subjects, LANE_NORMAL, out->handle);
    take_id(seal, LANE_NORMAL, out);
    struct entry_header header = {
        .kind = ENTRY_INVOLVEMENT,
        .id = out->entry,
        .involvement = {.id = out->entry,
                        .role = involvement->role,
                        .from_day = involvement->from_day,
                        .until_day = involvement->until_day},
    };
    memcpy(header.involvement.handle, out->handle, sizeof(out->handle));
    wire_entry_header_write(&header, &frozen.header);
    r = involvement_account_json(involvement, &frozen.account);
    if (r == 0) {
        r = frozen_seal(&frozen, &seal->keys->store, false);
    }
    if (r != 0) {
        return r;
    }
    struct spool_entry entry = entry_of(seal, &frozen, reference, out);
    spool_add(seal->txn, &entry);
    kept_add(seal->txn, &entry, out);
    return stated_claim(seal->txn, &seal->keys->store, involvement, out,
                        instant_london_day(seal->now_ms));
}

/* The statements of both in front of it. */
static int find_tied(const struct seal *seal, const struct tying *tying, struct tie_header *header)
{
    struct subjects subjects = seal_subjects(seal);
    int r = subjects_handle(&subjects, &tying->child, header->handle);
    if (r == 0) {
        r = subjects_handle(&subjects, &tying->person, header->person);
    }
    if (r == 0 && memcmp(header->handle, header->person, CAIRN_HANDLE_BYTES) == 0) {
        return -EEXIST;
    }
    if (r == 0) {
        statements_add(&subjects, LANE_NORMAL, header->handle);
        statements_add(&subjects, LANE_NORMAL, header->person);
    }
    if (r == 0 && tying->withdrawn) {
        statements_forget(&subjects, header->person);
    }
    return r;
}

int seal_tie(const struct seal *seal, const struct tying *tying, const struct reference *reference,
             struct out_row *out)
{
    _cleanup_(frozen_deinit) struct frozen frozen = frozen_new();
    struct entry_header header = {
        .kind = ENTRY_TIE,
        .tie = {.relationship = tying->relationship,
                .until_day = tying->until_day,
                .withdrawn = tying->withdrawn},
    };
    int r = find_tied(seal, tying, &header.tie);
    if (r != 0) {
        return r;
    }
    memcpy(out->handle, header.tie.handle, sizeof(out->handle));
    take_id(seal, LANE_NORMAL, out);
    header.id = out->entry;
    header.tie.id = out->entry;
    wire_entry_header_write(&header, &frozen.header);
    struct spool_entry entry = entry_of(seal, &frozen, reference, out);
    entry.keys = SLICE_NULL; /* nothing in it is sealed */
    spool_add(seal->txn, &entry);
    return store_fault(seal->txn);
}

int seal_request(const struct seal *seal, const struct asking *asking,
                 const struct reference *reference, struct out_row *out)
{
    _cleanup_(frozen_deinit) struct frozen frozen = frozen_new();
    struct subjects subjects = seal_subjects(seal);
    int r = subjects_handle(&subjects, &asking->child, out->handle);
    if (r != 0) {
        return r;
    }
    statements_add(&subjects, LANE_NORMAL, out->handle);
    take_id(seal, LANE_NORMAL, out);
    struct entry_header header = {
        .kind = ENTRY_REQUEST,
        .id = out->entry,
        .request = {.id = out->entry,
                    .has_record = asking->has_record,
                    .record = asking->record,
                    .purpose = asking->purpose},
    };
    memcpy(header.request.handle, out->handle, sizeof(out->handle));
    wire_entry_header_write(&header, &frozen.header);
    struct spool_entry entry = entry_of(seal, &frozen, reference, out);
    entry.keys = SLICE_NULL; /* nothing in it is sealed */
    spool_add(seal->txn, &entry);
    return store_fault(seal->txn);
}

static int decision_account(const struct decide_request *decision, struct buf *out)
{
    struct json *account = json_object_new();
    json_set_word(account, "format", DECISION_FORMAT);
    json_set_word(account, "name", decision->person.name);
    json_set_word(account, "role", decision->person.role);
    json_set_word(account, "reason", decision->person.reason);
    int r = json_write(account, JSON_STYLE_COMPACT, out);
    json_free(&account);
    return r;
}

/* Of a look at a child: its handle, with its statement in front. */
static int find_looked_at(const struct seal *seal, const struct decide_request *decision,
                          struct out_row *out)
{
    struct subjects subjects = seal_subjects(seal);
    if (decision->child == NULL) {
        return 0;
    }
    int r = subjects_handle(&subjects, decision->child, out->handle);
    if (r == 0) {
        statements_add(&subjects, LANE_NORMAL, out->handle);
    }
    return r;
}

int seal_decision(const struct seal *seal, const struct decide_request *decision,
                  const struct reference *reference, struct out_row *out)
{
    _cleanup_(frozen_deinit) struct frozen frozen = frozen_new();
    int r = find_looked_at(seal, decision, out);
    if (r != 0) {
        return r;
    }
    take_id(seal, LANE_NORMAL, out);
    struct entry_header header = {
        .kind = ENTRY_DECISION,
        .id = out->entry,
        .decision = {.id = out->entry,
                     .action = decision->action,
                     .alert = decision->alert,
                     .has_handle = decision->child != NULL,
                     .has_record = decision->has_record,
                     .record = decision->record,
                     .has_other = decision->has_other,
                     .other = decision->other,
                     .outcome = decision->outcome,
                     .decided_ms = seal->now_ms},
    };
    memcpy(header.decision.handle, out->handle, sizeof(out->handle));
    wire_entry_header_write(&header, &frozen.header);
    r = decision_account(decision, &frozen.account);
    if (r == 0) {
        r = frozen_seal(&frozen, &seal->keys->store, false);
    }
    if (r != 0) {
        return r;
    }
    struct spool_entry entry = entry_of(seal, &frozen, reference, out);
    entry.n_recipients = decision->n_recipients;
    memcpy(entry.recipients, decision->recipients, sizeof(entry.recipients));
    spool_add(seal->txn, &entry);
    return store_fault(seal->txn);
}

/* --- the occasion --- */

int seal_begin(struct agent *agent, struct store_txn *txn, struct seal *ret)
{
    struct seal seal = SEAL_NULL;
    if (!govern_keep_place(agent->keep, &seal.place)) {
        return -EAGAIN;
    }
    seal.txn = txn;
    seal.keys = &agent->keys;
    seal.governance = govern_keep_current(agent->keep);
    seal.now_ms = clock_real_ms(agent->clock);
    seal.review_after_ms = agent->options->review_after_ms;
    *ret = seal;
    secret_deinit(&seal.place.linkage);
    return 0;
}

void seal_end(struct seal *seal)
{
    governance_unref(&seal->governance);
    own_place_deinit(&seal->place);
}
