/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt: identifiers of people and text about them are read from standard input and never from the
 * command line, where `ps` and the shell's history would show them. At a terminal the question is
 * asked first, on standard error; what is typed is shown.
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <stdio.h>

#include "base/error.h"
#include "base/slice.h"

struct prompt {
    FILE *in;
    FILE *err;
    bool ask; /* `in` is a terminal */
};
struct prompt prompt_over(FILE *in, FILE *err);

/* One line without its newline and without blanks at its ends. -EINVAL when it is empty, too long
 * or not prose, -ENODATA at the end of the input. */
int prompt_line(const struct prompt *prompt, const char *question, char *out, size_t out_bytes,
                struct error *error) MUST_USE;
/* Everything up to the end of the input, or at a terminal up to a line that holds only a dot.
 * -EINVAL when it is larger than the ceiling of `out` or not prose. */
int prompt_text(const struct prompt *prompt, const char *question, struct buf *out,
                struct error *error) MUST_USE;

#endif
