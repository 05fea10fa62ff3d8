/* SPDX-License-Identifier: Apache-2.0 */
/*
 * narrow: whom an author tells less than the agreements do, as our JSON formats and our own storage
 * say it:
 *
 *   {agencies[id], roles[word], hidden_until, family_view:"no", reason, authority, words}
 *
 * Only what is there; reason and authority always are.
 */
#ifndef AGENTS_NARROW_H
#define AGENTS_NARROW_H

#include "agents/core/event.h"
#include "json/json.h"
#include "wire/wire.h"

/* The member `narrow` of a document that keeps its schema; all zero when there is none. */
void narrow_read(const struct json_view *document, struct event_narrow *ret);
/* The caller's. */
struct json *narrow_json(const struct event_narrow *narrow);
/* That it is not for the family's view, for people and for systems that show what they hold. */
void narrow_show_family(struct json *object);
/* The header's words for it, for whoever is shown the record: family_view, hidden_until, roles left
 * out, reason and authority. Nothing when it narrows nothing. */
void narrow_show(struct json *object, const struct narrowing *narrow);

#endif
