/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <lmdb.h>
#include <openssl/crypto.h>
#include <zmq.h>

#include "base/log.h"

#define EXT_MAGIC   0xef53
#define XFS_MAGIC   0x58465342
#define TMPFS_MAGIC 0x01021994

static void plain(const char *text, char *out, size_t out_bytes)
{
    (void)log_escape(text, out, out_bytes);
    for (char *at = out; *at != '\0'; at++) {
        *at = *at == '"' || *at == '\\' ? '\'' : *at;
    }
}

static void look_cpu(struct machine *ret)
{
    char name[128] = "unknown";

    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[512];
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        const char *at = strstr(line, "model name");
        at = at == NULL ? NULL : strchr(at, ':');
        if (at != NULL) {
            (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 2, "\n"), at + 2);
            break;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    plain(name, ret->cpu, sizeof(ret->cpu));
}

static const char *file_system_of(const char *dir)
{
    struct statfs status;

    if (statfs(dir, &status) != 0) {
        return "unknown";
    }
    switch ((unsigned long)status.f_type) {
    case EXT_MAGIC:
        return "ext4";
    case XFS_MAGIC:
        return "xfs";
    case TMPFS_MAGIC:
        return "tmpfs";
    default:
        return "another";
    }
}

static void look_libraries(struct machine *ret)
{
    int lmdb[3];
    int zmq[3];

    (void)mdb_version(&lmdb[0], &lmdb[1], &lmdb[2]);
    zmq_version(&zmq[0], &zmq[1], &zmq[2]);
    (void)snprintf(
        ret->libraries, sizeof(ret->libraries), "OpenSSL %s, libzmq %d.%d.%d, LMDB %d.%d.%d",
        OpenSSL_version(OPENSSL_VERSION_STRING), zmq[0], zmq[1], zmq[2], lmdb[0], lmdb[1], lmdb[2]);
}

void machine_look(const char *dir, struct machine *ret)
{
    struct utsname name;
    char kernel[256] = "unknown";
    double load[1] = {0};

    *ret = (struct machine){.cores = sysconf(_SC_NPROCESSORS_ONLN)};
    look_cpu(ret);
    look_libraries(ret);
    if (uname(&name) == 0) {
        (void)snprintf(kernel, sizeof(kernel), "%s %s %s", name.sysname, name.release,
                       name.machine);
    }
    plain(kernel, ret->kernel, sizeof(ret->kernel));
    plain(BENCH_COMPILER, ret->compiler, sizeof(ret->compiler));
    plain(BENCH_BUILD, ret->build, sizeof(ret->build));
    plain(file_system_of(dir), ret->file_system, sizeof(ret->file_system));
    if (getloadavg(load, 1) == 1) {
        ret->load = load[0];
    }
}
