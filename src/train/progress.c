/* progress.c: lines and bars. */
#include "train/progress.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"

static const double line_pace_s = 30, bar_pace_s = 0.2;

void progress_begin(Progress *p, int64_t first_step, int64_t total_steps, int64_t tokens, const char *metric)
{
    *p = (Progress){.first_step = first_step, .total_steps = total_steps, .metric = metric, .first_tokens = tokens};
    p->began_s = timer_now();
}

/* "4.1234", or "-" for what was not measured. */
static const char *number(double value, char text[32])
{
    if (isnan(value)) return "-";
    snprintf(text, 32, "%.4f", value);
    return text;
}

static void describe(const Progress *p, const HistoryLine *line, char *text, size_t size)
{
    char left[40] = "", nc[96] = "", loss[32], measure[32];
    const double spent = timer_now() - p->began_s, done = line->step - (double)p->first_step;
    text_duration(spent / done * ((double)p->total_steps - line->step), left, sizeof left);
    if (p->metric)
        snprintf(nc, sizeof nc, "  %s %s (%.0f classes)", p->metric, number(line->nc_loss, measure), line->nc_classes);
    snprintf(text, size, "step %.0f/%lld  epoch %.0f  loss %s%s  rate %.2e  %.0f tokens/s  %s left", line->step,
             (long long)p->total_steps, line->epoch, number(line->task_loss, loss), nc, line->learning_rate,
             (line->tokens - (double)p->first_tokens) / spent, left);
}

/* Why a value is missing, the first time it is. */
static void explain_gaps(Progress *p, const HistoryLine *line)
{
    if (isnan(line->task_loss) && !p->told_no_label)
        log_line("step %.0f: no position was masked, so that there is no task loss (-); so for later such steps",
                 line->step);
    if (p->metric && isnan(line->nc_loss) && !p->told_no_classes)
        log_line(
            "step %.0f: fewer than two classes of nc-words with a direction so far: %s is not measured (-) and has "
            "no gradient; so for later such steps",
            line->step, p->metric);
    p->told_no_label = p->told_no_label || isnan(line->task_loss);
    p->told_no_classes = p->told_no_classes || (p->metric && isnan(line->nc_loss));
}

void progress_step(Progress *p, const HistoryLine *line)
{
    if (!log_speaks()) return;
    explain_gaps(p, line);
    const double now = timer_now();
    const bool is_edge = line->step == (double)p->first_step + 1 || line->step == (double)p->total_steps;
    if (!is_edge && now - p->shown_s < (log_is_terminal() ? bar_pace_s : line_pace_s)) return;
    p->shown_s = now;
    char text[320];
    describe(p, line, text, sizeof text);
    if (log_is_terminal() && line->step < (double)p->total_steps) {
        enum { WIDTH = 20 };
        char bar[WIDTH + 1] = "";
        const int filled = (int)(WIDTH * line->step / (double)p->total_steps);
        for (int i = 0; i < WIDTH; i++) bar[i] = i < filled ? '#' : '.';
        log_status("[%s] %s", bar, text);
    } else {
        log_line("%s", text);
    }
}

void progress_table(const Comm *comm, const Timer *timer)
{
    double total = 0;
    for (int i = 0; i < N_PHASES; i++) total += timer->time_s[i];
    const Spread whole = comm_spread(comm, total);
    log_line("%-14s %6s %9s %9s %9s %5s  (seconds over %d rank%s; the rank of the largest)", "time", "share", "min",
             "mean", "max", "rank", comm->n_ranks, comm->n_ranks == 1 ? "" : "s");
    for (int i = 0; i < N_PHASES; i++) {
        const Spread s = comm_spread(comm, timer->time_s[i]);
        if (s.max > 0)
            log_line("%-14s %5.1f%% %9.2f %9.2f %9.2f %5d", timer_phase_name((Phase)i), 100 * s.mean / whole.mean,
                     s.min, s.mean, s.max, s.rank_of_max);
    }
}
