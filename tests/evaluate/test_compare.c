/* test_compare.c: the paired bootstrap against numpy (tests/golden/compare.tsv, written by tests/oracle/compare.py with
 * the same random numbers): units of one row and of three, strata, two stages; a ratio, a deviation, too few items. */
#include "evaluate/compare.h"

#include "../harness.h"
#include "base/log.h"
#include "base/memory.h"

enum { ROWS = 60 };

static double deviation_of(const double *sum)
{
    const double mean = sum[0] / sum[2];
    return sqrt(sum[1] / sum[2] - mean * mean);
}

static void fill(const EvaluationResult *items, Measures *m)
{
    const double *x = result_numbers(items, "x");
    measures_add_mean(m, "mean", x);
    Measure *weighted = measures_add(m, "weighted", 2, measure_ratio), *deviation, *few;
    for (int i = 0; i < ROWS; i++) weighted->x[1][i] = 1 + i % 3, weighted->x[0][i] = x[i] * weighted->x[1][i];
    deviation = measures_add(m, "deviation", 3, deviation_of);
    for (int i = 0; i < ROWS; i++) deviation->x[0][i] = x[i], deviation->x[1][i] = x[i] * x[i], deviation->x[2][i] = 1;
    few = measures_add(m, "few", 2, measure_ratio);
    for (int i = 0; i < 4; i++) few->x[0][i] = x[i], few->x[1][i] = 1;
}

static void fill_units(const EvaluationResult *items, Measures *m)
{
    measures_set_units(m, "triple", result_texts(items, "unit"));
    fill(items, m);
}

static void fill_strata(const EvaluationResult *items, Measures *m)
{
    measures_set_groups(m, result_texts(items, "group"), false);
    fill_units(items, m);
}

static void fill_stages(const EvaluationResult *items, Measures *m)
{
    measures_set_groups(m, result_texts(items, "group"), true);
    fill_units(items, m);
}

static const struct {
    const char *name, *unit;
    MeasuresOf fill;
} plan[] = {{"rows", "item", fill},
            {"units", "triple", fill_units},
            {"strata", "triple", fill_strata},
            {"stages", "triple", fill_stages}};

static EvaluationResult make(bool other)
{
    EvaluationResult r = {.task = "toy", .model = other ? "other.h5" : "this.h5", .data = "data.txt", .n_rows = ROWS};
    double *x = memory_alloc(ROWS, sizeof *x);
    char **unit = memory_alloc(ROWS, sizeof *unit), **group = memory_alloc(ROWS, sizeof *group);
    r.row = memory_alloc(ROWS, sizeof *r.row);
    r.is_skipped = memory_alloc(ROWS, 1);
    for (int i = 0; i < ROWS; i++) {
        x[i] = other ? 0.9 * sin(i * i + 0.4) : sin(i * i) + 0.3;
        unit[i] = memory_print("unit %d", i / 3), group[i] = memory_print("group %d", i / 3 % 4);
        r.row[i] = i;
    }
    x[other ? 11 : 7] = (double)NAN;
    r.is_skipped[other ? 11 : 7] = 1;
    result_add_field(&r, "x", x);
    result_add_texts(&r, "unit", unit);
    result_add_texts(&r, "group", group);
    return r;
}

static double most;

static void compare_number(double found, const char *expected)
{
    const double value = strtod(expected, NULL);
    const double error = isnan(found) != isnan(value) ? 1 : isnan(value) ? 0 : fabs(found - value);
    if (error > most) most = error;
}

/* Lines of one plan. */
static int compare_lines(FILE *f, const char *name, const Comparison *c)
{
    char line[512], plan_of[16], metric[16], x[6][32];
    long long units;
    size_t k = 0;
    rewind(f);
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%15s %15s %31s %31s %31s %31s %31s %31s %lld", plan_of, metric, x[0], x[1], x[2], x[3], x[4],
                   x[5], &units) != 9)
            continue;
        if (strcmp(plan_of, name) != 0 || k == c->n) continue;
        const Difference *d = &c->difference[k++];
        if (strcmp(metric, d->name) != 0 || units != d->n_units) most = 1;
        const double value[6] = {d->here, d->there, d->difference, d->low, d->high, d->p};
        for (int j = 0; j < 6; j++) compare_number(value[j], x[j]);
    }
    return (int)k;
}

static void against_numpy(const char *path)
{
    FILE *f = fopen("tests/golden/compare.tsv", "r");
    if (!check(f != NULL, "tests/golden/compare.tsv")) return;
    for (size_t p = 0; p < sizeof plan / sizeof plan[0]; p++) {
        EvaluationResult here = make(false);
        Status status = compare_results(plan[p].fill, path, &here);
        const Comparison *c = here.comparison;
        most = 0;
        const int n = c ? compare_lines(f, plan[p].name, c) : 0;
        check(!status && n == 4 && most < 1e-9, "%s: four metrics are numpy's: %.1e apart", plan[p].name, most);
        check(c && c->n_left_out == 2 && strcmp(c->unit, plan[p].unit) == 0 && strcmp(c->model, "other.h5") == 0,
              "%s: two rows are left out, the unit is named", plan[p].name);
        result_free(&here);
    }
    fclose(f);
}

/* A model with itself; each with the other. */
static void plain_truths(const char *path)
{
    EvaluationResult same = make(true), here = make(false);
    check(compare_results(fill_units, path, &same) == STATUS_OK, "a model with itself");
    const Difference *d = same.comparison->difference;
    check(d->difference == 0 && d->low == 0 && d->high == 0 && d->p == 1, "no difference, p = 1");
    char *back = memory_print("%s.back", path);
    check(!result_write(&here, back, "test") && !compare_results(fill, path, &here), "this with the other");
    EvaluationResult other = make(true);
    check(!compare_results(fill, back, &other), "the other with this");
    const Difference *x = here.comparison->difference, *y = other.comparison->difference;
    check(x->difference == -y->difference && near(x->low, -y->high, 1e-3) && x->p == y->p, "the same, turned about");
    result_free(&same), result_free(&here), result_free(&other);
    free(back);
}

int main(void)
{
    log_init(false);
    char *path = memory_print("%s/compare-other.h5", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    EvaluationResult other = make(true);
    if (check(result_write(&other, path, "test") == STATUS_OK, "the other model's scores")) {
        against_numpy(path);
        plain_truths(path);
    }
    result_free(&other);
    free(path);
    return harness_done();
}
