/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* What asks the broker to end reaches the whole group of a terminal; the broker still needs heads
 * signed while it drains. */
static void outlive_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        (void)signal(signals[i], SIG_IGN);
    }
}

static void be_signer(const struct service_options *options, int fd) NORETURN;

static void be_signer(const struct service_options *options, int fd)
{
    struct service service = SERVICE_NULL;
    struct error error = ERROR_NULL;
    log_init("cairn-signer", LOG_LEVEL_INFO);
    (void)prctl(PR_SET_NAME, "cairn-signer");
    outlive_signals();
    if (service_open(options, &service, &error) != 0 || service_wall(&error) != 0) {
        error = log_escape_error(&error);
        log_event(LOG_LEVEL_ERROR, "refused_to_start", "where=\"%s\" reason=\"%s\"", error.where,
                  error.what);
        _exit(EXIT_FAILURE);
    }
    service_serve(&service, fd);
    service_close(&service);
    _exit(EXIT_SUCCESS);
}

int signer_start(const struct service_options *options, struct signer_client *ret,
                 struct error *error)
{
    int pair[2];
    if (options->signed_head[0] == '\0') {
        return error_set(error, "signed", "must be set where no signer is");
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return error_set(error, "signer", "cannot be started: %s", strerror(errno));
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(pair[0]);
        be_signer(options, pair[1]);
    }
    int r = -errno;
    (void)close(pair[1]);
    if (pid < 0) {
        (void)close(pair[0]);
        (void)error_set(error, "signer", "cannot be started: %s", strerror(-r));
        return r;
    }
    return signer_client_take(pair[0], ret, error);
}
