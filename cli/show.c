/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"

#define COLUMNS        96
#define NAME_COLUMN    16
#define KEY_BYTES      64
#define INDENT_BYTES   32
#define PLACE_OF_VALUE "%s%-*s  "

/* --- members --- */

/* Copies what fits, in whole characters, with every control character as a blank. */
static void copy_plain(struct slice text, char *out, size_t out_bytes)
{
    size_t len = text.len < out_bytes ? text.len : out_bytes - 4;

    while (len < text.len && len > 0 && (text.data[len] & 0xc0) == 0x80) {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = text.data[i];
        out[i] = (char)(byte < ' ' || byte == 0x7f ? ' ' : byte);
        /* U+0080 to U+009F are control characters too */
        if (byte == 0xc2 && i + 1 < len && text.data[i + 1] < 0xa0) {
            out[i++] = ' ';
            out[i] = ' ';
        }
    }
    out[len] = '\0';
    if (len < text.len) {
        memcpy(out + len, "...", sizeof("..."));
    }
}

static struct json_view member(const struct json_view *object, const char *key)
{
    return json_holds_object(object) ? json_member(object, key) : (struct json_view){.node = NULL};
}

static struct slice text_of(const struct json_view *object, const char *key)
{
    struct json_view value = member(object, key);

    return json_holds_text(&value) ? json_as_text(&value) : SLICE_NULL;
}

void show_text(const struct json_view *object, const char *key, char out[SHOW_TEXT_BYTES])
{
    copy_plain(text_of(object, key), out, SHOW_TEXT_BYTES);
}

void show_agency(const struct json_view *object, const char *key, char out[SHOW_TEXT_BYTES])
{
    struct json_view agency = member(object, key);
    char name[SHOW_TEXT_BYTES];
    char id[SHOW_TEXT_BYTES];

    show_text(&agency, "name", name);
    show_text(&agency, "agency", id);
    (void)snprintf(out, SHOW_TEXT_BYTES, "%.240s%s%.240s%s", name, id[0] == '\0' ? "" : " (", id,
                   id[0] == '\0' ? "" : ")");
}

void show_time(int64_t ms, char out[SHOW_INSTANT_BYTES])
{
    char day[DATE_TEXT_BYTES];
    int minute = instant_london_minute(ms);

    date_format(instant_london_day(ms), day);
    (void)snprintf(out, SHOW_INSTANT_BYTES, "%s %02d:%02d", day, minute / 60, minute % 60);
}

void show_instant(const struct json_view *object, const char *key, char out[SHOW_INSTANT_BYTES])
{
    int64_t ms;

    out[0] = '\0';
    if (instant_parse(text_of(object, key), &ms)) {
        show_time(ms, out);
    }
}

int64_t show_number(const struct json_view *object, const char *key, int64_t fallback)
{
    struct json_view value = member(object, key);

    return json_holds_whole(&value) ? json_as_integer(&value, INT64_MIN, INT64_MAX) : fallback;
}

bool show_truth(const struct json_view *object, const char *key)
{
    struct json_view value = member(object, key);
    struct error ignored = ERROR_NULL;

    value.error = &ignored;
    return value.node != NULL && json_as_bool(&value);
}

void show_result(struct output *output, const struct json_view *answer)
{
    struct json_view value;

    for (const char *key = json_first(answer, &value); key != NULL;
         key = json_next(answer, key, &value)) {
        struct json *copy = json_clone(value.node);
        (void)json_set_node(output_result(output), key, &copy);
    }
}

/* --- paragraphs --- */

/* Bytes of `text` that go on one line of `width` columns: up to the last blank that fits, or as
 * much as there is when there is none. */
static size_t line_length(const char *text, size_t width)
{
    size_t columns = 0;
    size_t at = 0;
    size_t blank = 0;

    for (; text[at] != '\0' && text[at] != '\n'; at++) {
        if (text[at] == ' ') {
            blank = at;
        }
        if (((uint8_t)text[at] & 0xc0) != 0x80 && ++columns > width) {
            return blank > 0 ? blank : at;
        }
    }
    return at;
}

/* The first line goes after `first`, the others after `indent`. */
static void paragraph(struct output *output, const char *first, const char *indent,
                      const char *text)
{
    size_t used = strlen(indent);
    size_t width = used < COLUMNS / 2 ? COLUMNS - used : COLUMNS / 2;

    do {
        size_t len = line_length(text, width);
        output_line(output, "%s%.*s", first, (int)len, text);
        text += len;
        text += *text == ' ' || *text == '\n' ? 1 : 0;
        first = indent;
    } while (*text != '\0');
}

/* Prose keeps its newlines; anything else becomes one long line without control characters. */
static void text_paragraph(struct output *output, const char *first, const char *indent,
                           struct slice text)
{
    _cleanup_(buf_deinit) struct buf copy = BUF_MAX(CAIRN_JSON_MAX_BYTES + 8);

    buf_add_slice(&copy, text);
    if (!utf8_is_prose(text)) {
        char plain[SHOW_TEXT_BYTES];
        copy_plain(text, plain, sizeof(plain));
        paragraph(output, first, indent, plain);
        return;
    }
    paragraph(output, first, indent, buf_text(&copy));
}

void show_words(struct output *output, const char *indent, const struct json_view *object,
                const char *key)
{
    struct slice text = text_of(object, key);

    if (text.len > 0) {
        text_paragraph(output, indent, indent, text);
    }
}

void show_telephone(struct output *output, const struct json_view *object)
{
    struct json_view telephone = member(object, "telephone");
    char desk[SHOW_TEXT_BYTES];
    char phone[SHOW_TEXT_BYTES];

    show_text(&telephone, "desk", desk);
    show_text(&telephone, "phone", phone);
    if (phone[0] != '\0') {
        output_line(output, "\n    >>>  TELEPHONE NOW:  %s  --  %s  <<<\n", phone, desk);
    } else if (json_holds_object(&telephone)) {
        output_line(output,
                    "\n    >>>  TELEPHONE THE DUTY DESK NOW: this computer does not know its "
                    "number yet  <<<\n");
    }
}

/* --- objects --- */

static void name_of(const char *key, char out[KEY_BYTES])
{
    copy_plain(slice_of_text(key), out, KEY_BYTES);
    for (char *at = out; *at != '\0'; at++) {
        *at = *at == '_' ? ' ' : *at;
    }
}

/* One member of any kind, in its own words. */
static void show_value(struct output *output, const char *indent, const char *key,
                       const struct json_view *value)
{
    char name[KEY_BYTES];
    char first[INDENT_BYTES + KEY_BYTES + 8];
    char rest[INDENT_BYTES + NAME_COLUMN + 8];
    _cleanup_(buf_deinit) struct buf other = BUF_MAX(CAIRN_JSON_MAX_BYTES);

    name_of(key, name);
    (void)snprintf(first, sizeof(first), PLACE_OF_VALUE, indent, NAME_COLUMN, name);
    (void)snprintf(rest, sizeof(rest), PLACE_OF_VALUE, indent, NAME_COLUMN, "");
    if (json_holds_text(value)) {
        text_paragraph(output, first, rest, json_as_text(value));
        return;
    }
    if (json_write(value->node, JSON_STYLE_COMPACT, &other) == 0) {
        text_paragraph(output, first, rest, buf_slice(&other));
    }
}

/* {value, status}: a number and how far it can be trusted. */
static bool show_identifier(struct output *output, const char *indent, const char *key,
                            const struct json_view *value)
{
    char name[KEY_BYTES];
    char number[SHOW_TEXT_BYTES];
    char status[SHOW_TEXT_BYTES];

    show_text(value, "value", number);
    show_text(value, "status", status);
    if (number[0] == '\0' || status[0] == '\0') {
        return false;
    }
    name_of(key, name);
    output_line(output, PLACE_OF_VALUE "%s (%s)", indent, NAME_COLUMN, name, number, status);
    return true;
}

/* What a reader looks for comes in the first pass, the rest in the second. */
static bool is_told(const char *key, size_t pass)
{
    bool first = strcmp(key, "narrative") == 0 || strcmp(key, "summary") == 0;

    return strcmp(key, "format") != 0 && first == (pass == 0);
}

static void show_inner(struct output *output, const char *indent, const struct json_view *object)
{
    struct json_view value;

    for (size_t pass = 0; pass < 2; pass++) {
        for (const char *key = json_first(object, &value); key != NULL;
             key = json_next(object, key, &value)) {
            if (is_told(key, pass)) {
                show_value(output, indent, key, &value);
            }
        }
    }
}

static void show_member(struct output *output, const char *indent, const char *key,
                        const struct json_view *value)
{
    char inner[INDENT_BYTES];
    char name[KEY_BYTES];

    if (!json_holds_object(value)) {
        show_value(output, indent, key, value);
    } else if (!show_identifier(output, indent, key, value)) {
        (void)snprintf(inner, sizeof(inner), "%s  ", indent);
        name_of(key, name);
        output_line(output, "%s%s", indent, name);
        show_inner(output, inner, value);
    }
}

void show_object(struct output *output, const char *indent, const struct json_view *object)
{
    struct json_view value;

    for (size_t pass = 0; pass < 2; pass++) {
        for (const char *key = json_first(object, &value); key != NULL;
             key = json_next(object, key, &value)) {
            if (is_told(key, pass)) {
                show_member(output, indent, key, &value);
            }
        }
    }
}

void show_family_view(struct output *output, const char *indent, const struct json_view *object)
{
    char view[SHOW_TEXT_BYTES];

    show_text(object, "family_view", view);
    if (strcmp(view, "no") == 0) {
        output_line(output, "%sNOT FOR THE FAMILY'S VIEW, nor for online or proxy access", indent);
    }
}
