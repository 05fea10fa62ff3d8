/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/feeds.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"

#define META_FEED_BYTES 32

static void meta_name(const char *feed, char out[META_FEED_BYTES])
{
    int n = snprintf(out, META_FEED_BYTES, "feed-%s", feed);
    assert(n > 0 && n < META_FEED_BYTES);
}

void feed_note(struct store_txn *txn, const char *name, int64_t now_ms)
{
    char key[META_FEED_BYTES];
    meta_name(name, key);
    agent_meta_put_u64(txn, key, (uint64_t)now_ms);
}

void feed_keep(struct agent *agent, const char *name)
{
    _cleanup_(store_end) struct store_txn *txn = store_begin(agent->store);
    int r = txn == NULL ? -ENOMEM : 0;
    if (r == 0) {
        feed_note(txn, name, clock_real_ms(agent->clock));
        r = agent_commit(&txn);
    }
    if (r != 0) {
        (void)log_fault(-r, "feed_not_noted", "feed=%s", name);
    }
}

size_t feeds_list(struct store_txn *txn, const struct agent_options *options,
                  struct feed ret[FEEDS_MAX])
{
    const struct {
        const char *name;
        const char *path; /* empty: not watched */
    } rows[FEEDS_MAX] = {
        {"attendance", options->watch.attendance}, {"roll", options->watch.roll},
        {"records", options->watch.records},       {"appointments", options->watch.appointments},
        {"incidents", options->watch.incidents},   {"plans", options->watch.plans},
        {"adults", options->watch.adults},         {FEED_INTERFACE, options->socket},
    };
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char key[META_FEED_BYTES];
        if (rows[i].path != NULL && rows[i].path[0] != '\0') {
            meta_name(rows[i].name, key);
            ret[n++] = (struct feed){.name = rows[i].name,
                                     .last_ms = (int64_t)agent_meta_u64(txn, key, 0)};
        }
    }
    return n;
}
