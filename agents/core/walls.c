/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/walls.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "os/sandbox.h"

#define PATH_BYTES 4096

/* The folder that a file lies in. */
static bool folder_of(const char *path, char out[PATH_BYTES])
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash != path &&
           text_copy(out, PATH_BYTES, slice_make(path, (size_t)(slash - path)));
}

int walls_files(const struct agent_options *options, struct error *error)
{
    char socket_folder[PATH_BYTES];
    if (!folder_of(options->socket, socket_folder)) {
        return error_set(error, "agent.socket", "is not a path with a folder of its own");
    }
    /* An option that is empty names nothing, and is left out. */
    const struct sandbox_path paths[] = {
        {options->dir, SANDBOX_WRITE},
        {socket_folder, SANDBOX_NAMES},
        {options->watch.attendance, SANDBOX_WRITE},
        {options->watch.roll, SANDBOX_WRITE},
        {options->watch.records, SANDBOX_WRITE},
        {options->watch.appointments, SANDBOX_WRITE},
        {options->watch.incidents, SANDBOX_WRITE},
        {options->watch.plans, SANDBOX_WRITE},
        {options->watch.adults, SANDBOX_WRITE},
        {"/etc", SANDBOX_READ}, /* the resolver and its modules, the time zone */
        {"/lib", SANDBOX_READ},
        {"/usr", SANDBOX_READ},
        {"/run/systemd/resolve", SANDBOX_READ},
        {"/proc/self", SANDBOX_READ},
        {"/dev/urandom", SANDBOX_READ},
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
    return sandbox_calls(SANDBOX_AGENT, error);
}
