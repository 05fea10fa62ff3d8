/* SPDX-License-Identifier: Apache-2.0 */
/* What the audit had made of the whole store before each batch, and the audit from there on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attack/memo.h"
#include "attack/nearby.h"
#include "cli/auditing.h"

struct resumption {
    struct auditing auditing;
    struct audit audit;
};

/* --- the audit, taken up --- */

static void tell_problem(const struct audit *audit, char *problem)
{
    (void)snprintf(problem, NEAR_PROBLEM_BYTES, "%.*s", (int)NEAR_PROBLEM_BYTES - 1,
                   audit->problem);
}

bool nearby_audit(const struct nearby *nearby, struct store_txn *txn, struct near_audit *audit,
                  char *problem)
{
    const struct resumption *then =
        &nearby->resumptions[audit->to < nearby->n_batches ? audit->to : nearby->n_batches];
    struct resumption at = nearby->resumptions[audit->from - 1];
    const struct cosigned *cosigned = at.auditing.cosigned;
    struct store_key key = store_key_u64(audit->walk_from);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_JOURNAL, audit->walk_from == 0 ? SLICE_NULL : store_key_slice(&key));
    bool sound = true;

    at.auditing.txn = txn;
    at.auditing.audit = &at.audit;
    at.auditing.cosigned = base_zalloc(CAIRN_AGENCIES_MAX, sizeof(*cosigned));
    memcpy(at.auditing.cosigned, cosigned, at.auditing.n_cosigned * sizeof(*cosigned));
    for (uint64_t batch = audit->walk_from == 0 ? 1 : audit->walk_from; batch < audit->from;
         batch++) {
        store_walk_next(&walk);
    }
    for (uint64_t batch = audit->from; batch <= audit->to && sound && walk.live; batch++) {
        sound = audit_batch(&at.auditing, &walk, batch);
        store_walk_next(&walk);
    }
    audit->as_many =
        at.auditing.blobs == then->auditing.blobs && at.audit.parcels == then->audit.parcels;
    base_free(&at.auditing.cosigned);
    tell_problem(&at.audit, problem);
    return !sound || store_fault(txn) != 0 || (!walk.live && at.auditing.batch < nearby->n_batches);
}

bool nearby_more(const struct nearby *nearby, struct store_txn *txn, char *problem)
{
    struct resumption end = nearby->resumptions[nearby->n_batches];

    end.auditing.txn = txn;
    end.auditing.audit = &end.audit;
    bool sound = audit_nothing_more(&end.auditing, T_BLOB, end.auditing.blobs) &&
                 audit_nothing_more(&end.auditing, T_PARCEL, end.audit.parcels);
    tell_problem(&end.audit, problem);
    return !sound;
}

/* --- before each batch --- */

static void keep(struct nearby *nearby, uint64_t batches, const struct auditing *auditing)
{
    struct resumption *kept = &nearby->resumptions[batches];
    struct cosigned *cosigned = base_zalloc(auditing->n_cosigned + 1, sizeof(*auditing->cosigned));

    memcpy(cosigned, auditing->cosigned, auditing->n_cosigned * sizeof(*cosigned));
    *kept = (struct resumption){.auditing = *auditing, .audit = *auditing->audit};
    kept->auditing.cosigned = cosigned;
    if (auditing->governance != NULL) {
        (void)governance_ref(auditing->governance);
    }
}

static void audit_whole(struct nearby *nearby)
{
    struct audit audit = {.head = {.size = nearby->size}};
    struct auditing auditing = {.txn = nearby->spoiled->whole_txn, .audit = &audit};
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(auditing.txn, T_JOURNAL, SLICE_NULL);

    auditing.cosigned = base_zalloc(CAIRN_AGENCIES_MAX, sizeof(*auditing.cosigned));
    for (uint64_t batch = 1; batch <= nearby->n_batches; batch++) {
        keep(nearby, batch - 1, &auditing);
        assert_true(audit_batch(&auditing, &walk, batch));
        store_walk_next(&walk);
    }
    keep(nearby, nearby->n_batches, &auditing);
    assert_false(walk.live);
    base_free(&auditing.cosigned);
    governance_unref(&auditing.governance);
}

/* --- which batch names an entry first --- */

static uint32_t row_of(const struct nearby *nearby, unsigned table, struct slice key)
{
    uint32_t low = nearby->spans.of_table[table].first;
    uint32_t high = nearby->spans.of_table[table].end;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct slice there = nearby->spoiled->rows[middle].key;
        if (memcmp(there.data, key.data, key.len) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void tell(struct nearby *nearby, uint64_t batch, struct slice row)
{
    const struct span *entries = &nearby->spans.of_table[T_ENTRY];
    struct input input;

    for (size_t at = BATCH_HEAD_BYTES; journal_next(row, &at, &input);) {
        if (input.type == INPUT_ENTRY) {
            const struct store_key key = key_entry(&input.entry.id);
            uint32_t found = row_of(nearby, T_ENTRY, store_key_slice(&key));
            assert_true(found < entries->end);
            uint64_t *told = &nearby->told[found - entries->first];
            *told = *told == 0 ? batch : *told;
        }
    }
}

/* --- its beginning and end --- */

void nearby_init(struct nearby *nearby, const struct spoiled *spoiled, const bool *replayed)
{
    *nearby = (struct nearby){.spoiled = spoiled, .replayed = replayed};
    spans_init(&nearby->spans, spoiled);
    const struct span *journal = &nearby->spans.of_table[T_JOURNAL];
    const struct span *entries = &nearby->spans.of_table[T_ENTRY];
    nearby->size = log_size(spoiled->whole_txn, T_LOG);
    nearby->n_batches = journal->end - journal->first;
    nearby->told = base_zalloc(entries->end - entries->first, sizeof(*nearby->told));
    for (uint64_t batch = 1; batch <= nearby->n_batches; batch++) {
        tell(nearby, batch, spoiled->rows[journal->first + batch - 1].value);
    }
    nearby->resumptions = base_zalloc(nearby->n_batches + 1, sizeof(*nearby->resumptions));
    memo_begin(NULL);
    audit_whole(nearby);
    memo_end();
}

void nearby_deinit(struct nearby *nearby)
{
    for (uint64_t i = 0; nearby->resumptions != NULL && i <= nearby->n_batches; i++) {
        base_free(&nearby->resumptions[i].auditing.cosigned);
        governance_unref(&nearby->resumptions[i].auditing.governance);
    }
    base_free(&nearby->resumptions);
    base_free(&nearby->told);
    spans_deinit(&nearby->spans);
}
