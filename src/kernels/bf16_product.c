/* bf16_product.c: C in parts, each by one thread: a stretch of k at a time, some panels of B are put in order, and the
 * rows of A pass them. Panels and rows are in the second cache then, a tile's rows and a panel in the first. A is read
 * where it lies if its pairs along k are neighbours there. */
#include "kernels/bf16_product.h"

#include <omp.h>
#include <stdlib.h>

#include "base/memory.h"
#include "bf16_tile.h"
#include "kernels/team.h"

enum {
    STRETCH = 1536,           /* of k, at most, where C can hold sums between two */
    PANELS_BYTES = 640 << 10, /* of panels at hand */
    ROWS = 128,               /* of A at hand */
    PARTS_A_THREAD = 2,       /* at least, where C is large enough: then threads end together */
    LEAST_PANELS = 4,         /* of a part for that */
    LEAST_ROWS = 128,
    PAGE = 4096,
    BF16_FASTER = 2 /* than fp32, about: kernels/team knows the speed of fp32 */
};

typedef struct {
    const Product *p;
    const Bf16 *a, *b;
    const float *bias;
    float *x;
    Bf16 *rounded;
    int stretch;                /* even */
    bool is_packed;             /* A */
    int rows, panels;           /* of C in a part */
    int across, parts;          /* side by side; in all */
    size_t panels_bytes, bytes; /* of a thread: its panels; with its rows of A */
} Work;

/* A part's place in C. */
typedef struct {
    int row, rows, panel, panels;
} Part;

static char *block; /* owned: of all threads */
static size_t block_bytes;

bool bf16_product_is_built(void)
{
    return bf16_tile_is_built();
}

/* --- how C is cut ----------------------------------------------------------------------------------- */

static int parts_of(int length, int most)
{
    return (length + most - 1) / most;
}

static int even_part(int length, int parts, int multiple)
{
    return parts_of(parts_of(length, parts), multiple) * multiple;
}

static size_t pages(size_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* Parts enough for the threads, if C has them, so that least is put in order: B once for every row of parts, and A for
 * every column. */
static void cut(Work *w, int threads)
{
    const Product *p = w->p;
    const int panels = parts_of(p->n, BF16_PANEL), wanted = threads > 1 ? PARTS_A_THREAD * threads : 1;
    const int at_hand = PANELS_BYTES / (BF16_PANEL * w->stretch * (int)sizeof(Bf16));
    const int fewest = parts_of(panels, at_hand > 0 ? at_hand : 1);
    const int most = panels / LEAST_PANELS > fewest ? panels / LEAST_PANELS : fewest;
    const int rows_allow = p->m / LEAST_ROWS > 1 ? p->m / LEAST_ROWS : 1;
    const int most_down = rows_allow < wanted ? rows_allow : wanted;
    double least = -1;
    for (int down = 1; down <= most_down; down++) {
        const int asked = parts_of(wanted, down), limited = asked < most ? asked : most;
        const int across = limited > fewest ? limited : fewest;
        const double packed = (w->is_packed ? (double)across * p->m : 0) + (double)down * p->n;
        if ((across * down < wanted && down < most_down) || (least >= 0 && packed >= least)) continue;
        least = packed;
        w->panels = even_part(panels, across, 1);
        w->rows = even_part(p->m, down, BF16_ROWS);
    }
    w->across = parts_of(panels, w->panels);
    w->parts = w->across * parts_of(p->m, w->rows);
}

static int even_stretch(const Product *p, bool is_rounded)
{
    if (p->k == 0) return 2;
    return even_part(p->k, is_rounded ? 1 : parts_of(p->k, STRETCH), 2);
}

static Part part_of(const Work *w, int i)
{
    const int panels = parts_of(w->p->n, BF16_PANEL);
    Part part = {.row = i / w->across * w->rows, .panel = i % w->across * w->panels};
    part.rows = w->p->m - part.row < w->rows ? w->p->m - part.row : w->rows;
    part.panels = panels - part.panel < w->panels ? panels - part.panel : w->panels;
    return part;
}

/* --- one part --------------------------------------------------------------------------------------- */

static int columns_of(const Product *p, int panel)
{
    const int left = p->n - panel * BF16_PANEL;
    return left < BF16_PANEL ? left : BF16_PANEL;
}

/* `length` of k from l on, of the part's panels. */
static void put_panels(const Work *w, int l, int length, const Part *part, Bf16Pair *y)
{
    const Product *p = w->p;
    const int64_t first = (int64_t)part->panel * BF16_PANEL, next = (int64_t)w->stretch / 2 * BF16_PANEL;
    const int left = p->n - (int)first, all = part->panels * BF16_PANEL, columns = left < all ? left : all;
    if (p->tb == PLAIN) bf16_pairs(length, columns, BF16_PANEL, w->b + l * (int64_t)p->ldb + first, p->ldb, y, next);
    for (int i = 0; i < part->panels && p->tb == TRANSPOSED; i++)
        bf16_pairs_transposed(length, columns_of(p, part->panel + i), BF16_PANEL,
                              w->b + (first + i * BF16_PANEL) * p->ldb + l, p->ldb, y + i * next);
}

typedef struct {
    const Bf16 *a;
    int64_t row, pair; /* from one to the next */
} Rows;

/* The same of rows of A, if they are not read where they lie. */
static Rows rows_at_hand(const Work *w, int l, int length, int row, int rows, Bf16Pair *y)
{
    const Product *p = w->p;
    const Bf16 *a = p->ta == PLAIN ? w->a + row * (int64_t)p->lda + l : w->a + l * (int64_t)p->lda + row;
    if (!w->is_packed) return (Rows){a, p->lda, 2};
    if (p->ta == PLAIN) bf16_pairs_transposed(length, rows, ROWS, a, p->lda, y);
    else bf16_pairs(length, rows, ROWS, a, p->lda, y, 0);
    return (Rows){&y->first, 2, 2 * ROWS};
}

static void compute(const Work *w, const Part *part, char *scratch)
{
    const Product *p = w->p;
    Bf16Pair *panels = (Bf16Pair *)scratch, *strip = (Bf16Pair *)(scratch + w->panels_bytes);
    for (int l = 0; l < p->k || l == 0; l += w->stretch) {
        const int length = p->k - l < w->stretch ? p->k - l : w->stretch;
        put_panels(w, l, length, part, panels);
        for (int i = 0; i < part->rows; i += ROWS) {
            const int row = part->row + i, rows = part->rows - i < ROWS ? part->rows - i : ROWS;
            const Rows at = rows_at_hand(w, l, length, row, rows, strip);
            for (int j = 0; j < part->panels; j++) {
                const int64_t column = (int64_t)(part->panel + j) * BF16_PANEL, to = row * (int64_t)p->ldc + column;
                const Bf16Result c = {.adds = p->beta != 0 || l > 0,
                                      .bias = w->bias && l + length == p->k ? w->bias + column : NULL,
                                      .x = w->rounded ? NULL : w->x + to,
                                      .rounded = w->rounded ? w->rounded + to : NULL,
                                      .ld = p->ldc};
                bf16_tiles(rows, columns_of(p, part->panel + j), (length + 1) / 2, at.a, at.row, at.pair,
                           panels + (int64_t)j * (w->stretch / 2) * BF16_PANEL, &c);
            }
        }
    }
}

/* --- all -------------------------------------------------------------------------------------------- */

static void take_block(size_t bytes)
{
    if (bytes + PAGE <= block_bytes) return;
    free(block);
    block_bytes = bytes + PAGE;
    block = memory_alloc(block_bytes, 1);
}

void bf16_product(const Product *p, const Bf16 *a, const Bf16 *b, const float *bias, float *x, Bf16 *rounded)
{
    Work w = {.p = p, .a = a, .b = b, .bias = bias, .x = x, .rounded = rounded};
    if (p->m == 0 || p->n == 0) return;
    TeamRegion region = team_begin(2.0 * p->m * p->n * p->k / BF16_FASTER);
    w.stretch = even_stretch(p, rounded != NULL);
    w.is_packed = p->ta == TRANSPOSED || p->k % 2;
    cut(&w, region.threads);
    w.panels_bytes = pages((size_t)w.panels * BF16_PANEL * (size_t)w.stretch * sizeof(Bf16));
    w.bytes = w.panels_bytes + (w.is_packed ? pages((size_t)ROWS * (size_t)w.stretch * sizeof(Bf16)) : 0);
    take_block(w.bytes * (size_t)region.threads);
    char *const first = block + (PAGE - (uintptr_t)block % PAGE);
#pragma omp parallel num_threads(region.threads)
    {
#pragma omp for schedule(dynamic) nowait
        for (int i = 0; i < w.parts; i++) {
            const Part part = part_of(&w, i);
            compute(&w, &part, first + w.bytes * (size_t)omp_get_thread_num());
            team_add(&region, 2.0 * part.rows * part.panels * BF16_PANEL * p->k / BF16_FASTER);
        }
        team_arrive(&region);
    }
    team_end(&region);
}
