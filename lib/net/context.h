/* SPDX-License-Identifier: Apache-2.0 */
/* Private to lib/net: the process's one ZeroMQ context, made by net_init. Any thread. */
#ifndef NET_CONTEXT_H
#define NET_CONTEXT_H

void *net_context(void);

#endif
