/* result.h: what an evaluation found: counts, metrics with intervals, scores of every item. Local. A value that was not
 * measured is NaN: null in JSON, "-" in tables, NaN in files. */
#ifndef EVALUATE_RESULT_H
#define EVALUATE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/status.h"
#include "base/text.h"
#include "io/h5.h"

typedef struct {
    char *name; /* owned; dotted: "gap.abs" */
    double value, low, high;
    bool has_interval;
} Metric;

/* Why items were left out, and how many. */
typedef struct {
    char *reason; /* owned */
    int64_t n;
} Skipped;

/* One value of every item: numbers, or texts (ids, the beginning of a sentence). */
typedef struct {
    const char *name; /* borrowed */
    double *number;   /* owned [n_rows], NaN where the item was skipped; or NULL, and */
    char **text;      /* owned [n_rows] of owned texts */
} ResultField;

enum { RESULT_FIELDS = 32, RESULT_TEXT_BYTES = 256 /* of a text that is kept */ };

struct Comparison; /* evaluate/compare.h */

typedef struct {
    const char *task, *model, *data; /* borrowed; model NULL: the task needs none */
    char data_hash[HASH_TEXT_SIZE];  /* XXH3-128 of the bytes of data; "": not known, or a folder */
    char *keys;                      /* owned, or NULL: keys of the task that change its scores, `key = value, ...` */
    int64_t n_items, n_skipped;      /* scored; left out */
    Skipped *skipped;                /* owned [n_reasons] */
    size_t n_reasons, reason_capacity;
    Metric *metric; /* owned [n_metrics] */
    size_t n_metrics, metric_capacity;
    /* One row per record of the data, in its order, scored or not: fields side by side. */
    int64_t n_rows;
    int64_t *row;        /* owned [n_rows]: number of the record in the data, from 0 */
    uint8_t *is_skipped; /* owned [n_rows] */
    ResultField field[RESULT_FIELDS];
    int n_fields;
    struct Comparison *comparison; /* owned, or NULL: with the scores of another model */
} EvaluationResult;

void result_add(EvaluationResult *result, const char *name, double value);
void result_add_interval(EvaluationResult *result, const char *name, double value, double low, double high);
/* Count n items as left out for this reason (0 is fine). */
void result_skip(EvaluationResult *result, const char *reason, int64_t n);
/* A field of n_rows numbers, or texts; they become the result's. */
void result_add_field(EvaluationResult *result, const char *name, double *number);
void result_add_texts(EvaluationResult *result, const char *name, char **text);
/* A field's numbers or texts [n_rows] by its name; NULL: there are none. */
const double *result_numbers(const EvaluationResult *result, const char *name);
char *const *result_texts(const EvaluationResult *result, const char *name);
/* A text as an item keeps it: its beginning, whole characters; owned by the caller. */
char *result_keep_text(Slice text);
void result_free(EvaluationResult *result);

/* A number for a table, "-" if it was not measured; in text, which is returned. */
enum { RESULT_TEXT = 64 };
const char *result_text(const char *format, double value, char text[RESULT_TEXT]);
/* One line of the log per reason for which items were skipped. */
void result_log_skipped(const EvaluationResult *result);

/* Exactly one JSON object on one line; owned by the caller. */
char *result_json(const EvaluationResult *result);
struct json_t *result_json_object(const EvaluationResult *result); /* the same, owned by the caller (io/json.h) */
/* /metric/<name> and /interval/<name> into an open file; /metric/n_items and n_skipped too. */
Status result_write_metrics(const EvaluationResult *result, H5File *file);
/* /item/row, skipped and <field>, /metric/<name>, /interval/<name>; /compare/<column>, a row per metric. */
Status result_write(const EvaluationResult *result, const char *path, const char *command_line);

#endif
