/* mask_pronouns.c: texts whose pronouns are [MASK], with the pronoun, as method = ase reads them. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "commands/command.h"
#include "commands/data_output.h"
#include "commands/swapping.h"
#include "data/text_stream.h"

typedef struct {
    const char *text, *text_column, *output;
    int format, mask;
    bool cased, swapped, overwrite;
    SwappingOptions swapping;
} Options;

enum { MASK_OWN, MASK_ALL };

static const Setting table[] = {
    {"text", SETTING_PATH, "", "", 0, 0, offsetof(Options, text), "one text per line, or per row of a table"},
    {"format", SETTING_CHOICE, "auto", TABLE_FORMATS, 0, 0, offsetof(Options, format), TABLE_FORMAT_HELP},
    {"text-column", SETTING_TEXT, TABLE_COLUMN, "", 0, 0, offsetof(Options, text_column),
     "of a table: the column that holds the text"},
    {"mask", SETTING_CHOICE, "own", "own all", 0, 0, offsetof(Options, mask),
     "own: in a row only the places of its pronoun; all: of all pronouns, as the published data have it"},
    {"cased", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, cased),
     "pronouns as they are written (He, he: two rows), for a cased model; else in lower case"},
    {"swapped", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, swapped),
     "behind the rows of a text those of the text with its genders swapped"},
    SWAPPING_KEYS(Options),
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(Options, output), "FILE.csv to write; none: standard output"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, overwrite), OUTPUT_OVERWRITE_HELP},
};
enum { N_KEYS = sizeof table / sizeof table[0] };

static const char header[] = "text,pronouns\n", mask_piece[] = "[MASK]";
static const char *const pronoun[] = {"he", "she", "his", "her", "him", "hers"};
enum { N_PRONOUNS = sizeof pronoun / sizeof pronoun[0] };

enum { OUTPUT_ROWS, OUTPUT_REPORT };

/* A pronoun in the text at hand. */
typedef struct {
    size_t at, length;
    int which;   /* in pronoun[] */
    bool is_new; /* no earlier place has the same row */
} Place;

typedef struct {
    const Options *options;
    Swapping swapping;
    WordPairs nothing;
    Swapper finder; /* finds pronouns */
    Writer writer;  /* rank 0 */
    Place *place;   /* owned [n] */
    int n;
    size_t capacity;
    Buffer masked;
    int64_t rows[N_PRONOUNS], texts, with; /* of this rank; with: texts that have a pronoun */
} Masking;

/* --- one text ---------------------------------------------------------------------------------------- */

static int which_pronoun(Slice word)
{
    for (int p = 0; p < N_PRONOUNS; p++) {
        size_t i = 0;
        while (i < word.length && pronoun[p][i] && (word.start[i] | 0x20) == pronoun[p][i]) i++;
        if (i == word.length && !pronoun[p][i]) return p;
    }
    return -1;
}

static Slice word_at(Slice text, const Place *p)
{
    return (Slice){text.start + p->at, p->length};
}

/* Do two places of a text have one row? */
static bool is_same_row(const Masking *m, Slice text, const Place *a, const Place *b)
{
    if (a->which != b->which) return false;
    return !m->options->cased || memcmp(word_at(text, a).start, word_at(text, b).start, a->length) == 0;
}

static void find_places(Masking *m, Slice text)
{
    swap_text(&m->finder, text);
    m->n = 0;
    for (int k = 0; k < m->finder.places.n; k++) {
        const SwapPlace *found = &m->finder.places.place[k];
        Place place = {found->at, found->length, which_pronoun((Slice){text.start + found->at, found->length}), true};
        if (place.which < 0) continue; /* himself, herself */
        for (int i = 0; i < m->n && place.is_new; i++) place.is_new = !is_same_row(m, text, &m->place[i], &place);
        memory_reserve((void **)&m->place, &m->capacity, (size_t)m->n + 1, sizeof *m->place);
        m->place[m->n++] = place;
    }
}

/* The row of a place: its text with the masks, its pronoun. */
static void add_row(Masking *m, Slice text, const Place *row, Buffer *out)
{
    size_t done = 0;
    m->masked.n = 0;
    for (int i = 0; i < m->n; i++) {
        const Place *p = &m->place[i];
        if (m->options->mask == MASK_OWN && !is_same_row(m, text, p, row)) continue;
        buffer_add(&m->masked, text.start + done, p->at - done);
        buffer_add_text(&m->masked, mask_piece);
        done = p->at + p->length;
    }
    buffer_add(&m->masked, text.start + done, text.length - done);
    csv_add_field(out, buffer_slice(&m->masked));
    buffer_add_byte(out, ',');
    csv_add_field(out, m->options->cased ? word_at(text, row) : slice_of(pronoun[row->which]));
    buffer_add_byte(out, '\n');
    m->rows[row->which]++;
}

static void add_rows(Masking *m, Slice text, Buffer *out)
{
    find_places(m, text);
    for (int i = 0; i < m->n; i++)
        if (m->place[i].is_new) add_row(m, text, &m->place[i], out);
}

static bool holds_mask(Slice text)
{
    const size_t n = strlen(mask_piece);
    for (size_t i = 0; i + n <= text.length; i++)
        if (memcmp(text.start + i, mask_piece, n) == 0) return true;
    return false;
}

static Status answer(void *context, const StreamRecord *record, Buffer output[STREAM_OUTPUTS])
{
    Masking *m = context;
    const Options *o = m->options;
    const Slice text = slice_trim(record->field[0]);
    if (!text.length && record->is_plain) return STATUS_OK;
    CHECK(text.length, STATUS_DATA, "%s: line %lld: the text is empty; every row needs one", o->text,
          (long long)record->line);
    CHECK(!holds_mask(text), STATUS_DATA,
          "%s: line %lld: the text holds [MASK] already; texts as they were before are needed", o->text,
          (long long)record->line);
    m->texts++;
    add_rows(m, text, &output[OUTPUT_ROWS]);
    m->with += m->n > 0;
    if (!m->n || !o->swapped) return STATUS_OK;
    const Slice swapped =
        swapping_text(&m->swapping, text, record->line, record->is_plain ? "" : o->text_column, &output[OUTPUT_REPORT]);
    add_rows(m, swapped, &output[OUTPUT_ROWS]);
    return STATUS_OK;
}

static Status take(void *context, const Slice output[STREAM_OUTPUTS])
{
    Masking *m = context;
    TRY(writer_add(&m->writer, output[OUTPUT_ROWS]));
    return swapping_take(&m->swapping, output[OUTPUT_REPORT]);
}

/* --- the command ------------------------------------------------------------------------------------- */

static Status check_options(const Options *o)
{
    const SwappingOptions *s = &o->swapping;
    CHECK(o->text[0], STATUS_USAGE, "mask-pronouns needs --text=FILE");
    CHECK(o->swapped || !(s->pairs[0] || s->pairs_second[0] || s->names[0] || s->ambiguous[0]), STATUS_USAGE,
          "pairs, names and ambiguous are for swapped = yes, which is not set");
    return STATUS_OK;
}

static Status check_output(const Comm *comm, const Options *o)
{
    static const OutputKind kind = {"a table of collapse mask-pronouns", NULL, header, false};
    return swapping_check(comm, &o->swapping, o->text, o->output, &kind, o->overwrite);
}

static Status tell(const Comm *comm, const Masking *m)
{
    int64_t sum[N_PRONOUNS + 2], all = 0;
    memcpy(sum, m->rows, sizeof m->rows);
    sum[N_PRONOUNS] = m->texts, sum[N_PRONOUNS + 1] = m->with;
    comm_sum_i64(comm, sum, N_PRONOUNS + 2);
    for (int p = 0; p < N_PRONOUNS; p++) all += sum[p];
    CHECK(all > 0, STATUS_DATA, "%s: none of its %lld texts holds a pronoun (he she his her him hers)",
          m->options->text, (long long)sum[N_PRONOUNS]);
    log_line(
        "%lld rows of %lld texts with a pronoun, of %lld: he %lld, she %lld, his %lld, her %lld, him %lld, hers %lld",
        (long long)all, (long long)sum[N_PRONOUNS + 1], (long long)sum[N_PRONOUNS], (long long)sum[0],
        (long long)sum[1], (long long)sum[2], (long long)sum[3], (long long)sum[4], (long long)sum[5]);
    return STATUS_OK;
}

static Status mask(const Comm *comm, Masking *m)
{
    const Options *o = m->options;
    const StreamSource source = {o->text, (TableFormat)o->format, {o->text_column}, 1, "masking"};
    const StreamUse use = {answer, take, m};
    int64_t n;
    swap_init(&m->finder, &m->nothing, NULL);
    if (o->swapped) TRY(swapping_open(comm, &o->swapping, &m->swapping));
    TRY(data_output_open(comm, o->output, header, &m->writer));
    TRY(text_stream(comm, &source, &use, &n));
    return tell(comm, m);
}

static Status run(int argc, char **argv)
{
    Settings settings;
    Options options;
    const Comm *comm = command_comm();
    Masking m = {.options = &options};
    Status status = command_read(table, N_KEYS, argc, argv, 0, false, "no operand", &settings, &options);
    if (!status) status = check_options(&options);
    status = command_agree(&settings, status);
    if (!status) status = check_output(comm, &options);
    if (!status) status = mask(comm, &m);
    status = data_output_close(comm, status, &m.writer);
    status = swapping_close(&m.swapping, status);
    swap_free(&m.finder);
    free(m.place);
    buffer_free(&m.masked);
    settings_free(&settings);
    return status;
}

static void help(void)
{
    printf("A row for every pronoun (he she his her him hers) of a text: the text with [MASK] at the places of that\n"
           "pronoun, and the pronoun: columns text,pronouns, as method = ase reads them. Texts without a pronoun have\n"
           "no row; himself, herself, s/he stay.\n\n");
    settings_help(table, N_KEYS);
}

const Command command_mask_pronouns = {"mask-pronouns",
                                       "[mpirun -n N] collapse mask-pronouns --text=FILE [--output=FILE.csv]",
                                       "texts with masked pronouns, for method = ase",
                                       run,
                                       help,
                                       true,
                                       false};
