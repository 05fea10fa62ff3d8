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

#endif
