/* queries.h: what a model says at places of token sequences: the one scorer of all evaluations.
 *
 * A task adds sequences, as the model is to read them (masks included), and asks at their places. The sequences are
 * sorted by length into batches that depend on nothing else; batches are dealt to the ranks in turn, each is computed
 * whole by one rank, and rank 0 gets the answers. So answers have the same bits on any number of ranks. Sequences of
 * the same pieces go through the encoder once. Of the last layer queries and all behind them, and the head, are
 * computed at the asked places only, each once, the head over the vocabulary only where a probability is asked for.
 * ASK_NEXT needs a model whose configuration says next_sentence. */
#ifndef EVALUATE_QUERIES_H
#define EVALUATE_QUERIES_H

#include "data/sample_text.h"
#include "model/model.h"
#include "parallel/comm.h"

typedef enum {
    ASK_LOG_P,     /* ln of the probability of a piece, of all of the vocabulary */
    ASK_LOGIT,     /* its logit: differences at one place are those of ASK_LOG_P, at a fraction of the cost */
    ASK_STATE,     /* the state, given to a visitor with the number asked with */
    ASK_ATTENTION, /* the attention the place receives: mean over layers, heads and all queries of its sequence */
    ASK_NEXT,      /* next-sentence head: ln of the odds that the second text follows the first, of the state there */
    N_ASKS
} AskKind;

typedef struct {
    int place; /* in its sequence */
    int id;    /* of a piece; ASK_STATE, ASK_NEXT, ASK_ATTENTION: any number */
    AskKind kind;
} Ask;

typedef struct {
    SamplePack pack;            /* owned: the sequences */
    int64_t *line;              /* owned [n_samples]: where a sequence comes from, for messages */
    Ask *ask;                   /* owned [n_asks], in the order of their sequences */
    int64_t n_asks;             /* */
    int64_t *first;             /* owned [n_samples]: a sequence's first ask */
    double *answer;             /* owned [n_asks], rank 0 after queries_run; NaN for ASK_STATE */
    bool wants_hidden;          /* states as the encoder leaves them; else behind the transform of the masked-LM head */
    size_t lines, asks, firsts; /* room */
} Queries;

enum {
    QUERY_SAMPLES = 192,
    QUERY_TOKENS = 2048, /* of a batch; more if one sequence is longer */
    QUERY_CHUNK = 1024   /* of them that pass the encoder together, whose states take memory; likewise more */
};

void queries_free(Queries *queries);

/* Append a sequence of n pieces, from 1 to as many as the model reads; kind: token types. The asks that follow are
 * about it. Local. */
void queries_add(Queries *queries, int n, const int32_t *id, const int32_t *kind, int64_t line);
/* Replace a piece of the last sequence, by [MASK] for example. Local. */
void queries_replace(Queries *queries, int place, int id);
/* Ask about a place of the last sequence. Returns the number of the answer. Local. */
int64_t queries_ask(Queries *queries, AskKind kind, int place, int id);

/* n <= HEAD_ROWS states x [n, D] with their numbers, in the order of batches. */
typedef void (*QueryVisit)(void *context, int n, const real *x, const int *number);

/* Compute all answers; rank 0 has them then, and visits the states that were asked for (visit NULL: none were). model:
 * opened, not laid out: memory is laid out here for these sequences, and the weights of path are read. name: of the
 * data; what: for the progress line. Collective: fails alike on all ranks if ranks hold different queries, or an answer
 * is not finite. */
Status queries_run(const Comm *comm, const char *path, Model *model, const char *name, const char *what,
                   Queries *queries, QueryVisit visit, void *context);

#endif
