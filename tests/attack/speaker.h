/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker: a peer that speaks ZMTP 3.1 and CURVE (RFC 23, RFC 26) by itself over a plain socket, so
 * that it can say what libzmq never would. What a peer says is made into a buffer here, sound, and
 * may be changed before it is sent. Nothing asserts: false says that the broker did not go on.
 */
#ifndef ATTACK_SPEAKER_H
#define ATTACK_SPEAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define SPEAKER_KEY_BYTES      32
#define SPEAKER_GREETING_BYTES 64
#define SPEAKER_COOKIE_BYTES   96
#define SPEAKER_VOUCH_BYTES    96 /* its nonce's half, and its box */

/* What a frame's first byte says, and the first byte inside a message's box. */
#define SPEAKER_MORE    0x01
#define SPEAKER_LONG    0x02 /* outside: eight bytes of length */
#define SPEAKER_COMMAND 0x04 /* outside */
#define SPEAKER_INNER   0x02 /* inside: a command */

struct speaker {
    uint8_t broker_key[SPEAKER_KEY_BYTES];
    uint8_t own_public[SPEAKER_KEY_BYTES];
    uint8_t own_secret[SPEAKER_KEY_BYTES];
    uint8_t transient_public[SPEAKER_KEY_BYTES]; /* of the handshake */
    uint8_t transient_secret[SPEAKER_KEY_BYTES];
    uint8_t hello_key[SPEAKER_KEY_BYTES];
    uint8_t broker_transient[SPEAKER_KEY_BYTES]; /* of this connection */
    uint8_t cookie[SPEAKER_COOKIE_BYTES];
    uint8_t session_key[SPEAKER_KEY_BYTES];
    uint64_t nonce; /* of what was said last */
    int fd;         /* of this connection, or -1 */
};

/* What INITIATE has in its box. */
struct speaker_claim {
    uint8_t own_public[SPEAKER_KEY_BYTES];
    uint8_t vouch[SPEAKER_VOUCH_BYTES];
    struct buf metadata;
};
void speaker_claim_deinit(struct speaker_claim *claim);

/* False when the keys cannot be used. One handshake's keys serve for all its connections. */
bool speaker_init(struct speaker *speaker, const uint8_t broker_key[SPEAKER_KEY_BYTES],
                  const uint8_t own_secret[SPEAKER_KEY_BYTES]);
/* Another key of one's own, which nobody knows. */
void speaker_disguise(struct speaker *speaker);
/* Of a connection that was made; the speaker's from now on. */
void speaker_begin(struct speaker *speaker, int fd);
void speaker_close(struct speaker *speaker);

/* --- frames that it would say next --- */

void speaker_greeting(uint8_t ret[SPEAKER_GREETING_BYTES]);
/* A frame with this first byte, but for its length's size. */
void speaker_frame(uint8_t flags, struct slice body, struct buf *ret);
void speaker_hello(struct speaker *speaker, struct buf *ret);
/* After WELCOME: what is claimed, and then its frame. False when the broker's key is none. */
bool speaker_claim(struct speaker *speaker, struct speaker_claim *ret);
void speaker_initiate(struct speaker *speaker, const struct speaker_claim *claim, struct buf *ret);
void speaker_message(struct speaker *speaker, uint8_t inner, struct slice payload, struct buf *ret);

/* --- saying and hearing --- */

/* All of it, waiting as the socket does. */
bool speaker_say(struct speaker *speaker, struct slice bytes);
/* The broker's greeting and its WELCOME. */
bool speaker_welcomed(struct speaker *speaker);
/* The next frame, whatever it is; false when none came in the socket's time. */
bool speaker_hear(struct speaker *speaker, struct buf *ret_body);
/* All of a handshake up to READY. */
bool speaker_enter(struct speaker *speaker);
/* Whether a message of the broker's opens; its payload. */
bool speaker_open(const struct speaker *speaker, struct slice body, struct buf *ret_payload);

#endif
