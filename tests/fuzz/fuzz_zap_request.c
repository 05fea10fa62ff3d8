/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libzmq asks of our thread for each handshake (RFC 27), through the same address: whatever
 * comes has one answer, and nobody connects without a CURVE key of our domain that is known. Each
 * part of the request is a byte for its length, and that many bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "base/slice.h"
#include "net/context.h"
#include "net/net.h"
#include "net/zap.h"
#include "tests/fuzz/fuzz.h"

#define PARTS_MAX         9 /* two more than there are */
#define ANSWER_LAST       5
#define ANSWER_PART_BYTES 512

static const uint8_t known_key[CURVE_KEY_BYTES] = "a key that is known, 32 bytes...";
static struct zap *zap;
static void *asker;

static bool admit(void *data, const uint8_t key[CURVE_KEY_BYTES], uint32_t *ret_agency)
{
    (void)data;
    *ret_agency = 7;
    return memcmp(key, known_key, CURVE_KEY_BYTES) == 0;
}

/* The thread ends before the process does: nothing is left behind. */
static void stop(void)
{
    (void)zmq_close(asker);
    zap_stop(&zap);
    net_deinit();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    const struct zap_options options = {.admit = admit};
    struct error error = ERROR_NULL;

    if (net_init(&error) != 0 || zap_start(&options, &zap, &error) != 0) {
        return 1;
    }
    zap_end_proof(zap);
    asker = zmq_socket(net_context(), ZMQ_REQ);
    return asker == NULL || zmq_connect(asker, "inproc://zeromq.zap.01") != 0 || atexit(stop) != 0;
}

/* Returns whether the request is one that may be answered with 200. */
static bool send_request(struct slice bytes)
{
    static const char *const good[] = {"1.0", NULL, ZAP_DOMAIN_NAME, NULL, NULL, "CURVE", NULL};
    struct reader reader = reader_over(bytes);
    bool fits = true;
    size_t n = 0;

    for (bool more = true; more; n++) {
        struct slice part = read_bytes(&reader, read_u8(&reader));
        more = reader_ok(&reader) && reader.left > 0 && n + 1 < PARTS_MAX;
        if (n < ARRAY_LEN(good) && good[n] != NULL) {
            fits = fits && slice_equal(part, slice_of_text(good[n]));
        }
        if (n + 1 == ARRAY_LEN(good)) {
            fits = fits && slice_equal(part, SLICE_OF(known_key));
        }
        int sent = zmq_send(asker, part.data, part.len, more ? ZMQ_SNDMORE : 0);
        assert(sent >= 0);
    }
    return fits && n >= ARRAY_LEN(good);
}

/* libFuzzer's clock interrupts this thread. */
static int receive(char part[ANSWER_PART_BYTES])
{
    int n;

    do {
        n = zmq_recv(asker, part, ANSWER_PART_BYTES, 0);
    } while (n < 0 && errno == EINTR);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool fits = send_request(slice_make(data, size));
    char status[4] = "";
    int more = 1;

    for (size_t i = 0; more != 0; i++) {
        char part[ANSWER_PART_BYTES];
        size_t len = sizeof(more);
        int n = receive(part);
        int r = zmq_getsockopt(asker, ZMQ_RCVMORE, &more, &len);
        assert(n >= 0 && r == 0 && i <= ANSWER_LAST);
        if (i == 2) {
            assert(n == 3);
            memcpy(status, part, 3);
        }
    }
    assert(strcmp(status, fits ? "200" : "400") == 0);
    return 0;
}
