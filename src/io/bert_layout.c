/* bert_layout.c: the table of BERT's tensors. */
#include "io/bert_layout.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* In the order of the block. Extents by letter: V vocabulary, P positions, T types, D hidden, I intermediate; columns
 * 0: a vector; X: the prefix, E: its keys and values side by side; N: the two answers of the next-sentence head. Names
 * of a layer follow "bert.encoder.layer.<l>.".
 */
typedef enum { ALWAYS, IF_UNTIED, IF_POOLER, IF_SENTENCE_HEAD, IF_PREFIX, IF_NEXT_SENTENCE } Need;
static const struct {
    BertId id;
    TensorPart part;
    TensorRole role;
    char rows, columns;
    const char *name;
    Need need;
} table[N_BERT_IDS] = {
    {BERT_WORD, PART_EMBEDDINGS, TENSOR_MATRIX, 'V', 'D', "bert.embeddings.word_embeddings.weight", ALWAYS},
    {BERT_POSITION, PART_EMBEDDINGS, TENSOR_MATRIX, 'P', 'D', "bert.embeddings.position_embeddings.weight", ALWAYS},
    {BERT_TYPE, PART_EMBEDDINGS, TENSOR_MATRIX, 'T', 'D', "bert.embeddings.token_type_embeddings.weight", ALWAYS},
    {BERT_EMBEDDING_GAMMA, PART_EMBEDDINGS, TENSOR_NORM, 'D', 0, "bert.embeddings.LayerNorm.weight", ALWAYS},
    {BERT_EMBEDDING_BETA, PART_EMBEDDINGS, TENSOR_NORM_BIAS, 'D', 0, "bert.embeddings.LayerNorm.bias", ALWAYS},
    {BERT_DECODER, PART_EMBEDDINGS, TENSOR_MATRIX, 'V', 'D', "cls.predictions.decoder.weight", IF_UNTIED},
    {BERT_QUERY_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'D', 'D', "attention.self.query.weight", ALWAYS},
    {BERT_KEY_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'D', 'D', "attention.self.key.weight", ALWAYS},
    {BERT_VALUE_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'D', 'D', "attention.self.value.weight", ALWAYS},
    {BERT_QUERY_BIAS, PART_LAYER, TENSOR_BIAS, 'D', 0, "attention.self.query.bias", ALWAYS},
    {BERT_KEY_BIAS, PART_LAYER, TENSOR_BIAS, 'D', 0, "attention.self.key.bias", ALWAYS},
    {BERT_VALUE_BIAS, PART_LAYER, TENSOR_BIAS, 'D', 0, "attention.self.value.bias", ALWAYS},
    {BERT_OUT_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'D', 'D', "attention.output.dense.weight", ALWAYS},
    {BERT_OUT_BIAS, PART_LAYER, TENSOR_BIAS, 'D', 0, "attention.output.dense.bias", ALWAYS},
    {BERT_NORM1_GAMMA, PART_LAYER, TENSOR_NORM, 'D', 0, "attention.output.LayerNorm.weight", ALWAYS},
    {BERT_NORM1_BETA, PART_LAYER, TENSOR_NORM_BIAS, 'D', 0, "attention.output.LayerNorm.bias", ALWAYS},
    {BERT_UP_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'I', 'D', "intermediate.dense.weight", ALWAYS},
    {BERT_UP_BIAS, PART_LAYER, TENSOR_BIAS, 'I', 0, "intermediate.dense.bias", ALWAYS},
    {BERT_DOWN_WEIGHT, PART_LAYER, TENSOR_MATRIX, 'D', 'I', "output.dense.weight", ALWAYS},
    {BERT_DOWN_BIAS, PART_LAYER, TENSOR_BIAS, 'D', 0, "output.dense.bias", ALWAYS},
    {BERT_NORM2_GAMMA, PART_LAYER, TENSOR_NORM, 'D', 0, "output.LayerNorm.weight", ALWAYS},
    {BERT_NORM2_BETA, PART_LAYER, TENSOR_NORM_BIAS, 'D', 0, "output.LayerNorm.bias", ALWAYS},
    {BERT_PREFIX, PART_LAYER, TENSOR_MATRIX, 'X', 'E', "attention.self.prefix", IF_PREFIX},
    {BERT_TRANSFORM_WEIGHT, PART_HEAD, TENSOR_MATRIX, 'D', 'D', "cls.predictions.transform.dense.weight", ALWAYS},
    {BERT_TRANSFORM_BIAS, PART_HEAD, TENSOR_BIAS, 'D', 0, "cls.predictions.transform.dense.bias", ALWAYS},
    {BERT_TRANSFORM_GAMMA, PART_HEAD, TENSOR_NORM, 'D', 0, "cls.predictions.transform.LayerNorm.weight", ALWAYS},
    {BERT_TRANSFORM_BETA, PART_HEAD, TENSOR_NORM_BIAS, 'D', 0, "cls.predictions.transform.LayerNorm.bias", ALWAYS},
    {BERT_DECODER_BIAS, PART_HEAD, TENSOR_BIAS, 'V', 0, "cls.predictions.bias", ALWAYS},
    {BERT_POOLER_WEIGHT, PART_HEAD, TENSOR_MATRIX, 'D', 'D', "bert.pooler.dense.weight", IF_POOLER},
    {BERT_POOLER_BIAS, PART_HEAD, TENSOR_BIAS, 'D', 0, "bert.pooler.dense.bias", IF_POOLER},
    {BERT_SENTENCE_WEIGHT, PART_HEAD, TENSOR_MATRIX, 'D', 'D', "sentence.dense.weight", IF_SENTENCE_HEAD},
    {BERT_SENTENCE_BIAS, PART_HEAD, TENSOR_BIAS, 'D', 0, "sentence.dense.bias", IF_SENTENCE_HEAD},
    {BERT_SENTENCE_OUT_WEIGHT, PART_HEAD, TENSOR_MATRIX, 'D', 'D', "sentence.out_proj.weight", IF_SENTENCE_HEAD},
    {BERT_SENTENCE_OUT_BIAS, PART_HEAD, TENSOR_BIAS, 'D', 0, "sentence.out_proj.bias", IF_SENTENCE_HEAD},
    {BERT_NEXT_WEIGHT, PART_HEAD, TENSOR_MATRIX, 'N', 'D', "cls.seq_relationship.weight", IF_NEXT_SENTENCE},
    {BERT_NEXT_BIAS, PART_HEAD, TENSOR_BIAS, 'N', 0, "cls.seq_relationship.bias", IF_NEXT_SENTENCE},
};

static int64_t extent(const BertConfig *c, char letter)
{
    switch (letter) {
    case 'V': return c->vocab;
    case 'P': return c->positions;
    case 'T': return c->types;
    case 'I': return c->intermediate;
    case 'D': return c->hidden;
    case 'X': return c->prefix;
    case 'E': return 2 * c->hidden;
    case 'N': return 2;
    default: return 0;
    }
}

static bool is_needed(const BertConfig *c, Need need)
{
    switch (need) {
    case IF_UNTIED: return c->untied;
    case IF_POOLER: return c->pooler;
    case IF_SENTENCE_HEAD: return c->sentence_head;
    case IF_PREFIX: return c->prefix > 0;
    case IF_NEXT_SENTENCE: return c->next_sentence;
    default: return true;
    }
}

/* Random weights do not depend on what else a model has: the tensors that every BERT has are counted, the others have
 * streams far behind them, which do not depend on how long the table is. */
enum { STREAMS_OF_LAYER = 34 };
static int next_stream(const BertLayout *layout, int row, int layer)
{
    int n = 0;
    if (table[row].need != ALWAYS) return (1 << 20) + layer * STREAMS_OF_LAYER + row;
    for (int i = 0; i < layout->n; i++) n += layout->tensor[i].stream < 1 << 20;
    return n;
}

static void add(const BertConfig *c, int row, int layer, BertLayout *layout)
{
    const int stream = next_stream(layout, row, layer);
    BertTensor *t = &layout->tensor[layout->n++];
    const int64_t rows = extent(c, table[row].rows), columns = extent(c, table[row].columns);
    *t = (BertTensor){.id = table[row].id, .layer = layer, .part = table[row].part, .role = table[row].role};
    if (t->part != PART_LAYER) snprintf(t->name, sizeof t->name, "%s", table[row].name);
    else snprintf(t->name, sizeof t->name, "bert.encoder.layer.%d.%s", layer, table[row].name);
    t->decays = t->role == TENSOR_MATRIX;
    t->stream = stream;
    t->rank = columns ? 2 : 1;
    t->shape[0] = rows;
    t->shape[1] = columns;
    t->count = rows * (columns ? columns : 1);
    t->first = layout->count;
    layout->count += t->count;
}

static void add_part(const BertConfig *c, TensorPart part, int layer, BertLayout *layout)
{
    for (int row = 0; row < N_BERT_IDS; row++)
        if (table[row].part == part && is_needed(c, table[row].need)) add(c, row, layer, layout);
}

void bert_layout_init(const BertConfig *c, BertLayout *layout)
{
    *layout = (BertLayout){0};
    layout->tensor = memory_alloc(((size_t)c->layers + 1) * N_BERT_IDS, sizeof *layout->tensor);
    add_part(c, PART_EMBEDDINGS, 0, layout);
    for (int l = 0; l < c->layers; l++) add_part(c, PART_LAYER, l, layout);
    add_part(c, PART_HEAD, 0, layout);
    layout->n_trained = layout->n;
    layout->n_trained_elements = layout->count;
}

void bert_layout_free(BertLayout *layout)
{
    free(layout->tensor);
    *layout = (BertLayout){0};
}

/* --- freezing ------------------------------------------------------------------------------------- */

/* The next pattern of a list, as text in `pattern`; false behind the last. */
static bool next_pattern(const char **list, char *pattern, size_t size, bool *trains)
{
    static const char between[] = ", \t";
    *list += strspn(*list, between);
    const size_t n = strcspn(*list, between);
    if (!n) return false;
    *trains = **list == '!';
    snprintf(pattern, size, "%.*s", (int)n - *trains, *list + *trains);
    *list += n;
    return true;
}

static bool is_frozen(const BertTensor *t, const char *patterns)
{
    char pattern[sizeof t->name];
    bool frozen = false, trains;
    while (next_pattern(&patterns, pattern, sizeof pattern, &trains))
        if (fnmatch(pattern, t->name, 0) == 0) frozen = !trains;
    return frozen;
}

static bool is_one_of_three(BertId id)
{
    return id >= BERT_QUERY_WEIGHT && id <= BERT_VALUE_BIAS;
}

/* Query, key and value lie side by side as one matrix: where one is trained, the others stay with it. */
static bool must_stay(const BertLayout *layout, const BertTensor *t, const char *patterns)
{
    if (!is_one_of_three(t->id)) return false;
    const BertId first = t->id < BERT_QUERY_BIAS ? BERT_QUERY_WEIGHT : BERT_QUERY_BIAS;
    bool any = false;
    for (int k = 0; k < 3; k++)
        any = any || !is_frozen(bert_layout_tensor(layout, (BertId)(first + k), t->layer), patterns);
    return any;
}

void bert_layout_freeze(BertLayout *layout, const char *patterns)
{
    BertTensor *moved = memory_alloc((size_t)layout->n, sizeof *moved);
    int n = 0, n_frozen = 0;
    for (int i = 0; i < layout->n; i++) {
        BertTensor t = layout->tensor[i];
        const bool frozen = is_frozen(&t, patterns);
        t.is_held = frozen && must_stay(layout, &t, patterns);
        t.decays = t.decays && !frozen;
        if (frozen && !t.is_held) moved[layout->n - ++n_frozen] = t;
        else moved[n++] = t;
    }
    for (int i = n, j = layout->n - 1; i < j; i++, j--) { /* in their order */
        const BertTensor t = moved[i];
        moved[i] = moved[j];
        moved[j] = t;
    }
    layout->count = 0;
    for (int i = 0; i < layout->n; i++) {
        if (i == n) layout->n_trained_elements = layout->count;
        moved[i].first = layout->count;
        layout->count += moved[i].count;
    }
    layout->n_trained = n;
    if (n == layout->n) layout->n_trained_elements = layout->count;
    free(layout->tensor);
    layout->tensor = moved;
}

Status bert_layout_check_patterns(const BertLayout *layout, const char *key, const char *patterns)
{
    char pattern[sizeof layout->tensor->name];
    bool trains;
    while (next_pattern(&patterns, pattern, sizeof pattern, &trains)) {
        int i = 0;
        while (i < layout->n && fnmatch(pattern, layout->tensor[i].name, 0) != 0) i++;
        CHECK(i < layout->n, STATUS_USAGE,
              "%s names '%s', but no tensor of the model has such a name; they are like %s, and * stands for anything",
              key, pattern, layout->tensor[0].name);
    }
    return STATUS_OK;
}

BertLayout bert_layout_trained(const BertLayout *layout)
{
    BertLayout trained = *layout;
    trained.n = layout->n_trained;
    trained.count = layout->n_trained_elements;
    return trained;
}

/* --- names ---------------------------------------------------------------------------------------- */

const BertTensor *bert_layout_find(const BertLayout *layout, const char *name)
{
    for (int i = 0; i < layout->n; i++)
        if (strcmp(layout->tensor[i].name, name) == 0) return &layout->tensor[i];
    return NULL;
}

const BertTensor *bert_layout_tensor(const BertLayout *layout, BertId id, int layer)
{
    for (int i = 0; i < layout->n; i++)
        if (layout->tensor[i].id == id && layout->tensor[i].layer == layer) return &layout->tensor[i];
    return NULL;
}

static bool ends_with(const char *text, const char *tail)
{
    const size_t n = strlen(text), t = strlen(tail);
    return n >= t && strcmp(text + n - t, tail) == 0;
}

/* Wrappers of a training program put their own name in front: torch's DataParallel, torch.compile. */
static const char *without_wrapper(const char *name)
{
    static const char *const wrapper[] = {"module.", "_orig_mod."};
    for (size_t i = 0; i < sizeof wrapper / sizeof wrapper[0];) {
        const size_t n = strlen(wrapper[i]);
        const bool here = strncmp(name, wrapper[i], n) == 0;
        name += here ? n : 0;
        i = here ? 0 : i + 1;
    }
    return name;
}

bool bert_canonical_name(const BertConfig *config, const char *stored, char *canonical, size_t size)
{
    static const char *const unused[] = {"position_ids", "embeddings.token_type_ids"};
    static const struct {
        const char *stored, *canonical;
    } same[] = {{"cls.predictions.decoder.bias", "cls.predictions.bias"},
                {"cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"} /* the last: tied */};
    const size_t n_same = sizeof same / sizeof same[0] - config->untied;
    const char *name = without_wrapper(stored), *tail = "";
    if (!config->pooler && strstr(name, "pooler.")) return false;
    if (!config->next_sentence && strstr(name, "cls.seq_relationship.")) return false;
    for (size_t i = 0; i < sizeof unused / sizeof unused[0]; i++)
        if (strstr(name, unused[i])) return false;
    for (size_t i = 0; i < n_same; i++)
        if (strcmp(name, same[i].stored) == 0) name = same[i].canonical;
    const bool needs_prefix =
        strncmp(name, "embeddings.", 11) == 0 || strncmp(name, "encoder.", 8) == 0 || strncmp(name, "pooler.", 7) == 0;
    size_t kept = strlen(name);
    if (ends_with(name, "LayerNorm.gamma")) kept -= strlen("gamma"), tail = "weight"; /* TensorFlow's names */
    if (ends_with(name, "LayerNorm.beta")) kept -= strlen("beta"), tail = "bias";
    /* A name that does not fit is longer than any of ours, and stays so when it is cut. */
    snprintf(canonical, size, "%s%.*s%s", needs_prefix ? "bert." : "", (int)kept, name, tail);
    return true;
}

int bert_name_layer(const char *canonical)
{
    static const char layers[] = "bert.encoder.layer.";
    const size_t n = sizeof layers - 1;
    if (strncmp(canonical, layers, n) != 0 || canonical[n] < '0' || canonical[n] > '9') return -1;
    const long layer = strtol(canonical + n, NULL, 10);
    return layer > INT_MAX ? INT_MAX : (int)layer;
}
