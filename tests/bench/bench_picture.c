/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_report.h"

#define ROW_PX   26
#define TEXT_PX  470
#define BAR_PX   420
#define WIDTH_PX (TEXT_PX + BAR_PX + 110)
#define TOP_PX   70

struct bar {
    enum bench_figure figure;
    enum bench_figure words; /* whose words it has */
    const char *colour;
};

#define COLOUR_LIMIT "#9aa5b1"
#define COLOUR_CAIRN "#1f6f54"
#define COLOUR_PEER  "#b5651d"

static const struct bar bars[] = {
    {FIGURE_ROWS_64, FIGURE_ROWS_64, COLOUR_LIMIT},
    {FIGURE_FRAMES, FIGURE_FRAMES, COLOUR_LIMIT},
    {FIGURE_BULK, FIGURE_BULK, COLOUR_CAIRN},
    {FIGURE_TOLD_THROUGH, FIGURE_TOLD_THROUGH, COLOUR_CAIRN},
    {FIGURE_MILLION, FIGURE_MILLION, COLOUR_CAIRN},
    {FIGURE_TEN, FIGURE_TEN, COLOUR_CAIRN},
    {FIGURE_CLASSIC_THROUGH, FIGURE_CLASSIC, COLOUR_PEER},
    {FIGURE_QUORUM_THROUGH, FIGURE_QUORUM, COLOUR_PEER},
    {FIGURE_POSTGRESQL_THROUGH, FIGURE_POSTGRESQL, COLOUR_PEER},
    {FIGURE_VERIFY, FIGURE_VERIFY, COLOUR_LIMIT},
    {FIGURE_ROWS_8, FIGURE_ROWS_8, COLOUR_LIMIT},
    {FIGURE_SINGLE, FIGURE_SINGLE, COLOUR_CAIRN},
};

static double most_of(const struct report *report)
{
    double most = 1;

    for (size_t i = 0; i < ARRAY_LEN(bars); i++) {
        const struct samples *samples = &report->figures[bars[i].figure];
        if (samples->n > 0 && samples_spread(samples).most > most) {
            most = samples_spread(samples).most;
        }
    }
    return most;
}

/* A bar to the median, and a line from the least to the most. */
static void draw_bar(struct buf *out, const struct bar *bar, struct spread spread, double scale,
                     int y)
{
    buf_format(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", TEXT_PX - 8, y + 13,
               report_words(bar->words));
    buf_format(out, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"16\" fill=\"%s\"/>\n", TEXT_PX,
               y, spread.median * scale, bar->colour);
    buf_format(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#222\"/>\n",
               TEXT_PX + spread.least * scale, TEXT_PX + spread.most * scale, y + 8, y + 8);
    buf_format(out, "<text x=\"%.1f\" y=\"%d\">%.0f</text>\n", TEXT_PX + spread.most * scale + 6,
               y + 13, spread.median);
}

void report_draw(const struct report *report, struct buf *out)
{
    double scale = BAR_PX / most_of(report);
    int y = TOP_PX;

    buf_format(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
               "font-family=\"sans-serif\" font-size=\"12\">\n",
               WIDTH_PX, TOP_PX + ARRAY_LEN(bars) * ROW_PX + 10);
    buf_format(out,
               "<text x=\"10\" y=\"22\" font-size=\"15\">Records a second, durable before they "
               "are acknowledged</text>\n");
    buf_format(out,
               "<text x=\"10\" y=\"42\">%s, %ld cores; %s; Cairn " CAIRN_VERSION
               " (green), others (brown), what the machine allows (grey)</text>\n",
               report->machine.cpu, report->machine.cores, report->machine.file_system);
    for (size_t i = 0; i < ARRAY_LEN(bars); i++) {
        const struct samples *samples = &report->figures[bars[i].figure];
        if (samples->n > 0) {
            draw_bar(out, &bars[i], samples_spread(samples), scale, y);
            y += ROW_PX;
        }
    }
    buf_add_text(out, "</svg>\n");
    assert(buf_ok(out));
}
