/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/own_keys.h"

#include <errno.h>
#include <string.h>

#include "crypto/hpke.h"
#include "net/curve.h"

/* --- reading --- */

static bool is_there(const char *dir, enum key_sort sort, unsigned n)
{
    char name[KEY_NAME_BYTES];
    key_name(key_sort_names[sort], n, name);
    return key_is_there(dir, name);
}

/* Without its signing key a set is an opening key: retired, or half made. */
static int read_set(const char *dir, unsigned n, struct own_keys *keys, struct error *error)
{
    const bool whole = is_there(dir, KEY_SORT_SIGNING, n);
    const unsigned end = whole ? KEY_SORTS : KEY_SORT_OPENING + 1;
    struct secret read[KEY_SORTS] = {SECRET_NULL, SECRET_NULL, SECRET_NULL};
    char name[KEY_NAME_BYTES];
    int r = 0;
    for (unsigned i = KEY_SORT_OPENING; r == 0 && i < end; i++) {
        key_name(key_sort_names[i], n, name);
        r = key_read(dir, name, &read[i], error);
    }
    if (r == 0) {
        r = whole ? own_keys_add(keys, &read[KEY_SORT_SIGNING], &read[KEY_SORT_OPENING],
                                 &read[KEY_SORT_TRANSPORT])
                  : own_keys_add_opening(keys, &read[KEY_SORT_OPENING]);
    }
    if (r == 0) {
        keys->sets[keys->n - 1].number = n; /* some between may be gone */
    }
    for (size_t i = 0; i < KEY_SORTS; i++) {
        secret_deinit(&read[i]);
    }
    return r == -EINVAL ? error_set(error, dir, "holds a key that is not usable") : r;
}

/* NULL: there is none to sign and connect by. */
static const struct own_key_set *first_whole(const struct own_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        if (keys->sets[i].signer != NULL) {
            return &keys->sets[i];
        }
    }
    return NULL;
}

int own_keys_read(const char *dir, struct own_keys *keys, struct error *error)
{
    for (unsigned n = 1; n <= AGENCY_KEYS_MAX; n++) {
        bool any = false;
        for (unsigned sort = KEY_SORT_OPENING; sort < KEY_SORTS; sort++) {
            any = any || is_there(dir, (enum key_sort)sort, n);
        }
        if (!any) {
            continue;
        }
        int r = read_set(dir, n, keys, error);
        if (r != 0) {
            return r;
        }
    }
    if (first_whole(keys) == NULL) {
        _cleanup_(secret_deinit) struct secret none = SECRET_NULL;
        return key_read(dir, KEY_SIGNING, &none, error); /* says what is missing */
    }
    return key_read(dir, KEY_STORE, &keys->store, error);
}

static void set_deinit(struct own_key_set *set)
{
    signer_free(&set->signer);
    secret_deinit(&set->opening);
    secret_deinit(&set->curve);
}

int own_keys_add_opening(struct own_keys *keys, const struct secret *opening)
{
    assert(keys->n < AGENCY_KEYS_MAX);
    struct own_key_set *set = &keys->sets[keys->n];
    *set = (struct own_key_set){
        .number = keys->n == 0 ? 1 : keys->sets[keys->n - 1].number + 1,
        .opening = SECRET_NULL,
        .curve = SECRET_NULL,
    };
    if (hpke_public(opening, set->open_public) != 0) {
        return -EINVAL;
    }
    secret_set(&set->opening, opening->bytes, opening->len);
    set->open_key_id = key_id(SLICE_OF(set->open_public));
    keys->n++;
    return 0;
}

int own_keys_add(struct own_keys *keys, const struct secret *signing, const struct secret *opening,
                 const struct secret *curve)
{
    int r = own_keys_add_opening(keys, opening);
    if (r != 0) {
        return r;
    }
    struct own_key_set *set = &keys->sets[keys->n - 1];
    if (signer_new(signing, &set->signer) != 0 || curve_public(curve, set->curve_public) != 0) {
        set_deinit(set);
        keys->n--;
        return -EINVAL;
    }
    secret_set(&set->curve, curve->bytes, curve->len);
    signer_public(set->signer, set->sign_public);
    set->sign_key_id = key_id(SLICE_OF(set->sign_public));
    return 0;
}

void own_keys_deinit(struct own_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        set_deinit(&keys->sets[i]);
    }
    keys->n = 0;
    secret_deinit(&keys->store);
}

/* --- what a directory says of them --- */

static const struct agency_key *find_key(const struct agency_key *keys, size_t n,
                                         const uint8_t public_key[32])
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(keys[i].public_key, public_key, 32) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

static const struct agency_key *find_signing(const struct own_key_set *set,
                                             const struct directory *directory,
                                             const struct agency **ret_agency)
{
    for (size_t i = 0; set->signer != NULL && i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        const struct agency_key *key =
            find_key(agency->sign_keys, agency->n_sign_keys, set->sign_public);
        if (key != NULL) {
            *ret_agency = agency;
            return key;
        }
    }
    return NULL;
}

const struct agency *own_keys_agency(const struct own_keys *keys, const struct directory *directory)
{
    const struct agency *agency = NULL;
    for (size_t i = keys->n; i > 0 && agency == NULL; i--) {
        (void)find_signing(&keys->sets[i - 1], directory, &agency);
    }
    return agency;
}

const struct own_key_set *own_keys_in_use(const struct own_keys *keys,
                                          const struct directory *directory)
{
    const struct own_key_set *listed = NULL;
    const struct agency *agency;
    for (size_t i = keys->n; i > 0; i--) {
        const struct agency_key *key = find_signing(&keys->sets[i - 1], directory, &agency);
        if (key != NULL && key->status == KEY_ACTIVE) {
            return &keys->sets[i - 1];
        }
        listed = listed == NULL && key != NULL ? &keys->sets[i - 1] : listed;
    }
    listed = listed != NULL ? listed : first_whole(keys);
    assert(listed != NULL); /* own_keys_read refuses a folder without one */
    return listed;
}

bool own_keys_may_connect(const struct own_key_set *set, const struct directory *directory)
{
    if (set->signer == NULL) {
        return false;
    }
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        const struct agency_key *key =
            find_key(agency->curve_keys, agency->n_curve_keys, set->curve_public);
        if (key != NULL) {
            return key->status == KEY_ACTIVE;
        }
    }
    return true;
}

const struct secret *own_keys_opening(const struct own_keys *keys, uint32_t id)
{
    for (size_t i = keys->n; i > 0; i--) {
        if (keys->sets[i - 1].open_key_id == id) {
            return &keys->sets[i - 1].opening;
        }
    }
    return NULL;
}

/* --- whether they are one agency's, and all there --- */

/* NULL: not listed, or not held. */
static const struct agency_key *listed(const struct agency *agency, enum key_sort sort,
                                       const struct own_key_set *set)
{
    if (set->signer == NULL && sort != KEY_SORT_OPENING) {
        return NULL;
    }
    switch (sort) {
    case KEY_SORT_OPENING:
        return find_key(agency->open_keys, agency->n_open_keys, set->open_public);
    case KEY_SORT_TRANSPORT:
        return find_key(agency->curve_keys, agency->n_curve_keys, set->curve_public);
    case KEY_SORT_SIGNING:
        return find_key(agency->sign_keys, agency->n_sign_keys, set->sign_public);
    case KEY_SORTS:
        break;
    }
    return NULL;
}

static const struct agency *find_owner(const struct directory *directory, enum key_sort sort,
                                       const struct own_key_set *set)
{
    for (size_t i = 0; i < directory->n_agencies; i++) {
        if (listed(&directory->agencies[i], sort, set) != NULL) {
            return &directory->agencies[i];
        }
    }
    return NULL;
}

/* The nth of all keys. The transport key first: the broker knows us by it, and the others are
 * measured by it. */
static enum key_sort nth_sort(size_t nth)
{
    return (enum key_sort)((KEY_SORT_TRANSPORT + nth) % KEY_SORTS);
}

static void nth_name(const struct own_keys *keys, size_t nth, char ret[KEY_NAME_BYTES])
{
    key_name(key_sort_names[nth_sort(nth)], keys->sets[nth / KEY_SORTS].number, ret);
}

int own_keys_check(const struct own_keys *keys, const char *dir, const struct directory *directory,
                   struct error *error)
{
    const struct agency *first = NULL;
    size_t first_key = 0;
    for (size_t i = 0; i < keys->n * KEY_SORTS; i++) {
        const struct agency *owner = find_owner(directory, nth_sort(i), &keys->sets[i / KEY_SORTS]);
        if (first != NULL && owner != NULL && owner != first) {
            char other[KEY_NAME_BYTES];
            char of_first[KEY_NAME_BYTES];
            nth_name(keys, i, other);
            nth_name(keys, first_key, of_first);
            return error_set(error, dir, "%s is of the agency %s, %s of %s", other, owner->id,
                             of_first, first->id);
        }
        first_key = first == NULL ? i : first_key;
        first = first == NULL ? owner : first;
    }
    return 0;
}

bool own_keys_missing(const struct own_keys *keys, const struct directory *directory,
                      char ret[KEY_NAME_BYTES])
{
    for (size_t i = keys->n; i > 0; i--) {
        const struct own_key_set *set = &keys->sets[i - 1];
        const struct agency *owner = find_owner(directory, KEY_SORT_OPENING, set);
        if (set->signer == NULL && owner != NULL &&
            listed(owner, KEY_SORT_OPENING, set)->status == KEY_ACTIVE) {
            key_name(KEY_SIGNING, set->number, ret);
            return true;
        }
    }
    return false;
}
