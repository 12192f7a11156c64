/* state_arrays.c: the list, and what is done with one of its arrays. */
#include "train/state_arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void add(StateList *list, const StateArray *array)
{
    if (list->n == STATE_ARRAYS) status_abort(__FILE__, __LINE__, "more than %d arrays of state", STATE_ARRAYS);
    list->array[list->n++] = *array;
}

static void add_number(StateList *list, const char *name, int64_t *value, const char *when_other)
{
    const StateArray number = {
        .name = name, .axes = "", .kind = H5_I64, .data = value, .is_attribute = true, .when_other = when_other};
    add(list, &number);
}

static void add_progress(StateList *list, TrainState *s)
{
    add_number(list, "/progress/step", &s->step, NULL);
    add_number(list, "/progress/epoch", &s->epoch, NULL);
    add_number(list, "/progress/next_sample", &s->next_sample, NULL);
    add_number(list, "/progress/seed", &s->seed, "was written with another seed; set resume = never");
    add_number(list, "/progress/tokens", &s->tokens, NULL);
    add_number(list, "/progress/samples_hash", &s->samples_hash,
               "was written while training on another text (train-data has changed); restore it, or set resume = "
               "never");
    const StateArray seconds = {.name = "/progress/seconds", .axes = "", .kind = H5_F64, .data = &s->seconds};
    add(list, &seconds);
}

static void add_block(StateList *list, const char *group, const BertLayout *layout, real *block, const Buckets *owners)
{
    const StateArray array = {.name = group,
                              .data = block,
                              .spread = owners ? SPREAD_OWNED : SPREAD_SAME,
                              .layout = layout,
                              .owners = owners};
    add(list, &array);
}

static void add_means(StateList *list, const TrainState *s)
{
    static const struct {
        const char *name, *axes;
        H5Kind kind;
        int rank;
    } part[] = {{"/collapse/sum", "class, feature", H5_F64, 2},
                {"/collapse/square", "class", H5_F64, 1},
                {"/collapse/weight", "class", H5_F64, 1},
                {"/collapse/count", "class", H5_I64, 1}};
    ClassMeans *m = s->means;
    void *const data[] = {m->sum, m->square, m->weight, m->count};
    const StateArray ids = {
        .name = "/collapse/class_id",
        .axes = "class",
        .kind = H5_I32,
        .rank = 1,
        .dims = {m->n_classes},
        .data = s->class_id,
        .when_other = "was written with other words in nc-words; restore the list, or set resume = never",
        .when_missing = "holds no class means: it was written with nc-weight = 0 and without geometry-steps; leave "
                        "them out, or set resume = never"};
    add(list, &ids);
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        const StateArray array = {.name = part[i].name,
                                  .axes = part[i].axes,
                                  .kind = part[i].kind,
                                  .rank = part[i].rank,
                                  .dims = {m->n_classes, m->n_features},
                                  .data = data[i],
                                  .spread = s->means_by_rank ? SPREAD_BY_RANK : SPREAD_SAME};
        add(list, &array);
    }
}

static void add_best(StateList *list, TrainState *s)
{
    const StateArray value = {.name = "/best/value", .axes = "", .kind = H5_F64, .data = &s->best_value};
    add_number(list, "/best/step", &s->best_step, NULL);
    add(list, &value);
    add_block(list, "/best/weights", &s->params->layout, s->best_weight, NULL);
}

static void add_carried(StateList *list, const TrainState *s)
{
    for (int i = 0; i < s->n_carried; i++) {
        const MethodArray *c = &s->carried[i];
        const StateArray array = {.name = c->name,
                                  .axes = c->axes,
                                  .kind = H5_F64,
                                  .rank = c->rank,
                                  .dims = {c->dims[0], c->dims[1]},
                                  .data = c->data};
        add(list, &array);
    }
}

void state_arrays(TrainState *s, StateList *list)
{
    Params *p = s->params;
    list->n = 0;
    add_progress(list, s);
    add_block(list, "/model/weights", &p->layout, p->weight, NULL);
    add_block(list, "/optimizer/first", &p->trained, p->first, s->dealt);
    add_block(list, "/optimizer/second", &p->trained, p->second, s->dealt);
    if (s->means) add_means(list, s);
    add_carried(list, s);
    if (s->checks) add_best(list, s);
}

/* --- one array -------------------------------------------------------------------------------------- */

static int64_t count_of(const StateArray *a)
{
    int64_t n = a->layout ? a->layout->count : 1;
    for (int i = 0; i < a->rank; i++) n *= a->dims[i];
    return n;
}

/* Bytes of one rank's; of a block: of the whole. */
static size_t bytes_of(const StateArray *a)
{
    const size_t size = a->layout ? sizeof(real) : a->kind == H5_F32 || a->kind == H5_I32 ? 4 : 8;
    return (size_t)count_of(a) * size;
}

size_t state_array_bytes(const Comm *comm, const StateArray *a)
{
    return bytes_of(a) * (a->spread == SPREAD_BY_RANK ? (size_t)comm->n_ranks : 1);
}

bool state_array_is_finite(const StateArray *a, int n_sets)
{
    const int64_t n = count_of(a) * (a->spread == SPREAD_BY_RANK ? n_sets : 1);
    const bool is_real = a->layout != NULL, is_double = !is_real && a->kind == H5_F64;
    bool finite = true;
    for (int64_t i = 0; is_real && i < n; i++) finite = finite && isfinite(((const real *)a->data)[i]);
    for (int64_t i = 0; is_double && i < n; i++) finite = finite && isfinite(((const double *)a->data)[i]);
    return finite;
}

void state_array_collect(const Comm *comm, const StateArray *a, void *whole)
{
    switch (a->spread) {
    case SPREAD_SAME:
        if (comm->rank == 0 && whole != a->data) memcpy(whole, a->data, bytes_of(a));
        return;
    case SPREAD_BY_RANK: comm_gather(comm, a->data, (int64_t)bytes_of(a), whole); return;
    case SPREAD_OWNED: buckets_collect(comm, a->owners, a->data, whole); return;
    }
}

void state_array_spread(const Comm *comm, const StateArray *a, const void *whole)
{
    switch (a->spread) {
    case SPREAD_SAME:
        if (comm->rank == 0 && whole != a->data) memcpy(a->data, whole, bytes_of(a));
        comm_broadcast(comm, a->data, (int64_t)bytes_of(a));
        return;
    case SPREAD_BY_RANK: comm_scatter_equal(comm, whole, a->data, (int64_t)bytes_of(a)); return;
    case SPREAD_OWNED: buckets_deal(comm, a->owners, whole, a->data); return;
    }
}

/* "/progress/step" is the attribute "step" of "/progress". */
static Status put_attribute(H5File *file, const StateArray *a, int64_t value)
{
    char group[80];
    const char *slash = strrchr(a->name, '/');
    snprintf(group, sizeof group, "%.*s", (int)(slash - a->name), a->name);
    return h5_put_i64(file, group, slash + 1, value);
}

Status state_array_write(H5File *file, const StateArray *a, int n_sets, const void *whole)
{
    if (a->layout) return model_file_write_block(file, a->name, a->layout, whole);
    int64_t dims[2] = {a->dims[0], a->dims[1]};
    if (a->spread == SPREAD_BY_RANK) dims[0] *= n_sets;
    if (a->is_attribute) TRY(put_attribute(file, a, *(const int64_t *)whole));
    return h5_write(file, a->name, a->kind, a->rank, dims, a->axes, whole);
}

static Status check_same(H5File *file, const StateArray *a)
{
    H5Shape shape;
    TRY(h5_shape(file, a->name, &shape));
    bool is_same = shape.count == count_of(a);
    if (is_same) {
        void *stored = memory_alloc(bytes_of(a), 1);
        const Status status = h5_read(file, a->name, a->kind, shape.count, stored);
        is_same = memcmp(stored, a->data, bytes_of(a)) == 0;
        free(stored);
        TRY(status);
    }
    CHECK(is_same, a->rank ? STATUS_USAGE : STATUS_DATA, "%s: %s", h5_path(file), a->when_other);
    return STATUS_OK;
}

Status state_array_read(H5File *file, const StateArray *a, int n_sets, void *whole)
{
    CHECK(!a->when_missing || h5_exists(file, a->name), STATUS_USAGE, "%s: %s", h5_path(file), a->when_missing);
    if (state_array_is_checked(a)) return check_same(file, a);
    if (a->layout) return model_file_read_block(file, a->name, a->layout, whole);
    const int64_t count = count_of(a) * (a->spread == SPREAD_BY_RANK ? n_sets : 1);
    H5Shape shape;
    TRY(h5_shape(file, a->name, &shape));
    CHECK(a->spread != SPREAD_BY_RANK || shape.count == count, STATUS_USAGE,
          "%s: was written by %lld ranks with nc-sync = none, each with its own class means; continue with as many",
          h5_path(file), (long long)(shape.count / count_of(a)));
    return h5_read(file, a->name, a->kind, count, whole);
}
