/* swapping.c: lists in, counts and doubts out. */
#include "commands/swapping.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "commands/data_output.h"

static const char report_header[] = "line\tcolumn\tplace\tword\tanswer\treason\taround\n";

Status swapping_check(const Comm *comm, const SwappingOptions *o, const char *text, const char *output,
                      const OutputKind *kind, bool overwrite)
{
    static const OutputKind report = {"a report of what is ambiguous", NULL, "line\tcolumn\tplace\tword\tanswer\t",
                                      false};
    const Input inputs[] = {{"--text", text},
                            {"--pairs", o->pairs},
                            {"--pairs-second", o->pairs_second},
                            {"--names", o->names},
                            {"--output", output}};
    const int n = sizeof inputs / sizeof inputs[0];
    TRY(data_output_check(comm, output, kind, overwrite, inputs, n - 1));
    const bool asks = comm->rank == 0 && o->ambiguous[0];
    return comm_agree(comm,
                      asks ? output_check("--ambiguous", o->ambiguous, &report, overwrite, inputs, n) : STATUS_OK);
}

Status swapping_open(const Comm *comm, const SwappingOptions *o, Swapping *s)
{
    *s = (Swapping){.comm = comm, .options = o};
    CHECK(o->pairs[0] || !o->pairs_second[0], STATUS_USAGE, "pairs-second needs pairs, whose words it pairs");
    TRY(word_pairs_read(comm, o->pairs, o->pairs_second, (PairsTwice)o->twice, &s->pairs));
    if (o->names[0]) TRY(word_pairs_read(comm, o->names, "", (PairsTwice)o->twice, &s->names));
    swap_init(&s->swapper, &s->pairs, o->names[0] ? &s->names : NULL);
    Status status = STATUS_OK;
    if (comm->rank == 0 && o->ambiguous[0]) {
        status = writer_open(o->ambiguous, &s->report);
        if (!status) status = writer_add(&s->report, slice_of(report_header));
    }
    return comm_agree(comm, status);
}

/* --- texts ------------------------------------------------------------------------------------------- */

/* Characters between two bytes. */
static int64_t characters(Slice text, size_t from, size_t to)
{
    int64_t n = 0;
    for (size_t i = from; i < to; i++) n += ((unsigned char)text.start[i] & 0xC0) != 0x80;
    return n;
}

/* The place with what stands around it. */
static Slice around(Slice text, const SwapPlace *p)
{
    enum { AROUND = 40 };
    size_t from = p->at > AROUND ? p->at - AROUND : 0, to = p->at + p->length + AROUND;
    if (to > text.length) to = text.length;
    while (from > 0 && ((unsigned char)text.start[from] & 0xC0) == 0x80) from--;
    while (to < text.length && ((unsigned char)text.start[to] & 0xC0) == 0x80) to++;
    return (Slice){text.start + from, to - from};
}

/* at: the character at which it begins, from 1. */
static void report_place(const Swapper *w, const SwapPlace *p, Slice text, int64_t at, int64_t line, const char *column,
                         Buffer *report)
{
    buffer_add_number(report, line);
    buffer_add_byte(report, '\t');
    line_add_field(report, slice_of(column));
    buffer_add_byte(report, '\t');
    buffer_add_number(report, at);
    buffer_add_byte(report, '\t');
    buffer_add(report, text.start + p->at, p->length);
    buffer_add_byte(report, '\t');
    buffer_add(report, w->out.data + p->to_at, p->to_length);
    buffer_add_byte(report, '\t');
    buffer_add_text(report, p->doubt);
    buffer_add_byte(report, '\t');
    line_add_field(report, around(text, p));
    buffer_add_byte(report, '\n');
}

Slice swapping_text(Swapping *s, Slice text, int64_t line, const char *column, Buffer *report)
{
    Swapper *w = &s->swapper;
    int64_t at = 1;
    size_t counted = 0;
    swap_text(w, text);
    s->texts++;
    s->changed += w->places.n > 0;
    s->doubts += w->n_doubts;
    for (int k = 0; k < w->places.n; k++) {
        const SwapPlace *p = &w->places.place[k];
        s->count[p->kind]++;
        if (!p->doubt) continue;
        at += characters(text, counted, p->at);
        counted = p->at;
        report_place(w, p, text, at, line, column, report);
    }
    return buffer_slice(&w->out);
}

Status swapping_take(Swapping *s, Slice rows)
{
    if (s->report.stream) return writer_add(&s->report, rows);
    for (Slice row; s->n_lines < SWAPPING_LINES && slice_next_line(&rows, &row);) {
        const int64_t line = strtoll(row.start, NULL, 10);
        if (s->n_lines == 0 || s->line[s->n_lines - 1] != line) s->line[s->n_lines++] = line;
    }
    return STATUS_OK;
}

/* --- the end ----------------------------------------------------------------------------------------- */

static void tell_doubts(const Swapping *s, int64_t doubts)
{
    char lines[32 * SWAPPING_LINES] = "";
    size_t n = 0;
    for (int i = 0; i < s->n_lines; i++)
        n += (size_t)snprintf(lines + n, sizeof lines - n, "%s%lld", i ? ", " : "", (long long)s->line[i]);
    char what[96];
    snprintf(what, sizeof what, "%lld %s ambiguous and %s the likelier answer", (long long)doubts,
             doubts == 1 ? "place is" : "places are", doubts == 1 ? "has" : "have");
    if (s->options->ambiguous[0]) log_line("%s: %s lists %s", what, s->options->ambiguous, doubts == 1 ? "it" : "them");
    else
        log_line("%s, in line%s %s%s: --ambiguous=FILE lists them", what, s->n_lines == 1 ? "" : "s", lines,
                 s->n_lines == SWAPPING_LINES ? ", ..." : "");
}

static void tell(const Swapping *s)
{
    int64_t sum[] = {s->texts, s->changed, s->doubts, s->count[SWAP_PRONOUN], s->count[SWAP_WORD], s->count[SWAP_NAME]};
    comm_sum_i64(s->comm, sum, sizeof sum / sizeof sum[0]);
    log_line("swapped %lld words (%lld pronouns, %lld of the list, %lld names) in %lld of %lld texts",
             (long long)(sum[3] + sum[4] + sum[5]), (long long)sum[3], (long long)sum[4], (long long)sum[5],
             (long long)sum[1], (long long)sum[0]);
    if (sum[2]) tell_doubts(s, sum[2]);
}

Status swapping_close(Swapping *s, Status status)
{
    Status closed = STATUS_OK;
    if (s->comm) {
        if (!status) tell(s);
        closed = comm_agree(s->comm, writer_close(&s->report, !status));
    }
    swap_free(&s->swapper);
    word_pairs_free(&s->pairs);
    word_pairs_free(&s->names);
    return status ? status : closed;
}
