/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "conf/conf.h"
#include "conf/state.h"
#include "conf/value.h"

#define HELP_COLUMNS 78

static void add_section(struct buf *out, const struct conf_option *options, size_t i)
{
    if (i == 0 || strcmp(options[i].section, options[i - 1].section) != 0) {
        buf_format(out, "%s[%s]\n", out->len > 0 ? "\n" : "", options[i].section);
    }
}

void conf_print(const struct conf *conf, struct buf *out)
{
    for (size_t i = 0; i < conf->count; i++) {
        const struct conf_value *value = &conf->values[i];
        add_section(out, conf->options, i);
        if (value->file != NULL) {
            buf_format(out, "; %s:%d\n", value->file, value->line);
        } else {
            buf_add_text(out, value->text != NULL ? "; default\n" : "; not set\n");
        }
        /* Without blanks, so that no line becomes longer than it was. */
        buf_format(out, "%s=%s\n", conf->options[i].key, value->text != NULL ? value->text : "");
    }
}

/* As comment lines, broken between words. */
static void add_help(struct buf *out, const char *text)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        bool fits = column > 0 && column + 1 + len <= HELP_COLUMNS;
        if (!fits) {
            buf_add_text(out, column > 0 ? "\n;" : ";");
            column = 1;
        }
        buf_add_text(out, " ");
        buf_add(out, text, len);
        column += 1 + len;
        text += len + strspn(text + len, " ");
    }
    buf_add_text(out, "\n");
}

void conf_example(const struct conf_option *options, size_t n, struct buf *out)
{
    char allowed[CONF_ALLOWED_BYTES];

    buf_add_text(out, "; What is commented out shows the default. Own settings can also be files\n"
                      "; *.ini in the folder of the same name with .d, read after this one.\n");
    for (size_t i = 0; i < n; i++) {
        const struct conf_option *option = &options[i];
        value_allowed(option, allowed);
        add_section(out, options, i);
        buf_add_text(out, "\n");
        add_help(out, option->help);
        buf_format(out, "; Must be %s.\n", allowed);
        if (option->fallback == NULL) {
            buf_format(out, "%s =\n", option->key);
        } else {
            buf_format(out, ";%s = %s\n", option->key, option->fallback);
        }
    }
}
