/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers and writers of the clear headers share. Private to lib/wire. A reader borrows
 * nothing from the message; false: a range is broken. */
#ifndef WIRE_ENTRIES_H
#define WIRE_ENTRIES_H

#include "entries.pb-c.h"
#include "wire/wire.h"

#define JUDGED_BY_MAX 2
#define BASIS_MAX     3

/* Every header message has these four fields. */
#define HEADER_ID(message)                                                                         \
    ((struct entry_id){                                                                            \
        .agency = (message)->agency, .stream = (message)->stream, .seq = (message)->seq})
#define HEADER_FILL(message, entry_kind, id)                                                       \
    ((message)->kind = (entry_kind), (message)->agency = (id).agency,                              \
     (message)->stream = (id).stream, (message)->seq = (id).seq)

static inline bool within(uint32_t value, uint32_t min, uint32_t max)
{
    return value >= min && value <= max;
}

bool record_header_read(const Cairn__V1__RecordHeader *from, struct record_header *ret);
void record_header_write(const struct record_header *record, struct buf *out);
bool subject_header_read(const Cairn__V1__SubjectHeader *from, struct subject_header *ret);
void subject_header_write(const struct subject_header *subject, struct buf *out);
bool tie_header_read(const Cairn__V1__TieHeader *from, struct tie_header *ret);
void tie_header_write(const struct tie_header *tie, struct buf *out);
bool involvement_header_read(const Cairn__V1__InvolvementHeader *from,
                             struct involvement_header *ret);
void involvement_header_write(const struct involvement_header *involvement, struct buf *out);

#endif
