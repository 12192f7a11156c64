/* geometry.c: collapse measures of a model over a text: a table or JSON, and a file. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "commands/command.h"
#include "evaluate/geometry_run.h"
#include "io/output.h"
#include "io/table.h"
#include "train/runtime.h"

typedef struct {
    GeometryOptions geometry;
    int compat; /* 1: fnc */
    bool json, overwrite;
    RuntimeOptions runtime;
} Options;

#define AT(field) offsetof(Options, geometry.field)

static const Setting table[] = {
    {"text", SETTING_PATH, "", "", 0, 0, AT(text), "text, or a table with a header line"},
    {"words", SETTING_PATH, "", "", 0, 0, AT(words), "word list: JSON with ids (.json), or one word per line"},
    {"output", SETTING_PATH, "", "", 0, 0, AT(output), "GEOMETRY.h5: classes, spectra, Gram matrix, metrics"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, overwrite), OUTPUT_OVERWRITE_HELP},
    {"json", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, json),
     "print exactly one JSON object instead of a table"},
    {"classes", SETTING_CHOICE, "words", "words corpus vocabulary", 0, 0, AT(classes),
     "words: of the list; corpus: all pieces of the text but special ones; vocabulary: all ids met"},
    {"min-count", SETTING_INTEGER, "1", "", 1, 1e15, AT(min_count), "leave out classes met less often"},
    {"most", SETTING_INTEGER, "0", "", 0, 1e9, AT(most), "only so many classes, the most frequent; 0 = all"},
    PAIRING_MEASURES(Options, geometry.pairing, compat),
    {"centre", SETTING_CHOICE, "unweighted", "unweighted weighted", 0, 0, AT(centre),
     "global mean: of the class means, or weighted by their counts"},
    {"passes", SETTING_INTEGER, "2", "", 1, 2, AT(passes),
     "over the text: 2, or 1 with running means (the same numbers)"},
    {"nc4", SETTING_SWITCH, "yes", "", 0, 0, AT(nc4), "the pass for agreement of the nearest-class rules"},
    {"nc4-text", SETTING_PATH, "", "", 0, 0, AT(nc4_text), "held-out text for that pass; the same text if not given"},
    {"split", SETTING_CHOICE, "auto", SPLIT_RULES, 0, 0, AT(split), "as in train"},
    {"format", SETTING_CHOICE, "auto", TABLE_FORMATS, 0, 0, AT(format), TABLE_FORMAT_HELP},
    {"text-column", SETTING_TEXT, TABLE_COLUMN, "", 0, 0, AT(text_column),
     "of a table: the column that holds the text"},
    {"max-length", SETTING_INTEGER, "0", "", 0, 65536, AT(max_length),
     "pieces per sample, longer ones are cut; 0 = what the model reads"},
    {"mask-rate", SETTING_NUMBER, "0.15", "", 1e-6, 1, AT(mask_rate), "nc-align = masked: share of masked positions"},
    {"seed", SETTING_INTEGER, "42", "", 0, 9e15, AT(seed), "of masks, intervals and random sets"},
    {"bootstrap", SETTING_INTEGER, "1000", "", 0, 1e6, AT(bootstrap),
     "resamples of the words for 95 % intervals; 0 = none"},
    {"calibration", SETTING_INTEGER, "200", "", 0, 1e6, AT(calibration),
     "random sets of as many, as frequent other words, to compare with; 0 = none"},
    {"road", SETTING_CHOICE, "auto", "auto lapack scalapack", 0, 0, AT(road),
     "spectra and Gram matrix by LAPACK on each rank or by ScaLAPACK on a grid of ranks"},
    {"grid", SETTING_TEXT, "", "", 0, 0, AT(grid), "ScaLAPACK's grid, ROWSxCOLUMNS; the squarest if not given"},
    RUNTIME_KEYS(offsetof(Options, runtime)),
};
enum { N_KEYS = sizeof table / sizeof table[0] };

static Status check(const Settings *settings, Options *o)
{
    GeometryOptions *g = &o->geometry;
    g->model = settings->operand[0];
    CHECK(g->text[0], STATUS_USAGE, "geometry needs --text=FILE");
    CHECK(g->words[0] || g->classes != CLASSES_WORDS, STATUS_USAGE,
          "geometry needs --words=FILE, or --classes=corpus or vocabulary");
    CHECK(!g->words[0] || g->classes == CLASSES_WORDS, STATUS_USAGE, "--words goes with --classes=words only");
    CHECK(g->max_length == 0 || g->max_length >= 3, STATUS_USAGE, "max-length = %lld is too short; at least 3",
          (long long)g->max_length);
    CHECK(g->nc4 || !g->nc4_text[0], STATUS_USAGE, "--nc4-text does not go with --nc4=no");
    return STATUS_OK;
}

static Status check_output(const Comm *comm, const Options *o)
{
    static const OutputKind kind = {"a file of collapse geometry", "collapse-geometry", NULL, false};
    const GeometryOptions *g = &o->geometry;
    const Input inputs[] = {
        {"the model", g->model}, {"--text", g->text}, {"--words", g->words}, {"--nc4-text", g->nc4_text}};
    const bool asks = comm->rank == 0 && g->output[0];
    return comm_agree(comm, asks ? output_check("--output", g->output, &kind, o->overwrite, inputs, 4) : STATUS_OK);
}

static void print_table(const EvaluationResult *r)
{
    char text[RESULT_TEXT], high[RESULT_TEXT];
    printf("%-32s %14s   %s\n", "metric", "value", "95 % interval");
    printf("%-32s %14lld\n%-32s %14lld\n", "n_items", (long long)r->n_items, "n_skipped", (long long)r->n_skipped);
    for (size_t i = 0; i < r->n_metrics; i++) {
        const Metric *m = &r->metric[i];
        printf("%-32s %14s", m->name, result_text("%.6g", m->value, text));
        if (m->has_interval && isnan(m->low)) printf("   -");
        else if (m->has_interval)
            printf("   %s to %s", result_text("%.6g", m->low, text), result_text("%.6g", m->high, high));
        printf("\n");
    }
}

static void show(const Options *o, const GeometryRun *run)
{
    result_log_skipped(&run->result);
    if (!o->json) {
        print_table(&run->result);
        return;
    }
    char *text = result_json(&run->result);
    printf("%s\n", text);
    free(text);
}

static Status run(int argc, char **argv)
{
    const Comm *comm = command_comm();
    Settings settings;
    Options options;
    GeometryRun geometry = {0};
    Status status = command_read(table, N_KEYS, argc, argv, 1, false, "a MODEL.h5", &settings, &options);
    if (!status) status = check(&settings, &options);
    status = command_agree(&settings, status);
    if (!status) status = check_output(comm, &options);
    if (!status) {
        char *line = command_line_text(argc, argv);
        status = runtime_begin(comm, &options.runtime);
        if (!status)
            status = pairing_resolve(comm, options.geometry.model, options.compat == 1, &settings,
                                     &options.geometry.pairing, &options.geometry.pairing);
        if (!status) status = geometry_run(comm, &options.geometry, line, &geometry);
        if (!status && comm->rank == 0) show(&options, &geometry);
        if (!status && options.geometry.output[0]) log_line("wrote %s", options.geometry.output);
        free(line);
    }
    geometry_run_close(&geometry);
    settings_free(&settings);
    return status;
}

static void help(void)
{
    settings_help(table, N_KEYS);
    printf("\nMeasures and their formulas: docs/geometry.md. Intervals: bootstrap over words, from five classes on.\n"
           "A dash: not measured, with the reason on standard error.\n");
}

const Command command_geometry = {
    "geometry",
    "[mpirun -n N] collapse geometry MODEL.h5 --text=FILE --words=FILE [--output=GEOMETRY.h5] [--json]",
    "measures of neural collapse of a model's states over a text",
    run,
    help,
    true,
    false};
