/* SPDX-License-Identifier: Apache-2.0 */
/* The clear headers about who a child is, and who is about it: subject, tie, involvement. */
#include "base/date.h"
#include "wire/entries.h"
#include "wire/pieces.h"
#include "wire/strict.h"

/* --- subject --- */

bool subject_header_read(const Cairn__V1__SubjectHeader *from, struct subject_header *ret)
{
    *ret = (struct subject_header){.id = HEADER_ID(from),
                                   .epoch = from->epoch,
                                   .revision = from->revision,
                                   .person = from->person,
                                   .n_tokens = from->n_tokens};
    if (from->epoch == 0 || from->revision == 0 || from->n_tokens > CAIRN_TOKENS_MAX) {
        return false;
    }
    for (size_t i = 0; i < from->n_tokens; i++) {
        const Cairn__V1__TokenMark *mark = from->tokens[i];
        if (token_class_text(mark->class_) == NULL ||
            identifier_status_text(mark->status) == NULL ||
            token_class_is_person((enum token_class)mark->class_) != from->person) {
            return false;
        }
        ret->tokens[i].class = (enum token_class)mark->class_;
        ret->tokens[i].status = (enum identifier_status)mark->status;
    }
    return piece_id16(&from->handle, ret->handle);
}

void subject_header_write(const struct subject_header *subject, struct buf *out)
{
    Cairn__V1__SubjectHeader message = CAIRN__V1__SUBJECT_HEADER__INIT;
    Cairn__V1__TokenMark marks[CAIRN_TOKENS_MAX];
    Cairn__V1__TokenMark *list[CAIRN_TOKENS_MAX];

    assert(subject->n_tokens <= CAIRN_TOKENS_MAX);
    HEADER_FILL(&message, ENTRY_SUBJECT, subject->id);
    message.handle = piece_bytes(SLICE_OF(subject->handle));
    message.epoch = subject->epoch;
    message.revision = subject->revision;
    message.person = subject->person;
    message.n_tokens = subject->n_tokens;
    message.tokens = list;
    for (size_t i = 0; i < subject->n_tokens; i++) {
        cairn__v1__token_mark__init(&marks[i]);
        marks[i].class_ = subject->tokens[i].class;
        marks[i].status = subject->tokens[i].status;
        list[i] = &marks[i];
    }
    strict_write(&message.base, out);
}

/* --- tie --- */

bool tie_header_read(const Cairn__V1__TieHeader *from, struct tie_header *ret)
{
    *ret = (struct tie_header){
        .id = HEADER_ID(from),
        .relationship = (enum relationship)from->relationship,
        .until_day = from->until_day,
        .withdrawn = from->withdrawn,
    };
    bool born = from->relationship == RELATIONSHIP_BORN;
    return relationship_text(from->relationship) != NULL &&
           (from->until_day == TIE_OPEN || (!born && date_in_range(from->until_day))) &&
           piece_id16(&from->handle, ret->handle) && piece_id16(&from->person, ret->person) &&
           !slice_equal(SLICE_OF(ret->handle), SLICE_OF(ret->person));
}

void tie_header_write(const struct tie_header *tie, struct buf *out)
{
    Cairn__V1__TieHeader message = CAIRN__V1__TIE_HEADER__INIT;

    HEADER_FILL(&message, ENTRY_TIE, tie->id);
    message.handle = piece_bytes(SLICE_OF(tie->handle));
    message.person = piece_bytes(SLICE_OF(tie->person));
    message.relationship = tie->relationship;
    message.until_day = tie->until_day;
    message.withdrawn = tie->withdrawn;
    strict_write(&message.base, out);
}

/* --- involvement --- */

bool involvement_header_read(const Cairn__V1__InvolvementHeader *from,
                             struct involvement_header *ret)
{
    *ret = (struct involvement_header){
        .id = HEADER_ID(from),
        .role = (enum role)from->role,
        .from_day = from->from_day,
        .until_day = from->until_day,
    };
    bool ends = from->until_day != INVOLVEMENT_OPEN;
    return role_text(from->role) != NULL && date_in_range(from->from_day) &&
           (!ends || (date_in_range(from->until_day) && from->until_day >= from->from_day)) &&
           piece_id16(&from->handle, ret->handle);
}

void involvement_header_write(const struct involvement_header *involvement, struct buf *out)
{
    Cairn__V1__InvolvementHeader message = CAIRN__V1__INVOLVEMENT_HEADER__INIT;

    HEADER_FILL(&message, ENTRY_INVOLVEMENT, involvement->id);
    message.handle = piece_bytes(SLICE_OF(involvement->handle));
    message.role = involvement->role;
    message.from_day = involvement->from_day;
    message.until_day = involvement->until_day;
    strict_write(&message.base, out);
}
