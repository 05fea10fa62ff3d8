/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `cairn check` finds about an agent, from its own answer about its health.
 */
#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/checking.h"
#include "cli/show.h"
#include "govern/duty.h"

#define MINUTE_MS    INT64_C(60000)
#define HOUR_MS      (60 * MINUTE_MS)
#define RECENT_MS    (7 * DAY_MS) /* what was missed longer ago somebody has seen by now */
#define CLOCK_OFF_MS MINUTE_MS    /* two clocks that differ by more */

/* False when the member is missing or none. */
static bool time_of(const struct json_view *object, const char *key, int64_t *ret_ms)
{
    return instant_parse(json_opt_text(object, key), ret_ms);
}

/* Too few others say that they see the same log: they are away, or the broker splits the view. */
static void judge_confirmations(struct check *check, const struct json_view *log)
{
    struct json_view now = json_opt_object(log, "confirmations");
    int64_t lately = show_number(&now, "lately", 0);
    int64_t others = show_number(&now, "others", 0);
    char at[SHOW_INSTANT_BYTES];
    check_figure(check, "confirming", lately, "");
    if (!show_truth(&now, "missed")) {
        return;
    }
    show_instant(&now, show_number(&now, "ever", 0) > 0 ? "at" : "since", at);
    if (lately > 0) {
        check_find(check, CHECK_WARNING,
                   "only %" PRId64 " of %" PRId64
                   " other agencies %s confirmed this log lately: compare heads with another",
                   lately, others, text_plural((uint64_t)lately, "has", "have"));
    } else {
        check_find(check, CHECK_WARNING,
                   "no other agency has confirmed this log since %s: compare heads with one", at);
    }
}

/* That the broker cannot be reached may pass by itself; an approval somebody has to give. */
static void judge_offline(struct check *check, bool unapproved, int64_t minutes)
{
    enum check_level level = check_level_of(check, LIMIT_OFFLINE, minutes);
    if (level == CHECK_OK && unapproved && check->limits->of[LIMIT_OFFLINE].warning > 0) {
        level = CHECK_WARNING;
    }
    if (level != CHECK_OK) {
        check_find(check, level, "%s",
                   unapproved
                       ? "not approved yet: send request.json to the partnership for approval"
                       : "not connected to the broker");
    }
}

static void judge_link(struct check *check, const struct json_view *health)
{
    struct json_view link = json_opt_object(health, "link");
    struct json_view log = json_opt_object(health, "log");
    int64_t ahead_ms = show_number(&link, "clock_ahead_ms", 0);
    char state[SHOW_TEXT_BYTES];
    int64_t since_ms = 0;
    show_text(&link, "state", state);
    if (show_truth(&log, "contradicted")) {
        check_find(check, CHECK_CRITICAL, "the broker showed two logs: an operator must look");
    }
    judge_confirmations(check, &log);
    if (strcmp(state, "revoked") == 0) {
        check_find(check, CHECK_CRITICAL,
                   "this agency, or its key, was revoked: nothing that is written here reaches "
                   "anybody; telephone, and ask the partnership");
    } else if (strcmp(state, "connected") != 0) {
        bool known = time_of(&link, "since", &since_ms);
        int64_t minutes = known ? (check->now_ms - since_ms) / MINUTE_MS : INT64_MAX;
        judge_offline(check, strcmp(state, "unapproved") == 0, minutes);
    }
    if (ahead_ms > CLOCK_OFF_MS || ahead_ms < -CLOCK_OFF_MS) {
        check_find(check, CHECK_WARNING, "the clock differs from the broker's by %" PRId64 " s",
                   ahead_ms / 1000);
    }
}

/* Its author was told to telephone, and is to be asked whether they did. */
static void judge_urgent(struct check *check, const struct json_view *health)
{
    struct json_view link = json_opt_object(health, "link");
    struct json_view spool = json_opt_object(health, "spool");
    int64_t oldest_ms = 0;
    char state[SHOW_TEXT_BYTES];
    show_text(&link, "state", state);
    if (!time_of(&spool, "oldest_urgent", &oldest_ms)) {
        return;
    }
    int64_t minutes = (check->now_ms - oldest_ms) / MINUTE_MS;
    enum check_level level = check_level_of(check, LIMIT_URGENT, minutes);
    if (level == CHECK_OK && check->limits->of[LIMIT_URGENT].warning > 0 &&
        strcmp(state, "connected") != 0) {
        level = CHECK_WARNING;
    }
    if (level != CHECK_OK) {
        check_find(check, level,
                   "urgent and not sent since %" PRId64 " min: nobody has it; telephone", minutes);
    }
}

static void judge_spool(struct check *check, const struct json_view *health)
{
    struct json_view spool = json_opt_object(health, "spool");
    struct json_view held = json_opt_array(health, "held");
    int64_t unsent = show_number(&spool, "urgent", 0) + show_number(&spool, "normal", 0) +
                     show_number(&spool, "bulk", 0) + show_number(&spool, "unsealed", 0);
    int64_t oldest_ms = 0;
    check_figure(check, "unsent", unsent, "");
    check_figure(check, "unsent_urgent",
                 show_number(&spool, "urgent", 0) + show_number(&spool, "unsealed_urgent", 0), "");
    if (time_of(&spool, "oldest", &oldest_ms)) {
        int64_t minutes = (check->now_ms - oldest_ms) / MINUTE_MS;
        enum check_level level = check_level_of(check, LIMIT_UNSENT, minutes);
        if (level != CHECK_OK) {
            check_find(check, level, "%" PRId64 " not sent, the oldest since %" PRId64 " min",
                       unsent, minutes);
        }
    }
    if (json_length(&held) > 0) {
        check_find(check, CHECK_WARNING, "%zu held back or set aside: cairn status",
                   json_length(&held));
    }
}

/* Nobody has it, whatever whoever wrote it believes. */
static void judge_returned(struct check *check, const struct json_view *health)
{
    struct json_view returned = json_opt_object(health, "returned");
    int64_t waiting = show_number(&returned, "waiting", 0);
    int64_t danger = show_number(&returned, "danger", 0);
    check_figure(check, "returned", waiting, "");
    if (danger > 0) {
        check_find(check, CHECK_CRITICAL,
                   "%" PRId64 " urgent refused by the broker, and nobody has dealt with it: cairn "
                   "returned",
                   danger);
    }
    if (waiting > danger) {
        check_find(check, CHECK_WARNING,
                   "%" PRId64
                   " refused by the broker, and nobody has dealt with it: cairn returned",
                   waiting - danger);
    }
}

static void judge_inbox(struct check *check, const struct json_view *health)
{
    struct json_view inbox = json_opt_object(health, "inbox");
    int64_t missing = show_number(&inbox, "missing", 0);
    int64_t noticed_ms = 0;
    check_figure(check, "missing", missing, "");
    if (missing > 0 && time_of(&inbox, "noticed", &noticed_ms) &&
        check->now_ms - noticed_ms < RECENT_MS) {
        check_find(check, CHECK_WARNING, "%" PRId64 " %s never came", missing,
                   text_plural((uint64_t)missing, "delivery", "deliveries"));
    }
}

static void judge_unopened(struct check *check, const struct json_view *health)
{
    struct json_view unopened = json_opt_object(health, "unopened");
    int64_t records = show_number(&unopened, "records", 0);
    int64_t alerts = show_number(&unopened, "alerts", 0);
    int64_t oldest_ms = 0;
    check_figure(check, "unopened_records", records, "");
    check_figure(check, "unopened_alerts", alerts, "");
    if (records > 0) {
        check_find(check, CHECK_CRITICAL, "%" PRId64 " urgent and opened by nobody in time",
                   records);
    }
    if (time_of(&unopened, "oldest_alert", &oldest_ms)) {
        int64_t hours = (check->now_ms - oldest_ms) / HOUR_MS;
        enum check_level level = check_level_of(check, LIMIT_ALERTS, hours);
        if (level != CHECK_OK) {
            check_find(check, level,
                       "%" PRId64 " %s opened by nobody, the oldest since %" PRId64 " h", alerts,
                       text_plural((uint64_t)alerts, "alert", "alerts"), hours);
        }
    }
}

static void judge_people(struct check *check, const struct json_view *health)
{
    int64_t reviews = show_number(health, "reviews_due", 0);
    int64_t requests = show_number(health, "requests_waiting", 0);
    check_figure(check, "reviews_due", reviews, "");
    check_figure(check, "requests", requests, "");
    if (reviews > 0) {
        check_find(check, CHECK_WARNING,
                   "%" PRId64 " kept that nobody has seen are due: cairn kept", reviews);
    }
}

static void judge_agent_duty(struct check *check, const struct json_view *health)
{
    struct json_view duty = json_opt_object(health, "duty");
    char gap[SHOW_TEXT_BYTES];
    char words[SHOW_TEXT_BYTES];
    show_text(&duty, "gap", gap);
    show_text(&duty, "words", words);
    if (words[0] != '\0') {
        check_duty(check, strcmp(gap, duty_gap_text(DUTY_GAP_FRONT_DOOR)) != 0, words);
    }
}

/* What somebody put there has reached nobody, or not all of it. */
static void judge_files(struct check *check, const struct json_view *health)
{
    struct json_view feeds = json_opt_array(health, "feeds");
    int64_t all_refused = 0;
    int64_t all_set_aside = 0;
    for (size_t i = 0; i < json_length(&feeds); i++) {
        struct json_view feed = json_item(&feeds, i);
        int64_t refused = show_number(&feed, "refused", 0);
        int64_t set_aside = show_number(&feed, "set_aside", 0);
        char folder[SHOW_TEXT_BYTES];
        show_text(&feed, "folder", folder);
        all_refused += refused;
        all_set_aside += set_aside;
        if (refused > 0) {
            check_find(check, CHECK_WARNING,
                       "%" PRId64 " refused in %.140s/failed: read the reports there, mend, put "
                       "into in/ again or take away",
                       refused, folder);
        }
        if (set_aside > 0) {
            check_find(check, CHECK_WARNING,
                       "%" PRId64 " taken but for some rows, in %.140s/done: read each "
                       ".set-aside.txt there, mend those rows, take the report away",
                       set_aside, folder);
        }
    }
    check_figure(check, "refused_files", all_refused, "");
    check_figure(check, "set_aside_files", all_set_aside, "");
}

/* The interface is no feed that anybody promised. */
static void judge_feeds(struct check *check, const struct json_view *health)
{
    struct json_view feeds = json_opt_array(health, "feeds");
    for (size_t i = 0; i < json_length(&feeds); i++) {
        struct json_view feed = json_item(&feeds, i);
        char name[SHOW_TEXT_BYTES];
        int64_t last_ms = 0;
        show_text(&feed, "feed", name);
        if (strcmp(name, "interface") == 0) {
            continue;
        }
        int64_t hours =
            time_of(&feed, "last", &last_ms) ? (check->now_ms - last_ms) / HOUR_MS : INT64_MAX;
        enum check_level level = check_level_of(check, LIMIT_FEEDS, hours);
        if (level != CHECK_OK && hours == INT64_MAX) {
            check_find(check, level, "nothing has ever come from %.40s", name);
        } else if (level != CHECK_OK) {
            check_find(check, level, "nothing has come from %.40s for %" PRId64 " h", name, hours);
        }
    }
}

static void judge_documents(struct check *check, const struct json_view *health)
{
    struct json_view documents = json_opt_object(health, "governance");
    struct json_view document;
    for (const char *key = json_first(&documents, &document); key != NULL;
         key = json_next(&documents, key, &document)) {
        int32_t day = 0;
        if (date_parse(json_opt_text(&document, "review_by"), &day)) {
            check_review(check, key, (day + 1) * DAY_MS);
        }
    }
}

#define PUT_KEYS                                                                                   \
    "put opening-key-N, transport-key-N and signing-key-N of the newest set, from keys/ of the "   \
    "folder in which cairn agency renew was run or from the safe, into its folder of keys and "    \
    "restart it"

static void judge_keys(struct check *check, const struct json_view *health)
{
    char state[SHOW_TEXT_BYTES];
    char missing[SHOW_TEXT_BYTES];
    show_text(health, "linkage", state);
    show_text(health, "missing_key", missing);
    if (strcmp(state, "closed") == 0) {
        check_find(check, CHECK_CRITICAL,
                   "the directory has keys for this agency that its agent lacks: nothing is "
                   "sent; " PUT_KEYS);
    } else if (strcmp(state, "earlier") == 0) {
        check_find(check, CHECK_WARNING,
                   "the directory has keys for this agency that its agent lacks: " PUT_KEYS);
    }
    if (missing[0] != '\0') {
        check_find(check, CHECK_WARNING,
                   "%.32s is not in the agent's folder of keys, and the directory has that set in "
                   "use: put it back from the safe and restart the agent; if it is lost, cairn "
                   "agency renew",
                   missing);
    }
}

void check_agent(struct check *check, const struct json_view *health)
{
    struct json_view store = json_opt_object(health, "store");
    judge_link(check, health);
    judge_keys(check, health);
    judge_unopened(check, health);
    judge_urgent(check, health);
    judge_spool(check, health);
    judge_returned(check, health);
    judge_inbox(check, health);
    judge_people(check, health);
    judge_agent_duty(check, health);
    judge_feeds(check, health);
    judge_files(check, health);
    judge_documents(check, health);
    check_percent(check, "disk", show_number(&store, "disk_percent", 0));
    check_percent(check, "store", show_number(&store, "used_percent", 0));
}
