/* scores_files.c: names of scores files, and the checks before work starts. */
#include "commands/scores_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "io/file.h"
#include "io/output.h"

static const OutputKind kind = {"a file of collapse evaluate", "collapse-scores", NULL, false};

Status scores_output_check(const char *path, bool overwrite, const Inputs *inputs)
{
    return output_check("--output", path, &kind, overwrite, inputs->input, inputs->n);
}

const char *path_within(const char *path, const char *folder)
{
    const size_t n = strlen(folder);
    const char *rest = strncmp(path, folder, n) == 0 ? path + n : path;
    while (*rest == '/') rest++;
    return *rest ? rest : ".";
}

/* FOLDER/PLACE.TASK.h5; of --data as a whole FOLDER/TASK.h5. */
static char *name_of(const char *folder, const char *data, const Offer *offer)
{
    const char *within = path_within(offer->data, data);
    char *place = memory_copy_text(strcmp(within, ".") == 0 ? "" : within);
    for (char *at = place; *at; at++)
        if (*at == '/') *at = '-';
    char *name = memory_print("%s%s%s.h5", place, place[0] ? "." : "", offer->task->name);
    char *path = file_join(folder, name);
    free(place), free(name);
    return path;
}

static Status check_folder(const char *role, const char *path, bool must_be)
{
    struct stat info;
    const bool is_there = stat(path, &info) == 0;
    CHECK(is_there || !must_be, STATUS_IO, "%s = %s: cannot be read: %s", role, path, strerror(errno));
    CHECK(!is_there || S_ISDIR(info.st_mode), STATUS_USAGE,
          "%s = %s is no folder; with task = all it is one, of scores", role, path);
    return STATUS_OK;
}

/* --- the other model -------------------------------------------------------------------------------- */

static Status plan_compare(const AllOptions *o, const Offers *offers, ScoresFiles *f)
{
    size_t found = 0;
    TRY(check_folder("--compare", o->compare, true));
    for (size_t i = 0; i < offers->n; i++) {
        char *path = name_of(o->compare, o->data, &offers->offer[i]);
        const bool is_there = file_exists(path);
        found += is_there;
        if (!is_there)
            log_line("%s: there is no %s to compare with: measured, not compared", offers->offer[i].data, path);
        f->compare[i] = is_there ? path : NULL;
        if (!is_there) free(path);
    }
    CHECK(found > 0, STATUS_DATA,
          "--compare = %s holds no scores of any file of %s; collapse evaluate --task=all --output makes such a folder",
          o->compare, o->data);
    return STATUS_OK;
}

/* --- outputs ---------------------------------------------------------------------------------------- */

/* Everything that is read. */
static Inputs list_inputs(const AllOptions *o, const Settings *settings, const Offers *offers, const ScoresFiles *f)
{
    Inputs inputs = {0};
    for (int m = 0; m < settings->n_operands; m++) inputs_add(&inputs, "the model", settings->operand[m]);
    inputs_add(&inputs, "--data", o->data);
    for (size_t i = 0; i < offers->n; i++) {
        const Task *task = offers->offer[i].task;
        task_inputs(task, o->of_tasks + task_options_at(task), "--data", offers->offer[i].data, &inputs);
        if (f->compare[i]) inputs_add(&inputs, "--compare", f->compare[i]);
    }
    return inputs;
}

static Status check_names(const ScoresFiles *f, const Offers *offers)
{
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(f->output[i], f->output[k]) != 0, STATUS_USAGE,
                  "the scores of %s and of %s would both be %s; rename one of them", offers->offer[k].data,
                  offers->offer[i].data, f->output[i]);
    return STATUS_OK;
}

static Status check_outputs(const AllOptions *o, const Inputs *inputs, const ScoresFiles *f)
{
    for (size_t i = 0; i < f->n; i++)
        TRY(output_check_existing("--output", f->output[i], &kind, o->overwrite, inputs->input, inputs->n));
    const bool was_there = file_exists(o->output);
    TRY(file_make_folder(o->output));
    Status status = STATUS_OK;
    for (size_t i = 0; i < f->n && !status; i++) status = scores_output_check(f->output[i], o->overwrite, inputs);
    if (status && !was_there) rmdir(o->output);
    return status;
}

static Status plan_outputs(const AllOptions *o, const Settings *settings, const Offers *offers, ScoresFiles *f)
{
    TRY(check_folder("--output", o->output, false));
    for (size_t i = 0; i < f->n; i++) f->output[i] = name_of(o->output, o->data, &offers->offer[i]);
    TRY(check_names(f, offers));
    Inputs inputs = list_inputs(o, settings, offers, f);
    Status status = check_outputs(o, &inputs, f);
    inputs_free(&inputs);
    return status;
}

Status scores_files_plan(const AllOptions *o, const Settings *settings, const Offers *offers, ScoresFiles *f)
{
    *f = (ScoresFiles){.n = offers->n};
    f->output = memory_alloc(f->n + 1, sizeof *f->output);
    f->compare = memory_alloc(f->n + 1, sizeof *f->compare);
    if (o->compare[0]) TRY(plan_compare(o, offers, f));
    return o->output[0] ? plan_outputs(o, settings, offers, f) : STATUS_OK;
}

void scores_files_free(ScoresFiles *f)
{
    for (size_t i = 0; i < f->n; i++) free(f->output[i]), free(f->compare[i]);
    free(f->output), free(f->compare);
    *f = (ScoresFiles){0};
}
