/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a file says, it is refused with its line or can be printed and read back with the same
 * values. */
#include <string.h>

#include "conf/conf.h"
#include "tests/fuzz/fuzz.h"

static const struct conf_option options[] = {
    {"a", "text", "", "Text.", CONF_TEXT, 0, 0},
    {"a", "path", "", "A path.", CONF_PATH, 0, 0},
    {"b", "integer", "0", "A number.", CONF_INTEGER, -100, INT64_MAX},
    {"b", "size", "1k", "A size.", CONF_SIZE, 0, INT64_MAX},
    {"b", "seconds", "1m", "A time.", CONF_SECONDS, 0, 86400},
};

static void compare(const struct conf *conf, const struct conf *again)
{
    assert(strcmp(conf_text(conf, "a", "text"), conf_text(again, "a", "text")) == 0);
    assert(strcmp(conf_text(conf, "a", "path"), conf_text(again, "a", "path")) == 0);
    assert(conf_integer(conf, "b", "integer") == conf_integer(again, "b", "integer"));
    assert(conf_integer(conf, "b", "size") == conf_integer(again, "b", "size"));
    assert(conf_integer(conf, "b", "seconds") == conf_integer(again, "b", "seconds"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(conf_free) struct conf *conf = conf_new(options, ARRAY_LEN(options));
    _cleanup_(conf_free) struct conf *again = conf_new(options, ARRAY_LEN(options));
    _cleanup_(buf_deinit) struct buf printed = BUF_MAX(1024 * 1024);
    struct error error = ERROR_NULL;

    int r = conf_add(conf, slice_make(data, size), "fuzz.ini", &error);
    assert((r == 0) == (error.what[0] == '\0'));
    if (r == 0) {
        conf_print(conf, &printed);
        r = conf_add(again, buf_slice(&printed), "printed.ini", &error);
        assert(r == 0);
        compare(conf, again);
    }
    return 0;
}
