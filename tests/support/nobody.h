/* SPDX-License-Identifier: Apache-2.0 */
/* nobody: an identity that says nothing at all about who it is. */
#ifndef SUPPORT_NOBODY_H
#define SUPPORT_NOBODY_H

#include "agents/core/identity.h"

static inline bool is_nobody(const struct identity *identity)
{
    return identity->given[0] == '\0' && identity->family[0] == '\0' && !identity->has_birth &&
           identity->nhs_number.value[0] == '\0' && identity->upn.value[0] == '\0' &&
           identity->local_id[0] == '\0';
}

#endif
