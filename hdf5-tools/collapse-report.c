/* collapse-report: one page with everything to look at. No script, no network: it opens anywhere, and prints. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/version.h"
#include "io/file.h"
#include "io/output.h"
#include "report_data.h"
#include "report_figures.h"
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

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:980px;margin:2em auto;padding:0 "
    "1em}"
    "h1{font-size:1.6em}h2{font-size:1.2em;border-bottom:1px solid #ccc;margin-top:2em}figure{margin:1em 0}"
    "figcaption{color:#444;font-size:.9em}table{border-collapse:collapse;font-size:.9em}"
    "td,th{padding:.15em .7em;border-bottom:1px solid #ddd;text-align:right;font-variant-numeric:tabular-nums}"
    "td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}svg "
    "text{font-family:system-ui,sans-serif}"
    ".tick{font-size:11px;fill:#333}.label{font-size:12px;fill:#111}.grid{stroke:#e4e4e4;fill:none}.frame{fill:none;"
    "stroke:#888}"
    ".note{color:#555}summary{cursor:pointer;color:#0050a0}.wide{overflow-x:auto}"
    "@media "
    "print{body{max-width:none;margin:0;font-size:10pt}h2{break-after:avoid}figure,table{break-inside:avoid}details{"
    "display:none}}";

/* --- curves ------------------------------------------------------------------------------------------ */

static void curve(const Report *r, const char *title, const char *y_label, size_t column, const char *caption)
{
    double x[2] = {HUGE_VAL, -HUGE_VAL}, y[2] = {HUGE_VAL, -HUGE_VAL};
    const char **name = memory_alloc(r->n_logs, sizeof *name);
    for (size_t i = 0; i < r->n_logs; i++) {
        const ReportLog *l = &r->log[i];
        plot_extend(l->n, l->step, false, x);
        plot_extend(l->n, *(double *const *)(const void *)((const char *)l + column), false, y);
        name[i] = page_short_name(l->name);
    }
    if (x[1] >= x[0] && y[1] >= y[0]) {
        const double margin = y[1] > y[0] ? 0.05 * (y[1] - y[0]) : 0.5;
        const Plot p = {.f = page,
                        .x0 = x[0],
                        .x1 = x[1] > x[0] ? x[1] : x[0] + 1,
                        .y0 = y[0] - margin,
                        .y1 = y[1] + margin,
                        .left = 70,
                        .top = 10,
                        .width = 620,
                        .height = 230};
        fputs("<figure>", page);
        char *description =
            memory_print("%s over steps %g to %g, between %.4g and %.4g", y_label, x[0], x[1], y[0], y[1]);
        svg_begin(page, 720, 290, title, description);
        free(description);
        plot_axes(&p, "step", y_label);
        for (size_t i = 0; i < r->n_logs; i++) {
            const ReportLog *l = &r->log[i];
            plot_line(&p, l->n, l->step, *(double *const *)(const void *)((const char *)l + column), svg_colour((int)i),
                      false);
        }
        plot_legend(&p, (int)r->n_logs, name);
        page_figure_end(caption);
    }
    free(name);
}

/* Logs of earlier versions have 0 where R was not measured. */
static bool has_measure(const Report *r)
{
    for (size_t i = 0; i < r->n_logs; i++)
        for (int j = 0; j < r->log[i].n; j++)
            if (isfinite(r->log[i].nc_loss[j]) && r->log[i].nc_loss[j] != 0) return true;
    return false;
}

static void show_runs(const Report *r)
{
    if (!r->n_logs) return;
    page_heading("Training");
    curve(r, "Task loss over steps", "task loss", offsetof(ReportLog, task_loss),
          "The loss of the method without the regularizer (masked LM: mean over the labelled positions of a step); a "
          "gap: nothing was measured.");
    if (has_measure(r))
        curve(r, "Collapse measure over steps", "R (nc-metric)", offsetof(ReportLog, nc_loss),
              "The regularizer's measure R before its weight, over the classes met so far; a gap: fewer than two.");
    fputs("<details><summary>Last line of each log</summary><table><tr><th>run</th><th>step</th><th>loss</th><th>task "
          "loss</th><th>R</th></tr>",
          page);
    for (size_t i = 0; i < r->n_logs; i++) {
        const ReportLog *l = &r->log[i];
        if (!l->n) continue;
        fputs("<tr><td>", page);
        page_text(l->name);
        const double last[] = {l->loss[l->n - 1], l->task_loss[l->n - 1], l->nc_loss[l->n - 1]};
        fprintf(page, "</td><td>%.0f</td>", l->step[l->n - 1]);
        for (int c = 0; c < 3; c++) fprintf(page, "<td>%s</td>", tool_number("%.6g", last[c]));
        fputs("</tr>", page);
    }
    fputs("</table></details>\n", page);
}

static const ReportMetric *find_metric(const ReportGeometry *g, const char *name)
{
    for (int i = 0; i < g->n_metrics; i++)
        if (strcmp(g->metric[i].name, name) == 0) return &g->metric[i];
    return NULL;
}

/* Measures of the snapshots of runs (geometry-steps) over steps. */
static void show_snapshots(const Report *r)
{
    static const char *const shown[] = {"nc3", "unc3", "norm_cov", "cos_mean"};
    const size_t n = r->n_geometries;
    double *x = memory_alloc(n, sizeof *x), *y = memory_alloc(4 * n, sizeof *y), across[2] = {HUGE_VAL, -HUGE_VAL},
           up[2] = {HUGE_VAL, -HUGE_VAL};
    int points = 0;
    for (size_t i = 0; i < n; i++) {
        if (r->geometry[i].step < 0) continue;
        x[points] = (double)r->geometry[i].step;
        for (int m = 0; m < 4; m++) {
            const ReportMetric *metric = find_metric(&r->geometry[i], shown[m]);
            y[(size_t)m * n + (size_t)points] = metric ? metric->value : (double)NAN;
        }
        points++;
    }
    plot_extend(points, x, false, across);
    for (int m = 0; m < 4; m++) plot_extend(points, y + (size_t)m * n, false, up);
    if (points > 1 && up[1] > up[0]) {
        const double margin = 0.05 * (up[1] - up[0]);
        page_heading("Collapse over training");
        const Plot p = {.f = page,
                        .x0 = across[0],
                        .x1 = across[1] > across[0] ? across[1] : across[0] + 1,
                        .y0 = up[0] - margin,
                        .y1 = up[1] + 7 * margin,
                        .left = 70,
                        .top = 10,
                        .width = 620,
                        .height = 230};
        fputs("<figure>", page);
        svg_begin(page, 720, 290, "Measures of the snapshots over steps",
                  "nc3, unc3, norm_cov and cos_mean of the geometry snapshots");
        plot_axes(&p, "step", "measure");
        for (int m = 0; m < 4; m++) plot_line(&p, points, x, y + (size_t)m * n, svg_colour(m), false);
        plot_legend(&p, 4, shown);
        page_figure_end(
            "Snapshots of geometry-steps: self-duality nc3 (to 1), its spread unc3 (to 0), spread of the norms, "
            "mean cosine of class means.");
    }
    free(x);
    free(y);
}

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
        if (is_shown(r, j) && find_metric(&r->geometry[j], name)) return true;
    return false;
}

static void show_metric_row(const Report *r, const char *name)
{
    fputs("<tr><td>", page);
    page_text(name);
    fputs("</td>", page);
    for (size_t i = 0; i < r->n_geometries; i++) {
        if (!is_shown(r, i)) continue;
        const ReportMetric *x = find_metric(&r->geometry[i], name);
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
    fputs("<table><tr><th>file</th><th>model</th><th>text</th><th>states</th></tr>", page);
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
    fputs(BEGINNING "<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                    "content=\"width=device-width\"><title>",
          page);
    page_text(options.title);
    fprintf(page, "</title><style>%s</style></head><body>\n<h1>", style);
    page_text(options.title);
    fputs("</h1>\n<p class=\"note\">Written by ", page);
    page_text(version_text());
    fputs("</p>\n", page);
    show_runs(r);
    show_snapshots(r);
    report_figures(r, (int)options.words);
    report_scores(r);
    show_metrics(r);
    show_sources(r);
    fputs("</body></html>\n", page);
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
