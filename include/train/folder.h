/* folder.h: the output folder of a run: its owner, what is in it, and what is set aside.
 *
 * A run owns its folder (io/lock) from before its first write to its end; rank 0 holds the lock and alone writes. What
 * a run has finished is never replaced: results are renamed to NAME.old, NAME.old.2, ..., those of one run under one
 * number. */
#ifndef TRAIN_FOLDER_H
#define TRAIN_FOLDER_H

#include "io/lock.h"
#include "io/output.h"
#include "parallel/comm.h"
#include "train/run_settings.h"

typedef struct {
    const RunSettings *run;  /* borrowed */
    Lock *lock, *trace_lock; /* owned; rank 0 */
    bool was_made;           /* the folder, by this run */
    bool is_own;             /* run.conf is there, and of a run of the same settings */
    bool has_model;          /* a finished model is there */
} Folder;

/* What a start does with what is there. */
typedef enum {
    FOLDER_GOES_ON,  /* from the newest checkpoint, or from the beginning where there is none */
    FOLDER_BEGINS,   /* everything is set aside */
    FOLDER_BRANCHES, /* resume = PATH for the first time: from that checkpoint, setting aside what does not precede it
                      */
    FOLDER_IS_DONE   /* a finished model of this run: nothing to do */
} FolderPlan;

/* What the run that asks would do. */
typedef struct {
    const char *settings; /* merged lines */
    int64_t total_steps;
    int64_t samples_hash; /* of the text, as in TrainState */
} FolderQuestion;

/* Refuse outputs that are inputs or not ours to replace; make the folder, lock it, remove what killed runs left
 * half-written. more: files that the run reads besides those its settings and its method's keys name. Collective. */
Status folder_open(const Comm *comm, const RunSettings *run, const Inputs *more, Folder *folder);
/* Look at what is there. Collective. */
Status folder_plan(const Comm *comm, Folder *folder, const FolderQuestion *question, FolderPlan *plan);
/* Is it still ours? Asked before writes. Local; OK on ranks that hold no lock. */
Status folder_check(const Folder *folder);
/* Give it back; if this run made it and nothing is in it, it goes. Local. */
void folder_close(Folder *folder);

/* Steps of the files folder/<kind>-<step>.h5, newest first; *step is owned by the caller. Local. */
int folder_steps(const char *folder, const char *kind, int64_t **step);
char *folder_step_path(const char *folder, const char *kind, int64_t step); /* owned by the caller */
/* The step a path of this kind names, as folder_step_path writes it; -1: another name. Local. */
int64_t folder_step_of(const char *path, const char *kind);

enum { ASIDE_CHECKPOINTS = 1, ASIDE_SNAPSHOTS = 2, ASIDE_MODEL = 4, ASIDE_LOG = 8, ASIDE_TRACE = 16, ASIDE_ALL = 31 };
/* Set aside, under one number, what `kinds` says; of checkpoints and snapshots those of steps > after. ASIDE_LOG:
 * log.tsv and run.conf. Collective. */
Status folder_set_aside(const Comm *comm, const Folder *folder, int kinds, int64_t after);
/* Write run.conf. The user's own settings file of that name is set aside, unless it says the same. Local, rank 0. */
Status folder_write_settings(const Folder *folder, const char *settings);

#endif
