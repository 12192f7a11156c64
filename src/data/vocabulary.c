/* vocabulary.c: pieces and a hash table over them.
 *
 * First pieces and continuations ("##") live in one open-addressing table; the two-character prefix
 * is not stored in the key but in the starting value of the hash. The hash is computed byte by byte,
 * so that one pass over a word gives the hashes of all its prefixes. */
#include "data/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/file.h"

static const char *const special_text[N_SPECIALS] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

static bool is_continuation(const char *piece)
{
    return piece[0] == '#' && piece[1] == '#' && piece[2] != '\0';
}

static void insert(Vocabulary *v, int id)
{
    const bool continues = is_continuation(v->piece[id]);
    const char *key = v->piece[id] + (continues ? 2 : 0);
    const int length = (int)strlen(key);
    uint32_t hash = vocabulary_hash_start(continues);
    for (int i = 0; i < length; i++) hash = vocabulary_hash_next(hash, key[i]);
    if (length > v->longest[continues]) v->longest[continues] = length;
    uint32_t slot = hash & v->slot_mask;
    while (v->slot[slot].id >= 0) {
        const VocabularySlot *s = &v->slot[slot];
        if (s->hash == hash && s->continues == continues && s->length == length &&
            memcmp(s->key, key, (size_t)length) == 0)
            break; /* twice in the file: the later line wins, as in Hugging Face's reader */
        slot = (slot + 1) & v->slot_mask;
    }
    v->slot[slot] = (VocabularySlot){.key = key, .length = length, .id = id, .hash = hash, .continues = continues};
}

static void build_table(Vocabulary *v)
{
    uint32_t slots = 16;
    while (slots < 4 * (uint32_t)v->n) slots *= 2;
    v->slot = memory_alloc(slots, sizeof *v->slot);
    v->slot_mask = slots - 1;
    for (uint32_t i = 0; i < slots; i++) v->slot[i].id = -1;
    for (int id = 0; id < v->n; id++)
        if (v->piece[id][0]) insert(v, id);
}

Status vocabulary_new(const char *name, const char *const *piece, int n, bool lower_case, Vocabulary **out)
{
    Vocabulary *v = memory_alloc(1, sizeof *v);
    v->n = n;
    v->lower_case = lower_case;
    v->piece = memory_alloc((size_t)n, sizeof *v->piece);
    for (int id = 0; id < n; id++) v->piece[id] = memory_copy_text(piece[id]);
    build_table(v);
    for (int s = 0; s < N_SPECIALS; s++) {
        v->special[s] = vocabulary_find(v, slice_of(special_text[s]));
        if (v->special[s] >= 0) continue;
        vocabulary_free(v);
        FAIL(STATUS_DATA, "%s: has no piece %s; a BERT vocabulary (one piece a line) is needed", name, special_text[s]);
    }
    *out = v;
    return STATUS_OK;
}

static Status split_lines(const char *path, Slice text, const char ***line_out, int *n_out)
{
    size_t capacity = 0;
    int n = 0;
    const char **line = NULL;
    Slice rest = text, one;
    while (slice_next_line(&rest, &one)) {
        memory_reserve((void **)&line, &capacity, (size_t)n + 1, sizeof *line);
        line[n++] = slice_copy(one);
    }
    *line_out = line;
    *n_out = n;
    return n ? STATUS_OK
             : status_set(STATUS_DATA, __FILE__, __LINE__, "%s: is empty; one piece a line is needed", path);
}

Status vocabulary_read(const char *path, bool lower_case, Vocabulary **vocabulary)
{
    char *text;
    size_t length;
    TRY(file_read(path, &text, &length));
    const size_t invalid = utf8_first_invalid(text, length);
    Status status = STATUS_OK;
    if (invalid < length || memchr(text, '\0', length))
        status =
            status_set(STATUS_DATA, __FILE__, __LINE__, "%s: is not a text file (byte %zu is not valid UTF-8 or NUL)",
                       path, invalid < length ? invalid : (size_t)((char *)memchr(text, '\0', length) - text));
    const char **line = NULL;
    int n = 0;
    if (!status) status = split_lines(path, (Slice){text, length}, &line, &n);
    if (!status) status = vocabulary_new(path, line, n, lower_case, vocabulary);
    for (int i = 0; i < n; i++) free((void *)(uintptr_t)line[i]);
    free(line);
    free(text);
    return status;
}

void vocabulary_free(Vocabulary *v)
{
    if (!v) return;
    for (int id = 0; id < v->n; id++) free(v->piece[id]);
    free(v->piece);
    free(v->slot);
    free(v);
}

int vocabulary_size(const Vocabulary *v)
{
    return v->n;
}

bool vocabulary_lower_case(const Vocabulary *v)
{
    return v->lower_case;
}

const char *vocabulary_piece(const Vocabulary *v, int id)
{
    return v->piece[id];
}

const char *const *vocabulary_pieces(const Vocabulary *v)
{
    return (const char *const *)v->piece;
}

int vocabulary_find(const Vocabulary *v, Slice piece)
{
    const bool continues = piece.length > 2 && piece.start[0] == '#' && piece.start[1] == '#';
    if (continues) piece.start += 2, piece.length -= 2;
    uint32_t hash = vocabulary_hash_start(continues);
    for (size_t i = 0; i < piece.length; i++) hash = vocabulary_hash_next(hash, piece.start[i]);
    return vocabulary_lookup(v, continues, hash, piece.start, (int)piece.length);
}

int vocabulary_special(const Vocabulary *v, Special which)
{
    return v->special[which];
}

bool vocabulary_is_special(const Vocabulary *v, int id)
{
    for (int s = 0; s < N_SPECIALS; s++)
        if (v->special[s] == id) return true;
    return false;
}

const char *vocabulary_special_text(Special which)
{
    return special_text[which];
}

void vocabulary_hash(const Vocabulary *v, char hash[HASH_TEXT_SIZE])
{
    size_t bytes = 0;
    for (int id = 0; id < v->n; id++) bytes += strlen(v->piece[id]) + 1;
    char *all = memory_alloc(bytes + 1, 1), *at = all;
    for (int id = 0; id < v->n; id++) at = stpcpy(at, v->piece[id]) + 1;
    *at = v->lower_case ? 'u' : 'c';
    hash_xxh128(all, bytes + 1, hash);
    free(all);
}
