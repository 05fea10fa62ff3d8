/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/cosigned.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "store/log.h"

static bool may_be_shown(const struct cosigned_question *question, uint32_t number,
                         const struct agency_row *row)
{
    const struct agency *agency = directory_agency(question->directory, number);
    const struct agency_key *key =
        agency == NULL ? NULL : agency_sign_key(agency, row->cosigned_by);
    return number != question->asker && row->log_size > 0 &&
           row->log_size <= question->head->size && key != NULL && agency->active &&
           key->status == KEY_ACTIVE;
}

static bool fill(const struct cosigned_question *question, uint32_t number,
                 const struct agency_row *row, struct wire_cosigned *ret)
{
    struct log_source source = {.txn = question->txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    *ret = (struct wire_cosigned){
        .agency = number,
        .key_id = row->cosigned_by,
        .head = {.size = row->log_size, .root = row->log_root},
    };
    memcpy(ret->cosignature, row->cosignature, COSIGNATURE_BYTES);
    const struct tree_consistency claim = {
        .old_size = row->log_size,
        .new_size = question->head->size,
        .old_root = &ret->head.root,
        .new_root = &question->head->root,
    };
    if (tree_prove_consistency(&tree, row->log_size, question->head->size, &ret->consistency) !=
            0 ||
        !tree_check_consistency(&claim, &ret->consistency)) {
        log_event(LOG_LEVEL_ERROR, "cosigned_head_unproved", "agency=%" PRIu32 " size=%" PRIu64,
                  number, row->log_size);
        return false;
    }
    return true;
}

size_t cosigned_collect(const struct cosigned_question *question,
                        struct wire_cosigned ret[CAIRN_COSIGNED_MAX])
{
    size_t n = 0;
    struct store_key from = key_agency(question->from);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(question->txn, T_AGENCY, store_key_slice(&from));
    for (; walk.live && n < CAIRN_COSIGNED_MAX; store_walk_next(&walk)) {
        struct reader reader = reader_over(walk.key);
        uint32_t number = read_u32(&reader);
        struct agency_row row;
        if (!reader_end(&reader)) {
            continue; /* no row of ours: verify says so */
        }
        agency_row_get(question->txn, number, &row);
        if (may_be_shown(question, number, &row) && fill(question, number, &row, &ret[n])) {
            n++;
        }
    }
    return n;
}
