/* panels.c: parts of C, each by one thread: some rows of A past some panels, a stretch of k at a time, so that the rows
 * and the panel they pass are in cache. */
#include "kernels/panels.h"

#include "kernels/gemm.h"
#include "kernels/team.h"
#include "kernels/vector.h"

enum {
    ROWS = 256,        /* of a part: a panel is read from far away once for so many */
    STRETCH = 512,     /* of k */
    PARTS_A_THREAD = 4 /* at least, as far as there are panels: then threads end together */
};

static int panels_of(int n)
{
    return product_padded(n) / PRODUCT_PAD;
}

size_t panels_size(int n, int k)
{
    return (size_t)product_padded(n) * (size_t)k;
}

void panels_fill(Transpose t, int n, int k, const real *w, real *panels)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *k))
    for (int p = 0; p < panels_of(n); p++) {
        const int64_t first = (int64_t)p * PRODUCT_PAD;
        const int columns = n - first < PRODUCT_PAD ? (int)(n - first) : PRODUCT_PAD;
        real *to = panels + first * k;
        if (t == PLAIN) vector_kernels->pack(k, columns, w + first, n, NULL, to);
        else vector_kernels->pack_transposed(columns, k, w + first * k, k, 1, to);
    }
}

typedef struct {
    int m, n, k, lda, ldc;
    bool adds;
} Shape;

/* Rows from `row` on past panels first .. end - 1. A sum goes on where its last stretch left it: the same bits. */
static void part(const Shape *s, int row, int first, int end, const real *a, const real *panels, const real *bias,
                 real *c)
{
    const int rows = s->m - row < ROWS ? s->m - row : ROWS;
    for (int l = 0; l < s->k || l == 0; l += STRETCH)
        for (int p = first; p < end; p++) {
            const int column = p * PRODUCT_PAD, columns = s->n - column < PRODUCT_PAD ? s->n - column : PRODUCT_PAD;
            const int length = s->k - l < STRETCH ? s->k - l : STRETCH;
            const real *panel = panels + (int64_t)column * s->k + (int64_t)l * PRODUCT_PAD;
            real *to = c + (int64_t)row * s->ldc + column;
            vector_kernels->small_product(rows, columns, length, a + (int64_t)row * s->lda + l, s->lda, 1, panel,
                                          PRODUCT_PAD, s->adds || l > 0, to, s->ldc, NULL);
            for (int i = 0; i < rows && bias && l + length == s->k; i++)
                vector_kernels->add_bias(1, columns, bias + column, to + (int64_t)i * s->ldc);
        }
}

void panels_product(int m, int n, int k, const real *a, int lda, const real *panels, bool adds, const real *bias,
                    real *c, int ldc)
{
    const Shape s = {m, n, k, lda, ldc, adds};
    if (m == 0 || n == 0) return;
    TeamRegion region = team_begin(2.0 * m * n * k);
    const int down = (m + ROWS - 1) / ROWS, wanted = (PARTS_A_THREAD * region.threads + down - 1) / down;
    const int each = (panels_of(n) + wanted - 1) / wanted, across = (panels_of(n) + each - 1) / each;
#pragma omp parallel num_threads(region.threads)
    {
#pragma omp for schedule(dynamic) nowait
        for (int i = 0; i < down * across; i++) {
            const int first = i % across * each, end = first + each < panels_of(n) ? first + each : panels_of(n);
            part(&s, i / across * ROWS, first, end, a, panels, bias, c);
            const int rows = m - i / across * ROWS < ROWS ? m - i / across * ROWS : ROWS;
            team_add(&region, 2.0 * rows * (end - first) * PRODUCT_PAD * k);
        }
        team_arrive(&region);
    }
    team_end(&region);
}
