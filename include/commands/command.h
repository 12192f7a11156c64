/* command.h: what all commands share: their table, their flags, and how they end. */
#ifndef COMMANDS_COMMAND_H
#define COMMANDS_COMMAND_H

#include "io/settings.h"
#include "parallel/comm.h"

typedef struct {
    const char *name, *usage, *summary;
    Status (*run)(int argc, char **argv); /* argv[0] is the command's name */
    void (*help)(void);                   /* below usage and summary; NULL = nothing more */
    bool is_parallel;                     /* started by mpirun; only rank 0 prints */
    bool ends_between_steps;              /* catches signals from its start on (base/interrupt) */
} Command;

extern const Command command_train, command_evaluate, command_encode, command_tokenize, command_vocab, command_corpus,
    command_bench, command_geometry, command_swap, command_pairs, command_mask_pronouns, command_collect;

/* Read flags and operands into target by table; wants at least n_operands operands, named `operands`
 * in the message, and at most as many unless more is true. Texts are borrowed from settings. */
Status command_read(const Setting *table, int n, int argc, char **argv, int n_operands, bool more, const char *operands,
                    Settings *settings, void *target);

/* Have all ranks been told the same (settings, operands, or why they are refused)? Then the status they share, else
 * STATUS_USAGE with the key that differs. Only `threads` may differ. Collective. */
Status command_agree(const Settings *settings, Status status);

/* The whole command line as one text; owned by the caller. */
char *command_line_text(int argc, char **argv);

/* Start MPI for a parallel command: the communicator lives until the program ends. */
const Comm *command_comm(void);

#endif
