/* SPDX-License-Identifier: Apache-2.0 */
/* Where versions of libmicrohttpd differ. Only api.c includes it. */
#ifndef AGENTS_API_MHD_H
#define AGENTS_API_MHD_H

#include <microhttpd.h>

#if MHD_VERSION < 0x00097500
#error "libmicrohttpd 0.9.75 or later: earlier ones crash on a malformed body"
#endif

/* Requests that bend HTTP are refused rather than guessed at. */
#if MHD_VERSION >= 0x00097701
#define API_MHD_STRICT MHD_OPTION_CLIENT_DISCIPLINE_LVL
#else
#define API_MHD_STRICT MHD_OPTION_STRICT_FOR_CLIENT
#endif
#define API_MHD_STRICT_LEVEL 1

#endif
