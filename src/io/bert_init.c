/* bert_init.c: one random stream per tensor, four numbers per draw. */
#include "io/bert_init.h"

#include <string.h>

#include "base/random.h"

static void fill_normal(uint64_t seed, int place, double deviation, int64_t n, real *x)
{
    const RandomKey key = random_key(seed, RANDOM_INIT, (uint32_t)place, 0, 0);
    for (int64_t i = 0; i < n; i += 4) {
        uint32_t word[4];
        double normal[4];
        random_words(&key, (uint32_t)(i / 4), word);
        random_normal(word[0], word[1], normal);
        random_normal(word[2], word[3], normal + 2);
        for (int64_t j = i; j < n && j < i + 4; j++) x[j] = (real)(deviation * normal[j - i]);
    }
}

void bert_init_tensor(const BertConfig *config, const BertTensor *t, uint64_t seed, real *block)
{
    real *x = block + t->first;
    switch (t->role) {
    case TENSOR_MATRIX: fill_normal(seed, t->stream, config->initializer_range, t->count, x); break;
    case TENSOR_NORM:
        for (int64_t j = 0; j < t->count; j++) x[j] = 1;
        break;
    default: memset(x, 0, (size_t)t->count * sizeof *x);
    }
    const size_t d = (size_t)config->hidden;
    if (t->id == BERT_WORD && config->pad_id < config->vocab) memset(x + (size_t)config->pad_id * d, 0, d * sizeof *x);
}

void bert_init_random(const BertConfig *config, const BertLayout *layout, uint64_t seed, real *block)
{
    for (int i = 0; i < layout->n; i++) bert_init_tensor(config, &layout->tensor[i], seed, block);
}
