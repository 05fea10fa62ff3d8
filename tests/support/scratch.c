/* SPDX-License-Identifier: Apache-2.0 */
#include "support/scratch.h"

#include <assert.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FOLDERS_OPEN_MAX 8

static const char *folder = "/tmp";

void scratch_under(const char *root)
{
    folder = access(root, W_OK | X_OK) == 0 ? root : folder;
}

void scratch_make(char ret_dir[SCRATCH_BYTES])
{
    (void)snprintf(ret_dir, SCRATCH_BYTES, "%s/cairn-test-XXXXXX", folder);
    char *made = mkdtemp(ret_dir);
    assert(made != NULL);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

void scratch_remove(const char *dir)
{
    int r = nftw(dir, remove_one, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
    assert(r == 0 || errno == ENOENT);
}

int scratch_set_up(void **state)
{
    static struct scratch scratch;

    scratch_make(scratch.dir);
    *state = &scratch;
    return 0;
}

int scratch_tear_down(void **state)
{
    const struct scratch *scratch = *state;

    scratch_remove(scratch->dir);
    return 0;
}

const char *in_scratch(struct scratch *scratch, const char *name)
{
    (void)snprintf(scratch->path, sizeof(scratch->path), "%s/%s", scratch->dir, name);
    return scratch->path;
}
