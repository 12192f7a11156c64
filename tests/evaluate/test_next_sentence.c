/* test_next_sentence.c: the next-sentence head's odds against transformers (tests/golden/next.h5: BertForPreTraining,
 * its logits in fp64, by tests/oracle/make_golden.py), through a model file; the same bits on any number of ranks,
 * which run one after the other. ranks: 1 2 3 4 */
#include <sys/stat.h>

#include "../harness.h"
#include "base/log.h"
#include "base/memory.h"
#include "evaluate/queries.h"
#include "train/runtime.h"

enum { PIECES = 31, PAIRS = 40 };

typedef struct {
    BertConfig config;
    int *id, *kind, *offset;
    double logit[PAIRS][2];
    float *weight;
} Golden;

static int *integers(H5File *file, const char *path)
{
    H5Shape shape;
    if (h5_shape(file, path, &shape)) return NULL;
    int *x = memory_alloc((size_t)shape.count, sizeof *x);
    return h5_read(file, path, H5_I32, shape.count, x) ? NULL : x;
}

static Status golden_read(Golden *g)
{
    H5File *file;
    BertLayout layout;
    TRY(h5_open("tests/golden/next.h5", &file));
    TRY(bert_config_read(file, &g->config));
    bert_layout_init(&g->config, &layout);
    g->weight = memory_alloc((size_t)layout.count, sizeof *g->weight);
    TRY(model_file_read_block(file, "/model/weights", &layout, g->weight));
    bert_layout_free(&layout);
    g->id = integers(file, "/ids"), g->kind = integers(file, "/kind"), g->offset = integers(file, "/offset");
    TRY(h5_read(file, "/logits", H5_F64, 2 * PAIRS, g->logit[0]));
    return h5_close(&file);
}

static Status write_body(H5File *file, const void *context)
{
    const Golden *g = context;
    static const char *const special[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    char letters[PIECES][2] = {{0}};
    const char *piece[PIECES];
    Tokenizer tokenizer;
    BertLayout layout;
    for (int i = 0; i < PIECES; i++) letters[i][0] = (char)('a' + i - 5), piece[i] = i < 5 ? special[i] : letters[i];
    TRY(h5_write_header(file, MODEL_FORMAT, "test", ""));
    TRY(tokenizer_plain("golden", piece, PIECES, true, &tokenizer));
    bert_layout_init(&g->config, &layout);
    Status status = model_file_write(file, &g->config, &layout, g->weight, &tokenizer);
    bert_layout_free(&layout);
    tokenizer_free(&tokenizer);
    return status;
}

/* With a masked-LM question between, so that asks of two kinds share batches. */
static void fill(const Golden *g, Queries *q)
{
    for (int i = 0; i < PAIRS; i++) {
        const int start = g->offset[i], n = g->offset[i + 1] - start;
        queries_add(q, n, g->id + start, g->kind + start, i + 1);
        queries_ask(q, ASK_NEXT, 0, 0);
        queries_ask(q, ASK_LOG_P, n - 1, 5);
    }
}

static void compare(const Golden *g, const Queries *q, const char *folder, int ranks)
{
    double worst = 0, least = HUGE_VAL, most = -HUGE_VAL, one[2 * PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        const double odds = g->logit[i][0] - g->logit[i][1];
        worst = fmax(worst, fabs(q->answer[2 * i] - odds));
        least = fmin(least, odds), most = fmax(most, odds);
    }
    check(worst <= 1e-5 && most - least > 1, "odds from %.2f to %.2f, as transformers' logits: %.1e", least, most,
          worst);
    char *path = memory_print("%s/answers", folder);
    FILE *f = fopen(path, ranks == 1 ? "w" : "r");
    if (ranks == 1) check(f && fwrite(q->answer, sizeof one, 1, f) == 1, "kept for more ranks");
    else
        check(f && fread(one, sizeof one, 1, f) == 1 && memcmp(one, q->answer, sizeof one) == 0,
              "%d ranks have the bits of one", ranks);
    if (f) fclose(f);
    free(path);
}

int main(int argc, char **argv)
{
    Comm comm;
    if (comm_init(&argc, &argv, &comm)) return 1;
    harness_speaks = comm.rank == 0;
    log_init(false);
    check(runtime_init(&comm, 1, &(GemmChoice){0}, true) == STATUS_OK, "the same kernels everywhere");
    char *folder = memory_print("%s/next", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp"),
         *path = memory_print("%s/model-%d.h5", folder, comm.n_ranks);
    Golden g = {0};
    Model m = {0};
    Queries q = {0};
    Status status = golden_read(&g);
    mkdir(folder, 0777);
    if (!status && comm.rank == 0) status = h5_write_file(path, write_body, &g);
    comm_barrier(&comm);
    if (!status) fill(&g, &q);
    if (!status) status = model_open(&comm, path, &m);
    if (!status) status = queries_run(&comm, path, &m, "pairs", "test", &q, NULL, NULL);
    check(status == STATUS_OK, "answered%s%s", status ? ": " : "", status ? status_message() : "");
    if (!status && comm.rank == 0) compare(&g, &q, folder, comm.n_ranks);
    queries_free(&q);
    model_close(&m);
    free(g.id), free(g.kind), free(g.offset), free(g.weight);
    free(folder), free(path);
    const int code = harness_done();
    comm_finalize(&comm);
    return code;
}
