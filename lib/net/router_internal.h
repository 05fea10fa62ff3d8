/* SPDX-License-Identifier: Apache-2.0 */
/* Private to lib/net and its tests: what a test may break, to show that router_open notices. */
#ifndef NET_ROUTER_INTERNAL_H
#define NET_ROUTER_INTERNAL_H

#include "net/router.h"

struct router_fault {
    bool no_handler;      /* nobody answers ZAP requests */
    bool unenforced;      /* ZAP_ENFORCE_DOMAIN stays off, as is libzmq's default */
    bool no_curve;        /* neither CURVE nor a ZAP domain: an open socket */
    unsigned proof_looks; /* 0: the product's own patience */
};

int router_open_faulty(const struct router_options *options, const struct router_fault *fault,
                       struct router **ret, struct error *error) MUST_USE;

#endif
