/* SPDX-License-Identifier: Apache-2.0 */
/* One thing that was noticed, as alerts and pictures show it. */
#include "agents/core/api_view.h"
#include "agents/core/narrow.h"

/* A headline is the broker's word; of a record that it names, the record's own origin must say
 * it. */
static void set_retraction(struct json *object, struct store_txn *txn,
                           const struct wire_headline *headline)
{
    struct received_row received = {.retraction = RETRACTION_NONE};
    struct reference reference;
    struct out_row out;
    bool said = (headline->flags & HEADLINE_RETRACTED) != 0;
    if (headline->has_record) {
        (void)received_get(txn, &headline->record, &received);
        if (out_by_entry(txn, &headline->record, &reference) && out_get(txn, &reference, &out) &&
            out.retracted) {
            received.retraction = RETRACTION_SIGNED;
        }
    }
    if (said && received.retraction == RETRACTION_NONE) {
        received.retraction = RETRACTION_SAID;
    }
    view_set_retraction(object, received.retraction);
}

/* Whether it is about this child: as it was told, or as a person has said since. */
static void set_link(struct json *object, struct store_txn *txn,
                     const struct wire_headline *headline)
{
    struct received_row received = {.link = JUDGED_NOT};
    if (headline->has_record) {
        (void)received_get(txn, &headline->record, &received);
    }
    view_set_link(object, (headline->flags & HEADLINE_PROVISIONAL) != 0, received.link);
}

struct json *view_headline(const struct api_view *view, struct store_txn *txn,
                           const struct wire_headline *headline)
{
    struct json *object = json_object_new();
    json_set_day(object, "event_date", headline->event_day);
    answer_set_peer_text(object, "class", headline->class);
    answer_set_peer_text(object, "origin_kind", headline->origin_kind);
    set_link(object, txn, headline);
    set_retraction(object, txn, headline);
    json_set_bool(object, "own", (headline->flags & HEADLINE_OWN) != 0);
    if ((headline->flags & HEADLINE_DESTROYED) != 0) {
        json_set_bool(object, "destroyed", true);
        json_set_word(
            object, "destroyed_words",
            "The broker holds no copy of what it says any more, and can give it to nobody "
            "who has not got it: ask the agency that recorded it.");
    }
    if ((headline->flags & HEADLINE_NOT_FOR_FAMILY) != 0) {
        narrow_show_family(object);
    }
    if (!headline->has_record) {
        return object;
    }
    answer_set_entry(object, "record", &headline->record);
    json_set_word(object, "record_kind", record_kind_text(headline->record_kind));
    if (headline->code != CODE_NOT_SAID) {
        json_set_word(object, "code", record_code_text(headline->code));
    }
    view_set_agency(object, "from", view, headline->origin);
    return object;
}
