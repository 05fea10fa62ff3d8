/* SPDX-License-Identifier: Apache-2.0 */
/* options: what an operator can set, from the command line and signer.ini. Immutable once read. */
#ifndef SIGNER_OPTIONS_H
#define SIGNER_OPTIONS_H

#include "conf/command.h"
#include "signer/service.h"

struct signer_options {
    struct conf *conf; /* owns the texts below */
    struct service_options service;
    const char *socket; /* where the broker asks */
};

#define SIGNER_OPTIONS_NULL ((struct signer_options){.conf = NULL})
/* Command line and signer.ini; *ret is filled for CONF_RUN. */
enum conf_then signer_options_read(int argc, char **argv, struct signer_options *ret);
void signer_options_deinit(struct signer_options *options);

#endif
