/* report_data.h: what a report shows, read from run folders and files. */
#ifndef HDF5_TOOLS_REPORT_DATA_H
#define HDF5_TOOLS_REPORT_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* A score of a run on the way: the steps at which it was measured. */
typedef struct {
    char *name; /* owned: TASK.METRIC */
    int n;
    double *step, *value; /* owned [n] */
} ReportCurve;

/* One run's log: columns of log.tsv, or of /history. */
typedef struct {
    char *name;
    int n;
    double *step, *loss, *task_loss, *nc_loss; /* owned [n] each */
    ReportCurve *score;                        /* owned [n_scores] */
    int n_scores;
} ReportLog;

typedef struct {
    char *name; /* owned */
    double value, low, high;
    bool has_interval;
} ReportMetric;

/* A metric of two models, as evaluate --compare left it. */
typedef struct {
    char *name; /* owned */
    double here, there, difference, low, high, p, n_units;
} ReportDifference;

/* One geometry (or scores) file. */
typedef struct {
    char *name, *model, *data, *choices; /* owned */
    char *task, *other, *unit;           /* owned: the evaluation; the model it is compared with, what is resampled */
    ReportDifference *difference;        /* owned [n_differences] */
    int n_differences;
    int64_t step;                  /* of a snapshot of a run; -1 else */
    int k, d;                      /* 0: a file of metrics only */
    char **word, **group;          /* owned [k] */
    double *count, *cosine, *norm; /* owned [k] */
    double *principal;             /* owned [k, 3] */
    double *gram;                  /* owned [k, k], or NULL */
    double *between, *within;      /* owned [d], or NULL */
    ReportMetric *metric;          /* owned [n_metrics] */
    int n_metrics;
    size_t metric_capacity;
} ReportGeometry;

typedef struct {
    ReportLog *log; /* owned */
    size_t n_logs, log_capacity;
    ReportGeometry *geometry; /* owned; snapshots of runs come in order of their steps */
    size_t n_geometries, geometry_capacity;
} Report;

/* A run folder (log.tsv, geometry-*.h5), or a file: checkpoint, geometry, scores. */
Status report_read(const char *path, Report *report);
void report_free(Report *report);
/* The metric of this name, borrowed; NULL: the file has none. */
const ReportMetric *report_metric(const ReportGeometry *geometry, const char *name);

#endif
