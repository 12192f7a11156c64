/* report_scores.c: scores files by task and data -> families of metrics -> bars, dots, tables. Every label has a line
 * or a column of its own, so that none covers another, however many there are. */
#include "report_scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report_figures.h"
#include "svg.h"
#include "tool.h"

enum { MOST_FILES = 7 /* with a colour of their own */, LABEL = 210, WIDTH = 430, BAR = 13, LETTERS = 32 };

/* Files of one task and data, and names of metrics that any of them has. */
typedef struct {
    const ReportGeometry *file[MOST_FILES];
    const char **name; /* owned [n_names] of borrowed names */
    int n, n_names, left_out;
    bool has_intervals;
} Group;

static const ReportMetric *find(const ReportGeometry *g, const char *name)
{
    for (int i = 0; i < g->n_metrics; i++)
        if (strcmp(g->metric[i].name, name) == 0) return &g->metric[i];
    return NULL;
}

static bool has_bounds(const ReportMetric *m)
{
    return m && m->has_interval && isfinite(m->low) && isfinite(m->high);
}

static bool is_scores(const ReportGeometry *g)
{
    return g->task[0] && strcmp(g->task, "geometry") != 0;
}

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool same_group(const ReportGeometry *a, const ReportGeometry *b)
{
    return is_scores(a) && is_scores(b) && strcmp(a->task, b->task) == 0 && strcmp(base(a->data), base(b->data)) == 0;
}

/* Counts say how much was measured, not what. */
static bool is_count(const char *name)
{
    static const char *const counts[] = {"n_items",        "n_skipped", "n",       "ties",
                                         "neutral",        "terms",     "unknown", "pieces",
                                         "several_pieces", "masked",    "pairs",   "blank_twice"};
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (strcmp(last, counts[i]) == 0) return true;
    return false;
}

static void add_names(Group *g, bool with_interval)
{
    for (int f = 0; f < g->n; f++)
        for (int m = 0; m < g->file[f]->n_metrics; m++) {
            const ReportMetric *metric = &g->file[f]->metric[m];
            bool is_new = !is_count(metric->name) && metric->has_interval == with_interval;
            for (int k = 0; k < g->n_names && is_new; k++) is_new = strcmp(g->name[k], metric->name) != 0;
            if (!is_new) continue;
            g->name = memory_resize(g->name, (size_t)g->n_names + 1, sizeof *g->name);
            g->name[g->n_names++] = metric->name;
        }
}

/* The group that begins with file `first`: metrics with intervals, or all if none has one. */
static Group gather(const Report *r, size_t first)
{
    Group g = {.n = 0};
    for (size_t i = first; i < r->n_geometries; i++) {
        if (!same_group(&r->geometry[first], &r->geometry[i])) continue;
        if (g.n < MOST_FILES) g.file[g.n++] = &r->geometry[i];
        else g.left_out++;
    }
    add_names(&g, true);
    g.has_intervals = g.n_names > 0;
    if (!g.has_intervals) add_names(&g, false);
    return g;
}

/* "b.score" of "gender.b.score"; NULL: a name of one part. */
static const char *family_of(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? dot + 1 : NULL;
}

/* Members of name k's family; *is_first: none stands before it. */
static int family_size(const Group *g, int k, bool *is_first)
{
    const char *family = family_of(g->name[k]);
    int n = 0;
    *is_first = true;
    for (int i = 0; i < g->n_names && family; i++) {
        const char *other = family_of(g->name[i]);
        if (!other || strcmp(other, family) != 0) continue;
        n++;
        if (i < k) *is_first = false;
    }
    return n;
}

/* A label that fits its column, whole in its title. */
static void put_label(double y, const char *text)
{
    const size_t n = strlen(text);
    fprintf(page, "<text class=\"label\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LABEL - 8, y);
    if (n > LETTERS) {
        char *end = memory_print("\xe2\x80\xa6%s", text + n - LETTERS + 1);
        page_text(end);
        free(end);
    } else {
        page_text(text);
    }
    fputs("<title>", page);
    page_text(text);
    fputs("</title></text>\n", page);
}

/* The files, above a figure. */
static void put_legend(const Group *g)
{
    char *name[MOST_FILES];
    for (int f = 0; f < g->n; f++) {
        const char *model = g->file[f]->model[0] ? g->file[f]->model : g->file[f]->name;
        name[f] = memory_print("%s (%s)", page_short_name(model), page_short_name(g->file[f]->name));
    }
    page_legend(g->n, (const char *const *)name);
    for (int f = 0; f < g->n; f++) free(name[f]);
}

static void extend(const ReportMetric *m, double range[2])
{
    if (!m) return;
    plot_extend(1, &m->value, false, range);
    if (has_bounds(m)) plot_extend(1, &m->low, false, range), plot_extend(1, &m->high, false, range);
}

static void put_interval(const Plot *p, const ReportMetric *m, double y, const char *colour)
{
    if (!has_bounds(m)) return;
    const double a = plot_x(p, m->low), b = plot_x(p, m->high);
    fprintf(page,
            "<path d=\"M%.1f %.1fH%.1fM%.1f %.1fv6M%.1f %.1fv6\" stroke=\"%s\" stroke-width=\"1.4\" fill=\"none\"/>\n",
            a, y, b, a, y - 3, b, y - 3, colour);
}

static void put_value(double y, double value)
{
    fprintf(page, "<text class=\"tick\" x=\"%d\" y=\"%.1f\">%s</text>\n", LABEL + WIDTH + 8, y,
            tool_number("%.4g", value));
}

/* --- bars by type ----------------------------------------------------------------------------------- */

static void put_bar(const Plot *p, const ReportMetric *m, double y, int f)
{
    if (!m || !isfinite(m->value)) {
        put_value(y + BAR - 3, (double)NAN);
        return;
    }
    const double zero = plot_x(p, 0), end = plot_x(p, m->value);
    fprintf(page, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\" fill-opacity=\"0.55\"/>\n",
            fmin(zero, end), y, fabs(end - zero), BAR - 2, svg_colour(f));
    put_interval(p, m, y + 0.5 * (BAR - 2), "#1a1a1a");
    put_value(y + BAR - 3, m->value);
}

static bool is_share(const char *family)
{
    const size_t n = strlen(family);
    return (n >= 5 && strcmp(family + n - 5, "score") == 0) || (n >= 2 && strcmp(family + n - 2, "ss") == 0);
}

static void show_family(const Group *g, const char *family, int size)
{
    double range[2] = {0, 0};
    for (int k = 0; k < g->n_names; k++)
        for (int f = 0; f < g->n && family_of(g->name[k]) && strcmp(family_of(g->name[k]), family) == 0; f++)
            extend(find(g->file[f], g->name[k]), range);
    if (range[1] <= range[0]) return;
    const int row = g->n * BAR + 9, height = size * row;
    const int top = 8;
    const double margin = 0.03 * (range[1] - range[0]);
    const Plot p = {.f = page,
                    .x0 = range[0] < 0 ? range[0] - margin : 0,
                    .x1 = range[1] > 0 ? range[1] + margin : 0,
                    .y0 = 0,
                    .y1 = 1,
                    .left = LABEL,
                    .top = top,
                    .width = WIDTH,
                    .height = height};
    char *title = memory_print("%s by type", family);
    fputs("<figure>", page);
    put_legend(g);
    svg_begin(page, 720, top + height + 44, title, "A bar per type and model, with its 95 % interval");
    plot_axes_x(&p, family);
    if (is_share(family) && p.x1 > 50)
        fprintf(page, "<path d=\"M%.1f %dv%d\" stroke=\"#444\" stroke-dasharray=\"4 3\"/>\n", plot_x(&p, 50), top,
                height);
    int at = 0;
    for (int k = 0; k < g->n_names; k++) {
        const char *own = family_of(g->name[k]);
        if (!own || strcmp(own, family) != 0) continue;
        char *type = memory_print("%.*s", (int)(own - 1 - g->name[k]), g->name[k]);
        const double y = top + at++ * row + 5;
        put_label(y + 0.5 * g->n * BAR + 3, type);
        free(type);
        for (int f = 0; f < g->n; f++) put_bar(&p, find(g->file[f], g->name[k]), y + f * BAR, f);
    }
    char *caption = memory_print("%s of %s. Whiskers: 95 %% bootstrap intervals, where they were measured.%s", family,
                                 g->file[0]->task, is_share(family) ? " The dashed line is 50: no preference." : "");
    page_figure_end(caption);
    free(caption), free(title);
}

/* --- metrics on scales of their own ----------------------------------------------------------------- */

static double show_strip(const Group *g, const char *name, double top)
{
    double range[2] = {HUGE_VAL, -HUGE_VAL};
    for (int f = 0; f < g->n; f++) extend(find(g->file[f], name), range);
    const int height = g->n * BAR + 8;
    put_label(top + 0.5 * height + 4, name);
    if (range[1] < range[0]) return height + 26;
    const double margin = range[1] > range[0] ? 0.06 * (range[1] - range[0]) : 0.5 + 0.1 * fabs(range[0]);
    const Plot p = {.f = page,
                    .x0 = range[0] - margin,
                    .x1 = range[1] + margin,
                    .y0 = 0,
                    .y1 = 1,
                    .left = LABEL,
                    .top = (int)top,
                    .width = WIDTH,
                    .height = height};
    plot_axes_x(&p, "");
    for (int f = 0; f < g->n; f++) {
        const ReportMetric *m = find(g->file[f], name);
        const double y = top + 4 + (f + 0.5) * BAR;
        put_value(y + 4, m ? m->value : (double)NAN);
        if (!m || !isfinite(m->value)) continue;
        put_interval(&p, m, y, svg_colour(f));
        fprintf(page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.6\" fill=\"%s\"/>\n", plot_x(&p, m->value), y,
                svg_colour(f));
    }
    return height + 26;
}

static void show_strips(const Group *g)
{
    int n = 0;
    bool is_first;
    for (int k = 0; k < g->n_names; k++) n += family_size(g, k, &is_first) < 2;
    if (!n) return;
    const int height = n * (g->n * BAR + 34) + 14;
    fputs("<figure>", page);
    put_legend(g);
    svg_begin(page, 720, height, "Scores of the models",
              "A line per metric, a point per model, with its 95 % interval");
    double top = 8;
    for (int k = 0; k < g->n_names; k++)
        if (family_size(g, k, &is_first) < 2) top += show_strip(g, g->name[k], top);
    page_figure_end(g->has_intervals ? "Each metric on a scale of its own; bars: 95 % bootstrap intervals."
                                     : "Each metric on a scale of its own.");
}

/* --- differences ------------------------------------------------------------------------------------ */

static void show_difference(const ReportDifference *d)
{
    const bool differs = d->p < 0.05;
    fputs("<tr><td>", page);
    page_text(d->name);
    fprintf(page, "</td><td>%s</td>", tool_number("%.5g", d->here));
    fprintf(page, "<td>%s</td>", tool_number("%.5g", d->there));
    fprintf(page, "<td>%s%s", differs ? "<strong>" : "", tool_number("%+.4g", d->difference));
    fprintf(page, " [%s, ", tool_number("%.4g", d->low));
    fprintf(page, "%s]%s</td>", tool_number("%.4g", d->high), differs ? "</strong>" : "");
    fprintf(page, "<td>%s</td><td>%.0f</td></tr>\n", tool_number("%.2g", d->p), d->n_units);
}

static void show_differences(const ReportGeometry *g)
{
    if (!g->n_differences) return;
    fputs("<p>", page);
    page_text(page_short_name(g->model));
    fputs(" (this) and ", page);
    page_text(page_short_name(g->other));
    fputs(" (other) on the same items, resampled together by ", page);
    page_text(g->unit);
    fputs("; bold: p &lt; 0.05, of which one in twenty comes by chance.</p><div "
          "class=\"wide\"><table><tr><th>metric</th><th>this"
          "</th><th>other</th><th>difference [95 %]</th><th>p</th><th>units</th></tr>\n",
          page);
    for (int k = 0; k < g->n_differences; k++) show_difference(&g->difference[k]);
    fputs("</table></div>\n", page);
}

static void show_group(const Group *g)
{
    char *title = memory_print("Scores: %s on %s", g->file[0]->task, base(g->file[0]->data));
    page_heading(title);
    free(title);
    if (g->left_out)
        fprintf(page, "<p class=\"note\">Figures show the first %d files; %d more are in the table of measures.</p>\n",
                MOST_FILES, g->left_out);
    show_strips(g);
    for (int k = 0; k < g->n_names; k++) {
        bool is_first;
        const int size = family_size(g, k, &is_first);
        if (size > 1 && is_first) show_family(g, family_of(g->name[k]), size);
    }
    for (int f = 0; f < g->n; f++) show_differences(g->file[f]);
}

void report_scores(const Report *r)
{
    for (size_t i = 0; i < r->n_geometries; i++) {
        bool is_first = is_scores(&r->geometry[i]);
        for (size_t k = 0; k < i && is_first; k++) is_first = !same_group(&r->geometry[k], &r->geometry[i]);
        if (!is_first) continue;
        Group g = gather(r, i);
        show_group(&g);
        free(g.name);
    }
}
