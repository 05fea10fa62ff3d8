/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets a grant:
 *
 *   record       its own agency always; then whoever the agreements let have the content, now or
 *                once it is released (hold and above), unless the author left them out: the front
 *                doors first, then those involved with the child today, by number and in the roles
 *                they hold, as many as CAIRN_GRANTS_MAX allows. While a name is all that says that
 *                it is the same child, who is involved gets the card alone.
 *   involvement  its own agency, and those involved with the child whom the agreements give it
 *   decision     its own agency, and whoever the decider named
 *   later grant  whoever it names, and nobody else
 *
 * The broker judges each grant again by the same agreements and refuses the entry for one too many;
 * so a version that changed between here and there is answered "stale directory", and the parcel is
 * cut again. It allows a day on either side: an agreement that ends at midnight is no reason to
 * lose what was on its way.
 */
#include "agents/core/parcel.h"

#include <errno.h>

#include "agents/core/frozen.h"
#include "agents/core/session.h"
#include "crypto/digest.h"
#include "wire/narrowing.h"

#define RECORD_READERS_MAX (CAIRN_GRANTS_MAX / CAIRN_PARTS)

void parcel_deinit(struct parcel *parcel)
{
    buf_deinit(&parcel->frame);
    *parcel = PARCEL_NULL;
}

/* --- readers --- */

#define ALL_PARTS (PART_BIT(PART_CARD) | PART_BIT(PART_ACCOUNT))

struct reader_of {
    const struct agency *agency;
    uint8_t parts; /* PART_BIT of each that it gets, as far as the entry has it */
};

struct readers {
    size_t n;
    size_t max;
    struct reader_of of[CAIRN_GRANTS_MAX];
    size_t left_out;
};

/* What is cut: its header, and what the store knew beside it. */
struct cut {
    const struct parcel_terms *terms;
    const struct spool_entry *entry;
    const struct entry_header *header;
    const struct agency *own;
};

/* As far as is known here; the broker asks again. What is hidden is sealed now, and the broker
 * holds it back until its day. */
static bool is_narrowed(const struct cut *cut, const struct record_header *record,
                        const struct agency *recipient)
{
    struct narrow_reader reader = {.agency = recipient->number,
                                   .front_door = agency_is_front_door(recipient),
                                   .day = NARROW_ANY_DAY};
    for (size_t i = 0; i < cut->entry->n_circle; i++) {
        if (cut->entry->circle[i].agency == recipient->number) {
            reader.roles |= cut->entry->circle[i].roles;
        }
    }
    return narrowing_keeps_from(record, &reader);
}

/* What is said of an adult nobody else opens. */
static bool may_read_record(const struct cut *cut, const struct agency *recipient, uint32_t roles)
{
    const struct record_header *record = &cut->header->record;
    const struct disclosure disclosure = {
        .origin = cut->own,
        .recipient = recipient,
        .kind = record->record_kind,
        .code = record->code,
        .level = record->level,
        .urgency = record->urgency,
        .roles = roles,
        .day = cut->terms->day,
    };
    if (record->person || is_narrowed(cut, record, recipient)) {
        return false;
    }
    struct decision decision = agreements_decide(cut->terms->governance->agreements, &disclosure);
    return decision.effect >= EFFECT_HOLD && decision.mode == MODE_CONTENT;
}

static bool may_read_involvement(const struct cut *cut, const struct agency *recipient,
                                 uint32_t roles)
{
    const struct disclosure disclosure = {
        .origin = cut->own,
        .recipient = recipient,
        .kind = DISCLOSED_INVOLVEMENT,
        .urgency = URGENCY_ROUTINE,
        .roles = roles,
        .day = cut->terms->day,
    };
    struct decision decision = agreements_decide(cut->terms->governance->agreements, &disclosure);
    return decision.effect == EFFECT_SHARE && decision.mode == MODE_CONTENT;
}

/* An agency without a key to seal to cannot be given anything; the next directory may have one. */
static void add_reader(struct readers *readers, const struct agency *agency, uint8_t parts)
{
    if (agency_open_key(agency) == NULL) {
        return;
    }
    for (size_t i = 0; i < readers->n; i++) {
        if (readers->of[i].agency == agency) {
            return;
        }
    }
    if (readers->n == readers->max) {
        readers->left_out++;
        return;
    }
    readers->of[readers->n++] = (struct reader_of){.agency = agency, .parts = parts};
}

static void add_front_doors(const struct cut *cut, struct readers *readers)
{
    const struct directory *directory = &cut->terms->governance->directory;
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        const struct agency *agency = directory_agency(directory, directory->front_doors[i]);
        if (agency != cut->own && may_read_record(cut, agency, 0)) {
            add_reader(readers, agency, ALL_PARTS);
        }
    }
}

/* Of those involved, `may_read` decides. */
static void add_circle(const struct cut *cut,
                       bool (*may_read)(const struct cut *cut, const struct agency *recipient,
                                        uint32_t roles),
                       uint8_t by_name_parts, struct readers *readers)
{
    for (size_t i = 0; i < cut->entry->n_circle; i++) {
        const struct spool_reader *member = &cut->entry->circle[i];
        const struct agency *agency =
            directory_agency(&cut->terms->governance->directory, member->agency);
        uint8_t parts = member->by_name ? by_name_parts : ALL_PARTS;
        if (agency != NULL && agency->active && agency != cut->own && parts != 0 &&
            may_read(cut, agency, member->roles)) {
            add_reader(readers, agency, parts);
        }
    }
}

/* Today's standing of whoever a later grant names. Whether it may have it was decided when the
 * grant was made, and the broker decides again. */
static uint8_t granted_parts(const struct cut *cut, const struct agency *agency)
{
    for (size_t i = 0; i < cut->entry->n_circle; i++) {
        const struct spool_reader *member = &cut->entry->circle[i];
        if (member->agency == agency->number && member->by_name && !agency_is_front_door(agency)) {
            return PART_BIT(PART_CARD);
        }
    }
    return ALL_PARTS;
}

static void add_named(const struct cut *cut, struct readers *readers)
{
    for (size_t i = 0; i < cut->entry->n_recipients; i++) {
        const struct agency *agency =
            directory_agency(&cut->terms->governance->directory, cut->entry->recipients[i]);
        if (agency != NULL && agency->active) {
            add_reader(readers, agency,
                       cut->header->kind == ENTRY_GRANT ? granted_parts(cut, agency) : ALL_PARTS);
        }
    }
}

static void sort_readers(struct readers *readers)
{
    for (size_t i = 1; i < readers->n; i++) {
        struct reader_of reader = readers->of[i];
        size_t at = i;
        while (at > 0 && readers->of[at - 1].agency->number > reader.agency->number) {
            readers->of[at] = readers->of[at - 1];
            at--;
        }
        readers->of[at] = reader;
    }
}

static void find_readers(const struct cut *cut, struct readers *readers)
{
    switch (cut->header->kind) {
    case ENTRY_RECORD:
        readers->max = RECORD_READERS_MAX;
        add_reader(readers, cut->own, ALL_PARTS);
        add_front_doors(cut, readers);
        add_circle(cut, may_read_record, PART_BIT(PART_CARD), readers);
        break;
    case ENTRY_INVOLVEMENT:
        add_reader(readers, cut->own, ALL_PARTS);
        add_circle(cut, may_read_involvement, 0, readers);
        break;
    case ENTRY_GRANT:
        readers->max = RECORD_READERS_MAX;
        add_named(cut, readers);
        break;
    case ENTRY_SUBJECT:
    case ENTRY_TIE:
    case ENTRY_ACKNOWLEDGEMENT:
    case ENTRY_DECISION:
    case ENTRY_REQUEST:
        add_reader(readers, cut->own, ALL_PARTS);
        add_named(cut, readers);
        break;
    }
    sort_readers(readers);
}

/* --- grants --- */

struct grants {
    size_t n;
    struct wire_grant of[CAIRN_GRANTS_MAX];
};

/* What the grants are of: the entry itself, or the one that a later grant discloses. */
struct granted {
    struct entry_id entry;
    bool has_card;
};

static int add_grant(const struct granted *granted, const struct agency *recipient, enum part part,
                     const struct seal_keys *keys, struct grants *grants)
{
    const struct agency_key *key = agency_open_key(recipient);
    struct grant_scope scope = {
        .entry = granted->entry, .part = part, .recipient = recipient->number};
    struct wire_grant *grant = &grants->of[grants->n++];
    *grant = (struct wire_grant){.part = part, .recipient = recipient->number, .key_id = key->id};
    return grant_seal(key->public_key, &scope, &keys->of[part], grant->sealed);
}

static int seal_grants(const struct readers *readers, const struct granted *granted,
                       const struct seal_keys *keys, struct grants *grants)
{
    int r = 0;
    for (size_t i = 0; i < readers->n && r == 0; i++) {
        const struct reader_of *reader = &readers->of[i];
        if (granted->has_card && (reader->parts & PART_BIT(PART_CARD)) != 0) {
            r = add_grant(granted, reader->agency, PART_CARD, keys, grants);
        }
        if (r == 0 && (reader->parts & PART_BIT(PART_ACCOUNT)) != 0) {
            r = add_grant(granted, reader->agency, PART_ACCOUNT, keys, grants);
        }
    }
    return r;
}

static struct granted what_is_granted(const struct cut *cut)
{
    bool later = cut->header->kind == ENTRY_GRANT;
    return (struct granted){
        .entry = later ? cut->header->grant.record : cut->header->id,
        .has_card = (later ? cut->entry->granted : cut->header->kind) == ENTRY_RECORD,
    };
}

static int make_grants(const struct parcel_terms *terms, const struct spool_entry *entry,
                       const struct entry_header *header, struct parcel *parcel,
                       struct grants *grants)
{
    struct readers readers = {.max = CAIRN_GRANTS_MAX};
    struct seal_keys keys = {.of = {SECRET_NULL}};
    const struct cut cut = {
        .terms = terms,
        .entry = entry,
        .header = header,
        .own = directory_agency(&terms->governance->directory, terms->agency),
    };
    grants->n = 0;
    if (entry->keys.len == 0) {
        return 0; /* nothing in it is sealed */
    }
    if (cut.own == NULL || agency_open_key(cut.own) == NULL) {
        return -ENOKEY;
    }
    find_readers(&cut, &readers);
    parcel->readers_left_out += readers.left_out;
    const struct granted granted = what_is_granted(&cut);
    int r = seal_keys_open(&terms->keys->store, entry->keys, &keys);
    if (r == 0) {
        r = seal_grants(&readers, &granted, &keys, grants);
    }
    seal_keys_deinit(&keys);
    return r;
}

/* --- the parcel --- */

/* What is being cut: kept together because the entries point into the grants. */
struct cutting {
    struct wire_entry entries[CAIRN_PARCEL_ENTRIES_MAX];
    struct grants grants[CAIRN_PARCEL_ENTRIES_MAX];
    struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
};

static int cut_entry(const struct parcel_terms *terms, const struct spool_entry *from, size_t i,
                     struct cutting *cutting, struct parcel *parcel)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (!wire_entry_header_read(from->kind, from->header, &arena, &header)) {
        return -EBADMSG;
    }
    int r = make_grants(terms, from, &header, parcel, &cutting->grants[i]);
    if (r != 0) {
        return r;
    }
    cutting->entries[i] = (struct wire_entry){
        .kind = from->kind,
        .header = from->header,
        .body = from->body,
        .n_grants = cutting->grants[i].n,
        .grants = cutting->grants[i].of,
    };
    wire_entry_leaf(&cutting->entries[i], &cutting->leaves[i]);
    return 0;
}

static void fill_head(const struct parcel_terms *terms, const struct parcel *parcel,
                      const struct cutting *cutting, uint32_t key_id, struct parcel_head *head)
{
    *head = (struct parcel_head){
        .agency = terms->agency,
        .key_id = key_id,
        .stream = terms->stream,
        .first_seq = parcel->first_seq,
        .entries = (uint32_t)parcel->n,
        .versions = session_versions(terms->governance),
        .log_size = terms->head->size,
        .log_root = terms->head->root,
    };
    sha256(slice_of_text(terms->governance->root.origin), head->partnership.bytes);
    tree_root_of(cutting->leaves, parcel->n, &head->root);
}

static int sign_and_write(const struct parcel_terms *terms, struct cutting *cutting,
                          struct parcel *parcel)
{
    _cleanup_(buf_deinit) struct buf head_bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    struct parcel_head head;
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    const struct own_key_set *own = own_keys_in_use(terms->keys, &terms->governance->directory);
    fill_head(terms, parcel, cutting, own->sign_key_id, &head);
    wire_parcel_head_write(&head, &head_bytes);
    assert(buf_ok(&head_bytes));
    int r = signer_sign(own->signer, SIGN_PARCEL, buf_slice(&head_bytes), signature);
    if (r != 0) {
        return r;
    }
    struct wire_header header = {
        .version = terms->protocol,
        .type = WIRE_PARCEL,
        .lane = (uint8_t)terms->lane,
        .entries = (uint16_t)parcel->n,
        .correlation = terms->correlation,
    };
    struct wire_parcel payload = {
        .head = buf_slice(&head_bytes),
        .signature = SLICE_OF(signature),
        .n_entries = parcel->n,
        .entries = cutting->entries,
    };
    wire_frame_begin(&parcel->frame, &header);
    wire_parcel_write(&payload, &parcel->frame);
    wire_frame_end(&parcel->frame);
    assert(buf_ok(&parcel->frame)); /* spool_lot left room for the most grants there can be */
    return 0;
}

int parcel_cut(const struct parcel_terms *terms, const struct spool_entry *entries, size_t n,
               struct parcel *ret)
{
    assert(n >= 1 && n <= CAIRN_PARCEL_ENTRIES_MAX);
    struct cutting *cutting = base_zalloc(1, sizeof(*cutting));
    int r = 0;
    ret->n = n;
    ret->correlation = terms->correlation;
    ret->stream = terms->stream;
    ret->first_seq = entries[0].seq;
    ret->last_seq = entries[n - 1].seq;
    ret->readers_left_out = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        r = cut_entry(terms, &entries[i], i, cutting, ret);
    }
    if (r == 0) {
        r = sign_and_write(terms, cutting, ret);
    }
    base_free(&cutting);
    return r;
}
