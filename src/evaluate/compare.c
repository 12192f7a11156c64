/* compare.c: items of two models -> sums by unit -> resamples of units -> differences. */
#include "evaluate/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "kernels/team.h"

/* --- measures --------------------------------------------------------------------------------------- */

Measure *measures_add(Measures *m, const char *name, int n_sums, MeasureOf of)
{
    memory_reserve((void **)&m->measure, &m->capacity, m->n + 1, sizeof *m->measure);
    Measure *measure = &m->measure[m->n++];
    *measure = (Measure){.name = memory_copy_text(name), .of = of, .n_sums = n_sums};
    for (int s = 0; s < n_sums; s++) measure->x[s] = memory_alloc((size_t)m->n_rows + 1, sizeof(double));
    return measure;
}

double measure_ratio(const double *sum)
{
    return sum[1] != 0 ? sum[0] / sum[1] : (double)NAN;
}

void measures_add_mean(Measures *m, const char *name, const double *x)
{
    Measure *measure = measures_add(m, name, 2, measure_ratio);
    for (int64_t i = 0; i < m->n_rows; i++) measure->x[0][i] = x[i], measure->x[1][i] = 1;
}

typedef struct {
    const char *text;
    int64_t row;
} Named;

static int by_text(const void *a, const void *b)
{
    const Named *x = a, *y = b;
    const int order = strcmp(x->text, y->text);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* Numbers by text, in the order of their first rows: a function of the data alone. */
static void number(int64_t n, char *const *text, int *of)
{
    Named *named = memory_alloc((size_t)n + 1, sizeof *named);
    int *first = memory_alloc((size_t)n + 1, sizeof *first), next = 0; /* of a row: the first row of its text */
    for (int64_t i = 0; i < n; i++) named[i] = (Named){text[i], i};
    qsort(named, (size_t)n, sizeof *named, by_text);
    for (int64_t i = 0, head = 0; i < n; i++) {
        if (strcmp(named[i].text, named[head].text) != 0) head = i;
        first[named[i].row] = (int)named[head].row;
    }
    for (int64_t i = 0; i < n; i++) of[i] = first[i] == i ? next++ : of[first[i]];
    free(named), free(first);
}

void measures_set_units(Measures *m, const char *what, char *const *text)
{
    m->unit = what;
    number(m->n_rows, text, m->unit_of);
}

void measures_set_groups(Measures *m, char *const *text, bool drawn)
{
    m->draws_groups = drawn;
    number(m->n_rows, text, m->group_of);
}

static void open_measures(const EvaluationResult *r, MeasuresOf fill, Measures *m)
{
    *m = (Measures){.n_rows = r->n_rows, .unit = "item"};
    m->unit_of = memory_alloc((size_t)r->n_rows + 1, sizeof *m->unit_of);
    m->group_of = memory_alloc((size_t)r->n_rows + 1, sizeof *m->group_of);
    for (int64_t i = 0; i < r->n_rows; i++) m->unit_of[i] = (int)i;
    fill(r, m);
}

static void free_measures(Measures *m)
{
    for (size_t k = 0; k < m->n; k++) {
        for (int s = 0; s < m->measure[k].n_sums; s++) free(m->measure[k].x[s]);
        free(m->measure[k].name);
    }
    free(m->measure);
    free(m->unit_of);
    free(m->group_of);
}

/* --- resamples -------------------------------------------------------------------------------------- */

/* Units, group by group. */
typedef struct {
    int n_units, n_groups;
    int *unit;  /* owned [n_units] in the order of groups */
    int *first; /* owned [n_groups + 1] */
    bool draws_groups;
} Plan;

static Plan plan_of(const Measures *m)
{
    Plan p = {.draws_groups = m->draws_groups};
    for (int64_t i = 0; i < m->n_rows; i++) {
        p.n_units = m->unit_of[i] >= p.n_units ? m->unit_of[i] + 1 : p.n_units;
        p.n_groups = m->group_of[i] >= p.n_groups ? m->group_of[i] + 1 : p.n_groups;
    }
    int *group = memory_alloc((size_t)p.n_units + 1, sizeof *group);
    p.unit = memory_alloc((size_t)p.n_units + 1, sizeof *p.unit);
    p.first = memory_alloc((size_t)p.n_groups + 2, sizeof *p.first);
    for (int64_t i = 0; i < m->n_rows; i++) group[m->unit_of[i]] = m->group_of[i];
    for (int u = 0; u < p.n_units; u++) p.first[group[u] + 2]++;
    for (int g = 0; g < p.n_groups; g++) p.first[g + 1] += p.first[g];
    for (int u = 0; u < p.n_units; u++) p.unit[p.first[group[u] + 1]++] = u;
    free(group);
    return p;
}

/* times [n_units]: how often round `round` draws each unit. */
static void resample(const Plan *p, int round, double *times)
{
    RandomDraws draws = random_draws(COMPARE_SEED, RANDOM_BOOTSTRAP, (uint32_t)round);
    memset(times, 0, (size_t)p->n_units * sizeof *times);
    for (int i = 0; i < p->n_groups; i++) {
        const int g = p->draws_groups ? (int)random_next_below(&draws, (uint32_t)p->n_groups) : i,
                  n = p->first[g + 1] - p->first[g];
        for (int k = 0; k < n; k++) times[p->unit[p->first[g] + (int)random_next_below(&draws, (uint32_t)n)]]++;
    }
}

/* One metric of both models: what each unit that counts adds to the sums, [n][model][sum]. */
typedef struct {
    int n_sums, n;
    int *unit; /* owned [n] */
    double *x; /* owned [n, 2 n_sums] */
    MeasureOf of;
} UnitSums;

static UnitSums unit_sums(const Measures *a, const Measures *b, size_t k, int n_units)
{
    const Measure *both[2] = {&a->measure[k], &b->measure[k]};
    UnitSums u = {.n_sums = both[0]->n_sums, .of = both[0]->of};
    const size_t width = 2 * (size_t)u.n_sums;
    double *all = memory_alloc((size_t)n_units * width + 1, sizeof *all);
    u.unit = memory_alloc((size_t)n_units + 1, sizeof *u.unit);
    for (int64_t i = 0; i < a->n_rows; i++) {
        bool is_measured = true;
        for (int s = 0; s < u.n_sums; s++) is_measured &= !isnan(both[0]->x[s][i]) && !isnan(both[1]->x[s][i]);
        double *sum = all + (size_t)a->unit_of[i] * width;
        for (int s = 0; s < 2 * u.n_sums && is_measured; s++) sum[s] += both[s / u.n_sums]->x[s % u.n_sums][i];
    }
    for (int unit = 0; unit < n_units; unit++) {
        const double *sum = all + (size_t)unit * width;
        bool counts = false;
        for (size_t s = 0; s < width; s++) counts |= sum[s] != 0;
        if (counts) memmove(all + (size_t)u.n * width, sum, width * sizeof *sum), u.unit[u.n++] = unit;
    }
    u.x = all;
    return u;
}

/* times NULL: every unit once. */
static void values(const UnitSums *u, const double *times, double value[2])
{
    double sum[2 * MEASURE_SUMS] = {0};
    for (int i = 0; i < u->n; i++) {
        const double factor = times ? times[u->unit[i]] : 1;
        for (int s = 0; s < 2 * u->n_sums && factor != 0; s++) sum[s] += factor * u->x[i * 2 * u->n_sums + s];
    }
    for (int model = 0; model < 2; model++) value[model] = u->of(sum + model * u->n_sums);
}

/* Twice the smaller share of n differences on one side of 0, those on it on both, one added to each. */
static double p_of(int n, const double *x)
{
    int not_above = 0, not_below = 0, measured = 0;
    for (int i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        measured++;
        not_above += x[i] <= 0, not_below += x[i] >= 0;
    }
    const double p = 2 * (1.0 + (not_above < not_below ? not_above : not_below)) / (measured + 1);
    return p < 1 ? p : 1;
}

static Difference difference_of(const UnitSums *u, const char *name, const Plan *plan, double *all)
{
    double value[2];
    values(u, NULL, value);
    Difference d = {.name = memory_copy_text(name),
                    .here = value[0],
                    .there = value[1],
                    .difference = value[0] - value[1],
                    .low = (double)NAN,
                    .high = (double)NAN,
                    .p = (double)NAN,
                    .n_units = u->n};
    if (u->n < STATISTICS_LEAST || isnan(d.difference)) return d;
#pragma omp parallel num_threads(team_for_numbers(8LL * COMPARE_RESAMPLES * (plan->n_units + u->n)))
    {
        double *times = memory_alloc((size_t)plan->n_units + 1, sizeof *times), both[2];
#pragma omp for schedule(static)
        for (int r = 0; r < COMPARE_RESAMPLES; r++) {
            resample(plan, r, times);
            values(u, times, both);
            all[r] = both[0] - both[1];
        }
        free(times);
    }
    const double p = p_of(COMPARE_RESAMPLES, all);
    const Interval interval = statistics_interval(COMPARE_RESAMPLES, all);
    d.low = interval.low, d.high = interval.high, d.p = isnan(interval.low) ? (double)NAN : p;
    return d;
}

static Comparison *compare(const EvaluationResult *here, const EvaluationResult *there, MeasuresOf fill)
{
    Comparison *c = memory_alloc(1, sizeof *c);
    Measures a, b;
    open_measures(here, fill, &a), open_measures(there, fill, &b);
    Plan plan = plan_of(&a);
    double *all = memory_alloc(COMPARE_RESAMPLES, sizeof *all);
    c->unit = a.unit;
    c->difference = memory_alloc(a.n + 1, sizeof *c->difference);
    for (int64_t i = 0; i < here->n_rows; i++) c->n_left_out += here->is_skipped[i] != there->is_skipped[i];
    for (size_t k = 0; k < a.n; k++) {
        UnitSums u = unit_sums(&a, &b, k, plan.n_units);
        c->difference[c->n++] = difference_of(&u, a.measure[k].name, &plan, all);
        free(u.unit), free(u.x);
    }
    free(plan.unit), free(plan.first), free(all);
    free_measures(&a), free_measures(&b);
    return c;
}

void comparison_free(Comparison *c)
{
    for (size_t k = 0; c && k < c->n; k++) free(c->difference[k].name);
    if (c) free(c->difference), free(c->model);
    free(c);
}

/* --- the other file --------------------------------------------------------------------------------- */

static Status same_text(H5File *file, const char *attribute, const char *here, const char *what)
{
    char *there = NULL;
    if (!here[0] || !h5_has_attribute(file, "/", attribute)) return STATUS_OK; /* earlier versions did not say */
    TRY(h5_get_text(file, "/", attribute, &there));
    const bool same = strcmp(there, here) == 0;
    if (!same) status_set(STATUS_DATA, __FILE__, __LINE__, "%s: %s '%s', here '%s'", h5_path(file), what, there, here);
    free(there);
    return same ? STATUS_OK : STATUS_DATA;
}

static Status check_file(const EvaluationResult *r, H5File *file)
{
    TRY(h5_check_format(file, "collapse-scores", "collapse evaluate --output writes what --compare reads"));
    TRY(same_text(file, "task", r->task, "holds scores of task"));
    CHECK(h5_exists(file, "/item/row") && h5_exists(file, "/item/skipped"), STATUS_DATA,
          "%s: holds no items (/item/row), only what they add up to; a paired comparison needs the score of every item",
          h5_path(file));
    TRY(same_text(file, "data_xxh128", r->data_hash, "was made from other data than --data: their xxh128 is"));
    return same_text(file, "keys", r->keys ? r->keys : "", "was made with");
}

Status compare_check(const EvaluationResult *r, const char *path)
{
    H5File *file;
    TRY(h5_open(path, &file));
    Status status = check_file(r, file);
    h5_close(&file);
    return status;
}

/* Control pairs are not compared: the other model may have been measured without them. */
static void fill_field(const ResultField *like, int64_t n, ResultField *field)
{
    if (like->text) field->text = memory_alloc((size_t)n + 1, sizeof *field->text);
    else field->number = memory_alloc((size_t)n + 1, sizeof *field->number);
    for (int64_t i = 0; i < n; i++)
        if (like->text) field->text[i] = memory_copy_text(like->text[i]);
        else field->number[i] = (double)NAN;
}

static Status read_field(H5File *file, const ResultField *like, EvaluationResult *other)
{
    char *path = memory_print("/item/%s", like->name);
    ResultField *field = &other->field[other->n_fields++];
    int64_t n = other->n_rows;
    *field = (ResultField){.name = like->name};
    Status status = STATUS_OK;
    if (!h5_exists(file, path) && strstr(like->name, "control")) fill_field(like, n, field);
    else if (!h5_exists(file, path))
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: has no %s: it was written by another version; evaluate that model again",
                            h5_path(file), path);
    else if (like->text) status = h5_read_texts(file, path, &field->text, &n);
    else status = h5_read(file, path, H5_F64, n, field->number = memory_alloc((size_t)n + 1, sizeof(double)));
    free(path);
    return status;
}

/* The same record, and where both keep texts that do not depend on the model, the same. */
static Status check_rows(const char *path, const EvaluationResult *here, const EvaluationResult *there)
{
    for (int64_t i = 0; i < here->n_rows; i++) {
        CHECK(here->row[i] == there->row[i], STATUS_DATA,
              "%s: item %lld is record %lld of its data, here it is record %lld: other data, or read in another way",
              path, (long long)i, (long long)there->row[i], (long long)here->row[i]);
        for (int f = 0; f < here->n_fields; f++)
            CHECK(!here->field[f].text || strcmp(here->field[f].text[i], there->field[f].text[i]) == 0, STATUS_DATA,
                  "%s: item %lld has %s '%s', here '%s': other data, or read in another way", path, (long long)i,
                  here->field[f].name, there->field[f].text[i], here->field[f].text[i]);
    }
    return STATUS_OK;
}

static Status read_items(H5File *file, const EvaluationResult *here, EvaluationResult *there, char **model)
{
    H5Shape shape;
    TRY(check_file(here, file));
    TRY(h5_get_text(file, "/", "model", model));
    TRY(h5_shape(file, "/item/row", &shape));
    CHECK(shape.count == here->n_rows, STATUS_DATA,
          "%s: holds %lld items, %s has %lld: both models must be measured on the same data", h5_path(file),
          (long long)shape.count, here->data, (long long)here->n_rows);
    there->row = memory_alloc((size_t)shape.count + 1, sizeof *there->row);
    there->is_skipped = memory_alloc((size_t)shape.count + 1, 1);
    TRY(h5_read(file, "/item/row", H5_I64, shape.count, there->row));
    TRY(h5_read(file, "/item/skipped", H5_U8, shape.count, there->is_skipped));
    there->n_rows = shape.count;
    for (int f = 0; f < here->n_fields; f++) TRY(read_field(file, &here->field[f], there));
    return check_rows(h5_path(file), here, there);
}

Status compare_results(MeasuresOf fill, const char *path, EvaluationResult *here)
{
    H5File *file;
    EvaluationResult there = {.task = here->task};
    char *model = NULL;
    TRY(h5_open(path, &file));
    Status status = read_items(file, here, &there, &model);
    h5_close(&file);
    if (!status) {
        here->comparison = compare(here, &there, fill);
        here->comparison->other = path;
        here->comparison->model = model, model = NULL;
        if (here->comparison->n_left_out)
            log_line("%s: %lld items are scored by one of the two models only: not compared", path,
                     (long long)here->comparison->n_left_out);
    }
    free(model);
    result_free(&there);
    return status;
}
