/* encode.c: hidden states of a text file, one sample per line or row, to HDF5. Every rank takes a contiguous
 * part of the samples; rows are written together, a block of samples at a time. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "commands/command.h"
#include "data/sample_text.h"
#include "data/texts.h"
#include "io/file.h"
#include "io/h5.h"
#include "io/output.h"
#include "kernels/gemm.h"
#include "model/model.h"
#include "parallel/same.h"
#include "train/runtime.h"

enum { SAMPLES = 16 /* of one forward pass */ };

typedef struct {
    const char *text, *text_column, *output;
    int format;
    bool logits, overwrite;
    int64_t max_length;
    RuntimeOptions runtime;
} Options;

static const Setting table[] = {
    {"text", SETTING_PATH, "", "", 0, 0, offsetof(Options, text),
     "one sample per line (a TAB separates a pair) or per row of a table"},
    {"format", SETTING_CHOICE, "auto", TABLE_FORMATS, 0, 0, offsetof(Options, format), TABLE_FORMAT_HELP},
    {"text-column", SETTING_TEXT, TABLE_COLUMN, "", 0, 0, offsetof(Options, text_column),
     "of a table: the column that holds the text"},
    {"output", SETTING_PATH, "", "", 0, 0, offsetof(Options, output), "FILE.h5: ids, offset, hidden (and logits)"},
    {"logits", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, logits),
     "also the masked-LM logits of every position"},
    {"overwrite", SETTING_SWITCH, "no", "", 0, 0, offsetof(Options, overwrite), OUTPUT_OVERWRITE_HELP},
    {"max-length", SETTING_INTEGER, "0", "", 0, 65536, offsetof(Options, max_length),
     "pieces per sample; 0 = what the model reads"},
    RUNTIME_KEYS(offsetof(Options, runtime)),
};
enum { N_KEYS = sizeof table / sizeof table[0] };

typedef struct {
    const Comm *comm;
    const Options *options;
    Model model;
    Texts texts;                              /* of this rank */
    SamplePack all;                           /* their ids */
    int64_t first_token, n_tokens, n_samples; /* first of this rank; global counts */
    real *logits;                             /* [most tokens of a pass, V], on request */
    float *buffer;                            /* rows as stored */
} Encoding;

static Status add_samples(Encoding *e)
{
    const Texts *t = &e->texts;
    const SampleRules rules = {.vocabulary = e->model.vocabulary,
                               .max_length = e->model.longest,
                               .types = e->model.params.config.types,
                               .has_pairs = t->is_plain,
                               .name = e->options->text};
    sample_pack_clear(&e->all);
    for (int i = 0; i < t->n; i++) TRY(sample_pack_add(&rules, t->text[i], (int64_t)t->first + i + 1, &e->all));
    return STATUS_OK;
}

static Status tokenize(Encoding *e)
{
    TRY(comm_agree(e->comm, add_samples(e)));
    int64_t count[] = {(int64_t)e->all.id.n};
    e->first_token = comm_prefix_sum(e->comm, count[0]);
    comm_sum_i64(e->comm, count, 1);
    e->n_tokens = count[0];
    e->n_samples = e->texts.n_all;
    return STATUS_OK;
}

static Status write_index(Encoding *e, H5File *file)
{
    const int64_t tokens[] = {e->n_tokens}, ends[] = {e->n_samples + 1};
    const bool is_last = e->comm->rank == e->comm->n_ranks - 1;
    TRY(h5_rows_create(e->comm, file, "/ids", H5_I32, 1, tokens, "token"));
    TRY(h5_rows_create(e->comm, file, "/offset", H5_I64, 1, ends, "sample"));
    TRY(h5_rows_write(e->comm, file, "/ids", H5_I32, 1, tokens, e->first_token, (int64_t)e->all.id.n, e->all.id.id));
    int64_t *offset = memory_alloc((size_t)e->texts.n + 1, sizeof *offset);
    for (int i = 0; i <= e->texts.n; i++) offset[i] = e->first_token + e->all.offset.id[i];
    Status status = h5_rows_write(e->comm, file, "/offset", H5_I64, 1, ends, e->texts.first,
                                  e->texts.n + (is_last ? 1 : 0), offset);
    free(offset);
    return status;
}

static const float *as_float(Encoding *e, size_t n, const real *x)
{
    for (size_t i = 0; i < n; i++) e->buffer[i] = (float)x[i];
    return e->buffer;
}

static Status write_logits(Encoding *e, H5File *file, const int64_t *dims, int64_t first, int n, const real *hidden)
{
    const int d = e->model.params.config.hidden, v = e->model.params.config.vocab;
    for (int at = 0; at < n; at += HEAD_ROWS) {
        const int rows = n - at < HEAD_ROWS ? n - at : HEAD_ROWS;
        const real *z = mlm_head_transform(&e->model.head, rows, hidden + (size_t)at * (size_t)d);
        const real *logits = mlm_head_logits(&e->model.head, rows, z, true);
        memcpy(e->logits + (size_t)at * (size_t)v, logits, (size_t)rows * (size_t)v * sizeof(real));
    }
    return h5_rows_write(e->comm, file, "/logits", H5_F32, 2, dims, first, n,
                         as_float(e, (size_t)n * (size_t)v, e->logits));
}

static Status write_states(Encoding *e, H5File *file)
{
    const BertConfig *c = &e->model.params.config;
    const int64_t hidden_dims[] = {e->n_tokens, c->hidden}, logit_dims[] = {e->n_tokens, c->vocab};
    TRY(h5_rows_create(e->comm, file, "/hidden", H5_F32, 2, hidden_dims, "token, feature"));
    if (e->options->logits) TRY(h5_rows_create(e->comm, file, "/logits", H5_F32, 2, logit_dims, "token, id"));
    const int most = (e->texts.n_all + e->comm->n_ranks - 1) / e->comm->n_ranks; /* records of the first rank */
    for (int first = 0; first < most; first += SAMPLES) {
        const int left = e->texts.n - first, n = left < 0 ? 0 : left < SAMPLES ? left : SAMPLES;
        Packed *input = &e->model.input;
        sample_pack_take(&e->all, n ? first : 0, n, (uint32_t)(e->texts.first + first), input);
        const real *hidden = encoder_forward(&e->model.encoder, input);
        const int64_t row = e->first_token + e->all.offset.id[n ? first : 0];
        TRY(h5_rows_write(e->comm, file, "/hidden", H5_F32, 2, hidden_dims, row, input->n_tokens,
                          as_float(e, (size_t)input->n_tokens * (size_t)c->hidden, hidden)));
        if (e->options->logits) TRY(write_logits(e, file, logit_dims, row, input->n_tokens, hidden));
        log_status("%d of %d samples", first < e->texts.n ? first : e->texts.n, e->texts.n);
    }
    return STATUS_OK;
}

/* Rank 0's, on all ranks. */
static char *shared_partial_name(const Comm *comm, const char *path, char **target)
{
    *target = file_target(path);
    char *name = file_partial_name(*target);
    int64_t bytes = (int64_t)strlen(name) + 1;
    comm_broadcast(comm, &bytes, sizeof bytes);
    name = memory_resize(name, (size_t)bytes, 1);
    comm_broadcast(comm, name, bytes);
    return name;
}

/* Ranks that write together must see one folder: not one of their own each, nor a disk of each node. */
static Status check_one_folder(const Comm *comm, const char *path, const char *partial)
{
    struct stat info;
    char *folder = file_folder(partial);
    const bool found = stat(folder, &info) == 0;
    char *lines =
        memory_print("inode of the folder of --output=%s = %lld\n", path, found ? (long long)info.st_ino : -1LL);
    Status status = same_check(comm, lines);
    free(lines);
    free(folder);
    return status;
}

static Status write_file(Encoding *e, const char *command_line)
{
    const char *path = e->options->output;
    const BertConfig *c = &e->model.params.config;
    const size_t rows = (size_t)SAMPLES * (size_t)e->model.longest;
    const size_t widest = e->options->logits && c->vocab > c->hidden ? (size_t)c->vocab : (size_t)c->hidden;
    e->buffer = memory_alloc(rows * widest, sizeof *e->buffer);
    if (e->options->logits) e->logits = memory_alloc(rows * widest, sizeof *e->logits);
    char *target, *partial = shared_partial_name(e->comm, path, &target);
    H5File *file = NULL;
    Status status = check_one_folder(e->comm, path, partial);
    if (!status) status = h5_create_parallel(e->comm, partial, &file);
    if (!status) status = comm_agree(e->comm, h5_write_header(file, "collapse-encode", command_line, ""));
    if (!status) status = comm_agree(e->comm, h5_put_text(file, "/", "precision", gemm_precision_key()));
    if (!status) status = write_index(e, file);
    if (!status) status = write_states(e, file);
    Status closed = comm_agree(e->comm, h5_close(&file));
    if (!status) status = closed;
    Status finished = STATUS_OK;
    if (!status && e->comm->rank == 0) {
        finished = h5_seal(partial);
        if (!finished) finished = file_commit(partial, target);
    }
    if (!status) status = comm_agree(e->comm, finished);
    if (status && e->comm->rank == 0) unlink(partial);
    free(partial);
    free(target);
    return status;
}

static Status check_options(const Options *o)
{
    CHECK(o->text[0], STATUS_USAGE, "encode needs --text=FILE");
    CHECK(o->output[0], STATUS_USAGE, "encode needs --output=FILE.h5");
    CHECK(o->max_length == 0 || o->max_length >= 3, STATUS_USAGE, "max-length = %lld is too short; at least 3",
          (long long)o->max_length);
    return STATUS_OK;
}

static Status check_output(const Comm *comm, const char *model, const Options *o)
{
    static const OutputKind kind = {"a file of collapse encode", "collapse-encode", NULL, false};
    const Input inputs[] = {{"the model", model}, {"--text", o->text}};
    return comm_agree(comm, comm->rank == 0 ? output_check("--output", o->output, &kind, o->overwrite, inputs, 2)
                                            : STATUS_OK);
}

static Status run(int argc, char **argv)
{
    Settings settings;
    Options options;
    Encoding e = {.comm = command_comm(), .options = &options};
    Status status = command_read(table, N_KEYS, argc, argv, 1, false, "a MODEL.h5", &settings, &options);
    if (!status) status = check_options(&options);
    status = command_agree(&settings, status);
    if (!status) status = check_output(e.comm, settings.operand[0], &options);
    if (!status) {
        char *line = command_line_text(argc, argv);
        status = runtime_begin(e.comm, &options.runtime);
        if (!status) status = model_read(e.comm, settings.operand[0], SAMPLES, (int)options.max_length, &e.model);
        if (!status)
            status = texts_read(e.comm, options.text, (TableFormat)options.format, options.text_column, &e.texts);
        if (!status) status = tokenize(&e);
        if (!status) status = write_file(&e, line);
        if (!status)
            log_line("wrote %s: %lld samples, %lld pieces", options.output, (long long)e.n_samples,
                     (long long)e.n_tokens);
        free(line);
    }
    model_close(&e.model);
    sample_pack_free(&e.all);
    free(e.buffer);
    free(e.logits);
    texts_free(&e.texts);
    settings_free(&settings);
    return status;
}

static void help(void)
{
    settings_help(table, N_KEYS);
}

const Command command_encode = {"encode",
                                "[mpirun -n N] collapse encode MODEL.h5 --text=FILE --output=FILE.h5 [--logits]",
                                "hidden states of the last layer, one sample per line, to HDF5",
                                run,
                                help,
                                true,
                                false};
