/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include <stdio.h>

#include "cli/show.h"

#define CURSOR_MAX 64 /* of any list: more would be no cursor of an agent's */
static_assert(2 * CAIRN_KEPT_CURSOR_BYTES <= CURSOR_MAX, "a cursor in hex fits");

struct listing {
    struct cli *cli;
    const struct client *client;
    const char *path;
    void (*show)(struct output *output, const struct json_view *item);
    struct json *all;
    size_t n;
    char cursor[SHOW_TEXT_BYTES]; /* behind which to go on; "" when there is no more */
};

static enum status read_page(struct listing *listing)
{
    struct output *output = &listing->cli->output;
    struct error error = ERROR_NULL;
    char path[CLIENT_PATH_BYTES];
    _cleanup_(json_free) struct json *answer = NULL;

    (void)snprintf(path, sizeof(path), "%s?limit=%d%s%.*s", listing->path, CAIRN_PAGE_MAX,
                   listing->cursor[0] == '\0' ? "" : "&after=", CURSOR_MAX, listing->cursor);
    enum status status = client_get(listing->client, path, &answer, &error);
    if (status != STATUS_OK) {
        return output_fail(output, status, &error);
    }
    struct json_view view = json_view(answer, &error);
    struct json_view items = json_get_array(&view, "items");
    show_text(&view, "next", listing->cursor);
    if (!json_ok(&view)) {
        return output_fail(output, STATUS_FAILED, &error);
    }
    for (size_t i = 0; i < json_length(&items); i++) {
        struct json_view item = json_item(&items, i);
        struct json *copy = json_clone(item.node);
        listing->show(output, &item);
        (void)json_append_node(listing->all, &copy);
        listing->n++;
    }
    return STATUS_OK;
}

enum status listing_show(struct cli *cli, const struct client *client, const char *path,
                         void (*show)(struct output *output, const struct json_view *item),
                         size_t *ret_n)
{
    struct json *items = json_array_new();
    struct listing listing = {.cli = cli, .client = client, .path = path, .show = show};
    enum status status = STATUS_OK;

    listing.all = json_set_node(output_result(&cli->output), "items", &items);
    do {
        status = read_page(&listing);
    } while (status == STATUS_OK && listing.cursor[0] != '\0');
    *ret_n = listing.n;
    return status;
}
