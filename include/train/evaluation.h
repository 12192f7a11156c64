/* evaluation.h: evaluations on the way: tasks of collapse evaluate on the weights of the moment (evaluate-steps), their
 * scores as columns of the log, and the weights that did best by one of them. */
#ifndef TRAIN_EVALUATION_H
#define TRAIN_EVALUATION_H

#include "evaluate/task.h"
#include "train/history.h"
#include "train/run_settings.h"

enum { EVALUATION_TASKS = 8 };

typedef struct {
    const Task *task;  /* borrowed */
    char *data;        /* owned */
    Settings settings; /* owned: the task's keys: evaluate-options, of the pairing the run's, else their defaults */
    double options[TASK_OPTIONS_BYTES / sizeof(double)];
} EvaluationTask;

typedef struct {
    const RunSettings *run; /* borrowed */
    EvaluationTask *task;   /* owned [n] */
    int n;
    Settings common;             /* owned: keys that hold for all tasks */
    TableFormat format;          /* of all files */
    const char *column;          /* of tables: the text; borrowed from common */
    char *score[HISTORY_SCORES]; /* owned [n_scores]: TASK.METRIC */
    int n_scores;
    int best;       /* the score by which weights are kept; -1: none */
    double nearest; /* best-is near:X: X */
} Evaluations;

/* What the keys ask for; the files must be there. Nothing without evaluate-steps. Collective; fails alike on all ranks.
 */
Status evaluations_open(const Comm *comm, const RunSettings *run, Evaluations *evaluations);
void evaluations_close(Evaluations *evaluations);
/* Files that the tasks read. Local. */
void evaluations_inputs(const Evaluations *evaluations, Inputs *inputs);
/* Is it time after this step, or before the first one? */
bool evaluations_are_due(const Evaluations *evaluations, int64_t step, int64_t total_steps);
/* All scores of the model's weights into line->score, the same on every rank. Collective; fails alike on all ranks. */
Status evaluations_run(const Comm *comm, const Evaluations *evaluations, const Model *model, HistoryLine *line);
/* No scores in this line. Local. */
void evaluations_leave_out(HistoryLine *line);
/* Of the score by which weights are kept: the smaller, the better; NaN: not measured. Local. */
double evaluations_distance(const Evaluations *evaluations, const HistoryLine *line);

#endif
