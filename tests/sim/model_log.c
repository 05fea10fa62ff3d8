/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "broker/stored.h"
#include "ledger/journal.h"
#include "ledger/state.h"
#include "sim/model_internal.h"
#include "wire/leaf.h"

static bool is_missed(const struct model *model, const struct said *said, int child)
{
    return said->kind == SAID_MISSED && model_same_child(model, said->child, child) &&
           model_stands(said);
}

/* Three of them, whatever their days: all are of one year. */
static void look_for_pattern(struct model *model, int child)
{
    size_t n = 0;
    for (size_t i = 0; i < model->n_said; i++) {
        n += is_missed(model, &model->said[i], child) ? 1 : 0;
    }
    if (n < MODEL_PATTERN) {
        return;
    }
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        if (is_missed(model, said, child)) {
            said->listed = true;
            model->alert[said->child] = true;
            model->open[said->child] = true;
        }
    }
}

/* About all that the alert lists now. */
static void decide(struct model *model, struct said *decision)
{
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        if (!said->listed || !is_missed(model, said, decision->child)) {
            continue;
        }
        if (decision->outcome == OUTCOME_NONE) {
            said->released = true;
        } else {
            decision->concerns |= 1U << said->agency;
            model->open[said->child] = false;
        }
    }
}

static void enter_stored(struct model *model, struct said *said)
{
    const struct model_rules *rules = &model->rules[model->version];
    said->logged = true;
    said->index = model->log_size;
    said->circle_shares = rules->circle == MODEL_SHARE;
    said->door_shares = rules->door == MODEL_SHARE;
    switch (said->kind) {
    case SAID_REQUEST:
        break;
    case SAID_CONCERN:
        model_pair_look(model, said->child);
        break;
    case SAID_MISSED:
        look_for_pattern(model, said->child);
        model_pair_look(model, said->child);
        break;
    case SAID_ADULT:
    case SAID_TIE:
        model_adult_entered(model, said);
        break;
    case SAID_SAME:
        look_for_pattern(model, SIM_HERE);
        break;
    case SAID_INVOLVEMENT:
        model->involved[said->agency][said->child] = true;
        model_adult_known(model);
        break;
    case SAID_RETRACTION:
        model->said[said->takes_back].taken_back = true;
        break;
    case SAID_DECISION:
        decide(model, said);
        break;
    case SAID_LINK:
        model->links[said->member] = said->confirms ? MODEL_ONE_CHILD : MODEL_APART;
        model->parted = model->parted || !said->confirms;
        break;
    }
}

static void enter(struct model *model, struct said *said, const struct logged *leaf)
{
    if (said->logged && said->may_repeat && !said->repeated) {
        said->repeated = verdict_is_stored(leaf->verdict);
        look_for_pattern(model, said->child);
        if (said->repeated && said->kind == SAID_DECISION) {
            decide(model, said);
        }
        return;
    }
    if (said->logged) {
        model_wrong("what agency %u said is in the log twice, at %" PRIu64 " and %" PRIu64,
                    said->agency, said->index, model->log_size);
    }
    if (leaf->agency != said->agency) {
        model_wrong("what agency %u said is agency %u's in the log", said->agency, leaf->agency);
    }
    said->verdict = leaf->verdict;
    if (leaf->agency <= SIM_AGENTS &&
        (leaf->verdict == VERDICT_REVOKED_KEY) != ((model->revoked & 1U << leaf->agency) != 0)) {
        model_wrong("what agency %u says at %" PRIu64 " is %s", leaf->agency, model->log_size,
                    verdict_name(leaf->verdict));
    }
    if (said->kind == SAID_SAME) {
        model_pair_judged(model, said);
    } else if (said->kind == SAID_TIE) {
        model_adult_judged(model, said);
    }
    if (verdict_is_stored(leaf->verdict)) {
        enter_stored(model, said);
    }
}

/* Of a decision that is nothing else that anybody said. */
static void read_refusal(struct model *model, struct store_txn *txn, struct logged *logged)
{
    _cleanup_(stored_deinit) struct stored stored = STORED_NULL;
    if (!stored_load_as(txn, &logged->id, ENTRY_DECISION, &stored)) {
        model_wrong("decision %" PRIu64 " of the log cannot be read", model->log_size);
    }
    for (size_t i = 0; i < model->n_refusals; i++) {
        const struct model_refusal *refusal = &model->refusals[i];
        if (refusal->agency == logged->agency &&
            stored.header.decision.action == ACTION_REFUSE_REQUEST &&
            entry_id_equal(&refusal->request, &stored.header.decision.record)) {
            logged->refuses = true;
            logged->reader = refusal->request.agency;
            return;
        }
    }
    model_wrong("agency %u decides what nobody said, at %" PRIu64, logged->agency, model->log_size);
}

static void read_entry(struct model *model, struct store_txn *txn, struct logged *leaf)
{
    struct said *said = model_said(model, &leaf->digest);
    if (leaf->verdict == VERDICT_EQUIVOCATION) {
        return;
    }
    if (said != NULL) {
        enter(model, said, leaf);
    } else if (leaf->kind == ENTRY_DECISION && verdict_is_stored(leaf->verdict)) {
        read_refusal(model, txn, leaf);
    } else if (leaf->kind == ENTRY_RECORD || leaf->kind == ENTRY_INVOLVEMENT ||
               leaf->kind == ENTRY_REQUEST || leaf->kind == ENTRY_TIE) {
        model_wrong("entry %" PRIu64 " of the log, of kind %u by agency %u, is what nobody said",
                    model->log_size, (unsigned)leaf->kind, leaf->agency);
    }
}

/* The newest leaf of an entry with this digest; NULL: none. */
static const struct logged *leaf_of(const struct model *model, const struct hash *item)
{
    for (uint64_t i = model->log_size; i > 0; i--) {
        const struct logged *leaf = &model->log[i - 1];
        if (leaf->type == LEAF_ENTRY && hash_equal(&leaf->digest, item)) {
            return leaf;
        }
    }
    return NULL;
}

/* What somebody said, by the entry's own digest or by that of a later grant of it. */
struct said *model_meant_by(struct model *model, const struct hash *item, uint32_t agency)
{
    const struct logged *leaf = leaf_of(model, item);
    if (leaf == NULL || leaf->kind != ENTRY_GRANT) {
        return model_said(model, item);
    }
    return leaf->grants == NULL || leaf->reader != agency ? NULL : leaf->grants;
}

static void tell(struct model *model, struct said *said, uint32_t agency, uint8_t parts)
{
    if (!model_may_be_told(model, said, agency, parts)) {
        model_wrong("agency %u is told parts %u of what agency %u said of child %d (kind %d)",
                    agency, parts, said->agency, said->child, (int)said->kind);
    }
    said->told[agency] |= parts;
}

static void withhold(struct model *model, const struct leaf *leaf)
{
    struct said *said = model_meant_by(model, &leaf->digest, leaf->agency);
    if (said != NULL && leaf->agency <= SIM_AGENTS) {
        said->withheld[leaf->agency] = true;
    }
}

static void read_telling(struct model *model, const struct leaf *leaf)
{
    model->tellings++;
    if (leaf->detail == ITEM_WITHHELD) {
        withhold(model, leaf);
        return;
    }
    if (leaf->detail != ITEM_DELIVERED && leaf->detail != ITEM_RELEASE) {
        return; /* notices and what was withheld have no parts */
    }
    const struct logged *entry = leaf_of(model, &leaf->digest);
    struct said *said = model_meant_by(model, &leaf->digest, leaf->agency);
    if (entry != NULL && entry->refuses && entry->reader == leaf->agency) {
        return;
    }
    if (said == NULL) {
        model_wrong("agency %u is told of what nobody said", leaf->agency);
    }
    tell(model, said, leaf->agency, leaf->parts);
}

/* From here on, what the new rules do not share is not shared any more. */
static void change_rules(struct model *model, uint64_t version)
{
    const struct model_rules *rules = &model->rules[version];
    if (version > MODEL_VERSIONS || version <= model->version) {
        model_wrong("agreements %" PRIu64 " come after %" PRIu64, version, model->version);
    }
    model->version = version;
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        said->circle_shares = said->circle_shares && rules->circle == MODEL_SHARE;
        said->door_shares = said->door_shares && rules->door == MODEL_SHARE;
    }
}

/* What a later grant grants, and whom to: agents cut one for each reader. */
static void read_grant(struct model *model, struct store_txn *txn, struct logged *logged)
{
    _cleanup_(stored_deinit) struct stored grant = STORED_NULL;
    if (!stored_load_as(txn, &logged->id, ENTRY_GRANT, &grant)) {
        model_wrong("a grant cannot be read");
    }
    logged->reader = grant.input.n_grants > 0 ? grant.input.grants[0].recipient : 0;
    for (uint64_t i = model->log_size; i > 0; i--) {
        const struct logged *leaf = &model->log[i - 1];
        if (leaf->type == LEAF_ENTRY && entry_id_equal(&leaf->id, &grant.header.grant.record) &&
            leaf->verdict != VERDICT_EQUIVOCATION) {
            logged->grants = model_said(model, &leaf->digest);
            return;
        }
    }
}

static void learn_handle(struct model *model, const struct leaf *leaf,
                         const struct entry_header *header)
{
    const struct said *said = model_said(model, &leaf->digest);
    if (said == NULL || said->child == 0 || said->stolen) {
        return;
    }
    if (leaf->kind == ENTRY_RECORD && !header->record.has_retracts) {
        model_handle(model, said, header->record.handle);
    } else if (leaf->kind == ENTRY_INVOLVEMENT) {
        model_handle(model, said, header->involvement.handle);
    }
}

/* What is stored was signed by a key that its agency used then, and says whose a handle is. */
static void read_stored(struct model *model, struct store_txn *txn, const struct leaf *leaf)
{
    _cleanup_(stored_deinit) struct stored stored = STORED_NULL;
    uint32_t agency = leaf->id.agency;
    if (agency > SIM_AGENTS || !verdict_is_stored(leaf->verdict)) {
        return;
    }
    if (!stored_load_as(txn, &leaf->id, leaf->kind, &stored)) {
        model_wrong("entry %" PRIu64 " of the log cannot be read", model->log_size);
    }
    learn_handle(model, leaf, &stored.header);
    if (leaf->kind == ENTRY_SUBJECT) {
        model_pair_stated(model, agency, stored.header.subject.handle);
    }
    for (unsigned n = model->keys[agency].retired + 1; n <= model->keys[agency].listed; n++) {
        if (stored.input.key_id == model->key_ids[agency][n]) {
            return;
        }
    }
    model_wrong("what agency %u says at %" PRIu64 " is signed by a key that it does not use",
                agency, model->log_size);
}

static void change_directory(struct model *model, uint64_t version)
{
    model->revoked = model->revoked_by[version];
    for (uint32_t i = 1; i <= SIM_AGENTS && model->keys_by[version][i].listed > 0; i++) {
        model->keys[i] = model->keys_by[version][i];
    }
}

static void read_leaf(struct model *model, struct store_txn *txn, const struct leaf *leaf)
{
    struct logged *logged = &model->log[model->log_size];
    *logged = (struct logged){.type = (uint8_t)leaf->type,
                              .agency = leaf->agency,
                              .number = leaf->number,
                              .digest = leaf->digest};
    if (leaf->type == LEAF_ENTRY) {
        logged->kind = (uint8_t)leaf->kind;
        logged->id = leaf->id;
        logged->verdict = leaf->verdict;
        logged->agency = leaf->id.agency;
        if (leaf->kind == ENTRY_GRANT && leaf->verdict != VERDICT_EQUIVOCATION) {
            read_grant(model, txn, logged);
        }
        read_stored(model, txn, leaf);
        read_entry(model, txn, logged);
    } else if (leaf->type == LEAF_TOLD) {
        read_telling(model, leaf);
    } else if (leaf->type == LEAF_GOVERNANCE && leaf->detail == GOVERNANCE_AGREEMENTS &&
               leaf->number > 1) {
        change_rules(model, leaf->number);
    }
    if (leaf->type == LEAF_GOVERNANCE && leaf->detail == GOVERNANCE_DIRECTORY) {
        change_directory(model, leaf->number);
    }
    model->log_size++;
}

void model_reads(struct model *model, struct store *store)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(store);
    uint64_t size = log_size(txn, T_LOG);
    if (size < model->log_size) {
        model_wrong("the log has shrunk from %" PRIu64 " to %" PRIu64, model->log_size, size);
    }
    while (model->log_size < size) {
        struct slice bytes;
        struct leaf leaf;
        if (model->log_size == MODEL_LOG || log_leaf(txn, T_LOG, model->log_size, &bytes) != 0 ||
            !leaf_read(bytes, &leaf)) {
            model_wrong("leaf %" PRIu64 " cannot be read", model->log_size);
        }
        read_leaf(model, txn, &leaf);
    }
}
