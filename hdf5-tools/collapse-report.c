/* collapse-report: one page with everything to look at. No script, no network: it opens anywhere, and prints. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file.h"
#include "io/output.h"
#include "report_data.h"
#include "report_figures.h"
#include "report_runs.h"
#include "report_scores.h"
#include "svg.h"
#include "tool.h"

static struct Options {
    const char *output, *title;
    int64_t words;
    bool overwrite;
} options;

static const Setting table[] = {
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(struct Options, output), "report.html (also -o)"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(struct Options, overwrite), OUTPUT_OVERWRITE_HELP},
    {"title", SETTING_TEXT, "Collapse report", "", 0, 0, offsetof(struct Options, title), "heading of the page"},
    {"words", SETTING_INTEGER, "60", "", 2, 200, offsetof(struct Options, words),
     "classes in the heat map and words in the scatter: the most frequent"},
};

#define BEGINNING "<!DOCTYPE html>\n<!-- a report of collapse-report -->\n"

/* --- measures ------------------------------------------------------------------------------------------ */

static bool is_shown(const Report *r, size_t i)
{
    return r->geometry[i].step < 0 || r->n_geometries <= 4; /* many snapshots are a curve, not columns */
}

/* Is the metric named by a file shown before the i-th, or before in it? */
static bool is_listed(const Report *r, size_t i, int m)
{
    const char *name = r->geometry[i].metric[m].name;
    for (size_t j = 0; j < i; j++)
        if (is_shown(r, j) && report_metric(&r->geometry[j], name)) return true;
    return false;
}

static void show_metric_row(const Report *r, const char *name)
{
    fputs("<tr><td>", page);
    page_text(name);
    fputs("</td>", page);
    for (size_t i = 0; i < r->n_geometries; i++) {
        if (!is_shown(r, i)) continue;
        const ReportMetric *x = report_metric(&r->geometry[i], name);
        fprintf(page, "<td>%s", tool_number("%.5g", x ? x->value : (double)NAN));
        if (x && x->has_interval && isnan(x->low)) fputs(" [-]", page);
        else if (x && x->has_interval) fprintf(page, " [%.4g, %.4g]", x->low, x->high);
        fputs("</td>", page);
    }
    fputs("</tr>\n", page);
}

static void show_metrics(const Report *r)
{
    int shown = 0;
    for (size_t i = 0; i < r->n_geometries; i++) shown += is_shown(r, i);
    if (!shown) return;
    page_heading("Measures");
    fputs(
        "<p class=\"note\">In brackets: 95 % bootstrap intervals. A dash: not measured, for want of classes, items or "
        "states.</p><div class=\"wide\"><table><tr><th>measure</th>",
        page);
    for (size_t i = 0; i < r->n_geometries; i++) {
        if (!is_shown(r, i)) continue;
        fputs("<th>", page);
        page_text(page_short_name(r->geometry[i].name));
        fputs("</th>", page);
    }
    fputs("</tr>\n", page);
    for (size_t i = 0; i < r->n_geometries; i++)
        for (int m = 0; is_shown(r, i) && m < r->geometry[i].n_metrics; m++)
            if (!is_listed(r, i, m)) show_metric_row(r, r->geometry[i].metric[m].name);
    fputs("</table></div>\n", page);
}

static void show_sources(const Report *r)
{
    page_heading("Sources");
    fputs("<table class=\"paths\"><tr><th>file</th><th>model</th><th>text</th><th>states</th></tr>", page);
    for (size_t i = 0; i < r->n_geometries; i++) {
        const ReportGeometry *g = &r->geometry[i];
        if (!is_shown(r, i)) continue;
        const char *const field[] = {g->name, g->model, g->data, g->choices};
        fputs("<tr>", page);
        for (int f = 0; f < 4; f++) {
            fputs("<td>", page);
            page_text(field[f]);
            fputs("</td>", page);
        }
        fputs("</tr>\n", page);
    }
    for (size_t i = 0; i < r->n_logs; i++) {
        fputs("<tr><td>", page);
        page_text(r->log[i].name);
        fprintf(page, "</td><td>run, %d lines</td><td></td><td></td></tr>\n", r->log[i].n);
    }
    fputs("</table>\n", page);
}

static void write_page(const Report *r)
{
    page_begin(BEGINNING, options.title);
    report_runs(r);
    report_figures(r, (int)options.words);
    report_scores(r);
    show_metrics(r);
    show_sources(r);
    page_end();
}

static Status check_output(int n, char **operand)
{
    static const OutputKind kind = {"a report of collapse-report", NULL, BEGINNING, false};
    Input *inputs = memory_alloc((size_t)n, sizeof *inputs);
    for (int i = 0; i < n; i++) inputs[i] = (Input){"the input", operand[i]};
    Status status = output_check("--output", options.output, &kind, options.overwrite, inputs, n);
    free(inputs);
    return status;
}

static Status run(int n, char **operand, const char *command_line)
{
    (void)command_line;
    CHECK(options.output[0], STATUS_USAGE, "-o report.html is missing");
    TRY(check_output(n, operand));
    Report report = {0};
    Status status = STATUS_OK;
    for (int i = 0; i < n && !status; i++) status = report_read(operand[i], &report);
    char *text = NULL;
    size_t length = 0;
    if (!status) {
        page = memory_stream(&text, &length);
        write_page(&report);
        memory_stream_close(page);
    }
    if (!status) status = file_write_text(options.output, text, length);
    free(text);
    if (!status)
        fprintf(stderr, "wrote %s: %zu runs, %zu files with measures\n", options.output, report.n_logs,
                report.n_geometries);
    report_free(&report);
    return status;
}

int main(int argc, char **argv)
{
    const Tool tool = {
        "collapse-report",
        "collapse-report RUN_DIR|FILE.h5... -o report.html",
        "One self-contained page: curves of runs, dual cosines, class means, spectra, scores of models side by side.\n"
        "Files are run folders, checkpoints, and what collapse geometry and evaluate write; several are compared.",
        table,
        sizeof table / sizeof table[0],
        &options,
        "run folders or files",
        NULL,
        run,
        1,
        INT_MAX};
    return tool_main(&tool, argc, argv);
}
