/* result.h: what an evaluation found: counts, metrics with intervals, scores of every item. Local. */
#ifndef EVALUATE_RESULT_H
#define EVALUATE_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "io/h5.h"

enum { RESULT_METRICS = 256 };

typedef struct {
    char name[96]; /* dotted: "gap.abs" */
    double value, low, high;
    bool has_interval;
} Metric;

typedef struct {
    const char *task, *model, *data; /* borrowed */
    int n_items, n_skipped;
    Metric metric[RESULT_METRICS];
    int n_metrics;
    /* One number per item and field, fields side by side. */
    const char *field[8]; /* borrowed names */
    double *item[8];      /* owned [n_items] each */
    int n_fields;
} EvaluationResult;

void result_add(EvaluationResult *result, const char *name, double value);
void result_add_interval(EvaluationResult *result, const char *name, double value, double low, double high);
void result_free(EvaluationResult *result);

/* Exactly one JSON object on one line; owned by the caller. */
char *result_json(const EvaluationResult *result);
/* /metric/<name> and /interval/<name> into an open file. */
Status result_write_metrics(const EvaluationResult *result, H5File *file);
/* /item/<field>, /metric/<name>, /interval/<name>. */
Status result_write(const EvaluationResult *result, const char *path, const char *command_line);

#endif
