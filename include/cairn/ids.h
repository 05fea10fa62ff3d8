/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ids that cross folders. All are plain values without ownership.
 */
#ifndef CAIRN_IDS_H
#define CAIRN_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAIRN_HASH_BYTES     32
#define CAIRN_HANDLE_BYTES   16
#define CAIRN_EVENT_ID_BYTES 16 /* one event about several children has one */

/* An entry's id, and so a record's: which agency, which of its streams, which number in it.
 * Sequences start at 1. */
struct entry_id {
    uint32_t agency;
    uint64_t stream;
    uint64_t seq;
};

/* One agency's handle for one child. */
struct subject_id {
    uint32_t agency;
    uint8_t handle[CAIRN_HANDLE_BYTES];
};

#define ENTRY_ID_BYTES                                                                             \
    20 /* big-endian agency, stream, seq: sorts by agency, then stream, then order */
#define SUBJECT_ID_BYTES    20 /* big-endian agency, handle */
#define ENTRY_ID_TEXT_BYTES 50 /* "4294967295-0123456789abcdef-18446744073709551615" and NUL */

void entry_id_pack(const struct entry_id *id, uint8_t out[ENTRY_ID_BYTES]);
struct entry_id entry_id_unpack(const uint8_t in[ENTRY_ID_BYTES]);
bool entry_id_equal(const struct entry_id *a, const struct entry_id *b);
/* "AGENCY-STREAM-SEQ": decimal, 16 lower-case hex digits, decimal. */
void entry_id_format(const struct entry_id *id, char out[ENTRY_ID_TEXT_BYTES]);
/* Accepts exactly what entry_id_format writes; false and *ret untouched otherwise. */
bool entry_id_parse(const char *text, struct entry_id *ret);
struct subject_id subject_id_of(uint32_t agency, const uint8_t handle[CAIRN_HANDLE_BYTES]);
void subject_id_pack(const struct subject_id *id, uint8_t out[SUBJECT_ID_BYTES]);
struct subject_id subject_id_unpack(const uint8_t in[SUBJECT_ID_BYTES]);
bool subject_id_equal(const struct subject_id *a, const struct subject_id *b);

#endif
