/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/own_keys.h"

#include <errno.h>
#include <string.h>

#include "govern/keys.h"
#include "net/curve.h"

enum own_key {
    OWN_TRANSPORT, /* the broker knows us by it: the others are measured by it */
    OWN_SIGNING,
    OWN_OPENING,
    OWN_KEYS
};

static const char *const files[OWN_KEYS] = {
    [OWN_TRANSPORT] = KEY_TRANSPORT,
    [OWN_SIGNING] = KEY_SIGNING,
    [OWN_OPENING] = KEY_OPENING,
};

static bool is_among(const struct agency_key *keys, size_t n, const uint8_t public_key[32])
{
    for (size_t i = 0; i < n; i++) {
        if (memcmp(keys[i].public_key, public_key, 32) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_key(const struct agency *agency, enum own_key key, const uint8_t public_key[32])
{
    switch (key) {
    case OWN_TRANSPORT:
        return is_among(agency->curve_keys, agency->n_curve_keys, public_key);
    case OWN_SIGNING:
        return is_among(agency->sign_keys, agency->n_sign_keys, public_key);
    case OWN_OPENING:
        return is_among(agency->open_keys, agency->n_open_keys, public_key);
    case OWN_KEYS:
        break;
    }
    return false;
}

static const struct agency *find_owner(const struct directory *directory, enum own_key key,
                                       const uint8_t public_key[32])
{
    for (size_t i = 0; i < directory->n_agencies; i++) {
        if (has_key(&directory->agencies[i], key, public_key)) {
            return &directory->agencies[i];
        }
    }
    return NULL;
}

int own_keys_check(const struct agent *agent, struct error *error)
{
    uint8_t publics[OWN_KEYS][32];
    const struct agency *first = NULL;
    size_t first_key = 0;
    _cleanup_(governance_unref) struct governance *held = govern_keep_current(agent->keep);

    memcpy(publics[OWN_SIGNING], agent->keys.sign_public, sizeof(publics[OWN_SIGNING]));
    int r = curve_public(&agent->keys.curve, publics[OWN_TRANSPORT]);
    r = r < 0 ? r : hpke_public(&agent->keys.opening, publics[OWN_OPENING]);
    if (r < 0) {
        return error_set(error, agent->options->keys, "holds a key that is not usable");
    }
    for (size_t i = 0; i < OWN_KEYS; i++) {
        const struct agency *owner = find_owner(&held->directory, (enum own_key)i, publics[i]);
        if (first != NULL && owner != NULL && owner != first) {
            return error_set(error, agent->options->keys, "%s is of the agency %s, %s of %s",
                             files[i], owner->id, files[first_key], first->id);
        }
        first_key = first == NULL ? i : first_key;
        first = first == NULL ? owner : first;
    }
    return 0;
}
