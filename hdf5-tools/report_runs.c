/* report_runs.c: curves over steps: losses, scores on the way, snapshots. Legends are text of the page, which flows, so
 * that no number of runs and no name is too long for a figure. */
#include "report_runs.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report_figures.h"
#include "svg.h"
#include "tool.h"

/* A figure of one number over steps, a line per run. */
typedef struct {
    const char *title, *y_label, *caption;
    int width, height; /* of the plot alone */
    double x[2], y[2]; /* of all lines */
    bool has_points;   /* each is marked */
} Chart;

static Chart chart(const char *title, const char *y_label, const char *caption)
{
    return (Chart){.title = title,
                   .y_label = y_label,
                   .caption = caption,
                   .width = 620,
                   .height = 230,
                   .x = {HUGE_VAL, -HUGE_VAL},
                   .y = {HUGE_VAL, -HUGE_VAL}};
}

static void extend(Chart *c, int n, const double *x, const double *y)
{
    plot_extend(n, x, false, c->x);
    plot_extend(n, y, false, c->y);
}

static Plot begin(const Chart *c)
{
    const double margin = c->y[1] > c->y[0] ? 0.05 * (c->y[1] - c->y[0]) : 0.5;
    const Plot p = {.f = page,
                    .x0 = c->x[0],
                    .x1 = c->x[1] > c->x[0] ? c->x[1] : c->x[0] + 1,
                    .y0 = c->y[0] - margin,
                    .y1 = c->y[1] + margin,
                    .left = 70,
                    .top = 10,
                    .width = c->width,
                    .height = c->height};
    char *description =
        memory_print("%s over steps %g to %g, between %.4g and %.4g", c->title, c->x[0], c->x[1], c->y[0], c->y[1]);
    svg_begin(page, c->width + 100, c->height + 60, c->title, description);
    free(description);
    plot_axes(&p, "step", c->y_label);
    return p;
}

static void put_line(const Chart *c, const Plot *p, int n, const double *x, const double *y, int run)
{
    plot_line(p, n, x, y, svg_colour(run), svg_dash(run));
    for (int i = 0; i < n && c->has_points; i++)
        if (isfinite(x[i]) && isfinite(y[i]))
            fprintf(page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.4\" fill=\"%s\"/>\n", plot_x(p, x[i]), plot_y(p, y[i]),
                    svg_colour(run));
}

static void put_names(const Report *r)
{
    const char **name = memory_alloc(r->n_logs, sizeof *name);
    for (size_t i = 0; i < r->n_logs; i++) name[i] = page_short_name(r->log[i].name);
    page_legend((int)r->n_logs, name);
    free(name);
}

/* --- losses ----------------------------------------------------------------------------------------- */

static const double *column_of(const ReportLog *l, size_t column)
{
    return *(double *const *)(const void *)((const char *)l + column);
}

static void curve(const Report *r, Chart c, size_t column)
{
    for (size_t i = 0; i < r->n_logs; i++) extend(&c, r->log[i].n, r->log[i].step, column_of(&r->log[i], column));
    if (c.x[1] < c.x[0] || c.y[1] < c.y[0]) return;
    fputs("<figure>", page);
    put_names(r);
    const Plot p = begin(&c);
    for (size_t i = 0; i < r->n_logs; i++)
        put_line(&c, &p, r->log[i].n, r->log[i].step, column_of(&r->log[i], column), (int)i);
    page_figure_end(c.caption);
}

/* Logs of earlier versions have 0 where R was not measured. */
static bool has_measure(const Report *r)
{
    for (size_t i = 0; i < r->n_logs; i++)
        for (int j = 0; j < r->log[i].n; j++)
            if (isfinite(r->log[i].nc_loss[j]) && r->log[i].nc_loss[j] != 0) return true;
    return false;
}

static void show_last_lines(const Report *r)
{
    fputs("<details><summary>Last line of each log</summary><table class=\"paths\"><tr><th>run</th><th>step</th>"
          "<th>loss</th><th>task loss</th><th>R</th></tr>",
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

static void show_losses(const Report *r)
{
    if (!r->n_logs) return;
    page_heading("Training");
    curve(r,
          chart("Task loss over steps", "task loss",
                "The loss of the method without the regularizer (masked LM: mean over the labelled positions of a "
                "step); a gap: nothing was measured."),
          offsetof(ReportLog, task_loss));
    if (has_measure(r))
        curve(r,
              chart("Collapse measure over steps", "R (nc-metric)",
                    "The regularizer's measure R before its weight, over the classes met so far; a gap: fewer than "
                    "two."),
              offsetof(ReportLog, nc_loss));
    show_last_lines(r);
}

/* --- scores on the way ------------------------------------------------------------------------------ */

static const ReportCurve *find_score(const ReportLog *l, const char *name)
{
    for (int s = 0; s < l->n_scores; s++)
        if (strcmp(l->score[s].name, name) == 0) return &l->score[s];
    return NULL;
}

static void show_score(const Report *r, const char *name)
{
    Chart c = chart(name, "", name);
    c.width = 260, c.height = 130, c.has_points = true;
    for (size_t i = 0; i < r->n_logs; i++) {
        const ReportCurve *score = find_score(&r->log[i], name);
        if (score) extend(&c, score->n, score->step, score->value);
    }
    if (c.x[1] < c.x[0] || c.y[1] < c.y[0]) return;
    fputs("<figure>", page);
    const Plot p = begin(&c);
    for (size_t i = 0; i < r->n_logs; i++) {
        const ReportCurve *score = find_score(&r->log[i], name);
        if (score) put_line(&c, &p, score->n, score->step, score->value, (int)i);
    }
    page_figure_end(c.caption);
}

/* Is the score of log i met here for the first time? */
static bool is_new(const Report *r, size_t i, const char *name)
{
    for (size_t k = 0; k < i; k++)
        if (find_score(&r->log[k], name)) return false;
    return true;
}

static void show_scores(const Report *r)
{
    bool any = false;
    for (size_t i = 0; i < r->n_logs; i++) any = any || r->log[i].n_scores > 0;
    if (!any) return;
    page_heading("Scores over training");
    fputs("<p class=\"note\">Evaluations on the way (evaluate-steps), each on a scale of its own; step 0 is the model "
          "before training.</p>",
          page);
    put_names(r);
    fputs("<div class=\"panels\">\n", page);
    for (size_t i = 0; i < r->n_logs; i++)
        for (int s = 0; s < r->log[i].n_scores; s++)
            if (is_new(r, i, r->log[i].score[s].name)) show_score(r, r->log[i].score[s].name);
    fputs("</div>\n", page);
}

/* --- snapshots -------------------------------------------------------------------------------------- */

enum { N_SHOWN = 4 };
static const char *const shown[N_SHOWN] = {"nc3", "unc3", "norm_cov", "cos_mean"};

static double value_of(const ReportGeometry *g, const char *name)
{
    const ReportMetric *metric = report_metric(g, name);
    return metric ? metric->value : (double)NAN;
}

/* Measures of the snapshots of runs (geometry-steps) over steps; where the next run begins the lines break. */
static void show_snapshots(const Report *r)
{
    const size_t room = 2 * r->n_geometries + 1;
    double *x = memory_alloc(room, sizeof *x), *y = memory_alloc(N_SHOWN * room, sizeof *y), last = -1;
    int n = 0, points = 0;
    Chart c =
        chart("Measures of the snapshots", "measure",
              "Snapshots of geometry-steps: self-duality nc3 (to 1), its spread unc3 (to 0), spread of the norms, "
              "mean cosine of class means.");
    for (size_t i = 0; i < r->n_geometries; i++) {
        const double step = (double)r->geometry[i].step;
        if (step < 0) continue;
        if (step <= last) x[n++] = (double)NAN;
        x[n] = last = step, points++;
        for (int m = 0; m < N_SHOWN; m++) y[(size_t)m * room + (size_t)n] = value_of(&r->geometry[i], shown[m]);
        n++;
    }
    for (int m = 0; m < N_SHOWN; m++) extend(&c, n, x, y + (size_t)m * room);
    if (points > 1 && c.y[1] > c.y[0]) {
        page_heading("Collapse over training");
        fputs("<figure>", page);
        page_legend(N_SHOWN, shown);
        const Plot p = begin(&c);
        for (int m = 0; m < N_SHOWN; m++) put_line(&c, &p, n, x, y + (size_t)m * room, m);
        page_figure_end(c.caption);
    }
    free(x);
    free(y);
}

void report_runs(const Report *r)
{
    show_losses(r);
    show_scores(r);
    show_snapshots(r);
}
