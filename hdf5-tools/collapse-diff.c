/* collapse-diff: two files of ours, dataset by dataset. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/h5.h"
#include "tool.h"

static struct Options {
    int64_t most;
    double tolerance;
} options;

static const Setting table[] = {
    {"most", SETTING_INTEGER, "20", "", 0, 1e9, offsetof(struct Options, most), "differences to list; 0 = all"},
    {"tolerance", SETTING_NUMBER, "0", "", 0, 1e300, offsetof(struct Options, tolerance),
     "relative difference |a - b| / |a| of a dataset (L2 norms) that counts as equal"},
};

typedef struct {
    char *path;      /* owned */
    char *note;      /* owned: why they cannot be compared, or "" */
    double relative; /* |a - b| / |a| in L2 norms */
    double largest;  /* largest |a - b| */
    int64_t place;   /* where, in C order */
    double a, b;     /* the two numbers there */
} Difference;

typedef struct {
    H5File *other;
    Difference *list; /* owned */
    size_t n, capacity;
    int n_equal;
    bool reversed; /* looking for what only the second file has */
} Diff;

static Difference *add(Diff *d, const char *path, const char *note)
{
    memory_reserve((void **)&d->list, &d->capacity, d->n + 1, sizeof *d->list);
    Difference *x = &d->list[d->n++];
    *x = (Difference){.relative = HUGE_VAL, .path = memory_copy_text(path), .note = memory_copy_text(note)};
    return x;
}

static Status read_numbers(H5File *file, const char *path, const H5Shape *shape, double **x)
{
    const size_t n = (size_t)shape->count;
    void *raw = memory_alloc(n + 1, h5_kind_size(shape->kind));
    Status status = h5_read(file, path, shape->kind, shape->count, raw);
    *x = memory_alloc(n + 1, sizeof **x);
    for (size_t i = 0; i < n; i++)
        (*x)[i] = shape->kind == H5_F32   ? (double)((float *)raw)[i]
                  : shape->kind == H5_F64 ? ((double *)raw)[i]
                  : shape->kind == H5_I32 ? (double)((int32_t *)raw)[i]
                  : shape->kind == H5_U8  ? (double)((uint8_t *)raw)[i]
                                          : (double)((int64_t *)raw)[i];
    free(raw);
    return status;
}

static Status compare_texts(Diff *d, H5File *file, const char *path)
{
    char **a = NULL, **b = NULL;
    int64_t n = 0, m = 0, different = 0;
    Status status = h5_read_texts(file, path, &a, &n);
    if (!status) status = h5_read_texts(d->other, path, &b, &m);
    for (int64_t i = 0; !status && i < n && i < m; i++) different += strcmp(a[i], b[i]) != 0;
    for (int64_t i = 0; i < n && a; i++) free(a[i]);
    for (int64_t i = 0; i < m && b; i++) free(b[i]);
    free(a);
    free(b);
    char note[64];
    snprintf(note, sizeof note, "%lld strings differ", (long long)different);
    if (different) add(d, path, note);
    else d->n_equal++;
    return status;
}

/* Two NaN are equal; a NaN against a number is a difference without size. */
static void compare_numbers(Diff *d, const char *path, int64_t n, const double *a, const double *b)
{
    Difference found = {.largest = -1};
    double square = 0, size = 0;
    int64_t nan = 0;
    for (int64_t i = 0; i < n; i++) {
        if (a[i] == b[i] || (isnan(a[i]) && isnan(b[i]))) {
            if (isfinite(a[i])) size += a[i] * a[i];
            continue;
        }
        const double apart = fabs(a[i] - b[i]);
        if (!isfinite(apart)) {
            nan++;
            continue;
        }
        square += apart * apart;
        size += a[i] * a[i];
        if (apart > found.largest) found.largest = apart, found.place = i, found.a = a[i], found.b = b[i];
    }
    const double relative = size > 0 ? sqrt(square / size) : square > 0 ? HUGE_VAL : 0;
    if (!nan && (found.largest < 0 || relative <= options.tolerance)) {
        d->n_equal++;
        return;
    }
    char note[64] = "";
    if (nan) snprintf(note, sizeof note, "%lld are not finite in one file only", (long long)nan);
    Difference *x = add(d, path, note);
    if (!nan) x->relative = relative;
    x->largest = found.largest, x->place = found.place, x->a = found.a, x->b = found.b;
}

static bool same_shape(const H5Shape *a, const H5Shape *b)
{
    bool same = a->kind == b->kind && a->rank == b->rank;
    for (int i = 0; i < a->rank && same; i++) same = a->dims[i] == b->dims[i];
    return same;
}

static Status visit(H5File *file, const char *path, void *context)
{
    Diff *d = context;
    H5Shape shape, other;
    if (!h5_exists(d->other, path)) {
        add(d, path, d->reversed ? "only in the second file" : "only in the first file");
        return STATUS_OK;
    }
    if (d->reversed) return STATUS_OK;
    TRY(h5_shape(file, path, &shape));
    TRY(h5_shape(d->other, path, &other));
    if (!same_shape(&shape, &other)) {
        add(d, path, "of another type or shape");
        return STATUS_OK;
    }
    if (shape.kind == H5_TEXT) return compare_texts(d, file, path);
    double *a = NULL, *b = NULL;
    Status status = read_numbers(file, path, &shape, &a);
    if (!status) status = read_numbers(d->other, path, &other, &b);
    if (!status) compare_numbers(d, path, shape.count, a, b);
    free(a);
    free(b);
    return status;
}

static int by_size(const void *a, const void *b)
{
    const Difference *x = a, *y = b;
    if (x->relative != y->relative) return x->relative > y->relative ? -1 : 1;
    return strcmp(x->path, y->path);
}

static void show_header(H5File *a, H5File *b, const char *path, const char *name)
{
    char *x = NULL, *y = NULL;
    if (!h5_has_attribute(a, path, name) || !h5_has_attribute(b, path, name)) return;
    if (h5_get_text(a, path, name, &x) == STATUS_OK && h5_get_text(b, path, name, &y) == STATUS_OK) {
        if (strcmp(x, y) == 0) printf("%-16s the same: %s\n", name, x);
        else printf("%-16s %s\n%-16s %s\n", name, x, "", y);
    }
    free(x);
    free(y);
}

/* Was it the same run? The settings say so, and how far each is. */
static void show_run(H5File *a, H5File *b)
{
    char *x = NULL, *y = NULL;
    int64_t i = 0, j = 0;
    if (!h5_exists(a, "/progress/step") || !h5_exists(b, "/progress/step")) return;
    if (h5_read(a, "/progress/step", H5_I64, 1, &i) == STATUS_OK &&
        h5_read(b, "/progress/step", H5_I64, 1, &j) == STATUS_OK)
        printf("%-16s %lld and %lld\n", "step", (long long)i, (long long)j);
    if (h5_get_text(a, "/progress", "settings", &x) == STATUS_OK &&
        h5_get_text(b, "/progress", "settings", &y) == STATUS_OK) {
        printf("%-16s %s\n", "settings", strcmp(x, y) == 0 ? "the same run" : "differ:");
        Slice left = slice_of(x), right = slice_of(y), p, q;
        while (strcmp(x, y) != 0 && slice_next_line(&left, &p) && slice_next_line(&right, &q))
            if (p.length != q.length || memcmp(p.start, q.start, p.length) != 0)
                printf("  %.*s  |  %.*s\n", (int)p.length, p.start, (int)q.length, q.start);
    }
    free(x);
    free(y);
}

/* --- attributes: the configuration, and what a file says about itself ---------------------------------------- */

typedef struct {
    char *path, *name, *a, *b; /* owned; a or b NULL: only the other file has it */
} AttributeDifference;

typedef struct {
    H5File *other;
    AttributeDifference *list; /* owned */
    size_t n, capacity;
    int n_equal;
    bool reversed;
} AttributeDiff;

/* Who wrote a file, where and when, from which paths, and its hashes: two files that hold the same may differ in it. */
static bool is_provenance(const char *path, const char *name)
{
    static const char *const root[] = {"command_line", "config_sha256",  "created", "data",
                                       "file_xxh128",  "format_version", "model",   "nc4_text",
                                       "ranks",        "words",          "writer"};
    if (strcmp(name, "xxh128") == 0 || (strcmp(path, "/progress") == 0 && strcmp(name, "settings") == 0)) return true;
    for (size_t i = 0; strcmp(path, "/") == 0 && i < sizeof root / sizeof root[0]; i++)
        if (strcmp(root[i], name) == 0) return true;
    return false;
}

static void add_attribute(AttributeDiff *d, const char *path, const char *name, char *a, char *b)
{
    memory_reserve((void **)&d->list, &d->capacity, d->n + 1, sizeof *d->list);
    d->list[d->n++] = (AttributeDifference){memory_copy_text(path), memory_copy_text(name), a, b};
}

static Status compare_attribute(AttributeDiff *d, H5File *file, const char *path, const char *name)
{
    char *a = NULL, *b = NULL;
    const bool both = h5_has_attribute(d->other, path, name);
    if (is_provenance(path, name) || (both && d->reversed)) return STATUS_OK;
    TRY(h5_describe_attribute(file, path, name, &a));
    Status status = both ? h5_describe_attribute(d->other, path, name, &b) : STATUS_OK;
    if (!status && !both) add_attribute(d, path, name, d->reversed ? NULL : a, d->reversed ? a : NULL);
    else if (!status && strcmp(a, b) != 0) add_attribute(d, path, name, a, b);
    else {
        d->n_equal += !status;
        free(a);
        free(b);
    }
    return status;
}

/* Of an object that both files have. */
static Status compare_attributes(H5File *file, const char *path, bool is_dataset, void *context)
{
    AttributeDiff *d = context;
    char **name;
    int n;
    (void)is_dataset;
    if (!h5_exists(d->other, path)) return STATUS_OK;
    Status status = h5_list_attributes(file, path, &name, &n);
    for (int i = 0; i < n; i++) {
        if (!status) status = compare_attribute(d, file, path, name[i]);
        free(name[i]);
    }
    free(name);
    return status;
}

static Status compare_all_attributes(H5File *a, H5File *b, AttributeDiff *d)
{
    for (int turn = 0; turn < 2; turn++) {
        H5File *file = turn ? b : a;
        d->other = turn ? a : b;
        d->reversed = turn == 1;
        TRY(compare_attributes(file, "/", false, d));
        TRY(h5_visit_objects(file, compare_attributes, d));
    }
    return STATUS_OK;
}

static void show_attributes(const AttributeDiff *d)
{
    printf("%d attributes equal, %zu differ\n", d->n_equal, d->n);
    for (size_t i = 0; i < d->n && (options.most == 0 || i < (size_t)options.most); i++) {
        const AttributeDifference *x = &d->list[i];
        printf("%-30s %-32s %s | %s\n", x->path, x->name, x->a ? x->a : "(none)", x->b ? x->b : "(none)");
    }
    if (options.most && d->n > (size_t)options.most)
        printf("... and %zu more; --most=0 lists all\n", d->n - (size_t)options.most);
}

static void free_attributes(AttributeDiff *d)
{
    for (size_t i = 0; i < d->n; i++)
        free(d->list[i].path), free(d->list[i].name), free(d->list[i].a), free(d->list[i].b);
    free(d->list);
}

/* --- measures ------------------------------------------------------------------------------------------------- */

typedef struct {
    H5File *other;
    int n;
} Metrics;

static Status show_metric(H5File *file, const char *path, void *context)
{
    Metrics *m = context;
    double a, b;
    if (strncmp(path, "/metric/", 8) != 0 || !h5_exists(m->other, path)) return STATUS_OK;
    TRY(h5_read(file, path, H5_F64, 1, &a));
    TRY(h5_read(m->other, path, H5_F64, 1, &b));
    if (m->n++ == 0) printf("\n%-32s %14s %14s %14s\n", "measure", "first", "second", "second - first");
    printf("%-32s %14s %14s %14s\n", path + 8, tool_number("%.6g", a), tool_number("%.6g", b),
           tool_number("%.3g", b - a));
    return STATUS_OK;
}

static void show_differences(Diff *d)
{
    if (d->n) qsort(d->list, d->n, sizeof *d->list, by_size);
    printf("\n%d datasets equal, %zu differ\n", d->n_equal, d->n);
    if (d->n) printf("%-64s %10s %10s %10s   %s\n", "dataset", "relative", "largest", "at", "first, second");
    for (size_t i = 0; i < d->n && (options.most == 0 || i < (size_t)options.most); i++) {
        const Difference *x = &d->list[i];
        if (x->note[0]) printf("%-64s %s\n", x->path, x->note);
        else
            printf("%-64s %10.2e %10.2e %10lld   %.9g, %.9g\n", x->path, x->relative, x->largest, (long long)x->place,
                   x->a, x->b);
    }
    if (options.most && d->n > (size_t)options.most)
        printf("... and %zu more; --most=0 lists all\n", d->n - (size_t)options.most);
}

static Status compare(H5File *a, H5File *b)
{
    static const char *const header[] = {"format", "writer", "created", "config_sha256", "model", "data"};
    Diff diff = {.other = b};
    Metrics metrics = {.other = b};
    AttributeDiff attributes = {.n = 0};
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) show_header(a, b, "/", header[i]);
    show_run(a, b);
    Status status = h5_visit_datasets(a, show_metric, &metrics);
    if (!status) status = h5_visit_datasets(a, visit, &diff);
    diff.reversed = true;
    diff.other = a;
    if (!status) status = h5_visit_datasets(b, visit, &diff);
    if (!status) status = compare_all_attributes(a, b, &attributes);
    if (!status) show_differences(&diff);
    if (!status) show_attributes(&attributes);
    tool_exit_code = diff.n > 0 || attributes.n > 0;
    free_attributes(&attributes);
    for (size_t i = 0; i < diff.n; i++) free(diff.list[i].path), free(diff.list[i].note);
    free(diff.list);
    return status;
}

/* What was changed in a file after it was written is what one wants to see: it is compared, and what does not match
 * its hash is said. */
static Status open_file(const char *path, H5File **file, bool *all_match)
{
    bool matches;
    TRY(h5_open_to_compare(path, file, &matches));
    if (!matches) fprintf(stderr, "collapse-diff: %s\n", status_message());
    *all_match = *all_match && matches;
    return STATUS_OK;
}

static Status run(int n, char **operand, const char *command_line)
{
    (void)command_line, (void)n;
    H5File *a, *b;
    bool all_match = true;
    TRY(open_file(operand[0], &a, &all_match));
    Status status = open_file(operand[1], &b, &all_match);
    if (!status) {
        status = compare(a, b);
        h5_close(&b);
    }
    h5_close(&a);
    if (!status && !all_match && tool_exit_code == 0)
        FAIL(STATUS_DATA, "%s, %s: nothing differs, but a file does not match its hash", operand[0], operand[1]);
    return status;
}

int main(int argc, char **argv)
{
    const Tool tool = {
        "collapse-diff",
        "collapse-diff A.h5 B.h5 [--most=20] [--tolerance=0]",
        "Compare two files: same run? measures side by side, the datasets that differ, largest first, and\n"
        "the attributes that differ (a model's configuration).\n"
        "Ends with 0 if nothing differs, 1 if something does.",
        table,
        sizeof table / sizeof table[0],
        &options,
        "two files",
        NULL,
        run,
        2,
        2};
    return tool_main(&tool, argc, argv);
}
