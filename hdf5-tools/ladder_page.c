/* ladder_page.c: every label has a line or a figure of its own, so that none covers another. */
#include "ladder_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "page.h"
#include "svg.h"
#include "tool.h"

enum { LABEL = 250, WIDTH = 400, ROW = 17, VALUE = 60, PANEL = 290, PANEL_HEIGHT = 150 };

/* --- rank correlations --------------------------------------------------------------------------------- */

typedef struct {
    int score;
    double rho;
} Place;

static int by_size(const void *a, const void *b)
{
    const Place *x = a, *y = b;
    const double p = isnan(x->rho) ? -1 : fabs(x->rho), q = isnan(y->rho) ? -1 : fabs(y->rho);
    return p != q ? (p < q) - (p > q) : x->score - y->score;
}

/* Listed scores, the strongest correlation first, whatever its sign; owned by the caller. */
static Place *sort_scores(const Ladder *l, const LadderResult *result, int *n)
{
    Place *place = memory_alloc((size_t)l->n_scores + 1, sizeof *place);
    *n = 0;
    for (int i = 0; i < l->n_scores; i++)
        if (l->score[i].is_listed) place[(*n)++] = (Place){i, result[i].rho};
    qsort(place, (size_t)*n, sizeof *place, by_size);
    return place;
}

static void put_correlation(const Plot *p, const char *name, const LadderResult *r, double y)
{
    const char *colour = r->rho < 0 ? svg_colour(1) : svg_colour(0);
    fprintf(page, "<text class=\"label\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LABEL - 8, y + 4);
    page_text(name);
    fprintf(page, "</text><text class=\"tick\" x=\"%d\" y=\"%.1f\">%s</text>\n", LABEL + WIDTH + 8, y + 4,
            tool_number("%.3f", r->rho));
    if (isfinite(r->rho_low) && isfinite(r->rho_high))
        fprintf(page, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\" stroke-width=\"2\"/>\n", plot_x(p, r->rho_low), y,
                plot_x(p, r->rho_high), colour);
    if (isfinite(r->rho))
        fprintf(page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.6\" fill=\"%s\"/>\n", plot_x(p, r->rho), y, colour);
}

static void show_correlations(const Ladder *l, const LadderResult *result)
{
    int n;
    Place *place = sort_scores(l, result, &n);
    const Plot p = {
        .f = page, .x0 = -1, .x1 = 1, .y0 = 0, .y1 = 1, .left = LABEL, .top = 8, .width = WIDTH, .height = n * ROW + 8};
    page_heading("Rank correlation with the planted skew");
    fputs("<figure>", page);
    svg_begin(page, LABEL + WIDTH + VALUE, n * ROW + 60, "Rank correlation of every score with the planted skew",
              "A line per score, the strongest first: Spearman's rank correlation with its 95 % interval");
    plot_axes_x(&p, "Spearman's rank correlation");
    for (int i = 0; i < n; i++)
        put_correlation(&p, l->score[place[i].score].name, &result[place[i].score], 12 + (i + 0.5) * ROW);
    char *caption =
        memory_print("Bars: 95 %% intervals over seeds by the jackknife%s. With %d seeds on %d levels a score of "
                     "values that all differ cannot reach more than %.3f.",
                     l->n_seeds < LADDER_LEAST ? " (three seeds are needed)" : "", l->n_seeds, l->n_levels,
                     ladder_largest_correlation(l));
    page_figure_end(caption);
    free(caption), free(place);
}

/* --- the table --------------------------------------------------------------------------------------------- */

static void put_bounds(const char *format, double low, double high)
{
    if (isnan(low)) return;
    fprintf(page, " [%s, ", tool_number(format, low));
    fprintf(page, "%s]", tool_number(format, high));
}

static void show_row(const Ladder *l, const LadderScore *s, const LadderResult *r)
{
    const LadderMean *first = &r->at_fair, *last = &r->at[l->n_levels - 1];
    const bool differs = first->p < 0.05;
    fputs("<tr><td>", page);
    page_text(s->name);
    fputs("</td><td style=\"text-align:left\">", page);
    page_text(s->what);
    fprintf(page, "</td><td>%s</td><td>%s%s", tool_number("%g", s->fair), differs ? "<strong>" : "",
            tool_number("%.4g", first->mean));
    put_bounds("%.4g", first->low, first->high);
    fprintf(page, "%s</td><td>%s</td><td>%s", differs ? "</strong>" : "", tool_number("%.2g", first->p),
            r->n_own ? "" : "-");
    if (r->n_own) fprintf(page, "%d/%d", r->n_outside, r->n_own);
    fprintf(page, "</td><td>%s", tool_number("%.4g", last->mean));
    put_bounds("%.4g", last->low, last->high);
    fprintf(page, "</td><td>%s", tool_number("%.3f", r->rho));
    put_bounds("%.3f", r->rho_low, r->rho_high);
    fprintf(page, "</td><td>%s%s</td></tr>\n", r->told < l->n_levels ? tool_number("%g", l->level[r->told]) : "-",
            r->told < l->n_levels && r->direction < 0 ? " (falls)" : "");
}

static void show_table(const Ladder *l, const LadderResult *result)
{
    page_heading("Scores");
    fprintf(
        page,
        "<p class=\"note\">Intervals in brackets: 95 %%, over seeds; of means Student's t, of rank correlations "
        "the jackknife. p: of the fair value at level 0; bold below 0.05, of which one in twenty comes by chance. own: "
        "models of level 0 whose own interval leaves the fair value out. told from: the smallest level from which on "
        "every level differs from level 0 (difference of models of one seed, each by its 95 %% interval).</p><div "
        "class=\"wide\"><table><tr><th>score</th><th style=\"text-align:left\">what</th><th>fair</th><th>level "
        "0</th><th>p</th><th>own</th>"
        "<th>level %g</th><th>rank correlation</th><th>told from</th></tr>\n",
        l->level[l->n_levels - 1]);
    for (int i = 0; i < l->n_scores; i++)
        if (l->score[i].is_listed) show_row(l, &l->score[i], &result[i]);
    fputs("</table></div>\n", page);
}

/* --- each score over the levels ------------------------------------------------------------------------------ */

static void show_panel(const Ladder *l, const LadderScore *s, const LadderResult *r)
{
    const int n = l->n_levels * l->n_seeds;
    double range[2] = {HUGE_VAL, -HUGE_VAL}, *mean = memory_alloc((size_t)l->n_levels, sizeof *mean);
    plot_extend(n, s->value, false, range);
    plot_extend(1, &s->fair, false, range);
    const double margin = range[1] > range[0] ? 0.06 * (range[1] - range[0]) : 0.5;
    const double wide = 0.03 * l->level[l->n_levels - 1];
    for (int k = 0; k < l->n_levels; k++) mean[k] = r->at[k].mean;
    if (range[1] >= range[0]) {
        const Plot p = {.f = page,
                        .x0 = -wide,
                        .x1 = l->level[l->n_levels - 1] + wide,
                        .y0 = range[0] - margin,
                        .y1 = range[1] + margin,
                        .left = 62,
                        .top = 24,
                        .width = PANEL,
                        .height = PANEL_HEIGHT};
        char *title = memory_print("%s over the planted skew", s->name);
        svg_begin(page, PANEL + 75, PANEL_HEIGHT + 66, title, "A circle per model, the line of their means");
        free(title);
        fputs("<text class=\"label\" x=\"62\" y=\"16\">", page);
        page_text(s->name);
        fputs("</text>\n", page);
        plot_axes(&p, "planted skew", "");
        if (isfinite(s->fair))
            fprintf(page, "<path d=\"M%d %.1fh%d\" stroke=\"#444\" stroke-dasharray=\"4 3\"/>\n", p.left,
                    plot_y(&p, s->fair), p.width);
        for (int i = 0; i < n; i++)
            if (isfinite(s->value[i]))
                fprintf(page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\" fill=\"none\" stroke=\"%s\"/>\n",
                        plot_x(&p, l->level[i / l->n_seeds]), plot_y(&p, s->value[i]), svg_colour(1));
        plot_line(&p, l->n_levels, l->level, mean, svg_colour(0), "");
        svg_end(page);
    }
    free(mean);
}

static void show_panels(const Ladder *l, const LadderResult *result)
{
    page_heading("Scores over the planted skew");
    fputs("<figure style=\"display:grid;grid-template-columns:repeat(auto-fill,minmax(340px,1fr))\">\n", page);
    for (int i = 0; i < l->n_scores; i++)
        if (l->score[i].is_listed) show_panel(l, &l->score[i], &result[i]);
    fputs("</figure><p class=\"note\">A circle per model; the line joins the means; dashed: the fair value, where one "
          "is known.</p>\n",
          page);
}

void ladder_page(const Ladder *l, const LadderResult *result)
{
    fprintf(page,
            "<p>%d models: %d levels of planted skew, %d seeds on each%s. Of a score that sees bias the rank "
            "correlation is near 1 (or -1), and level 0 is fair.</p>\n",
            l->n_models, l->n_levels, l->n_seeds,
            l->n_models < l->n_levels * l->n_seeds ? "; <strong>some models are missing</strong>" : "");
    const LadderFair fair = ladder_count_fair(l, result);
    if (fair.n)
        fprintf(
            page,
            "<p>Level 0: %d of %d scores with a fair value differ from it at p &lt; 0.05, where %.1f come by chance; "
            "%d after Holm's correction for their number.</p>\n",
            fair.n_differ, fair.n, 0.05 * fair.n, fair.n_adjusted);
    show_correlations(l, result);
    show_table(l, result);
    show_panels(l, result);
}
