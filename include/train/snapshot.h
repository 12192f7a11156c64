/* snapshot.h: the geometry of the class means as they stand during training, in the format of collapse geometry. */
#ifndef TRAIN_SNAPSHOT_H
#define TRAIN_SNAPSHOT_H

#include "train/setup.h"

/* Write output/geometry-<step>.h5 from the running class means and the current word embeddings; nothing while fewer
 * than two classes are met. Waits for a checkpoint under way (HDF5 serves one thread). Collective. */
Status snapshot_write(const Comm *comm, Trainer *trainer);

#endif
