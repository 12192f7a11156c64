/* result.c: JSON and HDF5 forms of a result. */
#include "evaluate/result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "evaluate/compare.h"
#include "io/json.h"
#include "kernels/gemm.h"

void result_add(EvaluationResult *r, const char *name, double value)
{
    memory_reserve((void **)&r->metric, &r->metric_capacity, r->n_metrics + 1, sizeof *r->metric);
    r->metric[r->n_metrics++] = (Metric){.name = memory_copy_text(name), .value = value};
}

void result_add_interval(EvaluationResult *r, const char *name, double value, double low, double high)
{
    result_add(r, name, value);
    Metric *m = &r->metric[r->n_metrics - 1];
    m->low = low, m->high = high, m->has_interval = true;
}

void result_skip(EvaluationResult *r, const char *reason, int64_t n)
{
    if (n == 0) return;
    memory_reserve((void **)&r->skipped, &r->reason_capacity, r->n_reasons + 1, sizeof *r->skipped);
    r->skipped[r->n_reasons++] = (Skipped){memory_copy_text(reason), n};
    r->n_skipped += n;
}

static ResultField *new_field(EvaluationResult *r, const char *name)
{
    if (r->n_fields == RESULT_FIELDS) status_abort(__FILE__, __LINE__, "more than %d fields of items", RESULT_FIELDS);
    r->field[r->n_fields] = (ResultField){.name = name};
    return &r->field[r->n_fields++];
}

void result_add_field(EvaluationResult *r, const char *name, double *number)
{
    new_field(r, name)->number = number;
}

void result_add_texts(EvaluationResult *r, const char *name, char **text)
{
    new_field(r, name)->text = text;
}

static const ResultField *field_named(const EvaluationResult *r, const char *name)
{
    for (int f = 0; f < r->n_fields; f++)
        if (strcmp(r->field[f].name, name) == 0) return &r->field[f];
    return NULL;
}

const double *result_numbers(const EvaluationResult *r, const char *name)
{
    const ResultField *f = field_named(r, name);
    return f ? f->number : NULL;
}

char *const *result_texts(const EvaluationResult *r, const char *name)
{
    const ResultField *f = field_named(r, name);
    return f ? f->text : NULL;
}

char *result_keep_text(Slice text)
{
    size_t n = text.length < RESULT_TEXT_BYTES ? text.length : RESULT_TEXT_BYTES;
    while (n < text.length && n > 0 && ((unsigned char)text.start[n] & 0xC0) == 0x80) n--; /* within a character */
    return slice_copy((Slice){text.start, n});
}

static void free_field(ResultField *f, int64_t n_rows)
{
    for (int64_t i = 0; f->text && i < n_rows; i++) free(f->text[i]);
    free(f->text);
    free(f->number);
}

void result_free(EvaluationResult *r)
{
    for (size_t i = 0; i < r->n_metrics; i++) free(r->metric[i].name);
    for (size_t i = 0; i < r->n_reasons; i++) free(r->skipped[i].reason);
    for (int f = 0; f < r->n_fields; f++) free_field(&r->field[f], r->n_rows);
    free(r->metric);
    free(r->skipped);
    free(r->row);
    free(r->is_skipped);
    free(r->keys);
    comparison_free(r->comparison);
    *r = (EvaluationResult){0};
}

const char *result_text(const char *format, double value, char text[RESULT_TEXT])
{
    if (isnan(value)) snprintf(text, RESULT_TEXT, "-");
    else snprintf(text, RESULT_TEXT, format, value);
    return text;
}

void result_log_skipped(const EvaluationResult *r)
{
    for (size_t i = 0; i < r->n_reasons; i++)
        log_line("%s: %lld skipped: %s", r->data, (long long)r->skipped[i].n, r->skipped[i].reason);
}

static json_t *pair_json(double low, double high)
{
    json_t *bounds = json_array();
    json_array_append_new(bounds, json_number(low));
    json_array_append_new(bounds, json_number(high));
    return bounds;
}

static json_t *comparison_json(const Comparison *c)
{
    json_t *root = json_object(), *metric = json_object();
    for (size_t k = 0; k < c->n; k++) {
        const Difference *d = &c->difference[k];
        json_t *one = json_object();
        json_put(one, "this", json_number(d->here));
        json_put(one, "other", json_number(d->there));
        json_put(one, "difference", json_number(d->difference));
        json_put(one, "interval", pair_json(d->low, d->high));
        json_put(one, "p", json_number(d->p));
        json_put(one, "n_units", json_integer(d->n_units));
        json_put(metric, d->name, one);
    }
    json_put(root, "scores", json_text(c->other));
    json_put(root, "model", json_text(c->model));
    json_put(root, "unit", json_text(c->unit));
    json_put(root, "resamples", json_integer(COMPARE_RESAMPLES));
    json_put(root, "seed", json_integer(COMPARE_SEED));
    json_put(root, "n_left_out", json_integer(c->n_left_out));
    json_put(root, "metric", metric);
    return root;
}

char *result_json(const EvaluationResult *r)
{
    return json_print(result_json_object(r), 17);
}

json_t *result_json_object(const EvaluationResult *r)
{
    json_t *root = json_object(), *metric = json_object(), *interval = json_object(), *skipped = json_object();
    for (size_t i = 0; i < r->n_metrics; i++) {
        const Metric *m = &r->metric[i];
        json_put(metric, m->name, json_number(m->value));
        if (!m->has_interval) continue;
        json_put(interval, m->name, pair_json(m->low, m->high));
    }
    for (size_t i = 0; i < r->n_reasons; i++) json_put(skipped, r->skipped[i].reason, json_integer(r->skipped[i].n));
    json_put(root, "task", json_text(r->task));
    json_put(root, "model", r->model ? json_text(r->model) : json_null());
    json_put(root, "data", json_text(r->data));
    if (r->keys && r->keys[0]) json_put(root, "keys", json_text(r->keys));
    json_put(root, "n_items", json_integer(r->n_items));
    json_put(root, "n_skipped", json_integer(r->n_skipped));
    json_put(root, "skipped", skipped);
    json_put(root, "metric", metric);
    json_put(root, "interval", interval);
    if (r->comparison) json_put(root, "compare", comparison_json(r->comparison));
    return root;
}

static Status write_scalar(H5File *file, const char *group, const char *name, double value)
{
    char *path = memory_print("/%s/%s", group, name);
    Status status = h5_write(file, path, H5_F64, 0, NULL, "", &value);
    free(path);
    return status;
}

static Status write_bounds(H5File *file, const Metric *m)
{
    const int64_t two = 2;
    const double bounds[] = {m->low, m->high};
    char *path = memory_print("/interval/%s", m->name);
    Status status = h5_write(file, path, H5_F64, 1, &two, "bound", bounds);
    free(path);
    return status;
}

Status result_write_metrics(const EvaluationResult *r, H5File *file)
{
    TRY(write_scalar(file, "metric", "n_items", (double)r->n_items));
    TRY(write_scalar(file, "metric", "n_skipped", (double)r->n_skipped));
    for (size_t i = 0; i < r->n_metrics; i++) {
        TRY(write_scalar(file, "metric", r->metric[i].name, r->metric[i].value));
        if (r->metric[i].has_interval) TRY(write_bounds(file, &r->metric[i]));
    }
    return STATUS_OK;
}

static Status write_items(H5File *file, const EvaluationResult *r)
{
    TRY(h5_write(file, "/item/row", H5_I64, 1, &r->n_rows, "item", r->row));
    TRY(h5_write(file, "/item/skipped", H5_U8, 1, &r->n_rows, "item", r->is_skipped));
    Status status = STATUS_OK;
    for (int f = 0; f < r->n_fields && !status; f++) {
        const ResultField *field = &r->field[f];
        char *path = memory_print("/item/%s", field->name);
        status = field->number ? h5_write(file, path, H5_F64, 1, &r->n_rows, "item", field->number)
                               : h5_write_texts(file, path, (const char *const *)field->text, r->n_rows, "item");
        free(path);
    }
    return status;
}

static Status write_comparison(H5File *file, const Comparison *c)
{
    static const char *const column[] = {"this", "other", "difference", "low", "high", "p", "n_units"};
    enum { N = sizeof column / sizeof column[0] };
    const int64_t n = (int64_t)c->n;
    const char **name = memory_alloc(c->n + 1, sizeof *name);
    double *x = memory_alloc(N * c->n + 1, sizeof *x);
    for (size_t k = 0; k < c->n; k++) {
        const Difference *d = &c->difference[k];
        const double value[N] = {d->here, d->there, d->difference, d->low, d->high, d->p, (double)d->n_units};
        for (size_t j = 0; j < N; j++) x[j * c->n + k] = value[j];
        name[k] = d->name;
    }
    Status status = h5_write_texts(file, "/compare/metric", name, n, "metric");
    for (size_t j = 0; j < N && !status; j++) {
        char *path = memory_print("/compare/%s", column[j]);
        status = h5_write(file, path, H5_F64, 1, &n, "metric", x + j * c->n);
        free(path);
    }
    free(name), free(x);
    TRY(status);
    TRY(h5_put_text(file, "/compare", "model", c->model));
    return h5_put_text(file, "/compare", "unit", c->unit);
}

typedef struct {
    const EvaluationResult *result;
    const char *command_line;
} ResultBody;

static Status write_body(H5File *file, const void *context)
{
    const ResultBody *body = context;
    const EvaluationResult *r = body->result;
    TRY(h5_write_header(file, "collapse-scores", body->command_line, ""));
    TRY(h5_put_text(file, "/", "precision", gemm_precision_key()));
    TRY(write_items(file, r));
    TRY(result_write_metrics(r, file));
    TRY(h5_put_text(file, "/", "task", r->task));
    TRY(h5_put_text(file, "/", "model", r->model ? r->model : ""));
    TRY(h5_put_text(file, "/", "data", r->data));
    TRY(h5_put_text(file, "/", "data_xxh128", r->data_hash));
    TRY(h5_put_text(file, "/", "keys", r->keys ? r->keys : ""));
    return r->comparison && r->comparison->n ? write_comparison(file, r->comparison) : STATUS_OK;
}

Status result_write(const EvaluationResult *r, const char *path, const char *command_line)
{
    return h5_write_file(path, write_body, &(ResultBody){r, command_line});
}
