/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/backfill.h"

#include <string.h>

#include "broker/alert.h"

#define NAME_BYTES 96

/* "since/ID": the log's size when it was turned on. "backfill/ID": the child to look at next, 0
 * when there is none left. */
static const char *name_of(char out[NAME_BYTES], const char *what, const struct pattern *pattern)
{
    struct writer writer = writer_over(out, NAME_BYTES - 1);
    write_format(&writer, "%s/%s", what, pattern->id);
    out[writer_slice(&writer).len] = '\0';
    return out;
}

static const struct pattern *same_pattern(const struct governance *governance, const char *id)
{
    for (size_t i = 0; governance != NULL && i < governance->patterns.n; i++) {
        if (strcmp(governance->patterns.items[i].id, id) == 0) {
            return &governance->patterns.items[i];
        }
    }
    return NULL;
}

void backfill_turned_on(struct apply *apply, const struct governance *old)
{
    const struct patterns *patterns = &apply->governance->patterns;
    bool first = old == NULL || old->versions[GOVERNANCE_PATTERNS] == 0;
    char name[NAME_BYTES];
    for (size_t i = 0; i < patterns->n && !first; i++) {
        const struct pattern *pattern = &patterns->items[i];
        const struct pattern *was = same_pattern(old, pattern->id);
        bool lists = !pattern->shadow && pattern->backfill == BACKFILL_REVIEW_LIST;
        if (!pattern->shadow && was != NULL && !was->shadow && was->version == pattern->version) {
            continue;
        }
        meta_put(apply->txn, name_of(name, "since", pattern), apply->range.size);
        meta_put(apply->txn, name_of(name, "backfill", pattern), lists ? 1 : 0);
    }
}

uint64_t backfill_since(struct store_txn *txn, const struct pattern *pattern)
{
    char name[NAME_BYTES];
    return meta_get(txn, name_of(name, "since", pattern), 0);
}

static uint64_t next_child(struct store_txn *txn, const struct pattern *pattern)
{
    char name[NAME_BYTES];
    return pattern->shadow ? 0 : meta_get(txn, name_of(name, "backfill", pattern), 0);
}

bool backfill_pending(struct store_txn *txn, const struct governance *governance)
{
    for (size_t i = 0; i < governance->patterns.n; i++) {
        if (next_child(txn, &governance->patterns.items[i]) != 0) {
            return true;
        }
    }
    return false;
}

void backfill_look(struct apply *apply)
{
    const struct patterns *patterns = &apply->governance->patterns;
    uint64_t last = meta_get(apply->txn, "children", 0);
    size_t n = 0;
    for (size_t i = 0; i < patterns->n && n < CAIRN_BACKFILL_PER_BATCH; i++) {
        const struct pattern *pattern = &patterns->items[i];
        uint64_t child = next_child(apply->txn, pattern);
        char name[NAME_BYTES];
        if (child == 0) {
            continue;
        }
        for (; child <= last && n < CAIRN_BACKFILL_PER_BATCH; child++, n++) {
            alert_list(apply, child, pattern);
        }
        meta_put(apply->txn, name_of(name, "backfill", pattern), child <= last ? child : 0);
    }
}
