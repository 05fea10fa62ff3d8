/* SPDX-License-Identifier: Apache-2.0 */
/* plain: words of the local interface (cairn/client.h) that programs match, in plain English for
 * people. A word that is not in the tables is said as it is. */
#ifndef CLI_PLAIN_H
#define CLI_PLAIN_H

/* What came into an inbox, by `kind`, or of a notice by `notice`. */
const char *plain_delivery(const char *word);
/* What happened today, by the name of its count. */
const char *plain_count(const char *word);

#endif
