/* report_data.c: folders and files by what is in them. */
#include "report_data.h"

#include <dirent.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file.h"
#include "io/h5.h"

static ReportLog *new_log(Report *r, const char *name)
{
    memory_reserve((void **)&r->log, &r->log_capacity, r->n_logs + 1, sizeof *r->log);
    ReportLog *log = &r->log[r->n_logs++];
    *log = (ReportLog){.name = memory_copy_text(name)};
    return log;
}

/* Names of scores, TASK.METRIC, are the only ones with a dot. */
static ReportCurve *new_score(ReportLog *log, Slice name, int capacity)
{
    log->score = memory_resize(log->score, (size_t)log->n_scores + 1, sizeof *log->score);
    ReportCurve *score = &log->score[log->n_scores++];
    *score = (ReportCurve){.name = slice_copy(name)};
    score->step = memory_alloc((size_t)capacity + 1, sizeof *score->step);
    score->value = memory_alloc((size_t)capacity + 1, sizeof *score->value);
    return score;
}

/* Of the n values of every score those that were measured, with their steps. */
static void pack_scores(ReportLog *log)
{
    for (int s = 0; s < log->n_scores; s++) {
        ReportCurve *score = &log->score[s];
        for (int i = 0; i < log->n; i++) {
            if (!isfinite(score->value[i])) continue;
            score->step[score->n] = log->step[i];
            score->value[score->n++] = score->value[i];
        }
    }
}

static double *column_of(ReportLog *log, Slice name, int capacity)
{
    if (memchr(name.start, '.', name.length)) return new_score(log, name, capacity)->value;
    double **column = slice_is(name, "step")        ? &log->step
                      : slice_is(name, "loss")      ? &log->loss
                      : slice_is(name, "task_loss") ? &log->task_loss
                      : slice_is(name, "nc_loss")   ? &log->nc_loss
                                                    : NULL;
    if (!column) return NULL;
    if (!*column) *column = memory_alloc((size_t)capacity + 1, sizeof **column);
    return *column;
}

/* log.tsv: a line of names, then numbers. */
static Status read_log(const char *folder, const char *path, Report *r)
{
    char *text;
    size_t length;
    TRY(file_read(path, &text, &length));
    int lines = 1, tabs = 0, n_columns = 0; /* the last line may lack its end; a lone CR ends one too */
    for (size_t i = 0; i < length; i++) lines += text[i] == '\n' || text[i] == '\r';
    for (size_t i = 0; i < length && text[i] != '\n'; i++) tabs += text[i] == '\t';
    double **column = memory_alloc((size_t)tabs + 1, sizeof *column);
    ReportLog *log = new_log(r, folder);
    Slice rest = {text, length}, line, field;
    if (slice_next_line(&rest, &line))
        while (slice_next_field(&line, '\t', &field)) column[n_columns++] = column_of(log, field, lines);
    Status status = STATUS_OK;
    if (!log->step || !log->loss || !log->task_loss || !log->nc_loss)
        status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: has no columns step, loss, task_loss, nc_loss", path);
    while (!status && slice_next_line(&rest, &line)) {
        for (int c = 0; c < n_columns && slice_next_field(&line, '\t', &field); c++) {
            char *number = slice_copy(field);
            if (column[c] && !text_to_double(number, &column[c][log->n])) column[c][log->n] = (double)NAN;
            free(number);
        }
        log->n++;
    }
    if (!status) pack_scores(log);
    free(column);
    free(text);
    return status;
}

typedef struct {
    ReportLog *log;
    int64_t n;
} HistoryScores;

static Status read_score(H5File *file, const char *path, void *context)
{
    const HistoryScores *h = context;
    if (strncmp(path, "/history/", 9) != 0 || !strchr(path, '.')) return STATUS_OK;
    return h5_read(file, path, H5_F64, h->n, new_score(h->log, slice_of(path + 9), (int)h->n)->value);
}

static Status read_history(H5File *file, const char *path, Report *r)
{
    H5Shape shape;
    int64_t *step;
    TRY(h5_shape(file, "/history/step", &shape));
    ReportLog *log = new_log(r, path);
    const size_t n = (size_t)shape.count;
    step = memory_alloc(n + 1, sizeof *step);
    log->step = memory_alloc(n + 1, sizeof *log->step);
    log->loss = memory_alloc(n + 1, sizeof *log->loss);
    log->task_loss = memory_alloc(n + 1, sizeof *log->task_loss);
    log->nc_loss = memory_alloc(n + 1, sizeof *log->nc_loss);
    log->n = (int)n;
    Status status = h5_read(file, "/history/step", H5_I64, shape.count, step);
    if (!status) status = h5_read(file, "/history/loss", H5_F64, shape.count, log->loss);
    if (!status) status = h5_read(file, "/history/task_loss", H5_F64, shape.count, log->task_loss);
    if (!status) status = h5_read(file, "/history/nc_loss", H5_F64, shape.count, log->nc_loss);
    for (size_t i = 0; i < n; i++) log->step[i] = (double)step[i];
    if (!status) status = h5_visit_datasets(file, read_score, &(HistoryScores){log, shape.count});
    if (!status) pack_scores(log);
    free(step);
    return status;
}

/* --- geometry ------------------------------------------------------------------------------------- */

static Status read_f64(H5File *file, const char *path, int64_t count, double **x)
{
    *x = memory_alloc((size_t)count + 1, sizeof **x);
    return h5_read(file, path, H5_F64, count, *x);
}

static char *text_attribute(H5File *file, const char *name)
{
    char *text;
    if (!h5_has_attribute(file, "/", name) || h5_get_text(file, "/", name, &text) != STATUS_OK)
        return memory_copy_text("");
    return text;
}

static Status read_metric(H5File *file, const char *path, void *context)
{
    ReportGeometry *g = context;
    if (strncmp(path, "/metric/", 8) != 0) return STATUS_OK;
    memory_reserve((void **)&g->metric, &g->metric_capacity, (size_t)g->n_metrics + 1, sizeof *g->metric);
    ReportMetric *m = &g->metric[g->n_metrics++];
    *m = (ReportMetric){.name = memory_copy_text(path + 8)};
    TRY(h5_read(file, path, H5_F64, 1, &m->value));
    char *interval = memory_print("/interval/%s", m->name);
    double bounds[2] = {(double)NAN, (double)NAN};
    m->has_interval = h5_exists(file, interval);
    Status status = m->has_interval ? h5_read(file, interval, H5_F64, 2, bounds) : STATUS_OK;
    free(interval);
    m->low = bounds[0], m->high = bounds[1];
    return status;
}

static Status read_classes(H5File *file, ReportGeometry *g)
{
    H5Shape shape;
    int64_t n;
    TRY(h5_shape(file, "/class/mean", &shape));
    CHECK(shape.rank == 2 && shape.dims[0] > 0 && shape.dims[0] <= INT32_MAX, STATUS_DATA,
          "%s: /class/mean is not a matrix", h5_path(file));
    const int k = (int)shape.dims[0], d = (int)shape.dims[1];
    TRY(h5_read_texts(file, "/class/word", &g->word, &n));
    g->k = k;
    CHECK(n == k, STATUS_DATA, "%s: /class/word has %lld entries, expected %d", h5_path(file), (long long)n, k);
    TRY(h5_read_texts(file, "/class/group", &g->group, &n));
    CHECK(n == k, STATUS_DATA, "%s: /class/group has %lld entries, expected %d", h5_path(file), (long long)n, k);
    int64_t *count = memory_alloc((size_t)k, sizeof *count);
    g->count = memory_alloc((size_t)k, sizeof *g->count);
    Status status = h5_read(file, "/class/count", H5_I64, k, count);
    for (int i = 0; i < k; i++) g->count[i] = (double)count[i];
    free(count);
    TRY(status);
    TRY(read_f64(file, "/class/dual_cosine", k, &g->cosine));
    TRY(read_f64(file, "/class/norm", k, &g->norm));
    TRY(read_f64(file, "/class/principal", (int64_t)k * 3, &g->principal));
    if (h5_exists(file, "/gram")) TRY(read_f64(file, "/gram", (int64_t)k * k, &g->gram));
    if (!h5_exists(file, "/spectrum/between")) return STATUS_OK;
    g->d = d;
    TRY(read_f64(file, "/spectrum/between", d, &g->between));
    return h5_exists(file, "/spectrum/within") ? read_f64(file, "/spectrum/within", d, &g->within) : STATUS_OK;
}

static Status read_column(H5File *file, const char *name, ReportGeometry *g, size_t place)
{
    char *path = memory_print("/compare/%s", name);
    double *x = memory_alloc((size_t)g->n_differences + 1, sizeof *x);
    Status status = h5_read(file, path, H5_F64, g->n_differences, x);
    for (int k = 0; k < g->n_differences && !status; k++) *(double *)(void *)((char *)&g->difference[k] + place) = x[k];
    free(x), free(path);
    return status;
}

static Status read_differences(H5File *file, ReportGeometry *g)
{
    static const struct {
        const char *name;
        size_t place;
    } column[] = {{"this", offsetof(ReportDifference, here)},
                  {"other", offsetof(ReportDifference, there)},
                  {"difference", offsetof(ReportDifference, difference)},
                  {"low", offsetof(ReportDifference, low)},
                  {"high", offsetof(ReportDifference, high)},
                  {"p", offsetof(ReportDifference, p)},
                  {"n_units", offsetof(ReportDifference, n_units)}};
    char **name;
    int64_t n;
    TRY(h5_read_texts(file, "/compare/metric", &name, &n));
    g->difference = memory_alloc((size_t)n + 1, sizeof *g->difference);
    g->n_differences = (int)n;
    for (int64_t k = 0; k < n; k++) g->difference[k].name = name[k];
    free(name);
    for (size_t c = 0; c < sizeof column / sizeof column[0]; c++)
        TRY(read_column(file, column[c].name, g, column[c].place));
    free(g->other), free(g->unit);
    g->other = g->unit = NULL;
    TRY(h5_get_text(file, "/compare", "model", &g->other));
    return h5_get_text(file, "/compare", "unit", &g->unit);
}

static Status read_geometry(H5File *file, const char *path, Report *r)
{
    memory_reserve((void **)&r->geometry, &r->geometry_capacity, r->n_geometries + 1, sizeof *r->geometry);
    ReportGeometry *g = &r->geometry[r->n_geometries++];
    *g = (ReportGeometry){.name = memory_copy_text(path), .step = -1};
    g->model = text_attribute(file, "model");
    g->data = text_attribute(file, "data");
    g->task = text_attribute(file, "task");
    g->other = memory_copy_text(""), g->unit = memory_copy_text("");
    char *align = text_attribute(file, "nc-align"), *space = text_attribute(file, "nc-space");
    g->choices = memory_print("%s%s%s", space, align[0] ? ", ids: " : "", align);
    free(align);
    free(space);
    if (h5_has_attribute(file, "/", "step")) TRY(h5_get_i64(file, "/", "step", &g->step));
    TRY(h5_visit_datasets(file, read_metric, g));
    if (h5_exists(file, "/compare/metric")) TRY(read_differences(file, g));
    return h5_exists(file, "/class/mean") ? read_classes(file, g) : STATUS_OK;
}

static Status read_file(const char *path, Report *r)
{
    H5File *file;
    TRY(h5_open(path, &file));
    Status status;
    if (h5_exists(file, "/history/step")) status = read_history(file, path, r);
    else if (h5_exists(file, "/metric")) status = read_geometry(file, path, r);
    else
        status = status_set(
            STATUS_DATA, __FILE__, __LINE__,
            "%s: holds neither a history nor metrics; give run folders, checkpoints, geometry or scores files", path);
    h5_close(&file);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static Status read_folder(const char *folder, Report *r)
{
    char *log = file_join(folder, "log.tsv"), **name = NULL;
    size_t n = 0, capacity = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        const size_t length = strlen(entry->d_name);
        if (strncmp(entry->d_name, "geometry-", 9) != 0 || length < 4 || strcmp(entry->d_name + length - 3, ".h5") != 0)
            continue;
        memory_reserve((void **)&name, &capacity, n + 1, sizeof *name);
        name[n++] = file_join(folder, entry->d_name);
    }
    if (directory) closedir(directory);
    if (n) qsort(name, n, sizeof *name, by_name);
    Status status = STATUS_OK;
    if (!file_exists(log) && !n)
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: is not the output of a run (no log.tsv, no geometry-*.h5)", folder);
    if (!status && file_exists(log)) status = read_log(folder, log, r);
    for (size_t i = 0; i < n; i++) {
        if (!status) status = read_file(name[i], r);
        free(name[i]);
    }
    free(name);
    free(log);
    return status;
}

Status report_read(const char *path, Report *r)
{
    struct stat info;
    CHECK(stat(path, &info) == 0, STATUS_IO, "%s: cannot be opened", path);
    return S_ISDIR(info.st_mode) ? read_folder(path, r) : read_file(path, r);
}

void report_free(Report *r)
{
    for (size_t i = 0; i < r->n_logs; i++) {
        ReportLog *l = &r->log[i];
        free(l->name), free(l->step), free(l->loss), free(l->task_loss), free(l->nc_loss);
        for (int s = 0; s < l->n_scores; s++) free(l->score[s].name), free(l->score[s].step), free(l->score[s].value);
        free(l->score);
    }
    for (size_t i = 0; i < r->n_geometries; i++) {
        ReportGeometry *g = &r->geometry[i];
        for (int k = 0; k < g->k; k++) {
            if (g->word) free(g->word[k]);
            if (g->group) free(g->group[k]);
        }
        for (int m = 0; m < g->n_metrics; m++) free(g->metric[m].name);
        for (int k = 0; k < g->n_differences; k++) free(g->difference[k].name);
        free(g->difference), free(g->task), free(g->other), free(g->unit);
        free(g->word), free(g->group), free(g->name), free(g->model), free(g->data), free(g->choices);
        free(g->count), free(g->cosine), free(g->norm), free(g->principal), free(g->gram);
        free(g->between), free(g->within), free(g->metric);
    }
    free(r->log);
    free(r->geometry);
    *r = (Report){0};
}

const ReportMetric *report_metric(const ReportGeometry *g, const char *name)
{
    for (int i = 0; i < g->n_metrics; i++)
        if (strcmp(g->metric[i].name, name) == 0) return &g->metric[i];
    return NULL;
}
