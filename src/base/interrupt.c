/* interrupt.c: one handler, one flag for each signal. */
#include "base/interrupt.h"

#include <signal.h>
#include <string.h>

static const struct {
    int number;
    const char *name;
    Status code;
} known[N_INTERRUPTS] = {
    [INTERRUPT_NONE] = {0, "no signal", STATUS_OK},          [INTERRUPT_TERM] = {SIGTERM, "SIGTERM", STATUS_ASKED},
    [INTERRUPT_INT] = {SIGINT, "SIGINT", STATUS_ASKED},      [INTERRUPT_USR1] = {SIGUSR1, "SIGUSR1", STATUS_STOPPED},
    [INTERRUPT_USR2] = {SIGUSR2, "SIGUSR2", STATUS_STOPPED}, [INTERRUPT_XCPU] = {SIGXCPU, "SIGXCPU", STATUS_STOPPED},
    [INTERRUPT_HUP] = {SIGHUP, "SIGHUP", STATUS_STOPPED}};

static volatile sig_atomic_t caught[N_INTERRUPTS];

static void on_signal(int number)
{
    for (int i = 1; i < N_INTERRUPTS; i++)
        if (known[i].number == number) caught[i] = 1;
}

void interrupt_catch(void)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    for (int i = 1; i < N_INTERRUPTS; i++) {
        const int number = known[i].number;
        sigaction(number, NULL, &before);
        if (number == SIGHUP && before.sa_handler == SIG_IGN) continue; /* nohup */
        /* SA_RESTART: no read or write under way ends early. A second INT is meant for the process. */
        action.sa_flags = number == SIGINT ? SA_RESTART | (int)SA_RESETHAND : SA_RESTART;
        sigaction(number, &action, NULL);
    }
}

Interrupt interrupt_caught(void)
{
    for (int i = 1; i < N_INTERRUPTS; i++)
        if (caught[i]) return (Interrupt)i;
    return INTERRUPT_NONE;
}

const char *interrupt_name(Interrupt interrupt)
{
    return known[interrupt].name;
}

Status interrupt_code(Interrupt interrupt)
{
    return known[interrupt].code;
}

Status interrupt_status(void)
{
    const Interrupt i = interrupt_caught();
    CHECK(!i, known[i].code, "stopped by %s before the first step; run the same line again to start", known[i].name);
    return STATUS_OK;
}
