/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_notice: a person has decided about a link, and everybody who was told of a record through it
 * hears of that, record by record, as far as they knew. Part of apply.
 */
#ifndef BROKER_LINK_NOTICE_H
#define BROKER_LINK_NOTICE_H

#include "broker/members.h"

struct link_notice {
    enum notice_type type;
    uint64_t child; /* whom all of them are still, or now */
    const struct member_list
        *group;     /* whose link it is about; the others of the child are not in it */
    uint64_t alert; /* under which it was decided; 0 none */
    const struct entry_input *decision;
};
/* While all are one child: what an agency may know depends on that. Of the child's records the
 * newest CAIRN_CHRONOLOGY_SCAN_MAX are told; noted when that was not all. */
void link_notice_tell(struct apply *apply, const struct link_notice *link);

#endif
