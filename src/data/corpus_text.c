/* corpus_text.c: records -> lines or sentences: pieces of the text itself. */
#include "corpus_text.h"

#include <stdlib.h>

#include "base/memory.h"
#include "data/sentences.h"

static void add_sample(SampleList *r, Slice text)
{
    text = slice_trim(text);
    if (!text.length) return;
    memory_reserve((void **)&r->sample, &r->capacity, r->n + 1, sizeof *r->sample);
    r->sample[r->n++] = text;
}

static void add_record(SampleList *r, Slice text, SplitRule rule)
{
    Slice sentence;
    const SentenceRule ends = rule == SPLIT_SENTENCES_PLAIN ? SENTENCES_PLAIN : SENTENCES_USUAL;
    if (rule == SPLIT_LINES) add_sample(r, text);
    else
        while (sentences_next(ends, &text, &sentence)) add_sample(r, sentence);
}

SplitRule corpus_text_rule(const Table *table, SplitRule rule)
{
    if (rule != SPLIT_AUTO && rule != SPLIT_AUTO_PLAIN) return rule;
    if (table_is_text(table)) return SPLIT_LINES;
    return rule == SPLIT_AUTO ? SPLIT_SENTENCES : SPLIT_SENTENCES_PLAIN;
}

Status corpus_text_split(Table *table, int place, SplitRule rule, SampleList *list)
{
    *list = (SampleList){0};
    rule = corpus_text_rule(table, rule);
    for (bool more;;) {
        TRY(table_next(table, &more));
        if (!more) break;
        add_record(list, table->field[place], rule);
    }
    CHECK(list->n <= INT32_MAX, STATUS_DATA, "%s: has more than 2^31 samples; split the file", table->path);
    return STATUS_OK;
}
