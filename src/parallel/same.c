/* same.c: hashes are compared; only if they differ do the texts go to rank 0, which finds the first difference. */
#include "parallel/same.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"

enum { HOST_BYTES = 64, SENTENCE_BYTES = 1000, MOST_VALUES = 4, SHOWN_BYTES = 160 };

typedef struct {
    int n_ranks;
    char *host;        /* owned [n_ranks, HOST_BYTES] */
    char *all;         /* owned: the texts, each with its NUL */
    const char **text; /* owned [n_ranks] */
} Texts;

static Texts collect(const Comm *comm, const char *lines)
{
    Texts t = {.n_ranks = comm->n_ranks};
    const bool here = comm->rank == 0;
    const size_t ranks = (size_t)comm->n_ranks;
    char host[HOST_BYTES] = "";
    int64_t bytes = (int64_t)strlen(lines) + 1, *length = here ? memory_alloc(ranks, sizeof *length) : NULL, sum = 0;
    gethostname(host, sizeof host - 1);
    if (here) t.host = memory_alloc(ranks, HOST_BYTES);
    comm_gather(comm, host, HOST_BYTES, t.host);
    comm_gather(comm, &bytes, sizeof bytes, length);
    for (size_t r = 0; r < ranks && here; r++) sum += length[r];
    if (here) t.all = memory_alloc((size_t)sum, 1);
    comm_gather(comm, lines, bytes, t.all);
    if (here) t.text = memory_alloc(ranks, sizeof *t.text);
    sum = 0;
    for (size_t r = 0; r < ranks && here; r++) {
        t.text[r] = t.all + sum;
        sum += length[r];
    }
    free(length);
    return t;
}

/* The value of name in the lines of rank r; "(none)" if they lack it. */
static Slice value_of(const Texts *t, int r, Slice name)
{
    Slice rest = slice_of(t->text[r]), line;
    while (slice_next_line(&rest, &line)) {
        const bool is_it = line.length >= name.length + 3 && memcmp(line.start, name.start, name.length) == 0 &&
                           memcmp(line.start + name.length, " = ", 3) == 0;
        if (is_it) return (Slice){line.start + name.length + 3, line.length - name.length - 3};
    }
    return slice_of("(none)");
}

static bool same_slice(Slice a, Slice b)
{
    return a.length == b.length && memcmp(a.start, b.start, a.length) == 0;
}

/* The first name whose value is not the same on all ranks, in the order of the ranks. */
static Slice first_difference(const Texts *t)
{
    for (int r = 0; r < t->n_ranks; r++) {
        Slice rest = slice_of(t->text[r]), line;
        while (slice_next_line(&rest, &line)) {
            const char *equals = strstr(line.start, " = ");
            if (!equals || equals >= line.start + line.length) continue;
            const Slice name = {line.start, (size_t)(equals - line.start)}, value = value_of(t, r, name);
            for (int other = 0; other < t->n_ranks; other++)
                if (!same_slice(value, value_of(t, other, name))) return name;
        }
    }
    return slice_of("what they were told");
}

static void append(char *text, const char *format, const char *part, int most)
{
    const size_t used = strlen(text);
    char shown[SHOWN_BYTES + 4];
    snprintf(shown, sizeof shown, "%.*s%s", most < SHOWN_BYTES ? most : SHOWN_BYTES, part,
             most > SHOWN_BYTES ? "..." : "");
    snprintf(text + used, SENTENCE_BYTES - used, format, shown);
}

/* " on ranks 0, 2 to 5 (host)": those that hold this value. */
static void append_ranks(const Texts *t, Slice name, Slice value, char *text)
{
    int n = 0, first = -1;
    char list[120] = "";
    for (int r = 0; r < t->n_ranks; r++) {
        if (!same_slice(value, value_of(t, r, name))) continue;
        int last = r;
        while (last + 1 < t->n_ranks && same_slice(value, value_of(t, last + 1, name))) last++;
        const size_t used = strlen(list);
        if (last > r) snprintf(list + used, sizeof list - used, "%s%d to %d", n ? ", " : "", r, last);
        else snprintf(list + used, sizeof list - used, "%s%d", n ? ", " : "", r);
        if (first < 0) first = r;
        n += last - r + 1;
        r = last;
    }
    append(text, n == 1 ? " on rank %s" : " on ranks %s", list, (int)strlen(list));
    append(text, " (%s)", t->host + (size_t)first * HOST_BYTES, HOST_BYTES);
}

static void describe(const Texts *t, char *text)
{
    const Slice name = first_difference(t);
    snprintf(text, SENTENCE_BYTES, "the ranks differ: ");
    append(text, "%s", name.start, (int)name.length);
    int n = 0;
    for (int r = 0; r < t->n_ranks && n < MOST_VALUES; r++) {
        const Slice value = value_of(t, r, name);
        bool is_new = true;
        for (int before = 0; before < r; before++) is_new = is_new && !same_slice(value, value_of(t, before, name));
        if (!is_new) continue;
        append(text, n++ ? "; %s" : " = %s", value.start, (int)value.length);
        append_ranks(t, name, value, text);
    }
    append(text, "%s", "; start all with the same program, command line and files", SHOWN_BYTES);
}

Status same_check(const Comm *comm, const char *lines)
{
    char mine[HASH_TEXT_SIZE] = "", first[HASH_TEXT_SIZE], text[SENTENCE_BYTES] = "";
    if (comm->n_ranks == 1) return STATUS_OK;
    hash_xxh128(lines, strlen(lines), mine);
    memcpy(first, mine, sizeof first);
    comm_broadcast(comm, first, sizeof first);
    int64_t others = memcmp(mine, first, sizeof first) != 0;
    comm_sum_i64(comm, &others, 1);
    if (!others) return STATUS_OK;
    Texts t = collect(comm, lines);
    if (comm->rank == 0) describe(&t, text);
    free(t.host);
    free(t.all);
    free(t.text);
    comm_broadcast(comm, text, sizeof text);
    FAIL(STATUS_USAGE, "%s", text);
}
