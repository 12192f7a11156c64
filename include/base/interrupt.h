/* interrupt.h: signals that ask a run to end, kept as a flag, so that it ends between two steps and with its files
 * whole. Local; whoever acts on the flag makes it common with the other ranks. */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

#include "base/status.h"

/* In the order in which they count when several have come: somebody's wish, then a warning that time is up. */
typedef enum {
    INTERRUPT_NONE,
    INTERRUPT_TERM,
    INTERRUPT_INT,
    INTERRUPT_USR1,
    INTERRUPT_USR2,
    INTERRUPT_XCPU,
    INTERRUPT_HUP,
    N_INTERRUPTS
} Interrupt;

/* Catch the signals from here on: before MPI starts. SIGHUP stays ignored under nohup; a second SIGINT ends the
 * process at once. */
void interrupt_catch(void);
/* What has been caught so far; it stays. May be asked by any thread. */
Interrupt interrupt_caught(void);
const char *interrupt_name(Interrupt interrupt); /* "SIGUSR1" */
/* What a run ends with: STATUS_ASKED for TERM and INT, STATUS_STOPPED for the warnings. */
Status interrupt_code(Interrupt interrupt);
/* For work before the first step: fails with that code and a sentence once a signal has been caught. */
Status interrupt_status(void);

#endif
