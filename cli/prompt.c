/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prompt.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cairn/limits.h"

#define STANDARD_INPUT "standard input"

struct prompt prompt_over(FILE *in, FILE *err)
{
    return (struct prompt){.in = in, .err = err, .ask = isatty(fileno(in)) == 1};
}

static void ask(const struct prompt *prompt, const char *question, const char *hint)
{
    if (prompt->ask) {
        (void)fprintf(prompt->err, "%s%s: ", question, hint);
        (void)fflush(prompt->err);
    }
}

static struct slice trimmed(struct slice text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = slice_make(text.data + 1, text.len - 1);
    }
    while (text.len > 0 && strchr(" \t\r\n", text.data[text.len - 1]) != NULL) {
        text.len--;
    }
    return text;
}

/* False at the end of the input. What is beyond the ceiling of `out` is read and shows as buf
 * failure. */
static bool read_line(FILE *in, struct buf *out)
{
    int c = fgetc(in);

    buf_reset(out);
    if (c == EOF) {
        return false;
    }
    while (c != EOF && c != '\n') {
        uint8_t byte = (uint8_t)c;
        buf_add(out, &byte, 1);
        c = fgetc(in);
    }
    return true;
}

int prompt_line(const struct prompt *prompt, const char *question, char *out, size_t out_bytes,
                struct error *error)
{
    _cleanup_(buf_deinit) struct buf line = BUF_MAX(CAIRN_TEXT_MAX_BYTES);

    ask(prompt, question, "");
    if (!read_line(prompt->in, &line)) {
        (void)error_set(error, STANDARD_INPUT, "%s: nothing was given", question);
        return -ENODATA;
    }
    struct slice text = trimmed(buf_slice(&line));
    if (text.len == 0) {
        return error_set(error, STANDARD_INPUT, "%s: the line is empty", question);
    }
    if (!buf_ok(&line) || !text_copy(out, out_bytes, text)) {
        return error_set(error, STANDARD_INPUT, "%s: longer than %zu bytes or not plain text",
                         question, out_bytes - 1);
    }
    return 0;
}

int prompt_text(const struct prompt *prompt, const char *question, struct buf *out,
                struct error *error)
{
    _cleanup_(buf_deinit) struct buf line = BUF_MAX(CAIRN_TEXT_MAX_BYTES);

    buf_reset(out);
    ask(prompt, question, " (end with a line that holds only a dot)");
    while (read_line(prompt->in, &line) && buf_ok(&line) && buf_ok(out)) {
        struct slice text = buf_slice(&line);
        if (prompt->ask && slice_is_text(text, ".")) {
            break;
        }
        buf_add_slice(out, text);
        buf_add_text(out, "\n");
    }
    out->len = trimmed(buf_slice(out)).len;
    if (!buf_ok(&line) || !buf_ok(out) || !utf8_is_prose(buf_slice(out))) {
        return error_set(error, STANDARD_INPUT, "%s: larger than %zu bytes or not plain text",
                         question, out->max);
    }
    return 0;
}
