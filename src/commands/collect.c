/* collect.c: sentences with attribute words and with neutral words, as methods adept and dpce read them. The text is
 * read twice: to count, so that the groups can be made even row by row, and to write. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/memory.h"
#include "commands/command.h"
#include "commands/data_output.h"
#include "data/corpus.h"
#include "data/sentences.h"
#include "data/text_stream.h"
#include "data/word_groups.h"

typedef struct {
    const char *text, *text_column, *neutral, *output;
    int format, split;
    bool overwrite;
    int64_t min_words, max_words, min_examples, max_examples;
} Options;

static const Setting table[] = {
    {"text", SETTING_PATH, "", "", 0, 0, offsetof(Options, text), "a text, or a table"},
    {"format", SETTING_CHOICE, "auto", TABLE_FORMATS, 0, 0, offsetof(Options, format), TABLE_FORMAT_HELP},
    {"text-column", SETTING_TEXT, TABLE_COLUMN, "", 0, 0, offsetof(Options, text_column),
     "of a table: the column that holds the text"},
    {"split", SETTING_CHOICE, "auto", SPLIT_RULES, 0, 0, offsetof(Options, split),
     "sentences of a table, lines of plain text (auto); lines: what is one line or field is one sentence"},
    {"neutral", SETTING_PATH, "", "", 0, 0, offsetof(Options, neutral), "neutral words, one a line"},
    {"min-words", SETTING_INTEGER, "2", "", 1, 1e9, offsetof(Options, min_words),
     "between blanks, of a sentence that is taken"},
    {"max-words", SETTING_INTEGER, "128", "", 1, 1e9, offsetof(Options, max_words), "likewise"},
    {"min-examples", SETTING_INTEGER, "30", "", 1, 1e9, offsetof(Options, min_examples),
     "a row of attribute words is taken if each of them has so many"},
    {"max-examples", SETTING_INTEGER, "0", "", 0, 1e9, offsetof(Options, max_examples), "of a word; 0 = all"},
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(Options, output), "FILE.csv to write; none: standard output"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, overwrite), OUTPUT_OVERWRITE_HELP},
};
enum { N_KEYS = sizeof table / sizeof table[0] };

static const char header[] = "word,group,text\n";

typedef struct {
    const Options *options;
    WordGroups groups;
    int64_t *count; /* owned [slots]: examples there are */
    int64_t *limit; /* owned [slots]: examples that are written, the first */
    int64_t *taken; /* owned [slots]: rank 0: written so far */
    bool is_writing;
    Writer writer;                /* rank 0 */
    Buffer row;                   /* rank 0 */
    Slice sentence;               /* at hand */
    Buffer *out;                  /* for its examples */
    int64_t sentences, in_length; /* of this rank */
} Collection;

/* --- a record ---------------------------------------------------------------------------------------- */

/* An example on its way to rank 0, in front of the bytes of its sentence. */
typedef struct {
    int64_t slot, length;
} Example;

static void add_example(void *context, int slot)
{
    Collection *c = context;
    if (!c->is_writing) {
        c->count[slot]++;
        return;
    }
    const Example example = {slot, (int64_t)c->sentence.length};
    if (!c->limit[slot]) return;
    buffer_add(c->out, &example, sizeof example);
    buffer_add_slice(c->out, c->sentence);
}

static int64_t count_words(Slice text)
{
    int64_t n = 0;
    bool inside = false;
    for (size_t i = 0; i < text.length; i++) {
        const bool is_blank = strchr(" \t\r\n\f\v", text.start[i]) != NULL;
        n += !is_blank && !inside;
        inside = !is_blank;
    }
    return n;
}

static void add_sentence(Collection *c, Slice sentence)
{
    const int64_t n = count_words(sentence);
    if (!n) return;
    c->sentences++;
    if (n < c->options->min_words || n > c->options->max_words) return;
    c->in_length++;
    c->sentence = sentence;
    word_groups_find(&c->groups, sentence, add_example, c);
}

static Status answer(void *context, const StreamRecord *record, Buffer output[STREAM_OUTPUTS])
{
    Collection *c = context;
    const int split = c->options->split;
    const bool is_auto = split == SPLIT_AUTO || split == SPLIT_AUTO_PLAIN;
    const bool plain_rule = split == SPLIT_SENTENCES_PLAIN || split == SPLIT_AUTO_PLAIN;
    c->out = &output[0];
    if (split == SPLIT_LINES || (is_auto && record->is_plain)) {
        add_sentence(c, slice_trim(record->field[0]));
        return STATUS_OK;
    }
    Slice rest = record->field[0];
    for (Slice sentence; sentences_next(plain_rule ? SENTENCES_PLAIN : SENTENCES_USUAL, &rest, &sentence);)
        add_sentence(c, sentence);
    return STATUS_OK;
}

/* --- rank 0 ------------------------------------------------------------------------------------------ */

static void add_row(Collection *c, int slot, Slice sentence)
{
    const WordGroups *g = &c->groups;
    csv_add_field(&c->row, slice_of(g->dictionary.word[slot % g->dictionary.n].word));
    buffer_add_byte(&c->row, ',');
    csv_add_field(&c->row, slice_of(g->name[slot / g->dictionary.n]));
    buffer_add_byte(&c->row, ',');
    csv_add_field(&c->row, sentence);
    buffer_add_byte(&c->row, '\n');
}

static Status take(void *context, const Slice output[STREAM_OUTPUTS])
{
    Collection *c = context;
    const char *at = output[0].start, *end = at + output[0].length;
    c->row.n = 0;
    while (c->is_writing && at < end) {
        Example example;
        memcpy(&example, at, sizeof example);
        at += sizeof example;
        if (c->taken[example.slot]++ < c->limit[example.slot])
            add_row(c, (int)example.slot, (Slice){at, (size_t)example.length});
        at += example.length;
    }
    return c->is_writing ? writer_add(&c->writer, buffer_slice(&c->row)) : STATUS_OK;
}

/* --- which examples ---------------------------------------------------------------------------------- */

static int64_t capped(const Collection *c, int64_t n)
{
    return c->options->max_examples && n > c->options->max_examples ? c->options->max_examples : n;
}

/* Examples of the rarest word of a row. */
static int64_t least_of_row(const Collection *c, int row)
{
    int64_t least = INT64_MAX;
    for (int k = 0; k < c->groups.n_groups; k++) {
        const int64_t n = c->count[word_groups_slot(&c->groups, k, c->groups.row[k][row])];
        if (n < least) least = n;
    }
    return least;
}

/* A word of several rows has the most that one of them allows. Returns the rows that are left out; *best: the largest
 * number of examples a row has. */
static int set_limits(Collection *c, int64_t *best)
{
    const WordGroups *g = &c->groups;
    int left_out = 0;
    *best = 0;
    for (int r = 0; r < g->n_rows; r++) {
        const int64_t least = least_of_row(c, r);
        if (least > *best) *best = least;
        left_out += least < c->options->min_examples;
        for (int k = 0; k < g->n_groups && least >= c->options->min_examples; k++) {
            int64_t *limit = &c->limit[word_groups_slot(g, k, g->row[k][r])];
            if (capped(c, least) > *limit) *limit = capped(c, least);
        }
    }
    for (int e = 0; e < g->dictionary.n; e++) {
        const int slot = word_groups_slot(g, g->n_groups, e);
        c->limit[slot] = capped(c, c->count[slot]);
    }
    return left_out;
}

static Status tell(const Collection *c, int left_out, int64_t best)
{
    const WordGroups *g = &c->groups;
    CHECK(left_out < g->n_rows, STATUS_DATA,
          "%s: no row of attribute words has %lld examples of each, the best has %lld; a larger text, or a smaller "
          "min-examples, is needed",
          c->options->text, (long long)c->options->min_examples, (long long)best);
    if (g->n_repeated) log_line("%d lines of the groups repeat a row", g->n_repeated);
    if (left_out)
        log_line("%d of %d rows of words have fewer than %lld examples in a group and are left out", left_out,
                 g->n_rows, (long long)c->options->min_examples);
    for (int k = 0; k <= g->n_groups; k++) {
        int64_t examples = 0;
        int words = 0;
        for (int e = 0; e < g->dictionary.n; e++) {
            const int64_t n = c->limit[word_groups_slot(g, k, e)];
            examples += n;
            words += n > 0;
        }
        CHECK(examples > 0, STATUS_DATA, "%s: no sentence has a neutral word of %s and no attribute word",
              c->options->text, c->options->neutral);
        log_line("%s: %lld examples of %d words", g->name[k], (long long)examples, words);
    }
    return STATUS_OK;
}

static Status pass(const Comm *comm, Collection *c, bool is_writing)
{
    const Options *o = c->options;
    const StreamSource source = {
        o->text, (TableFormat)o->format, {o->text_column}, 1, is_writing ? "collecting" : "counting"};
    const StreamUse use = {answer, take, c};
    int64_t n;
    c->is_writing = is_writing;
    c->sentences = c->in_length = 0;
    return text_stream(comm, &source, &use, &n);
}

static Status collect(const Comm *comm, Collection *c, const char *const *name, const char *const *path, int n)
{
    int64_t best;
    TRY(word_groups_read(comm, name, path, n, &c->groups));
    c->count = memory_alloc((size_t)c->groups.n_slots, sizeof *c->count);
    c->limit = memory_alloc((size_t)c->groups.n_slots, sizeof *c->limit);
    c->taken = memory_alloc((size_t)c->groups.n_slots, sizeof *c->taken);
    TRY(data_output_open(comm, c->options->output, header, &c->writer));
    TRY(pass(comm, c, false));
    int64_t sum[] = {c->sentences, c->in_length};
    comm_sum_i64(comm, sum, 2);
    comm_sum_i64(comm, c->count, c->groups.n_slots);
    log_line("%lld sentences, %lld of %lld to %lld words", (long long)sum[0], (long long)sum[1],
             (long long)c->options->min_words, (long long)c->options->max_words);
    const int left_out = set_limits(c, &best);
    TRY(tell(c, left_out, best));
    return pass(comm, c, true);
}

/* --- the command ------------------------------------------------------------------------------------- */

static const char neutral_name[] = "neutral";

/* GROUP=FILE operands; name [n] is owned by the caller. */
static Status read_groups(const Settings *settings, const Options *o, char **name, const char **path, int *n)
{
    CHECK(settings->n_operands <= MOST_WORD_GROUPS, STATUS_USAGE, "%d groups are more than %d", settings->n_operands,
          MOST_WORD_GROUPS);
    for (*n = 0; *n < settings->n_operands; ++*n) {
        const char *operand = settings->operand[*n], *equals = strchr(operand, '=');
        CHECK(equals && equals > operand && equals[1], STATUS_USAGE, "'%s' is not GROUP=FILE, such as male=male.txt",
              operand);
        name[*n] = slice_copy((Slice){operand, (size_t)(equals - operand)});
        path[*n] = equals + 1;
        bool twice = strcmp(name[*n], neutral_name) == 0;
        for (int k = 0; k < *n; k++) twice = twice || strcmp(name[k], name[*n]) == 0;
        if (!twice) continue;
        free(name[*n]);
        name[*n] = NULL;
        FAIL(STATUS_USAGE, "'%s': this name is taken; every group has its own, and neutral words stand in --neutral",
             operand);
    }
    path[*n] = o->neutral;
    return STATUS_OK;
}

static Status check_options(const Options *o)
{
    CHECK(o->text[0], STATUS_USAGE, "collect needs --text=FILE");
    CHECK(o->neutral[0], STATUS_USAGE, "collect needs --neutral=FILE");
    CHECK(o->min_words <= o->max_words, STATUS_USAGE, "min-words = %lld is more than max-words = %lld",
          (long long)o->min_words, (long long)o->max_words);
    CHECK(!o->max_examples || o->max_examples >= o->min_examples, STATUS_USAGE,
          "max-examples = %lld is less than min-examples = %lld", (long long)o->max_examples,
          (long long)o->min_examples);
    return STATUS_OK;
}

/* The text is read twice. */
static Status check_text(const Options *o)
{
    struct stat info;
    CHECK(stat(o->text, &info) != 0 || S_ISREG(info.st_mode), STATUS_USAGE,
          "%s: is no regular file; collect reads the text twice", o->text);
    return STATUS_OK;
}

static Status check_output(const Comm *comm, const Options *o, const char *const *path, int n)
{
    static const OutputKind kind = {"a table of collapse collect", NULL, header, false};
    Input inputs[MOST_WORD_GROUPS + 2] = {{"--text", o->text}};
    for (int k = 0; k <= n; k++) inputs[k + 1] = (Input){k < n ? "a group" : "--neutral", path[k]};
    TRY(comm_agree(comm, comm->rank == 0 ? check_text(o) : STATUS_OK));
    return data_output_check(comm, o->output, &kind, o->overwrite, inputs, n + 2);
}

static Status run(int argc, char **argv)
{
    Settings settings;
    Options options;
    const Comm *comm = command_comm();
    Collection c = {.options = &options};
    char *name[MOST_WORD_GROUPS + 1] = {NULL};
    const char *path[MOST_WORD_GROUPS + 1] = {NULL};
    int n = 0;
    Status status =
        command_read(table, N_KEYS, argc, argv, 2, true, "two groups or more, GROUP=FILE", &settings, &options);
    if (!status) status = check_options(&options);
    if (!status) status = read_groups(&settings, &options, name, path, &n);
    status = command_agree(&settings, status);
    if (!status) status = check_output(comm, &options, path, n);
    if (!status) {
        name[n] = memory_copy_text(neutral_name);
        status = collect(comm, &c, (const char *const *)name, path, n);
    }
    status = data_output_close(comm, status, &c.writer);
    for (int k = 0; k <= n; k++) free(name[k]);
    word_groups_free(&c.groups);
    buffer_free(&c.row);
    free(c.count), free(c.limit), free(c.taken);
    settings_free(&settings);
    return status;
}

static void help(void)
{
    printf(
        "Operands GROUP=FILE: attribute words, one a line; row by row they stand for each other (man, woman). Every\n"
        "sentence is an example of each attribute word in it, and of its neutral words if it has no attribute word.\n"
        "A row of words has as many examples of each word as the rarest has, the first of the text. Columns\n"
        "word,group,text, the group of neutral words is neutral.\n\n");
    settings_help(table, N_KEYS);
}

const Command command_collect = {
    "collect",
    "[mpirun -n N] collapse collect male=FILE female=FILE... --neutral=FILE --text=FILE [--output=FILE.csv]",
    "sentences with words of groups and with neutral words, for methods adept and dpce",
    run,
    help,
    true,
    false};
