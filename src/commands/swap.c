/* swap.c: a text to itself with the genders swapped, through data/text_stream. */
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "commands/command.h"
#include "commands/data_output.h"
#include "commands/swapping.h"
#include "data/text_stream.h"

typedef struct {
    const char *text, *text_column, *output;
    int format, form;
    bool changed_only, overwrite;
    SwappingOptions swapping;
} Options;

enum { FORM_CSV, FORM_TEXT };

static const Setting table[] = {
    {"text", SETTING_PATH, "", "", 0, 0, offsetof(Options, text), "one text per line, or per row of a table"},
    {"format", SETTING_CHOICE, "auto", TABLE_FORMATS, 0, 0, offsetof(Options, format), TABLE_FORMAT_HELP},
    {"text-column", SETTING_TEXT, TABLE_COLUMN, "", 0, 0, offsetof(Options, text_column),
     "of a table: the column that holds the text"},
    SWAPPING_KEYS(Options),
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(Options, output), "file to write; none: standard output"},
    {"form", SETTING_CHOICE, "csv", "csv text", 0, 0, offsetof(Options, form),
     "csv: columns text,swapped, as method = cda reads them; text: the swapped texts alone, one a line"},
    {"changed-only", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, changed_only),
     "leave out texts in which nothing was swapped"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, overwrite), OUTPUT_OVERWRITE_HELP},
};
enum { N_KEYS = sizeof table / sizeof table[0] };

static const char csv_header[] = "text,swapped\n";

enum { OUTPUT_TEXTS, OUTPUT_REPORT };

typedef struct {
    const Options *options;
    Swapping swapping;
    Writer writer; /* rank 0 */
    int64_t blank; /* of this rank */
} Swap;

static Status answer(void *context, const StreamRecord *record, Buffer output[STREAM_OUTPUTS])
{
    Swap *s = context;
    const Options *o = s->options;
    const Slice text = record->field[0];
    Buffer *out = &output[OUTPUT_TEXTS];
    if (!slice_trim(text).length) {
        CHECK(record->is_plain, STATUS_DATA, "%s: line %lld: the text is empty; every row needs one", o->text,
              (long long)record->line);
        s->blank++;
        if (o->form == FORM_TEXT && !o->changed_only) buffer_add_byte(out, '\n');
        return STATUS_OK;
    }
    const Slice swapped =
        swapping_text(&s->swapping, text, record->line, record->is_plain ? "" : o->text_column, &output[OUTPUT_REPORT]);
    if (o->changed_only && !s->swapping.swapper.places.n) return STATUS_OK;
    if (o->form == FORM_TEXT) {
        line_add_field(out, swapped);
    } else {
        csv_add_field(out, text);
        buffer_add_byte(out, ',');
        csv_add_field(out, swapped);
    }
    buffer_add_byte(out, '\n');
    return STATUS_OK;
}

static Status take(void *context, const Slice output[STREAM_OUTPUTS])
{
    Swap *s = context;
    TRY(writer_add(&s->writer, output[OUTPUT_TEXTS]));
    return swapping_take(&s->swapping, output[OUTPUT_REPORT]);
}

static Status check_output(const Comm *comm, const Options *o)
{
    static const OutputKind csv = {"a table of collapse swap", NULL, csv_header, false},
                            plain = {"empty", NULL, "\1", false};
    return swapping_check(comm, &o->swapping, o->text, o->output, o->form == FORM_CSV ? &csv : &plain, o->overwrite);
}

static Status swap(const Comm *comm, Swap *s)
{
    const Options *o = s->options;
    const StreamSource source = {o->text, (TableFormat)o->format, {o->text_column}, 1, "swapping"};
    const StreamUse use = {answer, take, s};
    int64_t n;
    TRY(swapping_open(comm, &o->swapping, &s->swapping));
    TRY(data_output_open(comm, o->output, o->form == FORM_CSV ? csv_header : "", &s->writer));
    TRY(text_stream(comm, &source, &use, &n));
    comm_sum_i64(comm, &s->blank, 1);
    CHECK(n > s->blank, STATUS_DATA, "%s: holds no text, only blank lines", o->text);
    if (s->blank) log_line("%s: %lld blank line%s", o->text, (long long)s->blank, s->blank == 1 ? "" : "s");
    return STATUS_OK;
}

static Status run(int argc, char **argv)
{
    Settings settings;
    Options options;
    const Comm *comm = command_comm();
    Swap s = {.options = &options};
    Status status = command_read(table, N_KEYS, argc, argv, 0, false, "no operand", &settings, &options);
    if (!status && !options.text[0]) status = status_set(STATUS_USAGE, __FILE__, __LINE__, "swap needs --text=FILE");
    status = command_agree(&settings, status);
    if (!status) status = check_output(comm, &options);
    if (!status) status = swap(comm, &s);
    status = data_output_close(comm, status, &s.writer);
    status = swapping_close(&s.swapping, status);
    settings_free(&settings);
    return status;
}

static void help(void)
{
    printf("Swaps pronouns and the words of a list of pairs; case, what is joined to a word (he's, king's) and "
           "everything\n"
           "else stay. her, his and him are resolved by rules on the words around; what they cannot decide gets the\n"
           "likelier answer and is counted as ambiguous, as is what would not come back when swapped again.\n"
           "A list: two words a line, a TAB between them; a > b one way; word = keeps a word; # comments.\n\n");
    settings_help(table, N_KEYS);
}

const Command command_swap = {"swap",
                              "[mpirun -n N] collapse swap --text=FILE [--pairs=FILE] [--names=FILE] [--output=FILE]",
                              "the genders of a text swapped: text and counterpart for method = cda, or the text alone",
                              run,
                              help,
                              true,
                              false};
