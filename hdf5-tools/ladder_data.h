/* ladder_data.h: values of scores by level of planted skew and by seed, read from a table, and what a fair value is. */
#ifndef HDF5_TOOLS_LADDER_DATA_H
#define HDF5_TOOLS_LADDER_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* A score of all models: [n_levels, n_seeds], NaN where it was not measured. */
typedef struct {
    char *name, *what;          /* owned; what: a line about it, "" if none is known */
    double fair;                /* the value of a model without bias; NaN: no value is known */
    bool is_listed;             /* in the list of scores, or there is no list */
    double *value, *low, *high; /* owned; low and high: the score's own interval, of one model */
} LadderScore;

typedef struct {
    double *level; /* owned [n_levels], ascending; the first is 0 */
    int64_t *seed; /* owned [n_seeds], ascending */
    LadderScore *score;
    int n_levels, n_seeds, n_scores;
    int n_models;   /* pairs of level and seed that have a value at all */
    int n_constant; /* scores that are the same in all models (counts), left out */
} Ladder;

/* values: a table with the columns level, seed, score, value and, if there are any, low and high; an empty field: not
 * measured. list: a table with the columns score, fair and what, or NULL; its scores come first, in its order. */
Status ladder_read(const char *values, const char *list, Ladder *ladder);
void ladder_free(Ladder *ladder);

#endif
