/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fhir_status: what an appointment's status says has happened, and who cancelled it. Pure; any
 * thread.
 */
#ifndef AGENTS_GP_FHIR_STATUS_H
#define AGENTS_GP_FHIR_STATUS_H

#include "json/json.h"

enum course {
    COURSE_MISSED,
    COURSE_CANCELLED,
    COURSE_ATTENDED,
    COURSE_MISTAKEN,
    COURSE_OPEN,
};

/* A status that the schema did not check is a fault of the view, and COURSE_OPEN. */
enum course status_course(const struct json_view *appointment);

/* Who cancelled (http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason). */
enum canceller {
    CANCELLED_BY_SERVICE, /* or nobody says by whom */
    CANCELLED_BY_FAMILY,
    CANCELLED_FOR_DEATH,
    CANCELLED_FOR_PREGNANCY,
};

/* By the first coded reason that is known here. */
enum canceller status_canceller(const struct json_view *appointment);

#endif
