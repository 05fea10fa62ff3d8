/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/narrowing.h"

#include "base/date.h"

bool narrowing_names(const struct record_header *header, uint32_t agency)
{
    for (size_t i = 0; i < header->narrow.n_agencies; i++) {
        if (header->narrow.agencies[i] == agency) {
            return true;
        }
    }
    return false;
}

bool narrowing_keeps_from(const struct record_header *header, const struct narrow_reader *reader)
{
    bool danger = record_is_danger(header->record_kind, header->urgency);
    if (reader->agency == header->id.agency) {
        return false;
    }
    if (narrowing_names(header, reader->agency)) {
        return true;
    }
    if ((header->narrow.roles & reader->roles) != 0 && !(reader->front_door && danger)) {
        return true;
    }
    return !reader->front_door && reader->day < header->narrow.hidden_until;
}

bool narrowing_is_any(const struct narrowing *narrow)
{
    return narrow->n_agencies > 0 || narrow->roles != 0 || narrow->hidden_until != 0 ||
           narrow->not_for_family;
}

static const char *hiding_problem(const struct record_header *header)
{
    int32_t day = header->narrow.hidden_until;
    if (day == 0) {
        return NULL;
    }
    if (record_is_danger(header->record_kind, header->urgency)) {
        return "an immediate record or a referral is never hidden: leave hidden_until out";
    }
    if (header->has_retracts) {
        return "a retraction is never hidden: leave hidden_until out";
    }
    if (!date_in_range(day) ||
        day > instant_london_day(header->created_ms) + CAIRN_HIDDEN_MAX_DAYS) {
        return "hidden_until is more than 28 days away: hide it for less";
    }
    return NULL;
}

const char *narrowing_problem(const struct record_header *header)
{
    const struct narrowing *narrow = &header->narrow;
    if (!narrowing_is_any(narrow)) {
        return narrow->reason == 0 && narrow->authority == 0 ? NULL
                                                             : "narrows nothing: leave it out";
    }
    if ((narrow->roles & ~ROLES_ALL) != 0) {
        return "leaves out a role that is not known here";
    }
    if (narrow_reason_text(narrow->reason) == NULL || authority_text(narrow->authority) == NULL) {
        return "needs a reason and the authority who decided it";
    }
    return hiding_problem(header);
}
