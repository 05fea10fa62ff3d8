/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/apply_kind.h"

#include "broker/alert.h"
#include "broker/born.h"
#include "broker/candidates.h"
#include "broker/catch_up.h"
#include "broker/contradiction.h"
#include "broker/decision.h"
#include "broker/grant.h"
#include "broker/links.h"
#include "broker/mailbox.h"
#include "broker/record_adult.h"
#include "broker/request.h"
#include "broker/timers.h"

static enum verdict apply_subject(struct apply *apply, const struct subject_header *header,
                                  const struct entry_input *entry, struct after_leaf *after)
{
    if (header->n_tokens != entry->n_tokens || contradiction_in_statement(header)) {
        return VERDICT_BAD_ENTRY;
    }
    struct subject_row row;
    struct subject_id subject = subject_id_of(header->id.agency, header->handle);
    if (!links_subject(apply, &subject, header->person, &row)) {
        return VERDICT_BAD_ENTRY; /* an adult's handle for a child's, or the other way round */
    }
    uint64_t looked_at = links_state(apply, header, entry);
    bool there = apply_found(apply, subject_row_get(apply->txn, &subject, &row));
    if (there && row.person) {
        after->person = row.child;
    } else if (there) {
        after->child = looked_at;
        after->circle = row.child;
    }
    return VERDICT_STORED;
}

static enum verdict apply_involvement(struct apply *apply, const struct involvement_header *header,
                                      struct after_leaf *after)
{
    enum verdict verdict = circle_claim(apply, header, &after->claim);
    after->circle = after->claim.child;
    return verdict;
}

enum verdict apply_kind_judge(struct apply *apply, const struct entry_header *header,
                              const struct entry_input *entry, struct after_leaf *after)
{
    switch (header->kind) {
    case ENTRY_RECORD:
        return record_judge(apply, &header->record, entry, &after->record);
    case ENTRY_SUBJECT:
        return apply_subject(apply, &header->subject, entry, after);
    case ENTRY_INVOLVEMENT:
        return apply_involvement(apply, &header->involvement, after);
    case ENTRY_ACKNOWLEDGEMENT:
        return mailbox_acknowledge(apply, &header->acknowledgement, entry->key_id)
                   ? VERDICT_STORED
                   : VERDICT_CONFLICT;
    case ENTRY_DECISION:
        return decision_judge(apply, &header->decision);
    case ENTRY_GRANT:
        return grant_judge(apply, &header->grant, entry);
    case ENTRY_REQUEST:
        return request_judge(apply, &header->request);
    case ENTRY_TIE:
        return tie_judge(apply, &header->tie, &after->tie);
    }
    return VERDICT_BAD_ENTRY;
}

/* What was stored before is told once the role holds. */
static void begin_role(struct apply *apply, const struct involvement_header *header,
                       const struct circle_claim *claim, uint64_t log_index)
{
    const struct newcomer newcomer = {.child = claim->child,
                                      .agency = header->id.agency,
                                      .role = header->role,
                                      .from_day = header->from_day};
    if (claim->begins) {
        (void)catch_up(apply, &newcomer);
    } else if (claim->will_begin) {
        timers_watch_role(apply, &header->id, header->from_day, log_index);
    }
}

void apply_kind_act(struct apply *apply, const struct entry_header *header,
                    const struct entry_input *entry, const struct after_leaf *after,
                    uint64_t log_index)
{
    switch (header->kind) {
    case ENTRY_RECORD:
        record_act(apply, &after->record, log_index);
        return;
    case ENTRY_DECISION:
        decision_act(apply, &header->decision, entry);
        return;
    case ENTRY_GRANT:
        grant_act(apply, &header->grant, entry);
        return;
    case ENTRY_REQUEST:
        request_act(apply, &header->request, entry);
        return;
    case ENTRY_SUBJECT:
        if (after->person != 0) {
            record_person_met(apply, after->person);
            born_mother_met(apply, after->person);
            return;
        }
        circle_meet(apply, after->circle);
        if (after->child != 0) {
            alert_look(apply, after->child, ALERT_NEWEST);
        }
        candidates_stated(apply, &header->subject);
        return;
    case ENTRY_INVOLVEMENT:
        circle_part(apply, &after->claim, entry);
        circle_meet(apply, after->circle);
        begin_role(apply, &header->involvement, &after->claim, log_index);
        return;
    case ENTRY_TIE:
        tie_act(apply, &after->tie, entry);
        return;
    case ENTRY_ACKNOWLEDGEMENT:
        return;
    }
}
