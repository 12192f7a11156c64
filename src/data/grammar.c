/* grammar.c: alternatives in file order; expansion by recursion with a depth limit. */
#include "data/grammar.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "io/text_file.h"

enum { DEEPEST = 200 };

typedef struct {
    char *symbol, *text; /* owned */
    double weight;
    char *origin; /* owned: "file line n" */
} Alternative;

struct Grammar {
    Alternative *alternative;
    size_t n, capacity;
};

Grammar *grammar_new(void)
{
    return memory_alloc(1, sizeof(Grammar));
}

void grammar_free(Grammar *g)
{
    if (!g) return;
    for (size_t i = 0; i < g->n; i++) {
        free(g->alternative[i].symbol);
        free(g->alternative[i].text);
        free(g->alternative[i].origin);
    }
    free(g->alternative);
    free(g);
}

static bool is_symbol(Slice name)
{
    for (size_t i = 0; i < name.length; i++) {
        const char c = name.start[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
              c == '.'))
            return false;
    }
    return name.length > 0;
}

/* "symbol" or "symbol weight" */
static Status parse_head(const char *origin, Slice head, Alternative *a)
{
    Slice name;
    slice_next_field(&head, ' ', &name);
    Slice weight = head.start ? slice_trim(head) : (Slice){"1", 1};
    char *text = slice_copy(weight.length ? weight : slice_of("1"));
    const bool good = text_to_double(text, &a->weight) && a->weight > 0 && a->weight < 1e12;
    free(text);
    CHECK(is_symbol(name), STATUS_DATA, "%s: '%.*s' is not a symbol (letters, digits, _ - .)", origin, (int)name.length,
          name.start);
    CHECK(good, STATUS_DATA, "%s: the weight '%.*s' is not a positive number", origin, (int)weight.length,
          weight.start);
    a->symbol = slice_copy(name);
    return STATUS_OK;
}

static Status parse_line(Grammar *g, const char *origin, Slice line)
{
    line = slice_trim(line);
    if (!line.length || line.start[0] == '#') return STATUS_OK;
    const char *equals = memchr(line.start, '=', line.length);
    CHECK(equals, STATUS_DATA, "%s: '%.*s' is not of the form: symbol [weight] = text", origin, (int)line.length,
          line.start);
    const size_t head = (size_t)(equals - line.start);
    Alternative a = {0};
    TRY(parse_head(origin, slice_trim((Slice){line.start, head}), &a));
    a.text = slice_copy(slice_trim((Slice){equals + 1, line.length - head - 1}));
    a.origin = memory_copy_text(origin);
    memory_reserve((void **)&g->alternative, &g->capacity, g->n + 1, sizeof *g->alternative);
    g->alternative[g->n++] = a;
    return STATUS_OK;
}

Status grammar_read(const char *path, Grammar *g)
{
    char *text;
    size_t length;
    TRY(text_file_read(path, &text, &length));
    Status status = STATUS_OK;
    Slice rest = {text, length}, line;
    for (int number = 1; !status && slice_next_line(&rest, &line); number++) {
        char *origin = memory_print("%s line %d", path, number);
        status = parse_line(g, origin, line);
        free(origin);
    }
    free(text);
    return status;
}

/* Cut *rest at the next brace. kind: '{' with the symbol in *symbol, 'c' for a literal brace, 0 = end.
 * Returns false when braces do not match. */
static bool next_part(Slice *rest, Slice *plain, char *kind, Slice *symbol)
{
    size_t i = 0;
    while (i < rest->length && rest->start[i] != '{' && rest->start[i] != '}') i++;
    *plain = (Slice){rest->start, i};
    *kind = 0;
    if (i == rest->length) {
        *rest = (Slice){rest->start + i, 0};
        return true;
    }
    if (i + 1 < rest->length && rest->start[i + 1] == rest->start[i]) {
        *kind = 'c';
        *symbol = (Slice){rest->start + i, 1};
        *rest = (Slice){rest->start + i + 2, rest->length - i - 2};
        return true;
    }
    const char *end = memchr(rest->start + i, '}', rest->length - i);
    if (rest->start[i] == '}' || !end) return false;
    *kind = '{';
    *symbol = slice_trim((Slice){rest->start + i + 1, (size_t)(end - rest->start) - i - 1});
    *rest = (Slice){end + 1, rest->length - (size_t)(end + 1 - rest->start)};
    return true;
}

static bool is_defined(const Grammar *g, Slice symbol)
{
    for (size_t i = 0; i < g->n; i++)
        if (slice_is(symbol, g->alternative[i].symbol)) return true;
    return false;
}

/* Can alternative a end, given that the symbols with ends[] set can? */
static bool can_end(const Grammar *g, const bool *ends, size_t a)
{
    Slice rest = slice_of(g->alternative[a].text), plain, symbol;
    while (rest.length) {
        char kind;
        if (!next_part(&rest, &plain, &kind, &symbol)) return false;
        if (kind != '{') continue;
        bool found = false;
        for (size_t i = 0; i < g->n && !found; i++) found = ends[i] && slice_is(symbol, g->alternative[i].symbol);
        if (!found) return false;
    }
    return true;
}

static Status check_ends(const Grammar *g)
{
    bool *ends = memory_alloc(g->n, sizeof *ends);
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < g->n; i++)
            if (!ends[i] && can_end(g, ends, i)) ends[i] = changed = true;
    }
    Status status = STATUS_OK;
    for (size_t i = 0; i < g->n && !status; i++)
        if (!ends[i])
            status = status_set(STATUS_DATA, __FILE__, __LINE__,
                                "%s: {%s} can never end; give it an alternative without itself",
                                g->alternative[i].origin, g->alternative[i].symbol);
    free(ends);
    return status;
}

Status grammar_check(const Grammar *g)
{
    CHECK(is_defined(g, slice_of("start")), STATUS_DATA, "the grammar has no line 'start = ...'");
    for (size_t i = 0; i < g->n; i++) {
        Slice rest = slice_of(g->alternative[i].text), plain, symbol;
        while (rest.length) {
            char kind;
            CHECK(next_part(&rest, &plain, &kind, &symbol), STATUS_DATA,
                  "%s: a brace without its partner; write {{ or }} for a brace", g->alternative[i].origin);
            CHECK(kind != '{' || is_defined(g, symbol), STATUS_DATA, "%s: {%.*s} is not defined",
                  g->alternative[i].origin, (int)symbol.length, symbol.start);
        }
    }
    return check_ends(g);
}

typedef struct {
    const Grammar *grammar;
    RandomKey key;
    uint32_t drawn;
    FILE *out;
} Expansion;

static const Alternative *choose(Expansion *e, Slice symbol)
{
    const Grammar *g = e->grammar;
    double total = 0;
    for (size_t i = 0; i < g->n; i++)
        if (slice_is(symbol, g->alternative[i].symbol)) total += g->alternative[i].weight;
    uint32_t word[4];
    random_words(&e->key, e->drawn++, word);
    double left = random_unit(word[0]) * total;
    const Alternative *last = NULL;
    for (size_t i = 0; i < g->n; i++) {
        if (!slice_is(symbol, g->alternative[i].symbol)) continue;
        last = &g->alternative[i];
        left -= last->weight;
        if (left < 0) break;
    }
    return last;
}

static Status expand(Expansion *e, Slice symbol, int depth)
{
    const Alternative *a = choose(e, symbol);
    CHECK(depth < DEEPEST, STATUS_DATA, "%s: {%s} nests deeper than %d; lower the weight of its recursive alternatives",
          a->origin, a->symbol, DEEPEST);
    Slice rest = slice_of(a->text), plain, inner;
    while (rest.length) {
        char kind;
        next_part(&rest, &plain, &kind, &inner);
        fwrite(plain.start, 1, plain.length, e->out);
        if (kind == 'c') fputc(inner.start[0], e->out);
        if (kind == '{') TRY(expand(e, inner, depth + 1));
    }
    return STATUS_OK;
}

Status grammar_expand(const Grammar *grammar, uint64_t seed, int64_t index, FILE *out)
{
    Expansion e = {grammar, random_key(seed, RANDOM_GRAMMAR, 0, (uint32_t)(index >> 32), (uint32_t)index), 0, out};
    return expand(&e, slice_of("start"), 0);
}
