/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/desk.h"

#include "broker/disclose.h"

bool desk_concerns(const struct record_header *header)
{
    return record_is_danger(header->record_kind, header->urgency);
}

bool desk_may_read(struct apply *apply, const struct record_header *header,
                   const struct agency *agency)
{
    const struct agency *origin =
        directory_agency(&apply->governance->directory, header->id.agency);
    if (origin == NULL || !agency->active || !agency_is_front_door(agency) ||
        agency->number == origin->number) {
        return false;
    }
    struct decision decision =
        disclose_decide(apply, disclose_child(apply, header), header, origin, agency);
    return decision.effect == EFFECT_SHARE && decision.mode == MODE_CONTENT;
}

/* Of the front doors that got it the one that the calendar names; 0: none of them. */
static uint32_t watch_of(struct apply *apply, const struct record_header *header,
                         const struct entry_input *entry)
{
    const struct calendar *calendar = apply->governance->calendar;
    if (calendar == NULL) {
        return 0;
    }
    uint32_t number = calendar_desk(calendar, apply->time_ms)->agency;
    const struct agency *agency = directory_agency(&apply->governance->directory, number);
    return agency != NULL && desk_may_read(apply, header, agency) &&
                   disclose_granted(entry, number, PART_ACCOUNT)
               ? number
               : 0;
}

bool desk_has_watch(struct apply *apply, const struct record_header *header,
                    const struct entry_input *entry, const struct agency *front_door)
{
    uint32_t named = watch_of(apply, header, entry);
    return desk_concerns(header) && (named == 0 || named == front_door->number);
}
