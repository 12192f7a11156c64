/* result.c: JSON and HDF5 forms of a result. */
#include "evaluate/result.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/h5.h"

void result_add(EvaluationResult *r, const char *name, double value)
{
    if (r->n_metrics == RESULT_METRICS) status_abort(__FILE__, __LINE__, "more than %d metrics", RESULT_METRICS);
    Metric *m = &r->metric[r->n_metrics++];
    *m = (Metric){.value = value};
    snprintf(m->name, sizeof m->name, "%s", name);
}

void result_add_interval(EvaluationResult *r, const char *name, double value, double low, double high)
{
    result_add(r, name, value);
    Metric *m = &r->metric[r->n_metrics - 1];
    m->low = low, m->high = high, m->has_interval = true;
}

void result_free(EvaluationResult *r)
{
    for (int f = 0; f < r->n_fields; f++) free(r->item[f]);
    *r = (EvaluationResult){0};
}

char *result_json(const EvaluationResult *r)
{
    json_t *metric = json_object(), *interval = json_object();
    for (int i = 0; i < r->n_metrics; i++) {
        const Metric *m = &r->metric[i];
        json_object_set_new(metric, m->name, isfinite(m->value) ? json_real(m->value) : json_null());
        if (m->has_interval) json_object_set_new(interval, m->name, json_pack("[f,f]", m->low, m->high));
    }
    json_t *root = json_pack("{s:s, s:s, s:s, s:i, s:i, s:o, s:o}", "task", r->task, "model", r->model, "data", r->data,
                             "n_items", r->n_items, "n_skipped", r->n_skipped, "metric", metric, "interval", interval);
    char *text = json_dumps(root, JSON_REAL_PRECISION(17));
    json_decref(root);
    return text;
}

typedef struct {
    const EvaluationResult *result;
    const char *command_line;
} ResultBody;

Status result_write_metrics(const EvaluationResult *r, H5File *file)
{
    char path[128];
    const int64_t two = 2;
    for (int i = 0; i < r->n_metrics; i++) {
        const Metric *m = &r->metric[i];
        const double bounds[] = {m->low, m->high};
        snprintf(path, sizeof path, "/metric/%s", m->name);
        TRY(h5_write(file, path, H5_F64, 0, NULL, "", &m->value));
        snprintf(path, sizeof path, "/interval/%s", m->name);
        if (m->has_interval) TRY(h5_write(file, path, H5_F64, 1, &two, "bound", bounds));
    }
    return STATUS_OK;
}

static Status write_body(H5File *file, const void *context)
{
    const ResultBody *body = context;
    const EvaluationResult *r = body->result;
    char path[128];
    const int64_t items = r->n_items;
    TRY(h5_write_header(file, "collapse-scores", body->command_line, ""));
    for (int f = 0; f < r->n_fields; f++) {
        snprintf(path, sizeof path, "/item/%s", r->field[f]);
        TRY(h5_write(file, path, H5_F64, 1, &items, "item", r->item[f]));
    }
    TRY(result_write_metrics(r, file));
    TRY(h5_put_text(file, "/", "task", r->task));
    TRY(h5_put_text(file, "/", "model", r->model));
    return h5_put_text(file, "/", "data", r->data);
}

Status result_write(const EvaluationResult *r, const char *path, const char *command_line)
{
    return h5_write_file(path, write_body, &(ResultBody){r, command_line});
}
