/* sample_text.c: specials, types and truncation as in Hugging Face's tokenizer (longest_first). */
#include "data/sample_text.h"

#include <stdlib.h>

void sample_pack_clear(SamplePack *p)
{
    p->id.n = p->kind.n = p->offset.n = 0;
    p->n_samples = p->longest = 0;
    id_list_add(&p->offset, 0);
}

void sample_pack_free(SamplePack *p)
{
    free(p->id.id);
    free(p->kind.id);
    free(p->offset.id);
    *p = (SamplePack){0};
}

static void add(SamplePack *p, int32_t id, int kind)
{
    id_list_add(&p->id, id);
    id_list_add(&p->kind, kind);
}

static void end_sample(SamplePack *p)
{
    const int length = (int)p->id.n - p->offset.id[p->n_samples];
    if (length > p->longest) p->longest = length;
    p->n_samples++;
    id_list_add(&p->offset, (int32_t)p->id.n);
}

static Status check_sample(const SampleRules *rules, bool is_pair, int64_t number, const SamplePack *p)
{
    const int least = is_pair ? 3 : 2; /* special pieces */
    CHECK(!is_pair || rules->types > 1, STATUS_DATA,
          "%s: line %lld: a TAB makes a pair of texts, but the model knows one token type (type_vocab_size = 1); "
          "remove the TAB",
          rules->name, (long long)number);
    CHECK(rules->max_length >= least, STATUS_DATA, "%s: line %lld: %s needs at least %d positions, the model reads %d",
          rules->name, (long long)number, is_pair ? "a pair" : "a text", least, rules->max_length);
    CHECK(p->id.n <= (size_t)(INT32_MAX - rules->max_length), STATUS_DATA,
          "%s: line %lld: more than 2^31 pieces on one rank; use more ranks, or split the file", rules->name,
          (long long)number);
    return STATUS_OK;
}

Status sample_pack_add(const SampleRules *rules, Slice sample, int64_t number, SamplePack *p)
{
    const Vocabulary *vocabulary = rules->vocabulary;
    Slice text = sample, pair = {NULL, 0};
    if (rules->has_pairs) {
        pair = sample;
        slice_next_field(&pair, '\t', &text);
    }
    const bool is_pair = pair.start != NULL;
    TRY(check_sample(rules, is_pair, number, p));
    IdList a = {0}, b = {0};
    wordpiece_encode(vocabulary, text, &a);
    if (is_pair) wordpiece_encode(vocabulary, pair, &b);
    const size_t room = (size_t)rules->max_length - (is_pair ? 3 : 2);
    while (a.n + b.n > room) {
        if (a.n > b.n) a.n--;
        else b.n--;
    }
    add(p, vocabulary_special(vocabulary, SPECIAL_CLS), 0);
    for (size_t i = 0; i < a.n; i++) add(p, a.id[i], 0);
    add(p, vocabulary_special(vocabulary, SPECIAL_SEP), 0);
    for (size_t i = 0; i < b.n; i++) add(p, b.id[i], 1);
    if (is_pair) add(p, vocabulary_special(vocabulary, SPECIAL_SEP), 1);
    end_sample(p);
    free(a.id);
    free(b.id);
    return STATUS_OK;
}

void sample_pack_append(SamplePack *p, int n, const int32_t *id, const int32_t *kind)
{
    if (!p->offset.n) id_list_add(&p->offset, 0);
    for (int t = 0; t < n; t++) add(p, id[t], kind ? kind[t] : 0);
    end_sample(p);
}

void sample_pack_take(const SamplePack *p, int first, int n, uint32_t first_key, Packed *packed)
{
    packed_clear(packed);
    for (int b = 0; b < n; b++) {
        const int start = p->offset.id[first + b], length = p->offset.id[first + b + 1] - start;
        packed_add(packed, length, p->id.id + start, p->kind.id + start, first_key + (uint32_t)b);
    }
}
