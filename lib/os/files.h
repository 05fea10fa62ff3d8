/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and folders as Cairn wants them: whole files of bounded size, replaced atomically, private
 * to their owner. No state; any thread. All calls block on the disk. Paths are the operator's, so
 * they may be shown in errors; contents never are. Where an `error` is asked for it is filled on
 * every failure (it may be NULL).
 */
#ifndef OS_FILES_H
#define OS_FILES_H

#include <sys/types.h>

#include "base/error.h"
#include "base/slice.h"

/*
 * Replaces the contents of `out` by the file's; `out->max` is the limit, -EFBIG beyond it. Only a
 * regular file, and the last part of the path may not be a symbolic link (-ELOOP). On failure `out`
 * is empty.
 */
int file_read(const char *path, struct buf *out) MUST_USE;
/*
 * The same for secrets: the opened file itself is checked as file_check_private does with `widest`
 * (0600), so nothing can be exchanged between the check and the reading. What systemd put into
 * $CREDENTIALS_DIRECTORY is taken as it is.
 */
int file_read_private(const char *path, mode_t widest, struct buf *out,
                      struct error *error) MUST_USE;
/*
 * Replaces or creates the file so that a reader, or a crash at any moment, sees the old contents or
 * the new and nothing between: temporary name beside it, fsync, rename, fsync of the folder.
 * Exactly `mode`, whatever the umask.
 */
int file_write_atomic(const char *path, struct slice contents, mode_t mode) MUST_USE;
/* The same, but -EEXIST rather than replace: for keys. */
int file_write_new(const char *path, struct slice contents, mode_t mode) MUST_USE;

/*
 * A regular file, ours, with no permission beyond `widest`: 0400 or 0600 for keys. The error says
 * which command makes it so.
 */
int file_check_private(const char *path, mode_t widest, struct error *error) MUST_USE;
/* A folder, ours, 0700 or narrower. */
int dir_check_private(const char *path, struct error *error) MUST_USE;
/* Creates the folder with 0700 unless it is there, then dir_check_private. Its parent must exist.
 */
int dir_create(const char *path, struct error *error) MUST_USE;

/*
 * Whether a store may live there: ext2, ext3, ext4 or xfs on a local disk, because LMDB relies on
 * their locks and syncs. allow_tmpfs admits tmpfs too, for tests only: it survives nothing.
 */
int file_system_check(const char *path, bool allow_tmpfs, struct error *error) MUST_USE;
/* How full the file system of `path` is for us, 0 to 100, rounded up, as df shows it. */
int disk_used_percent(const char *path, int *ret_percent) MUST_USE;
/* How large it is. */
int disk_bytes(const char *path, uint64_t *ret_bytes) MUST_USE;
/*
 * Whether this process has the file open already (same device and inode among /proc/self/fd):
 * opening an LMDB file a second time and closing it would drop the first one's locks. A file that
 * does not exist is not open.
 */
int file_is_open(const char *path, bool *ret_open) MUST_USE;

#endif
