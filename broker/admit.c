/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/admit.h"

bool admit_key(void *data, const uint8_t key[CURVE_KEY_BYTES], uint32_t *ret_agency)
{
    struct board *board = data;
    _cleanup_(governance_unref) struct governance *governance = board_governance(board);
    const struct agency *agency =
        governance == NULL ? NULL : directory_by_curve(&governance->directory, key);
    if (agency == NULL) {
        return false;
    }
    *ret_agency = agency->number;
    return true;
}

bool admit_peer(struct board *board, const struct peer *peer)
{
    uint32_t agency = 0;
    return admit_key(board, peer->key, &agency) && agency == peer->agency;
}
