/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inih splits lines into section, key and value. It cuts long lines, joins indented ones to the one
 * before and says nothing of an empty section; so lines pass through next_line first, which refuses
 * the first, straightens the second and looks at the third. None of inih's switches is used: not
 * every distribution has them.
 */
#include "conf/conf.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "base/text.h"
#include "conf/state.h"
#include "conf/value.h"
#include "os/files.h"

#define PATH_BYTES 4096

static void check_table(const struct conf_option *options, size_t n)
{
    assert(n <= CONF_OPTIONS_MAX);
    for (size_t i = 0; i < n; i++) {
        assert(option_is_sound(&options[i]));
        for (size_t j = 0; j < i; j++) {
            assert(strcmp(options[i].section, options[j].section) != 0 ||
                   strcmp(options[i].key, options[j].key) != 0);
        }
    }
}

struct conf *conf_new(const struct conf_option *options, size_t n)
{
    struct conf *conf = base_zalloc(1, sizeof(*conf));

    check_table(options, n);
    conf->options = options;
    conf->count = n;
    conf->values = base_zalloc(n, sizeof(*conf->values));
    for (size_t i = 0; i < n; i++) {
        if (options[i].fallback != NULL) {
            conf->values[i].text = base_strdup(options[i].fallback);
            bool sound = value_parse(&options[i], options[i].fallback, &conf->values[i].number);
            assert(sound);
        }
    }
    return conf;
}

static void value_deinit(struct conf_value *value)
{
    base_free(&value->text);
    base_free(&value->file);
}

void conf_free(struct conf **conf)
{
    if (*conf == NULL) {
        return;
    }
    for (size_t i = 0; i < (*conf)->count; i++) {
        value_deinit(&(*conf)->values[i]);
    }
    base_free(&(*conf)->values);
    base_free(conf);
}

/* One text being read. */
struct input {
    struct conf *conf;
    struct error *error;
    const char *name;
    struct slice rest;
    int line;
    bool failed;
};

PRINTF(2, 3) static int refuse(struct input *input, const char *format, ...)
{
    char where[sizeof(input->error->where)];
    char what[sizeof(input->error->what)];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    (void)snprintf(where, sizeof(where), "%s:%d", input->name, input->line);
    input->failed = true;
    return error_set(input->error, where, "%s", what);
}

/* "a, b, c": the keys of a section, or the sections if it is NULL; cut where there is no more room.
 */
static void list_names(const struct conf *conf, const char *section, char *out, size_t out_bytes)
{
    struct writer names = writer_over(out, out_bytes - 1);
    const char *before = "";

    for (size_t i = 0; i < conf->count; i++) {
        const struct conf_option *option = &conf->options[i];
        const char *name = section != NULL ? option->key : option->section;
        bool listed = section != NULL ? strcmp(section, option->section) == 0
                                      : strcmp(before, option->section) != 0;
        if (listed) {
            write_text(&names, names.len > 0 ? ", " : "");
            write_text(&names, name);
        }
        before = option->section;
    }
    out[names.len] = '\0';
}

static bool is_section(const struct conf *conf, struct slice name)
{
    for (size_t i = 0; i < conf->count; i++) {
        if (slice_is_text(name, conf->options[i].section)) {
            return true;
        }
    }
    return false;
}

static void check_section(struct input *input, struct slice line)
{
    char names[160];
    const uint8_t *end = memchr(line.data, ']', line.len);

    if (end == NULL) {
        (void)refuse(input, "a section is written [name]");
        return;
    }
    struct slice name = slice_make(line.data + 1, (size_t)(end - line.data) - 1);
    if (!is_section(input->conf, name)) {
        list_names(input->conf, NULL, names, sizeof(names));
        (void)refuse(input, "there is no such section; there are: %s", names);
    }
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next line off the input, without its end and without blanks around it. */
static struct slice take_line(struct input *input)
{
    struct slice *rest = &input->rest;
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    struct slice line =
        slice_make(rest->data, end != NULL ? (size_t)(end - rest->data) : rest->len);
    size_t taken = line.len + (end != NULL ? 1 : 0);

    *rest = slice_make(rest->data + taken, rest->len - taken);
    input->line++;
    while (line.len > 0 && is_blank(line.data[0])) {
        line = slice_make(line.data + 1, line.len - 1);
    }
    while (line.len > 0 && is_blank(line.data[line.len - 1])) {
        line.len--;
    }
    return line;
}

/* inih's reader, as fgets. */
static char *next_line(char *out, int out_bytes, void *data)
{
    struct input *input = data;

    if (input->failed || input->rest.len == 0) {
        return NULL;
    }
    struct slice line = take_line(input);
    if (line.len > 0 && (line.data[0] == ';' || line.data[0] == '#')) {
        line = SLICE_NULL; /* a comment may be of any length */
    }
    if (line.len > CONF_LINE_MAX_BYTES || (int)line.len + 3 > out_bytes) {
        (void)refuse(input, "the line is longer than %d bytes", CONF_LINE_MAX_BYTES);
        return NULL;
    }
    if (!utf8_is_prose(line)) {
        (void)refuse(input, "the line is not plain text in UTF-8");
        return NULL;
    }
    if (line.len > 0 && line.data[0] == '[') {
        check_section(input, line);
    }
    if (input->failed) {
        return NULL;
    }
    if (line.len > 0) {
        memcpy(out, line.data, line.len);
    }
    out[line.len] = '\n';
    out[line.len + 1] = '\0';
    return out;
}

/* Position in the table; conf->count when there is none. */
static size_t find_option(const struct conf *conf, const char *section, const char *key)
{
    size_t i = 0;

    while (i < conf->count && (strcmp(conf->options[i].section, section) != 0 ||
                               strcmp(conf->options[i].key, key) != 0)) {
        i++;
    }
    return i;
}

static int refuse_key(struct input *input, const char *section)
{
    char names[160];

    if (section[0] == '\0') {
        return refuse(input, "a key stands before the first [section]");
    }
    list_names(input->conf, section, names, sizeof(names));
    return refuse(input, "there is no such key in [%s]; there are: %s", section, names);
}

static int set_value(struct input *input, size_t index, const char *text)
{
    const struct conf_option *option = &input->conf->options[index];
    struct conf_value *value = &input->conf->values[index];
    char allowed[CONF_ALLOWED_BYTES];
    int64_t number;

    if (value->file != NULL && value->file_index == input->conf->files) {
        return refuse(input, "[%s] %s is there twice, first in line %d", option->section,
                      option->key, value->line);
    }
    if (text[0] == ';') {
        return refuse(input, "a comment needs a blank before its ;");
    }
    if (!value_parse(option, text, &number)) {
        value_allowed(option, allowed);
        return refuse(input, "[%s] %s must be %s", option->section, option->key, allowed);
    }
    value_deinit(value);
    *value = (struct conf_value){
        .text = base_strdup(text),
        .number = number,
        .file = base_strdup(input->name),
        .line = input->line,
        .file_index = input->conf->files,
    };
    return 0;
}

/* inih's handler: not zero is success. */
static int take_pair(void *data, const char *section, const char *key, const char *text)
{
    struct input *input = data;

    if (input->failed) {
        return 0;
    }
    size_t index = find_option(input->conf, section, key);
    if (index == input->conf->count) {
        (void)refuse_key(input, section);
        return 0;
    }
    return set_value(input, index, text) == 0;
}

static struct slice without_byte_order_mark(struct slice text)
{
    bool marked = text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0;

    return marked ? slice_make(text.data + 3, text.len - 3) : text;
}

int conf_add(struct conf *conf, struct slice text, const char *name, struct error *error)
{
    struct input input = {
        .conf = conf,
        .error = error,
        .name = name,
        .rest = without_byte_order_mark(text),
    };

    conf->files++;
    int bad_line = ini_parse_stream(next_line, &input, take_pair, &input);
    if (input.failed) {
        return -EINVAL;
    }
    if (bad_line != 0) {
        input.line = bad_line > 0 ? bad_line : 0;
        return refuse(&input, "a line is [section], key = value, or a comment after ;");
    }
    return 0;
}

int conf_check(const struct conf *conf, struct error *error)
{
    char allowed[CONF_ALLOWED_BYTES];

    for (size_t i = 0; i < conf->count; i++) {
        const struct conf_option *option = &conf->options[i];
        if (conf->values[i].text == NULL) {
            value_allowed(option, allowed);
            return error_set(error, "configuration", "[%s] %s must be set: %s", option->section,
                             option->key, allowed);
        }
    }
    return 0;
}

static int add_file(struct conf *conf, const char *path, struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CONF_FILE_MAX_BYTES);
    int r = file_read(path, &text);

    if (r < 0) {
        (void)error_set(error, path, "cannot be read: %s", strerrordesc_np(-r));
        return r;
    }
    return conf_add(conf, buf_slice(&text), path, error);
}

static bool has_ending(const char *name, const char *ending)
{
    size_t len = strlen(name);
    size_t ending_len = strlen(ending);

    return len > ending_len && strcmp(name + len - ending_len, ending) == 0;
}

static int is_drop_in(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && has_ending(entry->d_name, ".ini");
}

/* By bytes, so that the order does not depend on a locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_drop_in(struct conf *conf, const char *folder, const char *name, struct error *error)
{
    char path[PATH_BYTES];
    int len = snprintf(path, sizeof(path), "%s/%s", folder, name);

    if (len < 0 || (size_t)len >= sizeof(path)) {
        return error_set(error, folder, "the path of a drop-in is too long");
    }
    return add_file(conf, path, error);
}

static int add_folder(struct conf *conf, const char *folder, struct error *error)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_drop_in, by_name);
    int r = 0;

    if (count < 0) {
        r = -errno;
        if (r == -ENOENT) {
            return 0;
        }
        (void)error_set(error, folder, "cannot be read: %s", strerrordesc_np(-r));
        return r;
    }
    if (count > CONF_DROP_INS_MAX) {
        r = error_set(error, folder, "holds more than %d files", CONF_DROP_INS_MAX);
    }
    for (int i = 0; i < count; i++) {
        r = r < 0 ? r : add_drop_in(conf, folder, entries[i]->d_name, error);
        free(entries[i]);
    }
    free(entries);
    return r;
}

int conf_load(const char *path, const struct conf_option *options, size_t n, struct conf **ret,
              struct error *error)
{
    _cleanup_(conf_free) struct conf *conf = conf_new(options, n);
    char folder[PATH_BYTES];
    size_t stem = strlen(path) - (has_ending(path, ".ini") ? strlen(".ini") : 0);

    if (stem + sizeof(".d") > sizeof(folder)) {
        return error_set(error, "", "the path of the configuration is too long");
    }
    (void)snprintf(folder, sizeof(folder), "%.*s.d", (int)stem, path);
    int r = add_file(conf, path, error);
    if (r == 0) {
        r = add_folder(conf, folder, error);
    }
    if (r == 0) {
        r = conf_check(conf, error);
    }
    if (r < 0) {
        return r;
    }
    *ret = conf;
    conf = NULL;
    return 0;
}

static size_t must_find(const struct conf *conf, const char *section, const char *key)
{
    size_t index = find_option(conf, section, key);

    assert(index < conf->count);
    return index;
}

const char *conf_text(const struct conf *conf, const char *section, const char *key)
{
    size_t index = must_find(conf, section, key);
    enum conf_kind kind = conf->options[index].kind;

    assert(kind == CONF_TEXT || kind == CONF_PATH);
    assert(conf->values[index].text != NULL);
    return conf->values[index].text;
}

int64_t conf_integer(const struct conf *conf, const char *section, const char *key)
{
    size_t index = must_find(conf, section, key);
    enum conf_kind kind = conf->options[index].kind;

    assert(kind == CONF_INTEGER || kind == CONF_SIZE || kind == CONF_SECONDS);
    assert(conf->values[index].text != NULL);
    return conf->values[index].number;
}
