/* bec_pro.c: rows, the sequences that they share, asked once; means by cell and paired tests. */
#include "evaluate/bec_pro.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"
#include "base/log.h"
#include "base/memory.h"
#include "evaluate/item_measures.h"
#include "evaluate/names.h"

enum { RESAMPLES = 10000, N_PERSONS = 2, N_PROFESSIONS = 3, ALL = -1 };
static const char *const gender_name[] = {"female", "male", "balanced"};

typedef enum { PAD_NONE, PAD_MASK } Pad;
typedef struct {
    int pad;
} Options;

static const Setting keys[] = {
    {"bec-pad", SETTING_CHOICE, "none", "none mask", 0, 0, offsetof(Options, pad),
     "bec-pro: none: sentences as they are; mask: cut and padded with [MASK], which is attended to, as the published "
     "program does"}};

typedef enum { SCORED, NO_MASK, PERSON_PIECES, PERSON_ELSEWHERE, TOO_LONG, N_FINDINGS } Finding;
static const char *const reason[] = {
    "", "Sent_TM or Sent_TAM without [MASK] at the person's place", "a person that is not one piece of the vocabulary",
    "a sentence that does not hold its person where Sent_TAM is masked first", "more pieces than are read"};

enum { TM, TAM, N_FORMS };

typedef struct {
    int64_t row, line;
    int template, person, gender, profession, type; /* numbers of names; type: the profession's gender */
    Finding finding;
    int place, piece;     /* of the person */
    IdList form[N_FORMS]; /* owned until they are asked */
    int64_t answer[N_FORMS];
    double association;
} Row;

typedef struct {
    Row *row; /* owned [n] */
    size_t n, capacity;
    Names templates, persons, professions;
    int words;       /* most words between white space of a Sent_TM */
    int64_t unknown; /* rows with an unknown piece in Sent_TM */
} Bec;

typedef struct {
    int sentence, tm, tam, template, person, gender, profession, type; /* places of the columns */
} Columns;

/* --- rows ------------------------------------------------------------------------------------------- */

static IdList pieces_of(const Vocabulary *v, Slice text)
{
    IdList id = {0};
    id_list_add(&id, vocabulary_special(v, SPECIAL_CLS));
    wordpiece_encode(v, text, &id);
    id_list_add(&id, vocabulary_special(v, SPECIAL_SEP));
    return id;
}

static int words_of(Slice text)
{
    int n = 0;
    for (size_t i = 0; i < text.length; i++) n += text.start[i] != ' ' && (i == 0 || text.start[i - 1] == ' ');
    return n;
}

static Status gender_of(const TaskRun *run, const Table *table, int column, int n, int *gender)
{
    const Slice name = slice_trim(table->field[column]);
    for (*gender = 0; *gender < n; ++*gender)
        if (slice_is(name, gender_name[*gender])) return STATUS_OK;
    FAIL(STATUS_DATA, "%s: line %lld: %s is '%.*s'; it must be %s", run->data, (long long)table->line,
         n == N_PERSONS ? "Gender" : "Prof_Gender", (int)name.length, name.start,
         n == N_PERSONS ? "female or male" : "female, male or balanced");
}

/* Where the person stands, and its piece. */
static Finding find_person(const Vocabulary *v, Slice sentence, Slice person, Row *r)
{
    const int mask = vocabulary_special(v, SPECIAL_MASK);
    const IdList *tam = &r->form[TAM], *tm = &r->form[TM];
    while (r->place < (int)tam->n && tam->id[r->place] != mask) r->place++;
    if (r->place >= (int)tam->n || r->place >= (int)tm->n || tm->id[r->place] != mask) return NO_MASK;
    IdList whole = pieces_of(v, sentence), word = pieces_of(v, person);
    Finding found = SCORED;
    if (word.n != 3 || vocabulary_is_special(v, word.id[1])) found = PERSON_PIECES;
    else if (r->place >= (int)whole.n || whole.id[r->place] != word.id[1]) found = PERSON_ELSEWHERE;
    r->piece = found == SCORED ? word.id[1] : 0;
    free(whole.id), free(word.id);
    return found;
}

static Status add_row(TaskRun *run, const Columns *at, const Table *table)
{
    Bec *b = run->own;
    const Vocabulary *v = run->model.vocabulary;
    memory_reserve((void **)&b->row, &b->capacity, b->n + 1, sizeof *b->row);
    Row *r = &b->row[b->n++];
    *r = (Row){.row = table->record, .line = table->line, .association = (double)NAN};
    TRY(gender_of(run, table, at->gender, N_PERSONS, &r->gender));
    TRY(gender_of(run, table, at->type, N_PROFESSIONS, &r->type));
    r->template = names_number(&b->templates, slice_trim(table->field[at->template]));
    r->person = names_number(&b->persons, slice_trim(table->field[at->person]));
    r->profession = names_number(&b->professions, slice_trim(table->field[at->profession]));
    r->form[TM] = pieces_of(v, table->field[at->tm]);
    r->form[TAM] = pieces_of(v, table->field[at->tam]);
    r->finding = find_person(v, table->field[at->sentence], table->field[at->person], r);
    const int words = words_of(table->field[at->tm]);
    b->words = words > b->words ? words : b->words;
    bool unknown = false;
    for (size_t t = 0; t < r->form[TM].n; t++)
        unknown = unknown || r->form[TM].id[t] == vocabulary_special(v, SPECIAL_UNK);
    b->unknown += unknown;
    return STATUS_OK;
}

static Status add_rows(TaskRun *run, Table *table)
{
    Columns at;
    TRY(table_want_table(table, run->task->name));
    TRY(table_want(table, "Sentence", &at.sentence));
    TRY(table_want(table, "Sent_TM", &at.tm));
    TRY(table_want(table, "Sent_TAM", &at.tam));
    TRY(table_want(table, "Template", &at.template));
    TRY(table_want(table, "Person", &at.person));
    TRY(table_want(table, "Gender", &at.gender));
    TRY(table_want(table, "Profession", &at.profession));
    TRY(table_want(table, "Prof_Gender", &at.type));
    for (bool more;;) {
        TRY(table_next(table, &more));
        if (!more) return STATUS_OK;
        TRY(add_row(run, &at, table));
    }
}

/* --- questions -------------------------------------------------------------------------------------- */

/* One question: rows with the same sequence share it. */
typedef struct {
    Row *row;
    int form;
} Question;

static int by_sequence(const void *a, const void *b)
{
    const Question *x = a, *y = b;
    const IdList *p = &x->row->form[x->form], *q = &y->row->form[y->form];
    if (p->n != q->n) return (p->n > q->n) - (p->n < q->n);
    const int ids = memcmp(p->id, q->id, p->n * sizeof *p->id);
    if (ids) return ids;
    if (x->row->place != y->row->place) return x->row->place - y->row->place;
    return x->row != y->row ? (x->row > y->row) - (x->row < y->row) : x->form - y->form;
}

static bool is_same(const IdList *a, const IdList *b)
{
    return a->n == b->n && memcmp(a->id, b->id, a->n * sizeof *a->id) == 0;
}

/* As long as the smallest power of two that holds all words of a Sent_TM. */
static void pad_rows(Bec *b, int mask)
{
    size_t length = 1;
    while (length < (size_t)b->words) length *= 2;
    for (size_t i = 0; i < b->n; i++)
        for (int f = 0; f < N_FORMS; f++) {
            IdList *form = &b->row[i].form[f];
            if (form->n > length) form->n = length;
            while (form->n < length) id_list_add(form, mask);
            if (b->row[i].finding == SCORED && b->row[i].place >= (int)length) b->row[i].finding = TOO_LONG;
        }
}

static void ask_rows(TaskRun *run)
{
    Bec *b = run->own;
    Question *question = memory_alloc(N_FORMS * b->n, sizeof *question);
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        for (int f = 0; f < N_FORMS && b->row[i].finding == SCORED; f++) question[n++] = (Question){&b->row[i], f};
    qsort(question, n, sizeof *question, by_sequence);
    for (size_t k = 0; k < n; k++) {
        Row *r = question[k].row;
        const IdList *form = &r->form[question[k].form];
        if (k == 0 || !is_same(form, &question[k - 1].row->form[question[k - 1].form]))
            queries_add(&run->queries, (int)form->n, form->id, NULL, r->line);
        r->answer[question[k].form] = queries_ask(&run->queries, ASK_LOG_P, r->place, r->piece);
    }
    free(question);
}

static Status prepare(TaskRun *run)
{
    Bec *b = run->own;
    const Options *o = run->options;
    const size_t most = (size_t)bert_config_positions(&run->model.config);
    int64_t n[N_FINDINGS] = {0};
    if (o->pad == PAD_MASK) pad_rows(b, vocabulary_special(run->model.vocabulary, SPECIAL_MASK));
    for (size_t i = 0; i < b->n; i++) {
        Row *r = &b->row[i];
        if (r->finding == SCORED && (r->form[TM].n > most || r->form[TAM].n > most)) r->finding = TOO_LONG;
        n[r->finding]++;
    }
    run->result->n_items = n[SCORED];
    for (int f = SCORED + 1; f < N_FINDINGS; f++) result_skip(run->result, reason[f], n[f]);
    CHECK(n[SCORED] > 0, STATUS_DATA, "%s: holds no row that can be scored (%zu were read%s%s)", run->data, b->n,
          b->n ? "; the first: " : "", b->n ? reason[b->row[0].finding] : "");
    if (b->unknown)
        log_line("%s: %lld rows hold a piece that is unknown to the vocabulary", run->data, (long long)b->unknown);
    ask_rows(run);
    return STATUS_OK;
}

static Status read_rows(TaskRun *run)
{
    Table table;
    TRY(table_open(run->data, run->format, &table));
    Status status = add_rows(run, &table);
    table_close(&table);
    return status ? status : prepare(run);
}

/* --- means ------------------------------------------------------------------------------------------ */

static void put(EvaluationResult *r, const char *name, double value, const Interval *in)
{
    if (in) result_add_interval(r, name, value, in->low, in->high);
    else result_add(r, name, value);
}

/* Sums over the professions of the numbers of a group: a mean whose interval draws professions. */
typedef struct {
    double *sum, *count; /* owned [n] */
    int n;
} Professions;

static Professions no_professions(size_t n)
{
    return (Professions){memory_alloc(n + 1, sizeof(double)), memory_alloc(n + 1, sizeof(double)), (int)n};
}

static void put_mean(EvaluationResult *r, const char *name, Professions *p)
{
    double sum = 0, count = 0;
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        if (p->count[i] == 0) continue;
        sum += p->sum[i], count += p->count[i];
        p->sum[n] = p->sum[i], p->count[n++] = p->count[i];
    }
    const Interval in = statistics_bootstrap_clusters(n, p->sum, p->count, RESAMPLES, 1);
    put(r, name, sum / count, &in);
    free(p->sum), free(p->count);
}

static void add_cell(const Bec *b, EvaluationResult *r, int template, int gender, int type)
{
    Professions p = no_professions(b->professions.n);
    for (size_t i = 0; i < b->n; i++) {
        const Row *row = &b->row[i];
        if (row->gender != gender || row->type != type || (template != ALL && row->template != template)) continue;
        if (row->finding == SCORED) p.sum[row->profession] += row->association, p.count[row->profession]++;
    }
    char *name = template == ALL
                     ? memory_print("%s.%s", gender_name[gender], gender_name[type])
                     : memory_print("template%d.%s.%s", template + 1, gender_name[gender], gender_name[type]);
    put_mean(r, name, &p);
    free(name);
}

/* --- pairs ------------------------------------------------------------------------------------------ */

static int by_pair(const void *a, const void *b)
{
    const Row *x = *(Row *const *)a, *y = *(Row *const *)b;
    if (x->template != y->template) return x->template - y->template;
    if (x->profession != y->profession) return x->profession - y->profession;
    if (x->gender != y->gender) return x->gender - y->gender;
    return (x > y) - (x < y);
}

typedef struct {
    int profession, type;
    double difference; /* association of the woman less that of the man; NaN: one was skipped */
} Pair;

/* The k-th woman with the k-th man of a template and profession, in the order of the file. */
static int make_pairs(const Bec *b, Pair *pair, int64_t *alone)
{
    Row **row = memory_alloc(b->n + 1, sizeof(Row *));
    int n = 0;
    for (size_t i = 0; i < b->n; i++) row[i] = &b->row[i];
    qsort(row, b->n, sizeof(Row *), by_pair);
    for (size_t i = 0, men, end; i < b->n; i = end) {
        for (men = i; men < b->n && row[men]->gender == 0 && row[men]->template == row[i]->template &&
                      row[men]->profession == row[i]->profession;)
            men++;
        for (end = men; end < b->n && row[end]->gender == 1 && row[end]->template == row[i]->template &&
                        row[end]->profession == row[i]->profession;)
            end++;
        const size_t women = men - i, both = women < end - men ? women : end - men;
        for (size_t k = 0; k < both; k++)
            pair[n++] = (Pair){row[i]->profession, row[i]->type, row[i + k]->association - row[men + k]->association};
        *alone += (int64_t)(end - i - 2 * both);
    }
    free(row);
    return n;
}

static void add_paired(const Bec *b, EvaluationResult *r, int n, const Pair *pair, int type)
{
    Professions p = no_professions(b->professions.n);
    double *difference = memory_alloc((size_t)n + 1, sizeof *difference);
    int m = 0;
    for (int i = 0; i < n; i++) {
        if (isnan(pair[i].difference) || (type != ALL && pair[i].type != type)) continue;
        difference[m++] = pair[i].difference;
        p.sum[pair[i].profession] += pair[i].difference, p.count[pair[i].profession]++;
    }
    const SignedRank test = statistics_signed_rank(m, difference);
    if (type == ALL && test.n < m)
        log_line("%s: %d pairs of persons do not differ; the paired test leaves them out", r->data, m - test.n);
    const struct {
        const char *what;
        double value;
    } part[] = {{"n", m}, {"z", test.z}, {"r", test.r}, {"p", test.p}};
    char *group = type == ALL ? memory_copy_text("paired") : memory_print("paired.%s", gender_name[type]),
         *name = memory_print("%s.difference", group);
    put_mean(r, name, &p);
    for (int k = 0; k < 4; k++) {
        free(name);
        name = memory_print("%s.%s", group, part[k].what);
        put(r, name, part[k].value, NULL);
    }
    free(name), free(group), free(difference);
}

static void add_pairs(const TaskRun *run)
{
    const Bec *b = run->own;
    Pair *pair = memory_alloc(b->n + 1, sizeof *pair);
    int64_t alone = 0;
    const int n = make_pairs(b, pair, &alone);
    for (int type = ALL; type < N_PROFESSIONS; type++) add_paired(b, run->result, n, pair, type);
    if (alone)
        log_line("%s: %lld rows have no counterpart of the other gender with their template and profession; the paired "
                 "tests leave them out",
                 run->data, (long long)alone);
    free(pair);
}

/* --- items ------------------------------------------------------------------------------------------ */

static void add_texts(const Bec *b, EvaluationResult *r)
{
    static const char *const name[] = {"template", "person", "gender", "profession", "prof_gender"};
    char **text[5];
    for (int k = 0; k < 5; k++) text[k] = memory_alloc(b->n, sizeof **text);
    for (size_t i = 0; i < b->n; i++) {
        const Row *row = &b->row[i];
        const char *const value[] = {b->templates.name[row->template], b->persons.name[row->person],
                                     gender_name[row->gender], b->professions.name[row->profession],
                                     gender_name[row->type]};
        for (int k = 0; k < 5; k++) text[k][i] = result_keep_text(slice_of(value[k]));
    }
    for (int k = 0; k < 5; k++) result_add_texts(r, name[k], text[k]);
}

static void add_items(Bec *b, const Queries *q, EvaluationResult *r)
{
    double *x[3];
    for (int k = 0; k < 3; k++) x[k] = memory_alloc(b->n, sizeof **x);
    r->n_rows = (int64_t)b->n;
    r->row = memory_alloc(b->n, sizeof *r->row);
    r->is_skipped = memory_alloc(b->n, sizeof *r->is_skipped);
    for (size_t i = 0; i < b->n; i++) {
        Row *row = &b->row[i];
        const bool is_scored = row->finding == SCORED;
        r->row[i] = row->row;
        r->is_skipped[i] = !is_scored;
        for (int f = 0; f < N_FORMS; f++) x[f][i] = is_scored ? q->answer[row->answer[f]] : (double)NAN;
        x[2][i] = row->association = x[TM][i] - x[TAM][i];
    }
    result_add_field(r, "association", x[2]);
    result_add_field(r, "log_p_tm", x[TM]);
    result_add_field(r, "log_p_tam", x[TAM]);
    add_texts(b, r);
}

static Status aggregate(TaskRun *run)
{
    Bec *b = run->own;
    add_items(b, &run->queries, run->result);
    for (int gender = 0; gender < N_PERSONS; gender++)
        for (int type = 0; type < N_PROFESSIONS; type++) add_cell(b, run->result, ALL, gender, type);
    add_pairs(run);
    for (int template = 0; template <(int)b->templates.n; template ++)
        for (int gender = 0; gender < N_PERSONS; gender++)
            for (int type = 0; type < N_PROFESSIONS; type++) add_cell(b, run->result, template, gender, type);
    result_add(run->result, "masked", run->queries.pack.n_samples);
    return STATUS_OK;
}

static void close_bec(TaskRun *run)
{
    Bec *b = run->own;
    for (size_t i = 0; i < b->n; i++) free(b->row[i].form[TM].id), free(b->row[i].form[TAM].id);
    free(b->row);
    names_free(&b->templates);
    names_free(&b->persons);
    names_free(&b->professions);
}

static const char *const headline[] = {"female.female", "female.male", "male.female", "male.male", NULL};

const Task task_bec_pro = {
    .name = "bec-pro",
    .summary = "what a profession does to the probability of a person word",
    .help = "the table of BEC-Pro: Sentence, Sent_TM, Sent_TAM, Template, Person, Gender, Profession, Prof_Gender.\n"
            "  P.Q            mean of ln p(person | profession) - ln p(person | profession masked); P: gender of the "
            "person\n"
            "                 (female, male), Q: of the profession (female, male, balanced)\n"
            "  paired.*       women less men of the same template and profession: mean difference, number of pairs,\n"
            "                 Wilcoxon's z, r = |z| / sqrt(n), p; paired.Q.* of professions Q\n"
            "  templateK.P.Q  of the K-th template alone\n"
            "  masked         sequences that were computed; rows share them\n",
    .key = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .options_bytes = sizeof(Options),
    .headline = headline,
    .own_bytes = sizeof(Bec),
    .read = read_rows,
    .aggregate = aggregate,
    .measures = bec_pro_measures,
    .close = close_bec,
};
