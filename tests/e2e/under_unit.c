/* SPDX-License-Identifier: Apache-2.0 */
/*
 * under_unit LIST PROGRAM ARGUMENT...: the program under a unit's filter of system calls, without
 * the service manager: LIST holds their names, a line each; any other ends the process, as there.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES 64

static int allow(scmp_filter_ctx filter, const char *name)
{
    int call = seccomp_syscall_resolve_name(name);
    /* A name of another processor, or of a newer kernel, is none here. */
    return call == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
}

static int read_list(scmp_filter_ctx filter, const char *path)
{
    char name[NAME_BYTES];
    FILE *list = fopen(path, "re");
    if (list == NULL) {
        return -errno;
    }
    int r = 0;
    while (r == 0 && fgets(name, sizeof(name), list) != NULL) {
        name[strcspn(name, "\n")] = '\0';
        r = allow(filter, name);
    }
    (void)fclose(list);
    return r;
}

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (argc < 3 || filter == NULL || read_list(filter, argv[1]) != 0 ||
        seccomp_load(filter) != 0) {
        (void)fprintf(stderr, "under_unit: the list cannot be entered\n");
        return EXIT_FAILURE;
    }
    (void)execv(argv[2], argv + 2);
    (void)fprintf(stderr, "under_unit: %s: %s\n", argv[2], strerror(errno));
    return EXIT_FAILURE;
}
