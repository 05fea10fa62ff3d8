/* SPDX-License-Identifier: Apache-2.0 */
/* What is read and written reads and writes the same; views never leave a document. */
#include <string.h>

#include "cairn/limits.h"
#include "json/json.h"
#include "tests/fuzz/fuzz.h"

static void look_around(const struct json_view *top)
{
    struct json_view member;
    char copy[16];

    for (const char *key = json_first(top, &member); key != NULL;
         key = json_next(top, key, &member)) {
        (void)json_get_text(top, key);
        (void)json_opt_integer(top, key, -5, 5, 0);
        (void)json_opt_bool(top, key, true);
        json_get_copy(top, key, copy, sizeof(copy));
        for (size_t i = 0; json_holds_array(&member) && i <= json_length(&member); i++) {
            struct json_view item = json_item(&member, i);
            (void)json_get_object(&item, "a");
        }
    }
    json_only(top, (const char *const[]){"a", "b"}, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_NULL;
    struct json *document = json_parse(slice_make(data, size), &error);

    assert((document == NULL) == (error.what[0] != '\0'));
    if (document == NULL) {
        return 0;
    }
    struct json_view top = json_view(document, &error);
    look_around(&top);
    _cleanup_(buf_deinit) struct buf once = BUF_MAX((size_t)CAIRN_JSON_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf twice = BUF_MAX((size_t)CAIRN_JSON_MAX_BYTES);
    if (json_write(document, JSON_STYLE_COMPACT, &once) == 0) {
        error = ERROR_NULL;
        struct json *again = json_parse(buf_slice(&once), &error);
        assert(again != NULL);
        int r = json_write(again, JSON_STYLE_COMPACT, &twice);
        assert(r == 0);
        assert(slice_equal(buf_slice(&once), buf_slice(&twice)));
        json_free(&again);
    }
    json_free(&document);
    return 0;
}
