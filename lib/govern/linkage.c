/* SPDX-License-Identifier: Apache-2.0 */
/* The linkage key as it travels: enc[32] || HPKE ciphertext[32] || tag[16], sealed to one agency's
 * opening key. */
#include <string.h>

#include "govern/govern.h"

#define LINKAGE_CONTEXT "cairn-linkage/v1\n"
#define INFO_BYTES      (sizeof(LINKAGE_CONTEXT) - 1 + 2 * sizeof(uint32_t))

static struct slice linkage_info(uint32_t agency, uint32_t epoch, uint8_t out[INFO_BYTES])
{
    struct writer writer = writer_over(out, INFO_BYTES);

    write_text(&writer, LINKAGE_CONTEXT);
    write_u32(&writer, agency);
    write_u32(&writer, epoch);
    return writer_slice(&writer);
}

int agency_linkage_key(const struct agency *agency, const struct secret *opening_key,
                       struct secret *ret)
{
    uint8_t info[INFO_BYTES];
    uint8_t key[SEAL_KEY_BYTES];
    const struct hpke_message message = {
        .info = linkage_info(agency->number, agency->linkage_epoch, info),
        .text = slice_make(agency->linkage_sealed + HPKE_ENC_BYTES,
                           sizeof(agency->linkage_sealed) - HPKE_ENC_BYTES),
    };

    int r = hpke_open(opening_key, agency->linkage_sealed, &message, key);
    if (r < 0) {
        return r;
    }
    secret_set(ret, key, sizeof(key));
    bytes_wipe(key, sizeof(key));
    return 0;
}

int agency_linkage_seal(uint32_t agency, uint32_t epoch, const uint8_t opening_key[32],
                        const struct secret *linkage_key,
                        uint8_t ret[HPKE_ENC_BYTES + SEAL_KEY_BYTES + HPKE_TAG_BYTES])
{
    uint8_t info[INFO_BYTES];
    const struct hpke_message message = {
        .info = linkage_info(agency, epoch, info),
        .text = secret_slice(linkage_key),
    };

    assert(linkage_key->len == SEAL_KEY_BYTES);
    return hpke_seal(opening_key, &message, ret, ret + HPKE_ENC_BYTES);
}
