/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/stored.h"
#include "ledger/journal.h"
#include "ledger/state.h"
#include "wire/leaf.h"

#define BOTH_PARTS (PART_BIT(PART_CARD) | PART_BIT(PART_ACCOUNT))

void model_wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "wrong: ");
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, "\n");
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void model_start(struct model *model)
{
    memset(model, 0, sizeof(*model));
    model->log = base_zalloc(MODEL_LOG, sizeof(model->log[0]));
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        model->keys[i] = (struct model_keys){.listed = 1};
    }
}

void model_stop(struct model *model)
{
    base_free(&model->log);
}

/* --- the agreements --- */

static const char *rule_text(enum model_effect effect)
{
    switch (effect) {
    case MODEL_SHARE:
        return "\"effect\": \"share\", \"mode\": \"content\"";
    case MODEL_HOLD:
        return "\"effect\": \"hold\", \"mode\": \"content\"";
    case MODEL_ASK:
        return "\"effect\": \"ask\"";
    case MODEL_DENY:
        return "\"effect\": \"deny\"";
    }
    return "";
}

void model_agreements(const struct model_rules *rules, struct buf *out)
{
    static const char routine[] = "\"urgency\": [\"routine\"]";
    buf_format(
        out,
        "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": ["
        "{\"id\": \"circle\", \"records\": [\"involvement\"], \"recipient_roles\": [\"any\"],"
        "\"effect\": \"share\", \"mode\": \"content\"},"
        "{\"id\": \"concern\", \"records\": [\"concern\"], %s, \"level_max\": 2,"
        "\"recipient_roles\": [\"any\"], %s},"
        "{\"id\": \"door\", \"records\": [\"concern\"], %s, \"level_max\": 2,"
        "\"recipient_kind\": \"mash\", %s},"
        "{\"id\": \"missed\", \"records\": [\"was-not-brought\"], %s,"
        "\"recipient_kind\": \"mash\", \"effect\": \"hold\", \"mode\": \"content\"}]}",
        routine, rule_text(rules->circle), routine, rule_text(rules->door), routine);
}

/* --- who may --- */

static bool is_record(const struct said *said)
{
    return said->kind == SAID_CONCERN || said->kind == SAID_MISSED;
}

bool model_by_name(uint32_t agency, int child)
{
    return child == SIM_BY_NAME && (agency == HEALTH_VISITING || agency == SCHOOL);
}

static bool has_link(const struct model *model, uint32_t agency, int child, enum model_link link)
{
    return model_by_name(agency, child) && model->links[agency] == link;
}

/* To this agency a name is all that says whom it is about. */
static bool is_by_name(const struct model *model, const struct said *said, uint32_t agency)
{
    return has_link(model, said->agency, said->child, MODEL_BY_NAME) ||
           has_link(model, agency, said->child, MODEL_BY_NAME);
}

/* A person has said that they mean two children. */
static bool is_apart(const struct model *model, const struct said *said, uint32_t agency)
{
    return has_link(model, said->agency, said->child, MODEL_APART) ||
           has_link(model, agency, said->child, MODEL_APART);
}

/* The parts of a record that its recipient may have, as things stand. */
static uint8_t may_have(const struct model *model, const struct said *said, uint32_t agency)
{
    const struct model_rules *rules = &model->rules[model->version];
    if (agency == said->agency || agency == said->narrowed || agency == 0 || agency > SIM_AGENTS) {
        return 0;
    }
    if (agency == MASH && said->kind == SAID_CONCERN) {
        return said->immediate || rules->door == MODEL_SHARE || said->granted[MASH] ? BOTH_PARTS
                                                                                    : 0;
    }
    if (agency == MASH) {
        uint8_t card = said->listed ? PART_BIT(PART_CARD) : 0;
        return said->released ? BOTH_PARTS : card;
    }
    if (said->kind == SAID_MISSED || said->immediate || !model->involved[agency][said->child] ||
        is_apart(model, said, agency)) {
        return 0;
    }
    bool shared =
        rules->circle == MODEL_SHARE || (rules->circle == MODEL_ASK && said->granted[agency]);
    uint8_t parts = is_by_name(model, said, agency) ? PART_BIT(PART_CARD) : BOTH_PARTS;
    return shared ? parts : 0;
}

static bool in_circle(const struct model *model, const struct said *said, uint32_t agency)
{
    return agency >= 1 && agency <= SIM_AGENTS && model->involved[agency][said->child];
}

/* It has said something of the child: then it is told who is involved, and may seal to them. */
static bool speaks_of(const struct model *model, const struct said *said, uint32_t agency)
{
    for (size_t i = 0; i < model->n_said; i++) {
        const struct said *other = &model->said[i];
        if (other->agency == agency && other->child == said->child && other->logged &&
            is_record(other)) {
            return true;
        }
    }
    return false;
}

uint8_t model_must(const struct model *model, const struct said *said, uint32_t agency)
{
    if (!is_record(said) || said->taken_back || agency == said->agency ||
        agency == said->narrowed) {
        return 0;
    }
    if (agency == MASH && said->kind == SAID_CONCERN) {
        return said->immediate || said->door_shares ? BOTH_PARTS : 0;
    }
    if (agency == MASH) {
        uint8_t card = said->listed ? PART_BIT(PART_CARD) : 0;
        bool unsure = model->parted && said->child == SIM_BY_NAME;
        return unsure ? 0 : said->released ? BOTH_PARTS : card;
    }
    if (model_by_name(said->agency, said->child) || model_by_name(agency, said->child)) {
        return 0; /* names are linked as far as nothing speaks against it */
    }
    bool shared = said->kind == SAID_CONCERN && !said->immediate && said->circle_shares;
    /* whoever says it must know of the other's involvement, and does when it is involved itself */
    return shared && model->involved[agency][said->child] &&
                   model->involved[said->agency][said->child]
               ? BOTH_PARTS
               : 0;
}

struct said *model_said(struct model *model, const struct hash *item)
{
    for (size_t i = 0; i < model->n_said; i++) {
        for (size_t j = 0; j < model->said[i].n_items; j++) {
            if (hash_equal(&model->said[i].items[j], item)) {
                return &model->said[i];
            }
        }
    }
    return NULL;
}

/* --- reading the log --- */

/* What came twice is taken back once: the other one stays, and its sender does not know it any
 * more. */
bool model_stands(const struct said *said)
{
    return said->logged && (!said->taken_back || said->repeated);
}

static bool is_missed(const struct said *said, int child)
{
    return said->kind == SAID_MISSED && said->child == child && model_stands(said);
}

/* Three of them, whatever their days: all are of one year. */
static void look_for_pattern(struct model *model, int child)
{
    size_t n = 0;
    for (size_t i = 0; i < model->n_said; i++) {
        n += is_missed(&model->said[i], child) ? 1 : 0;
    }
    if (n < 3) {
        return;
    }
    model->alert[child] = true;
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        if (is_missed(said, child)) {
            said->listed = true;
        }
    }
}

/* About all that the alert lists now. */
static void decide(struct model *model, struct said *decision)
{
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        if (!said->listed || !is_missed(said, decision->child)) {
            continue;
        }
        if (decision->outcome == OUTCOME_NONE) {
            said->released = true;
        } else {
            decision->concerns |= 1U << said->agency;
        }
    }
}

static void enter(struct model *model, struct said *said, const struct logged *leaf)
{
    const struct model_rules *rules = &model->rules[model->version];
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
    if (!verdict_is_stored(leaf->verdict)) {
        return;
    }
    said->logged = true;
    said->index = model->log_size;
    said->circle_shares = rules->circle == MODEL_SHARE;
    said->door_shares = rules->door == MODEL_SHARE;
    switch (said->kind) {
    case SAID_CONCERN:
    case SAID_REQUEST:
        break;
    case SAID_MISSED:
        look_for_pattern(model, said->child);
        break;
    case SAID_INVOLVEMENT:
        model->involved[said->agency][said->child] = true;
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

static void read_entry(struct model *model, const struct logged *leaf)
{
    struct said *said = model_said(model, &leaf->digest);
    if (leaf->verdict == VERDICT_EQUIVOCATION) {
        return;
    }
    if (said != NULL) {
        enter(model, said, leaf);
    } else if (leaf->kind == ENTRY_RECORD || leaf->kind == ENTRY_INVOLVEMENT ||
               leaf->kind == ENTRY_DECISION || leaf->kind == ENTRY_REQUEST) {
        model_wrong("entry %" PRIu64 " of the log is what nobody said", model->log_size);
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
static struct said *meant_by(struct model *model, const struct hash *item, uint32_t agency)
{
    const struct logged *leaf = leaf_of(model, item);
    if (leaf == NULL || leaf->kind != ENTRY_GRANT) {
        return model_said(model, item);
    }
    return leaf->grants == NULL || leaf->reader != agency ? NULL : leaf->grants;
}

static void tell(struct model *model, struct said *said, uint32_t agency, uint8_t parts)
{
    bool allowed = false;
    switch (said->kind) {
    case SAID_CONCERN:
    case SAID_MISSED:
        allowed =
            (!said->taken_back || said->repeated) && (parts & ~may_have(model, said, agency)) == 0;
        break;
    case SAID_INVOLVEMENT:
        allowed =
            agency != said->agency && !is_apart(model, said, agency) &&
            (parts == 0 || !is_by_name(model, said, agency)) &&
            (in_circle(model, said, agency) || (parts == 0 && speaks_of(model, said, agency)));
        break;
    case SAID_RETRACTION:
        allowed = agency != said->agency;
        break;
    case SAID_LINK:
    case SAID_DECISION:
        allowed = true; /* colleagues of whoever decided are told as well */
        break;
    case SAID_REQUEST:
        allowed = agency != said->agency;
        break;
    }
    if (!allowed) {
        model_wrong("agency %u is told parts %u of what agency %u said of child %d (kind %d)",
                    agency, parts, said->agency, said->child, (int)said->kind);
    }
    said->told[agency] |= parts;
}

static void withhold(struct model *model, const struct leaf *leaf)
{
    struct said *said = meant_by(model, &leaf->digest, leaf->agency);
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
    struct said *said = meant_by(model, &leaf->digest, leaf->agency);
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

/* What is stored was signed by a key that its agency used then. */
static void check_key(const struct model *model, struct store_txn *txn, const struct leaf *leaf)
{
    _cleanup_(stored_deinit) struct stored stored = STORED_NULL;
    uint32_t agency = leaf->id.agency;
    if (agency > SIM_AGENTS || !verdict_is_stored(leaf->verdict)) {
        return;
    }
    if (!stored_load_as(txn, &leaf->id, leaf->kind, &stored)) {
        model_wrong("entry %" PRIu64 " of the log cannot be read", model->log_size);
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
        read_entry(model, logged);
        check_key(model, txn, leaf);
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

/* --- hearing the broker --- */

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
    if (!is_record(said)) {
        return;
    }
    if ((parts & ~said->told[agency]) != 0 || (parts & ~may_have(model, said, agency)) != 0) {
        model_wrong("agency %u is sent parts %u of what agency %u said of child %d (kind %d)",
                    agency, parts, said->agency, said->child, (int)said->kind);
    }
    said->given[agency] |= parts;
}

static bool has_missed(const struct model *model, uint32_t agency, int child)
{
    for (size_t i = 0; i < model->n_said; i++) {
        const struct said *said = &model->said[i];
        if (said->kind == SAID_MISSED && said->agency == agency && said->child == child &&
            said->logged) {
            return true;
        }
    }
    return false;
}

/* What came of an alert goes to the front door and to those whose records it lists. */
static void hear_closed(struct model *model, uint32_t agency, const struct wire_notice *notice)
{
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        if (said->kind != SAID_DECISION || !said->logged || !notice->has_record ||
            !entry_id_equal(&model->log[said->index].id, &notice->record)) {
            continue;
        }
        if (said->outcome != notice->outcome || said->alert != notice->alert ||
            (agency != MASH && !has_missed(model, agency, said->child))) {
            model_wrong("agency %u is told that alert %" PRIu64 " is closed with %u", agency,
                        notice->alert, notice->outcome);
        }
        said->heard |= 1U << agency;
    }
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
        said = meant_by(model, &digest, agency);
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
    } else if (item->kind == ITEM_NOTICE && wire_notice_read(item->payload, arena, &notice) &&
               notice.type == NOTICE_CLOSED) {
        hear_closed(model, agency, &notice);
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
    if (header.type == WIRE_DELIVERY &&
        wire_delivery_read(wire_payload(frame), &arena, &delivery)) {
        for (size_t i = 0; i < delivery.n_items; i++) {
            hear_item(model, agency, &delivery.items[i], &arena);
        }
    }
}
