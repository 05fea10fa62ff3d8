/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/behind.h"

#include <inttypes.h>
#include <stdio.h>

#include "agents/core/state.h"
#include "base/log.h"

#define NAME_BYTES 40

static void version_name(unsigned document, char out[NAME_BYTES])
{
    (void)snprintf(out, NAME_BYTES, "named-%s",
                   governance_document_text((enum governance_document)document));
}

static void agency_name(unsigned document, char out[NAME_BYTES])
{
    (void)snprintf(out, NAME_BYTES, "named-%s-by",
                   governance_document_text((enum governance_document)document));
}

void behind_note(struct store_txn *txn, const struct governance *held,
                 const struct parcel_head *head)
{
    char name[NAME_BYTES];
    for (unsigned i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        version_name(i, name);
        if (head->versions.of[i] > held->versions[i] &&
            head->versions.of[i] > agent_meta_u64(txn, name, 0)) {
            agent_meta_put_u64(txn, name, head->versions.of[i]);
            agency_name(i, name);
            agent_meta_put_u64(txn, name, head->agency);
        }
    }
}

static void look(struct behind *behind, struct store_txn *txn, const struct governance *held,
                 unsigned document, int64_t now_ms)
{
    char name[NAME_BYTES];
    version_name(document, name);
    uint64_t version = agent_meta_u64(txn, name, 0);
    if (version <= held->versions[document]) {
        behind->since_ms[document] = 0;
        return;
    }
    if (behind->since_ms[document] == 0) {
        behind->since_ms[document] = now_ms;
    }
    if (now_ms - behind->since_ms[document] < BEHIND_LATE_MS || behind->told[document] >= version) {
        return;
    }
    behind->told[document] = version;
    agency_name(document, name);
    log_event(LOG_LEVEL_ERROR, "governance_withheld",
              "document=%s version=%" PRIu64 " held=%" PRIu64 " agency=%" PRIu64,
              governance_document_text((enum governance_document)document), version,
              held->versions[document], agent_meta_u64(txn, name, 0));
}

void behind_look(struct behind *behind, struct agent *agent)
{
    _cleanup_(governance_unref) struct governance *held = govern_keep_current(agent->keep);
    _cleanup_(store_end) struct store_txn *txn = store_read(agent->store);
    if (txn == NULL) {
        log_fatal("store_locked", "table=meta");
    }
    int64_t now_ms = clock_boot_ms(agent->clock);
    for (unsigned i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        look(behind, txn, held, i, now_ms);
    }
}
