/* history.c: a table of columns: name, kind, place in a line. */
#include "train/history.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "io/file.h"

typedef struct {
    const char *name;
    bool is_integer;
    size_t place; /* in a line */
} Column;

#define AT(field) offsetof(HistoryLine, field)
static const Column fixed[] = {{"step", true, AT(step)},
                               {"epoch", true, AT(epoch)},
                               {"loss", false, AT(loss)},
                               {"task_loss", false, AT(task_loss)},
                               {"nc_loss", false, AT(nc_loss)},
                               {"nc_classes", true, AT(nc_classes)},
                               {"learning_rate", false, AT(learning_rate)},
                               {"grad_norm", false, AT(grad_norm)},
                               {"nc_grad_norm", false, AT(nc_grad_norm)},
                               {"tokens", true, AT(tokens)},
                               {"seconds", false, AT(seconds)}};
enum { N_FIXED = sizeof fixed / sizeof fixed[0] };

static int n_columns(const History *history)
{
    return N_FIXED + history->n_terms + history->n_scores;
}

static Column column_at(const History *history, int c)
{
    if (c < N_FIXED) return fixed[c];
    c -= N_FIXED;
    if (c < history->n_terms) return (Column){history->term[c], false, AT(term) + (size_t)c * sizeof(double)};
    c -= history->n_terms;
    return (Column){history->score[c], false, AT(score) + (size_t)c * sizeof(double)};
}

static double *cell(HistoryLine *line, Column column)
{
    return (double *)(void *)((char *)line + column.place);
}

static double value_of(const HistoryLine *line, Column column)
{
    HistoryLine copy = *line;
    return *cell(&copy, column);
}

void history_add(History *history, const HistoryLine *line)
{
    memory_reserve((void **)&history->line, &history->capacity, history->n + 1, sizeof *history->line);
    history->line[history->n++] = *line;
}

void history_free(History *history)
{
    free(history->line);
    history->line = NULL;
    history->n = history->capacity = 0;
}

static void print_header(const History *history, FILE *stream)
{
    for (int c = 0; c < n_columns(history); c++) fprintf(stream, "%s%s", c ? "\t" : "", column_at(history, c).name);
    fputc('\n', stream);
}

static void print_line(const History *history, const HistoryLine *line, FILE *stream)
{
    for (int c = 0; c < n_columns(history); c++) {
        const Column column = column_at(history, c);
        const double value = value_of(line, column);
        if (c) fputc('\t', stream);
        if (column.is_integer) fprintf(stream, "%.0f", value);
        else if (!isnan(value)) fprintf(stream, "%.9g", value); /* not measured: an empty field */
    }
    fputc('\n', stream);
}

Status history_write_table(const History *history, const char *path)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = memory_stream(&text, &length);
    print_header(history, stream);
    for (size_t i = 0; i < history->n; i++) print_line(history, &history->line[i], stream);
    memory_stream_close(stream);
    Status status = file_write_text(path, text, length);
    free(text);
    return status;
}

/* A line that does not fit on the disk leaves no half of itself. */
Status history_append(const History *history, const char *path)
{
    FILE *stream = fopen(path, "a");
    CHECK(stream, STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
    fseek(stream, 0, SEEK_END);
    const long before = ftell(stream);
    print_line(history, &history->line[history->n - 1], stream);
    const bool failed = fflush(stream) != 0 || ferror(stream);
    const int reason = errno;
    if (failed && before >= 0 && ftruncate(fileno(stream), before) != 0) log_warning("%s: ends in half a line", path);
    const bool closed = fclose(stream) == 0;
    CHECK(closed && !failed, STATUS_IO, "%s: cannot be written: %s", path, strerror(failed ? reason : errno));
    return STATUS_OK;
}

Status history_write(const History *history, H5File *file)
{
    const int64_t n = (int64_t)history->n;
    double *number = memory_alloc(history->n, sizeof *number);
    int64_t *integer = memory_alloc(history->n, sizeof *integer);
    Status status = STATUS_OK;
    for (int c = 0; c < n_columns(history) && !status; c++) {
        const Column column = column_at(history, c);
        char *path = memory_print("/history/%s", column.name);
        for (int64_t i = 0; i < n; i++) {
            number[i] = value_of(&history->line[i], column);
            if (column.is_integer) integer[i] = (int64_t)number[i];
        }
        status = column.is_integer ? h5_write(file, path, H5_I64, 1, &n, "line", integer)
                                   : h5_write(file, path, H5_F64, 1, &n, "line", number);
        free(path);
    }
    free(number);
    free(integer);
    return status;
}

static Status read_values(H5File *file, Column column, const char *path, int64_t n, double *number)
{
    if (!h5_exists(file, path)) {
        for (int64_t i = 0; i < n; i++) number[i] = (double)NAN;
        return STATUS_OK;
    }
    if (!column.is_integer) return h5_read(file, path, H5_F64, n, number);
    int64_t *integer = memory_alloc((size_t)n, sizeof *integer);
    Status status = h5_read(file, path, H5_I64, n, integer);
    for (int64_t i = 0; i < n; i++) number[i] = (double)integer[i];
    free(integer);
    return status;
}

static Status read_column(H5File *file, Column column, int64_t n, double *number)
{
    char *path = memory_print("/history/%s", column.name);
    Status status = read_values(file, column, path, n, number);
    free(path);
    return status;
}

Status history_read(H5File *file, History *history)
{
    H5Shape shape;
    TRY(h5_shape(file, "/history/step", &shape));
    history->n = 0;
    for (int64_t i = 0; i < shape.count; i++) history_add(history, &(HistoryLine){0});
    double *number = memory_alloc(history->n, sizeof *number);
    Status status = STATUS_OK;
    for (int c = 0; c < n_columns(history) && !status; c++) {
        const Column column = column_at(history, c);
        status = read_column(file, column, shape.count, number);
        for (size_t i = 0; i < history->n && !status; i++) *cell(&history->line[i], column) = number[i];
    }
    free(number);
    return status;
}
