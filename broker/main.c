/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/replay.h"
#include "broker/walls.h"
#include "crypto/crypto.h"
#include "os/harden.h"

static int refuse_to_start(const struct error *error)
{
    struct error said = log_escape_error(error);
    log_event(LOG_LEVEL_ERROR, "refused_to_start", "where=\"%s\" reason=\"%s\"", said.where,
              said.what);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    _cleanup_(options_deinit) struct options options = OPTIONS_NULL;
    struct broker broker = BROKER_NULL;
    struct error error = ERROR_NULL;

    log_init("cairn-broker", LOG_LEVEL_INFO);
    enum conf_then then = options_read(argc, argv, &options);
    if (then == CONF_INSTEAD) {
        return replay_say(options.replay) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (then != CONF_RUN) {
        return then == CONF_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (harden_process(&error) != 0 || harden_files(CAIRN_BROKER_FILES_MAX, &error) != 0 ||
        crypto_init(&error) != 0 || broker_signer(&broker, &options, &error) != 0 ||
        broker_open(&broker, &options, &error) != 0 || broker_recover(&broker, &error) != 0 ||
        walls_files(&options, &error) != 0 || broker_listen(&broker, &error) != 0 ||
        walls_calls(&error) != 0) {
        broker_close(&broker);
        return refuse_to_start(&error);
    }
    broker_run(&broker);
    broker_close(&broker);
    crypto_deinit();
    /* libzmq's context is left to the system: ending it can crash other contexts' CURVE (libzmq
     * 4242). */
    _exit(EXIT_SUCCESS);
}
