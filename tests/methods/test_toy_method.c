/* test_toy_method.c: a method in one file, added by a test, on the trainer as it is: keys of its own, two samples per
 * item, rows of the whole batch, gradients to all layers' states, a term of the log, a term without samples, its own
 * choice of items. The loss 1/2 (sum of r over the batch)^2 couples all items, so that a gradient of local sums would
 * be wrong. Oracle: one rank in one portion; ranks run one after the other and find its files. ranks: 1 2 3 4 */
#include <stddef.h>
#include <sys/stat.h>

#include "../harness.h"
#include "base/log.h"
#include "base/memory.h"
#include "methods/method.h"
#include "train/trainer.h"

enum { ITEMS = 23, BATCH = 7, STEPS = 6 };

/* --- the method ------------------------------------------------------------------------------------- */

typedef struct {
    double weight;
} ToyOptions;

typedef struct {
    double total; /* of r over the batch */
    int begun;
} ToyOwn;

static const Setting toy_key[] = {
    {"toy-weight", SETTING_REAL, "1", "", 0, 100, offsetof(ToyOptions, weight), "weight of the toy"}};
static const char *const toy_term[] = {"toy_half"};
static const MethodValue toy_usual[] = {{"batch", "7"}, {NULL, NULL}};
static int n_begun;

static Status toy_read(const Comm *comm, MethodRun *m, const char *path, CorpusOptions *request)
{
    return corpus_read(comm, path, m->model->vocabulary, request, &m->data);
}

static void toy_lay_out(Arena *arena, MethodRun *m)
{
    (void)arena, (void)m;
}

static Status toy_begin(const Comm *comm, MethodRun *m, int64_t epoch)
{
    (void)comm, (void)m, (void)epoch;
    n_begun++;
    return STATUS_OK;
}

static void toy_choose(const MethodRun *m, int64_t step, int n, int *item)
{
    for (int i = 0; i < n; i++) item[i] = (int)((step * 5 + 3 * i) % m->data.n);
}

static void toy_fill(MethodRun *m, const BatchItem *item, int n, Batch *batch)
{
    batch_clear(batch);
    for (int copy = 0; copy < 2; copy++)
        for (int i = 0; i < n; i++) batch_add(&m->data, item[i], 0, (uint32_t)(2 * item[i].number + copy), batch);
}

static double direction(int l, int j)
{
    return 0.1 * cos(1.0 + j + 2 * l);
}

/* r of an item: of both samples, the first state of every layer along a fixed direction. */
static void toy_rows(MethodRun *m, const Batch *batch, double *row)
{
    const int d = m->model->config.hidden;
    for (int b = 0; b < batch->packed.n_samples; b++)
        for (int l = 0; l <= m->model->config.layers; l++)
            for (int j = 0; j < d; j++)
                row[batch->place[b]] +=
                    direction(l, j) * (double)m->model->encoder.h[l][(size_t)batch->packed.offset[b] * (size_t)d + j];
}

static void toy_whole(MethodRun *m, const StepCounts *counts, const double *row)
{
    ToyOwn *own = m->own;
    own->total = 0;
    for (int64_t i = 0; i < counts->items; i++) own->total += row[i];
}

static void toy_add(MethodRun *m, const Batch *batch, const StepCounts *counts, double *sum)
{
    const ToyOptions *o = m->options;
    const ToyOwn *own = m->own;
    const int d = m->model->config.hidden, samples = batch->packed.n_samples;
    const double value = 0.5 * o->weight * own->total * own->total;
    sum[0] += value * samples / 2; /* the mean over items is the value */
    sum[1] += value * samples / 4;
    for (int b = 0; b < samples; b++)
        for (int l = 0; l <= m->model->config.layers; l++)
            for (int j = 0; j < d; j++)
                m->model->encoder.dh[l][(size_t)batch->packed.offset[b] * (size_t)d + j] +=
                    (real)(o->weight * own->total * direction(l, j));
    (void)counts;
}

static void toy_once(MethodRun *m, double *mean)
{
    const real *bias = m->model->params.w.decoder_bias;
    for (int v = 0; v < m->model->config.vocab; v++) {
        mean[0] += 0.5 * ((double)bias[v] - 1) * ((double)bias[v] - 1);
        m->model->params.g.decoder_bias[v] += bias[v] - 1;
    }
}

static const Method toy = {.name = "toy",
                           .summary = "of the tests",
                           .usual = toy_usual,
                           .key = toy_key,
                           .n_keys = 1,
                           .options_bytes = sizeof(ToyOptions),
                           .own_bytes = sizeof(ToyOwn),
                           .copies = 2,
                           .all_states = true,
                           .row_width = 1,
                           .mean = PER_ITEM,
                           .n_terms = 1,
                           .term = toy_term,
                           .read = toy_read,
                           .lay_out = toy_lay_out,
                           .begin = toy_begin,
                           .choose = toy_choose,
                           .fill = toy_fill,
                           .rows = toy_rows,
                           .whole = toy_whole,
                           .add = toy_add,
                           .once = toy_once};

/* The same with held-out data: a bias that grows by the rate at every step does best after the third. */
static Status toy_check(const Comm *comm, MethodRun *m, double *value)
{
    const double bias = (double)m->model->params.w.decoder_bias[0];
    (void)comm;
    *value = (bias - 3e-3) * (bias - 3e-3);
    return STATUS_OK;
}

static Method checking; /* the toy and toy_check */

/* --- the test --------------------------------------------------------------------------------------- */

static void write_inputs(const char *folder)
{
    static const char *const word[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    char path[400];
    mkdir(folder, 0777);
    snprintf(path, sizeof path, "%s/vocab.txt", folder);
    FILE *f = fopen(path, "w");
    fprintf(f, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    for (int i = 0; i < 8; i++) fprintf(f, "%s\n", word[i]);
    fclose(f);
    snprintf(path, sizeof path, "%s/text.txt", folder);
    f = fopen(path, "w");
    for (int i = 0; i < ITEMS; i++) {
        for (int k = 0; k <= i % 5; k++) fprintf(f, "%s ", word[(i * 3 + k) % 8]);
        fprintf(f, "\n");
    }
    fclose(f);
}

static Status run(const Comm *comm, const char *folder, const char *name, double weight, const char *more)
{
    int n;
    Settings settings;
    RunSettings run_settings;
    const Setting *table = run_settings_table(&n);
    settings_init(&settings, table, n);
    char *text = memory_print("method = %s\ninit = random\nlayers = 2\nhidden = 8\nheads = 2\nintermediate = 12\n"
                              "positions = 16\nmax-length = 16\nvocab = %s/vocab.txt\ntrain-data = %s/text.txt\n"
                              "output = %s/%s-%d\nsteps = %d\nlearning-rate = 1e-3\nschedule = constant\n"
                              "dropout = 0.1\nlog-steps = 1\nthreads = 1\nclip = 0\ntoy-weight = %g\n%s",
                              strncmp(name, "best", 4) == 0 ? "checking" : "toy", folder, folder, folder, name,
                              comm->n_ranks, STEPS, weight, more);
    Status status = settings_read_text(&settings, "toy", text);
    if (!status) status = run_settings_resolve(&settings, &run_settings);
    if (!status) status = trainer_run(comm, &run_settings, text, "test");
    free(text);
    settings_free(&settings);
    return status;
}

/* A dataset of the last checkpoint of a run of so many ranks; NULL if there is none. */
static double *load(const char *folder, const char *name, int ranks, const char *path, int64_t *count)
{
    char *file_path = path[0] == '!' ? memory_print("%s/%s-%d/model.h5", folder, name, ranks)
                                     : memory_print("%s/%s-%d/step-%08d.h5", folder, name, ranks, STEPS);
    path += path[0] == '!'; /* of the finished model */
    H5File *file;
    H5Shape shape;
    double *x = NULL;
    if (h5_open(file_path, &file) == STATUS_OK && h5_shape(file, path, &shape) == STATUS_OK) {
        float *narrow = calloc((size_t)shape.count, sizeof *narrow);
        x = calloc((size_t)shape.count, sizeof *x);
        *count = shape.count;
        if (shape.kind == H5_F64) h5_read(file, path, H5_F64, shape.count, x);
        else if (h5_read(file, path, H5_F32, shape.count, narrow) == STATUS_OK)
            for (int64_t i = 0; i < shape.count; i++) x[i] = (double)narrow[i];
        free(narrow);
        h5_close(&file);
    }
    free(file_path);
    return x;
}

/* Steps 1 to 6 leave the bias at 1e-3, 2e-3, ...; the third is the best, and the run goes on with the last. */
static void compare_best(const Comm *comm, const char *folder)
{
    static const char bias[] = "!/model/weights/cls.predictions.bias";
    int64_t n;
    double *model = load(folder, "best", comm->n_ranks, bias, &n),
           *last = load(folder, "best", comm->n_ranks, bias + 1, &n);
    double *again = load(folder, "best-shards", comm->n_ranks, bias, &n);
    double *kept = load(folder, "best", comm->n_ranks, "/best/weights/cls.predictions.bias", &n);
    check(model && last && kept && again, "the checkpoint holds the best weights");
    if (!model || !last || !kept || !again) return;
    check(fabs(model[0] - 3e-3) < 1e-4 && fabs(last[0] - 6e-3) < 2e-4 && kept[0] == model[0],
          "the model is that of the third step, the checkpoint the last: %.5f %.5f", model[0], last[0]);
    check(fabs(again[0] - 3e-3) < 1e-4, "the same with shards: %.5f", again[0]);
    free(model), free(last), free(kept), free(again);
}

/* Largest difference of a dataset of two runs, over its largest value. */
static double differs(const char *folder, const char *name, int ranks, const char *other, int other_ranks,
                      const char *path)
{
    int64_t n = 0, m = 0;
    double *a = load(folder, name, ranks, path, &n), *b = load(folder, other, other_ranks, path, &m), worst = 0,
           most = 0;
    if (!a || !b || n != m) return HUGE_VAL;
    for (int64_t i = 0; i < n; i++) worst = fmax(worst, fabs(a[i] - b[i])), most = fmax(most, fabs(b[i]));
    free(a), free(b);
    return worst / fmax(most, 1e-30);
}

static void compare(const Comm *comm, const char *folder)
{
    static const char weight[] = "/model/weights/bert.encoder.layer.0.output.dense.weight";
    static const char loss[] = "/history/toy_half";
    const int ranks = comm->n_ranks;
    int64_t n = 0;
    double *value = load(folder, "plain", ranks, "/history/task_loss", &n),
           *half = load(folder, "plain", ranks, "/history/toy_half", &n);
    double *bias = load(folder, "plain", ranks, "/model/weights/cls.predictions.bias", &n);
    check(value && half && bias && n == 13, "a column of the log, and the weights, are there");
    if (!value || !half || !bias) return;
    check(fabs(half[0] - (value[0] - 0.5 * 13) / 2) < 1e-9 * value[0], "the term is half of the task without `once`");
    check(bias[0] > 0.9 * STEPS * 1e-3, "`once` moved its parameter by the rate at every step: %.4f", bias[0]);
    double error = differs(folder, "plain", ranks, "plain", 1, loss);
    check(error < 1e-4, "%d ranks: losses of one rank: %.1e", ranks, error);
    error = differs(folder, "plain", ranks, "plain", 1, weight);
    check(error < 1e-3, "%d ranks: weights of one rank: %.1e", ranks, error);
    error = differs(folder, "micro", ranks, "plain", 1, loss);
    check(error < 1e-4, "%d ranks, portions of 2 items: the same losses: %.1e", ranks, error);
    check(differs(folder, "shards", ranks, "shards", 1, weight) == 0 &&
              differs(folder, "shards", ranks, "shards", 1, loss) == 0,
          "%d ranks, reproducible: the bits of one rank", ranks);
    error = differs(folder, "light", ranks, "plain", 1, loss);
    check(error > 1e-2, "control: its own key has its effect: %.1e", error);
    free(value), free(half), free(bias);
}

int main(int argc, char **argv)
{
    Comm comm;
    if (comm_init(&argc, &argv, &comm)) return 1;
    harness_speaks = comm.rank == 0;
    log_init(false);
    method_add(&toy);
    checking = toy;
    checking.name = "checking", checking.check = toy_check;
    checking.key = NULL, checking.n_keys = 0; /* its weight is 0: `once` alone trains */
    method_add(&checking);
    const char *base = getenv("TMPDIR");
    char folder[300];
    snprintf(folder, sizeof folder, "%s/toy", base ? base : "/tmp");
    if (comm.rank == 0 && comm.n_ranks == 1) write_inputs(folder);
    comm_barrier(&comm);
    const struct {
        const char *name;
        double weight;
        const char *more;
    } variant[] = {{"plain", 2, ""},
                   {"micro", 2, "micro-batch = 2\n"},
                   {"shards", 2, "reproducible = yes\n"},
                   {"light", 1, ""},
                   {"best", 1, "check-steps = 1\n"},
                   {"best-shards", 1, "check-steps = 1\nreproducible = yes\n"}};
    for (int i = 0; i < 6; i++) {
        const Status status = run(&comm, folder, variant[i].name, variant[i].weight, variant[i].more);
        check(status == STATUS_OK, "the toy trains, %s: %s", variant[i].name, status ? status_message() : "");
    }
    check(n_begun >= 4, "`begin` was called before the first step of every run and of every epoch: %d", n_begun);
    if (comm.rank == 0) compare(&comm, folder);
    if (comm.rank == 0) compare_best(&comm, folder);
    const int code = harness_done();
    comm_finalize(&comm);
    return code;
}
