/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_export.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

static_assert(BASE64_BYTES(LOG_LEAF_MAX_BYTES) + 1 < LOG_EXPORT_LINE_BYTES &&
                  NOTE_VKEY_BYTES + 1 < LOG_EXPORT_LINE_BYTES,
              "every line that is written can be read");

/* --- writing: what the disk does not take shows at the end, by ferror --- */

void log_export_write_head(const struct log_export *head, FILE *out)
{
    (void)fprintf(out, LOG_EXPORT_FORMAT "\n%s\n%s\n%" PRIu64 "\n", head->origin, head->vkey,
                  head->size);
}

void log_export_write_leaf(struct slice leaf, FILE *out)
{
    char line[BASE64_BYTES(LOG_LEAF_MAX_BYTES)];

    assert(leaf.len <= LOG_LEAF_MAX_BYTES);
    base64_encode(leaf, line);
    (void)fputs(line, out);
    (void)fputc('\n', out);
}

void log_export_write_end(struct slice note, FILE *out)
{
    (void)fputc('\n', out);
    if (note.len > 0) { /* a log that nobody has signed yet has no head */
        (void)fwrite(note.data, 1, note.len, out);
    }
}

/* --- reading --- */

/* One line without its newline. */
static bool read_line(FILE *in, char line[LOG_EXPORT_LINE_BYTES])
{
    if (fgets(line, LOG_EXPORT_LINE_BYTES, in) == NULL) {
        return false;
    }
    size_t len = strlen(line);
    if (len == 0 || line[len - 1] != '\n') {
        return false;
    }
    line[len - 1] = '\0';
    return true;
}

static bool bad(struct error *error, const char *what)
{
    (void)error_set(error, "", "%s", what);
    return false;
}

bool log_export_read_head(FILE *in, struct log_export *ret, struct error *error)
{
    struct log_export head;
    char line[LOG_EXPORT_LINE_BYTES];

    if (!read_line(in, line) || strcmp(line, LOG_EXPORT_FORMAT) != 0) {
        return bad(error, "is no exported log: it does not begin with " LOG_EXPORT_FORMAT);
    }
    if (!read_line(in, line) || !text_copy(head.origin, sizeof(head.origin), slice_of_text(line))) {
        return bad(error, "the second line is no origin");
    }
    if (!read_line(in, line) || !text_copy(head.vkey, sizeof(head.vkey), slice_of_text(line))) {
        return bad(error, "the third line is no key");
    }
    if (!read_line(in, line) || !u64_parse(line, TREE_SIZE_MAX, &head.size)) {
        return bad(error, "the fourth line is no number of leaves");
    }
    *ret = head;
    return true;
}

bool log_export_read_leaf(FILE *in, uint8_t storage[LOG_LEAF_MAX_BYTES], struct slice *ret,
                          struct error *error)
{
    char line[LOG_EXPORT_LINE_BYTES];
    size_t len = 0;

    if (!read_line(in, line) ||
        !base64_decode(slice_of_text(line), storage, LOG_LEAF_MAX_BYTES, &len)) {
        return bad(error, "the line of this leaf is missing or is not base64");
    }
    *ret = slice_make(storage, len);
    return true;
}

bool log_export_read_end(FILE *in, struct buf *ret_note, struct error *error)
{
    char line[LOG_EXPORT_LINE_BYTES];
    uint8_t piece[1024];

    if (!read_line(in, line) || line[0] != '\0') {
        return bad(error, "there is no empty line behind the last leaf");
    }
    size_t n = fread(piece, 1, sizeof(piece), in);
    while (n > 0 && buf_ok(ret_note)) {
        buf_add(ret_note, piece, n);
        n = fread(piece, 1, sizeof(piece), in);
    }
    return buf_ok(ret_note) || bad(error, "what stands behind the leaves is too long for a note");
}
