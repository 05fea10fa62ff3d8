/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/kinds.h"

#include <stdio.h>
#include <string.h>

#include "governance_templates.h"
#include "json/json.h"

static struct json *read_kinds(void)
{
    struct error error = ERROR_NULL;
    struct json *kinds = json_parse(governance_templates_file("kinds.json"), &error);

    assert(kinds != NULL); /* part of the program */
    return kinds;
}

bool kinds_has(const char *id)
{
    struct error error = ERROR_NULL;
    _cleanup_(json_free) struct json *kinds = read_kinds();
    struct json_view view = json_view(kinds, &error);
    struct json_view list = json_get_array(&view, "kinds");
    bool found = false;

    for (size_t i = 0; i < json_length(&list) && !found; i++) {
        struct json_view kind = json_item(&list, i);
        found = slice_is_text(json_get_text(&kind, "id"), id);
    }
    return found;
}

void kinds_text(char out[KINDS_TEXT_BYTES])
{
    struct error error = ERROR_NULL;
    _cleanup_(json_free) struct json *kinds = read_kinds();
    struct json_view view = json_view(kinds, &error);
    struct json_view list = json_get_array(&view, "kinds");
    struct writer writer = writer_over(out, KINDS_TEXT_BYTES - 1);

    for (size_t i = 0; i < json_length(&list); i++) {
        struct json_view kind = json_item(&list, i);
        struct slice id = json_get_text(&kind, "id");
        write_format(&writer, "%s%.*s", i == 0 ? "" : ", ", (int)id.len, (const char *)id.data);
    }
    assert(writer_ok(&writer));
    out[writer_slice(&writer).len] = '\0';
}
