/* SPDX-License-Identifier: Apache-2.0 */
#include "governance.pb-c.h"
#include "wire/pieces.h"
#include "wire/strict.h"
#include "wire/wire.h"

bool wire_governance_fetch_read(struct slice payload, struct arena *arena,
                                struct wire_governance_fetch *ret)
{
    const Cairn__V1__GovernanceFetch *from =
        strict_read(&cairn__v1__governance_fetch__descriptor, payload, arena);

    if (from == NULL || !piece_document_ok(from->document)) {
        return false;
    }
    ret->document = (enum governance_document)from->document;
    ret->have = from->have;
    return true;
}

void wire_governance_fetch_write(const struct wire_governance_fetch *fetch, struct buf *out)
{
    Cairn__V1__GovernanceFetch message = CAIRN__V1__GOVERNANCE_FETCH__INIT;

    message.document = fetch->document;
    message.have = fetch->have;
    strict_write(&message.base, out);
}

bool wire_governance_document_read(struct slice payload, struct arena *arena,
                                   struct wire_governance_document *ret)
{
    const Cairn__V1__GovernanceDocument *from =
        strict_read(&cairn__v1__governance_document__descriptor, payload, arena);

    if (from == NULL || !piece_document_ok(from->document) ||
        from->text.len > CAIRN_GOVERNANCE_DOC_MAX_BYTES || from->note.len > CAIRN_NOTE_MAX_BYTES ||
        (from->text.len > 0 && from->version == 0)) {
        return false;
    }
    *ret = (struct wire_governance_document){
        .document = (enum governance_document)from->document,
        .version = from->version,
        .text = piece_slice(&from->text),
        .note = piece_slice(&from->note),
    };
    return true;
}

void wire_governance_document_write(const struct wire_governance_document *document,
                                    struct buf *out)
{
    Cairn__V1__GovernanceDocument message = CAIRN__V1__GOVERNANCE_DOCUMENT__INIT;

    message.document = document->document;
    message.version = document->version;
    message.text = piece_bytes(document->text);
    message.note = piece_bytes(document->note);
    strict_write(&message.base, out);
}
