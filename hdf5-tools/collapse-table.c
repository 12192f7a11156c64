/* collapse-table: a dataset, or the columns of a group, as text. */
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
    bool csv, no_header;
} options;

static const Setting table[] = {
    {"csv", SETTING_SWITCH, "no", "", 0, 0, offsetof(struct Options, csv), "commas and quotes instead of TABs"},
    {"no-header", SETTING_SWITCH, "no", "", 0, 0, offsetof(struct Options, no_header), "leave out the line of names"},
};

typedef struct {
    char *path; /* owned */
    H5Shape shape;
    void *data;  /* owned: numbers */
    char **text; /* owned: strings */
} Column;

static char separator(void)
{
    return options.csv ? ',' : '\t';
}

/* CSV quotes what needs it (RFC 4180); TSV has blanks in the place of TABs and line ends. */
static void print_text(const char *text)
{
    const bool quotes = options.csv && strpbrk(text, ",\"\n\r");
    if (quotes) putchar('"');
    for (; *text; text++) {
        if (quotes && *text == '"') putchar('"');
        putchar(!options.csv && strchr("\t\n\r", *text) ? ' ' : *text);
    }
    if (quotes) putchar('"');
}

/* Empty if it was not measured (NaN). */
static void print_real(const char *format, double value)
{
    if (!isnan(value)) printf(format, value);
}

static void print_value(const Column *c, int64_t i)
{
    switch (c->shape.kind) {
    case H5_F32: print_real("%.9g", (double)((float *)c->data)[i]); break;
    case H5_F64: print_real("%.17g", ((double *)c->data)[i]); break;
    case H5_I32: printf("%d", (int)((int32_t *)c->data)[i]); break;
    case H5_I64: printf("%lld", (long long)((int64_t *)c->data)[i]); break;
    case H5_U8: printf("%d", ((uint8_t *)c->data)[i]); break;
    case H5_TEXT: print_text(c->text[i]); break;
    case H5_OTHER: printf("?"); break;
    }
}

static Status read_column(H5File *file, const char *path, Column *c)
{
    c->path = memory_copy_text(path);
    TRY(h5_shape(file, path, &c->shape));
    const H5Kind kind = c->shape.kind;
    CHECK(kind != H5_OTHER, STATUS_DATA, "%s: dataset %s is of a type that has no text form here", h5_path(file), path);
    if (kind == H5_TEXT) {
        int64_t n;
        return h5_read_texts(file, path, &c->text, &n);
    }
    c->data = memory_alloc((size_t)c->shape.count + 1, h5_kind_size(kind));
    return h5_read(file, path, kind, c->shape.count, c->data);
}

static void free_column(Column *c)
{
    for (int64_t i = 0; c->text && i < c->shape.count; i++) free(c->text[i]);
    free(c->text);
    free(c->data);
    free(c->path);
}

/* Rows of the last dimension; a third dimension is unrolled, slice after slice. */
static void print_dataset(const Column *c)
{
    const int64_t columns = c->shape.rank < 2 ? 1 : c->shape.dims[c->shape.rank - 1];
    for (int64_t i = 0; i < c->shape.count; i++) {
        print_value(c, i);
        putchar((i + 1) % columns ? separator() : '\n');
    }
}

typedef struct {
    const char *group;
    Column *column; /* owned [n] */
    int n;
    size_t capacity;
} Group;

/* Only datasets directly in the group, and of one dimension. */
static Status add_member(H5File *file, const char *path, void *context)
{
    Group *g = context;
    const size_t length = strlen(g->group);
    H5Shape shape;
    const bool inside = strncmp(path, g->group, length) == 0 && path[length] == '/' && !strchr(path + length + 1, '/');
    if (!inside) return STATUS_OK;
    TRY(h5_shape(file, path, &shape));
    if (shape.rank != 1 || shape.kind == H5_OTHER) return STATUS_OK;
    if (g->n && shape.count != g->column[0].shape.count) {
        fprintf(stderr, "%s is of another length than %s and is left out\n", path, g->column[0].path);
        return STATUS_OK;
    }
    memory_reserve((void **)&g->column, &g->capacity, (size_t)g->n + 1, sizeof *g->column);
    g->column[g->n] = (Column){0};
    return read_column(file, path, &g->column[g->n++]);
}

/* name, value lines of a group of scalars. */
static Status print_scalar(H5File *file, const char *path, void *context)
{
    Group *g = context;
    const size_t length = strlen(g->group);
    H5Shape shape;
    if (strncmp(path, g->group, length) != 0 || path[length] != '/') return STATUS_OK;
    TRY(h5_shape(file, path, &shape));
    if (shape.rank != 0) return STATUS_OK;
    Column c = {0};
    Status status = read_column(file, path, &c);
    if (!status) {
        print_text(path + length + 1);
        putchar(separator());
        print_value(&c, 0);
        putchar('\n');
        g->n++;
    }
    free_column(&c);
    return status;
}

static Status print_group(H5File *file, const char *path)
{
    Group *g = memory_alloc(1, sizeof *g);
    g->group = path;
    Status status = h5_visit_datasets(file, add_member, g);
    const int64_t rows = g->n ? g->column[0].shape.count : 0;
    for (int c = 0; c < g->n && !status && !options.no_header; c++) {
        print_text(strrchr(g->column[c].path, '/') + 1);
        putchar(c + 1 < g->n ? separator() : '\n');
    }
    for (int64_t i = 0; i < rows && !status; i++)
        for (int c = 0; c < g->n; c++) {
            print_value(&g->column[c], i);
            putchar(c + 1 < g->n ? separator() : '\n');
        }
    const bool has_columns = g->n > 0;
    for (int c = 0; c < g->n; c++) free_column(&g->column[c]);
    g->n = 0;
    if (!status && !has_columns) {
        if (!options.no_header) printf("name%cvalue\n", separator());
        status = h5_visit_datasets(file, print_scalar, g);
        if (!status && g->n == 0)
            status =
                status_set(STATUS_DATA, __FILE__, __LINE__,
                           "%s: %s holds neither columns nor single numbers; collapse-show --all lists what there is",
                           h5_path(file), path);
    }
    free(g->column);
    free(g);
    return status;
}

typedef struct {
    const char *wanted;
    char nearest[256]; /* "" = none */
} Nearest;

/* A dataset's path, and those of the groups above it. */
static Status compare_path(H5File *file, const char *path, void *context)
{
    (void)file;
    Nearest *n = context;
    char part[256];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = part + strlen(part); slash && slash > part; slash = strrchr(part, '/')) {
        *slash = '\0';
        const char *both[] = {n->nearest, part};
        const char *near = text_nearest(n->wanted, n->nearest[0] ? both : both + 1, n->nearest[0] ? 2 : 1);
        if (near == part) memcpy(n->nearest, part, sizeof part);
    }
    return STATUS_OK;
}

static Status no_such_path(H5File *file, const char *path)
{
    Nearest n = {.wanted = path};
    TRY(h5_visit_datasets(file, compare_path, &n));
    FAIL(STATUS_USAGE, "%s: holds no %s%s%s%s", h5_path(file), path,
         n.nearest[0] ? "; did you mean " : "; collapse-show --all lists what there is", n.nearest,
         n.nearest[0] ? "? (collapse-show --all lists what there is)" : "");
}

static Status print_path(H5File *file, char *path)
{
    H5Shape shape;
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = '\0';
    CHECK(path[0] == '/', STATUS_USAGE, "'%s' does not begin with /: a path inside the file is wanted, such as /class",
          path);
    if (!h5_exists(file, path)) return no_such_path(file, path);
    if (h5_shape(file, path, &shape) != STATUS_OK) return print_group(file, path);
    Column c = {0};
    Status status = read_column(file, path, &c);
    if (!status) print_dataset(&c);
    free_column(&c);
    return status;
}

static Status run(int n, char **operand, const char *command_line)
{
    (void)command_line, (void)n;
    H5File *file;
    TRY(h5_open(operand[0], &file));
    Status status = print_path(file, operand[1]);
    h5_close(&file);
    return status;
}

int main(int argc, char **argv)
{
    const Tool tool = {"collapse-table",
                       "collapse-table FILE.h5 PATH [--csv]",
                       "Print a dataset, or the columns of a group (/class, /history, /metric), as TAB-separated text.",
                       table,
                       sizeof table / sizeof table[0],
                       &options,
                       "a file and a path inside it",
                       NULL,
                       run,
                       2,
                       2};
    return tool_main(&tool, argc, argv);
}
