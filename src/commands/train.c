/* train.c: settings file and flags, then the trainer. */
#include <stdlib.h>

#include "base/log.h"
#include "commands/command.h"
#include "train/run_settings.h"
#include "train/trainer.h"

static Status read_settings(int argc, char **argv, Settings *settings, RunSettings *run_settings)
{
    TRY(settings_read_flags(settings, argc, argv, 1));
    CHECK(settings->n_operands <= 1, STATUS_USAGE, "'%s' is one operand too many; train takes one settings file",
          settings->operand[1]);
    if (settings->n_operands == 1) TRY(settings_read_file(settings, settings->operand[0]));
    TRY(run_settings_resolve(settings, run_settings));
    if (settings->n_operands == 1) run_settings->settings_file = settings->operand[0];
    return STATUS_OK;
}

static Status run(int argc, char **argv)
{
    const Comm *comm = command_comm();
    int n;
    const Setting *table = run_settings_table(&n);
    Settings settings;
    RunSettings run_settings;
    settings_init(&settings, table, n);
    settings.reads_operand = true;
    Status status = command_agree(&settings, read_settings(argc, argv, &settings, &run_settings));
    if (!status) {
        char *text = settings_print(&settings), *line = command_line_text(argc, argv);
        status = trainer_run(comm, &run_settings, text, line);
        free(text);
        free(line);
    }
    settings_free(&settings);
    return status;
}

const Command command_train = {"train",
                               "mpirun -n N collapse train RUN.conf [--key value | --key=value]...",
                               "train a model; the same line again continues the run",
                               run,
                               run_settings_help,
                               true,
                               true};
