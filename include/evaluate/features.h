/* features.h: the states of a text with the token id each is paired with, block by block. Blocks of samples are the
 * same for any number of ranks and are dealt to them in turn, so every state has the same bits however many there are.
 */
#ifndef EVALUATE_FEATURES_H
#define EVALUATE_FEATURES_H

#include "data/batch.h"
#include "data/corpus.h"
#include "model/model.h"
#include "objectives/collapse_loss.h"

enum { FEATURE_SAMPLES = 16 /* of a block */ };

typedef struct {
    Model *model;          /* borrowed; its encoder and head are used */
    const Dataset *corpus; /* borrowed */
    Pairing pairing;       /* align = masked: positions chosen with `masking` */
    Masking masking;
    const char *name; /* of the text, for messages */
    Arena arena;      /* owned */
    Batch batch;
    real *x;                   /* [HEAD_ROWS, D] */
    int *row, *label;          /* [HEAD_ROWS] */
    double forward_s, visit_s; /* time spent in the model, and in visit */
} Features;

/* model: opened for FEATURE_SAMPLES samples of at least corpus->longest pieces. */
void features_open(Model *model, const Dataset *corpus, const char *name, const Pairing *pairing,
                   const Masking *masking, Features *features);
void features_close(Features *features);

/* Rows x [n, D], n <= HEAD_ROWS, with their ids label [n] >= 0. */
typedef void (*FeatureVisit)(void *context, int n, const real *x, const int *label);

/* Visit this rank's states whose id is wanted (wanted [V]: class or -1; NULL: all). A visit gets ids, or, with
 * wanted, classes. Collective: fails alike on all ranks if a state is not finite. what: for the progress line. */
Status features_visit(const Comm *comm, Features *features, const int *wanted, const char *what, FeatureVisit visit,
                      void *context);

#endif
