/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch: folders into which the agency's systems put files, by what they hold ([watch] in
 * agent.ini). Each has three folders in it:
 *
 *   in/      a file put here is taken when it is complete: moved here, or not changed for
 *            [watch] quiet. Names that begin with a dot or end in .tmp or .part are left alone.
 *   done/    files that were taken
 *   failed/  files that were not
 *
 * Both get NUMBER-NAME, the number being the file's own (its inode), and beside it the report, as
 * NUMBER-NAME.report.txt for people and .report.json for programs. The one for people is called
 * .set-aside.txt in done/ when rows were not taken: somebody is to look. First what a file says is
 * on disk, then its report, then it is moved: after a crash it is found in in/ again, and taking it
 * twice says nothing twice. What cannot be taken for a reason of ours, such as a full disk, stays
 * where it is.
 *
 * Folders are ours and 0700. A file must be ours, of one link, and writable for us alone; what is
 * no such file, or has a name that is no plain one, goes to failed/ unread. What is no file at all
 * (a link, a folder, a device) stays in in/, since the agent may not make such things elsewhere: it
 * is told of once, by a report in failed/, and passed over. Links are not followed.
 *
 * A thread of its own, which takes one file at a time, oldest first; opened, turned and closed by
 * one thread.
 */
#ifndef AGENTS_WATCH_H
#define AGENTS_WATCH_H

#include "agents/core/agent.h"

#define WATCH_NAME_MAX_BYTES 200 /* with number and ".report.json" it fits a file name */
#define WATCH_FILES_A_TURN   64
#define WATCH_REPORT_PART    ".report."       /* in the name of each report, before its ending */
#define WATCH_SET_ASIDE      ".set-aside.txt" /* ends the one for people when rows were not taken */

struct watch;
/* Makes in/, done/ and failed/. NULL and 0 when the configuration names no folder. Otherwise the
 * error says which folder must be changed how. */
int watch_open(struct agent *agent, struct watch **ret, struct error *error) MUST_USE;
void watch_close(struct watch **watch); /* accepts NULL */
/* Takes what is complete. Returns after how many milliseconds to look again at the latest; before
 * that when watch_fd can be read. */
int watch_turn(struct watch *watch);
int watch_fd(const struct watch *watch);

struct watch_thread;
int watch_start(struct agent *agent, struct watch_thread **ret, struct error *error) MUST_USE;
/* Waits for the file in hand. Accepts NULL. */
void watch_stop(struct watch_thread **thread);

#endif
