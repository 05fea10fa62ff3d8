/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn status`: how a broker does, from the counters in its folder, without asking it
 * (status_broker.c); or how an agency's agent does, from itself. Exit code 3 when what is looked at
 * does not live, or does not reach its broker.
 */
#include "cli/status.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/plain.h"
#include "cli/show.h"

struct status_options {
    struct client client;
    const char *dir;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct status_options *given = state->input;

    if (key != ARGP_KEY_ARG) {
        return client_option(&given->client, key, argument);
    }
    return command_argument(&given->dir, "folder", argument, state);
}

/* --- an agent --- */

/* Whoever waits is to know that nothing has to be started again. */
static void show_next_try(struct output *output, const struct json_view *link, int64_t now_ms)
{
    int64_t next_ms = 0;

    if (instant_parse(json_opt_text(link, "next_try"), &next_ms)) {
        int64_t seconds = next_ms > now_ms ? (next_ms - now_ms + 999) / 1000 : 0;
        output_line(output, "           It goes on trying by itself: next in %lld %s.",
                    (long long)seconds, text_plural((uint64_t)seconds, "second", "seconds"));
    }
}

static void show_link(struct output *output, const struct json_view *health, int64_t now_ms)
{
    struct json_view link = json_opt_object(health, "link");
    char state[SHOW_TEXT_BYTES];
    char since[SHOW_INSTANT_BYTES];

    show_text(&link, "state", state);
    show_instant(&link, "since", since);
    output_line(output, "broker     %s%s%s",
                strcmp(state, "unapproved") == 0 ? "waits for the partnership's approval" : state,
                since[0] == '\0' ? "" : " since ", since);
    show_words(output, "           ", &link, "reason");
    if (strcmp(state, "unapproved") == 0) {
        output_line(output, "           Send them request.json. Once they have approved it, and "
                            "the broker has\n           read its directory, nothing else has to "
                            "be done here.");
    }
    show_next_try(output, &link, now_ms);
    if (strcmp(state, "connecting") == 0) {
        output_line(output, "           When it stays so: the broker is away, or does not let this "
                            "agency in,\n           not approved yet or revoked. Ask the "
                            "partnership.");
    }
    if (strcmp(state, "revoked") == 0) {
        output_line(output, "           NOTHING THAT IS WRITTEN HERE REACHES ANYBODY: telephone, "
                            "and ask the\n           partnership.");
    }
}

static void show_spool(struct output *output, const struct json_view *health)
{
    struct json_view spool = json_opt_object(health, "spool");
    int64_t unsealed = show_number(&spool, "unsealed", 0);
    int64_t settling = show_number(&spool, "settling", 0);
    char waiting[SHOW_TEXT_BYTES] = "";
    char oldest[SHOW_INSTANT_BYTES];

    show_instant(&spool, "oldest", oldest);
    if (unsealed > 0) {
        (void)snprintf(waiting, sizeof(waiting), ", %lld not sealed yet", (long long)unsealed);
    }
    output_line(output, "to be sent %lld urgent, %lld normal, %lld bulk%s%s%s",
                (long long)show_number(&spool, "urgent", 0),
                (long long)show_number(&spool, "normal", 0),
                (long long)show_number(&spool, "bulk", 0), waiting,
                oldest[0] == '\0' ? "" : "; oldest of ", oldest);
    if (unsealed > 0) {
        output_line(output,
                    "           What is not sealed reaches nobody until this agency's place "
                    "in the\n           partnership is known.");
    }
    if (settling > 0) {
        output_line(output, "           %lld more %s be corrected", (long long)settling,
                    text_plural((uint64_t)settling, "settles first, while it can",
                                "settle first, while they can"));
    }
}

/* What does not get through: somebody has to look. */
static void show_held(struct output *output, const struct json_view *health)
{
    struct json_view held = json_opt_array(health, "held");
    for (size_t i = 0; i < json_length(&held); i++) {
        struct json_view item = json_item(&held, i);
        char record[SHOW_TEXT_BYTES];
        char since[SHOW_INSTANT_BYTES];
        show_text(&item, "record", record);
        show_instant(&item, "since", since);
        output_line(output, "%s %s since %s",
                    show_truth(&item, "aside") ? "set aside " : "held back ", record, since);
        show_words(output, "           ", &item, "words");
    }
}

/* Nobody has it, whatever whoever wrote it believes. */
static void show_returned(struct output *output, const struct json_view *health)
{
    struct json_view returned = json_opt_object(health, "returned");
    int64_t waiting = show_number(&returned, "waiting", 0);
    int64_t danger = show_number(&returned, "danger", 0);
    char urgent[SHOW_TEXT_BYTES] = "";
    char oldest[SHOW_INSTANT_BYTES];

    if (danger > 0) {
        (void)snprintf(urgent, sizeof(urgent), ", %lld OF IT URGENT", (long long)danger);
    }
    if (waiting > 0) {
        show_instant(&returned, "oldest", oldest);
        output_line(output,
                    "returned   %lld refused by the broker, so that nobody has it%s, the oldest of "
                    "%s: cairn returned",
                    (long long)waiting, urgent, oldest);
    }
}

static void show_documents(struct output *output, const struct json_view *health)
{
    struct json_view documents = json_opt_object(health, "governance");
    struct json_view document;

    output_line(output, "governance");
    for (const char *key = json_first(&documents, &document); key != NULL;
         key = json_next(&documents, key, &document)) {
        int64_t version = show_number(&document, "version", 0);
        char review_by[SHOW_TEXT_BYTES];
        show_text(&document, "review_by", review_by);
        if (version == 0) {
            output_line(output, "  %-12s not held yet", key);
        } else {
            output_line(output, "  %-12s version %lld%s%s%s", key, (long long)version,
                        review_by[0] == '\0' ? "" : ", review by ", review_by,
                        show_truth(&document, "overdue") ? ", OVERDUE" : "");
        }
    }
}

static void show_requests(struct output *output, const struct json_view *health)
{
    int64_t waiting = show_number(health, "requests_waiting", 0);

    if (waiting > 0) {
        output_line(output, "requests   %lld %s for a person here: cairn requests",
                    (long long)waiting, text_plural((uint64_t)waiting, "waits", "wait"));
    }
}

/* Nobody has seen them: sending was not referring. */
static void show_reviews(struct output *output, const struct json_view *health)
{
    int64_t due = show_number(health, "reviews_due", 0);

    if (due > 0) {
        output_line(output, "kept       %lld that nobody has seen %s due for review: cairn kept",
                    (long long)due, text_plural((uint64_t)due, "is", "are"));
    }
}

/* Deliveries that never came: whoever sent them must be asked. */
static void show_gaps(struct output *output, const struct json_view *inbox)
{
    int64_t missing = show_number(inbox, "missing", 0);
    char noticed[SHOW_INSTANT_BYTES];
    if (missing > 0) {
        show_instant(inbox, "noticed", noticed);
        output_line(
            output,
            "           %lld BETWEEN %lld AND %lld NEVER CAME, noticed %s: an operator must "
            "look",
            (long long)missing, (long long)show_number(inbox, "first_missing", 0),
            (long long)show_number(inbox, "last_missing", 0), noticed);
    }
}

static void show_unopened(struct output *output, const struct json_view *health)
{
    struct json_view unopened = json_opt_object(health, "unopened");
    int64_t alerts = show_number(&unopened, "alerts", 0);
    int64_t records = show_number(&unopened, "records", 0);
    char since[SHOW_INSTANT_BYTES];

    if (records > 0) {
        show_instant(&unopened, "oldest_record", since);
        output_line(output, "urgent     %lld THAT NOBODY HAS OPENED IN TIME, the oldest since %s",
                    (long long)records, since);
    }
    if (alerts > 0) {
        show_instant(&unopened, "oldest_alert", since);
        output_line(output,
                    "alerts     %lld that nobody has opened, the oldest of %s: cairn alerts",
                    (long long)alerts, since);
    }
}

static void show_feeds(struct output *output, const struct json_view *health)
{
    struct json_view feeds = json_opt_array(health, "feeds");

    for (size_t i = 0; i < json_length(&feeds); i++) {
        struct json_view feed = json_item(&feeds, i);
        char name[SHOW_TEXT_BYTES];
        char last[SHOW_INSTANT_BYTES];
        show_text(&feed, "feed", name);
        show_instant(&feed, "last", last);
        output_line(output, "%-10s %-12s %s%s", i == 0 ? "feeds" : "", name,
                    last[0] == '\0' ? "nothing yet" : "last brought something ", last);
        int64_t refused = show_number(&feed, "refused", 0);
        int64_t set_aside = show_number(&feed, "set_aside", 0);
        char folder[SHOW_TEXT_BYTES];
        show_text(&feed, "folder", folder);
        if (refused > 0) {
            output_line(output,
                        "           %lld REFUSED, nobody is told of them: %s/failed says why",
                        (long long)refused, folder);
        }
        if (set_aside > 0) {
            output_line(output,
                        "           %lld taken BUT FOR SOME ROWS: each .set-aside.txt in %s/done "
                        "says which and why",
                        (long long)set_aside, folder);
        }
    }
}

static void show_store(struct output *output, const struct json_view *health)
{
    struct json_view store = json_opt_object(health, "store");

    if (json_has(health, "store")) {
        output_line(output, "store      %lld %% full, its disk %lld %%",
                    (long long)show_number(&store, "used_percent", 0),
                    (long long)show_number(&store, "disk_percent", 0));
    }
}

static void show_today(struct output *output, const struct json_view *health)
{
    struct json_view today = json_opt_object(health, "today");
    struct json_view count;

    if (json_first(&today, &count) == NULL) {
        output_line(output, "today      nothing yet");
        return;
    }
    output_line(output, "today");
    for (const char *name = json_first(&today, &count); name != NULL;
         name = json_next(&today, name, &count)) {
        output_line(output, "  %6lld  %s", (long long)json_as_integer(&count, 0, INT64_MAX),
                    plain_count(name));
    }
}

/* Nothing stops a partnership from beginning like that; what is urgent would wait unseen. */
static void show_duty(struct output *output, const struct json_view *health)
{
    struct json_view duty = json_opt_object(health, "duty");

    if (json_has(&duty, "words")) {
        output_line(output, "           SOMEBODY IS MISSING:");
        show_words(output, "           ", &duty, "words");
    }
}

/* Whoever is shown a log of their own sees confirmations stop. */
static void show_confirmations(struct output *output, const struct json_view *log)
{
    struct json_view now = json_opt_object(log, "confirmations");
    int64_t others = show_number(&now, "others", 0);
    int64_t lately = show_number(&now, "lately", 0);
    char agency[SHOW_TEXT_BYTES];
    char at[SHOW_INSTANT_BYTES];

    show_agency(&now, "by", agency);
    show_instant(&now, "at", at);
    if (agency[0] != '\0') {
        output_line(output, "           the first %lld confirmed by %s, %s",
                    (long long)show_number(&now, "size", 0), agency, at);
    }
    if (others > 0) {
        output_line(output, "           confirmed in the last %d hours by %lld of %lld other %s",
                    CAIRN_UNCONFIRMED_HOURS, (long long)lately, (long long)others,
                    text_plural((uint64_t)others, "agency", "agencies"));
    }
    if (show_truth(&now, "missed")) {
        output_line(
            output,
            "           TOO FEW HAVE CONFIRMED WHAT IS SHOWN HERE: ring another agency, and "
            "compare\n           with `cairn log head` and `cairn log compare`");
    }
}

static void show_log(struct output *output, const struct json_view *health)
{
    struct json_view log = json_opt_object(health, "log");
    int64_t leaves = show_number(&log, "size", 0);

    output_line(output, "log        %lld %s verified%s", (long long)leaves,
                text_plural((uint64_t)leaves, "leaf", "leaves"),
                show_truth(&log, "contradicted")
                    ? "; THE BROKER SHOWED TWO LOGS: an operator must look"
                    : "");
    show_confirmations(output, &log);
}

static void show_health(struct output *output, const struct json_view *health, int64_t now_ms)
{
    struct json_view inbox = json_opt_object(health, "inbox");
    char agency[SHOW_TEXT_BYTES];

    show_agency(health, "agency", agency);
    output_line(output, "agency     %s",
                agency[0] == '\0' ? "its place in the partnership is not known yet" : agency);
    show_duty(output, health);
    show_link(output, health, now_ms);
    show_spool(output, health);
    show_held(output, health);
    show_returned(output, health);
    int64_t deliveries = show_number(&inbox, "position", 0);
    output_line(output, "inbox      %lld %s", (long long)deliveries,
                text_plural((uint64_t)deliveries, "delivery", "deliveries"));
    show_gaps(output, &inbox);
    show_unopened(output, health);
    show_requests(output, health);
    show_reviews(output, health);
    show_feeds(output, health);
    show_store(output, health);
    show_log(output, health);
    show_today(output, health);
    show_documents(output, health);
}

static enum status agent_status(struct cli *cli, const struct client *client)
{
    struct error error = ERROR_NULL;
    struct output *output = &cli->output;
    char state[SHOW_TEXT_BYTES];
    _cleanup_(json_free) struct json *answer = NULL;

    enum status status = client_get(client, CAIRN_PATH_HEALTH, &answer, &error);
    if (status != STATUS_OK) {
        return output_fail(output, status, &error);
    }
    struct json_view view = json_view(answer, &error);
    struct json_view link = json_opt_object(&view, "link");
    show_result(output, &view);
    show_health(output, &view, clock_real_ms(cli->clock));
    show_text(&link, "state", state);
    if (strcmp(state, "connected") == 0) {
        return STATUS_OK;
    }
    return output_finish(output) == STATUS_OK
               ? output_refuse(output, STATUS_UNREACHABLE, "broker", "the agent is %s",
                               strcmp(state, "unapproved") == 0 ? "not approved yet" : state)
               : STATUS_FAILED;
}

enum status command_status(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {CLIENT_OPTION, {0}};
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "[DIR]",
        .help = "Says how a broker does, from its folder DIR, without asking it; without DIR, how "
                "the agency's agent does.",
    };
    struct status_options given = {.client = client_default()};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    return given.dir != NULL ? status_broker(cli, given.dir) : agent_status(cli, &given.client);
}
