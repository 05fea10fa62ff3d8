/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/offers.h"

#include <errno.h>

#include "base/log.h"

/* 1 when the folder has this document, newer than `held`; 0 when not; -errno, said in the log, when
 * it cannot be read. The bufs are the caller's either way. */
static int read_newer(const char *folder, enum governance_document document,
                      const struct governance *held, struct buf *text, struct buf *note)
{
    struct error error = ERROR_NULL;
    enum governance_document named;
    uint64_t version;
    int r = govern_read(folder, document, text, note, &error);
    if (r != 0 && r != -ENOENT) {
        error = log_escape_error(&error);
        log_event(LOG_LEVEL_ERROR, "governance_unreadable", "document=%s reason=\"%s\"",
                  governance_document_text(document), error.what);
        return r;
    }
    return r == 0 && govern_note_read(buf_slice(note), &named, &version) &&
           (held == NULL || version > held->versions[document]);
}

bool offers_read(const char *folder, const struct governance *held, struct offers *ret)
{
    bool all = true;
    *ret = OFFERS_NULL;
    for (unsigned number = GOVERNANCE_ROOT; number <= GOVERNANCE_DOCUMENTS; number++) {
        enum governance_document document = (enum governance_document)number;
        struct buf *text = &ret->texts[ret->n];
        struct buf *note = &ret->notes[ret->n];
        *text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
        *note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
        int r = read_newer(folder, document, held, text, note);
        all = all && r >= 0;
        if (r > 0) {
            ret->documents[ret->n++] = (struct govern_document){
                .document = document, .text = buf_slice(text), .note = buf_slice(note)};
        } else {
            buf_deinit(text);
            buf_deinit(note);
        }
    }
    return all;
}

void offers_deinit(struct offers *offers)
{
    for (size_t i = 0; i < offers->n; i++) {
        buf_deinit(&offers->texts[i]);
        buf_deinit(&offers->notes[i]);
    }
    *offers = OFFERS_NULL;
}
