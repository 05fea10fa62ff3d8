/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder: one that a command fills with keys, documents and a configuration. Its path is short and
 * plain enough to be written into an INI file with any name below it. Files are private to their
 * owner unless said otherwise and are never written over: a command that failed half-way is run
 * again in another folder.
 */
#ifndef CLI_FOLDER_H
#define CLI_FOLDER_H

#include <sys/types.h>

#include "base/error.h"
#include "base/slice.h"
#include "cli/command.h"

#define FOLDER_MAX_BYTES  144
#define FOLDER_PATH_BYTES 256

struct folder {
    char path[FOLDER_MAX_BYTES];
};

/* Creates it; STATUS_CONFLICT when it is there already. ret->path is absolute. */
enum status folder_new(struct cli *cli, const char *path, struct folder *ret) MUST_USE;
/* Names one that is there, or not. */
int folder_open(const char *path, struct folder *ret, struct error *error) MUST_USE;
/* PATH/NAME; names are ours and short (asserted). */
void folder_path(const struct folder *folder, const char *name, char out[FOLDER_PATH_BYTES]);

int folder_make(const struct folder *folder, const char *name, struct error *error) MUST_USE;
int folder_write(const struct folder *folder, const char *name, const struct buf *text, mode_t mode,
                 struct error *error) MUST_USE;

#define FOLDER_PUBLIC  0644
#define FOLDER_PRIVATE 0600

#endif
