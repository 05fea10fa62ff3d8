/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity: who a child is, as one source says it; what the sealed card holds and what tokens are
 * made from. Personal data: owned by whoever declared it, wiped by identity_deinit, never logged.
 *
 * Values that go into a token are normalised here and nowhere else; two agencies must come to the
 * same bytes, so a change is a new epoch of the linkage key.
 *
 *   NHS_NUMBER           ten digits
 *   UPN                  13 characters, capitals
 *   LOCAL_ID             "AGENCY NUMBER:local id", so that it only ever meets this agency's own
 *   NAME_BIRTH_POSTCODE  "given|family|YYYY-MM-DD|POSTCODE": names by text_fold, postcode in
 *                        capitals without spaces
 *
 *   NAME_BIRTH           "given|family|YYYY-MM-DD"
 *   FAMILY_BIRTH_POSTCODE  "family|YYYY-MM-DD|POSTCODE"
 *
 * Of an adult NHS_NUMBER, LOCAL_ID and NAME_BIRTH_POSTCODE alone, each in its PERSON class, from
 * the same values.
 *
 * Those made of a name exist only when all of their parts are there and mean something: no "Baby",
 * "Twin 1" or "Unknown" (a newborn is often registered so, and twins share the rest), no initial,
 * no postcode for people without an address (ZZ99). The last one is made for whoever has a given
 * name or an initial of one; it links nobody, and neither does NAME_BIRTH: they show a person two
 * children who might be one (broker/candidates.h says when).
 */
#ifndef AGENTS_IDENTITY_H
#define AGENTS_IDENTITY_H

#include "agents/core/identifiers.h"
#include "cairn/ids.h"
#include "cairn/limits.h"
#include "crypto/secret.h"

#define IDENTITY_ADDRESS_BYTES  400 /* five lines and a county, and NUL */
#define IDENTITY_POSTCODE_BYTES 17  /* "SW1A 1AA" with room for what people type, and NUL */
#define IDENTITY_LOCAL_ID_BYTES 193 /* a system's address, "|", an id of at most 64, and NUL */

struct identity {
    bool person; /* an adult, who is known through ties alone; false: a child */
    char given[CAIRN_NAME_MAX_BYTES]; /* first given name only: schools hold no more */
    char family[CAIRN_NAME_MAX_BYTES];
    bool has_birth;
    int32_t birth_day;
    char postcode[IDENTITY_POSTCODE_BYTES]; /* as given */
    char address[IDENTITY_ADDRESS_BYTES];   /* lines joined by ", " */
    bool restricted;         /* the source withholds where the child lives (refuge, adoption) */
    uint32_t home_authority; /* the local authority's DfE number; 0: not said */
    bool released;           /* somebody says expressly that it is not withheld any more */
    struct identifier nhs_number;
    struct identifier upn;
    /* The agency's own number for the child: "system|number" when its source names the system,
     * since two systems of one agency may use the same numbers. */
    char local_id[IDENTITY_LOCAL_ID_BYTES];
};

#define IDENTITY_NULL ((struct identity){.nhs_number = IDENTIFIER_NULL, .upn = IDENTIFIER_NULL})
void identity_deinit(struct identity *identity); /* wipes; leaves IDENTITY_NULL */
/* Marks the address as withheld and forgets address and postcode: what is not there reaches nobody
 * who causes harm. */
void identity_restrict(struct identity *identity);

struct identity_token {
    enum token_class class;
    enum identifier_status status;
    uint8_t token[CAIRN_HASH_BYTES];
};
#define IDENTITY_TOKENS_MAX 6 /* one per class */
static_assert(IDENTITY_TOKENS_MAX <= CAIRN_TOKENS_MAX, "one subject statement takes them all");

/* The tokens of an identity, rising by class; returns how many. Only NHS number and UPN can be
 * VERIFIED. A bad check digit makes a token that says so; placeholders make none. */
size_t identity_tokens(const struct identity *identity, uint32_t agency,
                       const struct secret *linkage_key,
                       struct identity_token ret[IDENTITY_TOKENS_MAX]);

/*
 * "Is this the same child as before, at this agency?": HMAC-SHA-256(store key,
 * "cairn-identity/v1\n" || class u8 || value) over local id, NHS number, UPN, and name with birth
 * date and postcode, the strongest first: as many as there are. None: then nobody can say, and the
 * child gets a new handle rather than another child's.
 */
struct identity_list_key {
    enum token_class class;
    bool verified; /* a number that was traced: it names one child, whatever else is said */
    uint8_t bytes[CAIRN_HASH_BYTES];
};
size_t identity_keys(const struct identity *identity, const struct secret *store_key,
                     struct identity_list_key ret[IDENTITY_TOKENS_MAX]);

#endif
