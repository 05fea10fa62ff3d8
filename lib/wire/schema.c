/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that are read from bytes: the roots from which every other message is reached. */
#include "delivery.pb-c.h"
#include "entries.pb-c.h"
#include "governance.pb-c.h"
#include "parcel.pb-c.h"
#include "picture.pb-c.h"
#include "proof.pb-c.h"
#include "session.pb-c.h"
#include "wire/strict.h"
#include "wire/wire.h"

static const ProtobufCMessageDescriptor *const roots[] = {
    &cairn__v1__hello__descriptor,
    &cairn__v1__hello_reply__descriptor,
    &cairn__v1__ping__descriptor,
    &cairn__v1__pong__descriptor,
    &cairn__v1__error__descriptor,
    &cairn__v1__parcel__descriptor,
    &cairn__v1__parcel_head__descriptor,
    &cairn__v1__receipt__descriptor,
    &cairn__v1__record_header__descriptor,
    &cairn__v1__grant_header__descriptor,
    &cairn__v1__subject_header__descriptor,
    &cairn__v1__tie_header__descriptor,
    &cairn__v1__involvement_header__descriptor,
    &cairn__v1__acknowledgement_header__descriptor,
    &cairn__v1__decision_header__descriptor,
    &cairn__v1__request_header__descriptor,
    &cairn__v1__fetch__descriptor,
    &cairn__v1__delivery__descriptor,
    &cairn__v1__delivered__descriptor,
    &cairn__v1__release__descriptor,
    &cairn__v1__notice__descriptor,
    &cairn__v1__governance_fetch__descriptor,
    &cairn__v1__governance_document__descriptor,
    &cairn__v1__proof_request__descriptor,
    &cairn__v1__proof_reply__descriptor,
    &cairn__v1__state_request__descriptor,
    &cairn__v1__state_reply__descriptor,
    &cairn__v1__picture_request__descriptor,
    &cairn__v1__picture_reply__descriptor,
};

bool wire_schema_ok(void)
{
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        if (!strict_schema_ok(roots[i])) {
            return false;
        }
    }
    return true;
}
