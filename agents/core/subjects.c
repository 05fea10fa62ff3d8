/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/subjects.h"

#include <errno.h>
#include <string.h>

#include "agents/core/handle.h"
#include "base/text.h"

/* --- what is known of a child, from one source and another --- */

static void complete_text(char *newer, const char *older, size_t bytes)
{
    if (newer[0] == '\0') {
        memcpy(newer, older, bytes);
    }
}

/* A number that was good once stays: the next source may know less. */
static void complete_identifier(struct identifier *newer, const struct identifier *older)
{
    bool same = strcmp(newer->value, older->value) == 0;
    if (newer->value[0] == '\0' || (same && older->status == IDENTIFIER_VERIFIED) ||
        (identifier_is_sound(older) && !identifier_is_sound(newer))) {
        *newer = *older;
    }
}

/* What the newer one does not say is taken from the older one, but never where the child lives
 * when either withholds it: another system of the agency may not know. Only somebody's word that it
 * is released lifts that. */
static void complete_identity(struct identity *newer, const struct identity *older)
{
    complete_text(newer->given, older->given, sizeof(newer->given));
    complete_text(newer->family, older->family, sizeof(newer->family));
    complete_text(newer->local_id, older->local_id, sizeof(newer->local_id));
    if (older->restricted && !newer->released) {
        identity_restrict(newer);
    }
    if (!newer->restricted) {
        complete_text(newer->postcode, older->postcode, sizeof(newer->postcode));
        complete_text(newer->address, older->address, sizeof(newer->address));
    }
    if (!newer->has_birth) {
        newer->has_birth = older->has_birth;
        newer->birth_day = older->birth_day;
    }
    complete_identifier(&newer->nhs_number, &older->nhs_number);
    complete_identifier(&newer->upn, &older->upn);
}

/* Seals the identity into the handle's row; nothing when it is there as it is. */
static int keep_identity(const struct subjects *subjects, const struct identity *identity,
                         const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    _cleanup_(identity_deinit) struct identity whole = *identity;
    _cleanup_(identity_deinit) struct identity older = IDENTITY_NULL;
    uint8_t sealed[HANDLE_SEALED_MAX_BYTES];
    struct handle_row row = {.sealed = SLICE_NULL};
    size_t len = 0;
    if (handle_get(subjects->txn, handle, &row)) {
        if (!handle_open(subjects->store_key, row.sealed, &older)) {
            return -EBADMSG;
        }
        complete_identity(&whole, &older);
        if (handle_same(&whole, &older)) {
            return 0;
        }
    }
    int r = handle_seal(subjects->store_key, &whole, sealed, &len);
    if (r == 0) {
        row.sealed = slice_make(sealed, len);
        handle_put(subjects->txn, handle, &row);
    }
    return r;
}

/* --- whose handle --- */

static bool texts_differ(const char *a, const char *b)
{
    char first[CAIRN_NAME_MAX_BYTES];
    char second[CAIRN_NAME_MAX_BYTES];
    return a[0] != '\0' && b[0] != '\0' && text_fold(slice_of_text(a), first, sizeof(first)) &&
           text_fold(slice_of_text(b), second, sizeof(second)) && strcmp(first, second) != 0;
}

/* Two of verified NHS number, birth date and given name differ: systems reuse local numbers, and a
 * wrong child is worse than a second handle, which a verified number links again. One alone may be
 * a correction. */
static bool other_child(const struct identity *a, const struct identity *b)
{
    bool numbers = a->nhs_number.status == IDENTIFIER_VERIFIED &&
                   b->nhs_number.status == IDENTIFIER_VERIFIED &&
                   strcmp(a->nhs_number.value, b->nhs_number.value) != 0;
    bool births = a->has_birth && b->has_birth && a->birth_day != b->birth_day;
    return (numbers ? 1 : 0) + (births ? 1 : 0) + (texts_differ(a->given, b->given) ? 1 : 0) >= 2;
}

/* A key of a child, and what it leads to. */
struct listed {
    struct identity_list_key key;
    bool taken; /* by some handle ... */
    bool ours;  /* ... of the same child, as far as anybody can tell */
    bool restricted;
    uint8_t handle[CAIRN_HANDLE_BYTES];
};

/* The handle listed under this key; not ours when it is plainly another child's. -EBADMSG for a
 * broken row. */
static int look_up(const struct subjects *subjects, const struct identity *identity,
                   struct listed *ret)
{
    _cleanup_(identity_deinit) struct identity held = IDENTITY_NULL;
    struct handle_row row = {.sealed = SLICE_NULL};
    struct slice value;
    if (!store_get(subjects->txn, AT_CHILD, SLICE_OF(ret->key.bytes), &value)) {
        return 0;
    }
    if (value.len != CAIRN_HANDLE_BYTES) {
        return -EBADMSG;
    }
    memcpy(ret->handle, value.data, CAIRN_HANDLE_BYTES);
    if (handle_get(subjects->txn, ret->handle, &row) &&
        !handle_open(subjects->store_key, row.sealed, &held)) {
        return -EBADMSG;
    }
    ret->taken = true;
    ret->ours = !other_child(identity, &held);
    ret->restricted = held.restricted;
    return 0;
}

/* The strongest key speaks for the child, and every number that was traced; the next one only when
 * those before it are another child's. */
static bool speaks(const struct listed *listed, size_t i)
{
    bool others = true;
    for (size_t j = 0; j < i; j++) {
        others = others && listed[j].taken && !listed[j].ours;
    }
    return others || listed[i].key.verified;
}

/* Lists the handle under every key that speaks and is free: never instead of another child's. */
static void list_handle(const struct subjects *subjects, const struct listed *listed, size_t n,
                        const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    for (size_t i = 0; i < n; i++) {
        if (speaks(listed, i) && !listed[i].taken) {
            store_put(subjects->txn, AT_CHILD, SLICE_OF(listed[i].key.bytes),
                      slice_make(handle, CAIRN_HANDLE_BYTES));
        }
    }
}

/* Somebody's word that the address is not withheld any more counts for every system's handle. */
static int release(const struct subjects *subjects, const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    _cleanup_(identity_deinit) struct identity held = IDENTITY_NULL;
    uint8_t sealed[HANDLE_SEALED_MAX_BYTES];
    struct handle_row row;
    size_t len = 0;
    if (!handle_get(subjects->txn, handle, &row) ||
        !handle_open(subjects->store_key, row.sealed, &held)) {
        return -EBADMSG;
    }
    held.restricted = false;
    int r = handle_seal(subjects->store_key, &held, sealed, &len);
    if (r == 0) {
        row.sealed = slice_make(sealed, len);
        handle_put(subjects->txn, handle, &row);
    }
    return r;
}

/* The child's handle among those that its keys lead to; what one of them withholds, all do. */
static int choose_handle(const struct subjects *subjects, const struct listed *listed, size_t n,
                         struct identity *told, const uint8_t **ret)
{
    *ret = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!listed[i].ours || !speaks(listed, i)) {
            continue;
        }
        *ret = *ret == NULL ? listed[i].handle : *ret;
        if (listed[i].restricted && told->released) {
            int r = release(subjects, listed[i].handle);
            if (r != 0) {
                return r;
            }
        } else if (listed[i].restricted) {
            identity_restrict(told);
        }
    }
    return 0;
}

int subjects_handle(const struct subjects *subjects, const struct identity *identity,
                    uint8_t ret[CAIRN_HANDLE_BYTES])
{
    struct identity_list_key keys[IDENTITY_TOKENS_MAX];
    struct listed listed[IDENTITY_TOKENS_MAX];
    uint8_t handle[CAIRN_HANDLE_BYTES];
    const uint8_t *chosen = NULL;
    _cleanup_(identity_deinit) struct identity told = *identity;
    size_t n = identity_keys(identity, subjects->store_key, keys);
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        listed[i] = (struct listed){.key = keys[i]};
        r = look_up(subjects, identity, &listed[i]);
    }
    if (r == 0) {
        r = choose_handle(subjects, listed, n, &told, &chosen);
    }
    if (r != 0) {
        return r;
    }
    if (chosen != NULL) {
        memcpy(handle, chosen, sizeof(handle));
    } else if (random_bytes(handle, sizeof(handle)) != 0) {
        return -EIO;
    }
    r = keep_identity(subjects, &told, handle);
    if (r != 0) {
        return r;
    }
    list_handle(subjects, listed, n, handle);
    memcpy(ret, handle, sizeof(handle));
    return 0;
}

bool subjects_identity(struct store_txn *txn, const struct secret *store_key,
                       const uint8_t handle[CAIRN_HANDLE_BYTES], struct identity *ret)
{
    struct handle_row row;
    return handle_get(txn, handle, &row) && handle_open(store_key, row.sealed, ret);
}
