/* test_queries.c: answers of the scorer against a plain loop over sequences, one at a time, softmax in double; the same
 * bits on any number of ranks, which run one after the other and find the answers of one. ranks: 1 2 3 4 */
#include "base/log.h"
#include "base/random.h"
#include "evaluate/queries.h"
#include "model/rows.h"
#include "tiny_model.h"

enum { SEQUENCES = 400, WORDS = 13, LONGEST = 40 };

static int draw(int sequence, int place, int use, int below)
{
    const RandomKey key = random_key(1, RANDOM_BENCH, 7, (uint32_t)use, (uint32_t)sequence);
    uint32_t word[4];
    random_words(&key, (uint32_t)place, word);
    return (int)(word[0] % (uint32_t)below);
}

/* Sequences of 1 to 40 pieces; none, one or several asks of each, two ids at one place among them. Every tenth has the
 * pieces of the one before it, and either its types or others. */
static void fill(Queries *q)
{
    for (int s = 0; s < SEQUENCES; s++) {
        int32_t id[LONGEST], kind[LONGEST];
        const int like = s % 10 == 9 ? s - 1 : s, n = 1 + draw(like, 0, 0, LONGEST);
        for (int t = 0; t < n; t++) id[t] = draw(like, t, 1, WORDS), kind[t] = t > n / 2;
        queries_add(q, n, id, s % 3 ? kind : NULL, s + 1);
        queries_replace(q, n - 1, 4);
        for (int a = 0; a < s % 5; a++) {
            const int place = draw(a % 2 ? like : s, a, 2, n); /* equal sequences share some */
            const AskKind as =
                (AskKind)draw(s, a, 3, ASK_NEXT); /* a head that this model lacks: test_next_sentence.c */
            queries_ask(q, as, place, draw(s, a, 4, WORDS));
            if (as != ASK_STATE && as != ASK_ATTENTION && a % 2) queries_ask(q, as, place, draw(s, a, 5, WORDS));
        }
    }
}

typedef struct {
    int64_t n;
    double sum, twice; /* of numbers; of numbers times the state's first value, in the order of visits */
} Seen;

static void see(void *context, int n, const real *x, const int *number)
{
    Seen *seen = context;
    for (int i = 0; i < n; i++, seen->n++) {
        seen->sum += number[i];
        seen->twice = 0.5 * seen->twice + (1 + number[i]) * (double)x[(size_t)i * 16];
    }
}

/* Of the sequence alone that the model has just read; over all its places it adds up to 1. */
static double plain_attention(const Model *m, int n, int place)
{
    const int heads = m->params.config.heads, terms = m->params.config.layers * heads * n;
    double all = 0, received = 0;
    for (int h = 0; h < heads; h++)
        for (int t = 0; t < n; t++) {
            const double share = m->encoder.received[h * n + t] / terms;
            all += share;
            received += t == place ? share : 0;
        }
    if (!near(all, 1, 1e-6)) check(false, "attention of a sequence adds up to %.9f", all);
    return received;
}

/* -ln softmax etc. of one sequence alone, in double. */
static double plain(Model *m, const Queries *q, int sequence, const Ask *ask, double *state)
{
    const int start = q->pack.offset.id[sequence], n = q->pack.offset.id[sequence + 1] - start;
    const int d = m->params.config.hidden, v = m->params.config.vocab;
    double received[2 * LONGEST];
    m->encoder.received = ask->kind == ASK_ATTENTION ? received : NULL;
    packed_clear(&m->input);
    packed_add(&m->input, n, q->pack.id.id + start, q->pack.kind.id + start, 0);
    real row[64];
    rows_gather(1, d, &ask->place, encoder_forward(&m->encoder, &m->input), row);
    if (ask->kind == ASK_ATTENTION) return plain_attention(m, n, ask->place);
    const real *z = mlm_head_transform(&m->head, 1, row);
    *state = (double)z[0];
    double sum = 0, logit[WORDS];
    for (int k = 0; k < v; k++) {
        logit[k] = (double)m->params.w.decoder_bias[k];
        for (int j = 0; j < d; j++) logit[k] += (double)z[j] * (double)m->params.w.decoder[k * d + j];
        sum += exp(logit[k]);
    }
    return ask->kind == ASK_LOG_P ? logit[ask->id] - log(sum) : logit[ask->id];
}

static void compare(Model *m, const Queries *q, const Seen *seen)
{
    double worst = 0, state, expected = 0;
    int64_t n[N_ASKS] = {0}, not_nan = 0;
    for (int s = 0; s < SEQUENCES; s++) {
        const int64_t end = s + 1 < SEQUENCES ? q->first[s + 1] : q->n_asks;
        for (int64_t a = q->first[s]; a < end; a++) {
            const double value = plain(m, q, s, &q->ask[a], &state);
            n[q->ask[a].kind]++;
            if (q->ask[a].kind == ASK_STATE) expected += q->ask[a].id, not_nan += !isnan(q->answer[a]);
            else worst = fmax(worst, fabs(q->answer[a] - value));
        }
    }
    check(n[0] > 100 && n[1] > 100 && n[2] > 100 && n[3] > 100,
          "hundreds of asks of every kind: %lld, %lld, %lld, %lld", (long long)n[0], (long long)n[1], (long long)n[2],
          (long long)n[3]);
    check(worst < 1e-5, "answers are those of a sequence alone: %.1e", worst);
    check(seen->n == n[ASK_STATE] && near(seen->sum, expected, 0) && not_nan == 0, "every state is visited once: %lld",
          (long long)seen->n);
}

static void compare_ranks(const Comm *comm, const char *folder, const Queries *q, const Seen *seen)
{
    char *path = memory_print("%s/answers", folder);
    double *one = memory_alloc((size_t)q->n_asks + 3, sizeof *one);
    const double sums[3] = {(double)seen->n, seen->sum, seen->twice};
    FILE *f = fopen(path, comm->n_ranks == 1 ? "w" : "r");
    const size_t n = (size_t)q->n_asks;
    if (comm->n_ranks == 1) {
        check(fwrite(q->answer, sizeof *one, n, f) == n && fwrite(sums, sizeof *one, 3, f) == 3, "kept for more ranks");
    } else {
        const bool read = f && fread(one, sizeof *one, n + 3, f) == n + 3;
        check(read && memcmp(one, q->answer, n * sizeof *one) == 0 && memcmp(one + n, sums, sizeof sums) == 0,
              "%d ranks: %lld answers and the order of states have the bits of one rank", comm->n_ranks, (long long)n);
    }
    if (f) fclose(f);
    free(one);
    free(path);
}

/* One rank asks something else; weights that are not finite. */
static void refuse(const Comm *comm, const char *path)
{
    Model m = {0};
    Queries q = {0};
    fill(&q);
    if (comm->rank == comm->n_ranks - 1) q.ask[5].id++;
    Status status = model_open(comm, path, &m);
    if (!status) status = queries_run(comm, path, &m, "items.tsv", "test", &q, see, &(Seen){0});
    check(comm->n_ranks == 1 || (status == STATUS_USAGE && strstr(status_message(), "what items.tsv asks")),
          "ranks that hold different queries: %s", status ? status_message() : "(one rank)");
    queries_free(&q);
    model_close(&m);
}

int main(int argc, char **argv)
{
    Comm comm;
    if (comm_init(&argc, &argv, &comm)) return 1;
    harness_speaks = comm.rank == 0;
    log_init(false);
    check(runtime_init(&comm, 1, &(GemmChoice){0}, true) == STATUS_OK, "the same kernels everywhere");
    char *folder = memory_print("%s/tiny-%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", comm.n_ranks),
         *first = memory_print("%s/tiny-1", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp"),
         *path = comm.n_ranks == 1 ? tiny_model(&comm, folder) : memory_print("%s/model.h5", first);
    Model m = {0};
    Queries q = {0};
    Seen seen = {0};
    fill(&q);
    Status status = model_open(&comm, path, &m);
    if (!status) status = queries_run(&comm, path, &m, "items.tsv", "test", &q, see, &seen);
    check(status == STATUS_OK, "answered%s%s", status ? ": " : "", status ? status_message() : "");
    if (!status && comm.rank == 0) {
        compare(&m, &q, &seen);
        compare_ranks(&comm, first, &q, &seen);
    }
    queries_free(&q);
    model_close(&m);
    refuse(&comm, path);
    free(folder), free(first), free(path);
    const int code = harness_done();
    comm_finalize(&comm);
    return code;
}
