/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cli/command.h"
#include "crypto/crypto.h"

int main(int argc, char **argv)
{
    struct error error = ERROR_NULL;
    struct cli cli = {.in = stdin, .clock = clock_system()};

    output_init(&cli.output, stdout, stderr);
    log_init("cairn", LOG_LEVEL_ERROR);
    (void)umask(S_IRWXG | S_IRWXO);
    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write */
    if (crypto_init(&error) < 0) {
        return (int)output_fail(&cli.output, STATUS_FAILED, &error);
    }
    enum status status = command_main(&cli, argc, argv);
    output_deinit(&cli.output);
    crypto_deinit();
    return (int)status;
}
