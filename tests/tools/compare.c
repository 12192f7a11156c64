/* compare: two files of ours, dataset by dataset.
 *
 *   compare A.h5 B.h5 [--bits] [--common] [--losses=T] [--weights=T] [--skip=PART]... [--against=START.h5]
 *
 * --bits: every dataset must have the same bytes. --common: of those both files hold; the others are named (files of
 * two versions of the program). Without --bits the L2 norm of the difference of all weights
 * over the L2 norm of A's change since START (or of A's weights), and the largest relative difference
 * of the loss columns of /history, must be at most the limits given. Prints what it found; exit 0 if alike, 1 if not.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/h5.h"

typedef struct {
    H5File *other, *start;
    const char *skip[8];
    int n_skip;
    bool common;
    int n_datasets, n_different, n_alone;
    double difference, size; /* of weights, squared */
    double history;          /* largest relative difference */
    char first[200];
} Comparison;

/* A dataset the other file does not hold. */
static Status note_alone(Comparison *c, H5File *file, const char *path)
{
    printf("only in %s: %s\n", h5_path(file), path);
    c->n_alone++;
    return STATUS_OK;
}

static Status look_for_alone(H5File *file, const char *path, void *context)
{
    H5File *first = *(H5File **)((void **)context)[0];
    return h5_exists(first, path) ? STATUS_OK : note_alone(((void **)context)[1], file, path);
}

/* Texts by their stored hashes. */
static Status compare_text(Comparison *c, H5File *file, const char *path)
{
    char *a, *b;
    TRY(h5_get_text(file, path, "xxh128", &a));
    TRY(h5_get_text(c->other, path, "xxh128", &b));
    c->n_datasets++;
    if (strcmp(a, b) != 0 && !c->n_different++) snprintf(c->first, sizeof c->first, "%s", path);
    free(a);
    free(b);
    return STATUS_OK;
}

static size_t size_of(const H5Shape *shape)
{
    return shape->kind == H5_TEXT ? shape->text_size : h5_kind_size(shape->kind);
}

static bool is_skipped(const Comparison *c, const char *path)
{
    for (int i = 0; i < c->n_skip; i++)
        if (strstr(path, c->skip[i])) return true;
    return false;
}

static void add_weights(Comparison *c, const char *path, int64_t n, const float *a, const float *b)
{
    float *start = calloc((size_t)n, sizeof *start);
    if (c->start) h5_read(c->start, path, H5_F32, n, start);
    for (int64_t i = 0; i < n; i++) {
        c->difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        c->size += ((double)a[i] - (double)start[i]) * ((double)a[i] - (double)start[i]);
    }
    free(start);
}

static void add_history(Comparison *c, const char *path, int64_t n, const double *a, const double *b)
{
    if (!strstr(path, "loss") && !strstr(path, "grad_norm")) return;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(a[i]) != isnan(b[i])) c->history = HUGE_VAL; /* measured in one run only */
        else if (a[i] != b[i]) c->history = fmax(c->history, fabs(a[i] - b[i]) / fmax(fabs(a[i]), 1e-9));
    }
}

static Status compare_dataset(H5File *file, const char *path, void *context)
{
    Comparison *c = context;
    H5Shape shape, other;
    if (is_skipped(c, path)) return STATUS_OK;
    TRY(h5_shape(file, path, &shape));
    if (c->common && !h5_exists(c->other, path)) return note_alone(c, file, path);
    TRY(h5_shape(c->other, path, &other));
    if (shape.kind == H5_TEXT) return compare_text(c, file, path);
    CHECK(shape.count == other.count && shape.kind == other.kind, STATUS_DATA, "%s: shapes differ (%lld, %lld)", path,
          (long long)shape.count, (long long)other.count);
    const size_t bytes = (size_t)shape.count * size_of(&shape);
    char *a = calloc(bytes + 1, 1), *b = calloc(bytes + 1, 1);
    Status status = h5_read(file, path, shape.kind, shape.count, a);
    if (!status) status = h5_read(c->other, path, shape.kind, shape.count, b);
    if (!status) {
        c->n_datasets++;
        if (memcmp(a, b, bytes) != 0 && !c->n_different++) snprintf(c->first, sizeof c->first, "%s", path);
        if (strncmp(path, "/model/weights/", 15) == 0) add_weights(c, path, shape.count, (float *)a, (float *)b);
        if (strncmp(path, "/history/", 9) == 0 && shape.kind == H5_F64)
            add_history(c, path, shape.count, (double *)a, (double *)b);
    }
    free(a);
    free(b);
    return status;
}

int main(int argc, char **argv)
{
    Comparison c = {0};
    H5File *file;
    double losses = HUGE_VAL, weights_limit = HUGE_VAL;
    bool bits = false;
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "--bits") == 0) bits = true;
        if (strcmp(argv[i], "--common") == 0) c.common = true;
        if (strncmp(argv[i], "--losses=", 9) == 0) losses = atof(argv[i] + 9);
        if (strncmp(argv[i], "--weights=", 10) == 0) weights_limit = atof(argv[i] + 10);
        if (strncmp(argv[i], "--skip=", 7) == 0 && c.n_skip < 8) c.skip[c.n_skip++] = argv[i] + 7;
        if (strncmp(argv[i], "--against=", 10) == 0 && h5_open(argv[i] + 10, &c.start)) return 2;
    }
    Status status = argc < 3 ? STATUS_USAGE : h5_open(argv[1], &file);
    if (!status) status = h5_open(argv[2], &c.other);
    if (!status) status = h5_visit_datasets(file, compare_dataset, &c);
    if (!status && c.common) status = h5_visit_datasets(c.other, look_for_alone, (void *[]){&file, &c});
    if (status) {
        printf("%s\n", status_message());
        return 2;
    }
    const double weights = c.size > 0 ? sqrt(c.difference / c.size) : sqrt(c.difference);
    printf("%d datasets, %d differ%s%s; weights %.1e; losses %.1e\n", c.n_datasets, c.n_different,
           c.n_different ? ", first " : "", c.first, weights, c.history);
    if (bits) return c.n_different || !c.n_datasets;
    return !(weights <= weights_limit && c.history <= losses);
}
