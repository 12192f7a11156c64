/* sample_text.h: a line of text to one sample, [CLS] a [SEP] or, for a pair, [CLS] a [SEP] b [SEP]. Local. */
#ifndef DATA_SAMPLE_TEXT_H
#define DATA_SAMPLE_TEXT_H

#include "data/packed.h"
#include "data/wordpiece.h"

/* Samples end to end, as many as a text has. */
typedef struct {
    IdList id, kind, offset; /* kind: 0 for a, 1 for b; offset [n_samples + 1] */
    int n_samples, longest;
} SamplePack;

void sample_pack_clear(SamplePack *pack);
void sample_pack_free(SamplePack *pack);

/* What a sample has to fit. */
typedef struct {
    const Vocabulary *vocabulary;
    int max_length;   /* pieces; at most the positions of the model */
    int types;        /* token types of the model: 1 = it knows no pairs */
    bool has_pairs;   /* a TAB separates the two texts of a pair; else it is white space */
    const char *name; /* of the file, for messages */
} SampleRules;

/* Append one sample, cut to max_length pieces (of a pair, the longer text is cut first). number: of the line, for
 * messages. Fails: a pair, but one type; too few positions for the special pieces. */
Status sample_pack_add(const SampleRules *rules, Slice text, int64_t number, SamplePack *pack);

/* Append a sample of n ids as they are. kind NULL: all of type 0. */
void sample_pack_append(SamplePack *pack, int n, const int32_t *id, const int32_t *kind);

/* Samples [first, first + n) as an encoder reads them; their keys count from first_key. */
void sample_pack_take(const SamplePack *pack, int first, int n, uint32_t first_key, Packed *packed);

#endif
