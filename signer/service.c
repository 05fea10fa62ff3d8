/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/service.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crash_point.h"
#include "base/log.h"
#include "govern/govern.h"
#include "govern/keys.h"
#include "os/sandbox.h"

/* --- open and close --- */

static void time_is_up(int number)
{
    (void)number; /* it is there to interrupt */
}

/* The signer of a broker that was killed has seen that its socket closed and is about to end. */
static int wait_for_file(const struct service *service, const char *path, struct error *error)
{
    const struct sigaction interrupt = {.sa_handler = time_is_up}; /* without SA_RESTART */
    if (flock(service->file.fd, LOCK_EX | LOCK_NB) == 0) {
        return 0;
    }
    log_event(LOG_LEVEL_NOTICE, "waits_for_signer", "file=\"%s\"", path);
    (void)sigaction(SIGALRM, &interrupt, NULL);
    (void)alarm(SERVICE_WAIT_S);
    int r = flock(service->file.fd, LOCK_EX) == 0 ? 0 : -errno;
    (void)alarm(0);
    return r == 0 ? 0 : error_set(error, path, "another signer is running with it");
}

int service_open_with(const struct secret *seed, const char *origin, const char *path,
                      struct service *ret, struct error *error)
{
    struct service service = SERVICE_NULL;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    int r = highwater_open(path, clock_system(), &service.file, &service.last, error);
    if (r == 0) {
        r = wait_for_file(&service, path, error);
    }
    if (r == 0) {
        r = highwater_read(&service.file, &service.last);
    }
    if (r == 0) {
        r = signer_new(seed, &service.key);
    }
    if (r != 0) {
        service_close(&service);
        return r;
    }
    service.file.flush_every_ms = 0;
    signer_public(service.key, public_key);
    if (!note_key_init(&service.note_key, origin, NOTE_TYPE_ED25519, public_key)) {
        service_close(&service);
        return error_set(error, "root", "the origin is no name for a log");
    }
    *ret = service;
    return 0;
}

int service_open(const struct service_options *options, struct service *ret, struct error *error)
{
    _cleanup_(governance_unref) struct governance *governance = NULL;
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    int r = governance_load(options->governance, &governance, error);
    if (r == 0) {
        r = key_read(options->keys, KEY_CHECKPOINT, &seed, error);
    }
    return r == 0
               ? service_open_with(&seed, governance->root.origin, options->signed_head, ret, error)
               : r;
}

void service_close(struct service *service)
{
    signer_free(&service->key);
    highwater_close(&service->file);
    *service = SERVICE_NULL;
}

/* --- answer --- */

static bool is_empty_tree(const struct hash *root)
{
    struct hash empty;
    tree_empty_root(&empty);
    return hash_equal(root, &empty);
}

/* True when `ret` is the reason why this head is not signed. */
static bool refuses(const struct service *service, const struct signer_ask *ask,
                    enum signer_refusal *ret)
{
    const struct checkpoint *last = &service->last;
    if (ask->head.size < last->size) {
        *ret = SIGNER_REFUSAL_SMALLER;
        return true;
    }
    if (ask->head.size == last->size) {
        *ret = SIGNER_REFUSAL_OTHER_ROOT;
        return last->size > 0 ? !hash_equal(&ask->head.root, &last->root)
                              : !is_empty_tree(&ask->head.root);
    }
    const struct tree_consistency claim = {.old_size = last->size,
                                           .new_size = ask->head.size,
                                           .old_root = &last->root,
                                           .new_root = &ask->head.root};
    *ret = SIGNER_REFUSAL_INCONSISTENT;
    return last->size > 0 && !tree_check_consistency(&claim, &ask->proof);
}

/* Remembered first: a signature that is out must never be forgotten. */
static void sign(struct service *service, const struct checkpoint *head, struct buf *note)
{
    CRASH_POINT(SIGNER_ASKED);
    bool known = head->size == service->last.size && head->size > 0;
    int r = known ? 0 : highwater_write(&service->file, head);
    if (r != 0) {
        log_fatal("signer_mark_failed", "size=%" PRIu64 " error=\"%s\"", head->size, strerror(-r));
    }
    CRASH_POINT(SIGNER_REMEMBERED);
    service->last = *head;
    r = checkpoint_sign(head, &service->note_key, service->key, note);
    if (r != 0 || !buf_ok(note)) {
        log_fatal("sign_failed", "size=%" PRIu64, head->size);
    }
    CRASH_POINT(SIGNER_SIGNED);
}

static struct slice refuse(const struct service *service, uint64_t size,
                           enum signer_refusal refusal, struct writer *writer)
{
    const struct signer_answer answer = {.kind = SIGNER_REFUSED, .refusal = refusal};
    log_peer_event(LOG_LEVEL_ERROR, "head_refused",
                   "size=%" PRIu64 " signed=%" PRIu64 " reason=\"%s\"", size, service->last.size,
                   signer_refusal_text(refusal));
    signer_answer_write(&answer, writer);
    return writer_slice(writer);
}

struct slice service_answer(struct service *service, struct slice bytes, uint8_t *out)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(SIGNER_ANSWER_MAX_BYTES - 1);
    struct writer writer = writer_over(out, SIGNER_ANSWER_MAX_BYTES);
    struct signer_answer answer = {.kind = SIGNER_HELLO, .head = service->last};
    struct signer_ask ask;
    enum signer_refusal refusal;
    if (!signer_ask_read(bytes, &ask)) {
        return refuse(service, 0, SIGNER_REFUSAL_MALFORMED, &writer);
    }
    if (ask.kind == SIGNER_HELLO) {
        signer_public(service->key, answer.public_key);
    } else if (refuses(service, &ask, &refusal)) {
        return refuse(service, ask.head.size, refusal, &writer);
    } else {
        sign(service, &ask.head, &note);
        answer.kind = SIGNER_SIGN;
        answer.note = buf_slice(&note);
    }
    signer_answer_write(&answer, &writer);
    return writer_slice(&writer);
}

int service_wall(struct error *error)
{
    bool walled = false;
    int r = sandbox_paths(NULL, 0, &walled, error);
    if (r == 0 && !walled) {
        log_event(LOG_LEVEL_NOTICE, "no_landlock", "files=none"); /* the calls say so too */
    }
    return r == 0 ? sandbox_calls(SANDBOX_SIGNER, error) : r;
}

void service_serve(struct service *service, int fd)
{
    uint8_t ask[SIGNER_ASK_MAX_BYTES + 1]; /* one more: what is cut off would not be noticed */
    uint8_t answer[SIGNER_ANSWER_MAX_BYTES];
    for (;;) {
        ssize_t got = recv(fd, ask, sizeof(ask), 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return;
        }
        struct slice said = service_answer(service, slice_make(ask, (size_t)got), answer);
        if (send(fd, said.data, said.len, MSG_NOSIGNAL) < 0) {
            return;
        }
    }
}
