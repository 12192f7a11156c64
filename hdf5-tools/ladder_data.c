/* ladder_data.c: rows -> levels, seeds and names -> a grid of values for every score. */
#include "ladder_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/table.h"

typedef struct {
    double level, x[3]; /* value, low, high */
    int64_t seed, line;
    int score;
} Row;

/* What is read before levels and seeds are known. */
typedef struct {
    Row *row; /* owned [n] */
    size_t n, capacity;
    LadderScore *score; /* owned [n_scores] */
    size_t n_scores, scores;
    int *order; /* owned [n_scores]: numbers of scores in the order of their names */
    size_t orders;
} Rows;

/* --- names ------------------------------------------------------------------------------------------- */

static int compare_name(const char *name, Slice with)
{
    const int first = strncmp(name, with.start, with.length);
    return first ? first : strlen(name) > with.length;
}

/* The place of a name in the order, or where it belongs. */
static size_t place_of(const Rows *r, Slice name)
{
    size_t low = 0, high = r->n_scores;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (compare_name(r->score[r->order[middle]].name, name) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static int find_score(const Rows *r, Slice name)
{
    const size_t at = place_of(r, name);
    return at < r->n_scores && compare_name(r->score[r->order[at]].name, name) == 0 ? r->order[at] : -1;
}

static int add_score(Rows *r, Slice name)
{
    const size_t at = place_of(r, name);
    memory_reserve((void **)&r->score, &r->scores, r->n_scores + 1, sizeof *r->score);
    memory_reserve((void **)&r->order, &r->orders, r->n_scores + 1, sizeof *r->order);
    memmove(r->order + at + 1, r->order + at, (r->n_scores - at) * sizeof *r->order);
    r->order[at] = (int)r->n_scores;
    r->score[r->n_scores] = (LadderScore){.name = slice_copy(name), .fair = (double)NAN};
    return (int)r->n_scores++;
}

/* --- the list of scores -------------------------------------------------------------------------------- */

static Status read_number(const Table *t, int place, const char *column, double *x)
{
    const Slice field = slice_trim(t->field[place]);
    *x = (double)NAN;
    if (!field.length) return STATUS_OK;
    char *text = slice_copy(field);
    const bool good = text_to_double(text, x);
    Status status = STATUS_OK;
    if (!good)
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: line %lld: %s is '%s', no number; leave it empty if it was "
                            "not measured",
                            t->path, (long long)t->line, column, text);
    free(text);
    return status;
}

static Status read_list_rows(Table *t, Rows *r)
{
    int score, fair, what;
    TRY(table_want(t, "score", &score));
    TRY(table_want(t, "fair", &fair));
    TRY(table_want(t, "what", &what));
    for (bool more;;) {
        TRY(table_next(t, &more));
        if (!more) break;
        const Slice name = slice_trim(t->field[score]);
        CHECK(find_score(r, name) < 0, STATUS_DATA, "%s: line %lld names the score '%.*s' a second time", t->path,
              (long long)t->line, (int)name.length, name.start);
        const int number = add_score(r, name);
        LadderScore *s = &r->score[number];
        s->is_listed = true;
        s->what = slice_copy(slice_trim(t->field[what]));
        TRY(read_number(t, fair, "fair", &s->fair));
    }
    CHECK(r->n_scores > 0, STATUS_DATA, "%s: names no score", t->path);
    return STATUS_OK;
}

static Status read_list(const char *path, Rows *r)
{
    Table t;
    TRY(table_open(path, FORMAT_AUTO, &t));
    Status status = read_list_rows(&t, r);
    table_close(&t);
    return status;
}

/* --- values -------------------------------------------------------------------------------------------- */

typedef struct {
    int level, seed, score, x[3]; /* -1: the table has no such column */
} Columns;

static bool has_column(const Table *t, const char *name)
{
    for (int c = 0; c < t->n_columns; c++)
        if (strcmp(t->column[c], name) == 0) return true;
    return false;
}

static Status want_columns(Table *t, Columns *at)
{
    static const char *const name[] = {"value", "low", "high"};
    TRY(table_want(t, "level", &at->level));
    TRY(table_want(t, "seed", &at->seed));
    TRY(table_want(t, "score", &at->score));
    for (int k = 0; k < 3; k++) {
        at->x[k] = -1;
        if (k == 0 || has_column(t, name[k])) TRY(table_want(t, name[k], &at->x[k]));
    }
    return STATUS_OK;
}

static Status read_row(const Table *t, const Columns *at, bool has_list, Rows *r)
{
    static const char *const name[] = {"value", "low", "high"};
    Row row = {.line = t->line, .x = {(double)NAN, (double)NAN, (double)NAN}};
    const Slice score = slice_trim(t->field[at->score]);
    CHECK(score.length, STATUS_DATA, "%s: line %lld names no score", t->path, (long long)t->line);
    TRY(read_number(t, at->level, "level", &row.level));
    CHECK(row.level >= 0, STATUS_DATA, "%s: line %lld: level is '%.*s'; 0 or a number above it is wanted", t->path,
          (long long)t->line, (int)t->field[at->level].length, t->field[at->level].start);
    char *seed = slice_copy(slice_trim(t->field[at->seed]));
    const bool good = text_to_int64(seed, &row.seed);
    free(seed);
    CHECK(good, STATUS_DATA, "%s: line %lld: seed is '%.*s', no whole number", t->path, (long long)t->line,
          (int)t->field[at->seed].length, t->field[at->seed].start);
    for (int k = 0; k < 3 && at->x[k] >= 0; k++) TRY(read_number(t, at->x[k], name[k], &row.x[k]));
    row.score = find_score(r, score);
    if (row.score < 0) {
        row.score = add_score(r, score);
        r->score[row.score].is_listed = !has_list;
        r->score[row.score].what = memory_copy_text("");
    }
    memory_reserve((void **)&r->row, &r->capacity, r->n + 1, sizeof *r->row);
    r->row[r->n++] = row;
    return STATUS_OK;
}

static Status read_values(const char *path, bool has_list, Rows *r)
{
    Table t;
    Columns at;
    TRY(table_open(path, FORMAT_AUTO, &t));
    Status status = table_want_table(&t, "collapse-ladder");
    if (!status) status = want_columns(&t, &at);
    for (bool more = !status; more && !status;) {
        status = table_next(&t, &more);
        if (!status && more) status = read_row(&t, &at, has_list, r);
    }
    if (!status && !r->n) status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: holds no value", path);
    table_close(&t);
    return status;
}

/* --- the grid ------------------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int number_of_level(const Ladder *l, double level)
{
    int i = 0;
    while (l->level[i] != level) i++;
    return i;
}

static int number_of_seed(const Ladder *l, int64_t seed)
{
    int i = 0;
    while (l->seed[i] != seed) i++;
    return i;
}

static Status find_levels(const char *path, const Rows *r, Ladder *l)
{
    l->level = memory_alloc(r->n, sizeof *l->level);
    l->seed = memory_alloc(r->n, sizeof *l->seed);
    for (size_t i = 0; i < r->n; i++) l->level[i] = r->row[i].level, l->seed[i] = r->row[i].seed;
    qsort(l->level, r->n, sizeof *l->level, ascending);
    qsort(l->seed, r->n, sizeof *l->seed, by_size);
    for (size_t i = 0; i < r->n; i++) {
        if (i == 0 || l->level[i] != l->level[i - 1]) l->level[l->n_levels++] = l->level[i];
        if (i == 0 || l->seed[i] != l->seed[i - 1]) l->seed[l->n_seeds++] = l->seed[i];
    }
    CHECK(l->level[0] == 0, STATUS_DATA, "%s: the lowest level is %g; without level 0 there is nothing to compare with",
          path, l->level[0]);
    CHECK(l->n_levels > 1, STATUS_DATA, "%s: has level 0 alone; a second level is needed", path);
    return STATUS_OK;
}

static Status fill(const char *path, const Rows *r, Ladder *l)
{
    const size_t cells = (size_t)l->n_levels * (size_t)l->n_seeds;
    int64_t *line = memory_alloc(cells * r->n_scores, sizeof *line);
    bool *is_model = memory_alloc(cells, sizeof *is_model);
    Status status = STATUS_OK;
    for (size_t s = 0; s < r->n_scores; s++) {
        LadderScore *score = &r->score[s];
        double **column[] = {&score->value, &score->low, &score->high};
        for (int k = 0; k < 3; k++) {
            *column[k] = memory_alloc(cells, sizeof **column[k]);
            for (size_t i = 0; i < cells; i++) (*column[k])[i] = (double)NAN;
        }
    }
    for (size_t i = 0; i < r->n && !status; i++) {
        const Row *row = &r->row[i];
        const size_t cell =
            (size_t)number_of_level(l, row->level) * (size_t)l->n_seeds + (size_t)number_of_seed(l, row->seed);
        LadderScore *score = &r->score[row->score];
        int64_t *taken = &line[(size_t)row->score * cells + cell];
        if (*taken)
            status = status_set(STATUS_DATA, __FILE__, __LINE__,
                                "%s: line %lld is the score '%s' of level %g, seed %lld, as line %lld is", path,
                                (long long)row->line, score->name, row->level, (long long)row->seed, (long long)*taken);
        *taken = row->line;
        score->value[cell] = row->x[0], score->low[cell] = row->x[1], score->high[cell] = row->x[2];
        l->n_models += !is_model[cell];
        is_model[cell] = true;
    }
    free(line), free(is_model);
    return status;
}

/* Is a score the same number, or not measured, in all models? */
static bool is_constant(const LadderScore *s, int cells)
{
    double first = (double)NAN;
    for (int i = 0; i < cells; i++) {
        if (isnan(s->value[i])) continue;
        if (isnan(first)) first = s->value[i];
        if (s->value[i] != first) return false;
    }
    return true;
}

static void free_score(LadderScore *s)
{
    free(s->name), free(s->what), free(s->value), free(s->low), free(s->high);
}

/* A name of the list that the values do not have is misspelt, or the values are others. */
static Status check_names(const char *values, const char *list, const Rows *r)
{
    bool *is_met = memory_alloc(r->n_scores, sizeof *is_met);
    const char **known = memory_alloc(r->n_scores, sizeof *known);
    size_t missing = r->n_scores;
    int n = 0;
    for (size_t i = 0; i < r->n; i++) is_met[r->row[i].score] = true;
    for (size_t s = r->n_scores; s-- > 0;)
        if (!is_met[s]) missing = s;
        else if (!r->score[s].is_listed) known[n++] = r->score[s].name;
    Status status = STATUS_OK;
    if (missing < r->n_scores) {
        const char *nearest = text_nearest(r->score[missing].name, known, n);
        status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: names the score '%s', of which %s has no value%s%s%s",
                            list, r->score[missing].name, values, nearest ? "; did you mean '" : "",
                            nearest ? nearest : "", nearest ? "'?" : "");
    }
    free(is_met), free(known);
    return status;
}

Status ladder_read(const char *values, const char *list, Ladder *l)
{
    Rows r = {0};
    *l = (Ladder){0};
    Status status = list ? read_list(list, &r) : STATUS_OK;
    if (!status) status = read_values(values, list != NULL, &r);
    if (!status && list) status = check_names(values, list, &r);
    if (!status) status = find_levels(values, &r, l);
    if (!status) status = fill(values, &r, l);
    l->score = r.score;
    for (size_t s = 0; s < r.n_scores; s++) {
        LadderScore *score = &r.score[s];
        const bool is_wanted = list && score->is_listed;
        const bool left_out = !status && !is_wanted && is_constant(score, l->n_levels * l->n_seeds);
        l->n_constant += left_out;
        if (left_out) free_score(score);
        else l->score[l->n_scores++] = *score;
    }
    free(r.row), free(r.order);
    return status;
}

void ladder_free(Ladder *l)
{
    for (int s = 0; s < l->n_scores; s++) free_score(&l->score[s]);
    free(l->score), free(l->level), free(l->seed);
    *l = (Ladder){0};
}
