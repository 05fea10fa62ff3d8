/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "sim/model_internal.h"

static void hear_receipt(struct model *model, uint32_t agency, const struct wire_receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_results; i++) {
        const struct wire_result *result = &receipt->results[i];
        if (!verdict_is_stored(result->verdict)) {
            continue;
        }
        const struct logged *leaf = &model->log[result->log_index];
        if (result->log_index >= model->log_size || leaf->type != LEAF_ENTRY ||
            leaf->id.agency != agency || leaf->id.stream != receipt->stream ||
            leaf->id.seq != result->seq || leaf->verdict != result->verdict) {
            model_wrong("agency %u hears that its entry %" PRIu64 " is in the log at %" PRIu64
                        ", and it is not",
                        agency, result->seq, result->log_index);
        }
    }
}

static void give(struct model *model, struct said *said, uint32_t agency,
                 const struct wire_grant *grants, size_t n)
{
    uint8_t parts = 0;
    for (size_t i = 0; i < n; i++) {
        if (grants[i].recipient != agency) {
            model_wrong("agency %u is sent a grant for agency %u", agency, grants[i].recipient);
        }
        parts |= PART_BIT(grants[i].part);
    }
    if (!model_is_record(said)) {
        return;
    }
    if ((parts & ~said->told[agency]) != 0 || (parts & ~model_may_have(model, said, agency)) != 0) {
        model_wrong("agency %u is sent parts %u of what agency %u said of child %d (kind %d)",
                    agency, parts, said->agency, said->child, (int)said->kind);
    }
    said->given[agency] |= parts;
}

static bool has_missed(const struct model *model, uint32_t agency, int child)
{
    for (size_t i = 0; i < model->n_said; i++) {
        const struct said *said = &model->said[i];
        if (said->kind == SAID_MISSED && said->agency == agency && said->logged &&
            model_same_child(model, said->child, child)) {
            return true;
        }
    }
    return false;
}

/* Of two alerts whose children turned out to be one, what is decided about either is about both.
 * What came of an alert goes to the front door and to those whose records it lists. */
static void hear_closed(struct model *model, uint32_t agency, const struct wire_notice *notice)
{
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        if (said->kind != SAID_DECISION || !said->logged || !notice->has_record ||
            !entry_id_equal(&model->log[said->index].id, &notice->record)) {
            continue;
        }
        bool joined = said->child >= SIM_HERE && model_same_child(model, SIM_HERE, SIM_THERE);
        if (said->outcome != notice->outcome || (said->alert != notice->alert && !joined) ||
            (agency != MASH && !has_missed(model, agency, said->child))) {
            model_wrong("agency %u is told that alert %" PRIu64 " is closed with %u", agency,
                        notice->alert, notice->outcome);
        }
        said->heard |= 1U << agency;
    }
}

static void hear_notice(struct model *model, uint32_t agency, const struct wire_notice *notice)
{
    if (notice->type == NOTICE_CLOSED) {
        hear_closed(model, agency, notice);
    } else if (notice->type == NOTICE_CANDIDATE) {
        model_pair_heard(model, agency, notice);
    }
    model_adult_heard(model, agency, notice);
}

static void hear_item(struct model *model, uint32_t agency, const struct wire_item *item,
                      struct arena *arena)
{
    struct wire_delivered delivered;
    struct wire_release release;
    struct wire_notice notice;
    struct hash digest;
    struct said *said = NULL;
    if (item->kind == ITEM_DELIVERED && wire_delivered_read(item->payload, arena, &delivered)) {
        wire_item_digest(delivered.header, delivered.body, &digest);
        said = model_meant_by(model, &digest, agency);
        if (said != NULL) {
            give(model, said, agency, delivered.grants, delivered.n_grants);
        }
    } else if (item->kind == ITEM_RELEASE && wire_release_read(item->payload, arena, &release)) {
        const struct logged *leaf = &model->log[release.log_index];
        said = release.log_index < model->log_size ? model_said(model, &leaf->digest) : NULL;
        if (said == NULL) {
            model_wrong("agency %u is sent a release of nothing", agency);
        }
        give(model, said, agency, release.grants, release.n_grants);
    } else if (item->kind == ITEM_NOTICE && wire_notice_read(item->payload, arena, &notice)) {
        hear_notice(model, agency, &notice);
    }
}

void model_hears(struct model *model, uint32_t agency, struct slice frame)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_header header;
    struct wire_receipt receipt;
    struct wire_delivery delivery;
    model->frames++;
    if (!wire_header_read(frame, &header)) {
        model_wrong("agency %u is sent what is no frame", agency);
    }
    if (header.type == WIRE_RECEIPT && wire_receipt_read(wire_payload(frame), &arena, &receipt)) {
        hear_receipt(model, agency, &receipt);
    }
    if (header.type == WIRE_DELIVERY && (model->revoked & 1U << agency) != 0) {
        model_wrong("agency %u is revoked, and is sent a delivery", agency);
    }
    if (header.type == WIRE_DELIVERY &&
        wire_delivery_read(wire_payload(frame), &arena, &delivery)) {
        for (size_t i = 0; i < delivery.n_items; i++) {
            hear_item(model, agency, &delivery.items[i], &arena);
        }
    }
}
