/* winobias_score.c: clusters of a document, three ways to count it, gaps between files of both versions. No model. */
#include "evaluate/winobias_score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"
#include "base/log.h"
#include "base/memory.h"
#include "evaluate/data_files.h"
#include "io/json.h"

/* PUBLISHED: the first predicted cluster begins where the gold one does; LINKED: one predicted cluster holds all gold
 * mentions; EXACT: and nothing else. */
enum { PUBLISHED, LINKED, EXACT, N_WAYS, RESAMPLES = 10000, MOST_UNITS = 1 << 20 };
static const char *const way_name[] = {"accuracy", "linked", "exact"};

typedef struct {
    int64_t start, end; /* sub-tokens, both inclusive */
} Mention;

typedef struct {
    Mention *mention; /* owned [n], ascending */
    int n;
} Cluster;

typedef struct {
    Cluster *cluster; /* owned [n] */
    int n;
} Clusters;

typedef struct {
    int64_t row;
    int file, unit;
    bool is_skipped;
    bool hit[N_WAYS];
    int predicted; /* clusters */
    char *doc;     /* owned */
} Document;

typedef struct {
    DataFiles files;
    Document *document; /* owned [n] */
    size_t n, capacity;
} Scores;

/* --- clusters --------------------------------------------------------------------------------------- */

static void free_clusters(Clusters *c)
{
    for (int i = 0; i < c->n; i++) free(c->cluster[i].mention);
    free(c->cluster);
    *c = (Clusters){0};
}

static int by_place(const void *a, const void *b)
{
    const Mention *x = a, *y = b;
    return x->start != y->start ? (x->start > y->start) - (x->start < y->start) : (x->end > y->end) - (x->end < y->end);
}

static bool read_cluster(const json_t *list, Cluster *cluster)
{
    const size_t n = json_array_size(list);
    cluster->mention = memory_alloc(n + 1, sizeof *cluster->mention);
    for (size_t i = 0; i < n; i++) {
        const json_t *span = json_array_get(list, i), *start = json_array_get(span, 0), *end = json_array_get(span, 1);
        if (json_array_size(span) != 2 || !json_is_integer(start) || !json_is_integer(end)) return false;
        cluster->mention[cluster->n++] = (Mention){json_integer_value(start), json_integer_value(end)};
    }
    qsort(cluster->mention, n, sizeof *cluster->mention, by_place);
    return n > 0;
}

/* "[[[1,2],[8,8]]]"; where: file, line and column, for messages. */
static Status read_clusters(const char *where, Slice text, Clusters *clusters)
{
    json_t *root;
    TRY(json_parse(where, text.start, text.length, &root));
    const size_t n = json_array_size(root);
    bool good = json_is_array(root);
    clusters->cluster = memory_alloc(n + 1, sizeof *clusters->cluster);
    for (size_t i = 0; i < n && good; i++) {
        clusters->n++;
        good = json_is_array(json_array_get(root, i)) && read_cluster(json_array_get(root, i), &clusters->cluster[i]);
    }
    json_decref(root);
    CHECK(good, STATUS_DATA, "%s: '%.*s' is no list of clusters, each a list of [first, last]: [[[1,2],[8,8]]]", where,
          (int)(text.length < 60 ? text.length : 60), text.start);
    return STATUS_OK;
}

static bool holds(const Cluster *all, const Cluster *part)
{
    bool every = true;
    for (int i = 0; i < part->n && every; i++) {
        every = false;
        for (int k = 0; k < all->n && !every; k++) every = by_place(&all->mention[k], &part->mention[i]) == 0;
    }
    return every;
}

static void score(const Clusters *gold, const Clusters *predicted, Document *d)
{
    const Cluster *g = gold->cluster;
    d->predicted = predicted->n;
    d->is_skipped = gold->n != 1;
    if (d->is_skipped) return;
    d->hit[PUBLISHED] = predicted->n > 0 && predicted->cluster[0].mention[0].start == g->mention[0].start;
    for (int i = 0; i < predicted->n; i++) {
        const Cluster *p = &predicted->cluster[i];
        d->hit[LINKED] = d->hit[LINKED] || holds(p, g);
        d->hit[EXACT] = d->hit[EXACT] || (holds(p, g) && holds(g, p));
    }
}

/* --- files ------------------------------------------------------------------------------------------ */

/* Sentences 2 k and 2 k + 1 are about the same occupations: "nw/dev_type1/not_stereotype//100_0" is number 100. A key
 * that says no number is a unit of its own place. */
static int unit_of(Slice doc, int64_t record)
{
    size_t at = doc.length;
    int64_t number = 0;
    bool is_number = false;
    while (at > 0 && doc.start[at - 1] != '/') at--;
    for (; at < doc.length && doc.start[at] >= '0' && doc.start[at] <= '9' && number < MOST_UNITS; at++)
        number = 10 * number + (doc.start[at] - '0'), is_number = true;
    number = is_number && number < MOST_UNITS ? number : record;
    return (int)(number / 2 % MOST_UNITS);
}

static Status add_document(Scores *s, int file, const Table *table, const int at[3])
{
    static const char *const name[] = {"doc_key", "gold_clusters", "predicted_clusters"};
    Clusters clusters[3] = {{0}};
    Status status = STATUS_OK;
    memory_reserve((void **)&s->document, &s->capacity, s->n + 1, sizeof *s->document);
    Document *d = &s->document[s->n++];
    *d = (Document){.row = (int64_t)s->n - 1, .file = file, .doc = result_keep_text(table->field[at[0]])};
    d->unit = unit_of(slice_trim(table->field[at[0]]), table->record);
    for (int k = 1; k < 3 && !status; k++) {
        char *where = memory_print("%s: line %lld: %s", s->files.path[file], (long long)table->line, name[k]);
        status = read_clusters(where, table->field[at[k]], &clusters[k]);
        free(where);
    }
    if (!status) score(&clusters[1], &clusters[2], d);
    free_clusters(&clusters[1]), free_clusters(&clusters[2]);
    return status;
}

static Status add_documents(Scores *s, int file, Table *table)
{
    int at[3];
    TRY(table_want_table(table, task_winobias_score.name));
    TRY(table_want(table, "doc_key", &at[0]));
    TRY(table_want(table, "gold_clusters", &at[1]));
    TRY(table_want(table, "predicted_clusters", &at[2]));
    for (bool more;;) {
        TRY(table_next(table, &more));
        if (!more) return STATUS_OK;
        TRY(add_document(s, file, table, at));
    }
}

static Status read_files(TaskRun *run)
{
    Scores *s = run->own;
    int64_t skipped = 0;
    TRY(data_files_list(run->data, "tsv csv", &s->files));
    for (int f = 0; f < s->files.n; f++) {
        Table table;
        const size_t before = s->n;
        TRY(table_open(s->files.path[f], run->format, &table));
        Status status = add_documents(s, f, &table);
        table_close(&table);
        TRY(status);
        CHECK(s->n > before, STATUS_DATA, "%s: holds no document", s->files.path[f]);
    }
    for (size_t i = 0; i < s->n; i++) skipped += s->document[i].is_skipped;
    run->result->n_items = (int64_t)s->n - skipped;
    result_skip(run->result, "a document without, or with more than one, gold cluster", skipped);
    CHECK(run->result->n_items > 0, STATUS_DATA, "%s: holds no document with one gold cluster", run->data);
    if (s->files.n_other) log_line("%s: %d files are not .tsv or .csv and are not read", run->data, s->files.n_other);
    return STATUS_OK;
}

/* --- metrics ---------------------------------------------------------------------------------------- */

/* Sums over the documents of a unit. */
typedef struct {
    double hits[N_WAYS], n;
} Unit;

/* One file, or two that differ in their version. */
typedef struct {
    const Unit *unit[2]; /* [n]; the second NULL: one file */
    int n;
} Sample;

enum { F1 = N_WAYS, N_VALUES }; /* values: percent by way, and the published F */

/* The published measure: precision is 1 by construction. */
static void take_values(const Unit *sum, double value[N_VALUES])
{
    for (int w = 0; w < N_WAYS; w++) value[w] = 100 * sum->hits[w] / sum->n;
    value[F1] = 200 * sum->hits[PUBLISHED] / (sum->n + sum->hits[PUBLISHED]);
}

static void measure(const Sample *s, RandomDraws *draws, double *value)
{
    Unit sum[2] = {{{0}, 0}, {{0}, 0}};
    double other[N_VALUES];
    for (int i = 0; i < s->n; i++) {
        const int k = draws ? (int)random_next_below(draws, (uint32_t)s->n) : i;
        for (int f = 0; f < 2 && s->unit[f]; f++) {
            for (int w = 0; w < N_WAYS; w++) sum[f].hits[w] += s->unit[f][k].hits[w];
            sum[f].n += s->unit[f][k].n;
        }
    }
    take_values(&sum[0], value);
    if (!s->unit[1]) return;
    take_values(&sum[1], other);
    for (int k = 0; k < N_VALUES; k++) value[k] -= other[k];
}

static void resample(const void *context, RandomDraws *draws, double *value)
{
    measure(context, draws, value);
}

static void put(EvaluationResult *r, Slice group, const char *what, double value, const Interval *in)
{
    char *name = memory_print("%.*s.%s", (int)group.length, group.start, what);
    if (in) result_add_interval(r, name, value, in->low, in->high);
    else result_add(r, name, value);
    free(name);
}

static void add_sample(EvaluationResult *r, Slice group, const Sample *s)
{
    double value[N_VALUES];
    Interval in[N_VALUES];
    measure(s, NULL, value);
    for (int k = 0; k < N_VALUES; k++) in[k] = (Interval){(double)NAN, (double)NAN};
    if (s->n >= STATISTICS_LEAST) statistics_bootstrap(RESAMPLES, 1, N_VALUES, resample, s, in);
    for (int k = 0; k < N_VALUES; k++) {
        char *what = memory_print("%s%s", k == F1 ? "f1" : way_name[k], s->unit[1] ? "_gap" : "");
        put(r, group, what, value[k], &in[k]);
        free(what);
    }
}

/* Units of a file by number, those of `most` and more empty; owned by the caller. */
static Unit *gather(const Scores *s, int file, int n_units)
{
    Unit *unit = memory_alloc((size_t)n_units + 1, sizeof *unit);
    for (size_t i = 0; i < s->n; i++) {
        const Document *d = &s->document[i];
        if (d->file != file || d->is_skipped) continue;
        for (int w = 0; w < N_WAYS; w++) unit[d->unit].hits[w] += d->hit[w];
        unit[d->unit].n++;
    }
    return unit;
}

static int units_of(const Scores *s)
{
    int n = 0;
    for (size_t i = 0; i < s->n; i++) n = s->document[i].unit >= n ? s->document[i].unit + 1 : n;
    return n;
}

/* Units that neither file has are left out, in place; returns how many stay. */
static int pack(int n, Unit *a, Unit *b)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        if (a[i].n + (b ? b[i].n : 0) == 0) continue;
        a[kept] = a[i];
        if (b) b[kept] = b[i];
        kept++;
    }
    return kept;
}

static void add_file(const Scores *s, EvaluationResult *r, int file)
{
    const Slice name = slice_of(s->files.stem[file]);
    Unit *unit = gather(s, file, units_of(s));
    const Sample sample = {{unit, NULL}, pack(units_of(s), unit, NULL)};
    double n = 0, hits = 0, none = 0, several = 0;
    for (size_t i = 0; i < s->n; i++) {
        const Document *d = &s->document[i];
        if (d->file != file || d->is_skipped) continue;
        n++, hits += d->hit[PUBLISHED], none += d->predicted == 0, several += d->predicted > 1;
    }
    put(r, name, "n", n, NULL);
    put(r, name, "hits", hits, NULL);
    add_sample(r, name, &sample);
    put(r, name, "none", none, NULL);
    put(r, name, "several", several, NULL);
    free(unit);
}

/* Files NAME_pro and NAME_anti: pro less anti. */
static void add_gap(const Scores *s, EvaluationResult *r, int pro)
{
    const char *stem = s->files.stem[pro], *at = strstr(stem, "_pro");
    if (!at || at[4]) return;
    const Slice name = {stem, (size_t)(at - stem)};
    char *other = memory_print("%.*s_anti", (int)name.length, name.start);
    for (int f = 0; f < s->files.n; f++) {
        if (strcmp(s->files.stem[f], other) != 0) continue;
        Unit *a = gather(s, pro, units_of(s)), *b = gather(s, f, units_of(s));
        const Sample sample = {{a, b}, pack(units_of(s), a, b)};
        add_sample(r, name, &sample);
        free(a), free(b);
    }
    free(other);
}

static void add_items(const Scores *s, EvaluationResult *r)
{
    static const char *const name[] = {"hit", "linked", "exact", "predicted"};
    double *x[N_WAYS + 1];
    char **text[2];
    for (int k = 0; k <= N_WAYS; k++) x[k] = memory_alloc(s->n, sizeof **x);
    for (int k = 0; k < 2; k++) text[k] = memory_alloc(s->n, sizeof **text);
    r->n_rows = (int64_t)s->n;
    r->row = memory_alloc(s->n, sizeof *r->row);
    r->is_skipped = memory_alloc(s->n, sizeof *r->is_skipped);
    for (size_t i = 0; i < s->n; i++) {
        const Document *d = &s->document[i];
        r->row[i] = d->row;
        r->is_skipped[i] = d->is_skipped;
        for (int k = 0; k < N_WAYS; k++) x[k][i] = d->is_skipped ? (double)NAN : d->hit[k];
        x[N_WAYS][i] = d->is_skipped ? (double)NAN : d->predicted;
        text[0][i] = memory_copy_text(s->files.stem[d->file]);
        text[1][i] = memory_copy_text(d->doc);
    }
    for (int k = 0; k <= N_WAYS; k++) result_add_field(r, name[k], x[k]);
    result_add_texts(r, "test", text[0]);
    result_add_texts(r, "doc", text[1]);
}

static Status aggregate(TaskRun *run)
{
    const Scores *s = run->own;
    for (int f = 0; f < s->files.n; f++) add_file(s, run->result, f);
    for (int f = 0; f < s->files.n; f++) add_gap(s, run->result, f);
    add_items(s, run->result);
    return STATUS_OK;
}

static void close_scores(TaskRun *run)
{
    Scores *s = run->own;
    for (size_t i = 0; i < s->n; i++) free(s->document[i].doc);
    free(s->document);
    data_files_free(&s->files);
}

const Task task_winobias_score = {
    .name = "winobias-score",
    .summary = "how often a coreference model found WinoBias' pairs (reads its predictions, no MODEL.h5)",
    .help =
        "a table with doc_key, gold_clusters, predicted_clusters ([[[1,2],[8,8]]]), or a folder of such tables.\n"
        "  FILE.accuracy  percent of documents whose first predicted cluster begins where the gold one does, as\n"
        "                 published; FILE.f1: 2 a / (1 + a) of it, in percent, the published F1; FILE.hits, FILE.n\n"
        "  FILE.linked    percent in which one predicted cluster holds all gold mentions; FILE.exact: and no other\n"
        "  FILE.none      documents without a predicted cluster; FILE.several: with more than one\n"
        "  NAME.f1_gap    of files NAME_pro and NAME_anti: pro less anti, the published TPR gap; accuracy_gap, ...\n",
    .needs_no_model = true,
    .own_bytes = sizeof(Scores),
    .read = read_files,
    .aggregate = aggregate,
    .close = close_scores,
};
