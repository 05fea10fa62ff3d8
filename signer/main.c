/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "os/fd.h"
#include "os/harden.h"
#include "os/notify.h"
#include "signer/listen.h"
#include "signer/options.h"

static int refuse_to_start(const struct error *error)
{
    struct error said = log_escape_error(error);
    log_event(LOG_LEVEL_ERROR, "refused_to_start", "where=\"%s\" reason=\"%s\"", said.where,
              said.what);
    return EXIT_FAILURE;
}

/* At once: what was signed has been synced before it was answered. */
static void end(int number)
{
    (void)number;
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    _cleanup_(signer_options_deinit) struct signer_options options = SIGNER_OPTIONS_NULL;
    struct service service = SERVICE_NULL;
    struct error error = ERROR_NULL;
    _cleanup_(fd_close) int listening = -1;

    log_init("cairn-signer", LOG_LEVEL_INFO);
    enum conf_then then = signer_options_read(argc, argv, &options);
    if (then != CONF_RUN) {
        return then == CONF_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (harden_process(&error) != 0 || crypto_init(&error) != 0 ||
        service_open(&options.service, &service, &error) != 0 ||
        signer_listen(options.socket, &listening, &error) != 0) {
        service_close(&service);
        return refuse_to_start(&error);
    }
    (void)signal(SIGTERM, end);
    (void)signal(SIGINT, end);
    log_event(LOG_LEVEL_NOTICE, "ready", "socket=\"%s\" version=%s", options.socket, CAIRN_VERSION);
    (void)notify_ready(); /* by a socket of its own: before there can be none */
    if (service_wall(&error) != 0) {
        service_close(&service);
        return refuse_to_start(&error);
    }
    int r = signer_run(&service, listening);
    service_close(&service);
    signer_options_deinit(&options);
    log_fatal("socket_failed", "error=\"%s\"", strerror(-r));
}
