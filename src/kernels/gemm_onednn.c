/* gemm_onednn.c: products by oneDNN, of API 2 or 3: where these differ, onednn_api. */
#include "kernels/gemm_onednn.h"

#ifdef HAVE_ONEDNN
#include <dnnl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "kernels/team.h"
#include "kernels/vector.h"
#include "onednn_api.h"

enum {
    PAGE = 4096,
    PART = 256, /* rows or columns of C in a part, at most */
    EDGE = 64,  /* they are a multiple: the library's own tiles */
    MADE = 256  /* primitives that are kept: one for every shape, of which a step has about thirty */
};

static void must(dnnl_status_t status, const char *call)
{
    if (status != dnnl_success) status_end(STATUS_INTERNAL, "oneDNN: %s failed with status %d", call, (int)status);
}

bool onednn_is_built(void)
{
    return true;
}

void onednn_init(int level)
{
    /* Refused after its first product; then it was called with the same level before. */
    if (level == 0) (void)dnnl_set_max_cpu_isa(dnnl_cpu_isa_sse41);
    if (level == 1) (void)dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2);
}

static bool has(dnnl_cpu_isa_t isa)
{
    /* Each instruction set's number holds the bits of those it contains. */
    return ((unsigned)dnnl_get_effective_cpu_isa() & (unsigned)isa) == (unsigned)isa;
}

bool onednn_has_bf16(void)
{
    return has(dnnl_cpu_isa_avx512_core_bf16);
}

bool onednn_has_amx(void)
{
    return has(dnnl_cpu_isa_avx512_core_amx);
}

const char *onednn_library(void)
{
    static char text[64];
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, sizeof text, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
    return text;
}

const char *onednn_family(bool of_bf16)
{
    if (of_bf16) return onednn_has_amx() ? "avx512_core_amx" : "avx512_core_bf16";
    if (has(dnnl_cpu_isa_avx512_core)) return "avx512_core";
    return has(dnnl_cpu_isa_avx2) ? "avx2" : has(dnnl_cpu_isa_avx) ? "avx" : "sse41";
}

/* --- parts of a product ----------------------------------------------------------------------------- */

/* The longer side of C in even parts, whatever the threads. */
static ProductGrid fixed_grid(const Product *p)
{
    return p->m >= p->n ? product_grid(p, product_even(p->m, PART, EDGE), p->n)
                        : product_grid(p, p->m, product_even(p->n, PART, EDGE));
}

static double operations_of(const Product *p)
{
    return 2.0 * p->m * p->n * p->k;
}

/* oneDNN takes OpenMP's number of threads; inside a parallel region, one. Returns the number to put back. */
static int set_threads(int threads)
{
    const int before = omp_get_max_threads();
    if (threads != before) omp_set_num_threads(threads);
    return before;
}

/* Where C goes: one of both. */
typedef struct {
    float *x;
    Bf16 *rounded;
} Target;

static void put(Target c, int64_t at, float sum)
{
    const real number = (real)sum;
    if (c.rounded) vector_kernels->round(1, &number, c.rounded + at);
    else c.x[at] = sum;
}

/* A sum over nothing. Returns whether it was one. */
static bool is_empty(const Product *p, const float *bias, Target c)
{
    if (p->m > 0 && p->n > 0 && p->k > 0) return false;
    for (int i = 0; i < p->m; i++)
        for (int j = 0; j < p->n; j++) {
            const int64_t at = (int64_t)i * p->ldc + j;
            const float before = p->beta == 0 ? 0 : (float)p->beta * c.x[at];
            put(c, at, before + (bias ? bias[j] : 0));
        }
    return true;
}

/* --- fp32 ------------------------------------------------------------------------------------------- */

static void sgemm(const Product *p, const float *a, const float *b, float *c)
{
    must(dnnl_sgemm(p->ta == PLAIN ? 'N' : 'T', p->tb == PLAIN ? 'N' : 'T', p->m, p->n, p->k, (float)p->alpha, a,
                    p->lda, b, p->ldb, (float)p->beta, c, p->ldc),
         "dnnl_sgemm");
}

static void sgemm_parts(const Product *p, const float *a, const float *b, float *c)
{
    const ProductGrid grid = fixed_grid(p);
    TeamRegion region = team_begin(operations_of(p));
    set_threads(region.threads); /* a region of one thread is none: oneDNN would begin one */
#pragma omp parallel num_threads(region.threads)
    {
#pragma omp for schedule(dynamic) nowait
        for (int i = 0; i < grid.n; i++) {
            const ProductPart part = product_part(p, &grid, i);
            sgemm(&part.product, a + part.a, b + part.b, c + part.c);
            team_add(&region, operations_of(&part.product));
        }
        team_arrive(&region);
    }
    team_end(&region);
}

void onednn_f32(const Product *p, const float *a, const float *b, float *c, int threads, bool fixed_order)
{
    if (is_empty(p, NULL, (Target){c, NULL})) return;
    const int before = set_threads(threads);
    if (fixed_order) sgemm_parts(p, a, b, c);
    else sgemm(p, a, b, c);
    set_threads(before);
}

/* --- bf16: primitives, made once for every shape ---------------------------------------------------- */

typedef struct {
    Product product;
    int threads;
    bool has_bias, is_rounded;  /* C */
    dnnl_primitive_t primitive; /* NULL: the place is free */
    OnednnMatrix a, b, c, bias, scratch;
    size_t scratch_bytes;
    int64_t used; /* when, counted in look-ups */
} Made;

static struct {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    Made made[MADE];
    int64_t lookups;
    char *block, *scratch; /* owned; its first page's beginning: one part for every thread */
    size_t scratch_bytes;
    Bf16 *padded; /* owned: copies of what an API does not multiply as it is */
    size_t n_padded;
    float *sums; /* owned: C before it is rounded, where it takes two products */
    size_t n_sums;
} bf16;

static void begin(void)
{
    if (bf16.engine) return;
    must(dnnl_engine_create(&bf16.engine, dnnl_cpu, 0), "dnnl_engine_create");
    must(dnnl_stream_create(&bf16.stream, bf16.engine, dnnl_stream_default_flags), "dnnl_stream_create");
}

static void describe_matrix(int rows, int columns, Transpose t, int ld, dnnl_data_type_t type, OnednnMatrix *d)
{
    dnnl_dims_t size = {rows, columns}, stride = {t == PLAIN ? ld : 1, t == PLAIN ? 1 : ld};
    must(onednn_describe(size, stride, type, d), "a memory descriptor");
}

/* Scratch memory is ours, so that a primitive may run on several threads at once, and is counted. */
static dnnl_primitive_attr_t attributes_of(const Product *p)
{
    dnnl_primitive_attr_t attributes;
    must(dnnl_primitive_attr_create(&attributes), "dnnl_primitive_attr_create");
    must(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), "scratchpad_mode");
    if (p->beta == 0) return attributes;
    dnnl_post_ops_t post;
    must(dnnl_post_ops_create(&post), "dnnl_post_ops_create");
    must(onednn_append_sum(post), "dnnl_post_ops_append_sum");
    must(dnnl_primitive_attr_set_post_ops(attributes, post), "dnnl_primitive_attr_set_post_ops");
    dnnl_post_ops_destroy(post);
    return attributes;
}

static void make(const Made *wanted, Made *m)
{
    const Product *p = &wanted->product;
    dnnl_primitive_desc_t described;
    const int before = set_threads(wanted->threads);
    *m = *wanted;
    describe_matrix(p->m, p->k, p->ta, p->lda, dnnl_bf16, &m->a);
    describe_matrix(p->k, p->n, p->tb, p->ldb, dnnl_bf16, &m->b);
    describe_matrix(p->m, p->n, PLAIN, p->ldc, m->is_rounded ? dnnl_bf16 : dnnl_f32, &m->c);
    describe_matrix(1, p->n, PLAIN, p->n, dnnl_f32, &m->bias);
    dnnl_primitive_attr_t attributes = attributes_of(p);
    must(onednn_plan(bf16.engine, &m->a, &m->b, m->has_bias ? &m->bias : NULL, &m->c, attributes, &described),
         "a product of bf16");
    must(onednn_scratch(described, &m->scratch, &m->scratch_bytes), "a scratchpad");
    must(dnnl_primitive_create(&m->primitive, described), "dnnl_primitive_create");
    dnnl_primitive_desc_destroy(described);
    dnnl_primitive_attr_destroy(attributes);
    set_threads(before);
}

static bool is_same(const Made *m, const Made *n)
{
    const Product *a = &m->product, *b = &n->product;
    return a->m == b->m && a->n == b->n && a->k == b->k && a->ta == b->ta && a->tb == b->tb && a->lda == b->lda &&
           a->ldb == b->ldb && a->ldc == b->ldc && a->beta == b->beta && m->threads == n->threads &&
           m->has_bias == n->has_bias && m->is_rounded == n->is_rounded;
}

/* The primitive for p; it stays until MADE others were looked up. */
static const Made *made_for(const Product *p, bool has_bias, bool is_rounded, int threads)
{
    const Made wanted = {.product = *p, .threads = threads, .has_bias = has_bias, .is_rounded = is_rounded};
    Made *oldest = bf16.made;
    bf16.lookups++;
    for (Made *m = bf16.made; m < bf16.made + MADE; m++) {
        if (m->primitive && is_same(m, &wanted)) {
            m->used = bf16.lookups;
            return m;
        }
        if (m->used < oldest->used) oldest = m;
    }
    if (oldest->primitive) {
        dnnl_primitive_destroy(oldest->primitive);
        OnednnMatrix *matrix[] = {&oldest->a, &oldest->b, &oldest->c, &oldest->bias, &oldest->scratch};
        for (int i = 0; i < 5; i++) onednn_forget(matrix[i]);
    }
    make(&wanted, oldest);
    oldest->used = bf16.lookups;
    return oldest;
}

static void take_scratch(size_t bytes)
{
    if (bytes <= bf16.scratch_bytes) return;
    free(bf16.block);
    bf16.block = memory_alloc(bytes + PAGE, 1);
    bf16.scratch = bf16.block + (PAGE - (uintptr_t)bf16.block % PAGE);
    bf16.scratch_bytes = bytes;
}

static void run(const Made *m, const Bf16 *a, const Bf16 *b, const float *bias, void *c, void *scratch)
{
    const int n = m->has_bias ? 5 : 4;
    void *const at[] = {(void *)(uintptr_t)a, (void *)(uintptr_t)b, c, scratch, (void *)(uintptr_t)bias};
    const OnednnMatrix *d[] = {&m->a, &m->b, &m->c, &m->scratch, &m->bias};
    dnnl_exec_arg_t argument[] = {{DNNL_ARG_SRC, NULL},
                                  {DNNL_ARG_WEIGHTS, NULL},
                                  {DNNL_ARG_DST, NULL},
                                  {DNNL_ARG_SCRATCHPAD, NULL},
                                  {DNNL_ARG_BIAS, NULL}};
    for (int i = 0; i < n; i++) must(onednn_place(d[i], bf16.engine, at[i], &argument[i].memory), "dnnl_memory_create");
    must(dnnl_primitive_execute(m->primitive, bf16.stream, n, argument), "a product of bf16");
    for (int i = 0; i < n; i++) dnnl_memory_destroy(argument[i].memory);
}

/* C of one row or column, where the library does not do it: each number one sum. */
static void multiply_vector(const Product *p, const Bf16 *a, const Bf16 *b, const float *bias, Target c)
{
    for (int i = 0; i < p->m; i++)
        for (int j = 0; j < p->n; j++) {
            const int64_t at = (int64_t)i * p->ldc + j;
            double sum = p->beta == 0 ? 0 : (double)c.x[at];
            for (int64_t l = 0; l < p->k; l++)
                sum += (double)bf16_value(a[p->ta == PLAIN ? i * (int64_t)p->lda + l : l * p->lda + i]) *
                       (double)bf16_value(b[p->tb == PLAIN ? l * p->ldb + j : j * (int64_t)p->ldb + l]);
            put(c, at, (float)(sum + (bias ? (double)bias[j] : 0)));
        }
}

static bool is_left_to_us(const Product *p)
{
    return (p->m == 1 || p->n == 1) && !onednn_takes_vectors();
}

/* C from element `at` on. */
static Target target_from(Target c, int64_t at)
{
    return c.rounded ? (Target){NULL, c.rounded + at} : (Target){c.x + at, NULL};
}

static void *place_of(Target c)
{
    return c.rounded ? (void *)c.rounded : (void *)c.x;
}

/* Than fp32, about: kernels/team knows the speed of fp32. */
static double bf16_faster(void)
{
    return onednn_has_amx() ? 8 : 2;
}

static void run_parts(const Product *p, const Bf16 *a, const Bf16 *b, const float *bias, Target c)
{
    const ProductGrid grid = fixed_grid(p);
    const ProductPart first = product_part(p, &grid, 0), last = product_part(p, &grid, grid.n - 1);
    const Made *whole = made_for(&first.product, bias != NULL, c.rounded != NULL, 1);
    const Made *rest = made_for(&last.product, bias != NULL, c.rounded != NULL, 1);
    const size_t most = whole->scratch_bytes > rest->scratch_bytes ? whole->scratch_bytes : rest->scratch_bytes;
    const size_t each = (most + PAGE - 1) / PAGE * PAGE;
    TeamRegion region = team_begin(operations_of(p) / bf16_faster());
    take_scratch(each * (size_t)region.threads);
    set_threads(region.threads); /* as above */
#pragma omp parallel num_threads(region.threads)
    {
#pragma omp for schedule(dynamic) nowait
        for (int i = 0; i < grid.n; i++) {
            const ProductPart part = product_part(p, &grid, i);
            const Target to = target_from(c, part.c);
            const float *part_bias = bias ? bias + part.c % p->ldc : NULL;
            if (is_left_to_us(&part.product)) multiply_vector(&part.product, a + part.a, b + part.b, part_bias, to);
            else
                run(i < grid.n - 1 ? whole : rest, a + part.a, b + part.b, part_bias, place_of(to),
                    bf16.scratch + each * (size_t)omp_get_thread_num());
            team_add(&region, operations_of(&part.product) / bf16_faster());
        }
        team_arrive(&region);
    }
    team_end(&region);
}

/* oneDNN's own threads each take a fixed share, of one side of C where k is long: with a first operand transposed they
 * give a tenth away, with a vocabulary a quarter. Parts that threads take as they come do better, where each gets
 * several. */
static bool goes_by_parts(const Product *p, int threads)
{
    return threads > 1 && fixed_grid(p).n >= 2 * threads;
}

/* Over a k that needs no cutting. */
static void multiply(const Product *p, const Bf16 *a, const Bf16 *b, const float *bias, Target c, int threads,
                     bool fixed_order)
{
    if (is_left_to_us(p)) {
        multiply_vector(p, a, b, bias, c);
        return;
    }
    if (fixed_order || goes_by_parts(p, threads)) {
        run_parts(p, a, b, bias, c);
        return;
    }
    const Made *made = made_for(p, bias != NULL, c.rounded != NULL, threads);
    take_scratch(made->scratch_bytes);
    run(made, a, b, bias, place_of(c), bf16.scratch);
}

/* y [rows, columns] = x, or the transpose of x, of which some rows or columns are there; the others are set to 0. */
static void pad(int rows, int columns, int rows_there, int columns_there, Transpose t, const Bf16 *x, int ld, Bf16 *y)
{
    memset(y, 0, (size_t)rows * (size_t)columns * sizeof *y);
    for (int i = 0; i < rows_there; i++)
        for (int j = 0; j < columns_there; j++)
            y[(int64_t)i * columns + j] = t == PLAIN ? x[(int64_t)i * ld + j] : x[(int64_t)j * ld + i];
}

/* C = op(A) op(B) + beta C for a k below `step`: by copies of both whose k is `step`. */
static void multiply_padded(const Product *p, int step, const Bf16 *a, const Bf16 *b, float *c, int threads,
                            bool fixed_order)
{
    const size_t wanted = (size_t)step * ((size_t)p->m + (size_t)p->n);
    if (wanted > bf16.n_padded) {
        free(bf16.padded);
        bf16.padded = memory_alloc(wanted, sizeof *bf16.padded);
        bf16.n_padded = wanted;
    }
    Bf16 *wide = bf16.padded, *high = wide + (int64_t)p->m * step;
    pad(p->m, step, p->m, p->k, p->ta, a, p->lda, wide);
    pad(step, p->n, p->k, p->n, p->tb, b, p->ldb, high);
    const Product padded = {PLAIN, PLAIN, p->m, p->n, step, step, p->n, p->ldc, p->alpha, p->beta};
    multiply(&padded, wide, high, NULL, (Target){c, NULL}, threads, fixed_order);
}

static float *take_sums(size_t n)
{
    if (n > bf16.n_sums) {
        free(bf16.sums);
        bf16.sums = memory_alloc(n, sizeof *bf16.sums);
        bf16.n_sums = n;
    }
    return bf16.sums;
}

/* A k that is cut in two: sums in fp32 first, bias and rounding behind them. */
static void multiply_cut(const Product *p, int step, const Bf16 *a, const Bf16 *b, const float *bias, Target c,
                         int threads, bool fixed_order)
{
    const int rest = p->k % step, most = p->k - rest;
    float *sum = c.rounded ? take_sums((size_t)p->m * (size_t)p->n) : c.x;
    Product part = *p;
    if (c.rounded) part.ldc = p->n;
    part.k = most;
    if (most > 0) multiply(&part, a, b, NULL, (Target){sum, NULL}, threads, fixed_order);
    part.k = rest;
    part.beta = most > 0 ? 1 : p->beta;
    multiply_padded(&part, step, a + (p->ta == PLAIN ? most : (int64_t)most * p->lda),
                    b + (p->tb == PLAIN ? (int64_t)most * p->ldb : most), sum, threads, fixed_order);
    for (int i = 0; i < p->m && (c.rounded || bias); i++)
        for (int j = 0; j < p->n; j++)
            put(c, (int64_t)i * p->ldc + j, sum[(int64_t)i * part.ldc + j] + (bias ? bias[j] : 0));
}

void onednn_bf16(const Product *p, const Bf16 *a, const Bf16 *b, const float *bias, float *x, Bf16 *rounded,
                 int threads, bool fixed_order)
{
    const Target c = {x, rounded};
    if (is_empty(p, bias, c)) return;
    begin();
    const int before = set_threads(threads), step = onednn_step_of_k();
    if (p->k % step == 0) multiply(p, a, b, bias, c, threads, fixed_order);
    else multiply_cut(p, step, a, b, bias, c, threads, fixed_order);
    set_threads(before);
}

#else

bool onednn_is_built(void)
{
    return false;
}
void onednn_init(int level)
{
    (void)level;
}
const char *onednn_library(void)
{
    return "";
}
const char *onednn_family(bool of_bf16)
{
    (void)of_bf16;
    return "";
}
bool onednn_has_bf16(void)
{
    return false;
}
bool onednn_has_amx(void)
{
    return false;
}
void onednn_f32(const Product *p, const float *a, const float *b, float *c, int threads, bool fixed_order)
{
    (void)p, (void)a, (void)b, (void)c, (void)threads, (void)fixed_order;
}
void onednn_bf16(const Product *p, const Bf16 *a, const Bf16 *b, const float *bias, float *x, Bf16 *rounded,
                 int threads, bool fixed_order)
{
    (void)p, (void)a, (void)b, (void)bias, (void)x, (void)rounded, (void)threads, (void)fixed_order;
}

#endif
