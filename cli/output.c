/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <stdarg.h>

#include "cairn/limits.h"

void output_init(struct output *output, FILE *out, FILE *err)
{
    *output = (struct output){.out = out, .err = err};
}

void output_deinit(struct output *output)
{
    if (output->result != NULL) {
        json_free(&output->result);
    }
}

struct json *output_result(struct output *output)
{
    if (output->result == NULL) {
        output->result = json_object_new();
    }
    return output->result;
}

void output_line(struct output *output, const char *format, ...)
{
    va_list arguments;

    if (output->json || output->quiet) {
        return;
    }
    va_start(arguments, format);
    (void)vfprintf(output->out, format, arguments);
    va_end(arguments);
    (void)fputc('\n', output->out);
}

static bool print_json(const struct json *object, FILE *stream)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);

    if (json_write(object, JSON_STYLE_COMPACT, &text) < 0) {
        return false;
    }
    buf_add_text(&text, "\n");
    return fwrite(text.data, 1, text.len, stream) == text.len;
}

static void print_problem_json(const struct output *output, const struct error *error)
{
    _cleanup_(json_free) struct json *object = json_object_new();
    struct json *problem = json_object_new();
    struct json *inside = json_set_node(object, "error", &problem);

    if (json_set_text(inside, "where", slice_of_text(error->where)) < 0) {
        json_set_word(inside, "where", "");
    }
    if (json_set_text(inside, "what", slice_of_text(error->what)) < 0) {
        json_set_word(inside, "what", "a problem that cannot be shown: not UTF-8");
    }
    (void)print_json(object, output->err);
}

enum status output_fail(struct output *output, enum status status, const struct error *error)
{
    assert(status != STATUS_OK);
    if (output->json) {
        print_problem_json(output, error);
    } else if (error->where[0] != '\0') {
        (void)fprintf(output->err, "cairn: %s: %s\n", error->where, error->what);
    } else {
        (void)fprintf(output->err, "cairn: %s\n", error->what);
    }
    return status;
}

enum status output_refuse(struct output *output, enum status status, const char *where,
                          const char *format, ...)
{
    struct error error = ERROR_NULL;
    char what[sizeof(error.what)];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    (void)error_set(&error, where, "%s", what);
    return output_fail(output, status, &error);
}

enum status output_finish(struct output *output)
{
    bool taken = !output->json || print_json(output_result(output), output->out);

    if (!taken || fflush(output->out) != 0 || ferror(output->out) != 0) {
        return output_refuse(output, STATUS_FAILED, "standard output", "cannot be written to");
    }
    return STATUS_OK;
}
