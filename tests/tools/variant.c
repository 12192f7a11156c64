/* variant: model.safetensors rewritten the way other programs write it.
 *
 *   variant IN.safetensors OUT.safetensors KIND
 *
 * KIND: noprefix (no "bert."), decoder (cls.predictions.decoder.weight and .bias too), untied (the same,
 * but different numbers), nohead, halfhead (one tensor of the head missing), pooler (tensors a masked LM
 * does not use), next (pooler and next-sentence head), next-alone (the head without it), gamma (TensorFlow's LayerNorm
 * names), f16, bf16, f64, short (one tensor of the encoder missing), shape (one tensor transposed), inf (one value not
 * finite), module ("module." in front), layer (a layer more than config.json has), adapter (a tensor inside the encoder
 * that BERT does not have), classifier (another head's), longname (names of 180 to 220 bytes), shard0 and shard1 (every
 * second tensor; their names are printed), wider:K (K rows more in the vocabulary's tensors). */
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/safetensors.h"

static FILE *data;
static json_t *header;
static const char *kind;

static uint16_t to_half(float x) /* normal numbers and zero are enough here; rounds to nearest even */
{
    uint32_t bits;
    memcpy(&bits, &x, 4);
    const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude < 0x38800000) return (uint16_t)(sign | (uint32_t)lrintf(ldexpf(fabsf(x), 24)));
    const uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
    return (uint16_t)(sign | ((rounded - 0x38000000) >> 13));
}

static void put(const char *name, int rank, const int64_t *shape, const float *x, int64_t n)
{
    const bool f16 = strcmp(kind, "f16") == 0, bf16 = strcmp(kind, "bf16") == 0, f64 = strcmp(kind, "f64") == 0;
    const long begin = ftell(data);
    for (int64_t i = 0; i < n; i++) {
        const double wide = (double)x[i];
        uint32_t bits;
        memcpy(&bits, &x[i], 4);
        const uint16_t half = f16 ? to_half(x[i]) : (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
        if (f16 || bf16) fwrite(&half, 2, 1, data);
        else if (f64) fwrite(&wide, 8, 1, data);
        else fwrite(&x[i], 4, 1, data);
    }
    json_t *extent = json_array();
    for (int d = 0; d < rank; d++) json_array_append_new(extent, json_integer(shape[d]));
    json_object_set_new(header, name,
                        json_pack("{s:s, s:o, s:[I,I]}", "dtype",
                                  f16    ? "F16"
                                  : bf16 ? "BF16"
                                  : f64  ? "F64"
                                         : "F32",
                                  "shape", extent, "data_offsets", (json_int_t)begin, (json_int_t)ftell(data)));
}

static bool is(const char *name)
{
    return strcmp(kind, name) == 0;
}

/* Tensors beyond BERT's own, of d numbers each. */
static void put_more(int64_t d, const float *x)
{
    char name[256];
    if (is("layer")) put("bert.encoder.layer.2.output.dense.bias", 1, &d, x, d);
    if (is("adapter")) put("bert.encoder.layer.0.output.adapter.bias", 1, &d, x, d);
    if (is("classifier")) put("classifier.bias", 1, &d, x, d);
    for (int n = 180; n <= 220 && is("longname"); n++) {
        memset(name, 'x', sizeof name);
        strcpy(name + n - 15, "LayerNorm.gamma");
        put(name, 1, &d, x, d);
        strcpy(name + n - 15, "-LayerNorm.beta");
        put(name, 1, &d, x, d);
    }
}

/* Of numbers that are large enough to matter. */
static void put_next(int64_t d, float *x)
{
    const int64_t square[] = {d, d}, two[] = {2, d};
    for (int64_t i = 0; i < d * (d + 3) + 2; i++) x[i] *= 4;
    if (is("next")) put("bert.pooler.dense.weight", 2, square, x, d * d);
    if (is("next")) put("bert.pooler.dense.bias", 1, square, x + d * d, d);
    put("cls.seq_relationship.weight", 2, two, x + d * (d + 1), 2 * d);
    put("cls.seq_relationship.bias", 1, two, x + d * (d + 3), 2);
}

static void put_tensor(const SafeTensor *t, float *x)
{
    char name[256];
    snprintf(name, sizeof name, "%s", t->name);
    const bool head = strncmp(name, "cls.", 4) == 0, word = strcmp(name, "bert.embeddings.word_embeddings.weight") == 0;
    const bool bias = strcmp(name, "cls.predictions.bias") == 0;
    int64_t shape[2] = {t->shape[0], t->shape[1]};
    if (head && is("nohead")) return;
    if (is("halfhead") && strcmp(name, "cls.predictions.transform.dense.bias") == 0) return;
    if (is("short") && strcmp(name, "bert.encoder.layer.1.output.dense.bias") == 0) return;
    if (is("shape") && strcmp(name, "bert.encoder.layer.0.intermediate.dense.weight") == 0)
        shape[0] = t->shape[1], shape[1] = t->shape[0];
    if (is("inf") && strcmp(name, "bert.encoder.layer.0.output.dense.bias") == 0) x[1] = INFINITY;
    if (is("noprefix") && strncmp(name, "bert.", 5) == 0) memmove(name, name + 5, strlen(name) - 4);
    char *norm = strstr(name, "LayerNorm.");
    if (is("gamma") && norm) strcpy(norm, strstr(norm, "weight") ? "LayerNorm.gamma" : "LayerNorm.beta");
    if (is("module")) snprintf(name, sizeof name, "module.%s", t->name);
    if (is("shard0") || is("shard1")) {
        static int n;
        if (n++ % 2 != is("shard1")) return;
        puts(name);
    }
    if (strncmp(kind, "wider:", 6) == 0 && (word || bias)) { /* rows that repeat the last one */
        const int64_t more = atoi(kind + 6), row = t->rank == 2 ? t->shape[1] : 1;
        for (int64_t i = 0; i < more * row; i++) x[t->count + i] = x[t->count - row + i % row];
        shape[0] += more;
    }
    put(name, t->rank, shape, x, shape[0] * (t->rank == 2 ? shape[1] : 1));
    if (word) put_more(t->shape[1], x);
    if (is("untied") && word) x[0] += 1;
    if ((is("decoder") || is("untied")) && word) put("cls.predictions.decoder.weight", t->rank, shape, x, t->count);
    if (is("decoder") && bias) put("cls.predictions.decoder.bias", t->rank, shape, x, t->count);
    if (is("pooler") && word) {
        const int64_t square[] = {t->shape[1], t->shape[1]};
        put("bert.pooler.dense.weight", 2, square, x, square[0] * square[1] <= t->count ? square[0] * square[1] : 0);
        put("bert.pooler.dense.bias", 1, square, x, square[0]);
        put("cls.seq_relationship.bias", 1, square, x, square[0]);
    }
    if ((is("next") || is("next-alone")) && word) put_next(t->shape[1], x);
}

int main(int argc, char **argv)
{
    SafetensorsFile in;
    if (argc != 4 || safetensors_open(argv[1], &in)) return 2;
    kind = argv[3];
    header = json_object();
    data = tmpfile();
    for (int i = 0; i < in.n; i++) {
        float *x = malloc(2 * (size_t)in.tensor[i].count * sizeof *x + 4096);
        if (safetensors_read_f32(&in, &in.tensor[i], x)) return 2;
        put_tensor(&in.tensor[i], x);
        free(x);
    }
    char *text = json_dumps(header, JSON_COMPACT);
    const uint64_t length = strlen(text);
    FILE *out = fopen(argv[2], "wb");
    for (int i = 0; i < 8; i++) fputc((int)(length >> (8 * i) & 0xFF), out);
    fwrite(text, 1, length, out);
    rewind(data);
    for (int c; (c = fgetc(data)) != EOF;) fputc(c, out);
    free(text);
    json_decref(header);
    safetensors_close(&in);
    fclose(data);
    return fclose(out) != 0;
}
