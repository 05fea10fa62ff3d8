/* SPDX-License-Identifier: Apache-2.0 */
#include "base/date.h"
#include "picture.pb-c.h"
#include "wire/headline.h"
#include "wire/pieces.h"
#include "wire/strict.h"
#include "wire/wire.h"

#define PICTURE_FLAGS (PICTURE_OLDER | PICTURE_WITHHELD)

/* --- asking --- */

bool wire_picture_request_read(struct slice payload, struct arena *arena,
                               struct wire_picture_request *ret)
{
    const Cairn__V1__PictureRequest *from =
        strict_read(&cairn__v1__picture_request__descriptor, payload, arena);

    if (from == NULL || (from->until_day != PICTURE_ALL_DAYS && !date_in_range(from->until_day))) {
        return false;
    }
    ret->until_day = from->until_day;
    return piece_ref(from->look, &ret->look);
}

void wire_picture_request_write(const struct wire_picture_request *request, struct buf *out)
{
    Cairn__V1__PictureRequest message = CAIRN__V1__PICTURE_REQUEST__INIT;
    Cairn__V1__EntryRef look;

    piece_ref_fill(&request->look, &look);
    message.look = &look;
    message.until_day = request->until_day;
    strict_write(&message.base, out);
}

/* --- the answer --- */

static bool read_headlines(const Cairn__V1__PictureReply *from, struct arena *arena,
                           struct wire_picture_reply *ret)
{
    struct wire_headline *headlines = arena_alloc(arena, from->n_headlines * sizeof(*headlines));

    if (headlines == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->n_headlines; i++) {
        if (!wire_headline_read(from->headlines[i], &headlines[i]) ||
            (i > 0 && headlines[i].event_day > headlines[i - 1].event_day)) {
            return false;
        }
    }
    ret->headlines = headlines;
    return true;
}

/* Each agency once, rising. */
static bool read_involved(const Cairn__V1__PictureReply *from, struct arena *arena,
                          struct wire_picture_reply *ret)
{
    struct wire_involved *involved = arena_alloc(arena, from->n_involved * sizeof(*involved));
    uint32_t last = 0;

    if (involved == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->n_involved; i++) {
        const Cairn__V1__Involved *row = from->involved[i];
        if (row->agency <= last || row->roles == 0 || (row->roles & ~ROLES_ALL) != 0 ||
            (row->flags & ~INVOLVED_PROVISIONAL) != 0) {
            return false;
        }
        last = row->agency;
        involved[i] = (struct wire_involved){row->agency, row->roles, row->flags};
    }
    ret->involved = involved;
    return true;
}

/* Likewise. */
static bool read_silent(const Cairn__V1__PictureReply *from, struct arena *arena,
                        struct wire_picture_reply *ret)
{
    struct wire_silent *silent = arena_alloc(arena, from->n_silent * sizeof(*silent));
    uint32_t last = 0;

    if (silent == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->n_silent; i++) {
        const Cairn__V1__Silent *row = from->silent[i];
        if (row->agency <= last || !date_in_range(row->last_day)) {
            return false;
        }
        last = row->agency;
        silent[i] = (struct wire_silent){row->agency, row->last_day};
    }
    ret->silent = silent;
    return true;
}

bool wire_picture_reply_read(struct slice payload, struct arena *arena,
                             struct wire_picture_reply *ret)
{
    const Cairn__V1__PictureReply *from =
        strict_read(&cairn__v1__picture_reply__descriptor, payload, arena);

    if (from == NULL || from->n_headlines > CAIRN_PICTURE_HEADLINES_MAX ||
        from->n_involved > CAIRN_MEMBERS_MAX || from->n_silent > CAIRN_PICTURE_SILENT_MAX ||
        (from->flags & ~PICTURE_FLAGS) != 0) {
        return false;
    }
    struct wire_picture_reply read = {
        .n_headlines = from->n_headlines,
        .n_involved = from->n_involved,
        .n_silent = from->n_silent,
        .flags = from->flags,
    };
    if (!piece_ref(from->look, &read.look) || !read_headlines(from, arena, &read) ||
        !read_involved(from, arena, &read) || !read_silent(from, arena, &read)) {
        return false;
    }
    *ret = read;
    return true;
}

void wire_picture_reply_write(const struct wire_picture_reply *reply, struct buf *out)
{
    Cairn__V1__PictureReply message = CAIRN__V1__PICTURE_REPLY__INIT;
    Cairn__V1__EntryRef look;
    struct wire_headline_row rows[CAIRN_PICTURE_HEADLINES_MAX];
    Cairn__V1__Headline *headlines[CAIRN_PICTURE_HEADLINES_MAX];
    Cairn__V1__Involved involved[CAIRN_MEMBERS_MAX];
    Cairn__V1__Involved *list[CAIRN_MEMBERS_MAX];
    Cairn__V1__Silent silent[CAIRN_PICTURE_SILENT_MAX];
    Cairn__V1__Silent *silences[CAIRN_PICTURE_SILENT_MAX];

    assert(reply->n_headlines <= CAIRN_PICTURE_HEADLINES_MAX);
    assert(reply->n_involved <= CAIRN_MEMBERS_MAX);
    assert(reply->n_silent <= CAIRN_PICTURE_SILENT_MAX);
    for (size_t i = 0; i < reply->n_headlines; i++) {
        wire_headline_fill(&reply->headlines[i], &rows[i]);
        headlines[i] = &rows[i].message;
    }
    for (size_t i = 0; i < reply->n_involved; i++) {
        cairn__v1__involved__init(&involved[i]);
        involved[i].agency = reply->involved[i].agency;
        involved[i].roles = reply->involved[i].roles;
        involved[i].flags = reply->involved[i].flags;
        list[i] = &involved[i];
    }
    for (size_t i = 0; i < reply->n_silent; i++) {
        cairn__v1__silent__init(&silent[i]);
        silent[i].agency = reply->silent[i].agency;
        silent[i].last_day = reply->silent[i].last_day;
        silences[i] = &silent[i];
    }
    piece_ref_fill(&reply->look, &look);
    message.n_silent = reply->n_silent;
    message.silent = silences;
    message.look = &look;
    message.n_headlines = reply->n_headlines;
    message.headlines = headlines;
    message.n_involved = reply->n_involved;
    message.involved = list;
    message.flags = reply->flags;
    strict_write(&message.base, out);
}
