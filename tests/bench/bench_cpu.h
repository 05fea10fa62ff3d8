/* SPDX-License-Identifier: Apache-2.0 */
/* What is bound by the processors: signature checks, decisions by agreements, the transport. Main
 * thread. */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include "bench/bench.h"

/* Ed25519 checks of a parcel's head a second, on one core, through lib/crypto. */
double cpu_verifications(double seconds);
/* Nanoseconds of a decision by the shipped agreements: every kind and code of records, each
 * urgency, between two agencies of every two kinds, with a role. */
double cpu_decision(double seconds);
/* Frames of 2 KiB a second from eight DEALERs to one ROUTER through lib/net, CURVE over loopback,
 * all ends on this machine. Not while another router of this process is open. */
double cpu_frames(double seconds);

#endif
