/* SPDX-License-Identifier: Apache-2.0 */
/* How one item of the inbox is shown to who asks the local interface. */
#ifndef AGENTS_API_INBOX_ITEM_H
#define AGENTS_API_INBOX_ITEM_H

#include "agents/core/api_view.h"

/* False when the row cannot be read, or is never listed; `object` is then the caller's to throw
 * away. */
bool api_inbox_item(struct json *object, const struct api_view *view, const struct opening *opening,
                    const struct inbox_row *row) MUST_USE;

#endif
