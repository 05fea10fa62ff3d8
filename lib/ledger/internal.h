/* SPDX-License-Identifier: Apache-2.0 */
/* What keys and rows of the ledger write alike. Private to lib/ledger. */
#ifndef LEDGER_INTERNAL_H
#define LEDGER_INTERNAL_H

#include "ledger/state.h"

static inline void write_subject(struct writer *writer, const struct subject_id *subject)
{
    write_u32(writer, subject->agency);
    write_bytes(writer, subject->handle, CAIRN_HANDLE_BYTES);
}

static inline void write_entry_id(struct writer *writer, const struct entry_id *id)
{
    write_u32(writer, id->agency);
    write_u64(writer, id->stream);
    write_u64(writer, id->seq);
}

static inline struct subject_id read_subject(struct reader *reader)
{
    struct subject_id subject = {.agency = read_u32(reader)};
    read_into(reader, subject.handle, CAIRN_HANDLE_BYTES);
    return subject;
}

static inline struct entry_id read_entry_id(struct reader *reader)
{
    uint32_t agency = read_u32(reader);
    uint64_t stream = read_u64(reader);
    uint64_t seq = read_u64(reader);
    return (struct entry_id){.agency = agency, .stream = stream, .seq = seq};
}

#endif
