/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A grant, in two ways, chosen by the first byte.
 *   0: part u8, recipient u32, and a grant from nowhere. It opens only to the one key that the kept
 *      grant holds, and only for the scope it was made for.
 *   1: ephemeral[32], data key[32], place u8, change u8: a grant sealed here and then changed in
 *      one place. It opens exactly when nothing was changed.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/hpke_internal.h"
#include "crypto/seal.h"
#include "tests/fuzz/fuzz.h"

#define RECIPIENT 9
#define INFO      "cairn-grant/v1\n"

static const struct entry_id entry = {.agency = 7, .stream = 0x1122334455667788, .seq = 42};
static struct secret opening_key = {.len = HPKE_SECRET_BYTES}; /* skRm of RFC 9180, A.1.1 */
static uint8_t recipient_key[HPKE_PUBLIC_BYTES];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error error = ERROR_NULL;

    (void)argc;
    (void)argv;
    if (crypto_init(&error) < 0 ||
        !hex_decode("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
                    opening_key.bytes, opening_key.len)) {
        return 1;
    }
    return hpke_public(&opening_key, recipient_key) == 0 ? 0 : 1;
}

static int open_grant(const struct grant_scope *scope, struct slice grant, struct secret *ret)
{
    int r = grant_open(&opening_key, scope, grant, ret);

    assert(r == 0 || r == -EBADMSG);
    assert(r == 0 ? ret->len == SEAL_KEY_BYTES : ret->len == 0);
    return r;
}

static void open_from_nowhere(struct reader *reader)
{
    const struct grant_scope scope = {
        .entry = entry,
        .part = (enum part)read_u8(reader),
        .recipient = read_u32(reader),
    };
    struct secret data_key = SECRET_NULL;

    if (open_grant(&scope, read_bytes(reader, reader->left), &data_key) == 0) {
        assert(scope.part == PART_ACCOUNT && scope.recipient == RECIPIENT);
        for (size_t i = 0; i < data_key.len; i++) {
            assert(data_key.bytes[i] == i);
        }
    }
}

static struct slice grant_info(uint8_t *storage, size_t capacity)
{
    struct writer info = writer_over(storage, capacity);
    uint8_t packed[ENTRY_ID_BYTES];

    entry_id_pack(&entry, packed);
    write_text(&info, INFO);
    write_bytes(&info, packed, sizeof(packed));
    write_u8(&info, PART_CARD);
    write_u32(&info, RECIPIENT);
    return writer_slice(&info);
}

static void seal_change_and_open(struct reader *reader)
{
    struct secret ephemeral = {.len = HPKE_SECRET_BYTES};
    struct secret sent = {.len = SEAL_KEY_BYTES};
    struct secret received = SECRET_NULL;
    const struct grant_scope scope = {.entry = entry, .part = PART_CARD, .recipient = RECIPIENT};
    uint8_t info[sizeof(INFO) + ENTRY_ID_BYTES + 5];
    uint8_t grant[GRANT_BYTES];

    read_into(reader, ephemeral.bytes, ephemeral.len);
    read_into(reader, sent.bytes, sent.len);
    const uint8_t place = read_u8(reader);
    const uint8_t change = read_u8(reader);
    const struct hpke_message message = {
        .info = grant_info(info, sizeof(info)),
        .text = secret_slice(&sent),
    };
    int r = hpke_seal_with(&ephemeral, recipient_key, &message, grant, grant + HPKE_ENC_BYTES);
    assert(r == 0);
    grant[place % sizeof(grant)] ^= change;
    r = open_grant(&scope, SLICE_OF(grant), &received);
    assert((r == 0) == (change == 0));
    assert(r != 0 || secret_equal(&sent, &received));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader = reader_over(slice_make(data, size));

    if (read_u8(&reader) == 1) {
        seal_change_and_open(&reader);
    } else {
        open_from_nowhere(&reader);
    }
    return 0;
}
