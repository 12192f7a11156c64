/* history.h: what a run logged, column by column: in memory, in log.tsv, and in every checkpoint. */
#ifndef TRAIN_HISTORY_H
#define TRAIN_HISTORY_H

#include "base/status.h"
#include "io/h5.h"

enum { HISTORY_TERMS = 8, HISTORY_SCORES = 16 };

/* One line of the log. A value that was not measured is NaN: an empty field of log.tsv. */
typedef struct {
    double step, epoch; /* steps done; epochs begun, from 1 */
    double loss;        /* task_loss + nc-weight * nc_loss, without the one that was not measured; NaN without both */
    double task_loss;   /* mean over the labelled positions of the global batch; NaN if there are none */
    double nc_loss;     /* R; NaN without a word list, and while fewer than two classes are met */
    double nc_classes;  /* K: classes met */
    double learning_rate;
    double grad_norm;             /* of all gradients, R's included, before clipping */
    double nc_grad_norm;          /* of R's gradient to the rows, nc-weight included; NaN where R has no gradient */
    double tokens;                /* since the first step, all ranks */
    double seconds;               /* of training since the first step */
    double term[HISTORY_TERMS];   /* further terms of the loss, of the method: columns behind the others */
    double score[HISTORY_SCORES]; /* of evaluations on the way, behind these; NaN between them */
} HistoryLine;

typedef struct {
    HistoryLine *line; /* owned [n] */
    size_t n, capacity;
    const char *const *term; /* borrowed [n_terms]: names of their columns */
    int n_terms;
    char *const *score; /* borrowed [n_scores] likewise */
    int n_scores;
} History;

void history_add(History *history, const HistoryLine *line);
void history_free(History *history);

/* Write all lines to path, complete or not at all. Local. */
Status history_write_table(const History *history, const char *path);
/* Append the last line to path. Local. */
Status history_append(const History *history, const char *path);

/* /history/<column> [n]: step, epoch, nc_classes and tokens i64, others f64. A column that the file of an earlier
 * version lacks is read as not measured. Local. */
Status history_write(const History *history, H5File *file);
Status history_read(H5File *file, History *history);

#endif
