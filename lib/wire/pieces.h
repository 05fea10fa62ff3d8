/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several messages share, between generated structs and ours. Private to lib/wire. Reading
 * checks; `fill` prepares generated structs that borrow from ours and live on the writer's stack.
 */
#ifndef WIRE_PIECES_H
#define WIRE_PIECES_H

#include "common.pb-c.h"
#include "wire/wire.h"

/* One token in the body of a subject statement. */
#define WIRE_TOKEN_BYTES CAIRN_HASH_BYTES

/* --- bytes fields --- */
struct slice piece_slice(const ProtobufCBinaryData *field);
ProtobufCBinaryData piece_bytes(struct slice slice);
/* Copies a field of exactly len bytes. */
bool piece_fixed(const ProtobufCBinaryData *field, void *ret, size_t len) MUST_USE;
bool piece_hash(const ProtobufCBinaryData *field, struct hash *ret) MUST_USE;
/* An id of 16 random bytes: never all zero. */
bool piece_id16(const ProtobufCBinaryData *field, uint8_t ret[16]) MUST_USE;
/* Likewise, or empty, which clears *ret_has. */
bool piece_optional_id16(const ProtobufCBinaryData *field, bool *ret_has, uint8_t ret[16]) MUST_USE;
/* The empty field unless `has`. */
ProtobufCBinaryData piece_optional(bool has, const uint8_t bytes[16]);
/* Prose of at most max bytes; may be empty. */
bool piece_text(const ProtobufCBinaryData *field, size_t max, struct slice *ret) MUST_USE;

/* --- ranges --- */
bool piece_entry_kind_ok(uint32_t number) MUST_USE;
bool piece_document_ok(uint32_t number) MUST_USE;
bool piece_outcome_ok(uint32_t number) MUST_USE; /* 0 included */
/* 0, or a code that refines this record kind. */
bool piece_code_ok(uint32_t code, uint32_t record_kind) MUST_USE;
/* An instant of the years 1900 to 2199: wide enough for any wrong clock, narrow enough for
 * arithmetic. */
bool piece_instant_ok(int64_t ms) MUST_USE;
bool piece_entry_id_ok(const struct entry_id *id) MUST_USE;
/* Only what somebody may have to open carries grants. */
bool piece_takes_grants(enum entry_kind kind) MUST_USE;

/* --- messages inside messages --- */
bool piece_ref(const Cairn__V1__EntryRef *field, struct entry_id *ret) MUST_USE;
void piece_ref_fill(const struct entry_id *id, Cairn__V1__EntryRef *ret);

struct piece_versions {
    Cairn__V1__GovernanceVersion rows[GOVERNANCE_DOCUMENTS];
    Cairn__V1__GovernanceVersion *list[GOVERNANCE_DOCUMENTS];
    size_t n;
};
bool piece_versions(Cairn__V1__GovernanceVersion *const *list, size_t n,
                    struct wire_versions *ret) MUST_USE;
void piece_versions_fill(const struct wire_versions *versions, struct piece_versions *ret);

struct piece_grants {
    Cairn__V1__Grant rows[CAIRN_GRANTS_MAX];
    Cairn__V1__Grant *list[CAIRN_GRANTS_MAX];
};
/* At most CAIRN_GRANTS_MAX, rising by (recipient, part). *ret lies in the arena, NULL for none. */
bool piece_grants(Cairn__V1__Grant *const *list, size_t n, struct arena *arena,
                  const struct wire_grant **ret) MUST_USE;
void piece_grants_fill(const struct wire_grant *grants, size_t n, struct piece_grants *ret);

struct piece_proof {
    ProtobufCBinaryData list[CAIRN_PROOF_MAX_HASHES];
};
bool piece_proof(const ProtobufCBinaryData *list, size_t n, struct tree_proof *ret) MUST_USE;
void piece_proof_fill(const struct tree_proof *proof, struct piece_proof *ret);

#endif
