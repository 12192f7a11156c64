/* history.c: a line is N_COLUMNS doubles in a row. */
#include "train/history.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/file.h"

static const struct {
    const char *name;
    bool is_integer;
} column[N_COLUMNS] = {{"step", true},          {"epoch", true},      {"loss", false},          {"task_loss", false},
                       {"nc_loss", false},      {"nc_classes", true}, {"learning_rate", false}, {"grad_norm", false},
                       {"nc_grad_norm", false}, {"tokens", true},     {"seconds", false}};

_Static_assert(sizeof(HistoryLine) == N_COLUMNS * sizeof(double), "a line is its columns");

static double value_of(const HistoryLine *line, int c)
{
    double value[N_COLUMNS];
    memcpy(value, line, sizeof value);
    return value[c];
}

void history_add(History *history, const HistoryLine *line)
{
    memory_reserve((void **)&history->line, &history->capacity, history->n + 1, sizeof *history->line);
    history->line[history->n++] = *line;
}

void history_free(History *history)
{
    free(history->line);
    *history = (History){0};
}

static void print_header(FILE *stream)
{
    for (int c = 0; c < N_COLUMNS; c++) fprintf(stream, "%s%c", column[c].name, c + 1 < N_COLUMNS ? '\t' : '\n');
}

static void print_line(FILE *stream, const HistoryLine *line)
{
    for (int c = 0; c < N_COLUMNS; c++) {
        const double value = value_of(line, c);
        if (column[c].is_integer) fprintf(stream, "%.0f", value);
        else if (!isnan(value)) fprintf(stream, "%.9g", value); /* not measured: an empty field */
        fputc(c + 1 < N_COLUMNS ? '\t' : '\n', stream);
    }
}

Status history_write_table(const History *history, const char *path)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    CHECK(stream, STATUS_INTERNAL, "no memory for the log");
    print_header(stream);
    for (size_t i = 0; i < history->n; i++) print_line(stream, &history->line[i]);
    fclose(stream);
    Status status = file_write_text(path, text, length);
    free(text);
    return status;
}

Status history_append(const History *history, const char *path)
{
    FILE *stream = fopen(path, "a");
    CHECK(stream, STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
    print_line(stream, &history->line[history->n - 1]);
    const bool failed = ferror(stream) != 0;
    CHECK(fclose(stream) == 0 && !failed, STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
    return STATUS_OK;
}

Status history_write(const History *history, H5File *file)
{
    const int64_t n = (int64_t)history->n;
    double *real_value = memory_alloc(history->n, sizeof *real_value);
    int64_t *integer = memory_alloc(history->n, sizeof *integer);
    Status status = STATUS_OK;
    for (int c = 0; c < N_COLUMNS && !status; c++) {
        char path[64];
        snprintf(path, sizeof path, "/history/%s", column[c].name);
        for (int64_t i = 0; i < n; i++) {
            real_value[i] = value_of(&history->line[i], c);
            integer[i] = (int64_t)real_value[i];
        }
        status = column[c].is_integer ? h5_write(file, path, H5_I64, 1, &n, "line", integer)
                                      : h5_write(file, path, H5_F64, 1, &n, "line", real_value);
    }
    free(real_value);
    free(integer);
    return status;
}

static Status read_column(H5File *file, int c, int64_t n, double *out)
{
    char path[64];
    snprintf(path, sizeof path, "/history/%s", column[c].name);
    if (!column[c].is_integer) return h5_read(file, path, H5_F64, n, out);
    int64_t *integer = memory_alloc((size_t)n, sizeof *integer);
    Status status = h5_read(file, path, H5_I64, n, integer);
    for (int64_t i = 0; i < n; i++) out[i] = (double)integer[i];
    free(integer);
    return status;
}

Status history_read(H5File *file, History *history)
{
    H5Shape shape;
    TRY(h5_shape(file, "/history/step", &shape));
    const int64_t n = shape.count;
    double *value = memory_alloc((size_t)n, N_COLUMNS * sizeof *value);
    Status status = STATUS_OK;
    for (int c = 0; c < N_COLUMNS && !status; c++) status = read_column(file, c, n, value + (int64_t)c * n);
    history->n = 0;
    for (int64_t i = 0; i < n && !status; i++) {
        double row[N_COLUMNS];
        for (int c = 0; c < N_COLUMNS; c++) row[c] = value[(int64_t)c * n + i];
        HistoryLine line;
        memcpy(&line, row, sizeof line);
        history_add(history, &line);
    }
    free(value);
    return status;
}
