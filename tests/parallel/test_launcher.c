/* test_launcher.c: several tasks that MPI does not see together are refused; what is alone on purpose is not; what a
 * launcher may have started is told from what nothing launched.
 * Environments as the launchers set them. */
#include "../harness.h"
#include "parallel/comm.h"
#include "parallel/launcher.h"

static const char *const all[] = {"OMPI_COMM_WORLD_RANK",
                                  "OMPI_COMM_WORLD_SIZE",
                                  "PMI_RANK",
                                  "PMI_SIZE",
                                  "MV2_COMM_WORLD_RANK",
                                  "MV2_COMM_WORLD_SIZE",
                                  "JSM_NAMESPACE_RANK",
                                  "JSM_NAMESPACE_SIZE",
                                  "PMIX_RANK",
                                  "PALS_RANKID",
                                  "ALPS_APP_PE",
                                  "FLUX_TASK_RANK",
                                  "PBS_VNODENUM",
                                  "SLURM_PROCID",
                                  "SLURM_NTASKS",
                                  "PMIX_NAMESPACE",
                                  "PMI_FD",
                                  "SLURM_NPROCS",
                                  "SLURM_STEP_NUM_TASKS",
                                  "SLURM_STEP_ID",
                                  "SLURM_STEPID",
                                  "SLURM_JOB_ID"};

/* pairs: "NAME=value NAME=value" */
static Status with(int n_ranks, const char *pairs)
{
    char text[500], *rest = text, *pair;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) unsetenv(all[i]);
    snprintf(text, sizeof text, "%s", pairs);
    while ((pair = strtok_r(rest, " ", &rest))) {
        char *equals = strchr(pair, '=');
        *equals = '\0';
        setenv(pair, equals + 1, 1);
    }
    return launcher_check(n_ranks, "Some MPI 1.0");
}

/* MPI itself, with nothing about: it is told so, but what the user has set stays. */
static void begins_alone(int *argc, char ***argv)
{
    Comm comm;
    with(1, "OMPI_MCA_ess_singleton_isolated=0");
    unsetenv("OMPI_MCA_pml"), unsetenv("OMPI_MCA_btl");
    check(comm_init(argc, argv, &comm) == STATUS_OK && comm.n_ranks == 1, "alone");
    const char *btl = getenv("OMPI_MCA_btl"), *isolated = getenv("OMPI_MCA_ess_singleton_isolated");
    check(btl && strcmp(btl, "self") == 0 && strcmp(isolated, "0") == 0,
          "no network is looked for: btl %s, isolated %s", btl ? btl : "unset", isolated);
    comm_finalize(&comm);
}

int main(int argc, char **argv)
{
    static const char *const refused[] = {
        "SLURM_NTASKS=4 SLURM_PROCID=0",
        "SLURM_NTASKS=4 SLURM_PROCID=3",
        "SLURM_NPROCS=2 SLURM_PROCID=0",
        "SLURM_JOB_ID=7 SLURM_NTASKS=4 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0",
        "SLURM_JOB_ID=7 SLURM_NTASKS=4 SLURM_STEPID=0 SLURM_PROCID=0",
        "SLURM_JOB_ID=7 SLURM_NTASKS=4 SLURM_PROCID=2",
        "SLURM_JOB_ID=7 SLURM_NTASKS=1 SLURM_STEP_ID=1 SLURM_STEP_NUM_TASKS=8 SLURM_PROCID=0",
        "OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0",
        "PMI_SIZE=3 PMI_RANK=0",
        "PMI_SIZE=3 PMI_RANK=2",
        "PMI_RANK=1",
        "PMIX_RANK=1",
        "PALS_RANKID=1",
        "ALPS_APP_PE=5",
        "JSM_NAMESPACE_SIZE=6 JSM_NAMESPACE_RANK=0",
        "PBS_VNODENUM=1",
        "SLURM_JOB_ID=7 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0 PMI_SIZE=4 PMI_RANK=0"};
    static const char *const taken[] = {
        "",
        "SLURM_JOB_ID=7 SLURM_NTASKS=4",                               /* salloc's shell */
        "SLURM_JOB_ID=7 SLURM_NTASKS=4 SLURM_NPROCS=4 SLURM_PROCID=0", /* sbatch's script */
        "SLURM_JOB_ID=7 SLURM_NTASKS=4 SLURM_STEP_ID=4294967290 SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0", /* interactive
                                                                                                           step */
        "SLURM_JOB_ID=7 SLURM_NTASKS=1 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0",          /* srun -n 1 */
        "SLURM_JOB_ID=7 SLURM_NTASKS=4 SLURM_PROCID=0 OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0", /* mpirun -n 1 */
        ("SLURM_JOB_ID=7 SLURM_NTASKS=2 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=1 OMPI_COMM_WORLD_SIZE=1 "
         "OMPI_COMM_WORLD_RANK=0 PMIX_RANK=0"), /* mpirun -n 1 on another node, whose daemon srun started */
        "PMI_SIZE=1 PMI_RANK=0",
        "PMIX_RANK=0",
        "PBS_VNODENUM=0 PBS_NODENUM=0"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        check(with(1, refused[i]) == STATUS_USAGE && strstr(status_message(), "MPI sees one rank"), "%s: %.100s",
              refused[i], status_message());
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        check(with(1, taken[i]) == STATUS_OK, "taken: %s", taken[i]);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        with(1, refused[i]);
        check(launcher_is_there(), "a launcher is there: %s", refused[i]);
    }
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        with(1, taken[i]);
        check(launcher_is_there() == (i > 1), "%s: %s", i > 1 ? "a launcher is there" : "alone", taken[i]);
    }
    with(1, "PMIX_NAMESPACE=job.1");
    check(launcher_is_there(), "a launcher is there: PMIX_NAMESPACE=job.1");
    check(with(4, "SLURM_NTASKS=4 SLURM_PROCID=0") == STATUS_OK && with(2, "PMI_SIZE=4 PMI_RANK=1") == STATUS_OK,
          "several ranks are never refused");
    begins_alone(&argc, &argv);
    return harness_done();
}
