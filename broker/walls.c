/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/walls.h"

#include "base/log.h"
#include "os/sandbox.h"

int walls_files(const struct options *options, struct error *error)
{
    const struct sandbox_path paths[] = {
        {options->dir, SANDBOX_WRITE},
        {options->governance, SANDBOX_READ},
        {options->highwater, SANDBOX_WRITE},
        {"/proc/self", SANDBOX_READ}, /* how much memory it uses */
        {"/dev/urandom", SANDBOX_READ},
        {"/etc/localtime", SANDBOX_READ},
    };
    bool walled = false;
    int r = sandbox_paths(paths, ARRAY_LEN(paths), &walled, error);
    if (r == 0 && !walled) {
        log_event(LOG_LEVEL_NOTICE, "no_landlock", "files=all");
    }
    return r;
}

int walls_calls(struct error *error)
{
    return sandbox_calls(SANDBOX_BROKER, error);
}
