/* token_search.c: an automaton of Aho and Corasick over the texts read backwards.
 *
 * Read from the right, its state at a place knows the longest text that begins there; a second look from the left then
 * takes the first of them, goes on behind it, and so on. Long texts are read in blocks, each with as many bytes behind
 * it as the longest token has. */
#include "data/token_search.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unicode.h"

enum { BLOCK = 4096 /* places of a block, where no token is longer */ };

typedef struct {
    uint64_t key; /* state and byte; 0: empty */
    int to;
} Edge;

typedef struct {
    int fail;    /* the longest proper end of this state that is a state */
    int pattern; /* the longest pattern that ends here, -1: none */
    int parent, depth;
    unsigned char byte; /* from the parent */
} State;

struct TokenSearch {
    TokenPattern *pattern; /* owned [n]; texts are not kept, only their lengths */
    int n;
    State *state; /* owned [n_states]; 0 is the root */
    int n_states;
    Edge *edge; /* owned, open addressing */
    size_t edge_mask;
    bool begins[256], ends[256]; /* bytes with which a pattern begins and ends */
    size_t longest;
};

/* --- the automaton ---------------------------------------------------------------------------------------------------
 */

static size_t edge_slot(const TokenSearch *s, int state, unsigned char byte, uint64_t *key)
{
    *key = ((uint64_t)state << 8 | byte) + 1;
    size_t at = (size_t)(*key * 0x9E3779B97F4A7C15u >> 20) & s->edge_mask;
    while (s->edge[at].key && s->edge[at].key != *key) at = (at + 1) & s->edge_mask;
    return at;
}

static int child(const TokenSearch *s, int state, unsigned char byte)
{
    uint64_t key;
    const size_t at = edge_slot(s, state, byte, &key);
    return s->edge[at].key ? s->edge[at].to : -1;
}

static int step(const TokenSearch *s, int state, unsigned char byte)
{
    if (state == 0 && !s->ends[byte]) return 0;
    for (;;) {
        const int to = child(s, state, byte);
        if (to >= 0) return to;
        if (state == 0) return 0;
        state = s->state[state].fail;
    }
}

/* The path of a pattern, backwards; of equal patterns the first keeps its place. */
static void add_path(TokenSearch *s, int pattern, Slice text)
{
    int state = 0;
    for (size_t i = text.length; i-- > 0;) {
        uint64_t key;
        const size_t at = edge_slot(s, state, (unsigned char)text.start[i], &key);
        if (!s->edge[at].key) {
            s->edge[at] = (Edge){key, s->n_states};
            s->state[s->n_states++] = (State){0, -1, state, s->state[state].depth + 1, (unsigned char)text.start[i]};
        }
        state = s->edge[at].to;
    }
    if (s->state[state].pattern < 0) s->state[state].pattern = pattern;
}

/* In order of their depth, so that what a state falls back to is complete before it. */
static int *states_by_depth(const TokenSearch *s)
{
    int *order = memory_alloc((size_t)s->n_states, sizeof *order);
    int *place = memory_alloc(s->longest + 2, sizeof *place);
    for (int i = 0; i < s->n_states; i++) place[s->state[i].depth + 1]++;
    for (size_t d = 1; d < s->longest + 2; d++) place[d] += place[d - 1];
    for (int i = 0; i < s->n_states; i++) order[place[s->state[i].depth]++] = i;
    free(place);
    return order;
}

static void set_fails(TokenSearch *s)
{
    int *order = states_by_depth(s);
    for (int i = 1; i < s->n_states; i++) {
        State *state = &s->state[order[i]];
        if (state->parent) state->fail = step(s, s->state[state->parent].fail, state->byte);
        if (state->pattern < 0) state->pattern = s->state[state->fail].pattern;
    }
    free(order);
}

TokenSearch *token_search_new(const TokenPattern *pattern, int n)
{
    if (n == 0) return NULL;
    TokenSearch *s = memory_alloc(1, sizeof *s);
    size_t bytes = 1, slots = 16;
    s->n = n;
    s->pattern = memory_alloc((size_t)n, sizeof *s->pattern);
    for (int p = 0; p < n; p++) {
        s->pattern[p] = pattern[p];
        s->pattern[p].text.start = NULL;
        bytes += pattern[p].text.length;
        if (pattern[p].text.length > s->longest) s->longest = pattern[p].text.length;
        s->begins[(unsigned char)pattern[p].text.start[0]] = true;
        s->ends[(unsigned char)pattern[p].text.start[pattern[p].text.length - 1]] = true;
    }
    while (slots < 2 * bytes) slots *= 2;
    s->edge = memory_alloc(slots, sizeof *s->edge);
    s->edge_mask = slots - 1;
    s->state = memory_alloc(bytes, sizeof *s->state);
    s->state[s->n_states++] = (State){.pattern = -1};
    for (int p = 0; p < n; p++) add_path(s, p, pattern[p].text);
    set_fails(s);
    return s;
}

void token_search_free(TokenSearch *s)
{
    if (!s) return;
    free(s->pattern);
    free(s->state);
    free(s->edge);
    free(s);
}

/* --- a text ----------------------------------------------------------------------------------------------------------
 */

typedef struct {
    const TokenSearch *search;
    Slice text;
    TokenMatches *found;
    size_t taken;                  /* end of the last match, with its white space */
    size_t space_start, space_end; /* a run of white space that was measured */
} Scan;

static bool ends_with_word(Slice text)
{
    size_t at = text.length;
    uint32_t scalar = 0;
    if (!at) return false;
    do at--;
    while (at && ((unsigned char)text.start[at] & 0xC0) == 0x80);
    utf8_decode(text.start + at, text.length - at, &scalar);
    return unicode_is_word(scalar);
}

static bool starts_with_word(Slice text)
{
    uint32_t scalar = 0;
    if (!text.length) return false;
    utf8_decode(text.start, text.length, &scalar);
    return unicode_is_word(scalar);
}

/* Where the white space that ends at `at` begins, but not before `least`. */
static size_t space_before(Slice text, size_t at, size_t least)
{
    while (at > least) {
        size_t before = at - 1;
        uint32_t scalar;
        while (before > least && ((unsigned char)text.start[before] & 0xC0) == 0x80) before--;
        utf8_decode(text.start + before, at - before, &scalar);
        if (!unicode_is_white_space(scalar)) return at;
        at = before;
    }
    return at;
}

/* Where the white space that begins at `at` ends; a run is read once, however many matches lie in it. */
static size_t space_after(Scan *scan, size_t at)
{
    if (at >= scan->space_start && at < scan->space_end) return scan->space_end;
    scan->space_start = at;
    while (at < scan->text.length) {
        uint32_t scalar;
        const int used = utf8_decode(scan->text.start + at, scan->text.length - at, &scalar);
        if (!unicode_is_white_space(scalar)) break;
        at += (size_t)used;
    }
    scan->space_end = at;
    return at;
}

static void take(Scan *scan, size_t start, int which)
{
    const TokenPattern *p = &scan->search->pattern[which];
    size_t end = start + p->text.length;
    const Slice before = {scan->text.start, start}, behind = {scan->text.start + end, scan->text.length - end};
    if (p->single_word && (ends_with_word(before) || starts_with_word(behind))) return;
    if (p->lstrip && start > scan->taken) start = space_before(scan->text, start, scan->taken);
    if (p->rstrip) end = space_after(scan, end);
    memory_reserve((void **)&scan->found->match, &scan->found->capacity, scan->found->n + 1,
                   sizeof *scan->found->match);
    scan->found->match[scan->found->n++] = (TokenMatch){start, end, which};
    scan->taken = end;
}

/* pattern_at[i]: the longest pattern that begins at first + i. */
static void mark_block(const TokenSearch *s, Slice text, size_t first, size_t places, int *pattern_at)
{
    const size_t end = first + places, from = text.length - end < s->longest ? text.length : end + s->longest;
    int state = 0;
    for (size_t i = from; i-- > first;) {
        state = step(s, state, (unsigned char)text.start[i]);
        if (i < end) pattern_at[i - first] = s->state[state].pattern;
    }
}

/* The first place from `at` on where a pattern can begin. */
static size_t next_place(const TokenSearch *s, Slice text, size_t at)
{
    while (at < text.length && !s->begins[(unsigned char)text.start[at]]) at++;
    return at;
}

void token_search(const TokenSearch *s, Slice text, TokenMatches *found)
{
    found->n = 0;
    if (!s) return;
    Scan scan = {.search = s, .text = text, .found = found};
    int local[BLOCK], *pattern_at = local;
    const size_t block = s->longest > BLOCK / 2 ? 2 * s->longest : BLOCK;
    size_t at = next_place(s, text, 0);
    if (at < text.length && block > BLOCK) pattern_at = memory_alloc(block, sizeof *pattern_at);
    while (at < text.length) {
        const size_t first = at, places = text.length - first < block ? text.length - first : block;
        mark_block(s, text, first, places, pattern_at);
        while (at < first + places) {
            const int which = pattern_at[at - first];
            if (which >= 0) take(&scan, at, which);
            at += which < 0 ? 1 : s->pattern[which].text.length;
        }
        at = next_place(s, text, at);
    }
    if (pattern_at != local) free(pattern_at);
}
