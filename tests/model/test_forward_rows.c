/* test_forward_rows.c: rows of a forward pass that nobody else reads. Oracle: the whole forward pass, its rows, bit for
 * bit where weights are in panels (a library may compute products of other sizes otherwise), and the attention
 * received, of packs where many tokens are alike (and computed once) and of one where none are; with a prefix, in fp32
 * with weights in panels and not, and in bf16. */
#include <omp.h>
#include <string.h>

#include "../harness.h"
#include "kernels/gemm.h"
#include "model/encoder.h"

enum { SAMPLES = 24, LONGEST = 70, TOKENS = SAMPLES * LONGEST, MOST_D = 64, HEADS = 2, WORDS = 50 };

typedef struct {
    Arena arena;
    Params params;
    Encoder encoder;
    Packed input;
} Case;

static BertConfig config_of(int d, int layers, int intermediate, int prefix)
{
    return (BertConfig){.layers = layers,
                        .hidden = d,
                        .heads = HEADS,
                        .intermediate = intermediate,
                        .vocab = WORDS,
                        .positions = 2 * LONGEST,
                        .types = 2,
                        .layernorm_epsilon = 1e-12,
                        .initializer_range = 0.3,
                        .prefix = prefix,
                        .prefix_shifts = prefix > 0};
}

static void open_case(const BertConfig *config, bool panels, Case *c)
{
    *c = (Case){0};
    for (int pass = 0; pass < 2; pass++) {
        if (pass) params_free(&c->params), encoder_free(&c->encoder), arena_open(&c->arena);
        params_init(&c->arena, config, NULL, &c->params);
        if (panels) params_take_panels(&c->arena, false, &c->params);
        packed_init(&c->arena, SAMPLES, TOKENS, &c->input);
        encoder_init(&c->arena, &c->params, SAMPLES, TOKENS, LONGEST, ENCODER_EVALUATES, &c->encoder);
    }
    params_init_random(&c->params, 3);
    params_round(&c->params);
}

static void close_case(Case *c)
{
    params_free(&c->params);
    encoder_free(&c->encoder);
    arena_close(&c->arena);
}

/* alike: one text of each length, a place of it masked, whose second half is of either type; else all is different. */
static void fill(bool alike, Packed *in)
{
    packed_clear(in);
    for (int s = 0; s < SAMPLES; s++) {
        const int n = s == 5 ? 1 : LONGEST - s / 8;
        int32_t id[LONGEST], kind[LONGEST];
        for (int t = 0; t < n; t++) id[t] = (alike ? 7 * t : 7 * t + 11 * s) % WORDS, kind[t] = 2 * t > n && s % 3 == 0;
        id[s % n] = 4;
        packed_add(in, n, id, kind, (uint32_t)s);
    }
}

/* Of some samples no row, of some all, of the others one or two; the last two of a sample, and the first. */
static int choose(const Packed *in, int *row)
{
    int n = 0;
    for (int s = 0; s < in->n_samples; s++)
        for (int t = in->offset[s]; t < in->offset[s + 1]; t++)
            if (s % 4 == 3 || (s % 4 == 1 && t + 2 >= in->offset[s + 1]) || (s % 4 == 2 && t == in->offset[s]))
                row[n++] = t;
    return n;
}

/* What samples receive all of whose rows are read: s % 4 == 3. */
static bool same_received(const Packed *in, const double *x, const double *y)
{
    bool same = true;
    for (int h = 0; h < HEADS; h++)
        for (int s = 3; s < in->n_samples; s += 4) {
            const int at = h * in->n_tokens + in->offset[s];
            for (int t = at; t < at + packed_length(in, s); t++) same &= x[t] > 0 && near(y[t], x[t], 0.02);
        }
    return same;
}

static double worst(int n, int d, const int *row, const real *x, const real *all)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++) {
            const double error = fabs((double)x[i * d + k] - (double)all[row[i] * d + k]);
            if (!(error <= most)) most = error;
        }
    return most;
}

static void compare(const char *what, const BertConfig *config, bool panels, bool alike)
{
    static real all[TOKENS * MOST_D];
    static double of_all[HEADS * TOKENS], of_rows[HEADS * TOKENS];
    static int row[TOKENS];
    Case c;
    open_case(config, panels, &c);
    fill(alike, &c.input);
    const size_t d = (size_t)config->hidden;
    c.encoder.received = of_all;
    memcpy(all, encoder_forward(&c.encoder, &c.input), (size_t)c.input.n_tokens * d * sizeof *all);
    const int n = choose(&c.input, row);
    c.encoder.received = of_rows;
    const real *x = encoder_forward_rows(&c.encoder, &c.input, n, row);
    const double bar = gemm_precision() == PRECISION_BF16 ? 0.1 : panels ? 0 : 1e-4;
    const double error = worst(n, (int)d, row, x, all);
    check(error <= bar, "%s, %s, %d wide, %d layers, prefix of %d, %s: %d rows of %d (%g)", what, gemm_precision_key(),
          config->hidden, config->layers, config->prefix, alike ? "alike" : "different", n, c.input.n_tokens, error);
    check(same_received(&c.input, of_all, of_rows), "and the attention received in samples that are read whole");
    if (config->layers > 1)
        check((2 * c.encoder.repeats.n <= c.input.n_tokens) == alike, "%d different tokens", c.encoder.repeats.n);
    encoder_forward_rows(&c.encoder, &c.input, 0, row);
    close_case(&c);
}

int main(void)
{
    const BertConfig wide = config_of(64, 3, 256, 0), narrow = config_of(16, 2, 24, 0),
                     prefixed = config_of(64, 2, 96, 3), one = config_of(64, 1, 256, 0);
    omp_set_num_threads(3);
    gemm_init(vector_choose(vector_best_level()), 3);
    for (int precision = PRECISION_FP32; precision <= PRECISION_BF16; precision++) {
        if (gemm_choose(&(GemmChoice){.precision = (Precision)precision, .fixed_order = true})) break;
        for (int alike = 0; alike < 2; alike++) {
            compare("panels", &wide, true, alike);
            compare("panels", &one, true, alike);
            compare("panels", &prefixed, true, alike);
            compare("no panels", &narrow, false, alike);
            compare("no panels", &prefixed, false, alike);
        }
    }
    return harness_done();
}
