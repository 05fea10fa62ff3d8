/* SPDX-License-Identifier: Apache-2.0 */
/* The documents in force here, byte for byte as the partnership signed them: for whoever asks what
 * was agreed. */
#include <string.h>

#include "agents/core/api_view.h"
#include "base/text.h"

/* NAME.json, or NAME.note with its signatures; 0 for anything else. */
static enum governance_document parse(const char *segment, bool *ret_note)
{
    char name[API_SEGMENT_MAX_BYTES];
    const char *ending = strrchr(segment, '.');

    if (ending == NULL ||
        !text_copy(name, sizeof(name), slice_make(segment, (size_t)(ending - segment)))) {
        return 0;
    }
    *ret_note = strcmp(ending, ".note") == 0;
    return *ret_note || strcmp(ending, ".json") == 0
               ? (enum governance_document)governance_document_number(name)
               : 0;
}

void api_governance(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct govern_document held;
    bool note = false;
    enum governance_document document = parse(call->segment, &note);

    view_begin(call->agent, &view);
    if (document == 0 || !governance_held(view.governance, document, &held)) {
        answer_problem(answer, PROBLEM_NOT_FOUND, NULL);
        return;
    }
    buf_add_slice(&answer->body, note ? held.note : held.text);
    answer->status = 200;
    answer->type = CAIRN_MEDIA_TEXT;
}
