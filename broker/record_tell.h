/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_tell: who may read of a record, and what each of them gets or hears of it at once. What a
 * pattern makes of it is alert.h. Part of apply.
 */
#ifndef BROKER_RECORD_TELL_H
#define BROKER_RECORD_TELL_H

#include "broker/headline.h"
#include "broker/record.h"

/* Whether anybody but its origin may read of it. Of an adult whom nobody has tied to a child:
 * nobody, for now. */
bool record_is_read(struct apply *apply, const struct record_case *record);
/* The same of one that is stored, for the child that it was loaded for. */
bool record_has_reader(struct apply *apply, const struct told_record *record);

/* `share` and danger go at once, to whoever was granted and either is the front door or is involved
 * with the child. */
void record_share_now(struct apply *apply, const struct record_case *record);
/* Those whom an agreement tells at once, and has given no content, hear that there is something:
 * they who have the child too, and the front doors. */
void record_tell_others(struct apply *apply, const struct told_record *record,
                        enum notice_type type);
/* The same of an adult: a sensitive service's word counts, and causes no notice. */
void record_tell_of_adult(struct apply *apply, const struct told_record *record,
                          enum notice_type type);
/* One agency, as far as its headline goes. */
void record_tell_existence(struct apply *apply, const struct told_record *record,
                           const struct agency *recipient, enum notice_type type);

/* The day until which its author hid it has come: whoever is no front door is told, as if it came
 * now. */
void record_shown(struct apply *apply, const struct entry_id *id);

#endif
