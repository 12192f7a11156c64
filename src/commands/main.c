/* main.c: find the command, run it, print how it ended. The only place that ends the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/streams.h"
#include "base/text.h"
#include "base/version.h"
#include "commands/command.h"
#include "io/h5.h"
#include "kernels/gemm.h"
#include "kernels/vector.h"
#include "parallel/launcher.h"
#include "parallel/same.h"

static const Command *const commands[] = {&command_train, &command_evaluate, &command_encode,        &command_tokenize,
                                          &command_vocab, &command_corpus,   &command_bench,         &command_geometry,
                                          &command_swap,  &command_pairs,    &command_mask_pronouns, &command_collect};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static Comm world;

const Comm *command_comm(void)
{
    return &world;
}

char *command_line_text(int argc, char **argv)
{
    char *text = memory_copy_text("collapse");
    for (int i = 0; i < argc; i++) {
        char *longer = memory_print("%s %s", text, argv[i]);
        free(text);
        text = longer;
    }
    return text;
}

Status command_read(const Setting *table, int n, int argc, char **argv, int n_operands, bool more, const char *operands,
                    Settings *settings, void *target)
{
    settings_init(settings, table, n);
    TRY(settings_read_flags(settings, argc, argv, 1));
    CHECK(settings->n_operands >= n_operands, STATUS_USAGE, "%s needs %s; see collapse %s --help", argv[0], operands,
          argv[0]);
    CHECK(settings->n_operands <= n_operands || more, STATUS_USAGE,
          "'%s' is one operand too many; see collapse %s --help", settings->operand[n_operands], argv[0]);
    return settings_store(settings, target);
}

Status command_agree(const Settings *settings, Status status)
{
    char *merged = settings_print(settings),
         *lines = memory_print("settings = %s%s\n", status ? "refused: " : "accepted", status ? status_message() : "");
    Slice rest = slice_of(merged), line;
    while (slice_next_line(&rest, &line)) { /* ranks may differ in threads: nodes do */
        if (strncmp(line.start, "threads = ", 10) == 0) continue;
        char *longer = memory_print("%s%.*s\n", lines, (int)line.length, line.start);
        free(lines);
        lines = longer;
    }
    for (int i = 0; i < settings->n_operands && !settings->reads_operand; i++) {
        char *longer = memory_print("%soperand %d = %s\n", lines, i + 1, settings->operand[i]);
        free(lines);
        lines = longer;
    }
    Status same = same_check(&world, lines);
    free(lines);
    free(merged);
    return same ? same : comm_agree(&world, status);
}

static void print_help(void)
{
    printf("collapse: fine-tune BERT on CPU clusters with the global neural-collapse regularizer\n\n"
           "usage: [mpirun -n N] collapse COMMAND [operands] [--key value | --key=value]...\n\ncommands:\n");
    for (int i = 0; i < N_COMMANDS; i++) printf("  %-13s %s\n", commands[i]->name, commands[i]->summary);
    printf("\ncollapse COMMAND --help tells more; collapse --version tells what this build is.\n"
           "Beside it: collapse-import, collapse-export, collapse-check, collapse-show.\n\n"
           "exit codes: 0 done, 64 usage, 65 bad data, 70 internal, 71 no memory, 74 input/output, 75 time is up (run\n"
           "again), 76 diverged (not finite), 77 stopped because somebody asked\n");
}

static void print_products(GemmLibrary library)
{
    if (gemm_choose(&(GemmChoice){.library = library})) {
        printf("oneDNN: not in this build (Debian: libdnnl-dev)\n");
        return;
    }
    const double speed = gemm_measure(512, 512, 512, 5, 0.05).gflops;
    printf("%s, kernel family %s, fp32 %.0f GFLOP/s on one thread\n", gemm_library(), gemm_family(), speed);
}

/* By oneDNN; and by our own kernels, where they are the faster ones. */
static void print_bf16(void)
{
    for (int library = GEMM_ONEDNN; library >= GEMM_BLIS && gemm_has(GEMM_ONEDNN); library--) {
        const Status refused = gemm_choose(&(GemmChoice){(GemmLibrary)library, PRECISION_BF16, false});
        if (refused) printf("bf16: not on this processor\n");
        else if (library == GEMM_ONEDNN || strcmp(gemm_library_key(), "own") == 0)
            printf("%s, kernel family %s, bf16 %.0f GFLOP/s on one thread\n", gemm_library(), gemm_family(),
                   gemm_measure(512, 512, 512, 5, 0.05).gflops);
        if (refused) return;
    }
}

static void print_version(void)
{
    gemm_init(vector_choose(vector_best_level()), 1);
    printf("%s\ncompiler: %s\nMPI: %s\n%s\n", version_text(), version_compiler(), comm_library(), h5_library());
    print_products(GEMM_BLIS);
    print_products(GEMM_ONEDNN);
    print_bf16();
    printf("elementwise kernels: %s\n", vector_kernels->name);
}

static void print_command_help(const Command *command)
{
    printf("usage: %s\n\n%s\n\n", command->usage, command->summary);
    if (command->help) command->help();
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

static Status unknown_command(const char *name)
{
    const char *candidate[N_COMMANDS];
    for (int i = 0; i < N_COMMANDS; i++) candidate[i] = commands[i]->name;
    const char *nearest = text_nearest(name, candidate, N_COMMANDS);
    if (nearest) FAIL(STATUS_USAGE, "unknown command '%s'; did you mean '%s'?", name, nearest);
    FAIL(STATUS_USAGE, "unknown command '%s'; collapse --help lists them", name);
}

/* Did mpirun or srun start us? Then help and errors before MPI_Init come from one process only. */
static bool is_first_process(void)
{
    static const char *const name[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++)
        if (getenv(name[i])) return strcmp(getenv(name[i]), "0") == 0;
    return true;
}

/* Is our parent a launcher that started several of us? Then all take one road, whatever each was told. (A script that
 * each rank runs may call a serial command on one of them: its parent is no launcher.) */
static bool has_companions(void)
{
    static const char *const size[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"};
    static const char *const launcher[] = {"mpirun", "mpiexec", "orte", "prte", "hydra", "slurmstepd", "srun"};
    int most = 0;
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        const int n = getenv(size[i]) ? atoi(getenv(size[i])) : 0;
        most = n > most ? n : most;
    }
    char path[40], parent[64] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)getppid());
    FILE *file = most > 1 ? fopen(path, "r") : NULL;
    if (file && !fgets(parent, sizeof parent, file)) parent[0] = '\0';
    if (file) fclose(file);
    bool found = false;
    for (size_t i = 0; i < sizeof launcher / sizeof launcher[0]; i++)
        found = found || strncmp(parent, launcher[i], strlen(launcher[i])) == 0;
    return found;
}

static const Command *find_command(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

/* Start MPI. Ranks of other programs or of other commands part here, with one sentence. */
static Status meet(int *argc, char ***argv, const char *name, bool is_parallel, bool wants_help)
{
    const uint16_t one = 1;
    TRY(comm_init(argc, argv, &world));
    log_init(world.rank == 0);
    if (is_parallel) TRY(launcher_check(world.n_ranks, comm_library()));
    char *lines = memory_print("program = %s\nnumbers = %d bit, %s-endian, %d bytes a weight\ncommand = %s%s\n",
                               version_text(), 8 * (int)sizeof(void *), *(const uint8_t *)&one ? "little" : "big",
                               (int)sizeof(real), name, wants_help ? " --help" : "");
    Status status = same_check(&world, lines);
    free(lines);
    return status;
}

/* What takes one process: help, and the serial commands. */
static Status answer(const Command *command, const char *name, int argc, char **argv, bool wants_help)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) print_help();
    else if (strcmp(name, "--version") == 0) print_version();
    else if (!command) return unknown_command(name);
    else if (wants_help) print_command_help(command);
    else return command->run(argc - 1, argv + 1);
    return argc > 1 ? STATUS_OK : status_set(STATUS_USAGE, __FILE__, __LINE__, "%s", "");
}

int main(int argc, char **argv)
{
    streams_init();
    const bool first = is_first_process();
    const char *name = argc > 1 ? argv[1] : "--help";
    const Command *command = find_command(name);
    const bool wants_help = command && asks_help(argc - 1, argv + 1);
    const bool is_parallel = command && command->is_parallel && !wants_help;
    if (is_parallel && command->ends_between_steps) interrupt_catch();
    Status status = STATUS_OK;
    if (is_parallel || has_companions()) status = meet(&argc, &argv, name, is_parallel, wants_help);
    if (!status && is_parallel) status = command->run(argc - 1, argv + 1);
    else if (!status && world.n_ranks > 1)
        status = comm_agree(&world, world.rank == 0 ? answer(command, name, argc, argv, wants_help) : STATUS_OK);
    else if (!status && (first || (command && !wants_help))) status = answer(command, name, argc, argv, wants_help);
    else if (!status && !command && argc > 1 && name[0] != '-') status = unknown_command(name);
    log_status("%s", "");
    if (status && status_message()[0] && (is_parallel || world.n_ranks > 1 ? world.rank == 0 : first))
        status_print("collapse");
    if (status && world.world && h5_is_broken()) comm_abort(&world, status);
    comm_finalize(&world);
    if (streams_flush() != 0 || ferror(stdout)) {
        if (!status) fprintf(stderr, "collapse: standard output cannot be written\n");
        return status ? (int)status : STATUS_IO;
    }
    return (int)status;
}
