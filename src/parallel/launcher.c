/* launcher.c: a table of the variables that launchers set for each task. */
#include "parallel/launcher.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"

/* rank, size: variables; size NULL: the launcher does not tell. */
static const struct {
    const char *name, *rank, *size;
} launcher[] = {
    {"Open MPI's mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"a PMI launcher (MPICH, Intel MPI, Cray)", "PMI_RANK", "PMI_SIZE"},
    {"MVAPICH's mpirun", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"},
    {"jsrun", "JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE"},
    {"a PMIx launcher", "PMIX_RANK", NULL},
    {"PALS", "PALS_RANKID", NULL},
    {"ALPS", "ALPS_APP_PE", NULL},
    {"flux", "FLUX_TASK_RANK", NULL},
    {"pbsdsh", "PBS_VNODENUM", NULL},
};
enum { N_LAUNCHERS = sizeof launcher / sizeof launcher[0] };

/* The number in a variable; -1 if there is none. */
static int64_t number(const char *variable)
{
    const char *text = variable ? getenv(variable) : NULL;
    int64_t value;
    return text && text_to_int64(text, &value) && value >= 0 ? value : -1;
}

/* Tasks that Slurm started beside this one, with it; 1 where it started no step, or a step of one task. In a batch
 * script SLURM_NTASKS is what the job may start, and SLURM_PROCID is 0, but there is no step. */
static int64_t slurm_tasks(void)
{
    const int64_t in_step = number("SLURM_STEP_NUM_TASKS");
    if (number("SLURM_PROCID") < 0) return 1;
    if (in_step > 0) return in_step;
    const bool is_script = getenv("SLURM_JOB_ID") && !getenv("SLURM_STEP_ID") && !getenv("SLURM_STEPID");
    const int64_t tasks = number("SLURM_NTASKS") > 0 ? number("SLURM_NTASKS") : number("SLURM_NPROCS");
    return is_script || tasks < 1 ? 1 : tasks;
}

Status launcher_check(int n_ranks, const char *library)
{
    if (n_ranks > 1) return STATUS_OK;
    for (int i = 0; i < N_LAUNCHERS; i++)
        if (number(launcher[i].size) == 1) return STATUS_OK; /* it was told to start one */
    for (int i = 0; i < N_LAUNCHERS; i++) {
        const int64_t rank = number(launcher[i].rank), size = number(launcher[i].size);
        CHECK(
            size <= 1, STATUS_USAGE,
            "%s started %lld tasks (%s), but MPI sees one rank: each would be a run of its own; this program is built "
            "with %s, start it with the launcher of that MPI",
            launcher[i].name, (long long)size, launcher[i].size, library);
        CHECK(rank <= 0, STATUS_USAGE,
              "%s started this process as task %lld (%s), but MPI sees one rank: each task would be a run of its own; "
              "this program is built with %s, start it with the launcher of that MPI",
              launcher[i].name, (long long)rank, launcher[i].rank, library);
    }
    const int64_t tasks = slurm_tasks(), task = number("SLURM_PROCID");
    CHECK(
        tasks <= 1 && task <= 0, STATUS_USAGE,
        "Slurm started this process as task %lld of %lld, but MPI sees one rank: each task would be a run of its own; "
        "start with srun --mpi=pmix (srun --mpi=list shows what there is), or with mpirun",
        (long long)task, (long long)(tasks > task ? tasks : task + 1));
    return STATUS_OK;
}

bool launcher_is_there(void)
{
    for (int i = 0; i < N_LAUNCHERS; i++)
        if (getenv(launcher[i].rank) || (launcher[i].size && getenv(launcher[i].size))) return true;
    return getenv("SLURM_PROCID") || getenv("PMIX_NAMESPACE") || getenv("PMI_FD");
}
