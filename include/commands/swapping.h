/* swapping.h: what the commands that swap genders share: keys, lists, counts, the report of what is ambiguous. */
#ifndef COMMANDS_SWAPPING_H
#define COMMANDS_SWAPPING_H

#include "data/swap.h"
#include "io/output.h"
#include "io/settings.h"
#include "io/writer.h"
#include "parallel/comm.h"

typedef struct {
    const char *pairs, *pairs_second, *names, *ambiguous;
    int twice;
} SwappingOptions;

/* Their keys in the table of a command whose options hold a SwappingOptions called swapping. */
#define SWAPPING_KEYS(Options)                                                                         \
    {"pairs",                                                                                          \
     SETTING_PATH,                                                                                     \
     "",                                                                                               \
     "",                                                                                               \
     0,                                                                                                \
     0,                                                                                                \
     offsetof(Options, swapping.pairs),                                                                \
     "words and counterparts, a pair a line; none: the list that comes with the program, jobs/words"}, \
        {"pairs-second",                                                                               \
         SETTING_PATH,                                                                                 \
         "",                                                                                           \
         "",                                                                                           \
         0,                                                                                            \
         0,                                                                                            \
         offsetof(Options, swapping.pairs_second),                                                     \
         "the counterparts, line by line, if --pairs has one word a line"},                            \
        {"pairs-twice",                                                                                \
         SETTING_CHOICE,                                                                               \
         "refuse",                                                                                     \
         PAIRS_TWICE,                                                                                  \
         0,                                                                                            \
         0,                                                                                            \
         offsetof(Options, swapping.twice),                                                            \
         "a word with two counterparts: refuse the list, or take the first"},                          \
        {"names",                                                                                      \
         SETTING_PATH,                                                                                 \
         "",                                                                                           \
         "",                                                                                           \
         0,                                                                                            \
         0,                                                                                            \
         offsetof(Options, swapping.names),                                                            \
         "names and counterparts, a pair a line; none: names stay"},                                   \
    {                                                                                                  \
        "ambiguous", SETTING_PATH, "", "", 0, 0, offsetof(Options, swapping.ambiguous),                \
            "FILE.tsv to write: line, column, place, word, answer and reason of all that is ambiguous" \
    }

enum { SWAPPING_LINES = 5 /* of ambiguous places that are told without a report */ };

typedef struct {
    const Comm *comm;
    const SwappingOptions *options; /* borrowed */
    WordPairs pairs, names;
    Swapper swapper;
    Writer report;                                     /* rank 0 */
    int64_t count[SWAP_KINDS], doubts, texts, changed; /* of this rank */
    int64_t line[SWAPPING_LINES];                      /* rank 0 */
    int n_lines;
} Swapping;

/* May --output (kind: of its older files; "" = standard output) and --ambiguous be written? Collective. */
Status swapping_check(const Comm *comm, const SwappingOptions *options, const char *text, const char *output,
                      const OutputKind *kind, bool overwrite);
/* Read the lists, open the report. Collective. */
Status swapping_open(const Comm *comm, const SwappingOptions *options, Swapping *swapping);
/* Swap a text of a line; the answer lives until the next call. column: its name, for the report, of which rows are
 * added to report. Local. */
Slice swapping_text(Swapping *swapping, Slice text, int64_t line, const char *column, Buffer *report);
/* Rows of the report from all ranks, in order. Local, rank 0. */
Status swapping_take(Swapping *swapping, Slice rows);
/* status: how the work ended. If well, what was counted is told and the report is kept. Returns the status of both; in
 * any case all is closed. Collective. */
Status swapping_close(Swapping *swapping, Status status);

#endif
