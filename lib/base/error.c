/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* One line each: a control character in a file name must not forge a second line of a report. */
static void keep_on_one_line(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
    }
}

int error_set(struct error *error, const char *where, const char *format, ...)
{
    if (error == NULL || error->what[0] != '\0') {
        return -EINVAL;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->what, sizeof(error->what), format, arguments);
    va_end(arguments);
    (void)snprintf(error->where, sizeof(error->where), "%s", where != NULL ? where : "");
    keep_on_one_line(error->where);
    keep_on_one_line(error->what);
    return -EINVAL;
}
