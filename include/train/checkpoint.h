/* checkpoint.h: a run's state in a file, and back.
 *
 * Written by rank 0 under another name, synced, read back and compared with its hashes, renamed: a
 * crash at any moment leaves the old files whole. Tensors are whole and named, so that any number of
 * ranks can continue (with nc-sync = none only as many as before: their class means differ). */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "parallel/comm.h"
#include "train/state_arrays.h"

/* Write folder/step-<step>.h5 and remove all but the last `keep`. whole: the state's arrays, whole, of n_sets ranks.
 * Local, rank 0. */
Status checkpoint_write_file(const char *folder, int keep, const TrainState *state, const StateList *whole, int n_sets);
/* Collect and write. Collective. */
Status checkpoint_write(const Comm *comm, const char *folder, int keep, TrainState *state);
/* Write folder/model.h5; folder/best.h5, the weights that did best so far. Collective. */
Status checkpoint_write_model(const Comm *comm, const char *folder, const TrainState *state);
Status checkpoint_write_best(const Comm *comm, const char *folder, const TrainState *state);

/* The step of folder's newest checkpoint that is whole (hashes, format, shapes), -1 if there is none. Damaged ones are
 * passed over, and named in a warning where it `tells`; one that cannot be opened (permission, held by another program)
 * may be whole, so that nothing is chosen: STATUS_IO. Local. */
Status checkpoint_newest(const char *folder, bool tells, int64_t *newest);
/* The path of that checkpoint, owned by the caller; "" if there is none. Collective. */
Status checkpoint_find(const Comm *comm, const char *folder, char **path);
/* Remove all but the last `keep`. Local, rank 0. */
void checkpoint_remove_old(const char *folder, int keep);
/* Do the settings `stored` in the file of this path allow this run to go on with it? Local. */
Status checkpoint_check_settings(const char *path, const char *stored, const char *now);
/* Fill state, its parameters, moments and class means. Refuses a checkpoint of other settings or of
 * another corpus. Collective. */
Status checkpoint_read(const Comm *comm, const char *path, TrainState *state);

#endif
