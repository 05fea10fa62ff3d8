/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pieces.h"

#include <string.h>

#include "base/date.h"
#include "base/text.h"

struct slice piece_slice(const ProtobufCBinaryData *field)
{
    return slice_make(field->data, field->len);
}

/* protobuf-c's struct is not const, but packing only reads. */
ProtobufCBinaryData piece_bytes(struct slice slice)
{
    return (ProtobufCBinaryData){.len = slice.len, .data = (uint8_t *)(uintptr_t)slice.data};
}

bool piece_fixed(const ProtobufCBinaryData *field, void *ret, size_t len)
{
    if (field->len != len) {
        return false;
    }
    memcpy(ret, field->data, len);
    return true;
}

bool piece_hash(const ProtobufCBinaryData *field, struct hash *ret)
{
    return piece_fixed(field, ret->bytes, sizeof(ret->bytes));
}

bool piece_id16(const ProtobufCBinaryData *field, uint8_t ret[16])
{
    static const uint8_t zero[16];
    uint8_t id[16];

    if (!piece_fixed(field, id, sizeof(id)) || slice_equal(SLICE_OF(id), SLICE_OF(zero))) {
        return false;
    }
    memcpy(ret, id, sizeof(id));
    return true;
}

bool piece_optional_id16(const ProtobufCBinaryData *field, bool *ret_has, uint8_t ret[16])
{
    if (field->len > 0 && !piece_id16(field, ret)) {
        return false;
    }
    *ret_has = field->len > 0;
    return true;
}

ProtobufCBinaryData piece_optional(bool has, const uint8_t bytes[16])
{
    return piece_bytes(has ? slice_make(bytes, 16) : SLICE_NULL);
}

bool piece_text(const ProtobufCBinaryData *field, size_t max, struct slice *ret)
{
    struct slice text = piece_slice(field);

    if (text.len > max || !utf8_is_prose(text)) {
        return false;
    }
    *ret = text;
    return true;
}

bool piece_entry_kind_ok(uint32_t number)
{
    return entry_kind_text(number) != NULL;
}

bool piece_document_ok(uint32_t number)
{
    return number >= 1 && number <= GOVERNANCE_DOCUMENTS;
}

bool piece_outcome_ok(uint32_t number)
{
    return number == OUTCOME_NONE || outcome_text(number) != NULL;
}

bool piece_code_ok(uint32_t code, uint32_t record_kind)
{
    return code == CODE_NOT_SAID || record_code_kind(code) == record_kind;
}

bool piece_instant_ok(int64_t ms)
{
    int64_t day = ms / DAY_MS - (ms % DAY_MS < 0 ? 1 : 0);

    return day >= INT32_MIN && day <= INT32_MAX && date_in_range((int32_t)day);
}

bool piece_entry_id_ok(const struct entry_id *id)
{
    return id->agency != 0 && id->stream != 0 && id->seq != 0;
}

bool piece_takes_grants(enum entry_kind kind)
{
    return kind == ENTRY_RECORD || kind == ENTRY_INVOLVEMENT || kind == ENTRY_DECISION ||
           kind == ENTRY_GRANT;
}

bool piece_ref(const Cairn__V1__EntryRef *field, struct entry_id *ret)
{
    if (field == NULL) {
        return false;
    }
    struct entry_id id = {.agency = field->agency, .stream = field->stream, .seq = field->seq};
    if (!piece_entry_id_ok(&id)) {
        return false;
    }
    *ret = id;
    return true;
}

void piece_ref_fill(const struct entry_id *id, Cairn__V1__EntryRef *ret)
{
    cairn__v1__entry_ref__init(ret);
    ret->agency = id->agency;
    ret->stream = id->stream;
    ret->seq = id->seq;
}

bool piece_versions(Cairn__V1__GovernanceVersion *const *list, size_t n, struct wire_versions *ret)
{
    struct wire_versions versions = {.of = {0}};
    uint32_t last = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t document = list[i]->document;
        if (document <= last || !piece_document_ok(document) || list[i]->version == 0) {
            return false;
        }
        versions.of[document] = list[i]->version;
        last = document;
    }
    *ret = versions;
    return true;
}

void piece_versions_fill(const struct wire_versions *versions, struct piece_versions *ret)
{
    ret->n = 0;
    for (uint32_t document = 1; document <= GOVERNANCE_DOCUMENTS; document++) {
        if (versions->of[document] == 0) {
            continue;
        }
        Cairn__V1__GovernanceVersion *row = &ret->rows[ret->n];
        cairn__v1__governance_version__init(row);
        row->document = document;
        row->version = versions->of[document];
        ret->list[ret->n++] = row;
    }
}

static bool grant_read(const Cairn__V1__Grant *from, struct wire_grant *ret)
{
    if (from->recipient == 0 || (from->part != PART_CARD && from->part != PART_ACCOUNT)) {
        return false;
    }
    ret->part = (enum part)from->part;
    ret->recipient = from->recipient;
    ret->key_id = from->key_id;
    return piece_fixed(&from->sealed, ret->sealed, sizeof(ret->sealed));
}

static bool grant_rises(const struct wire_grant *before, const struct wire_grant *after)
{
    return before->recipient < after->recipient ||
           (before->recipient == after->recipient && before->part < after->part);
}

bool piece_grants(Cairn__V1__Grant *const *list, size_t n, struct arena *arena,
                  const struct wire_grant **ret)
{
    if (n > CAIRN_GRANTS_MAX) {
        return false;
    }
    if (n == 0) {
        *ret = NULL;
        return true;
    }
    struct wire_grant *grants = arena_alloc(arena, n * sizeof(*grants));
    if (grants == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!grant_read(list[i], &grants[i]) ||
            (i > 0 && !grant_rises(&grants[i - 1], &grants[i]))) {
            return false;
        }
    }
    *ret = grants;
    return true;
}

void piece_grants_fill(const struct wire_grant *grants, size_t n, struct piece_grants *ret)
{
    assert(n <= CAIRN_GRANTS_MAX);
    for (size_t i = 0; i < n; i++) {
        Cairn__V1__Grant *row = &ret->rows[i];
        cairn__v1__grant__init(row);
        row->part = grants[i].part;
        row->recipient = grants[i].recipient;
        row->key_id = grants[i].key_id;
        row->sealed = piece_bytes(SLICE_OF(grants[i].sealed));
        ret->list[i] = row;
    }
}

bool piece_proof(const ProtobufCBinaryData *list, size_t n, struct tree_proof *ret)
{
    if (n > CAIRN_PROOF_MAX_HASHES) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!piece_hash(&list[i], &ret->hashes[i])) {
            return false;
        }
    }
    ret->n = n;
    return true;
}

void piece_proof_fill(const struct tree_proof *proof, struct piece_proof *ret)
{
    assert(proof->n <= CAIRN_PROOF_MAX_HASHES);
    for (size_t i = 0; i < proof->n; i++) {
        ret->list[i] = piece_bytes(SLICE_OF(proof->hashes[i].bytes));
    }
}
