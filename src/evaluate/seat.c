/* seat.c: distinct texts of all tests, each read once; sums of their states; cosines in double precision. */
#include "evaluate/seat.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "evaluate/data_files.h"
#include "evaluate/item_measures.h"
#include "evaluate/names.h"
#include "evaluate/seat_measure.h"
#include "io/json.h"

enum { X, Y, A, B, N_SETS, RESAMPLES = 10000 };
static const char *const set_key[] = {"targ1", "targ2", "attr1", "attr2"};

enum { STATE_MEAN, STATE_CLS };
typedef struct {
    int state;
    int64_t draws;
} Options;

static const Setting keys[] = {
    {"seat-state", SETTING_CHOICE, "mean", "mean cls", 0, 0, offsetof(Options, state),
     "seat: vector of a text: mean of its last states, [CLS] and [SEP] included, or the state of [CLS]"},
    {"seat-draws", SETTING_INTEGER, "99999", "", 99, 1e9, offsetof(Options, draws),
     "seat: random splits for p, where there are more than 100000"}};

/* Texts of a set, by number; one that is there twice counts once. */
typedef struct {
    int *text; /* owned [n] */
    int n;
} Set;

typedef struct {
    Set set[N_SETS];
    double effect, p;
} Test;

typedef struct {
    const Options *options;
    DataFiles files;
    Test *test;    /* owned [files.n] */
    Names texts;   /* of all tests */
    bool *is_read; /* owned [texts.n]: the model can read it */
    int hidden;
    double *state;                  /* owned [texts.n, hidden]: sums of states, then directions; rank 0 */
    int64_t twice, unread, unknown; /* texts that are left out; that hold an unknown piece */
} Seat;

/* --- tests ------------------------------------------------------------------------------------------ */

static void add_text(Seat *s, Set *set, const char *text)
{
    const int number = names_number(&s->texts, slice_of(text));
    for (int i = 0; i < set->n; i++)
        if (set->text[i] == number) {
            s->twice++;
            return;
        }
    set->text[set->n++] = number;
}

static Status read_set(Seat *s, const char *path, const json_t *root, int which, Set *set)
{
    const json_t *list = json_object_get(json_object_get(root, set_key[which]), "examples"), *text;
    size_t i;
    CHECK(json_is_array(list) && json_array_size(list) > 0, STATUS_DATA,
          "%s: is no test of SEAT: it has no list 'examples' with texts in an object '%s'", path, set_key[which]);
    set->text = memory_alloc(json_array_size(list), sizeof *set->text);
    json_array_foreach((json_t *)list, i, text)
    {
        CHECK(json_is_string(text), STATUS_DATA, "%s: example %zu of %s is no text", path, i + 1, set_key[which]);
        add_text(s, set, json_string_value(text));
    }
    return STATUS_OK;
}

static Status read_test(Seat *s, const char *path, Test *test)
{
    char *text;
    size_t length;
    json_t *root;
    TRY(text_file_read(path, &text, &length));
    Status status = json_parse(path, text, length, &root);
    free(text);
    for (int k = 0; k < N_SETS && !status; k++) status = read_set(s, path, root, k, &test->set[k]);
    json_decref(root);
    return status;
}

/* Ask for the states of every text, with its number. */
static void ask_text(TaskRun *run, int number)
{
    Seat *s = run->own;
    const Vocabulary *v = run->model.vocabulary;
    IdList id = {0};
    id_list_add(&id, vocabulary_special(v, SPECIAL_CLS));
    wordpiece_encode(v, slice_of(s->texts.name[number]), &id);
    id_list_add(&id, vocabulary_special(v, SPECIAL_SEP));
    s->is_read[number] = id.n > 2 && id.n <= (size_t)bert_config_positions(&run->model.config);
    s->unread += !s->is_read[number];
    if (s->is_read[number]) {
        bool unknown = false;
        queries_add(&run->queries, (int)id.n, id.id, NULL, number + 1);
        for (int t = 0; t < (s->options->state == STATE_CLS ? 1 : (int)id.n); t++)
            queries_ask(&run->queries, ASK_STATE, t, number);
        for (size_t t = 0; t < id.n; t++) unknown = unknown || id.id[t] == vocabulary_special(v, SPECIAL_UNK);
        s->unknown += unknown;
    }
    free(id.id);
}

static Status check_counts(const TaskRun *run)
{
    const Seat *s = run->own;
    EvaluationResult *r = run->result;
    int64_t skipped = 0;
    for (int f = 0; f < s->files.n; f++)
        for (int k = X; k <= Y; k++)
            for (int i = 0; i < s->test[f].set[k].n; i++) {
                skipped += !s->is_read[s->test[f].set[k].text[i]];
                r->n_rows++;
            }
    r->n_items = r->n_rows - skipped;
    result_skip(r, "a target without pieces, or with more than the model reads", skipped);
    CHECK(r->n_items > 0, STATUS_DATA, "%s: holds no target that can be read", run->data);
    if (s->unread)
        log_line("%s: %lld texts have no pieces, or more than the model reads; they are left out of their sets",
                 run->data, (long long)s->unread);
    if (s->twice) log_line("%s: %lld texts are twice in their set and count once", run->data, (long long)s->twice);
    if (s->unknown)
        log_line("%s: %lld texts hold pieces that are unknown to the vocabulary", run->data, (long long)s->unknown);
    if (s->files.n_other)
        log_line("%s: %d files are not .json or .jsonl and are not read", run->data, s->files.n_other);
    log_line("%s: vectors of texts: %s", run->data,
             s->options->state == STATE_CLS ? "the last state of [CLS]" : "the mean of all last states");
    return STATUS_OK;
}

static Status read_tests(TaskRun *run)
{
    Seat *s = run->own;
    CHECK(run->format == FORMAT_AUTO, STATUS_USAGE, "format = %s: seat reads JSON; leave format out",
          table_format_name(run->format));
    s->options = run->options;
    s->hidden = run->model.config.hidden;
    run->queries.wants_hidden = true;
    TRY(data_files_list(run->data, "json jsonl", &s->files));
    s->test = memory_alloc((size_t)s->files.n, sizeof *s->test);
    for (int f = 0; f < s->files.n; f++) TRY(read_test(s, s->files.path[f], &s->test[f]));
    s->is_read = memory_alloc(s->texts.n + 1, sizeof *s->is_read);
    for (size_t i = 0; i < s->texts.n; i++) ask_text(run, (int)i);
    return check_counts(run);
}

/* --- vectors ---------------------------------------------------------------------------------------- */

static void add_states(TaskRun *run, int n, const real *x, const int *number)
{
    Seat *s = run->own;
    const size_t d = (size_t)s->hidden;
    if (!s->state) s->state = memory_alloc(s->texts.n * d, sizeof *s->state);
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < d; k++) s->state[(size_t)number[i] * d + k] += (double)x[(size_t)i * d + k];
}

/* Sums of states to directions; those of length 0 become NaN. */
static void to_directions(Seat *s)
{
    const size_t d = (size_t)s->hidden;
    for (size_t i = 0; i < s->texts.n; i++) {
        double *v = s->state + i * d, square = 0;
        for (size_t k = 0; k < d; k++) square += v[k] * v[k];
        for (size_t k = 0; k < d; k++) v[k] = square > 0 ? v[k] / sqrt(square) : (double)NAN;
    }
}

/* Associations of the targets that were read, X before Y: mean cosine with A less mean cosine with B. */
static void associate(const Seat *s, const Test *t, int n[2], double *association)
{
    const size_t d = (size_t)s->hidden;
    double *mean[2];
    for (int k = 0; k < 2; k++) {
        int m = 0;
        mean[k] = memory_alloc(d, sizeof **mean);
        for (int i = 0; i < t->set[A + k].n; i++) {
            const int text = t->set[A + k].text[i];
            m += s->is_read[text];
            for (size_t j = 0; j < d && s->is_read[text]; j++) mean[k][j] += s->state[(size_t)text * d + j];
        }
        for (size_t j = 0; j < d; j++) mean[k][j] = m ? mean[k][j] / m : (double)NAN;
    }
    for (int k = X, at = 0; k <= Y; k++) {
        n[k] = 0;
        for (int i = 0; i < t->set[k].n; i++) {
            const double *v = s->state + (size_t)t->set[k].text[i] * d;
            if (!s->is_read[t->set[k].text[i]]) continue;
            association[at] = 0;
            for (size_t j = 0; j < d; j++) association[at] += v[j] * (mean[0][j] - mean[1][j]);
            at++, n[k]++;
        }
    }
    free(mean[0]), free(mean[1]);
}

/* --- metrics ---------------------------------------------------------------------------------------- */

static void put(EvaluationResult *r, const char *test, const char *what, double value, const Interval *in)
{
    char *name = memory_print("%s.%s", test, what);
    if (in) result_add_interval(r, name, value, in->low, in->high);
    else result_add(r, name, value);
    free(name);
}

static void measure_test(const TaskRun *run, int f, const int n[2], const double *association)
{
    const Seat *s = run->own;
    Test *t = &s->test[f];
    bool finite = true;
    for (int i = 0; i < n[X] + n[Y]; i++) finite = finite && isfinite(association[i]);
    t->effect = finite ? seat_effect(n[X], n[Y], association) : (double)NAN;
    t->p = finite && n[X] == n[Y] && n[X] > 0 ? seat_p(n[X], association, (int)s->options->draws, 1) : (double)NAN;
    const Interval in = seat_interval(n[X], n[Y], association, RESAMPLES, 1);
    put(run->result, s->files.stem[f], "effect", t->effect, &in);
    put(run->result, s->files.stem[f], "p", t->p, NULL);
    put(run->result, s->files.stem[f], "n", n[X] + n[Y], NULL);
    if (n[X] != n[Y])
        log_line("%s: %s: the targets are %d and %d; the permutation test needs as many: no p (-)", run->data,
                 s->files.stem[f], n[X], n[Y]);
    if (!finite)
        log_line("%s: %s: a state has no direction, or a set no text: not measured (-)", run->data, s->files.stem[f]);
}

/* The mean of |effect| over all tests; NaN if one was not measured. */
static double mean_size(const Seat *s)
{
    double sum = 0;
    for (int f = 0; f < s->files.n; f++) sum += fabs(s->test[f].effect);
    return sum / s->files.n;
}

/* The same over the six gender tests; NaN if one is not there. */
static double mean_gender_size(const Seat *s)
{
    static const char *const name[] = {"sent-weat6",  "sent-weat6b", "sent-weat7",
                                       "sent-weat7b", "sent-weat8",  "sent-weat8b"};
    enum { N = sizeof name / sizeof name[0] };
    double sum = 0;
    int n = 0;
    for (int f = 0; f < s->files.n; f++)
        for (int k = 0; k < N; k++)
            if (strcmp(name[k], s->files.stem[f]) == 0) sum += fabs(s->test[f].effect), n++;
    return n == N ? sum / N : (double)NAN;
}

static void add_items(const TaskRun *run, double *association)
{
    const Seat *s = run->own;
    EvaluationResult *r = run->result;
    char **text[3];
    int64_t row = 0;
    for (int k = 0; k < 3; k++) text[k] = memory_alloc((size_t)r->n_rows, sizeof **text);
    r->row = memory_alloc((size_t)r->n_rows, sizeof *r->row);
    r->is_skipped = memory_alloc((size_t)r->n_rows, sizeof *r->is_skipped);
    double *value = memory_alloc((size_t)r->n_rows, sizeof *value);
    for (int f = 0; f < s->files.n; f++)
        for (int k = X; k <= Y; k++)
            for (int i = 0; i < s->test[f].set[k].n; i++, row++) {
                const int number = s->test[f].set[k].text[i];
                r->row[row] = row;
                r->is_skipped[row] = !s->is_read[number];
                value[row] = s->is_read[number] ? *association++ : (double)NAN;
                text[0][row] = memory_copy_text(s->files.stem[f]);
                text[1][row] = memory_copy_text(k == X ? "x" : "y");
                text[2][row] = result_keep_text(slice_of(s->texts.name[number]));
            }
    result_add_field(r, "association", value);
    result_add_texts(r, "test", text[0]);
    result_add_texts(r, "set", text[1]);
    result_add_texts(r, "text", text[2]);
}

static Status aggregate(TaskRun *run)
{
    Seat *s = run->own;
    double *association = memory_alloc((size_t)run->result->n_rows, sizeof *association), *at = association;
    to_directions(s);
    for (int f = 0; f < s->files.n; f++) {
        int n[2];
        associate(s, &s->test[f], n, at);
        measure_test(run, f, n, at);
        at += n[X] + n[Y];
    }
    result_add(run->result, "mean_abs_effect", mean_size(s));
    result_add(run->result, "gender.mean_abs_effect", mean_gender_size(s));
    result_add(run->result, "unknown", (double)s->unknown);
    add_items(run, association);
    free(association);
    return STATUS_OK;
}

static void close_seat(TaskRun *run)
{
    Seat *s = run->own;
    for (int f = 0; f < s->files.n && s->test; f++)
        for (int k = 0; k < N_SETS; k++) free(s->test[f].set[k].text);
    data_files_free(&s->files);
    names_free(&s->texts);
    free(s->test);
    free(s->is_read);
    free(s->state);
}

static const char *const headline[] = {"mean_abs_effect", NULL};

const Task task_seat = {
    .name = "seat",
    .summary = "are two sets of sentences nearer to different attributes?",
    .help =
        "a test of SEAT or WEAT in JSON (targ1, targ2, attr1, attr2), or a folder of such files.\n"
        "  FILE.effect             (mean association of targ1 - of targ2) / their standard deviation; 0 = none\n"
        "  FILE.p                  one-sided permutation test: all splits up to 100000, else random ones\n"
        "  FILE.n                  targets of both sets\n"
        "  mean_abs_effect         mean |effect| over the files; gender.mean_abs_effect: over the six gender tests\n"
        "                          (sent-weat6, 6b, 7, 7b, 8, 8b), if all are there\n"
        "  unknown                 texts with a piece that is unknown to the vocabulary\n",
    .key = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .options_bytes = sizeof(Options),
    .headline = headline,
    .own_bytes = sizeof(Seat),
    .read = read_tests,
    .visit = add_states,
    .aggregate = aggregate,
    .measures = seat_measures,
    .close = close_seat,
};
