/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/api_tell.h"

#include <errno.h>
#include <string.h>

#include "agents/core/alerts.h"

/* Once each, and not ourselves; false when there is no room. */
static bool add(struct decide_request *ret, const struct agency *agency, uint32_t own)
{
    if (agency == NULL || !agency->active || agency->number == own) {
        return true;
    }
    for (size_t i = 0; i < ret->n_recipients; i++) {
        if (ret->recipients[i] == agency->number) {
            return true;
        }
    }
    if (ret->n_recipients == CAIRN_ADDRESSEES_MAX) {
        return false;
    }
    ret->recipients[ret->n_recipients++] = agency->number;
    return true;
}

static bool add_kind(const struct api_view *view, struct slice kind, struct decide_request *ret)
{
    const struct directory *directory = &view->governance->directory;
    bool room = true;
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        if (slice_is_text(kind, agency->kind->id)) {
            room = add(ret, agency, view->own) && room;
        }
    }
    return room;
}

/* Those that are named first: they are surely meant. */
static bool add_listed(const struct api_view *view, const struct wire_notice *notice,
                       struct decide_request *ret)
{
    bool room = true;
    for (size_t i = 0; i < notice->n_headlines; i++) {
        const struct wire_headline *headline = &notice->headlines[i];
        if (headline->has_record) {
            room = add(ret, directory_agency(&view->governance->directory, headline->origin),
                       view->own) &&
                   room;
        }
    }
    for (size_t i = 0; i < notice->n_headlines; i++) {
        if (!notice->headlines[i].has_record) {
            room = add_kind(view, notice->headlines[i].origin_kind, ret) && room;
        }
    }
    return room;
}

static int add_origins(const struct api_view *view, struct decide_request *ret, struct error *error)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(store_end) struct store_txn *txn = store_read(view->agent->store);
    struct wire_notice notice;
    if (txn == NULL) {
        return error_set(error, "/tell", "cannot be looked up now: try again");
    }
    if (ret->has_record) {
        (void)add(ret, directory_agency(&view->governance->directory, ret->record.agency),
                  view->own);
    }
    if (ret->alert != 0 && known_alert_listed(txn, ret->alert, &arena, &notice) &&
        !add_listed(view, &notice, ret)) {
        return error_set(error, "/tell", "reaches more than %d agencies: name those that are meant",
                         CAIRN_ADDRESSEES_MAX);
    }
    return 0;
}

int tell_find(const struct api_view *view, const struct api_decision *read,
              struct decide_request *ret, struct error *error)
{
    for (size_t i = 0; i < read->n_tell; i++) {
        if (strcmp(read->tell[i], CAIRN_TELL_ORIGINS) == 0) {
            int r = add_origins(view, ret, error);
            if (r != 0) {
                return r;
            }
            continue;
        }
        const struct agency *agency =
            directory_agency_by_id(&view->governance->directory, read->tell[i]);
        if (agency == NULL || !agency->active) {
            return error_set(error, "/tell", "names an agency that the directory does not have");
        }
        if (!add(ret, agency, view->own)) {
            return error_set(error, "/tell", "has more than %d agencies", CAIRN_ADDRESSEES_MAX);
        }
    }
    return 0;
}
