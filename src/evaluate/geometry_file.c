/* geometry_file.c: classes, spectra, Gram matrix and metrics as a file (docs/formats.md). */
#include <stdio.h>

#include "evaluate/geometry_run.h"
#include "io/h5.h"
#include "kernels/gemm.h"

typedef struct {
    const GeometryRun *run;
    const char *command_line;
} FileBody;

static const char *choice(int number, const char *const *name)
{
    return name[number];
}

static Status write_choices(H5File *file, const GeometryRun *r)
{
    static const char *const centre[] = {"unweighted", "weighted"}, *const classes[] = {"words", "corpus",
                                                                                        "vocabulary"};
    const GeometryOptions *o = r->options;
    TRY(h5_put_text(file, "/", "task", "geometry"));
    TRY(h5_put_text(file, "/", "model", o->model));
    TRY(h5_put_text(file, "/", "data", o->text));
    TRY(h5_put_text(file, "/", "words", o->words));
    TRY(h5_put_text(file, "/", "nc4_text", o->nc4_text[0] ? o->nc4_text : o->text));
    TRY(h5_put_text(file, "/", "classes", choice(o->classes, classes)));
    for (int i = 0; i < N_PAIRING; i++) TRY(h5_put_text(file, "/", pairing_key(i), pairing_choice(&o->pairing, i)));
    TRY(h5_put_text(file, "/", "centre", choice(o->centre, centre)));
    TRY(h5_put_i64(file, "/", "min_count", o->min_count));
    TRY(h5_put_i64(file, "/", "seed", o->seed));
    if (r->step >= 0) TRY(h5_put_i64(file, "/", "step", r->step));
    return h5_put_i64(file, "/", "ranks", r->comm->n_ranks);
}

static Status write_classes(H5File *file, const GeometryRun *r)
{
    const Geometry *g = &r->geometry;
    const int64_t k = r->n_classes, matrix[] = {k, g->n_features}, principal[] = {k, GEOMETRY_AXES};
    TRY(h5_write(file, "/class/id", H5_I32, 1, &k, "class", r->id));
    TRY(h5_write_words(file, "/class/word", r->word, k, "class"));
    TRY(h5_write_words(file, "/class/group", r->group, k, "class"));
    TRY(h5_write(file, "/class/count", H5_I64, 1, &k, "class", r->kept.count));
    TRY(h5_write(file, "/class/mean", H5_F64, 2, matrix, "class, feature", r->kept.mean));
    TRY(h5_write(file, "/class/embedding", H5_F64, 2, matrix, "class, feature", r->row));
    TRY(h5_write(file, "/class/variance", H5_F64, 1, &k, "class", g->variance));
    TRY(h5_write(file, "/class/norm", H5_F64, 1, &k, "class", g->norm));
    TRY(h5_write(file, "/class/dual_cosine", H5_F64, 1, &k, "class", g->cosine));
    TRY(h5_write(file, "/class/principal", H5_F64, 2, principal, "class, axis", g->principal));
    if (!r->tested) return STATUS_OK;
    TRY(h5_write(file, "/class/tested", H5_I64, 1, &k, "class", r->tested));
    return h5_write(file, "/class/nc4_hits", H5_I64, 1, &k, "class", r->hits[NC4_SEEN]);
}

static Status write_body(H5File *file, const void *context)
{
    const FileBody *body = context;
    const GeometryRun *r = body->run;
    const Geometry *g = &r->geometry;
    const int64_t d = g->n_features, square[] = {r->n_classes, r->n_classes};
    TRY(h5_write_header(file, "collapse-geometry", body->command_line, ""));
    TRY(h5_put_text(file, "/", "precision", gemm_precision_key()));
    TRY(write_choices(file, r));
    TRY(write_classes(file, r));
    if (r->gram) TRY(h5_write(file, "/gram", H5_F64, 2, square, "class, class", r->gram));
    TRY(h5_write(file, "/centre", H5_F64, 1, &d, "feature", g->centre));
    TRY(h5_write(file, "/spectrum/between", H5_F64, 1, &d, "eigenvalue", g->between));
    if (r->kept.within) TRY(h5_write(file, "/spectrum/within", H5_F64, 1, &d, "eigenvalue", g->within));
    return result_write_metrics(&r->result, file);
}

Status geometry_write(const GeometryRun *run, const char *command_line)
{
    return h5_write_file(run->options->output, write_body, &(FileBody){run, command_line});
}
