/* SPDX-License-Identifier: Apache-2.0 */
/* scratch: a test's own folder in /tmp, and its removal with all that lies in it. */
#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

#define SCRATCH_BYTES 64

/* Under this folder, when it is there and may be written, instead of /tmp. Borrowed for ever. */
void scratch_under(const char *root);
/* Failure ends the program; a folder that is not there is no failure. */
void scratch_make(char ret_dir[SCRATCH_BYTES]);
void scratch_remove(const char *dir);

/* For tests that need no more than such a folder: cmocka's set-up and tear-down, *state is the
 * struct. */
struct scratch {
    char dir[SCRATCH_BYTES];
    char path[2 * SCRATCH_BYTES];
};
int scratch_set_up(void **state);
int scratch_tear_down(void **state);
/* DIR/NAME; valid until the next call. */
const char *in_scratch(struct scratch *scratch, const char *name);

#endif
