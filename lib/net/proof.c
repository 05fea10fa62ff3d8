/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In order: a NULL and a PLAIN client, written by hand so that the refusal shows: the server must
 * end the connection and have said nothing after its greeting; a stranger with a well-formed key,
 * whose refusal shows in ZAP's count; a friend, whose frames must arrive. The stranger has sent
 * before it was judged, and the friend comes last: whatever arrives before the friend, or without
 * its number, is a door left open. Nothing is concluded from a pause. Patience only
 * ends a proof that fails; it is counted in looks at the socket, not by a clock, so that a machine
 * that is loaded or was stopped for a while does not fail it.
 */
#include "net/proof.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <zmq.h>

#include "base/text.h"
#include "net/context.h"
#include "net/socket.h"

#define PROOF_NAME_BYTES  8
#define PROOF_FRAMES      2 /* one received after a poll, one straight after the other */
#define GREETING_BYTES    64
#define CLIENT_BYTES      256
#define ZMTP_FLAG_COMMAND 0x04
#define ABSTRACT_PREFIX   "ipc://@"

enum heard {
    HEARD_NOTHING_YET,
    HEARD_END,
    HEARD_ANSWER
};

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static int fail(struct error *error, const char *who, const char *what)
{
    (void)error_set(error, "transport self-test", "%s %s", who, what);
    return -EPROTO;
}

/* Takes what has arrived: the friend's frames are counted, anything else means that `who` got
 * through. */
static int look(struct proof *proof, struct router *router, const char *who, struct error *error)
{
    int r = router_wait(router, true, PROOF_LOOK_MS);

    proof->looks -= proof->looks > 0 ? 1 : 0;
    if (r != 0) {
        return r;
    }
    for (;;) {
        _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
        struct peer peer;
        enum router_got got = router_receive(router, &peer, &frame);

        if (got == ROUTER_NOTHING) {
            return 0;
        }
        if (got == ROUTER_BAD || peer.agency != ZAP_PROOF_AGENCY) {
            return fail(error, who, "got a frame through");
        }
        proof->arrived++;
    }
}

static void write_command(struct writer *out, const char *name, struct slice content)
{
    size_t len = 1 + strlen(name) + content.len;

    assert(len <= UINT8_MAX);
    write_u8(out, ZMTP_FLAG_COMMAND);
    write_u8(out, (uint8_t)len);
    write_u8(out, (uint8_t)strlen(name));
    write_text(out, name);
    write_slice(out, content);
}

/* Greeting and first command of such a client (RFC 23, RFC 24), without waiting for the server's
 * greeting. */
static struct slice first_words(const char *mechanism, void *storage, size_t bytes)
{
    static const uint8_t signature[] = {0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0};
    static const char metadata[] = "\x0bSocket-Type\0\0\0\x06"
                                   "DEALER";
    static const char account[] = "\x01u\x01p";
    const uint8_t zeros[GREETING_BYTES] = {0};
    struct writer out = writer_over(storage, bytes);

    write_bytes(&out, signature, sizeof(signature));
    write_text(&out, mechanism);
    /* To the end of the name, then: not a server, and filler. */
    write_bytes(&out, zeros, GREETING_BYTES - sizeof(signature) - strlen(mechanism));
    if (strcmp(mechanism, "PLAIN") == 0) {
        write_command(&out, "HELLO", slice_make(account, sizeof(account) - 1));
    } else {
        write_command(&out, "READY", slice_make(metadata, sizeof(metadata) - 1));
    }
    return writer_slice(&out);
}

static int dial(const struct proof *proof)
{
    const char *name = proof->endpoint + strlen(ABSTRACT_PREFIX);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -errno;
    }
    /* The first byte of an abstract name is NUL. */
    memcpy(address.sun_path + 1, name, strlen(name));
    if (connect(fd, (const struct sockaddr *)&address, len) != 0) {
        int r = -errno;

        (void)close(fd);
        return r;
    }
    return fd;
}

/* Reads and forgets what the server says: a CURVE server has only its greeting for such a client.
 */
static enum heard hear(int fd, size_t *heard_bytes)
{
    uint8_t ignored[CLIENT_BYTES];
    ssize_t n;

    do {
        n = recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT);
        *heard_bytes += n > 0 ? (size_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (*heard_bytes > GREETING_BYTES) {
        return HEARD_ANSWER;
    }
    return n < 0 && errno == EAGAIN ? HEARD_NOTHING_YET : HEARD_END;
}

static int prove_refused(struct proof *proof, struct router *router, const char *mechanism,
                         struct error *error)
{
    uint8_t storage[CLIENT_BYTES];
    struct slice words = first_words(mechanism, storage, sizeof(storage));
    enum heard heard = HEARD_NOTHING_YET;
    size_t heard_bytes = 0;
    _cleanup_(close_fd) int fd = dial(proof);

    if (fd < 0 || send(fd, words.data, words.len, MSG_NOSIGNAL) != (ssize_t)words.len) {
        return fail(error, mechanism, "client cannot connect");
    }
    while ((heard = hear(fd, &heard_bytes)) == HEARD_NOTHING_YET) {
        int r = look(proof, router, mechanism, error);

        if (r != 0) {
            return r;
        }
        if (proof->looks == 0) {
            return fail(error, mechanism, "client was not refused in time");
        }
    }
    return heard == HEARD_END ? 0 : fail(error, mechanism, "client was let in");
}

/* A CURVE client that, unlike our agents, queues messages before it is let in. */
static int open_client(const struct proof *proof, const struct secret *secret, const uint8_t *key,
                       void **ret, struct error *error)
{
    _cleanup_(socket_close) void *client = NULL;
    int r = socket_open(ZMQ_DEALER, proof->endpoint, &client, error);

    if (r == 0) {
        r = socket_set_key(client, ZMQ_CURVE_SERVERKEY, proof->server_key, error);
    }
    if (r == 0) {
        r = socket_set_key(client, ZMQ_CURVE_PUBLICKEY, key, error);
    }
    if (r == 0) {
        r = socket_set_key(client, ZMQ_CURVE_SECRETKEY, secret->bytes, error);
    }
    if (r == 0 && zmq_connect(client, proof->endpoint) != 0) {
        r = fail(error, "a CURVE client", "cannot connect");
    }
    for (int i = 0; i < PROOF_FRAMES && r == 0; i++) {
        if (zmq_send(client, "x", 1, ZMQ_DONTWAIT) != 1) {
            r = fail(error, "a CURVE client", "cannot send");
        }
    }
    if (r == 0) {
        *ret = client;
        client = NULL;
    }
    return r;
}

static int prove_stranger(struct proof *proof, struct router *router, struct zap *zap,
                          struct error *error)
{
    _cleanup_(socket_close) void *stranger = NULL;
    int r = open_client(proof, &proof->stranger_secret, proof->stranger_key, &stranger, error);

    while (r == 0 && (zap == NULL || zap_refusals(zap) == 0)) {
        r = look(proof, router, "a client with an unknown key", error);
        if (r == 0 && proof->looks == 0) {
            r = fail(error, "a client with an unknown key", "was not refused in time");
        }
    }
    return r;
}

static int prove_friend(struct proof *proof, struct router *router, struct error *error)
{
    _cleanup_(socket_close) void *friend = NULL;
    int r = open_client(proof, &proof->friend_secret, proof->friend_key, &friend, error);

    while (r == 0 && proof->arrived < PROOF_FRAMES) {
        r = look(proof, router, "a client that was refused", error);
        if (r == 0 && proof->looks == 0) {
            r = fail(error, "a client with a known key", "was not heard in time");
        }
    }
    return r;
}

/* ROUTER_MANDATORY cannot be read back. */
static int prove_mandatory(struct router *router, struct error *error)
{
    const struct peer nobody = {.route_len = 5, .route = {0, 'n', 'o', 'n', 'e'}};
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;

    net_frame_copy(&frame, slice_of_text("x"));
    if (router_send(router, &nobody, &frame) != -EHOSTUNREACH) {
        return fail(error, "a frame for nobody", "was dropped in silence");
    }
    return 0;
}

int proof_init(struct proof *proof, const struct secret *server_secret, unsigned looks)
{
    uint8_t name[PROOF_NAME_BYTES] = {0};
    char text[HEX_BYTES(PROOF_NAME_BYTES)];

    *proof = (struct proof){.looks = looks};
    int r = random_bytes(name, sizeof(name));

    if (r == 0) {
        r = curve_public(server_secret, proof->server_key);
    }
    if (r == 0) {
        r = curve_keypair(&proof->friend_secret, proof->friend_key);
    }
    if (r == 0) {
        r = curve_keypair(&proof->stranger_secret, proof->stranger_key);
    }
    hex_encode(SLICE_OF(name), text);
    (void)snprintf(proof->endpoint, sizeof(proof->endpoint), ABSTRACT_PREFIX "cairn-proof-%s",
                   text);
    return r;
}

void proof_deinit(struct proof *proof)
{
    secret_deinit(&proof->friend_secret);
    secret_deinit(&proof->stranger_secret);
}

int proof_run(struct proof *proof, struct router *router, struct zap *zap, struct error *error)
{
    int r = prove_refused(proof, router, "NULL", error);

    if (r == 0) {
        r = prove_refused(proof, router, "PLAIN", error);
    }
    if (r == 0) {
        r = prove_stranger(proof, router, zap, error);
    }
    if (r == 0) {
        r = prove_friend(proof, router, error);
    }
    return r != 0 ? r : prove_mandatory(router, error);
}
