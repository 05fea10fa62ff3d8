/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/gp/fhir_status.h"

static const struct {
    const char *status;
    enum course course;
} courses[] = {
    {"noshow", COURSE_MISSED},       {"cancelled", COURSE_CANCELLED},
    {"fulfilled", COURSE_ATTENDED},  {"arrived", COURSE_ATTENDED},
    {"checked-in", COURSE_ATTENDED}, {"entered-in-error", COURSE_MISTAKEN},
    {"proposed", COURSE_OPEN},       {"pending", COURSE_OPEN},
    {"booked", COURSE_OPEN},         {"waitlist", COURSE_OPEN},
};

enum course status_course(const struct json_view *appointment)
{
    struct slice status = json_get_text(appointment, "status");

    for (size_t i = 0; i < ARRAY_LEN(courses); i++) {
        if (slice_is_text(status, courses[i].status)) {
            return courses[i].course;
        }
    }
    (void)json_refuse(appointment, "status is not one of FHIR R4"); /* the schema's enum */
    return COURSE_OPEN;
}

static const struct {
    const char *code;
    enum canceller canceller;
} cancellations[] = {
    {"pat", CANCELLED_BY_FAMILY},          {"pat-crs", CANCELLED_BY_FAMILY},
    {"pat-cpp", CANCELLED_BY_FAMILY},      {"pat-fb", CANCELLED_BY_FAMILY},
    {"pat-lt", CANCELLED_BY_FAMILY},       {"pat-mt", CANCELLED_BY_FAMILY},
    {"pat-mv", CANCELLED_BY_FAMILY},       {"pat-ucp", CANCELLED_BY_FAMILY},
    {"pat-uwp", CANCELLED_BY_FAMILY},      {"pat-dec", CANCELLED_FOR_DEATH},
    {"pat-preg", CANCELLED_FOR_PREGNANCY}, {"pat-swl", CANCELLED_BY_SERVICE}, /* seen earlier */
};

enum canceller status_canceller(const struct json_view *appointment)
{
    struct json_view reason = json_opt_object(appointment, "cancelationReason");
    struct json_view codings = json_opt_array(&reason, "coding");
    size_t n = json_length(&codings);

    for (size_t i = 0; i < n; i++) {
        struct json_view coding = json_item(&codings, i);
        struct slice code = json_opt_text(&coding, "code");
        for (size_t k = 0; k < ARRAY_LEN(cancellations); k++) {
            if (slice_is_text(code, cancellations[k].code)) {
                return cancellations[k].canceller;
            }
        }
    }
    return CANCELLED_BY_SERVICE;
}
