/* ladder_statistics.c: what stands on seeds, one value of each: Student's t over them, also of what the rank
 * correlation loses without each. */
#include "ladder_statistics.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* --- Student's t ---------------------------------------------------------------------------------------- */

double student_tail(double t, int freedom)
{
    const double angle = atan(fabs(t) / sqrt(freedom)), c = cos(angle), s = sin(angle);
    double term = freedom % 2 ? c : 1, sum = freedom == 1 ? 0 : term;
    for (int k = freedom % 2 ? 3 : 2; k <= freedom - 2; k += 2) {
        term *= c * c * (k - 1) / k;
        sum += term;
    }
    const double inside = freedom % 2 ? (angle + s * sum) * 2 / acos(-1.0) : s * sum;
    return inside < 1 ? 1 - inside : 0;
}

double student_quantile(double tail, int freedom)
{
    double low = 0, high = 1;
    while (student_tail(high, freedom) > tail) high *= 2;
    for (int i = 0; i < 100; i++) {
        const double middle = 0.5 * (low + high);
        if (student_tail(middle, freedom) > tail) low = middle;
        else high = middle;
    }
    return 0.5 * (low + high);
}

LadderMean ladder_mean(int n, const double *x, double centre)
{
    LadderMean m = {(double)NAN, (double)NAN, (double)NAN, (double)NAN, 0};
    double sum = 0, square = 0;
    for (int i = 0; i < n; i++)
        if (isfinite(x[i])) sum += x[i], m.n++;
    if (!m.n) return m;
    m.mean = sum / m.n;
    if (m.n < 2) return m;
    for (int i = 0; i < n; i++)
        if (isfinite(x[i])) square += (x[i] - m.mean) * (x[i] - m.mean);
    const double error = sqrt(square / (m.n - 1) / m.n), half = student_quantile(0.05, m.n - 1) * error;
    m.low = m.mean - half, m.high = m.mean + half;
    if (isfinite(centre))
        m.p = error > 0 ? student_tail((m.mean - centre) / error, m.n - 1) : m.mean == centre ? 1.0 : 0.0;
    return m;
}

/* --- rank correlation ----------------------------------------------------------------------------------- */

/* A model that has a value: ranks of its level and its value among those models. */
typedef struct {
    double value, x, y;
    int level, seed;
} Model;

static int by_value(const void *a, const void *b)
{
    const Model *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->level != y->level ? x->level - y->level : x->seed - y->seed;
}

/* Models with their ranks, equal ones sharing the mean of theirs; model [n_levels * n_seeds]. Returns how many. */
static int rank_models(const Ladder *l, const double *value, Model *model)
{
    int n = 0;
    for (int k = 0; k < l->n_levels; k++) {
        const int before = n;
        for (int s = 0; s < l->n_seeds; s++) {
            const double v = value[k * l->n_seeds + s];
            if (isfinite(v)) model[n++] = (Model){.value = v, .level = k, .seed = s};
        }
        for (int i = before; i < n; i++) model[i].x = 0.5 * (before + 1 + n);
    }
    qsort(model, (size_t)n, sizeof *model, by_value);
    for (int i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && model[end].value == model[i].value;) end++;
        for (int k = i; k < end; k++) model[k].y = 0.5 * (i + 1 + end);
    }
    return n;
}

double ladder_correlation(const Ladder *l, const double *value)
{
    Model *model = memory_alloc((size_t)(l->n_levels * l->n_seeds), sizeof *model);
    const int n = rank_models(l, value, model);
    const double middle = 0.5 * (n + 1); /* of ranks, ties or none */
    double xx = 0, yy = 0, xy = 0;
    for (int i = 0; i < n; i++) {
        const double a = model[i].x - middle, b = model[i].y - middle;
        xx += a * a, yy += b * b, xy += a * b;
    }
    free(model);
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}

double ladder_largest_correlation(const Ladder *l)
{
    const int n = l->n_levels * l->n_seeds;
    double *value = memory_alloc((size_t)n, sizeof *value);
    for (int i = 0; i < n; i++) value[i] = i;
    const double rho = ladder_correlation(l, value);
    free(value);
    return rho;
}

/* The jackknife (Tukey 1958) on Fisher's scale, where the spread depends little on rho: z = atanh of the correlation of
 * all models, and of those without each seed, give n z - (n - 1) z_without of each; Student's t of these. A bootstrap
 * over five seeds is too narrow: tests/oracle/ladder.py coverage. */
static void jackknife(const Ladder *l, const double *value, double rho, double *low, double *high)
{
    const int n_levels = l->n_levels, n_seeds = l->n_seeds;
    double *rest = memory_alloc((size_t)(n_levels * n_seeds), sizeof *rest);
    double *without = memory_alloc((size_t)n_seeds, sizeof *without);
    int n = 0;
    for (int s = 0; s < n_seeds; s++) {
        bool any = false;
        for (int i = 0; i < n_levels * n_seeds; i++) {
            rest[i] = i % n_seeds == s ? (double)NAN : value[i];
            any = any || (i % n_seeds == s && isfinite(value[i]));
        }
        if (any) without[n++] = atanh(ladder_correlation(l, rest));
    }
    const double z = atanh(rho);
    bool is_finite = isfinite(z);
    for (int k = 0; k < n; k++) {
        is_finite = is_finite && isfinite(without[k]);
        without[k] = n * z - (n - 1) * without[k];
    }
    *low = *high = (double)NAN;
    if (is_finite && n >= LADDER_LEAST) {
        const LadderMean m = ladder_mean(n, without, (double)NAN);
        if (m.high - m.low > 1e-9) *low = tanh(m.low), *high = tanh(m.high);
    }
    free(rest), free(without);
}

/* --- levels ----------------------------------------------------------------------------------------------- */

static void compare_levels(const Ladder *l, const double *value, LadderResult *r)
{
    double *difference = memory_alloc((size_t)l->n_seeds, sizeof *difference);
    r->at = memory_alloc((size_t)l->n_levels, sizeof *r->at);
    r->difference = memory_alloc((size_t)l->n_levels, sizeof *r->difference);
    for (int k = 0; k < l->n_levels; k++) {
        const double *x = value + k * l->n_seeds;
        for (int s = 0; s < l->n_seeds; s++) difference[s] = x[s] - value[s];
        r->at[k] = ladder_mean(l->n_seeds, x, (double)NAN);
        r->difference[k] = ladder_mean(l->n_seeds, difference, 0);
    }
    free(difference);
    r->told = l->n_levels;
    r->direction = 0;
    for (int k = l->n_levels - 1; k > 0; k--) {
        const LadderMean *d = &r->difference[k];
        const int direction = d->low > 0 ? 1 : d->high < 0 ? -1 : 0;
        if (!direction || (r->direction && direction != r->direction)) break;
        r->direction = direction;
        r->told = k;
    }
}

static void compare_with_fair(const Ladder *l, const LadderScore *s, LadderResult *r)
{
    r->at_fair = ladder_mean(l->n_seeds, s->value, s->fair);
    for (int i = 0; i < l->n_seeds && isfinite(s->fair); i++) {
        if (!isfinite(s->low[i]) || !isfinite(s->high[i])) continue;
        r->n_own++;
        r->n_outside += s->low[i] > s->fair || s->high[i] < s->fair;
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Holm 1979: the k-th smallest of m p-values times m - k (k from 0), never smaller than the one before. */
static void adjust(int n, LadderResult *result)
{
    double *p = memory_alloc((size_t)n + 1, sizeof *p);
    int m = 0;
    for (int i = 0; i < n; i++)
        if (!isnan(result[i].at_fair.p)) p[m++] = result[i].at_fair.p;
    qsort(p, (size_t)m, sizeof *p, ascending);
    for (int i = 0; i < n; i++) {
        LadderResult *r = &result[i];
        r->p_adjusted = isnan(r->at_fair.p) ? (double)NAN : 0;
        for (int k = 0; k < m && p[k] <= r->at_fair.p; k++)
            r->p_adjusted = fmax(r->p_adjusted, fmin(1, p[k] * (m - k)));
    }
    free(p);
}

LadderResult *ladder_results(const Ladder *l)
{
    LadderResult *result = memory_alloc((size_t)l->n_scores + 1, sizeof *result);
    for (int i = 0; i < l->n_scores; i++) {
        LadderResult *r = &result[i];
        const LadderScore *s = &l->score[i];
        r->rho = ladder_correlation(l, s->value);
        jackknife(l, s->value, r->rho, &r->rho_low, &r->rho_high);
        compare_with_fair(l, s, r);
        compare_levels(l, s->value, r);
    }
    adjust(l->n_scores, result);
    return result;
}

LadderFair ladder_count_fair(const Ladder *l, const LadderResult *result)
{
    LadderFair fair = {0};
    for (int i = 0; i < l->n_scores; i++) {
        if (!l->score[i].is_listed || isnan(result[i].at_fair.p)) continue;
        fair.n++;
        fair.n_differ += result[i].at_fair.p < 0.05;
        fair.n_adjusted += result[i].p_adjusted < 0.05;
    }
    return fair;
}

void ladder_results_free(LadderResult *result, int n)
{
    for (int i = 0; i < n; i++) free(result[i].at), free(result[i].difference);
    free(result);
}
