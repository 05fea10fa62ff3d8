/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/token.h"

#include <string.h>

#include "crypto/digest.h"

void token_make(const struct secret *linkage_key, enum token_class class, struct slice value,
                uint8_t out[CAIRN_HASH_BYTES])
{
    const uint8_t number = (uint8_t) class;
    const struct slice parts[] = {slice_of_text("cairn-token/v1\n"), {&number, 1}, value};

    hmac_sha256(linkage_key, parts, ARRAY_LEN(parts), out);
}

void token_pepper(const struct secret *pepper, enum token_class class,
                  const uint8_t token[CAIRN_HASH_BYTES], uint8_t out[CAIRN_HASH_BYTES])
{
    const uint8_t number = (uint8_t) class;
    const struct slice parts[] = {
        slice_of_text("cairn-pepper/v1\n"),
        {&number, 1},
        {token, CAIRN_HASH_BYTES},
    };

    hmac_sha256(pepper, parts, ARRAY_LEN(parts), out);
}

void token_occurrence(const struct secret *linkage_key, int32_t day, struct slice service,
                      uint8_t out[16])
{
    uint8_t day_bytes[4];
    struct writer writer = writer_over(day_bytes, sizeof(day_bytes));
    uint8_t whole[CAIRN_HASH_BYTES];

    write_i32(&writer, day);
    const struct slice parts[] = {
        slice_of_text("cairn-occurrence/v1\n"),
        writer_slice(&writer),
        service,
    };
    hmac_sha256(linkage_key, parts, ARRAY_LEN(parts), whole);
    memcpy(out, whole, 16);
}
