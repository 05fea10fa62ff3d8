/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include <errno.h>
#include <string.h>

#include "os/files.h"

static bool is_standard(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

const char *input_name(const char *path)
{
    return is_standard(path) ? "standard input" : path;
}

static int read_stream(FILE *in, struct buf *out)
{
    uint8_t piece[16 * 1024];

    for (;;) {
        size_t n = fread(piece, 1, sizeof(piece), in);
        buf_add(out, piece, n);
        if (!buf_ok(out)) {
            return -EFBIG;
        }
        if (n < sizeof(piece)) {
            return ferror(in) ? -EIO : 0;
        }
    }
}

enum status input_read(struct cli *cli, const char *path, struct buf *out)
{
    int r = is_standard(path) ? read_stream(cli->in, out) : file_read(path, out);
    if (r == 0) {
        return STATUS_OK;
    }
    if (r == -EFBIG) {
        return output_refuse(&cli->output, STATUS_FAILED, input_name(path),
                             "is larger than %zu bytes", out->max);
    }
    return output_refuse(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED,
                         input_name(path), "cannot be read: %s", strerrordesc_np(-r));
}

error_t input_option(int key, char *argument, struct argp_state *state)
{
    struct input_options *given = state->input;

    if (key != ARGP_KEY_ARG) {
        return client_option(&given->client, key, argument);
    }
    return command_argument(&given->path, "file", argument, state);
}
