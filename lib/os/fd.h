/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OS_FD_H
#define OS_FD_H

/* close() for _cleanup_: `_cleanup_(fd_close) int fd = -1;`. Accepts -1, leaves -1; errno stays as
 * it was. */
void fd_close(int *fd);

#endif
