/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fingerprint.h"

#include "base/text.h"
#include "crypto/digest.h"

#define GROUPS      8
#define GROUP_BYTES 2
static_assert(FINGERPRINT_BYTES == GROUPS * (2 * GROUP_BYTES + 1), "digits, blanks and NUL");

void fingerprint(struct slice bytes, char out[FINGERPRINT_BYTES])
{
    uint8_t digest[CAIRN_HASH_BYTES];

    sha256(bytes, digest);
    for (size_t i = 0; i < GROUPS; i++) {
        char *group = out + i * (2 * GROUP_BYTES + 1);
        hex_encode(slice_make(digest + i * GROUP_BYTES, GROUP_BYTES), group);
        group[2 * GROUP_BYTES] = i + 1 < GROUPS ? ' ' : '\0';
    }
}
