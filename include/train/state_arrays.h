/* state_arrays.h: the state of a run as a list of named arrays: what a checkpoint holds, and how it lies in the ranks.
 *
 * Whoever carries something from step to step adds an array here; writing, reading and copying are walks over the list.
 */
#ifndef TRAIN_STATE_ARRAYS_H
#define TRAIN_STATE_ARRAYS_H

#include "train/state.h"

typedef enum {
    SPREAD_SAME,    /* every rank holds the whole */
    SPREAD_BY_RANK, /* every rank has its own; the file holds them one after the other: n_ranks * dims[0] rows */
    SPREAD_OWNED    /* a block of parameters of which each rank holds what it owns */
} ArraySpread;

typedef struct {
    const char *name; /* of the dataset; of a block: the group of its tensors */
    const char *axes;
    H5Kind kind;
    int rank;
    int64_t dims[2]; /* of one rank's */
    void *data;      /* borrowed: this rank's */
    ArraySpread spread;
    const BertLayout *layout; /* a block of parameters, a dataset per tensor; else NULL */
    const Buckets *owners;    /* SPREAD_OWNED */
    bool is_attribute;        /* a number that is also an attribute of its group */
    /* Not filled but compared: sentences that follow the file's name when the array is another, or is missing. */
    const char *when_other, *when_missing;
} StateArray;

enum { STATE_ARRAYS = 32 };

typedef struct {
    StateArray array[STATE_ARRAYS];
    int n;
} StateList;

/* The arrays of a state, in the order of the file. Local. */
void state_arrays(TrainState *state, StateList *list);

size_t state_array_bytes(const Comm *comm, const StateArray *array); /* of the whole. Local */

/* Is no number of the whole array (in data) NaN or infinite? n_sets as in state_array_write. Local. */
bool state_array_is_finite(const StateArray *array, int n_sets);

/* The whole of an array from all ranks to rank 0 (whole: NULL elsewhere), and back. Collective. */
void state_array_collect(const Comm *comm, const StateArray *array, void *whole);
void state_array_spread(const Comm *comm, const StateArray *array, const void *whole);

/* One array, whole, to an open file, or from one. n_sets: ranks whose own it holds (SPREAD_BY_RANK), else 1. Local. */
Status state_array_write(H5File *file, const StateArray *array, int n_sets, const void *whole);
Status state_array_read(H5File *file, const StateArray *array, int n_sets, void *whole);

/* Is the array compared instead of filled? */
static inline bool state_array_is_checked(const StateArray *array)
{
    return array->when_other != NULL;
}

#endif
