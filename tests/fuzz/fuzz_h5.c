/* fuzz_h5.c: HDF5 files with changed structures (make fuzz). The input is not the file but a list of changes to a whole
 * one: which block (superblock, object header, heap, tree), where in it, what to write; the block's checksum is then
 * made right again, so that the change is not found by it. What h5_form_read lets pass must be safe for HDF5 too: it is
 * then opened without asking for hashes, walked, read as a model, and continued.
 *
 * A change is 7 bytes: place (2), kind, value (2), block (2). The first byte of the input chooses the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/io/h5_file.h"
#include "../../src/io/h5_image.h"
#include "base/memory.h"
#include "io/file.h"
#include "io/model_file.h"

enum { MOST_BLOCKS = 4096, MOST_CHANGES = 16, CHANGE_BYTES = 7 };

typedef struct {
    size_t at, size, checksum; /* bytes covered; where the checksum stands */
    bool is_inside;            /* within the bytes covered, as 0 */
} Block;

typedef struct {
    uint8_t *bytes;
    size_t n;
    Block block[MOST_BLOCKS];
    int n_blocks;
} Base;

static Base base[6];
static int n_bases, descriptor;
static char path[64];

/* --- the whole files and their blocks ------------------------------------------------------------------------ */

static uint32_t stored(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void store(uint8_t *at, uint32_t sum)
{
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(sum >> (8 * i));
}

static uint32_t sum_of(uint8_t *file, const Block *b)
{
    uint8_t kept[4];
    memcpy(kept, file + b->checksum, 4);
    if (b->is_inside) memset(file + b->checksum, 0, 4);
    const uint32_t sum = h5_checksum(file + b->at, b->size);
    memcpy(file + b->checksum, kept, 4);
    return sum;
}

/* How long a block is follows from its checksum: the first length that fits. */
static bool measure(uint8_t *file, size_t n, Block *b)
{
    static const size_t inside[] = {17, 18}; /* a heap's blocks: 4 or 5 bytes of a place stand before it */
    if (memcmp(file + b->at, "FHDB", 4) == 0) {
        for (size_t size = 512; size <= 65536 && b->at + size <= n; size *= 2)
            for (int i = 0; i < 2; i++) {
                *b = (Block){b->at, size, b->at + inside[i], true};
                if (sum_of(file, b) == stored(file + b->checksum)) return true;
            }
        return false;
    }
    for (size_t size = 8; size < 8192 && b->at + size + 4 <= n; size++) {
        *b = (Block){b->at, size, b->at + size, false};
        if (h5_checksum(file + b->at, size) == stored(file + b->checksum)) return true;
    }
    return false;
}

static void find_blocks(Base *x)
{
    static const char *const name[] = {"\x89HDF", "OHDR", "OCHK", "FRHP", "FHDB", "FHIB", "BTHD", "BTLF", "BTIN"};
    for (size_t at = 0; at + 16 < x->n; at++)
        for (size_t k = 0; k < sizeof name / sizeof name[0]; k++) {
            Block b = {.at = at};
            if (x->n_blocks < MOST_BLOCKS && memcmp(x->bytes + at, name[k], 4) == 0 && measure(x->bytes, x->n, &b))
                x->block[x->n_blocks++] = b;
        }
}

static void add_base(const char *name)
{
    Base *x = &base[n_bases];
    char *bytes;
    if (file_read(name, &bytes, &x->n)) {
        printf("%s\n", status_message());
        exit(1);
    }
    x->bytes = (uint8_t *)bytes;
    find_blocks(x);
    if (x->n_blocks == 0) exit(1);
    n_bases++;
}

/* Many links, many and long attributes: lists that stand in heaps. */
static Status write_lists(const char *name)
{
    H5File *f;
    char text[6001], member[40];
    memset(text, 'x', 6000), text[6000] = '\0';
    TRY(h5_create(name, &f));
    Status status = h5_write_header(f, "collapse-scores", "fuzz", "");
    for (int i = 0; i < 24 && !status; i++) {
        const double value = i;
        snprintf(member, sizeof member, "/metric/a.name.%d", i);
        status = h5_write(f, member, H5_F64, 0, NULL, "", &value);
        if (!status && i < 12) status = h5_put_i64(f, "/metric", member + 8, i);
    }
    if (!status) status = h5_put_text(f, "/", "long", text);
    Status closed = h5_close(&f);
    return status ? status : closed;
}

static void remove_file(void)
{
    unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    snprintf(path, sizeof path, "%s/fuzz_h5.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    descriptor = mkstemp(path);
    if (descriptor < 0 || write_lists(path)) {
        printf("%s\n", status_message());
        exit(1);
    }
    add_base(path);
    atexit(remove_file);
    add_base("tests/golden/version-1/model.h5");
    add_base("tests/golden/version-1/trace.h5");
    add_base("tests/golden/version-1/encode.h5");
    return 0;
}

/* --- changes ------------------------------------------------------------------------------------------------- */

static void change(const Base *x, uint8_t *file, const uint8_t *c)
{
    const Block *b = &x->block[(c[5] | c[6] << 8) % x->n_blocks];
    uint8_t *at = file + b->at + (size_t)(c[0] | c[1] << 8) % b->size;
    const size_t left = (size_t)(file + x->n - at);
    const uint64_t value = c[3] | (uint64_t)c[4] << 8;
    uint64_t wide = 0;
    switch (c[2] % 8) {
    case 0: at[0] = c[3]; break;
    case 1: at[0] ^= c[3]; break;
    case 2: wide = value; break;
    case 3: wide = x->block[value % (uint64_t)x->n_blocks].at; break; /* an address */
    case 4: wide = x->n - value; break;
    case 5: wide = UINT64_MAX - value; break;
    case 6: wide = (uint64_t)1 << (c[3] % 64); break;
    case 7: memmove(at, file + value % x->n, left < 8 || x->n - value % x->n < 8 ? 1 : 8); break;
    }
    const size_t n = c[2] % 8 < 2 || c[2] % 8 == 7 ? 0 : (size_t)1 << (c[2] / 8 % 4);
    for (size_t i = 0; i < n && i < left; i++) at[i] = (uint8_t)(wide >> (8 * i));
    if (getenv("FUZZ_SHOW")) /* to understand a finding */
        fprintf(stderr, "%.4s at %zu, byte %zu: kind %d, value %llu, %zu bytes\n", (char *)x->bytes + b->at, b->at,
                (size_t)(at - file) - b->at, c[2] % 8, (unsigned long long)value, n);
    if (c[2] < 224) store(file + b->checksum, sum_of(file, b)); /* one in eight keeps the wrong one */
}

/* --- what must be safe --------------------------------------------------------------------------------------- */

static Status read_dataset(H5File *file, const char *name, void *context)
{
    (void)context;
    char **text;
    int64_t n;
    TRY(h5_verify(file, name));
    if (h5_read_texts(file, name, &text, &n)) return STATUS_OK;
    for (int64_t i = 0; i < n; i++) free(text[i]);
    free(text);
    return STATUS_OK;
}

static Status read_attributes(H5File *file, const char *name, bool is_dataset, void *context)
{
    (void)is_dataset, (void)context;
    char **list, *text;
    int n;
    Status status = h5_list_attributes(file, name, &list, &n);
    for (int i = 0; i < n; i++) {
        if (h5_describe_attribute(file, name, list[i], &text) == STATUS_OK) free(text);
        free(list[i]);
    }
    free(list);
    return status;
}

static void read_model(H5File *file)
{
    BertConfig config;
    BertLayout layout;
    Tokenizer tokenizer;
    if (model_file_read_config(file, &config)) return;
    if (model_file_read_tokenizer(file, &config, &tokenizer) == STATUS_OK) tokenizer_free(&tokenizer);
    bert_layout_init(&config, &layout);
    real *block = memory_alloc((size_t)layout.count, sizeof *block);
    if (model_file_read_block(file, "/model/weights", &layout, block) == STATUS_OK) (void)block[0];
    free(block);
    bert_layout_free(&layout);
}

static void use(H5File *file, bool grows)
{
    file->is_unhashed = true;
    h5_visit_datasets(file, read_dataset, NULL);
    h5_visit_objects(file, read_attributes, NULL);
    read_attributes(file, "/", false, NULL);
    read_model(file);
    if (!grows) return;
    const int64_t two = 2, data[] = {1, 2};
    h5_write(file, "/step_000099/ids", H5_I64, 1, &two, "a", data);
    h5_put_text(file, "/", "note", "a note");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1 + CHANGE_BYTES) return 0;
    const Base *x = &base[(data[0] & 127) % n_bases];
    uint8_t *file = memory_alloc(x->n, 1);
    memcpy(file, x->bytes, x->n);
    for (size_t i = 1, k = 0; i + CHANGE_BYTES <= n && k < MOST_CHANGES; i += CHANGE_BYTES, k++)
        change(x, file, data + i);
    const bool wrote = ftruncate(descriptor, 0) == 0 && pwrite(descriptor, file, x->n, 0) == (ssize_t)x->n;
    free(file);
    H5Form form;
    H5File *opened;
    if (!wrote || h5_form_read(path, &form)) return 0;
    h5_form_check(path, &form);
    if (h5_open_unsealed(path, &opened)) return 0;
    use(opened, data[0] & 128);
    h5_close(&opened);
    return 0;
}
