/* normalise.c: one pass over the text; marks that follow each other are put into canonical order at the end of their
 * run. */
#include "base/normalise.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unicode.h"

enum { MOST_GROWTH = 4 /* a decomposition in UTF-8 is at most three times as long */, REMOVED = 0xFF };

/* What an ASCII character becomes: by clean_text, lower_case. */
static unsigned char ascii[2][2][128];

static void fill_ascii(void)
{
    for (int clean = 0; clean < 2; clean++)
        for (int lower = 0; lower < 2; lower++)
            for (uint32_t c = 0; c < 128; c++) {
                const CharacterClass class = unicode_class(c);
                unsigned char *to = &ascii[clean][lower][c];
                *to = (unsigned char)(lower ? unicode_lower(c) : c);
                if (clean && class == CHARACTER_REMOVED) *to = REMOVED;
                if (clean && class == CHARACTER_SPACE) *to = ' ';
            }
}

typedef struct {
    const NormaliseRules *rules;
    char *out;
    size_t n;
    size_t run;      /* where the run of combining marks at the end of out begins */
    int last_class;  /* combining class of the last mark of the run; 0: no run */
    bool is_ordered; /* the run is in canonical order */
} Normaliser;

/* Canonical order: by combining class, marks of one class as they came. */
static void order_run(Normaliser *to)
{
    const size_t bytes = to->n - to->run;
    char *sorted = memory_alloc(bytes, 1), *run = to->out + to->run;
    bool is_there[256] = {false};
    uint32_t mark;
    size_t n = 0;
    for (size_t i = 0; i < bytes; i += (size_t)utf8_decode(run + i, bytes - i, &mark)) {
        utf8_decode(run + i, bytes - i, &mark);
        is_there[unicode_combining_class(mark)] = true;
    }
    for (int class = 1; class < 256; class ++)
        for (size_t i = 0, used; i < bytes && is_there[class]; i += used) {
            used = (size_t)utf8_decode(run + i, bytes - i, &mark);
            if (unicode_combining_class(mark) != class) continue;
            memcpy(sorted + n, run + i, used);
            n += used;
        }
    memcpy(run, sorted, bytes);
    free(sorted);
}

static void end_run(Normaliser *to)
{
    if (!to->is_ordered) order_run(to);
    to->last_class = 0;
    to->is_ordered = true;
}

static void put(Normaliser *to, uint32_t scalar)
{
    uint32_t lower[2] = {scalar};
    const int n = to->rules->lower_case ? unicode_lower_whole(scalar, lower) : 1;
    for (int i = 0; i < n; i++) to->n += (size_t)utf8_encode(lower[i], to->out + to->n);
}

/* A scalar of a decomposition. */
static void put_part(Normaliser *to, uint32_t scalar)
{
    const int class = unicode_combining_class(scalar);
    if (class == 0) end_run(to);
    if (unicode_is_nonspacing(scalar)) return;
    if (class) {
        if (!to->last_class) to->run = to->n;
        if (class < to->last_class) to->is_ordered = false;
        to->last_class = class;
    }
    put(to, scalar);
}

static void put_scalar(Normaliser *to, uint32_t scalar)
{
    const NormaliseRules *rules = to->rules;
    const CharacterClass class = rules->clean_text ? unicode_class(scalar) : unicode_class_uncleaned(scalar);
    if (class == CHARACTER_REMOVED) return;
    const bool stands_apart = class == CHARACTER_CHINESE && rules->chinese_chars;
    if (rules->clean_text && class == CHARACTER_SPACE) scalar = ' ';
    if (stands_apart) put_part(to, ' ');
    if (rules->strip_accents) {
        uint32_t part[UNICODE_MOST_PARTS];
        const int n = unicode_decompose(scalar, part);
        for (int i = 0; i < n; i++) put_part(to, part[i]);
    } else {
        put(to, scalar);
    }
    if (stands_apart) put_part(to, ' ');
}

void normalise_text(const NormaliseRules *rules, Slice text, TextBuffer *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_ascii);
    memory_reserve((void **)&out->text, &out->capacity, MOST_GROWTH * text.length + 8, 1);
    Normaliser to = {.rules = rules, .out = out->text, .is_ordered = true};
    const unsigned char *table = ascii[rules->clean_text][rules->lower_case];
    for (size_t i = 0; i < text.length;) {
        const unsigned char c = (unsigned char)text.start[i];
        if (c < 0x80) {
            if (table[c] != REMOVED) {
                if (to.last_class) end_run(&to);
                to.out[to.n++] = (char)table[c];
            }
            i++;
        } else {
            uint32_t scalar;
            i += (size_t)utf8_decode(text.start + i, text.length - i, &scalar);
            put_scalar(&to, scalar);
        }
    }
    end_run(&to);
    out->n = to.n;
}
