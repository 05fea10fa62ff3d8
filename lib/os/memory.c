/* SPDX-License-Identifier: Apache-2.0 */
#include "os/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "os/files.h"

#define PROC_FILE_MAX_BYTES 65536
#define PATH_BYTES          1024

static void keep_least(uint64_t *least, uint64_t bytes)
{
    if (bytes > 0 && (*least == 0 || bytes < *least)) {
        *least = bytes;
    }
}

static uint64_t resource_limit(__rlimit_resource_t resource)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return 0;
    }
    return limit.rlim_cur > 0 ? limit.rlim_cur : 1;
}

/* One line of a small file, without its newline; -ENOENT and the like as file_read. */
static int read_line(const char *path, char *out, size_t out_bytes)
{
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(PROC_FILE_MAX_BYTES);
    int r = file_read(path, &buf);
    if (r < 0) {
        return r;
    }
    (void)snprintf(out, out_bytes, "%.*s", (int)strcspn(buf_text(&buf), "\n"), buf_text(&buf));
    return 0;
}

/* "0::/system.slice/cairn-broker.service": the line of version 2. "" where there is only version 1,
 * or none. */
static int own_cgroup(const char *membership, char *out, size_t out_bytes)
{
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(PROC_FILE_MAX_BYTES);
    int r = file_read(membership, &buf);

    out[0] = '\0';
    if (r < 0) {
        return r == -ENOENT ? 0 : r;
    }
    const char *line = buf_text(&buf);
    while (line != NULL && strncmp(line, "0::/", 4) != 0) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    if (line == NULL) {
        return 0;
    }
    size_t len = strcspn(line + 3, "\n");
    if (len >= out_bytes) {
        return -ENAMETOOLONG;
    }
    memcpy(out, line + 3, len);
    out[len] = '\0';
    return 0;
}

/* The groups seen from inside a container may not exist under its mount: a missing file limits
 * nothing. */
static int one_cgroup_limit(const char *mount, const char *group, uint64_t *ret_bytes)
{
    char path[2 * PATH_BYTES];
    char line[32];

    *ret_bytes = 0;
    (void)snprintf(path, sizeof(path), "%s%s/memory.max", mount, group);
    int r = read_line(path, line, sizeof(line));
    if (r == -ENOENT || r == -ENOTDIR) {
        return 0;
    }
    if (r < 0) {
        return r;
    }
    if (strcmp(line, "max") == 0) {
        return 0;
    }
    if (!u64_parse(line, UINT64_MAX, ret_bytes)) {
        return -EBADMSG;
    }
    *ret_bytes = *ret_bytes > 0 ? *ret_bytes : 1;
    return 0;
}

int memory_cgroup_limit(const char *membership, const char *mount, uint64_t *ret_bytes)
{
    char group[PATH_BYTES];
    uint64_t least = 0;
    int r = own_cgroup(membership, group, sizeof(group));

    while (r == 0 && group[0] != '\0') {
        uint64_t bytes;
        char *slash = strrchr(group, '/');
        r = one_cgroup_limit(mount, slash[1] != '\0' ? group : "", &bytes);
        keep_least(&least, r == 0 ? bytes : 0);
        /* The mount itself carries memory.max only inside a container, where it is our own group.
         */
        if (slash == group && slash[1] != '\0') {
            slash[1] = '\0';
        } else {
            *slash = '\0';
        }
    }
    if (r < 0) {
        return r;
    }
    *ret_bytes = least;
    return 0;
}

int memory_limit(uint64_t *ret_bytes)
{
    uint64_t least = 0;
    int r = memory_cgroup_limit("/proc/self/cgroup", "/sys/fs/cgroup", &least);

    if (r < 0) {
        return r;
    }
    keep_least(&least, resource_limit(RLIMIT_AS));
    keep_least(&least, resource_limit(RLIMIT_DATA));
    *ret_bytes = least;
    return 0;
}

int memory_resident(uint64_t *ret_bytes)
{
    char line[128];
    uint64_t pages;
    int r = read_line("/proc/self/statm", line, sizeof(line));

    if (r < 0) {
        return r;
    }
    char *resident = strchr(line, ' ');
    if (resident == NULL) {
        return -EBADMSG;
    }
    resident++;
    resident[strcspn(resident, " ")] = '\0';
    if (!u64_parse(resident, UINT64_MAX / 65536, &pages)) {
        return -EBADMSG;
    }
    *ret_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return 0;
}
