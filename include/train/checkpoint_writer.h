/* checkpoint_writer.h: checkpoints that do not stop training: the state is copied in memory, and a thread
 * of rank 0 writes the copy behind the next steps, with the same guarantees (train/checkpoint).
 *
 * HDF5 is not thread-safe: nothing else may use it while a write is under way (the trainer writes in
 * step when it also writes a trace). */
#ifndef TRAIN_CHECKPOINT_WRITER_H
#define TRAIN_CHECKPOINT_WRITER_H

#include <pthread.h>
#include <stdatomic.h>

#include "train/checkpoint.h"

typedef struct {
    bool is_running;       /* a write has been started and not been joined */
    bool has_thread;       /* it is a thread's; else it was done in step */
    atomic_bool has_ended; /* set by the thread, last */
    pthread_t thread;
    Status status; /* of the write, once it has ended */
    char message[STATUS_MESSAGE];
    double time_s;    /* it took */
    TrainState state; /* the copy: what is not an array, and the history (owned) */
    StateList whole;  /* the copy of the arrays; they live in the arena, on the rank that writes */
    int n_ranks;
    const char *folder; /* borrowed */
    int keep;
} CheckpointWriter;

/* Cut room for a copy of the state's arrays (12 bytes per parameter, and the class sums) on rank 0. state: with its
 * arrays laid out. Local. */
void checkpoint_writer_init(Arena *arena, const Comm *comm, TrainState *state, CheckpointWriter *writer);

/* Wait for the write before, copy the state, start writing it. Collective; fails as the write before. */
Status checkpoint_writer_start(const Comm *comm, CheckpointWriter *writer, const char *folder, int keep,
                               TrainState *state);
/* Has a write failed? Then checkpoint_writer_finish tells why. Local. */
bool checkpoint_writer_has_failed(CheckpointWriter *writer);
/* Wait for the write under way, if any. Collective. */
Status checkpoint_writer_finish(const Comm *comm, CheckpointWriter *writer);
/* The same without telling the other ranks: before memory is given back. Local. */
void checkpoint_writer_close(CheckpointWriter *writer);

#endif
