/* SPDX-License-Identifier: Apache-2.0 */
/* What the agencies of a world write: entries, and the parcels that they are cut into. */
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "crypto/digest.h"
#include "crypto/token.h"
#include "support/world.h"

/* --- entries --- */

static uint64_t stream_of(uint32_t agency, enum lane lane)
{
    return ((uint64_t)agency << 8) | (uint64_t)lane;
}

struct entry_id world_next_id(struct world *world, uint32_t agency, enum lane lane)
{
    return (struct entry_id){
        .agency = agency, .stream = stream_of(agency, lane), .seq = world->seqs[agency][lane]++};
}

static void handle_of(uint32_t agency, int child, uint8_t out[CAIRN_HANDLE_BYTES])
{
    memset(out, 0, CAIRN_HANDLE_BYTES);
    out[0] = 0xAA;
    out[1] = (uint8_t)agency;
    out[2] = (uint8_t)child;
}

void world_refreeze(struct world_entry *entry)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    wire_entry_header_write(&entry->header, &bytes);
    assert(buf_ok(&bytes));
    memcpy(entry->header_bytes, bytes.data, bytes.len);
    entry->wire.kind = entry->header.kind;
    entry->wire.header = slice_make(entry->header_bytes, bytes.len);
    entry->wire.grants = entry->grants;
}

static void seal_into(struct world_entry *entry, enum part part, const char *text, size_t *at)
{
    uint8_t digest[CAIRN_HASH_BYTES];
    int r = secret_random(&entry->keys[part], SEAL_KEY_BYTES);
    assert(r == 0);
    sha256(entry->wire.header, digest);
    r = seal_part(&entry->keys[part], digest, part, slice_of_text(text), entry->body + *at);
    assert(r == 0);
    *at += seal_part_size(strlen(text));
}

static void grant_to(struct world *world, struct world_entry *entry, uint32_t agency,
                     enum part part)
{
    const struct agency *recipient =
        directory_agency(&world->governing.governance->directory, agency);
    const struct agency_key *key = agency_open_key(recipient);
    struct wire_grant *grant = &entry->grants[entry->wire.n_grants++];
    const struct grant_scope scope = {.entry = entry->header.id, .part = part, .recipient = agency};
    *grant = (struct wire_grant){.part = part, .recipient = agency, .key_id = key->id};
    int r = grant_seal(key->public_key, &scope, &entry->keys[part], grant->sealed);
    assert(r == 0);
}

/* Own and whoever today's agreements let read the content, in the order of recipients. */
static void grant_record(struct world *world, struct world_entry *entry)
{
    const struct governance *governance = world->governing.governance;
    const struct record_header *header = &entry->header.record;
    for (uint32_t number = 1; number <= WORLD_AGENCIES; number++) {
        const struct disclosure disclosure = {
            .origin = directory_agency(&governance->directory, header->id.agency),
            .recipient = directory_agency(&governance->directory, number),
            .kind = header->record_kind,
            .code = header->code,
            .level = header->level,
            .urgency = header->urgency,
            .roles = ROLES_ALL, /* the broker says who is involved */
            .day = instant_london_day(world->clock.real_ms),
        };
        struct decision decision = agreements_decide(governance->agreements, &disclosure);
        if (number == header->id.agency ||
            (decision.effect >= EFFECT_HOLD && decision.mode == MODE_CONTENT)) {
            grant_to(world, entry, number, PART_CARD);
            grant_to(world, entry, number, PART_ACCOUNT);
        }
    }
}

static const char record_card[] = "{\"given_name\":\"Alix\"}";

static void record_header(struct world *world, const struct world_record *record,
                          const struct entry_id *id, struct record_header *header)
{
    *header = (struct record_header){
        .id = *id,
        .record_kind = record->record_kind == 0 ? RECORD_MISSED_APPOINTMENT
                                                : (enum record_kind)record->record_kind,
        .code = record->code == 0 && record->record_kind == 0 ? (uint32_t)CODE_WAS_NOT_BROUGHT
                                                              : record->code,
        .level = record->level,
        .urgency = record->urgency == 0 ? URGENCY_ROUTINE : record->urgency,
        .event_day = record->day,
        .recorded_ms = world->clock.real_ms,
        .created_ms = world->clock.real_ms,
        .home_authority = record->authority,
        .card_bytes = (uint32_t)seal_part_size(strlen(record_card)),
        .judged_by = 2,
        .basis = 2,
        .detriment = 1,
        .family_told = 3,
    };
    handle_of(record->from, record->child, header->handle);
    int r = random_bytes(header->event_id, sizeof(header->event_id));
    assert(r == 0);
    if (record->event != 0) {
        memset(header->event_id, record->event, sizeof(header->event_id));
    }
    if (record->service != NULL) {
        _cleanup_(secret_deinit) struct secret linkage = SECRET_NULL;
        governing_seed(0, "linkage", &linkage);
        header->has_occurrence = true;
        token_occurrence(&linkage, record->day, slice_of_text(record->service), header->occurrence);
    }
    if (record->retracts != NULL) {
        header->has_retracts = true;
        header->retracts = *record->retracts;
    }
}

void world_record(struct world *world, const struct world_record *record, struct world_entry *ret)
{
    bool urgent = record->urgency == URGENCY_IMMEDIATE || record->record_kind == RECORD_REFERRAL;
    *ret = (struct world_entry){.header = {.kind = ENTRY_RECORD}};
    ret->header.id = world_next_id(world, record->from, urgent ? LANE_URGENT : LANE_NORMAL);
    record_header(world, record, &ret->header.id, &ret->header.record);
    world_refreeze(ret);
    size_t len = 0;
    seal_into(ret, PART_CARD, record_card, &len);
    seal_into(ret, PART_ACCOUNT, "{\"summary\":\"was not brought\"}", &len);
    ret->wire.body = slice_make(ret->body, len);
    grant_record(world, ret);
}

static void add_token(struct world_entry *entry, enum token_class class,
                      enum identifier_status status, const char *value)
{
    _cleanup_(secret_deinit) struct secret linkage = SECRET_NULL;
    struct subject_header *header = &entry->header.subject;
    governing_seed(0, "linkage", &linkage);
    header->tokens[header->n_tokens] = (struct token_mark){.class = class, .status = status};
    token_make(&linkage, class, slice_of_text(value),
               entry->body + header->n_tokens * CAIRN_HASH_BYTES);
    header->n_tokens++;
}

void world_statement(struct world *world, uint32_t agency, int child, bool nhs,
                     struct world_entry *ret)
{
    char value[64];
    *ret = (struct world_entry){.header = {.kind = ENTRY_SUBJECT}};
    ret->header.id = world_next_id(world, agency, LANE_NORMAL);
    ret->header.subject =
        (struct subject_header){.id = ret->header.id, .epoch = 1, .revision = ret->header.id.seq};
    handle_of(agency, child, ret->header.subject.handle);
    if (nhs) {
        (void)snprintf(value, sizeof(value), "999000000%d", child);
        add_token(ret, TOKEN_NHS_NUMBER, IDENTIFIER_VERIFIED, value);
    }
    (void)snprintf(value, sizeof(value), "child%d|test|2022-05-01|ZZ9 9ZZ", child);
    add_token(ret, TOKEN_NAME_BIRTH_POSTCODE, IDENTIFIER_WELL_FORMED, value);
    ret->wire.body = slice_make(ret->body, ret->header.subject.n_tokens * CAIRN_HASH_BYTES);
    world_refreeze(ret);
}

static void seal_account(struct world *world, struct world_entry *entry, const char *text)
{
    size_t len = 0;
    seal_into(entry, PART_ACCOUNT, text, &len);
    entry->wire.body = slice_make(entry->body, len);
    (void)world;
}

void world_involvement(struct world *world, uint32_t agency, int child, struct world_entry *ret)
{
    *ret = (struct world_entry){.header = {.kind = ENTRY_INVOLVEMENT}};
    ret->header.id = world_next_id(world, agency, LANE_NORMAL);
    ret->header.involvement = (struct involvement_header){
        .id = ret->header.id,
        .role = ROLE_REGISTERED_PATIENT,
        .from_day = instant_london_day(world->clock.real_ms) - 100,
        .until_day = INVOLVEMENT_OPEN,
    };
    handle_of(agency, child, ret->header.involvement.handle);
    world_refreeze(ret);
    seal_account(world, ret, "{\"contact\":\"duty\"}");
    grant_to(world, ret, agency, PART_ACCOUNT);
}

void world_decision(struct world *world, uint32_t agency, uint64_t alert, enum action action,
                    enum outcome outcome, struct world_entry *ret)
{
    *ret = (struct world_entry){.header = {.kind = ENTRY_DECISION}};
    ret->header.id = world_next_id(world, agency, LANE_NORMAL);
    ret->header.decision = (struct decision_header){
        .id = ret->header.id,
        .action = action,
        .alert = alert,
        .outcome = outcome,
        .decided_ms = world->clock.real_ms,
    };
    world_refreeze(ret);
    seal_account(world, ret, "{\"name\":\"A Screener\",\"reason\":\"three missed appointments\"}");
    for (uint32_t number = 1; number <= WORLD_AGENCIES; number++) {
        if (number == agency || number == GP || number == HOSPITAL) {
            grant_to(world, ret, number, PART_ACCOUNT);
        }
    }
}

void world_grant(struct world *world, uint32_t agency, const struct world_entry *record,
                 struct world_entry *ret)
{
    *ret = (struct world_entry){.header = {.kind = ENTRY_GRANT}};
    ret->header.id = world_next_id(world, agency, LANE_NORMAL);
    ret->header.grant = (struct grant_header){.id = ret->header.id,
                                              .record = record->header.id,
                                              .basis = BASIS_PUBLIC_TASK,
                                              .judged_by = JUDGED_BY_PERSON};
    world_refreeze(ret);
}

void world_grant_to(struct world *world, struct world_entry *grant,
                    const struct world_entry *record, uint32_t recipient)
{
    const struct agency *agency =
        directory_agency(&world->governing.governance->directory, recipient);
    const struct agency_key *key = agency_open_key(agency);
    enum part first = record->header.kind == ENTRY_RECORD ? PART_CARD : PART_ACCOUNT;
    for (enum part part = first; part <= PART_ACCOUNT; part++) {
        struct wire_grant *one = &grant->grants[grant->wire.n_grants++];
        const struct grant_scope scope = {
            .entry = record->header.id, .part = part, .recipient = recipient};
        *one = (struct wire_grant){.part = part, .recipient = recipient, .key_id = key->id};
        int r = grant_seal(key->public_key, &scope, &record->keys[part], one->sealed);
        assert(r == 0);
    }
}

void world_withhold(struct world_entry *entry, uint32_t recipient)
{
    size_t kept = 0;
    for (size_t i = 0; i < entry->wire.n_grants; i++) {
        if (entry->grants[i].recipient != recipient) {
            entry->grants[kept++] = entry->grants[i];
        }
    }
    entry->wire.n_grants = kept;
}

void world_request(struct world *world, uint32_t agency, int child, const struct entry_id *record,
                   struct world_entry *ret)
{
    *ret = (struct world_entry){.header = {.kind = ENTRY_REQUEST}};
    ret->header.id = world_next_id(world, agency, LANE_NORMAL);
    ret->header.request = (struct request_header){
        .id = ret->header.id, .has_record = record != NULL, .purpose = PURPOSE_SAFEGUARDING};
    if (record != NULL) {
        ret->header.request.record = *record;
    }
    handle_of(agency, child, ret->header.request.handle);
    world_refreeze(ret);
}

void world_link_decision(struct world *world, uint32_t agency, const struct world_link *link,
                         struct world_entry *ret)
{
    world_decision(world, agency, link->alert, link->action, OUTCOME_NONE, ret);
    ret->header.decision.has_record = true;
    ret->header.decision.record = *link->record;
    if (link->other != NULL) {
        ret->header.decision.has_other = true;
        ret->header.decision.other = *link->other;
    }
    world_refreeze(ret);
}

void world_acknowledgement(struct world *world, uint32_t agency, uint64_t position,
                           struct world_entry *ret)
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(1024);
    struct head head;

    *ret = (struct world_entry){.header = {.kind = ENTRY_ACKNOWLEDGEMENT}};
    ret->header.id = world_next_id(world, agency, LANE_NORMAL);
    board_head(world->board, &head);
    ret->header.acknowledgement = (struct acknowledgement_header){
        .id = ret->header.id,
        .position = position,
        .log_size = head.checkpoint.size,
        .log_root = head.checkpoint.root,
    };
    governing_seed(agency, "sign", &seed);
    int r = signer_new(&seed, &signer);
    assert(r == 0);
    checkpoint_text(&head.checkpoint, GOVERNING_ORIGIN, &text);
    r = cosignature_make(buf_slice(&text), (uint64_t)(world->clock.real_ms / 1000), signer,
                         ret->header.acknowledgement.cosignature);
    assert(r == 0);
    world_refreeze(ret);
}

/* --- parcels --- */

static uint32_t sign_head(uint32_t agency, struct parcel_head *head, struct buf *bytes,
                          uint8_t signature[SIGN_SIGNATURE_BYTES],
                          void (*change)(struct parcel_head *))
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    uint8_t public_key[SIGN_PUBLIC_BYTES];

    governing_seed(agency, "sign", &seed);
    int r = signer_new(&seed, &signer);
    assert(r == 0);
    signer_public(signer, public_key);
    head->key_id = key_id(SLICE_OF(public_key));
    if (change != NULL) {
        change(head);
    }
    wire_parcel_head_write(head, bytes);
    r = signer_sign(signer, SIGN_PARCEL, buf_slice(bytes), signature);
    assert(r == 0);
    return head->key_id;
}

/* The entry as it goes into a parcel, and its leaf in the parcel's tree. */
static void cut_entry(const struct world_entry *entry, struct wire_entry *ret,
                      struct hash *ret_leaf)
{
    *ret = entry->wire;
    ret->grants = entry->grants;
    ret->header.data = entry->header_bytes;
    ret->body.data = entry->body;
    wire_entry_leaf(ret, ret_leaf);
}

void world_cut(struct world *world, const struct world_parcel *parcel, struct buf *out)
{
    struct wire_entry entries[CAIRN_PARCEL_ENTRIES_MAX];
    struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    _cleanup_(buf_deinit) struct buf head_bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    const struct governance *governance = world->governing.governance;
    struct parcel_head head = {
        .agency = parcel->agency,
        .stream = parcel->entries[0].header.id.stream,
        .first_seq = parcel->entries[0].header.id.seq,
        .entries = (uint32_t)parcel->n,
    };
    sha256(slice_of_text(GOVERNING_ORIGIN), head.partnership.bytes);
    memcpy(head.versions.of, governance->versions, sizeof(head.versions.of));
    for (size_t i = 0; i < parcel->n; i++) {
        cut_entry(&parcel->entries[i], &entries[i], &leaves[i]);
    }
    tree_root_of(leaves, parcel->n, &head.root);
    (void)sign_head(parcel->signer == 0 ? parcel->agency : parcel->signer, &head, &head_bytes,
                    signature, parcel->change_head);
    const struct wire_header transport = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = WIRE_PARCEL,
        .lane = (uint8_t)(parcel->lane == 0 ? LANE_NORMAL : parcel->lane),
        .entries = (uint16_t)parcel->n,
        .correlation = ++world->correlation,
    };
    const struct wire_parcel message = {
        .head = buf_slice(&head_bytes),
        .signature = SLICE_OF(signature),
        .n_entries = parcel->n,
        .entries = entries,
    };
    wire_frame_begin(out, &transport);
    wire_parcel_write(&message, out);
    wire_frame_end(out);
    assert(buf_ok(out));
}
