/* SPDX-License-Identifier: Apache-2.0 */
/* What parses as a date is exactly what is written for it; an instant keeps its milliseconds. */
#include "base/date.h"
#include "tests/fuzz/fuzz.h"

static void check_date(struct slice text)
{
    char again[DATE_TEXT_BYTES];
    int32_t day;

    if (date_parse(text, &day)) {
        date_format(day, again);
        assert(slice_is_text(text, again));
        assert(date_in_range(day));
        assert(date_add_months(day, 0) == day);
        assert(date_age(day, day) == 0);
        assert(date_weekday(day) >= 0 && date_weekday(day) <= 6);
    }
}

static void check_instant(struct slice text)
{
    char written[INSTANT_TEXT_BYTES];
    int64_t ms;
    int64_t again;

    if (instant_parse(text, &ms)) {
        instant_format(ms, written);
        bool parsed = instant_parse(slice_of_text(written), &again);
        assert(parsed && again == ms);
        assert(instant_london_minute(ms) >= 0 && instant_london_minute(ms) < 1440);
        int64_t local_ms = (instant_london_day(ms) * 1440LL + instant_london_minute(ms)) * 60000;
        assert(local_ms - ms > -60000 && local_ms - ms <= 3600000);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_date(slice_make(data, size));
    check_instant(slice_make(data, size));
    return 0;
}
