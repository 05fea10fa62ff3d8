/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handshake (RFC 26), and what follows it:
 *
 *   client                                         broker
 *   greeting                                       greeting
 *   HELLO     transient key, box of zeros
 *                                                  WELCOME   box: its transient key, a cookie
 *   INITIATE  cookie, box: own key, vouch, metadata
 *                                                  READY     box: metadata
 *   MESSAGE   box: a byte of flags, the payload    MESSAGE
 *
 * A command's body begins with its name's length and its name. A nonce is a text of 16 bytes and
 * the eight that are sent, or one of eight and sixteen that are.
 */
#include "attack/speaker.h"

#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAC_BYTES       16 /* in front of what is sealed */
#define COUNT_BYTES     8  /* of a nonce that counts */
#define NONCE_BYTES     24
#define SHORT_FRAME_MAX 255
#define PLAIN_MAX_BYTES (512 * 1024)
#define HEARD_MAX_BYTES (512 * 1024)
#define WELCOME_BYTES   168
#define WELCOME_BOX     (MAC_BYTES + SPEAKER_KEY_BYTES + SPEAKER_COOKIE_BYTES)

static_assert(crypto_box_MACBYTES == MAC_BYTES && crypto_box_NONCEBYTES == NONCE_BYTES &&
                  crypto_box_PUBLICKEYBYTES == SPEAKER_KEY_BYTES &&
                  crypto_box_BEFORENMBYTES == SPEAKER_KEY_BYTES,
              "sizes of CURVE");

/* --- parts --- */

static void counted_nonce(const char *text, uint64_t count, uint8_t ret[NONCE_BYTES])
{
    memcpy(ret, text, NONCE_BYTES - COUNT_BYTES);
    for (size_t i = 0; i < COUNT_BYTES; i++) {
        ret[NONCE_BYTES - 1 - i] = (uint8_t)(count >> (8 * i));
    }
}

static void add_counted(struct buf *out, const uint8_t nonce[NONCE_BYTES])
{
    buf_add(out, nonce + NONCE_BYTES - COUNT_BYTES, COUNT_BYTES);
}

static void add_box(struct buf *out, struct slice plain, const uint8_t nonce[NONCE_BYTES],
                    const uint8_t key[SPEAKER_KEY_BYTES])
{
    uint8_t *at = buf_extend(out, plain.len + MAC_BYTES);
    if (at != NULL) {
        (void)crypto_box_easy_afternm(at, plain.data, plain.len, nonce, key);
    }
}

static void add_property(struct buf *out, const char *name, const char *value)
{
    const uint8_t name_len = (uint8_t)strlen(name);
    const uint8_t value_len[4] = {0, 0, 0, (uint8_t)strlen(value)};
    buf_add(out, &name_len, 1);
    buf_add(out, name, name_len);
    buf_add(out, value_len, sizeof(value_len));
    buf_add(out, value, value_len[3]);
}

/* --- keys --- */

static bool make_transient_key(struct speaker *speaker)
{
    crypto_box_keypair(speaker->transient_public, speaker->transient_secret);
    return crypto_box_beforenm(speaker->hello_key, speaker->broker_key,
                               speaker->transient_secret) == 0;
}

bool speaker_init(struct speaker *speaker, const uint8_t broker_key[SPEAKER_KEY_BYTES],
                  const uint8_t own_secret[SPEAKER_KEY_BYTES])
{
    *speaker = (struct speaker){.fd = -1};
    memcpy(speaker->broker_key, broker_key, SPEAKER_KEY_BYTES);
    memcpy(speaker->own_secret, own_secret, SPEAKER_KEY_BYTES);
    return sodium_init() >= 0 &&
           crypto_scalarmult_base(speaker->own_public, speaker->own_secret) == 0 &&
           make_transient_key(speaker);
}

void speaker_disguise(struct speaker *speaker)
{
    crypto_box_keypair(speaker->own_public, speaker->own_secret);
}

void speaker_begin(struct speaker *speaker, int fd)
{
    speaker->fd = fd;
    speaker->nonce = 0;
}

void speaker_close(struct speaker *speaker)
{
    if (speaker->fd >= 0) {
        (void)close(speaker->fd);
        speaker->fd = -1;
    }
}

/* --- frames --- */

void speaker_greeting(uint8_t ret[SPEAKER_GREETING_BYTES])
{
    static const uint8_t greeting[SPEAKER_GREETING_BYTES] = {0xff, [9] = 0x7f, 3,   1,  'C',
                                                             'U',  'R',        'V', 'E'};
    memcpy(ret, greeting, sizeof(greeting));
}

void speaker_frame(uint8_t flags, struct slice body, struct buf *ret)
{
    uint8_t head[9] = {flags, (uint8_t)body.len};
    size_t len = 2;
    if (body.len > SHORT_FRAME_MAX) {
        head[0] = flags | SPEAKER_LONG;
        for (size_t i = 0; i < 8; i++) {
            head[8 - i] = (uint8_t)((uint64_t)body.len >> (8 * i));
        }
        len = sizeof(head);
    }
    buf_add(ret, head, len);
    buf_add_slice(ret, body);
}

void speaker_hello(struct speaker *speaker, struct buf *ret)
{
    static const uint8_t zeros[72] = {0};
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(256);
    uint8_t nonce[NONCE_BYTES];
    counted_nonce("CurveZMQHELLO---", ++speaker->nonce, nonce);
    buf_add(&body, "\5HELLO\1\0", 8);
    buf_add(&body, zeros, 72);
    buf_add(&body, speaker->transient_public, SPEAKER_KEY_BYTES);
    add_counted(&body, nonce);
    add_box(&body, slice_make(zeros, 64), nonce, speaker->hello_key);
    speaker_frame(SPEAKER_COMMAND, buf_slice(&body), ret);
}

bool speaker_claim(struct speaker *speaker, struct speaker_claim *ret)
{
    uint8_t nonce[NONCE_BYTES] = "VOUCH---";
    uint8_t plain[2 * SPEAKER_KEY_BYTES];
    memcpy(ret->own_public, speaker->own_public, SPEAKER_KEY_BYTES);
    randombytes_buf(ret->vouch, 16);
    memcpy(nonce + 8, ret->vouch, 16);
    memcpy(plain, speaker->transient_public, SPEAKER_KEY_BYTES);
    memcpy(plain + SPEAKER_KEY_BYTES, speaker->broker_key, SPEAKER_KEY_BYTES);
    ret->metadata = BUF_MAX(PLAIN_MAX_BYTES);
    add_property(&ret->metadata, "Socket-Type", "DEALER");
    add_property(&ret->metadata, "Identity", "");
    return crypto_box_easy(ret->vouch + 16, plain, sizeof(plain), nonce, speaker->broker_transient,
                           speaker->own_secret) == 0 &&
           crypto_box_beforenm(speaker->session_key, speaker->broker_transient,
                               speaker->transient_secret) == 0;
}

void speaker_claim_deinit(struct speaker_claim *claim)
{
    buf_deinit(&claim->metadata);
}

void speaker_initiate(struct speaker *speaker, const struct speaker_claim *claim, struct buf *ret)
{
    _cleanup_(buf_deinit) struct buf plain = BUF_MAX(PLAIN_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(2 * PLAIN_MAX_BYTES);
    uint8_t nonce[NONCE_BYTES];
    buf_add(&plain, claim->own_public, SPEAKER_KEY_BYTES);
    buf_add(&plain, claim->vouch, SPEAKER_VOUCH_BYTES);
    buf_add_slice(&plain, buf_slice(&claim->metadata));
    counted_nonce("CurveZMQINITIATE", ++speaker->nonce, nonce);
    buf_add(&body, "\10INITIATE", 9);
    buf_add(&body, speaker->cookie, SPEAKER_COOKIE_BYTES);
    add_counted(&body, nonce);
    add_box(&body, buf_slice(&plain), nonce, speaker->session_key);
    speaker_frame(SPEAKER_COMMAND, buf_slice(&body), ret);
}

void speaker_message(struct speaker *speaker, uint8_t inner, struct slice payload, struct buf *ret)
{
    _cleanup_(buf_deinit) struct buf plain = BUF_MAX(PLAIN_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(2 * PLAIN_MAX_BYTES);
    uint8_t nonce[NONCE_BYTES];
    buf_add(&plain, &inner, 1);
    buf_add_slice(&plain, payload);
    counted_nonce("CurveZMQMESSAGEC", ++speaker->nonce, nonce);
    buf_add(&body, "\7MESSAGE", 8);
    add_counted(&body, nonce);
    add_box(&body, buf_slice(&plain), nonce, speaker->session_key);
    speaker_frame(0, buf_slice(&body), ret);
}

/* --- saying and hearing --- */

bool speaker_say(struct speaker *speaker, struct slice bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = send(speaker->fd, bytes.data + done, bytes.len - done, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

static bool hear_bytes(struct speaker *speaker, void *ret, size_t len)
{
    return len == 0 || recv(speaker->fd, ret, len, MSG_WAITALL) == (ssize_t)len;
}

bool speaker_hear(struct speaker *speaker, struct buf *ret_body)
{
    uint8_t head[9];
    uint64_t len = 0;
    buf_reset(ret_body);
    if (!hear_bytes(speaker, head, 1)) {
        return false;
    }
    size_t size = (head[0] & SPEAKER_LONG) != 0 ? 8 : 1;
    if (!hear_bytes(speaker, head + 1, size)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        len = len << 8 | head[1 + i];
    }
    if (len > HEARD_MAX_BYTES) {
        return false;
    }
    uint8_t *at = buf_extend(ret_body, (size_t)len);
    return at != NULL && hear_bytes(speaker, at, (size_t)len);
}

bool speaker_welcomed(struct speaker *speaker)
{
    uint8_t greeting[SPEAKER_GREETING_BYTES];
    uint8_t nonce[NONCE_BYTES] = "WELCOME-";
    uint8_t plain[SPEAKER_KEY_BYTES + SPEAKER_COOKIE_BYTES];
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(HEARD_MAX_BYTES);
    if (!hear_bytes(speaker, greeting, sizeof(greeting)) || !speaker_hear(speaker, &body) ||
        body.len != WELCOME_BYTES) {
        return false;
    }
    memcpy(nonce + 8, body.data + 8, 16);
    if (crypto_box_open_easy_afternm(plain, body.data + 24, WELCOME_BOX, nonce,
                                     speaker->hello_key) != 0) {
        return false;
    }
    memcpy(speaker->broker_transient, plain, SPEAKER_KEY_BYTES);
    memcpy(speaker->cookie, plain + SPEAKER_KEY_BYTES, SPEAKER_COOKIE_BYTES);
    return true;
}

bool speaker_enter(struct speaker *speaker)
{
    uint8_t greeting[SPEAKER_GREETING_BYTES];
    _cleanup_(speaker_claim_deinit) struct speaker_claim claim = {.metadata = BUF_MAX(0)};
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(PLAIN_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf heard = BUF_MAX(HEARD_MAX_BYTES);
    speaker_greeting(greeting);
    speaker_hello(speaker, &frame);
    if (!speaker_say(speaker, SLICE_OF(greeting)) || !speaker_say(speaker, buf_slice(&frame)) ||
        !speaker_welcomed(speaker) || !speaker_claim(speaker, &claim)) {
        return false;
    }
    buf_reset(&frame);
    speaker_initiate(speaker, &claim, &frame);
    return speaker_say(speaker, buf_slice(&frame)) && speaker_hear(speaker, &heard) &&
           heard.len > 6 && memcmp(heard.data, "\5READY", 6) == 0;
}

bool speaker_open(const struct speaker *speaker, struct slice body, struct buf *ret_payload)
{
    uint8_t nonce[NONCE_BYTES] = "CurveZMQMESSAGES";
    buf_reset(ret_payload);
    if (body.len < 8 + COUNT_BYTES + MAC_BYTES + 1) {
        return false;
    }
    memcpy(nonce + 16, body.data + 8, COUNT_BYTES);
    size_t sealed = body.len - 8 - COUNT_BYTES;
    uint8_t *at = buf_extend(ret_payload, sealed - MAC_BYTES);
    return at != NULL && crypto_box_open_easy_afternm(at, body.data + 8 + COUNT_BYTES, sealed,
                                                      nonce, speaker->session_key) == 0;
}
