/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request: an agency asks to be taken into the directory. A JSON file with the public halves of its
 * keys, signed by its own signing key: proof that who asks holds that key, and that nothing was
 * changed on the way. It does not prove who they are: the partnership reads the key's short id back
 * to them over a known telephone number.
 *
 * An agency that is a member renews its keys by another such file, which its signing key until now
 * signs as well, under SIGN_RENEWAL: so nobody else can put keys of theirs beside an agency's.
 *
 * Signed under SIGN_REQUEST_FILE: origin, id, kind, name, duty contact, duty phone, each u32 length
 * || text, then the signing, opening and CURVE key, 32 bytes each.
 */
#ifndef GOVERN_REQUEST_H
#define GOVERN_REQUEST_H

#include "govern/govern.h"

#define REQUEST_MAX_BYTES 8192 /* five lines of text and three keys */

struct agency_request {
    char origin[NOTE_NAME_MAX_BYTES]; /* of the partnership that is asked */
    char id[CAIRN_AGENCY_ID_MAX_BYTES];
    char kind[KIND_ID_MAX_BYTES];
    char name[CAIRN_NAME_MAX_BYTES];
    char duty_contact[CAIRN_NAME_MAX_BYTES];
    char duty_phone[CAIRN_PHONE_MAX_BYTES];
    uint8_t sign_key[SIGN_PUBLIC_BYTES];
    uint8_t open_key[HPKE_PUBLIC_BYTES];
    uint8_t curve_key[32];
    bool renews; /* the keys of a member, whose signing key this is */
    uint8_t earlier_key[SIGN_PUBLIC_BYTES];
    uint8_t earlier_signature[SIGN_SIGNATURE_BYTES];
};

/* It becomes a renewal, signed by the key that is in use. */
int agency_request_renew(struct agency_request *request, const struct signer *earlier) MUST_USE;

/* Appends the file. `signer` holds the private half of sign_key (asserted). */
int agency_request_write(const struct agency_request *request, const struct signer *signer,
                         struct buf *out) MUST_USE;
/* 0, or -EINVAL when it is not in order, or -EBADMSG when a signature does not hold. */
int agency_request_read(struct slice text, struct agency_request *ret,
                        struct error *error) MUST_USE;

#endif
