/* model.c: read on rank 0, broadcast, laid out, filled. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "io/bert_init.h"

/* --- configuration and vocabulary ----------------------------------------------------------------- */

typedef struct {
    BertConfig config;
    int64_t text_bytes; /* pieces and settings, each with its NUL */
} Head;

static char *pack_tokenizer(const Tokenizer *t, int64_t *bytes)
{
    char *settings = tokenizer_settings(t, true);
    *bytes = (int64_t)strlen(settings) + 1;
    for (int i = 0; i < t->n; i++) *bytes += (int64_t)strlen(t->piece[i]) + 1;
    char *text = memory_alloc((size_t)*bytes, 1), *at = text;
    for (int i = 0; i < t->n; i++) at = stpcpy(at, t->piece[i]) + 1;
    strcpy(at, settings);
    free(settings);
    return text;
}

static Status read_head(const char *path, Head *head, char **text)
{
    H5File *file;
    Tokenizer tokenizer;
    TRY(model_file_open(path, &file, &head->config));
    if (!h5_is_sealed(file))
        log_warning("%s: was written by an older version: its configuration is not covered by a hash", path);
    Status status = model_file_read_tokenizer(file, &head->config, &tokenizer);
    h5_close(&file);
    TRY(status);
    *text = pack_tokenizer(&tokenizer, &head->text_bytes);
    tokenizer_free(&tokenizer);
    return STATUS_OK;
}

static Status make_head(const RandomModel *random, Head *head, char **text)
{
    Vocabulary *vocabulary;
    TRY(vocabulary_read(random->vocab, random->cased ? CASE_KEEP : CASE_AUTO, &vocabulary));
    BertConfig *c = &head->config;
    *c = bert_config_default();
    c->vocab = vocabulary_size(vocabulary);
    c->layers = random->layers, c->hidden = random->hidden, c->heads = random->heads;
    c->intermediate = random->intermediate, c->positions = random->positions;
    c->initializer_range = random->initializer_range;
    c->pad_id = vocabulary_special(vocabulary, SPECIAL_PAD);
    Tokenizer tokenizer;
    tokenizer_copy(vocabulary_tokenizer(vocabulary), &tokenizer);
    tokenizer.model_max_length = c->positions;
    *text = pack_tokenizer(&tokenizer, &head->text_bytes);
    tokenizer_free(&tokenizer);
    vocabulary_free(vocabulary);
    return bert_config_check("command line", c);
}

static Status unpack_vocabulary(const char *name, const Head *head, const char *text, Vocabulary **vocabulary)
{
    const int n = head->config.vocab;
    const char **piece = memory_alloc((size_t)n, sizeof *piece);
    Tokenizer tokenizer;
    for (int i = 0; i < n; i++) {
        piece[i] = text;
        text += strlen(text) + 1;
    }
    Status status = tokenizer_from_settings(name, piece, n, text, &tokenizer);
    if (!status) *vocabulary = vocabulary_from(&tokenizer);
    free(piece);
    return status;
}

/* What rank 0 found goes to all. status, text: rank 0's; text is given back. */
static Status share_head(const Comm *comm, const char *name, Status status, Head *head, char *text, Model *model)
{
    *model = (Model){0};
    status = comm_agree(comm, status);
    if (!status) {
        comm_broadcast(comm, head, sizeof *head);
        if (comm->rank > 0) text = memory_alloc((size_t)head->text_bytes, 1);
        comm_broadcast(comm, text, head->text_bytes);
        model->config = head->config;
        status = unpack_vocabulary(name, head, text, &model->vocabulary);
    }
    free(text);
    return status;
}

Status model_open(const Comm *comm, const char *path, Model *model)
{
    Head head = {0};
    char *text = NULL;
    Status status = comm->rank == 0 ? read_head(path, &head, &text) : STATUS_OK;
    return share_head(comm, path, status, &head, text, model);
}

Status model_open_random(const Comm *comm, const RandomModel *random, Model *model)
{
    Head head = {0};
    char *text = NULL;
    Status status = comm->rank == 0 ? make_head(random, &head, &text) : STATUS_OK;
    return share_head(comm, "random", status, &head, text, model);
}

void model_open_like(const Model *other, Model *model)
{
    Tokenizer tokenizer;
    tokenizer_copy(vocabulary_tokenizer(other->vocabulary), &tokenizer);
    *model = (Model){.config = other->config, .vocabulary = vocabulary_from(&tokenizer), .copied = &other->params};
}

/* --- memory ----------------------------------------------------------------------------------------- */

void model_lay_out(Arena *arena, const ModelRoom *room, Model *m)
{
    const bool trains = room->use != ENCODER_EVALUATES;
    params_free(&m->params);
    encoder_free(&m->encoder);
    params_init(arena, &m->config, trains ? &room->train : NULL, &m->params);
    if (room->panels) params_take_panels(arena, trains, &m->params);
    encoder_init(arena, &m->params, room->samples, room->tokens, room->longest, room->use, &m->encoder);
    if (room->all_gradients) encoder_take_gradients(arena, &m->encoder);
    mlm_head_init(arena, &m->params, true, m->encoder.idle, &m->head);
}

void model_close(Model *m)
{
    params_free(&m->params);
    encoder_free(&m->encoder);
    vocabulary_free(m->vocabulary);
    arena_close(&m->arena);
    *m = (Model){0};
}

/* --- weights ---------------------------------------------------------------------------------------- */

static void begin_tensor(const BertTensor *t, uint64_t seed, Model *m)
{
    const BertTensor *word = bert_layout_tensor(&m->params.layout, BERT_WORD, 0);
    real *weight = m->params.weight;
    if (t->id == BERT_DECODER) memcpy(weight + t->first, weight + word->first, (size_t)t->count * sizeof *weight);
    else bert_init_tensor(&m->config, t, seed, weight);
}

static Status read_tensors(H5File *file, const BertLayout *stored, uint64_t seed, Model *m)
{
    const BertLayout *layout = &m->params.layout;
    for (int i = 0; i < layout->n; i++)
        if (bert_layout_find(stored, layout->tensor[i].name))
            TRY(model_file_read_tensor(file, "/model/weights", &layout->tensor[i], m->params.weight));
    for (int i = 0; i < layout->n; i++)
        if (!bert_layout_find(stored, layout->tensor[i].name)) begin_tensor(&layout->tensor[i], seed, m);
    return STATUS_OK;
}

static Status read_weights(const char *path, uint64_t seed, Model *m)
{
    H5File *file;
    BertConfig config;
    BertLayout stored;
    TRY(model_file_open(path, &file, &config));
    bert_layout_init(&config, &stored);
    Status status = read_tensors(file, &stored, seed, m);
    bert_layout_free(&stored);
    h5_close(&file);
    return status;
}

Status model_load(const Comm *comm, const char *path, uint64_t seed, Model *m)
{
    TRY(comm_agree(comm, comm->rank == 0 ? read_weights(path, seed, m) : STATUS_OK));
    comm_broadcast(comm, m->params.weight, m->params.layout.count * (int64_t)sizeof(real));
    params_round(&m->params);
    return STATUS_OK;
}

void model_begin(uint64_t seed, Model *m)
{
    params_init_random(&m->params, seed);
    params_round(&m->params);
}

static void lay_out_to_evaluate(const ModelRoom *room, Model *m)
{
    model_lay_out(&m->arena, room, m);
    packed_init(&m->arena, room->samples, room->tokens, &m->input);
}

Status model_read_weights(const Comm *comm, const char *path, int samples, int tokens, int longest, bool panels,
                          Model *m)
{
    const ModelRoom room = {
        .use = ENCODER_EVALUATES, .samples = samples, .tokens = tokens, .longest = longest, .panels = panels};
    m->longest = longest;
    lay_out_to_evaluate(&room, m);
    arena_open(&m->arena);
    lay_out_to_evaluate(&room, m);
    if (!m->copied) return model_load(comm, path, 0, m);
    memcpy(m->params.weight, m->copied->weight, (size_t)m->params.layout.count * sizeof(real));
    params_round(&m->params);
    return STATUS_OK;
}

Status model_read(const Comm *comm, const char *path, int n_samples, int longest, Model *m)
{
    TRY(model_open(comm, path, m));
    const int positions = bert_config_positions(&m->config), most = longest > 0 ? longest : positions;
    Status status = STATUS_OK;
    if (longest > positions)
        status = status_set(STATUS_USAGE, __FILE__, __LINE__, "max-length = %d, but %s reads at most %d positions",
                            longest, path, positions);
    if (!status) status = model_read_weights(comm, path, n_samples, n_samples * most, most, false, m);
    if (status) model_close(m);
    return status;
}
