/* checkpoint.h: a run's state in a file, and back.
 *
 * Written by rank 0 under another name, synced, read back and compared with its hashes, renamed: a
 * crash at any moment leaves the old files whole. Tensors are whole and named, so that any number of
 * ranks can continue (with nc-sync = none only as many as before: their class means differ). */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "parallel/comm.h"
#include "train/state.h"

/* The class means of all ranks, one set after the other; arrays are NULL except on rank 0. */
typedef struct {
    int n_sets;     /* 1, or one per rank with nc-sync = none */
    double *sum;    /* owned [n_sets, K, D + 2]: sum, square, weight as in ClassMeans */
    int64_t *count; /* owned [n_sets, K] */
} GatheredMeans;

GatheredMeans checkpoint_gather_means(const Comm *comm, const TrainState *state); /* Collective */
void checkpoint_free_means(GatheredMeans *means);                                 /* Local */
/* The whole moments on rank 0 [count]; first, second NULL elsewhere. Collective. */
void checkpoint_collect_moments(const Comm *comm, const TrainState *state, real *first, real *second);
/* Write folder/step-<step>.h5 and remove all but the last `keep`. Local, rank 0; the state's moments are whole. */
Status checkpoint_write_file(const char *folder, int keep, const TrainState *state, const GatheredMeans *means);

/* The two above in one. Write folder/step-<step>.h5 and remove all but the last `keep`. Collective. */
Status checkpoint_write(const Comm *comm, const char *folder, int keep, const TrainState *state);
/* Write folder/model.h5. Collective. */
Status checkpoint_write_model(const Comm *comm, const char *folder, const TrainState *state);

/* The newest checkpoint of folder that is whole; "" if there is none. Damaged ones are named in a
 * warning and passed over; one that cannot be opened (permission, held by another program) may be whole,
 * so that nothing is chosen: STATUS_IO. *path is owned by the caller. Collective. */
Status checkpoint_find(const Comm *comm, const char *folder, char **path);
/* Rename the checkpoints of folder that are newer than step (damaged ones, or those of a run that is
 * begun anew) to *.old, so that they do not stand in the way of the new ones. Collective. */
Status checkpoint_set_aside(const Comm *comm, const char *folder, int64_t step);
/* Fill state, its parameters, moments and class means. Refuses a checkpoint of other settings or of
 * another corpus. Collective. */
Status checkpoint_read(const Comm *comm, const char *path, TrainState *state);

#endif
