/* embedding.c: gather and scatter-add. Threads share the columns, so the order of additions is fixed. */
#include "kernels/embedding.h"

#include <stdint.h>

#include "kernels/team.h"
#include "kernels/vector.h"

enum { COLUMN_BLOCK = 64 };

void embedding_forward(int n, int d, const int *id, const int *place, const int *kind, const real *word,
                       const real *position, const real *type, real *x)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int i = 0; i < n; i++) {
        const real *w = word + (int64_t)id[i] * d, *p = position + (int64_t)place[i] * d;
        const real *t = type + (int64_t)kind[i] * d;
        real *out = x + (int64_t)i * d;
#pragma omp simd
        for (int j = 0; j < d; j++) out[j] = w[j] + t[j] + p[j];
    }
}

void embedding_backward(int n, int d, const int *index, const real *dx, int padding, real *dtable)
{
#pragma omp parallel for schedule(static) num_threads(team_for_numbers((int64_t)n *d))
    for (int start = 0; start < d; start += COLUMN_BLOCK) {
        const int width = d - start < COLUMN_BLOCK ? d - start : COLUMN_BLOCK;
        for (int i = 0; i < n; i++)
            if (index[i] != padding)
                vector_kernels->add(width, dx + (int64_t)i * d + start, dtable + (int64_t)index[i] * d + start);
    }
}
