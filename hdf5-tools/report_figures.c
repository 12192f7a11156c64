/* report_figures.c: figures of geometry files. */
#include "report_figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "svg.h"

enum { BINS = 30, MOST_FILES = 4, MOST_GROUPS = 7 /* with a colour of their own */ };

static bool has_figures(const Report *r, size_t i)
{
    return r->geometry[i].k && r->geometry[i].step < 0;
}

/* The files that get figures: those given, or, if there are only snapshots of runs, the first and the last. */
static size_t pick_files(const Report *r, size_t pick[MOST_FILES])
{
    size_t n = 0, left_out = 0;
    for (size_t i = 0; i < r->n_geometries; i++) {
        if (!has_figures(r, i)) continue;
        if (n < MOST_FILES) pick[n++] = i;
        else left_out++;
    }
    if (left_out)
        fprintf(page, "<p class=\"note\">Figures show the first %d files with classes; %zu more have none.</p>\n",
                MOST_FILES, left_out);
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
        name[i] = page_short_name(g->name);
        int directed = 0; /* a class without a direction has no cosine */
        for (int k = 0; k < g->k; k++) directed += isfinite(g->cosine[k]);
        for (int k = 0; k < g->k; k++) {
            if (!isfinite(g->cosine[k])) continue;
            const int bin = (int)((g->cosine[k] - range[0]) / (range[1] - range[0]) * BINS);
            count[i][bin < BINS ? bin : BINS - 1] += 1.0 / directed;
        }
        for (int b = 0; b < BINS; b++) most = fmax(most, count[i][b]);
    }
    page_heading("Self-duality of the words");
    const Plot p = {.f = page,
                    .x0 = range[0],
                    .x1 = range[1],
                    .y0 = 0,
                    .y1 = 1.1 * most,
                    .left = 70,
                    .top = 10,
                    .width = 620,
                    .height = 230};
    fputs("<figure>", page);
    page_legend((int)n, name);
    svg_begin(page, 720, 290, "Histogram of dual cosines",
              "Share of the classes by cosine between class mean and word embedding, one line per file");
    plot_axes(&p, "cosine of class mean and word embedding", "share of classes");
    for (size_t i = 0; i < n; i++) {
        double x[2 * BINS], y[2 * BINS];
        for (int b = 0; b < BINS; b++) {
            x[2 * b] = range[0] + (range[1] - range[0]) * b / BINS;
            x[2 * b + 1] = range[0] + (range[1] - range[0]) * (b + 1) / BINS;
            y[2 * b] = y[2 * b + 1] = count[i][b];
        }
        plot_line(&p, 2 * BINS, x, y, svg_colour((int)i), "");
    }
    page_figure_end("A collapsed model has a narrow peak near 1: nc3 is its mean, unc3 its standard deviation.");
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

/* The most frequent classes, `most` of them, groups together. */
static int pick_classes(const ReportGeometry *g, int most, Place *place)
{
    for (int k = 0; k < g->k; k++) place[k] = (Place){k, g->count[k], g->group[k]};
    qsort(place, (size_t)g->k, sizeof *place, by_count);
    const int n = g->k < most ? g->k : most;
    qsort(place, (size_t)n, sizeof *place, by_group);
    return n;
}

/* -1 blue, 0 white, 1 vermilion, in 41 steps so that equal neighbours share one rectangle; grey: no cosine. */
static void heat_colour(double value, char colour[8])
{
    const double x = round(fmax(-1, fmin(1, value)) * 20) / 20, t = fabs(x);
    if (!isfinite(value)) {
        memcpy(colour, "#cccccc", 8);
        return;
    }
    const int end[2][3] = {{0, 114, 178}, {213, 94, 0}};
    int rgb[3];
    for (int c = 0; c < 3; c++) rgb[c] = (int)(255 + t * (end[x > 0][c] - 255));
    snprintf(colour, 8, "#%02x%02x%02x", rgb[0] & 255, rgb[1] & 255, rgb[2] & 255);
}

static void show_heat_map(const ReportGeometry *g, int most)
{
    if (!g->gram) return;
    enum { LEFT = 110, TOP = 110 };
    Place *place = memory_alloc((size_t)g->k, sizeof *place);
    const int n = pick_classes(g, most, place), cell = n > 40 ? 9 : 14;
    char *title = memory_print("Cosines between class means: %s", page_short_name(g->name));
    fputs("<figure>", page);
    svg_begin(page, LEFT + n * cell + 20, TOP + n * cell + 20, title,
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
            fprintf(page, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>", LEFT + j * cell,
                    TOP + i * cell, run * cell, cell, colour);
            j += run;
        }
        fprintf(page, "<text class=\"tick\" style=\"font-size:%dpx\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", cell,
                LEFT - 4, TOP + i * cell + cell - 1);
        page_text(g->word[a]);
        fprintf(page,
                "</text><text class=\"tick\" style=\"font-size:%dpx\" transform=\"translate(%d %d) rotate(-90)\">",
                cell, LEFT + i * cell + cell - 1, TOP - 4);
        page_text(g->word[a]);
        fputs("</text>\n", page);
    }
    char *caption = memory_print(
        "%s: cosines between class means, the %d most frequent of %d classes by group. Blue -1, white 0, orange "
        "1, grey: no direction; in a simplex all "
        "off the diagonal are %.3f.",
        g->name, n, g->k, -1.0 / (g->k - 1));
    page_figure_end(caption);
    free(caption);
    free(title);
    free(place);
}

static bool has_place(const ReportGeometry *g, int k)
{
    return isfinite(g->principal[3 * k]) && isfinite(g->principal[3 * k + 1]);
}

static void show_scatter(const ReportGeometry *g, int most)
{
    double x[2] = {HUGE_VAL, -HUGE_VAL}, y[2] = {HUGE_VAL, -HUGE_VAL};
    for (int k = 0; k < g->k; k++) {
        plot_extend(1, &g->principal[3 * k], false, x);
        plot_extend(1, &g->principal[3 * k + 1], false, y);
    }
    if (x[1] <= x[0] || y[1] <= y[0]) return;
    const char *group[MOST_GROUPS];
    int n_groups = 0;
    bool has_more = false;
    const double dx = 0.08 * (x[1] - x[0]), dy = 0.05 * (y[1] - y[0]);
    const Plot p = {.f = page,
                    .x0 = x[0] - dx,
                    .x1 = x[1] + dx,
                    .y0 = y[0] - dy,
                    .y1 = y[1] + dy,
                    .left = 60,
                    .top = 10,
                    .width = 640,
                    .height = 480};
    Place *place = memory_alloc((size_t)g->k, sizeof *place);
    const int n = pick_classes(g, most, place);
    char *title = memory_print("Class means along their main axes: %s", page_short_name(g->name));
    fputs("<figure>", page);
    svg_begin(page, 720, 540, title,
              "Scatter of the class means along the first two principal axes; the most frequent carry their word");
    plot_axes(&p, "first main axis", "second main axis");
    for (int k = 0; k < g->k; k++) {
        int colour = -1;
        for (int i = 0; i < n_groups; i++)
            if (strcmp(group[i], g->group[k]) == 0) colour = i;
        if (colour < 0 && n_groups < MOST_GROUPS) group[colour = n_groups++] = g->group[k];
        has_more = has_more || colour < 0;
        if (!has_place(g, k)) continue;
        fprintf(page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\"><title>", plot_x(&p, g->principal[3 * k]),
                plot_y(&p, g->principal[3 * k + 1]), colour < 0 ? "#999999" : svg_colour(colour));
        page_text(g->word[k]);
        fputs("</title></circle>\n", page);
    }
    for (int i = 0; i < n; i++) {
        const int k = place[i].class;
        if (!has_place(g, k)) continue;
        fprintf(page, "<text style=\"font-size:10px\" x=\"%.1f\" y=\"%.1f\">", plot_x(&p, g->principal[3 * k]) + 4,
                plot_y(&p, g->principal[3 * k + 1]) + 3);
        page_text(g->word[k]);
        fputs("</text>\n", page);
    }
    svg_end(page);
    if (n_groups > 1) page_legend(n_groups, group);
    char *caption = memory_print("%s: centred class means along the two largest eigenvectors of the between-class "
                                 "covariance; the %d most frequent carry their word%s.",
                                 g->name, n, has_more ? "; grey: of further groups" : "");
    page_caption_end(caption);
    free(caption);
    free(title);
    free(place);
}

static void show_spectra(const Report *r, size_t n, const size_t *pick)
{
    double up[2] = {HUGE_VAL, -HUGE_VAL};
    const char *name[MOST_FILES];
    int longest = 0;
    for (size_t i = 0; i < n; i++) {
        const ReportGeometry *g = &r->geometry[pick[i]];
        name[i] = page_short_name(g->name);
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
    page_heading("Spectra");
    double *x = memory_alloc((size_t)longest, sizeof *x), *y = memory_alloc((size_t)longest, sizeof *y);
    for (int i = 0; i < longest; i++) x[i] = i + 1;
    const Plot p = {.f = page,
                    .x0 = 1,
                    .x1 = longest,
                    .y0 = up[0],
                    .y1 = up[1],
                    .left = 70,
                    .top = 10,
                    .width = 620,
                    .height = 260,
                    .log_y = true};
    fputs("<figure>", page);
    page_legend((int)n, name);
    svg_begin(page, 720, 320, "Eigenvalues of the class covariances",
              "Eigenvalues of the between-class (full lines) and within-class (dashed) covariance, largest first, "
              "logarithmic");
    plot_axes(&p, "eigenvalue number", "eigenvalue");
    for (size_t i = 0; i < n; i++) {
        const ReportGeometry *g = &r->geometry[pick[i]];
        for (int part = 0; part < 2; part++) {
            const double *from = part ? g->within : g->between;
            if (!from) continue;
            for (int j = 0; j < g->d; j++) y[j] = from[j] >= up[0] ? from[j] : (double)NAN;
            plot_line(&p, g->d, x, y, svg_colour((int)i), part ? "5 3" : "");
        }
    }
    page_figure_end("Full lines: between classes; dashed: within classes. Collapse sinks the dashed line.");
    free(x);
    free(y);
}

void report_figures(const Report *r, int most_words)
{
    size_t pick[MOST_FILES];
    const size_t n = pick_files(r, pick);
    show_histogram(r, n, pick);
    if (n) page_heading("Class means");
    for (size_t i = 0; i < n; i++) {
        show_scatter(&r->geometry[pick[i]], most_words);
        show_heat_map(&r->geometry[pick[i]], most_words);
    }
    show_spectra(r, n, pick);
}
