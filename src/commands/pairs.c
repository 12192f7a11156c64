/* pairs.c: pairs of texts of a table, with their gender-swapped copies, as method = mabel reads them. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "commands/command.h"
#include "commands/data_output.h"
#include "commands/swapping.h"
#include "data/text_stream.h"

typedef struct {
    const char *text, *first, *second, *label_column, *label, *output;
    int format;
    bool changed_only, overwrite;
    SwappingOptions swapping;
} Options;

static const char no_labels[] = "none";

static const Setting table[] = {
    {"text", SETTING_PATH, "", "", 0, 0, offsetof(Options, text), "a table with two texts a row: .csv, .tsv or .jsonl"},
    {"format", SETTING_CHOICE, "auto", TABLE_FORMATS, 0, 0, offsetof(Options, format), TABLE_FORMAT_HELP},
    {"first-column", SETTING_TEXT, "sentence1", "", 0, 0, offsetof(Options, first), "the column of the first texts"},
    {"second-column", SETTING_TEXT, "sentence2", "", 0, 0, offsetof(Options, second), "the column of the second texts"},
    {"label-column", SETTING_TEXT, "gold_label", "", 0, 0, offsetof(Options, label_column),
     "the column of labels; none: every row is taken"},
    {"label", SETTING_TEXT, "entailment", "", 0, 0, offsetof(Options, label), "of the rows that are taken"},
    SWAPPING_KEYS(Options),
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(Options, output), "FILE.csv to write; none: standard output"},
    {"changed-only", SETTING_SWITCH, "yes", "", 0, 0, offsetof(Options, changed_only),
     "leave out pairs in which nothing was swapped"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, overwrite), OUTPUT_OVERWRITE_HELP},
};
enum { N_KEYS = sizeof table / sizeof table[0] };

static const char header[] = "premise,hypothesis,swapped premise,swapped hypothesis\n";

enum { OUTPUT_ROWS, OUTPUT_REPORT };
enum { COLUMN_FIRST, COLUMN_SECOND, COLUMN_LABEL };

typedef struct {
    const Options *options;
    Swapping swapping;
    Writer writer;             /* rank 0 */
    Buffer row;                /* the swapped first text of the record at hand */
    int64_t labelled, written; /* of this rank */
} Pairs;

static Status check_text(const Options *o, Slice text, const char *column, int64_t line)
{
    CHECK(slice_trim(text).length, STATUS_DATA, "%s: line %lld: the text of '%s' is empty; every pair needs both",
          o->text, (long long)line, column);
    return STATUS_OK;
}

static Status answer(void *context, const StreamRecord *record, Buffer output[STREAM_OUTPUTS])
{
    Pairs *p = context;
    const Options *o = p->options;
    const Slice *field = record->field;
    if (strcmp(o->label_column, no_labels) != 0 && !slice_is(slice_trim(field[COLUMN_LABEL]), o->label))
        return STATUS_OK;
    p->labelled++;
    TRY(check_text(o, field[COLUMN_FIRST], o->first, record->line));
    TRY(check_text(o, field[COLUMN_SECOND], o->second, record->line));
    p->row.n = 0;
    csv_add_field(&p->row,
                  swapping_text(&p->swapping, field[COLUMN_FIRST], record->line, o->first, &output[OUTPUT_REPORT]));
    int places = p->swapping.swapper.places.n;
    const Slice second =
        swapping_text(&p->swapping, field[COLUMN_SECOND], record->line, o->second, &output[OUTPUT_REPORT]);
    places += p->swapping.swapper.places.n;
    if (o->changed_only && !places) return STATUS_OK;
    Buffer *out = &output[OUTPUT_ROWS];
    p->written++;
    csv_add_field(out, field[COLUMN_FIRST]);
    buffer_add_byte(out, ',');
    csv_add_field(out, field[COLUMN_SECOND]);
    buffer_add_byte(out, ',');
    buffer_add_slice(out, buffer_slice(&p->row));
    buffer_add_byte(out, ',');
    csv_add_field(out, second);
    buffer_add_byte(out, '\n');
    return STATUS_OK;
}

static Status take(void *context, const Slice output[STREAM_OUTPUTS])
{
    Pairs *p = context;
    TRY(writer_add(&p->writer, output[OUTPUT_ROWS]));
    return swapping_take(&p->swapping, output[OUTPUT_REPORT]);
}

static Status check_output(const Comm *comm, const Options *o)
{
    static const OutputKind kind = {"a table of collapse pairs", NULL, header, false};
    return swapping_check(comm, &o->swapping, o->text, o->output, &kind, o->overwrite);
}

static Status make_pairs(const Comm *comm, Pairs *p)
{
    const Options *o = p->options;
    const bool has_labels = strcmp(o->label_column, no_labels) != 0;
    const StreamSource source = {.path = o->text,
                                 .format = (TableFormat)o->format,
                                 .column = {o->first, o->second, o->label_column},
                                 .n_columns = has_labels ? 3 : 2,
                                 .doing = "swapping"};
    const StreamUse use = {answer, take, p};
    int64_t n;
    TRY(swapping_open(comm, &o->swapping, &p->swapping));
    TRY(data_output_open(comm, o->output, header, &p->writer));
    TRY(text_stream(comm, &source, &use, &n));
    int64_t count[] = {p->labelled, p->written};
    comm_sum_i64(comm, count, 2);
    CHECK(count[0] > 0, STATUS_DATA, "%s: none of its %lld rows has the label '%s' in the column '%s'; set label",
          o->text, (long long)n, o->label, o->label_column);
    CHECK(count[1] > 0, STATUS_DATA, "%s: nothing is swapped in any of %lld pairs; set pairs or changed-only = no",
          o->text, (long long)count[0]);
    if (has_labels) log_line("%lld of %lld rows have the label '%s'", (long long)count[0], (long long)n, o->label);
    log_line("%lld pair%s%s", (long long)count[1], count[1] == 1 ? "" : "s",
             o->changed_only ? " with a word that was swapped" : "");
    return STATUS_OK;
}

static Status run(int argc, char **argv)
{
    Settings settings;
    Options options;
    const Comm *comm = command_comm();
    Pairs p = {.options = &options};
    Status status = command_read(table, N_KEYS, argc, argv, 0, false, "no operand", &settings, &options);
    if (!status && !options.text[0]) status = status_set(STATUS_USAGE, __FILE__, __LINE__, "pairs needs --text=FILE");
    status = command_agree(&settings, status);
    if (!status) status = check_output(comm, &options);
    if (!status) status = make_pairs(comm, &p);
    status = data_output_close(comm, status, &p.writer);
    status = swapping_close(&p.swapping, status);
    buffer_free(&p.row);
    settings_free(&settings);
    return status;
}

static void help(void)
{
    printf("Takes the rows of one label (SNLI, MNLI: entailment in gold_label; a table of paraphrases:\n"
           "--label-column=none), swaps both texts as collapse swap does, and writes the four columns that\n"
           "method = mabel reads: premise,hypothesis,swapped premise,swapped hypothesis.\n\n");
    settings_help(table, N_KEYS);
}

const Command command_pairs = {"pairs",
                               "[mpirun -n N] collapse pairs --text=FILE [--output=FILE.csv] [--pairs=FILE]",
                               "pairs of texts with their gender-swapped copies, for method = mabel",
                               run,
                               help,
                               true,
                               false};
