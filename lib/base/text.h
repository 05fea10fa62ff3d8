/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings and strict small parsers. Nothing here allocates. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/slice.h"
#include "cairn/limits.h"

#define BASE64_BYTES(n) ((((n) + 2) / 3) * 4 + 1) /* text and NUL for n bytes */
#define HEX_BYTES(n)    ((n)*2 + 1)

void hex_encode(struct slice in, char *out); /* lower case; out has HEX_BYTES(in.len) */
/* Exactly ret_len bytes from 2*ret_len hex digits of either case and nothing else. */
bool hex_decode(const char *text, uint8_t *ret, size_t ret_len) MUST_USE;
void base64_encode(struct slice in, char *out); /* RFC 4648 section 4, padded */
/* Canonical padded base64 only. Writes at most max bytes; false when it does not fit or is not
 * canonical. */
bool base64_decode(struct slice text, uint8_t *ret, size_t max, size_t *ret_len) MUST_USE;
bool u64_parse(const char *text, uint64_t max,
               uint64_t *ret) MUST_USE; /* decimal, no sign, no leading zero */
/* RFC 3629: shortest form, no surrogates, nothing above U+10FFFF; also refuses NUL. */
bool utf8_valid(struct slice text) MUST_USE;
/* utf8_valid, and no control character but newline and tab. */
bool utf8_is_prose(struct slice text) MUST_USE;
/* Copies a prose slice to a NUL-terminated buffer; false when it is too long or not prose. */
bool text_copy(char *out, size_t out_bytes, struct slice in) MUST_USE;
/* The word, or words, that go with that number: text_plural(n, "row was", "rows were"). */
const char *text_plural(uint64_t n, const char *one, const char *many);
/* Whether this can be why a practitioner opened or decided: prose of at most CAIRN_REASON_MAX_BYTES
 * in which at least CAIRN_REASON_MIN_CHARACTERS are not blank. What to say of it when it cannot is
 * TEXT_REASON_RULE. */
bool text_is_reason(struct slice text) MUST_USE;
#define TEXT_REASON_RULE                                                                           \
    "a reason is plain text with at least %d characters that are not blank, and at most %d bytes", \
        CAIRN_REASON_MIN_CHARACTERS, CAIRN_REASON_MAX_BYTES
/* For identity: NFKD, case folded, marks and everything but letters and digits removed
 * (libunistring). False when the result does not fit or the input is not UTF-8. The result is
 * NUL-terminated. */
bool text_fold(struct slice in, char *out, size_t out_bytes) MUST_USE;

#endif
