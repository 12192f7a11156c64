/* bf16_product.c: panels of B are put in order, and rows of A pass them, some at a time: these are in a thread's second
 * cache then, and a tile's rows and a panel's next pairs in the first. A is read where it lies if its pairs along k are
 * neighbours there.
 *
 * Where C has columns enough, every thread takes some panels for itself and computes all their rows: threads meet once,
 * at the end. Else panels are put in order by all threads, once, and parts of rows pass them: more parts for many
 * threads, but they wait for each other in every round. */
#include "kernels/bf16_product.h"

#include <omp.h>
#include <stdlib.h>

#include "base/memory.h"
#include "bf16_tile.h"
#include "kernels/team.h"

enum {
    SHARED_BYTES = 4 << 20, /* of the panels of a round of all threads, about */
    OWN_BYTES = 640 << 10,  /* of one thread's */
    STRETCH = 1536,         /* of k at a time, at most, if C can hold sums between two */
    ROWS = 128,             /* at a time, at most */
    LEAST_ROWS = 64,        /* and at least, to have PARTS for every thread */
    LEAST_PANELS = 4,       /* of a part, for the same */
    PARTS = 4,              /* then threads end together; */
    PARTS_PACKED = 2,       /* but every part of other columns puts its rows of A in order again */
    PAGE = 4096,
    BF16_FASTER = 2 /* than fp32, about: kernels/team knows the speed of fp32 */
};

typedef struct {
    const Product *p;
    const Bf16 *a, *b;
    const float *bias;
    float *x;
    Bf16 *rounded;
    int threads;
    bool is_packed;               /* A */
    bool is_alone;                /* a round is one thread's */
    int stretch;                  /* of k, by its length alone: even */
    int panels, chunk;            /* of a round; chunk is of k, whole stretches */
    int rows, part_panels;        /* of a part */
    char *memory;                 /* panels, of all threads or one behind the other; then their rows of A */
    size_t panels_bytes;          /* of a round */
    size_t strip_at, strip_bytes; /* where the rows of thread 0 begin; of each */
} Work;

/* What is computed with: panels from `panel` on, `length` of k from l on; and where they stand in order. */
typedef struct {
    int panel, panels, l, length;
    Bf16Pair *at;
} Round;

static char *block; /* owned */
static size_t block_bytes;

bool bf16_product_is_built(void)
{
    return bf16_tile_is_built();
}

/* --- how work is cut -------------------------------------------------------------------------------- */

/* product_even, for no length and a small `most` too. */
static int even_part(int length, int most, int multiple)
{
    return length > 0 ? product_even(length, most < multiple ? multiple : most, multiple) : multiple;
}

static int panels_within(size_t bytes, int length)
{
    const size_t panels = bytes / ((size_t)length * BF16_PANEL * sizeof(Bf16));
    return panels > 1 ? (int)panels : 1;
}

/* A thread's own panels, a stretch of k at a time, if there are rounds enough for the threads. */
static bool cut_alone(Work *w)
{
    const int panels = product_parts(w->p->n, BF16_PANEL), wanted = PARTS_PACKED * w->threads;
    int each = even_part(panels, panels_within(OWN_BYTES, w->stretch), 1);
    if (product_parts(panels, each) < wanted) each = even_part(panels, panels / wanted, 1);
    if (w->threads == 1 || each < LEAST_PANELS || product_parts(panels, each) < wanted) return false;
    w->panels = w->part_panels = each;
    w->chunk = w->stretch;
    w->rows = even_part(w->p->m, ROWS, BF16_ROWS);
    return true;
}

/* Rounds go over the longer one of n and k, so that C is not added to, and B's rows not cut, more than need be. */
static void cut_rounds(Work *w)
{
    const Product *p = w->p;
    const int panels = product_parts(p->n, BF16_PANEL), stretches = p->k > 0 ? product_parts(p->k, w->stretch) : 1;
    const int at_hand = panels_within(SHARED_BYTES, w->stretch) / panels; /* stretches of all panels */
    const int most = p->k > p->n && at_hand < stretches ? at_hand > 0 ? at_hand : 1 : stretches;
    w->chunk = even_part(stretches, most, 1) * w->stretch;
    w->panels = even_part(panels, panels_within(SHARED_BYTES, w->chunk), 1);
}

static void cut_parts(Work *w)
{
    const int m = w->p->m, wanted = w->threads > 1 ? w->threads * (w->is_packed ? PARTS_PACKED : PARTS) : 1;
    const int most = even_part(m, ROWS, BF16_ROWS), rows = even_part(m, product_parts(m, wanted), BF16_ROWS);
    w->rows = rows > LEAST_ROWS ? rows : LEAST_ROWS;
    if (w->rows > most) w->rows = most;
    const int panels = product_parts(w->panels, product_parts(wanted, product_parts(m, w->rows)));
    w->part_panels = panels > LEAST_PANELS ? panels : LEAST_PANELS;
}

static size_t pages(size_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

static size_t larger(size_t x, size_t y)
{
    return x > y ? x : y;
}

/* At once as much as usual shapes need on all threads: later steps allocate nothing. */
static void take_memory(Work *w)
{
    const size_t all = (size_t)gemm_threads(), usual = larger(SHARED_BYTES, all * OWN_BYTES);
    w->strip_bytes = pages((size_t)ROWS * larger((size_t)w->stretch, STRETCH) * sizeof(Bf16));
    w->panels_bytes = pages((size_t)w->panels * BF16_PANEL * (size_t)w->chunk * sizeof(Bf16));
    w->strip_at = larger(usual, w->panels_bytes * (size_t)(w->is_alone ? w->threads : 1));
    const size_t wanted = PAGE + w->strip_at + w->strip_bytes * larger(all, (size_t)w->threads);
    if (wanted > block_bytes) {
        free(block);
        block = memory_alloc(wanted, 1);
        block_bytes = wanted;
    }
    w->memory = block + (PAGE - (uintptr_t)block % PAGE) % PAGE;
}

/* --- a round ---------------------------------------------------------------------------------------- */

static int chunks_of(const Work *w)
{
    return w->p->k > 0 ? product_parts(w->p->k, w->chunk) : 1;
}

static Round round_of(const Work *w, int i)
{
    const Product *p = w->p;
    const int panels = product_parts(p->n, BF16_PANEL), chunks = chunks_of(w);
    const size_t thread = w->is_alone ? (size_t)omp_get_thread_num() : 0;
    Round r = {.panel = i / chunks * w->panels,
               .l = i % chunks * w->chunk,
               .at = (Bf16Pair *)(w->memory + thread * w->panels_bytes)};
    r.panels = panels - r.panel < w->panels ? panels - r.panel : w->panels;
    r.length = p->k - r.l < w->chunk ? p->k - r.l : w->chunk;
    return r;
}

static int columns_of(const Product *p, int panel)
{
    const int left = p->n - panel * BF16_PANEL;
    return left < BF16_PANEL ? left : BF16_PANEL;
}

static Bf16Pair *panel_of(const Work *w, const Round *r, int i)
{
    return r->at + (int64_t)i * (w->chunk / 2) * BF16_PANEL;
}

/* Panels first .. end - 1 of the round. */
static void put_panels(const Work *w, const Round *r, int first, int end)
{
    const Product *p = w->p;
    const int64_t next = (int64_t)(w->chunk / 2) * BF16_PANEL, column = (int64_t)(r->panel + first) * BF16_PANEL;
    const int left = p->n - (int)column, all = (end - first) * BF16_PANEL;
    if (p->tb == PLAIN)
        bf16_pairs(r->length, left < all ? left : all, BF16_PANEL, w->b + r->l * (int64_t)p->ldb + column, p->ldb,
                   panel_of(w, r, first), next);
    for (int i = first; i < end && p->tb == TRANSPOSED; i++)
        bf16_pairs_transposed(r->length, columns_of(p, r->panel + i), BF16_PANEL,
                              w->b + (r->panel + i) * (int64_t)BF16_PANEL * p->ldb + r->l, p->ldb, panel_of(w, r, i));
}

typedef struct {
    const Bf16 *a;
    int64_t row, pair; /* from one to the next */
} Rows;

/* `length` of k from l on of rows of A; put in order if they are not read where they lie. */
static Rows rows_at_hand(const Work *w, int l, int length, int row, int rows)
{
    const Product *p = w->p;
    const Bf16 *a = p->ta == PLAIN ? w->a + row * (int64_t)p->lda + l : w->a + l * (int64_t)p->lda + row;
    if (!w->is_packed) return (Rows){a, p->lda, 2};
    Bf16Pair *strip = (Bf16Pair *)(w->memory + w->strip_at + w->strip_bytes * (size_t)omp_get_thread_num());
    if (p->ta == PLAIN) bf16_pairs_transposed(length, rows, ROWS, a, p->lda, strip);
    else bf16_pairs(length, rows, ROWS, a, p->lda, strip, 0);
    return (Rows){&strip->first, 2, 2 * ROWS};
}

/* Rows of C past panels first .. end - 1 of the round. */
static void compute(const Work *w, const Round *r, int row, int rows, int first, int end)
{
    const Product *p = w->p;
    for (int l = 0; l < r->length || l == 0; l += w->stretch) {
        const int length = r->length - l < w->stretch ? r->length - l : w->stretch, at_k = r->l + l;
        const Rows at = rows_at_hand(w, at_k, length, row, rows);
        for (int i = first; i < end; i++) {
            const int64_t column = (int64_t)(r->panel + i) * BF16_PANEL, to = row * (int64_t)p->ldc + column;
            const Bf16Result c = {.adds = p->beta != 0 || at_k > 0,
                                  .bias = w->bias && at_k + length == p->k ? w->bias + column : NULL,
                                  .x = w->rounded ? NULL : w->x + to,
                                  .rounded = w->rounded ? w->rounded + to : NULL,
                                  .ld = p->ldc};
            bf16_tiles(rows, columns_of(p, r->panel + i), (length + 1) / 2, at.a, at.row, at.pair,
                       panel_of(w, r, i) + (int64_t)(l / 2) * BF16_PANEL, &c);
        }
    }
}

static double operations_of(const Work *w, const Round *r, int rows, int first, int end)
{
    const int left = w->p->n - (r->panel + first) * BF16_PANEL, all = (end - first) * BF16_PANEL;
    return 2.0 * rows * (left < all ? left : all) * r->length / BF16_FASTER;
}

/* By one thread: all of k, all rows. */
static void run_alone(const Work *w, int group, TeamRegion *region)
{
    const int chunks = chunks_of(w);
    for (int i = 0; i < chunks; i++) {
        const Round r = round_of(w, group * chunks + i);
        put_panels(w, &r, 0, r.panels);
        for (int row = 0; row < w->p->m; row += w->rows)
            compute(w, &r, row, w->p->m - row < w->rows ? w->p->m - row : w->rows, 0, r.panels);
        team_add(region, operations_of(w, &r, w->p->m, 0, r.panels));
    }
}

/* By all threads of the region, which come here together. */
static void run_together(const Work *w, const Round *r, TeamRegion *region)
{
    const Product *p = w->p;
    const int down = product_parts(p->m, w->rows), across = product_parts(r->panels, w->part_panels);
#pragma omp for schedule(dynamic)
    for (int i = 0; i < r->panels; i += LEAST_PANELS)
        put_panels(w, r, i, r->panels - i < LEAST_PANELS ? r->panels : i + LEAST_PANELS);
#pragma omp for schedule(dynamic) nowait
    for (int i = 0; i < down * across; i++) {
        const int row = i / across * w->rows, rows = p->m - row < w->rows ? p->m - row : w->rows;
        const int first = i % across * w->part_panels, left = r->panels - first;
        const int end = left < w->part_panels ? r->panels : first + w->part_panels;
        compute(w, r, row, rows, first, end);
        team_add(region, operations_of(w, r, rows, first, end));
    }
}

void bf16_product(const Product *p, const Bf16 *a, const Bf16 *b, const float *bias, float *x, Bf16 *rounded)
{
    Work w = {.p = p, .a = a, .b = b, .bias = bias, .x = x, .rounded = rounded};
    if (p->m == 0 || p->n == 0) return;
    TeamRegion region = team_begin(2.0 * p->m * p->n * p->k / BF16_FASTER);
    w.threads = region.threads;
    w.is_packed = p->ta == TRANSPOSED || p->k % 2;
    w.stretch = even_part(p->k, rounded ? p->k : STRETCH, 2);
    w.is_alone = cut_alone(&w);
    if (!w.is_alone) cut_rounds(&w), cut_parts(&w);
    take_memory(&w);
    const int groups = product_parts(product_parts(p->n, BF16_PANEL), w.panels), rounds = groups * chunks_of(&w);
#pragma omp parallel num_threads(region.threads)
    {
        if (w.is_alone) {
#pragma omp for schedule(dynamic) nowait
            for (int i = 0; i < groups; i++) run_alone(&w, i, &region);
        }
        for (int i = 0; i < rounds && !w.is_alone; i++) {
            const Round r = round_of(&w, i);
            if (i > 0) {
#pragma omp barrier /* the panels of the round before are in use until then */
            }
            run_together(&w, &r, &region);
        }
        team_arrive(&region);
    }
    team_end(&region);
}
