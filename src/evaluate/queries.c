/* queries.c: sequences -> batches by length -> forward pass -> head at the asked places -> answers on rank 0. */
#include "evaluate/queries.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/log.h"
#include "base/memory.h"
#include "kernels/layers.h"
#include "model/rows.h"
#include "model/sentence_head.h"
#include "parallel/same.h"

void queries_free(Queries *q)
{
    sample_pack_free(&q->pack);
    free(q->line);
    free(q->ask);
    free(q->first);
    free(q->answer);
    *q = (Queries){0};
}

void queries_add(Queries *q, int n, const int32_t *id, const int32_t *kind, int64_t line)
{
    const size_t samples = (size_t)q->pack.n_samples;
    memory_reserve((void **)&q->line, &q->lines, samples + 1, sizeof *q->line);
    memory_reserve((void **)&q->first, &q->firsts, samples + 1, sizeof *q->first);
    q->line[samples] = line;
    q->first[samples] = q->n_asks;
    sample_pack_append(&q->pack, n, id, kind);
}

static int last_start(const Queries *q)
{
    return q->pack.offset.id[q->pack.n_samples - 1];
}

void queries_replace(Queries *q, int place, int id)
{
    q->pack.id.id[last_start(q) + place] = id;
}

int64_t queries_ask(Queries *q, AskKind kind, int place, int id)
{
    if (place < 0 || last_start(q) + place >= (int)q->pack.id.n)
        status_abort(__FILE__, __LINE__, "place %d is outside of its sequence", place);
    memory_reserve((void **)&q->ask, &q->asks, (size_t)q->n_asks + 1, sizeof *q->ask);
    q->ask[q->n_asks] = (Ask){place, id, kind};
    return q->n_asks++;
}

/* --- batches ---------------------------------------------------------------------------------------- */

/* A sequence's place in the order of work. */
typedef struct {
    int length, sequence;
    int like;  /* the first sequence of the same pieces */
    int place; /* in its batch, of what is computed: equal sequences share one */
} Sized;

/* Asks [ask, end) of one kind about one place of one sequence: the head's row for them, and where their answers begin.
 */
typedef struct {
    int row;
    int64_t ask, end, at; /* at: in the batch; the others in q */
} AskSpan;

enum { SPANS = 4 * HEAD_ROWS /* at hand; equal sequences share rows */ };

typedef struct {
    const Comm *comm;
    Model *model;
    Queries *q;
    const char *name;
    Sized *order; /* [n_samples] longest first, equal ones together */
    int *batch;   /* [n_batches + 1] first place in order */
    int n_batches;
    /* One batch at work, on this rank. */
    double *answer;   /* of its asks, in its order */
    real *state;      /* [states, D] */
    real *hidden;     /* [read, D] of the tokens whose state is read */
    int *offset;      /* [QUERY_SAMPLES] by place: first token */
    int n_tokens;     /* so far */
    real *x;          /* [HEAD_ROWS, D] rows at hand */
    int *row, *label; /* [HEAD_ROWS] */
    double *first;    /* [HEAD_ROWS] logit of a row's label */
    int n_rows, n_spans;
    AskSpan *span; /* [SPANS] */
    int *held;     /* [tokens]: of a read token its row at hand, -1: none */
    int *nth;      /* [tokens]: which of those that are read a token is, -1: none */
    int n_read;
    int *read; /* [chunk]: tokens of a chunk whose state is read */
    int64_t n_answers, n_states;
    double *received; /* [H, tokens], if attention is asked for */
    Arena arena;      /* of the pooler, if a next sentence is asked for */
    SentenceHead pooler;
    /* All batches of a round, on rank 0. */
    double *all_answers;
    real *all_states;
} Run;

static int64_t end_of(const Queries *q, int sequence)
{
    return sequence + 1 < q->pack.n_samples ? q->first[sequence + 1] : q->n_asks;
}

static int token_room(const Queries *q)
{
    return q->pack.longest > QUERY_TOKENS ? q->pack.longest : QUERY_TOKENS;
}

static int chunk_room(const Queries *q)
{
    return q->pack.longest > QUERY_CHUNK ? q->pack.longest : QUERY_CHUNK;
}

/* --- the order of work ------------------------------------------------------------------------------ */

/* Longest first; of one length, equal sequences together, where the first of them stands. */
static int longest_first(const void *a, const void *b)
{
    const Sized *x = a, *y = b;
    if (x->length != y->length) return (x->length < y->length) - (x->length > y->length);
    return x->like != y->like ? x->like - y->like : x->sequence - y->sequence;
}

/* A sequence by what it holds. */
typedef struct {
    uint64_t hash;
    int sequence, length;
    const int32_t *id, *kind;
} Content;

static int by_pieces(const Content *x, const Content *y)
{
    if (x->hash != y->hash) return (x->hash > y->hash) - (x->hash < y->hash);
    if (x->length != y->length) return x->length - y->length;
    const size_t bytes = (size_t)x->length * sizeof *x->id;
    const int ids = memcmp(x->id, y->id, bytes);
    return ids ? ids : memcmp(x->kind, y->kind, bytes);
}

static int by_content(const void *a, const void *b)
{
    const Content *x = a, *y = b;
    const int order = by_pieces(x, y);
    return order ? order : x->sequence - y->sequence;
}

/* Sequences with asks, each with the first of its like. Returns how many. */
static int list_sequences(const Queries *q, Sized *order)
{
    Content *content = memory_alloc((size_t)q->pack.n_samples + 1, sizeof *content);
    int n = 0;
    for (int s = 0; s < q->pack.n_samples; s++) {
        const int start = q->pack.offset.id[s], length = q->pack.offset.id[s + 1] - start;
        if (q->first[s] == end_of(q, s)) continue;
        Content *c = &content[n++];
        *c = (Content){0, s, length, q->pack.id.id + start, q->pack.kind.id + start};
        c->hash = XXH3_64bits_withSeed(c->id, (size_t)length * sizeof *c->id,
                                       XXH3_64bits(c->kind, (size_t)length * sizeof *c->kind));
    }
    qsort(content, (size_t)n, sizeof *content, by_content);
    for (int i = 0, head = 0; i < n; i++) {
        if (by_pieces(&content[head], &content[i]) != 0) head = i;
        order[i] =
            (Sized){.length = content[i].length, .sequence = content[i].sequence, .like = content[head].sequence};
    }
    free(content);
    return n;
}

/* Is the i-th in the order of work of the same pieces as the one before it? */
static bool is_again(const Run *r, int i)
{
    return i > 0 && r->order[i].like == r->order[i - 1].like;
}

/* Sequences without asks are left out, and of equal ones one is computed. */
static void plan(Run *r)
{
    const Queries *q = r->q;
    const int most = token_room(q);
    r->order = memory_alloc((size_t)q->pack.n_samples + 1, sizeof *r->order);
    r->batch = memory_alloc((size_t)q->pack.n_samples + 1, sizeof *r->batch);
    const int n = list_sequences(q, r->order);
    qsort(r->order, (size_t)n, sizeof *r->order, longest_first);
    for (int i = 0, tokens = 0, place = -1; i < n; i++) {
        const bool is_full = tokens + r->order[i].length > most || place + 1 == QUERY_SAMPLES;
        if (!is_again(r, i)) {
            if (i == 0 || is_full) r->batch[r->n_batches++] = i, tokens = 0, place = -1;
            tokens += r->order[i].length, place++;
        }
        r->order[i].place = place;
    }
    r->batch[r->n_batches] = n;
}

/* Asks of sequences first .. end - 1 in the order of work: all of them, or of one kind. */
static int64_t asks_between(const Run *r, int first, int end, int kind)
{
    int64_t n = 0;
    for (int i = first; i < end; i++)
        for (int64_t a = r->q->first[r->order[i].sequence]; a < end_of(r->q, r->order[i].sequence); a++)
            n += kind == N_ASKS || (int)r->q->ask[a].kind == kind;
    return n;
}

static int64_t count_asks(const Run *r, int batch, int kind)
{
    return asks_between(r, r->batch[batch], r->batch[batch + 1], kind);
}

static void make_pooler(Run *r)
{
    sentence_head_init(&r->arena, &r->model->params, true, HEAD_ROWS, &r->pooler);
    arena_open(&r->arena);
    sentence_head_init(&r->arena, &r->model->params, true, HEAD_ROWS, &r->pooler);
}

/* Room for the largest batch, and on rank 0 for a round of them. */
static void make_room(Run *r)
{
    const size_t d = (size_t)r->model->params.config.hidden;
    int64_t answers = 0, states = 0;
    bool attends = false, pairs = false;
    for (int b = 0; b < r->n_batches; b++) {
        const int64_t n = count_asks(r, b, N_ASKS), m = count_asks(r, b, ASK_STATE);
        answers = n > answers ? n : answers;
        states = m > states ? m : states;
        attends = attends || count_asks(r, b, ASK_ATTENTION);
        pairs = pairs || count_asks(r, b, ASK_NEXT);
    }
    if (pairs) make_pooler(r);
    const size_t ranks = r->comm->rank == 0 ? (size_t)r->comm->n_ranks : 0;
    r->answer = memory_alloc((size_t)answers + 1, sizeof *r->answer);
    r->state = memory_alloc((size_t)states * d + 1, sizeof *r->state);
    r->all_answers = memory_alloc(ranks * (size_t)answers + 1, sizeof *r->all_answers);
    r->all_states = memory_alloc(ranks * (size_t)states * d + 1, sizeof *r->all_states);
    r->x = memory_alloc(HEAD_ROWS * d, sizeof *r->x);
    r->row = memory_alloc(2 * HEAD_ROWS, sizeof *r->row);
    r->label = r->row + HEAD_ROWS;
    r->first = memory_alloc(HEAD_ROWS, sizeof *r->first);
    r->span = memory_alloc(SPANS, sizeof *r->span);
    const size_t tokens = (size_t)token_room(r->q), chunk = (size_t)chunk_room(r->q);
    r->hidden = memory_alloc(tokens * d, sizeof *r->hidden);
    r->nth = memory_alloc(2 * tokens + chunk + QUERY_SAMPLES, sizeof *r->nth);
    r->held = r->nth + tokens;
    r->read = r->held + tokens;
    r->offset = r->read + chunk;
    const size_t places = (size_t)r->model->params.config.heads * chunk;
    if (attends) r->received = memory_alloc(places, sizeof *r->received);
}

/* --- one batch -------------------------------------------------------------------------------------- */

/* The asks of one kind at one place, from a on; a state is one ask's. */
static int64_t end_of_span(const Queries *q, int64_t a, int64_t end)
{
    int64_t next = a + 1;
    while (next < end && q->ask[next].kind == q->ask[a].kind && q->ask[next].place == q->ask[a].place) next++;
    return q->ask[a].kind == ASK_STATE ? a + 1 : next;
}

static void answer_log_p(Run *r)
{
    const int n = r->n_rows;
    const real *bias = r->model->params.w.decoder_bias;
    const int v = r->model->params.config.vocab;
    MlmHead *head = &r->model->head;
    real *logits = mlm_head_logits(head, n, mlm_head_transform(head, n, r->x), false);
    for (const AskSpan *s = r->span; s < r->span + r->n_spans; s++) {
        const real *logit = logits + (size_t)s->row * (size_t)v;
        for (int64_t a = s->ask; a < s->end; a++) {
            const int id = r->label[s->row] = r->q->ask[a].id;
            r->answer[s->at + a - s->ask] = r->first[s->row] = (double)(logit[id] + bias[id]);
        }
    }
    layers_cross_entropy(n, v, logits, bias, r->label, 0, head->loss, NULL); /* -ln p of each row's label */
    for (const AskSpan *s = r->span; s < r->span + r->n_spans; s++)
        for (int64_t a = 0; a < s->end - s->ask; a++) r->answer[s->at + a] += -r->first[s->row] - head->loss[s->row];
}

static void answer_logit(Run *r)
{
    const size_t d = (size_t)r->model->params.config.hidden;
    const BertTensors *w = &r->model->params.w;
    const real *z = mlm_head_transform(&r->model->head, r->n_rows, r->x);
    for (const AskSpan *s = r->span; s < r->span + r->n_spans; s++)
        for (int64_t a = s->ask; a < s->end; a++) {
            const size_t id = (size_t)r->q->ask[a].id, row = (size_t)s->row;
            double sum = (double)w->decoder_bias[id];
            for (size_t k = 0; k < d; k++) sum += (double)z[row * d + k] * (double)w->decoder[id * d + k];
            r->answer[s->at + a - s->ask] = sum;
        }
}

/* Of logits (is next, is not): ln p / (1 - p) is their difference. */
static void answer_next(Run *r)
{
    const size_t d = (size_t)r->model->params.config.hidden;
    const real *weight = r->model->params.w.next_weight, *bias = r->model->params.w.next_bias;
    const real *y = sentence_head_forward(&r->pooler, r->n_rows, r->x);
    for (const AskSpan *s = r->span; s < r->span + r->n_spans; s++) {
        double odds = (double)bias[0] - (double)bias[1];
        for (size_t k = 0; k < d; k++)
            odds += (double)y[(size_t)s->row * d + k] * ((double)weight[k] - (double)weight[d + k]);
        for (int64_t a = 0; a < s->end - s->ask; a++) r->answer[s->at + a] = odds;
    }
}

/* One ask, one row. */
static void answer_state(Run *r)
{
    const int n = r->n_rows;
    const size_t d = (size_t)r->model->params.config.hidden;
    const real *x = r->q->wants_hidden ? r->x : mlm_head_transform(&r->model->head, n, r->x);
    memcpy(r->state + (size_t)r->n_states * d, x, (size_t)n * d * sizeof *x);
    for (int i = 0; i < n; i++) {
        double *answer = r->answer + r->span[i].at;
        *answer = 0;
        for (size_t k = 0; k < d; k++) *answer += 0 * (double)x[(size_t)i * d + k]; /* not finite if the state is not */
    }
    r->n_states += n;
}

/* What is at hand, of one kind. */
static void answer_rows(Run *r, AskKind kind)
{
    if (r->n_rows == 0) return;
    rows_gather(r->n_rows, r->model->params.config.hidden, r->row, r->hidden, r->x);
    if (kind == ASK_LOG_P) answer_log_p(r);
    if (kind == ASK_LOGIT) answer_logit(r);
    if (kind == ASK_NEXT) answer_next(r);
    if (kind == ASK_STATE) answer_state(r);
    for (int i = 0; i < r->n_rows; i++) r->held[r->row[i]] = -1;
    r->n_rows = r->n_spans = 0;
}

/* The row at hand of the nth token that is read. */
static int row_of(Run *r, AskKind kind, int nth)
{
    if (kind != ASK_STATE && r->held[nth] >= 0) return r->held[nth];
    r->row[r->n_rows] = nth;
    return r->held[nth] = r->n_rows++;
}

/* All asks of one kind, HEAD_ROWS places at a time: those of equal sequences about one place, once. */
static void answer_kind(Run *r, int batch, AskKind kind)
{
    const Queries *q = r->q;
    int64_t at = 0;
    for (int i = r->batch[batch]; i < r->batch[batch + 1]; i++) {
        const int sequence = r->order[i].sequence, start = r->offset[r->order[i].place];
        for (int64_t a = q->first[sequence], next; a < end_of(q, sequence); a = next) {
            next = end_of_span(q, a, end_of(q, sequence));
            if (q->ask[a].kind == kind) {
                if (r->n_rows == HEAD_ROWS || r->n_spans == SPANS) answer_rows(r, kind);
                const int row = row_of(r, kind, r->nth[start + q->ask[a].place]);
                r->span[r->n_spans++] = (AskSpan){row, a, next, at};
            }
            at += next - a;
        }
    }
    answer_rows(r, kind);
}

/* Of the chunk that was computed, sequences first .. end - 1. Heads in their order. */
static void answer_attention(Run *r, int first, int end)
{
    const BertConfig *c = &r->model->params.config;
    const Packed *input = &r->model->input;
    double *answer = r->answer + r->n_answers;
    for (int i = first; i < end; i++) {
        const int b = r->order[i].place - r->order[first].place, sequence = r->order[i].sequence;
        const double terms = (double)c->layers * c->heads * (input->offset[b + 1] - input->offset[b]);
        for (int64_t a = r->q->first[sequence]; a < end_of(r->q, sequence); a++, answer++) {
            if (r->q->ask[a].kind != ASK_ATTENTION) continue;
            double sum = 0;
            for (int64_t h = 0; h < c->heads; h++)
                sum += r->received[h * input->n_tokens + input->offset[b] + r->q->ask[a].place];
            *answer = sum / terms;
        }
    }
}

static Status check_finite(const Run *r, int batch)
{
    int64_t at = 0;
    for (int i = r->batch[batch]; i < r->batch[batch + 1]; i++) {
        const int sequence = r->order[i].sequence;
        for (int64_t a = r->q->first[sequence]; a < end_of(r->q, sequence); a++)
            CHECK(isfinite(r->answer[at++]), STATUS_DATA,
                  "%s: line %lld has a score that is not finite; are the model's weights sound?", r->name,
                  (long long)r->q->line[sequence]);
    }
    return STATUS_OK;
}

/* As many sequences, from i on, as a chunk holds. Returns the one behind them. */
static int pack_chunk(Run *r, int i, int end)
{
    const Queries *q = r->q;
    Packed *input = &r->model->input;
    packed_clear(input);
    for (; i < end; i++) {
        const int start = q->pack.offset.id[r->order[i].sequence], length = r->order[i].length;
        if (input->n_samples > 0 && is_again(r, i)) continue;
        if (input->n_tokens + length > input->max_tokens) break;
        r->offset[r->order[i].place] = r->n_tokens + input->n_tokens;
        packed_add(input, length, q->pack.id.id + start, q->pack.kind.id + start, (uint32_t)i);
    }
    return i;
}

/* The tokens whose states are asked about, in their order; of a sequence whose attention is, all. Returns how many. */
static int list_read(Run *r, int i, int end)
{
    const Queries *q = r->q;
    const int n_tokens = r->model->input.n_tokens;
    int *nth = r->nth + r->n_tokens, n = 0;
    for (int t = 0; t < n_tokens; t++) nth[t] = -1;
    for (; i < end; i++) {
        const int sequence = r->order[i].sequence, start = r->offset[r->order[i].place];
        for (int64_t a = q->first[sequence]; a < end_of(q, sequence); a++) {
            const bool all = q->ask[a].kind == ASK_ATTENTION;
            const int first = start + (all ? 0 : q->ask[a].place), count = all ? r->order[i].length : 1;
            for (int t = first; t < first + count; t++) r->nth[t] = 0;
        }
    }
    for (int t = 0; t < n_tokens; t++) {
        if (nth[t] < 0) continue;
        nth[t] = r->n_read + n;
        r->held[nth[t]] = -1;
        r->read[n++] = t;
    }
    return n;
}

/* The encoder, of some of the batch's sequences at a time, whose states stay in cache. */
static void encode(Run *r, int batch)
{
    const size_t d = (size_t)r->model->params.config.hidden;
    Encoder *encoder = &r->model->encoder;
    r->n_tokens = r->n_read = 0;
    r->n_answers = 0;
    for (int i = r->batch[batch], end; i < r->batch[batch + 1]; i = end) {
        end = pack_chunk(r, i, r->batch[batch + 1]);
        const int n = list_read(r, i, end);
        encoder->received = asks_between(r, i, end, ASK_ATTENTION) ? r->received : NULL;
        const real *hidden = encoder_forward_rows(encoder, &r->model->input, n, r->read);
        memcpy(r->hidden + (size_t)r->n_read * d, hidden, (size_t)n * d * sizeof *hidden);
        if (encoder->received) answer_attention(r, i, end);
        r->n_answers += asks_between(r, i, end, N_ASKS);
        r->n_tokens += r->model->input.n_tokens;
        r->n_read += n;
    }
}

static Status compute(Run *r, int batch)
{
    encode(r, batch);
    r->n_states = 0;
    for (AskKind kind = 0; kind < N_ASKS; kind++)
        if (kind != ASK_ATTENTION) answer_kind(r, batch, kind);
    return check_finite(r, batch);
}

/* --- all batches ------------------------------------------------------------------------------------ */

static void visit_states(const Run *r, int batch, const real *state, QueryVisit visit, void *context)
{
    const size_t d = (size_t)r->model->params.config.hidden;
    int number[HEAD_ROWS], n = 0;
    for (int i = r->batch[batch]; i < r->batch[batch + 1]; i++) {
        const int sequence = r->order[i].sequence;
        for (int64_t a = r->q->first[sequence]; a < end_of(r->q, sequence); a++) {
            if (r->q->ask[a].kind != ASK_STATE) continue;
            number[n++] = r->q->ask[a].id;
            if (n < HEAD_ROWS) continue;
            visit(context, n, state, number);
            state += (size_t)n * d;
            n = 0;
        }
    }
    if (n) visit(context, n, state, number);
}

/* On rank 0, from what the ranks sent: batches first, first + 1, ... of the round. */
static void take_round(const Run *r, int first, QueryVisit visit, void *context)
{
    const double *answer = r->all_answers;
    const real *state = r->all_states;
    for (int b = first; b < first + r->comm->n_ranks && b < r->n_batches; b++) {
        for (int i = r->batch[b]; i < r->batch[b + 1]; i++) {
            const int sequence = r->order[i].sequence;
            for (int64_t a = r->q->first[sequence]; a < end_of(r->q, sequence); a++, answer++)
                r->q->answer[a] = r->q->ask[a].kind == ASK_STATE ? (double)NAN : *answer;
        }
        if (visit) visit_states(r, b, state, visit, context);
        state += (size_t)count_asks(r, b, ASK_STATE) * (size_t)r->model->params.config.hidden;
    }
}

static Status run_rounds(Run *r, const char *what, QueryVisit visit, void *context)
{
    const Comm *comm = r->comm;
    const int64_t row_bytes = r->model->params.config.hidden * (int64_t)sizeof(real);
    for (int first = 0; first < r->n_batches; first += comm->n_ranks) {
        const int mine = first + comm->rank;
        r->n_answers = r->n_states = 0;
        TRY(comm_agree(comm, mine < r->n_batches ? compute(r, mine) : STATUS_OK));
        comm_gather(comm, r->answer, r->n_answers * (int64_t)sizeof *r->answer, r->all_answers);
        comm_gather(comm, r->state, r->n_states * row_bytes, r->all_states);
        if (comm->rank == 0) take_round(r, first, visit, context);
        const int done =
            first + comm->n_ranks < r->n_batches ? r->batch[first + comm->n_ranks] : r->batch[r->n_batches];
        log_status("%s: %d of %d sequences", what, done, r->batch[r->n_batches]);
    }
    return STATUS_OK;
}

/* Every rank has read the data by itself. */
static Status check_same(const Comm *comm, const char *name, const Queries *q)
{
    XXH3_state_t *state = XXH3_createState();
    XXH3_64bits_reset(state);
    XXH3_64bits_update(state, q->pack.id.id, q->pack.id.n * sizeof *q->pack.id.id);
    XXH3_64bits_update(state, q->pack.kind.id, q->pack.kind.n * sizeof *q->pack.kind.id);
    XXH3_64bits_update(state, q->pack.offset.id, q->pack.offset.n * sizeof *q->pack.offset.id);
    XXH3_64bits_update(state, q->first, (size_t)q->pack.n_samples * sizeof *q->first);
    for (int64_t a = 0; a < q->n_asks; a++) {
        const int32_t fields[] = {q->ask[a].place, q->ask[a].id, (int32_t)q->ask[a].kind};
        XXH3_64bits_update(state, fields, sizeof fields);
    }
    char *line = memory_print("what %s asks = %016llx\n", name, (unsigned long long)XXH3_64bits_digest(state));
    XXH3_freeState(state);
    Status status = same_check(comm, line);
    free(line);
    return status;
}

static void close_run(Run *r)
{
    free(r->order);
    free(r->batch);
    free(r->answer);
    free(r->state);
    free(r->all_answers);
    free(r->all_states);
    free(r->x);
    free(r->row);
    free(r->first);
    free(r->span);
    free(r->nth);
    free(r->hidden);
    free(r->received);
    arena_close(&r->arena);
}

Status queries_run(const Comm *comm, const char *path, Model *model, const char *name, const char *what, Queries *q,
                   QueryVisit visit, void *context)
{
    Run r = {.comm = comm, .model = model, .q = q, .name = name};
    TRY(check_same(comm, name, q));
    TRY(model_read_weights(comm, path, QUERY_SAMPLES, chunk_room(q), q->pack.longest, true, model));
    plan(&r);
    make_room(&r);
    free(q->answer);
    q->answer = comm->rank == 0 ? memory_alloc((size_t)q->n_asks + 1, sizeof *q->answer) : NULL;
    Status status = run_rounds(&r, what, visit, context);
    model->encoder.received = NULL;
    close_run(&r);
    return status;
}
