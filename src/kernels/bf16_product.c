/* bf16_product.c: rounds over C and k. In each the panels of B that it needs are put in order by all threads, once;
 * then parts of C, some rows each, pass them, as threads come. A part's rows are in its second cache, where panels pass
 * through; a tile's rows and a panel's next pairs are in the first. A is read where it lies if its pairs along k are
 * neighbours there. */
#include "kernels/bf16_product.h"

#include <omp.h>
#include <stdlib.h>

#include "base/memory.h"
#include "bf16_tile.h"
#include "kernels/team.h"

enum {
    PANELS_BYTES = 4 << 20, /* of all panels of a round, about */
    STRETCH = 1536,         /* of k at a time, at most, if C can hold sums between two */
    ROWS = 128,             /* of a part, at most */
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
    bool is_packed;    /* A */
    int panels, chunk; /* of a round; chunk is of k, and even, as is stretch: what of it a part takes at a time */
    int rows, part_panels, stretch; /* of a part */
    int threads;
    Bf16Pair *shared; /* a round's panels, one behind the other */
    char *strips;     /* rows of A, of every thread */
    size_t strip;     /* bytes of a thread's */
} Work;

/* What a round computes with: panels from `panel` on, `length` of k from l on. */
typedef struct {
    int panel, panels, l, length;
} Round;

static char *block; /* owned */
static size_t block_bytes;

bool bf16_product_is_built(void)
{
    return bf16_tile_is_built();
}

/* --- how work is cut -------------------------------------------------------------------------------- */

static int parts_of(int length, int most)
{
    return (length + most - 1) / most;
}

/* Of parts as even as may be, none above `most`, multiples but for the last. */
static int even_part(int length, int most, int multiple)
{
    if (length <= 0) return multiple;
    if (most < multiple) most = multiple;
    return parts_of(parts_of(length, parts_of(length, most)), multiple) * multiple;
}

/* Rounds go over the longer one of n and k, so that C is not added to, and B's rows not cut, more than need be. */
static void cut_rounds(Work *w)
{
    const Product *p = w->p;
    const int64_t numbers = PANELS_BYTES / (int64_t)sizeof(Bf16);
    const int panels = parts_of(p->n, BF16_PANEL), whole = parts_of(p->k, 2) * 2,
              stretch = w->rounded || whole < STRETCH ? whole : STRETCH;
    const bool over_k = p->k > p->n && !w->rounded;
    const int64_t most_k = over_k ? numbers / ((int64_t)panels * BF16_PANEL) : whole;
    w->chunk = even_part(p->k, (int)(most_k > stretch ? most_k : stretch), 2);
    w->stretch = even_part(w->chunk, stretch, 2);
    w->panels = even_part(panels, (int)(numbers / ((int64_t)w->chunk * BF16_PANEL)), 1);
}

static void cut_parts(Work *w)
{
    const int m = w->p->m, wanted = w->threads > 1 ? w->threads * (w->is_packed ? PARTS_PACKED : PARTS) : 1;
    const int most = even_part(m, ROWS, BF16_ROWS), rows = even_part(m, parts_of(m, wanted), BF16_ROWS);
    w->rows = rows > LEAST_ROWS ? rows : LEAST_ROWS;
    if (w->rows > most) w->rows = most;
    const int panels = parts_of(w->panels, parts_of(wanted, parts_of(m, w->rows)));
    w->part_panels = panels > LEAST_PANELS ? panels : LEAST_PANELS;
}

static size_t pages(size_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

static void take_memory(Work *w)
{
    const size_t shared = pages((size_t)w->panels * BF16_PANEL * (size_t)w->chunk * sizeof(Bf16));
    w->strip = w->is_packed ? pages((size_t)ROWS * (size_t)w->stretch * sizeof(Bf16)) : 0;
    const size_t wanted = PAGE + shared + w->strip * (size_t)w->threads;
    if (wanted > block_bytes) {
        free(block);
        block = memory_alloc(wanted, 1);
        block_bytes = wanted;
    }
    char *first = block + (PAGE - (uintptr_t)block % PAGE) % PAGE;
    w->shared = (Bf16Pair *)first;
    w->strips = first + shared;
}

/* --- a round ---------------------------------------------------------------------------------------- */

static Round round_of(const Work *w, int i)
{
    const Product *p = w->p;
    const int panels = parts_of(p->n, BF16_PANEL), chunks = p->k > 0 ? parts_of(p->k, w->chunk) : 1;
    Round r = {.panel = i / chunks * w->panels, .l = i % chunks * w->chunk};
    r.panels = panels - r.panel < w->panels ? panels - r.panel : w->panels;
    r.length = p->k - r.l < w->chunk ? p->k - r.l : w->chunk;
    return r;
}

static int rounds_of(const Work *w)
{
    return parts_of(parts_of(w->p->n, BF16_PANEL), w->panels) * (w->p->k > 0 ? parts_of(w->p->k, w->chunk) : 1);
}

static int columns_of(const Product *p, int panel)
{
    const int left = p->n - panel * BF16_PANEL;
    return left < BF16_PANEL ? left : BF16_PANEL;
}

static Bf16Pair *panel_of(const Work *w, int i)
{
    return w->shared + (int64_t)i * (w->chunk / 2) * BF16_PANEL;
}

/* LEAST_PANELS panels of the round, or what is left, from its panel i on. */
static void put_panels(const Work *w, const Round *r, int i)
{
    const Product *p = w->p;
    const int64_t next = (int64_t)(w->chunk / 2) * BF16_PANEL;
    const int end = r->panels - i < LEAST_PANELS ? r->panels : i + LEAST_PANELS;
    const int64_t first = (int64_t)(r->panel + i) * BF16_PANEL;
    const int left = p->n - (int)first, all = (end - i) * BF16_PANEL;
    if (p->tb == PLAIN)
        bf16_pairs(r->length, left < all ? left : all, BF16_PANEL, w->b + r->l * (int64_t)p->ldb + first, p->ldb,
                   panel_of(w, i), next);
    for (; i < end && p->tb == TRANSPOSED; i++)
        bf16_pairs_transposed(r->length, columns_of(p, r->panel + i), BF16_PANEL,
                              w->b + (r->panel + i) * (int64_t)BF16_PANEL * p->ldb + r->l, p->ldb, panel_of(w, i));
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
    Bf16Pair *strip = (Bf16Pair *)(w->strips + w->strip * (size_t)omp_get_thread_num());
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
                       panel_of(w, i) + (int64_t)(l / 2) * BF16_PANEL, &c);
        }
    }
}

/* By all threads of the region, which come here together. */
static void run_round(const Work *w, const Round *r, TeamRegion *region)
{
    const Product *p = w->p;
    const int down = parts_of(p->m, w->rows), across = parts_of(r->panels, w->part_panels);
#pragma omp for schedule(dynamic)
    for (int i = 0; i < r->panels; i += LEAST_PANELS) put_panels(w, r, i);
#pragma omp for schedule(dynamic) nowait
    for (int i = 0; i < down * across; i++) {
        const int row = i / across * w->rows, rows = p->m - row < w->rows ? p->m - row : w->rows;
        const int first = i % across * w->part_panels, left = r->panels - first;
        const int panels = left < w->part_panels ? left : w->part_panels;
        compute(w, r, row, rows, first, first + panels);
        team_add(region, 2.0 * rows * panels * BF16_PANEL * r->length / BF16_FASTER);
    }
}

void bf16_product(const Product *p, const Bf16 *a, const Bf16 *b, const float *bias, float *x, Bf16 *rounded)
{
    Work w = {.p = p, .a = a, .b = b, .bias = bias, .x = x, .rounded = rounded};
    if (p->m == 0 || p->n == 0) return;
    TeamRegion region = team_begin(2.0 * p->m * p->n * p->k / BF16_FASTER);
    w.is_packed = p->ta == TRANSPOSED || p->k % 2;
    w.threads = region.threads;
    cut_rounds(&w);
    cut_parts(&w);
    take_memory(&w);
    const int rounds = rounds_of(&w);
#pragma omp parallel num_threads(region.threads)
    {
        for (int i = 0; i < rounds; i++) {
            const Round r = round_of(&w, i);
            if (i > 0) {
#pragma omp barrier /* the panels of the round before are in use until then */
            }
            run_round(&w, &r, &region);
        }
        team_arrive(&region);
    }
    team_end(&region);
}
