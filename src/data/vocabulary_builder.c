/* vocabulary_builder.c: words as sequences of pieces; pair counts in a hash table; a heap of pairs
 * whose stale entries are dropped when they surface. */
#include "data/vocabulary_builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/wordpiece.h"

/* A map from a byte string to a number, by open addressing; also used for pairs (8 bytes). */
typedef struct {
    char *key; /* owned; NULL = empty */
    size_t length;
    int64_t value;
} MapSlot;

typedef struct {
    MapSlot *slot;
    size_t n, n_slots;
} Map;

static uint64_t map_hash(const char *key, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)key[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

static MapSlot *map_find(const Map *map, const char *key, size_t length)
{
    size_t at = map_hash(key, length) & (map->n_slots - 1);
    while (map->slot[at].key && !(map->slot[at].length == length && memcmp(map->slot[at].key, key, length) == 0))
        at = (at + 1) & (map->n_slots - 1);
    return &map->slot[at];
}

static void map_grow(Map *map)
{
    Map grown = {.n_slots = map->n_slots ? 2 * map->n_slots : 1024, .n = map->n};
    grown.slot = memory_alloc(grown.n_slots, sizeof *grown.slot);
    for (size_t i = 0; i < map->n_slots; i++)
        if (map->slot[i].key) *map_find(&grown, map->slot[i].key, map->slot[i].length) = map->slot[i];
    free(map->slot);
    *map = grown;
}

/* The value of key, which is added with value `fresh` if it is new. */
static int64_t *map_value(Map *map, const char *key, size_t length, int64_t fresh)
{
    if (2 * (map->n + 1) > map->n_slots) map_grow(map);
    MapSlot *slot = map_find(map, key, length);
    if (!slot->key) {
        slot->key = memory_alloc(length + 1, 1);
        memcpy(slot->key, key, length);
        slot->length = length;
        slot->value = fresh;
        map->n++;
    }
    return &slot->value;
}

static void map_free(Map *map)
{
    for (size_t i = 0; i < map->n_slots; i++) free(map->slot[i].key);
    free(map->slot);
}

typedef struct {
    int *piece; /* owned [n] */
    int n;
    int64_t count;
} WordPieces;

typedef struct {
    int left, right;
} Pair;

typedef struct {
    int64_t count;
    int *word; /* owned: words that hold, or held, the pair */
    size_t n_words, capacity;
    Pair pair;
} PairInfo;

typedef struct {
    int64_t count;
    int info;
} HeapItem;

struct VocabularyBuilder {
    bool lower_case;
    Map words;     /* word -> count */
    Map piece_ids; /* piece -> id */
    char **piece;
    int n_pieces;
    size_t piece_capacity;
    WordPieces *word;
    size_t n_words;
    Map pair_ids; /* Pair -> place in info */
    PairInfo *info;
    size_t n_info, info_capacity;
    HeapItem *heap;
    size_t n_heap, heap_capacity;
};

VocabularyBuilder *vocabulary_builder_new(bool lower_case)
{
    VocabularyBuilder *b = memory_alloc(1, sizeof *b);
    b->lower_case = lower_case;
    return b;
}

void vocabulary_builder_free(VocabularyBuilder *b)
{
    if (!b) return;
    for (int i = 0; i < b->n_pieces; i++) free(b->piece[i]);
    for (size_t i = 0; i < b->n_words; i++) free(b->word[i].piece);
    for (size_t i = 0; i < b->n_info; i++) free(b->info[i].word);
    map_free(&b->words);
    map_free(&b->piece_ids);
    map_free(&b->pair_ids);
    free(b->piece);
    free(b->word);
    free(b->info);
    free(b->heap);
    free(b);
}

static void count_word(Slice word, void *context)
{
    VocabularyBuilder *b = context;
    ++*map_value(&b->words, word.start, word.length, 0);
}

void vocabulary_builder_add(VocabularyBuilder *b, Slice text)
{
    const NormaliseRules rules = {
        .clean_text = true, .chinese_chars = true, .strip_accents = b->lower_case, .lower_case = b->lower_case};
    wordpiece_words(&rules, text, count_word, b);
}

static int piece_id(VocabularyBuilder *b, const char *text)
{
    int64_t *id = map_value(&b->piece_ids, text, strlen(text), -1);
    if (*id < 0) {
        memory_reserve((void **)&b->piece, &b->piece_capacity, (size_t)b->n_pieces + 1, sizeof *b->piece);
        *id = b->n_pieces;
        b->piece[b->n_pieces++] = memory_copy_text(text);
    }
    return (int)*id;
}

/* --- the heap: largest count first, then the pair that sorts first ---------------------------- */

static int compare_pairs(const VocabularyBuilder *b, const HeapItem *x, const HeapItem *y)
{
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    const Pair *p = &b->info[x->info].pair, *q = &b->info[y->info].pair;
    const int left = strcmp(b->piece[p->left], b->piece[q->left]);
    return left ? left : strcmp(b->piece[p->right], b->piece[q->right]);
}

static void heap_swap(VocabularyBuilder *b, size_t i, size_t j)
{
    const HeapItem kept = b->heap[i];
    b->heap[i] = b->heap[j];
    b->heap[j] = kept;
}

static void heap_push(VocabularyBuilder *b, int info)
{
    memory_reserve((void **)&b->heap, &b->heap_capacity, b->n_heap + 1, sizeof *b->heap);
    size_t i = b->n_heap++;
    b->heap[i] = (HeapItem){b->info[info].count, info};
    while (i && compare_pairs(b, &b->heap[i], &b->heap[(i - 1) / 2]) < 0) {
        heap_swap(b, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static HeapItem heap_pop(VocabularyBuilder *b)
{
    const HeapItem top = b->heap[0];
    b->heap[0] = b->heap[--b->n_heap];
    for (size_t i = 0;;) {
        size_t best = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < b->n_heap; child++)
            if (compare_pairs(b, &b->heap[child], &b->heap[best]) < 0) best = child;
        if (best == i) return top;
        heap_swap(b, i, best);
        i = best;
    }
}

/* --- pairs ------------------------------------------------------------------------------------ */

static void count_pair(VocabularyBuilder *b, int word, Pair pair, int64_t change)
{
    int64_t *place = map_value(&b->pair_ids, (const char *)&pair, sizeof pair, -1);
    if (*place < 0) {
        memory_reserve((void **)&b->info, &b->info_capacity, b->n_info + 1, sizeof *b->info);
        *place = (int64_t)b->n_info;
        b->info[b->n_info++] = (PairInfo){.pair = pair};
    }
    PairInfo *info = &b->info[*place];
    info->count += change;
    if (change <= 0) return;
    if (!info->n_words || info->word[info->n_words - 1] != word) {
        memory_reserve((void **)&info->word, &info->capacity, info->n_words + 1, sizeof *info->word);
        info->word[info->n_words++] = word;
    }
}

static void count_word_pairs(VocabularyBuilder *b, int w, int sign)
{
    const WordPieces *word = &b->word[w];
    for (int i = 0; i + 1 < word->n; i++)
        count_pair(b, w, (Pair){word->piece[i], word->piece[i + 1]}, sign * word->count);
}

static void push_word_pairs(VocabularyBuilder *b, int w)
{
    const WordPieces *word = &b->word[w];
    for (int i = 0; i + 1 < word->n; i++) {
        Pair pair = {word->piece[i], word->piece[i + 1]};
        heap_push(b, (int)*map_value(&b->pair_ids, (const char *)&pair, sizeof pair, -1));
    }
}

static void merge_in_word(WordPieces *word, Pair pair, int merged)
{
    int n = 0;
    for (int i = 0; i < word->n; i++) {
        const bool here = i + 1 < word->n && word->piece[i] == pair.left && word->piece[i + 1] == pair.right;
        word->piece[n++] = here ? merged : word->piece[i];
        i += here;
    }
    word->n = n;
}

static void merge(VocabularyBuilder *b, int info_place)
{
    const Pair pair = b->info[info_place].pair;
    char *text = memory_print("%s%s", b->piece[pair.left], b->piece[pair.right] + 2); /* right begins with ## */
    const int merged = piece_id(b, text);
    free(text);
    const size_t n = b->info[info_place].n_words;
    int *words = memory_alloc(n, sizeof *words);
    memcpy(words, b->info[info_place].word, n * sizeof *words);
    for (size_t i = 0; i < n; i++) {
        count_word_pairs(b, words[i], -1);
        merge_in_word(&b->word[words[i]], pair, merged);
        count_word_pairs(b, words[i], 1);
        push_word_pairs(b, words[i]);
    }
    free(words);
}

/* --- the start: words as characters ----------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Words in sorted order, so that nothing depends on the hash table. */
static char **sorted_words(VocabularyBuilder *b)
{
    char **word = memory_alloc(b->words.n, sizeof *word);
    size_t n = 0;
    for (size_t i = 0; i < b->words.n_slots; i++)
        if (b->words.slot[i].key) word[n++] = b->words.slot[i].key;
    qsort(word, n, sizeof *word, by_text);
    return word;
}

static char *character_piece(const char *at, int bytes, bool inside)
{
    return memory_print("%s%.*s", inside ? "##" : "", bytes, at);
}

static void add_alphabet(VocabularyBuilder *b, char *const *word, size_t n)
{
    Map seen = {0};
    for (size_t w = 0; w < n; w++) {
        const size_t length = strlen(word[w]);
        uint32_t scalar;
        for (size_t i = 0; i < length; i += (size_t)utf8_decode(word[w] + i, length - i, &scalar)) {
            char *piece = character_piece(word[w] + i, utf8_decode(word[w] + i, length - i, &scalar), i > 0);
            map_value(&seen, piece, strlen(piece), 1);
            free(piece);
        }
    }
    char **piece = memory_alloc(seen.n, sizeof *piece);
    size_t n_pieces = 0;
    for (size_t i = 0; i < seen.n_slots; i++)
        if (seen.slot[i].key) piece[n_pieces++] = seen.slot[i].key;
    qsort(piece, n_pieces, sizeof *piece, by_text);
    for (size_t i = 0; i < n_pieces; i++) piece_id(b, piece[i]);
    free(piece);
    map_free(&seen);
}

static void cut_word(VocabularyBuilder *b, WordPieces *word, const char *text)
{
    const size_t length = strlen(text);
    word->piece = memory_alloc(length, sizeof *word->piece);
    word->count = *map_value(&b->words, text, length, 0);
    for (size_t i = 0; i < length;) {
        uint32_t scalar;
        const int bytes = utf8_decode(text + i, length - i, &scalar);
        char *piece = character_piece(text + i, bytes, i > 0);
        word->piece[word->n++] = piece_id(b, piece);
        free(piece);
        i += (size_t)bytes;
    }
}

Status vocabulary_builder_learn(VocabularyBuilder *b, int size, int min_count, const char *const **piece, int *n)
{
    CHECK(b->words.n > 0, STATUS_DATA, "standard input: holds no word");
    char **word = sorted_words(b);
    for (int s = 0; s < N_SPECIALS; s++) piece_id(b, vocabulary_special_text((Special)s));
    add_alphabet(b, word, b->words.n);
    b->n_words = b->words.n;
    b->word = memory_alloc(b->n_words, sizeof *b->word);
    for (size_t w = 0; w < b->n_words; w++) cut_word(b, &b->word[w], word[w]);
    free(word);
    CHECK(b->n_pieces <= size, STATUS_USAGE,
          "--size=%d is too small: the text has %d different characters and places; use more", size, b->n_pieces);
    for (size_t w = 0; w < b->n_words; w++) count_word_pairs(b, (int)w, 1);
    for (size_t i = 0; i < b->n_info; i++) heap_push(b, (int)i);
    while (b->n_pieces < size && b->n_heap) {
        const HeapItem top = heap_pop(b);
        if (top.count != b->info[top.info].count)
            continue; /* stale: a fresh entry is in the heap, or the pair is gone */
        if (top.count < min_count) break;
        merge(b, top.info);
    }
    *piece = (const char *const *)b->piece;
    *n = b->n_pieces;
    return STATUS_OK;
}
