/* collapse-report: one page with everything to look at. No script, no network: it opens anywhere, and prints. */
#include <errno.h>
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
#include "svg.h"
#include "tool.h"

static struct Options {
    const char *output, *title;
    int64_t words;
    bool overwrite;
} options;

static const Setting table[] = {
    {"output", SETTING_TEXT, "", "", 0, 0, offsetof(struct Options, output), "report.html (also -o)"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(struct Options, overwrite), OUTPUT_OVERWRITE_HELP},
    {"title", SETTING_TEXT, "Collapse report", "", 0, 0, offsetof(struct Options, title), "heading of the page"},
    {"words", SETTING_INTEGER, "60", "", 2, 200, offsetof(struct Options, words),
     "classes in the heat map and words in the scatter: the most frequent"},
};

#define BEGINNING "<!DOCTYPE html>\n<!-- a report of collapse-report -->\n"

static FILE *out;

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

static void text(const char *s)
{
    svg_escape(out, s);
}

static void heading(const char *title)
{
    fputs("<h2>", out);
    text(title);
    fputs("</h2>\n", out);
}

static void figure_end(const char *caption)
{
    svg_end(out);
    fputs("<figcaption>", out);
    text(caption);
    fputs("</figcaption></figure>\n", out);
}

/* A name short enough for a legend: the last two parts of a path. */
static const char *short_name(const char *path)
{
    int slashes = 0;
    for (const char *at = path + strlen(path); at > path; at--)
        if (at[-1] == '/' && at[0] && ++slashes == 2) return at;
    return path;
}

/* --- curves ------------------------------------------------------------------------------------------ */

static void curve(const Report *r, const char *title, const char *y_label, size_t column, const char *caption)
{
    double x[2] = {HUGE_VAL, -HUGE_VAL}, y[2] = {HUGE_VAL, -HUGE_VAL};
    const char **name = memory_alloc(r->n_logs, sizeof *name);
    for (size_t i = 0; i < r->n_logs; i++) {
        const ReportLog *l = &r->log[i];
        plot_extend(l->n, l->step, false, x);
        plot_extend(l->n, *(double *const *)(const void *)((const char *)l + column), false, y);
        name[i] = short_name(l->name);
    }
    if (x[1] >= x[0] && y[1] >= y[0]) {
        const double margin = y[1] > y[0] ? 0.05 * (y[1] - y[0]) : 0.5;
        const Plot p = {.f = out,
                        .x0 = x[0],
                        .x1 = x[1] > x[0] ? x[1] : x[0] + 1,
                        .y0 = y[0] - margin,
                        .y1 = y[1] + margin,
                        .left = 70,
                        .top = 10,
                        .width = 620,
                        .height = 230};
        fputs("<figure>", out);
        char description[256];
        snprintf(description, sizeof description, "%s over steps %g to %g, between %.4g and %.4g", y_label, x[0], x[1],
                 y[0], y[1]);
        svg_begin(out, 720, 290, title, description);
        plot_axes(&p, "step", y_label);
        for (size_t i = 0; i < r->n_logs; i++) {
            const ReportLog *l = &r->log[i];
            plot_line(&p, l->n, l->step, *(double *const *)(const void *)((const char *)l + column), svg_colour((int)i),
                      false);
        }
        plot_legend(&p, (int)r->n_logs, name);
        figure_end(caption);
    }
    free(name);
}

static bool has_positive(const Report *r)
{
    for (size_t i = 0; i < r->n_logs; i++)
        for (int j = 0; j < r->log[i].n; j++)
            if (r->log[i].nc_loss[j] > 0) return true;
    return false;
}

static void show_runs(const Report *r)
{
    if (!r->n_logs) return;
    heading("Training");
    curve(r, "Task loss over steps", "task loss", offsetof(ReportLog, task_loss),
          "Masked-LM loss, mean over the labelled positions of a step.");
    if (has_positive(r))
        curve(r, "Collapse measure over steps", "R (nc-metric)", offsetof(ReportLog, nc_loss),
              "The regularizer's measure R before its weight, over the classes met so far.");
    fputs("<details><summary>Last line of each log</summary><table><tr><th>run</th><th>step</th><th>loss</th><th>task "
          "loss</th><th>R</th></tr>",
          out);
    for (size_t i = 0; i < r->n_logs; i++) {
        const ReportLog *l = &r->log[i];
        if (!l->n) continue;
        fputs("<tr><td>", out);
        text(l->name);
        fprintf(out, "</td><td>%.0f</td><td>%.6g</td><td>%.6g</td><td>%.6g</td></tr>", l->step[l->n - 1],
                l->loss[l->n - 1], l->task_loss[l->n - 1], l->nc_loss[l->n - 1]);
    }
    fputs("</table></details>\n", out);
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
        heading("Collapse over training");
        const double margin = 0.05 * (up[1] - up[0]);
        const Plot p = {.f = out,
                        .x0 = across[0],
                        .x1 = across[1] > across[0] ? across[1] : across[0] + 1,
                        .y0 = up[0] - margin,
                        .y1 = up[1] + 7 * margin,
                        .left = 70,
                        .top = 10,
                        .width = 620,
                        .height = 230};
        fputs("<figure>", out);
        svg_begin(out, 720, 290, "Measures of the snapshots over steps",
                  "nc3, unc3, norm_cov and cos_mean of the geometry snapshots");
        plot_axes(&p, "step", "measure");
        for (int m = 0; m < 4; m++) plot_line(&p, points, x, y + (size_t)m * n, svg_colour(m), false);
        plot_legend(&p, 4, shown);
        figure_end("Snapshots of geometry-steps: self-duality nc3 (to 1), its spread unc3 (to 0), spread of the norms, "
                   "mean cosine of class means.");
    }
    free(x);
    free(y);
}

/* --- metrics ------------------------------------------------------------------------------------------ */

static bool is_shown(const Report *r, size_t i)
{
    return r->geometry[i].step < 0 || r->n_geometries <= 4; /* many snapshots are a curve, not columns */
}

static void show_metrics(const Report *r)
{
    const ReportGeometry *widest = NULL;
    for (size_t i = 0; i < r->n_geometries; i++)
        if (is_shown(r, i) && (!widest || r->geometry[i].n_metrics > widest->n_metrics)) widest = &r->geometry[i];
    if (!widest) return;
    heading("Measures");
    fputs("<p class=\"note\">In brackets: 95 % bootstrap intervals over words.</p><div "
          "class=\"wide\"><table><tr><th>measure</th>",
          out);
    for (size_t i = 0; i < r->n_geometries; i++) {
        if (!is_shown(r, i)) continue;
        fputs("<th>", out);
        text(short_name(r->geometry[i].name));
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
    for (int m = 0; m < widest->n_metrics; m++) {
        fputs("<tr><td>", out);
        text(widest->metric[m].name);
        fputs("</td>", out);
        for (size_t i = 0; i < r->n_geometries; i++) {
            if (!is_shown(r, i)) continue;
            const ReportMetric *x = find_metric(&r->geometry[i], widest->metric[m].name);
            if (!x) fputs("<td>-</td>", out);
            else if (x->has_interval) fprintf(out, "<td>%.5g [%.4g, %.4g]</td>", x->value, x->low, x->high);
            else fprintf(out, "<td>%.5g</td>", x->value);
        }
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

/* --- figures of geometry files ------------------------------------------------------------------------ */

enum { BINS = 30, MOST_FILES = 4 };

/* The files that get figures: those given, or, if there are only snapshots of runs, the first and the last. */
static size_t pick_files(const Report *r, size_t pick[MOST_FILES])
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_geometries && n < MOST_FILES; i++)
        if (r->geometry[i].k && r->geometry[i].step < 0) pick[n++] = i;
    if (n) return n;
    for (size_t i = 0; i < r->n_geometries; i++) {
        if (!r->geometry[i].k) continue;
        if (n < 2) n++;
        pick[n - 1] = i;
    }
    return n;
}

static void show_histogram(const Report *r, size_t n, const size_t *pick)
{
    double range[2] = {HUGE_VAL, -HUGE_VAL}, count[MOST_FILES][BINS] = {{0}}, most = 0;
    const char *name[MOST_FILES];
    for (size_t i = 0; i < n; i++) plot_extend(r->geometry[pick[i]].k, r->geometry[pick[i]].cosine, false, range);
    if (range[1] <= range[0]) return;
    for (size_t i = 0; i < n; i++) {
        const ReportGeometry *g = &r->geometry[pick[i]];
        name[i] = short_name(g->name);
        for (int k = 0; k < g->k; k++) {
            if (!isfinite(g->cosine[k])) continue;
            const int bin = (int)((g->cosine[k] - range[0]) / (range[1] - range[0]) * BINS);
            count[i][bin < BINS ? bin : BINS - 1] += 1.0 / g->k;
        }
        for (int b = 0; b < BINS; b++) most = fmax(most, count[i][b]);
    }
    heading("Self-duality of the words");
    const Plot p = {.f = out,
                    .x0 = range[0],
                    .x1 = range[1],
                    .y0 = 0,
                    .y1 = 1.1 * most,
                    .left = 70,
                    .top = 10,
                    .width = 620,
                    .height = 230};
    fputs("<figure>", out);
    svg_begin(out, 720, 290, "Histogram of dual cosines",
              "Share of the classes by cosine between class mean and word embedding, one line per file");
    plot_axes(&p, "cosine of class mean and word embedding", "share of classes");
    for (size_t i = 0; i < n; i++) {
        double x[2 * BINS], y[2 * BINS];
        for (int b = 0; b < BINS; b++) {
            x[2 * b] = range[0] + (range[1] - range[0]) * b / BINS;
            x[2 * b + 1] = range[0] + (range[1] - range[0]) * (b + 1) / BINS;
            y[2 * b] = y[2 * b + 1] = count[i][b];
        }
        plot_line(&p, 2 * BINS, x, y, svg_colour((int)i), i > 0);
    }
    plot_legend(&p, (int)n, name);
    figure_end("A collapsed model has a narrow peak near 1: nc3 is its mean, unc3 its standard deviation.");
}

typedef struct {
    int class;
    double count;
    const char *group;
} Place;

static int by_count(const void *a, const void *b)
{
    const Place *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->class < y->class ? -1 : x->class > y->class;
}

static int by_group(const void *a, const void *b)
{
    const Place *x = a, *y = b;
    const int order = strcmp(x->group, y->group);
    return order ? order : by_count(a, b);
}

/* The most frequent classes, groups together. */
static int pick_classes(const ReportGeometry *g, Place *place)
{
    for (int k = 0; k < g->k; k++) place[k] = (Place){k, g->count[k], g->group[k]};
    qsort(place, (size_t)g->k, sizeof *place, by_count);
    const int n = g->k < options.words ? g->k : (int)options.words;
    qsort(place, (size_t)n, sizeof *place, by_group);
    return n;
}

/* -1 blue, 0 white, 1 vermilion, in 41 steps so that equal neighbours share one rectangle. */
static void heat_colour(double value, char colour[8])
{
    const double x = isfinite(value) ? round(fmax(-1, fmin(1, value)) * 20) / 20 : 0, t = fabs(x);
    const int end[2][3] = {{0, 114, 178}, {213, 94, 0}};
    int rgb[3];
    for (int c = 0; c < 3; c++) rgb[c] = (int)(255 + t * (end[x > 0][c] - 255));
    snprintf(colour, 8, "#%02x%02x%02x", rgb[0] & 255, rgb[1] & 255, rgb[2] & 255);
}

static void show_heat_map(const ReportGeometry *g)
{
    if (!g->gram) return;
    enum { LEFT = 110, TOP = 110 };
    Place *place = memory_alloc((size_t)g->k, sizeof *place);
    const int n = pick_classes(g, place), cell = n > 40 ? 9 : 14;
    char title[512];
    snprintf(title, sizeof title, "Cosines between class means: %s", short_name(g->name));
    fputs("<figure>", out);
    svg_begin(out, LEFT + n * cell + 20, TOP + n * cell + 20, title,
              "Matrix of cosines between centred class means; blue is -1, white 0, orange 1");
    for (int i = 0; i < n; i++) {
        const int a = place[i].class;
        for (int j = 0; j < n;) {
            char colour[8], next[8];
            int run = 0;
            do {
                const int b = place[j + run].class;
                heat_colour(g->gram[(size_t)a * (size_t)g->k + (size_t)b] / (g->norm[a] * g->norm[b]), next);
                if (run == 0) memcpy(colour, next, sizeof colour);
                if (strcmp(colour, next) != 0) break;
                run++;
            } while (j + run < n);
            fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>", LEFT + j * cell,
                    TOP + i * cell, run * cell, cell, colour);
            j += run;
        }
        fprintf(out, "<text class=\"tick\" style=\"font-size:%dpx\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", cell,
                LEFT - 4, TOP + i * cell + cell - 1);
        text(g->word[a]);
        fprintf(out, "</text><text class=\"tick\" style=\"font-size:%dpx\" transform=\"translate(%d %d) rotate(-90)\">",
                cell, LEFT + i * cell + cell - 1, TOP - 4);
        text(g->word[a]);
        fputs("</text>\n", out);
    }
    char caption[640];
    snprintf(caption, sizeof caption,
             "%s: cosines between class means, the %d most frequent of %d classes by group. Blue -1, white 0, orange "
             "1; in a simplex all "
             "off the diagonal are %.3f.",
             g->name, n, g->k, -1.0 / (g->k - 1));
    figure_end(caption);
    free(place);
}

static void show_scatter(const ReportGeometry *g)
{
    double x[2] = {HUGE_VAL, -HUGE_VAL}, y[2] = {HUGE_VAL, -HUGE_VAL};
    for (int k = 0; k < g->k; k++) {
        plot_extend(1, &g->principal[3 * k], false, x);
        plot_extend(1, &g->principal[3 * k + 1], false, y);
    }
    if (x[1] <= x[0] || y[1] <= y[0]) return;
    const char *group[7];
    int n_groups = 0;
    const double dx = 0.08 * (x[1] - x[0]), dy = 0.05 * (y[1] - y[0]);
    const Plot p = {.f = out,
                    .x0 = x[0] - dx,
                    .x1 = x[1] + dx,
                    .y0 = y[0] - dy,
                    .y1 = y[1] + dy,
                    .left = 60,
                    .top = 10,
                    .width = 640,
                    .height = 480};
    Place *place = memory_alloc((size_t)g->k, sizeof *place);
    const int n = pick_classes(g, place);
    char title[512];
    snprintf(title, sizeof title, "Class means along their main axes: %s", short_name(g->name));
    fputs("<figure>", out);
    svg_begin(out, 720, 540, title,
              "Scatter of the class means along the first two principal axes; the most frequent carry their word");
    plot_axes(&p, "first main axis", "second main axis");
    for (int k = 0; k < g->k; k++) {
        int colour = -1;
        for (int i = 0; i < n_groups; i++)
            if (strcmp(group[i], g->group[k]) == 0) colour = i;
        if (colour < 0 && n_groups < 7) group[colour = n_groups++] = g->group[k];
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\"><title>", plot_x(&p, g->principal[3 * k]),
                plot_y(&p, g->principal[3 * k + 1]), svg_colour(colour < 0 ? 6 : colour));
        text(g->word[k]);
        fputs("</title></circle>\n", out);
    }
    for (int i = 0; i < n; i++) {
        const int k = place[i].class;
        fprintf(out, "<text style=\"font-size:10px\" x=\"%.1f\" y=\"%.1f\">", plot_x(&p, g->principal[3 * k]) + 4,
                plot_y(&p, g->principal[3 * k + 1]) + 3);
        text(g->word[k]);
        fputs("</text>\n", out);
    }
    if (n_groups > 1) plot_legend(&p, n_groups, group);
    char caption[640];
    snprintf(caption, sizeof caption,
             "%s: centred class means along the two largest eigenvectors of the between-class covariance; the %d most "
             "frequent carry "
             "their word.",
             g->name, n);
    figure_end(caption);
    free(place);
}

static void show_spectra(const Report *r, size_t n, const size_t *pick)
{
    double up[2] = {HUGE_VAL, -HUGE_VAL};
    const char *name[MOST_FILES];
    int longest = 0;
    for (size_t i = 0; i < n; i++) {
        const ReportGeometry *g = &r->geometry[pick[i]];
        name[i] = short_name(g->name);
        if (!g->between) continue;
        double top[2] = {HUGE_VAL, -HUGE_VAL};
        plot_extend(g->d, g->between, true, top);
        up[1] = fmax(up[1], top[1]);
        up[0] = fmin(up[0], fmax(top[0], 1e-8 * top[1]));
        if (g->within) plot_extend(g->d, g->within, true, up);
        longest = g->d > longest ? g->d : longest;
    }
    if (longest < 2 || up[1] <= up[0]) return;
    up[0] = fmax(up[0], 1e-9 * up[1]);
    heading("Spectra");
    double *x = memory_alloc((size_t)longest, sizeof *x), *y = memory_alloc((size_t)longest, sizeof *y);
    for (int i = 0; i < longest; i++) x[i] = i + 1;
    const Plot p = {.f = out,
                    .x0 = 1,
                    .x1 = longest,
                    .y0 = up[0],
                    .y1 = up[1],
                    .left = 70,
                    .top = 10,
                    .width = 620,
                    .height = 260,
                    .log_y = true};
    fputs("<figure>", out);
    svg_begin(out, 720, 320, "Eigenvalues of the class covariances",
              "Eigenvalues of the between-class (full lines) and within-class (dashed) covariance, largest first, "
              "logarithmic");
    plot_axes(&p, "eigenvalue number", "eigenvalue");
    for (size_t i = 0; i < n; i++) {
        const ReportGeometry *g = &r->geometry[pick[i]];
        for (int part = 0; part < 2; part++) {
            const double *from = part ? g->within : g->between;
            if (!from) continue;
            for (int j = 0; j < g->d; j++) y[j] = from[j] >= up[0] ? from[j] : (double)NAN;
            plot_line(&p, g->d, x, y, svg_colour((int)i), part == 1);
        }
    }
    plot_legend(&p, (int)n, name);
    figure_end("Full lines: between classes; dashed: within classes. Collapse sinks the dashed line.");
    free(x);
    free(y);
}

static void show_sources(const Report *r)
{
    heading("Sources");
    fputs("<table><tr><th>file</th><th>model</th><th>text</th><th>states</th></tr>", out);
    for (size_t i = 0; i < r->n_geometries; i++) {
        const ReportGeometry *g = &r->geometry[i];
        if (!is_shown(r, i)) continue;
        const char *const field[] = {g->name, g->model, g->data, g->choices};
        fputs("<tr>", out);
        for (int f = 0; f < 4; f++) {
            fputs("<td>", out);
            text(field[f]);
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    for (size_t i = 0; i < r->n_logs; i++) {
        fputs("<tr><td>", out);
        text(r->log[i].name);
        fprintf(out, "</td><td>run, %d lines</td><td></td><td></td></tr>\n", r->log[i].n);
    }
    fputs("</table>\n", out);
}

static void write_page(const Report *r)
{
    size_t pick[MOST_FILES];
    const size_t n = pick_files(r, pick);
    fputs(BEGINNING "<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                    "content=\"width=device-width\"><title>",
          out);
    text(options.title);
    fprintf(out, "</title><style>%s</style></head><body>\n<h1>", style);
    text(options.title);
    fputs("</h1>\n<p class=\"note\">Written by ", out);
    text(version_text());
    fputs("</p>\n", out);
    show_runs(r);
    show_snapshots(r);
    show_histogram(r, n, pick);
    if (n) heading("Class means");
    for (size_t i = 0; i < n; i++) {
        show_scatter(&r->geometry[pick[i]]);
        show_heat_map(&r->geometry[pick[i]]);
    }
    show_spectra(r, n, pick);
    show_metrics(r);
    show_sources(r);
    fputs("</body></html>\n", out);
}

static Status check_output(int n, char **operand)
{
    static const OutputKind kind = {"a report of collapse-report", NULL, BEGINNING};
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
    char *page = NULL;
    size_t length = 0;
    if (!status) {
        out = open_memstream(&page, &length);
        if (!out) status = status_set(STATUS_INTERNAL, __FILE__, __LINE__, "no memory for the page");
    }
    if (!status) {
        write_page(&report);
        fclose(out);
        status = file_write_text(options.output, page, length);
        free(page);
    }
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
        "One self-contained page: curves of runs, dual cosines, class means, spectra, measures with intervals.\n"
        "Files are run folders, checkpoints, and what collapse geometry and evaluate write; several are compared.",
        table,
        sizeof table / sizeof table[0],
        &options,
        "run folders or files",
        NULL,
        run,
        1,
        64};
    return tool_main(&tool, argc, argv);
}
