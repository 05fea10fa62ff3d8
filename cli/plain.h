/* SPDX-License-Identifier: Apache-2.0 */
/* plain: words of the local interface (cairn/client.h) and names of a broker's counters, which
 * programs match, in plain English for people. A word that is not in the tables is said as it is.
 */
#ifndef CLI_PLAIN_H
#define CLI_PLAIN_H

/* What came into an inbox, by `kind`, or of a notice by `notice`. */
const char *plain_delivery(const char *word);
/* What happened today, by the name of its count. */
const char *plain_count(const char *word);
/* A broker's counter: the heading that it stands below, and what its value is a number of. */
const char *plain_stage(const char *counter);
const char *plain_figure(const char *counter);

#endif
