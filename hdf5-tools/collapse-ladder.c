/* collapse-ladder: values of scores over a ladder of planted skews -> which of them follow it, from where on, and are
 * fair where nothing was planted. jobs/ladder makes the values; any others of this form will do. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/file.h"
#include "io/output.h"
#include "ladder_page.h"
#include "page.h"
#include "tool.h"

static struct Options {
    const char *scores, *output, *table, *title;
    bool overwrite;
} options;

static const Setting table[] = {
    {"scores", SETTING_PATH, "", "", 0, 0, offsetof(struct Options, scores),
     "table of the scores to show: columns score, fair (the value without bias; empty: not known), what; all if not "
     "given"},
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(struct Options, output),
     "report.html: figures and table (also -o)"},
    {"table", SETTING_PATH, "", "", 0, 0, offsetof(struct Options, table), "table.tsv: every number of every score"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(struct Options, overwrite), OUTPUT_OVERWRITE_HELP},
    {"title", SETTING_TEXT, "Does a score see bias?", "", 0, 0, offsetof(struct Options, title), "heading of the page"},
};

#define PAGE_BEGINNING  "<!DOCTYPE html>\n<!-- a report of collapse-ladder -->\n"
#define TABLE_BEGINNING "score\tfair\tmodels\tlevel0\tlevel0_low\tlevel0_high\tfair_p\tfair_p_holm\town\town_outside\t"

/* --- every number ----------------------------------------------------------------------------------------- */

/* Empty where it was not measured. */
static void put(FILE *f, double x)
{
    if (isnan(x)) fputc('\t', f);
    else fprintf(f, "\t%.9g", x);
}

static void print_numbers(FILE *f, const Ladder *l, const LadderResult *result)
{
    fputs(TABLE_BEGINNING "rho\trho_low\trho_high\ttold\tdirection", f);
    for (int k = 0; k < l->n_levels; k++) fprintf(f, "\tmean_%g", l->level[k]);
    for (int k = 1; k < l->n_levels; k++)
        fprintf(f, "\tdifference_%g\tdifference_%g_low\tdifference_%g_high", l->level[k], l->level[k], l->level[k]);
    fputc('\n', f);
    for (int i = 0; i < l->n_scores; i++) {
        const LadderScore *s = &l->score[i];
        const LadderResult *r = &result[i];
        const bool is_told = r->told < l->n_levels;
        int models = 0;
        for (int k = 0; k < l->n_levels * l->n_seeds; k++) models += isfinite(s->value[k]);
        fputs(s->name, f);
        put(f, s->fair);
        fprintf(f, "\t%d", models);
        put(f, r->at_fair.mean), put(f, r->at_fair.low), put(f, r->at_fair.high);
        put(f, r->at_fair.p), put(f, r->p_adjusted);
        fprintf(f, "\t%d\t%d", r->n_own, r->n_outside);
        put(f, r->rho), put(f, r->rho_low), put(f, r->rho_high);
        put(f, is_told ? l->level[r->told] : (double)NAN);
        put(f, is_told ? r->direction : (double)NAN);
        for (int k = 0; k < l->n_levels; k++) put(f, r->at[k].mean);
        for (int k = 1; k < l->n_levels; k++)
            put(f, r->difference[k].mean), put(f, r->difference[k].low), put(f, r->difference[k].high);
        fputc('\n', f);
    }
}

/* --- the table on the screen -------------------------------------------------------------------------------- */

/* "0.49 [0.45, 0.53]" */
static const char *with_bounds(char cell[128], const char *format, double value, double low, double high)
{
    if (isnan(low)) snprintf(cell, 128, "%s", tool_number(format, value));
    else {
        const char *v = tool_number(format, value), *a = tool_number(format, low), *b = tool_number(format, high);
        snprintf(cell, 128, "%s [%s, %s]", v, a, b);
    }
    return cell;
}

static void print_row(const Ladder *l, int width, const LadderScore *s, const LadderResult *r)
{
    const LadderMean *first = &r->at_fair, *last = &r->at[l->n_levels - 1];
    char cell[128], own[32] = "-";
    if (r->n_own) snprintf(own, sizeof own, "%d/%d", r->n_outside, r->n_own);
    printf("%-*s %5s %30s", width, s->name, tool_number("%g", s->fair),
           with_bounds(cell, "%.4g", first->mean, first->low, first->high));
    printf(" %8s %5s %30s", tool_number("%.2g", first->p), own,
           with_bounds(cell, "%.4g", last->mean, last->low, last->high));
    printf(" %24s", with_bounds(cell, "%.3f", r->rho, r->rho_low, r->rho_high));
    printf(" %9s\n", r->told < l->n_levels ? tool_number("%g", l->level[r->told]) : "-");
}

static void print_summary(const Ladder *l, const LadderResult *result)
{
    const LadderFair fair = ladder_count_fair(l, result);
    printf("\n%d models: %d levels, %d seeds. The largest rank correlation of values that all differ: %.3f.\n",
           l->n_models, l->n_levels, l->n_seeds, ladder_largest_correlation(l));
    if (fair.n)
        printf("Level 0: %d of %d scores with a fair value differ from it at p < 0.05 (%.1f come by chance), %d after "
               "Holm's correction for their number.\n",
               fair.n_differ, fair.n, 0.05 * fair.n, fair.n_adjusted);
    if (l->n_models < l->n_levels * l->n_seeds)
        printf("Models that are missing: %d; what stands here is of the others.\n",
               l->n_levels * l->n_seeds - l->n_models);
}

static void print_table(const Ladder *l, const LadderResult *result)
{
    char head[2][64];
    int width = 5;
    for (int i = 0; i < l->n_scores; i++)
        if (l->score[i].is_listed && (int)strlen(l->score[i].name) > width) width = (int)strlen(l->score[i].name);
    snprintf(head[0], sizeof head[0], "level 0 [95 %%]");
    snprintf(head[1], sizeof head[1], "level %g [95 %%]", l->level[l->n_levels - 1]);
    printf("%-*s %5s %30s %8s %5s %30s %24s %9s\n", width, "score", "fair", head[0], "p", "own", head[1],
           "rank correlation [95 %]", "told from");
    for (int i = 0; i < l->n_scores; i++)
        if (l->score[i].is_listed) print_row(l, width, &l->score[i], &result[i]);
    print_summary(l, result);
}

/* --- files ---------------------------------------------------------------------------------------------------- */

static Status check_outputs(const char *values)
{
    static const OutputKind page_kind = {"a report of collapse-ladder", NULL, PAGE_BEGINNING, false},
                            table_kind = {"a table of collapse-ladder", NULL, TABLE_BEGINNING, false};
    const Input of_page[] = {{"the values", values}, {"--scores", options.scores}, {"--table", options.table}},
                of_table[] = {{"the values", values}, {"--scores", options.scores}};
    if (options.output[0]) TRY(output_check("--output", options.output, &page_kind, options.overwrite, of_page, 3));
    return options.table[0] ? output_check("--table", options.table, &table_kind, options.overwrite, of_table, 2)
                            : STATUS_OK;
}

static Status write_table(const Ladder *l, const LadderResult *result)
{
    char *text;
    size_t length;
    FILE *f = memory_stream(&text, &length);
    print_numbers(f, l, result);
    memory_stream_close(f);
    Status status = file_write_text(options.table, text, length);
    free(text);
    return status;
}

static Status write_page(const Ladder *l, const LadderResult *result)
{
    char *text;
    size_t length;
    page = memory_stream(&text, &length);
    page_begin(PAGE_BEGINNING, options.title);
    ladder_page(l, result);
    page_end();
    memory_stream_close(page);
    Status status = file_write_text(options.output, text, length);
    free(text);
    return status;
}

static Status run(const char *values, const char *command_line)
{
    (void)command_line;
    Ladder ladder;
    TRY(check_outputs(values));
    Status status = ladder_read(values, options.scores[0] ? options.scores : NULL, &ladder);
    if (!status) {
        LadderResult *result = ladder_results(&ladder);
        print_table(&ladder, result);
        if (ladder.n_constant)
            fprintf(stderr, "left out, with one value in all models (counts): %d scores\n", ladder.n_constant);
        if (options.table[0]) status = write_table(&ladder, result);
        if (!status && options.output[0]) status = write_page(&ladder, result);
        ladder_results_free(result, ladder.n_scores);
    }
    ladder_free(&ladder);
    return status;
}

int main(int argc, char **argv)
{
    const Tool tool = {"collapse-ladder",
                       "collapse-ladder VALUES.tsv [--scores=SCORES.tsv] [-o report.html] [--table=TABLE.tsv]",
                       "Does a score follow a planted skew? VALUES.tsv is a table (.tsv or .csv) with the columns "
                       "level, seed, score, value\n"
                       "and, where a score has an interval of its own, low and high; level 0 is no skew. For every "
                       "score: the mean at\n"
                       "level 0 beside its fair value, Spearman's rank correlation with the level, and the smallest "
                       "level from which on\n"
                       "every level differs from level 0. Seeds are the units of all intervals (docs/ladder.md).",
                       table,
                       sizeof table / sizeof table[0],
                       &options,
                       "a table of values",
                       run,
                       NULL,
                       0,
                       0};
    return tool_main(&tool, argc, argv);
}
