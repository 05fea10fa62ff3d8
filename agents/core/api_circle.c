/* SPDX-License-Identifier: Apache-2.0 */
/* Who else is involved with a child, as answers show it. */
#include <errno.h>

#include "agents/core/api_view.h"
#include "agents/core/circle.h"
#include "agents/core/event.h"
#include "base/date.h"

uint32_t view_roles(const struct api_view *view, struct store_txn *txn,
                    const uint8_t handle[CAIRN_HANDLE_BYTES], uint32_t agency)
{
    return circle_standing(txn, handle, agency, instant_london_day(view->now_ms)).roles;
}

void view_set_roles(struct json *object, uint32_t roles)
{
    struct json *list = json_array_new();
    for (uint32_t role = 1; role <= ROLES; role++) {
        if ((roles & ROLE_BIT(role)) != 0) {
            int r = json_append_text(list, slice_of_text(role_text(role)));
            assert(r == 0); /* one of our own words */
        }
    }
    (void)json_set_node(object, "roles", &list);
}

void view_set_duty(struct json *object, const struct agency *agency)
{
    struct json *duty = json_object_new();
    json_set_given(duty, "contact", agency->duty_contact);
    json_set_word(duty, "phone", agency->duty_phone);
    (void)json_set_node(object, "duty", &duty);
}

/* The person whom its involvement names, when it lets us read that. */
static void set_contact(struct json *object, const struct opening *opening,
                        const struct entry_id *entry)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(EVENT_ACCOUNT_JSON_MAX_BYTES);
    struct error ignored = ERROR_NULL;
    struct wire_delivered delivered;
    uint8_t flags;
    if (!received_entry(opening->txn, entry, &arena, &delivered, &flags) ||
        open_part(opening, &delivered, PART_ACCOUNT, &text) != OPEN_DONE) {
        return;
    }
    _cleanup_(json_free) struct json *document = json_parse(buf_slice(&text), &ignored);
    struct json_view view = json_view(document, &ignored);
    struct json_view contact = json_opt_object(&view, "contact");
    struct json *copy = contact.node == NULL ? NULL : json_clone(contact.node);
    if (copy != NULL) {
        (void)json_set_node(object, "contact", &copy);
    }
}

static struct json *member_json(const struct api_view *view, const struct opening *opening,
                                const struct agency *agency, const struct circle_member *member,
                                struct circle_standing standing)
{
    struct json *object = view_agency(view, agency->number);
    view_set_roles(object, standing.roles);
    json_set_bool(object, "by_name", standing.by_name);
    view_set_duty(object, agency);
    set_contact(object, opening, &member->entry);
    return object;
}

void view_set_circle(struct json *object, const struct api_view *view,
                     const struct opening *opening, const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    struct circle_member members[CAIRN_MEMBERS_MAX];
    int32_t day = instant_london_day(view->now_ms);
    struct json *list = json_array_new();
    size_t n = circle_list(opening->txn, handle, day, members, ARRAY_LEN(members));
    for (size_t i = 0; i < n; i++) {
        const struct agency *agency =
            directory_agency(&view->governance->directory, members[i].agency);
        bool again = i > 0 && members[i - 1].agency == members[i].agency;
        if (again || agency == NULL || !agency->active || agency->sensitive) {
            continue;
        }
        struct json *member =
            member_json(view, opening, agency, &members[i],
                        circle_standing(opening->txn, handle, agency->number, day));
        (void)json_append_node(list, &member);
    }
    (void)json_set_node(object, "circle", &list);
}
