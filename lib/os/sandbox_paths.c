/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock has no wrapper in the C library: three system calls of linux/landlock.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/sandbox.h"

/* Before the second version nothing can be moved from one folder to another. */
#define ABI_WITH_REFER    2
#define ABI_WITH_TRUNCATE 3
#define FS_TRUNCATE       (UINT64_C(1) << 14) /* newer than Debian 12's first headers */

#define OF_FILES  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)
#define OF_READER (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define OF_WRITER                                                                                  \
    (OF_READER | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_REG |       \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
     LANDLOCK_ACCESS_FS_REFER)
#define OF_NAMER (LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define NEVER                                                                                      \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR |   \
     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static int fault(struct error *error, const char *where, const char *what)
{
    int r = -errno;
    (void)error_set(error, where, "the system does not let this process %s: %s", what,
                    strerror(-r));
    return r;
}

static const uint64_t rights[] = {
    [SANDBOX_READ] = OF_READER,
    [SANDBOX_WRITE] = OF_WRITER,
    [SANDBOX_NAMES] = OF_NAMER,
};

static int add_path(int ruleset, const struct sandbox_path *path, uint64_t handled,
                    struct error *error)
{
    struct stat status;
    _cleanup_(fd_close) int fd = open(path->path, O_PATH | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return 0;
    }
    if (fd < 0 || fstat(fd, &status) != 0) {
        return fault(error, path->path, "name what it may open");
    }
    uint64_t allowed = rights[path->access];
    if (!S_ISDIR(status.st_mode)) {
        allowed &= OF_FILES;
    }
    const struct landlock_path_beneath_attr rule = {.allowed_access = allowed & handled,
                                                    .parent_fd = fd};
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0
               ? 0
               : fault(error, path->path, "name what it may open");
}

int sandbox_paths(const struct sandbox_path *paths, size_t n, bool *ret_walled, struct error *error)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < ABI_WITH_REFER) {
        *ret_walled = false;
        return 0;
    }
    const struct landlock_ruleset_attr all = {
        .handled_access_fs =
            (OF_WRITER | NEVER) & (abi < ABI_WITH_TRUNCATE ? ~FS_TRUNCATE : UINT64_MAX),
    };
    _cleanup_(fd_close) int ruleset =
        (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
    if (ruleset < 0) {
        return fault(error, "sandbox", "wall its files off");
    }
    for (size_t i = 0; i < n; i++) {
        int r = add_path(ruleset, &paths[i], all.handled_access_fs, error);
        if (r != 0) {
            return r;
        }
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
        return fault(error, "sandbox", "wall its files off");
    }
    *ret_walled = true;
    return 0;
}
