/* SPDX-License-Identifier: Apache-2.0 */
/* Of a request of ours: who refused it, and why. Of a record of ours: what named persons elsewhere
 * have decided about it, or about the alert that lists it, and why, as far as they let us read
 * that. */
#include "agents/core/alerts.h"
#include "agents/core/api_view.h"
#include "agents/core/asked.h"

struct reasons {
    const struct api_view *view;
    const struct opening *opening;
    struct json *list;
};

static void add_decision(const struct reasons *reasons, const struct entry_id *decision)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivered delivered;
    struct entry_header header;
    uint8_t flags;
    if (!received_entry(reasons->opening->txn, decision, &arena, &delivered, &flags) ||
        !wire_entry_header_read(delivered.kind, delivered.header, &arena, &header) ||
        header.kind != ENTRY_DECISION) {
        return; /* its reason is for others */
    }
    struct json *object = json_object_new();
    answer_set_entry(object, "decision", decision);
    view_set_agency(object, "from", reasons->view, decision->agency);
    json_set_bool(object, "doubt", (flags & INBOX_DOUBT) != 0);
    view_set_header(object, reasons->view, &header);
    view_set_part(object, reasons->opening, &delivered, PART_ACCOUNT);
    (void)json_append_node(reasons->list, &object);
}

static void add_act(const struct reasons *reasons, const struct alert_act *act)
{
    if (act->at_ms != 0 && act->decision.agency != reasons->view->own) {
        add_decision(reasons, &act->decision);
    }
}

void view_set_reasons(struct json *object, const struct api_view *view,
                      const struct opening *opening, const struct entry_id *record, uint64_t alert)
{
    const struct reasons reasons = {.view = view, .opening = opening, .list = json_array_new()};
    struct json *list = reasons.list;
    struct received_row received = {.alert = 0};
    struct known_alert row;
    if (received_get(opening->txn, record, &received) && received.has_reason) {
        add_decision(&reasons, &received.reason);
    }
    alert = alert == 0 ? received.alert : alert;
    if (alert != 0 && known_alert_get(opening->txn, alert, &row)) {
        add_act(&reasons, &row.opened);
        add_act(&reasons, &row.closed);
    }
    (void)json_set_node(object, "reasons", &list);
}

/* --- requests --- */

void view_set_refusals(struct json *object, const struct api_view *view,
                       const struct opening *opening, const struct entry_id *request)
{
    const struct reasons reasons = {.view = view, .opening = opening, .list = json_array_new()};
    struct json *list = reasons.list;
    struct entry_id refusals[CAIRN_ADDRESSEES_MAX];
    size_t n = refused_list(opening->txn, request, refusals);
    for (size_t i = 0; i < n; i++) {
        add_decision(&reasons, &refusals[i]);
    }
    (void)json_set_node(object, "reasons", &list);
}

static void mark_refused(const struct api_view *view, struct view_readers *readers, uint32_t agency)
{
    size_t at = 0;
    while (at < readers->n && readers->agencies[at] != agency) {
        at++;
    }
    if (at == CAIRN_ADDRESSEES_MAX) {
        return;
    }
    readers->n += at == readers->n ? 1 : 0;
    readers->agencies[at] = agency;
    readers->of[at] =
        (struct words_reader){.name = view_agency_name(view, agency), .state = READER_OPENED};
}

void view_mark_refused(const struct api_view *view, struct store_txn *txn,
                       const struct entry_id *request, struct view_readers *readers)
{
    struct entry_id refusals[CAIRN_ADDRESSEES_MAX];
    size_t n = refused_list(txn, request, refusals);
    for (size_t i = 0; i < n; i++) {
        mark_refused(view, readers, refusals[i].agency);
    }
}
