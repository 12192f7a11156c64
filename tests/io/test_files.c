/* test_files.c: safetensors and HDF5 files that are damaged or hostile. Oracle: an intact copy. Every
 * bit of a header and a sample of all other bytes are flipped, and the file is cut at many lengths:
 * each must be refused with a sentence, or read back unchanged. */
#include <unistd.h>

#include "../harness.h"
#include "io/file.h"
#include "io/h5.h"
#include "io/safetensors.h"

static char path[4096];

static void write_bytes(const char *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    fwrite(data, 1, n, f);
    fclose(f);
}

static void safe(const char *header, uint64_t announced, size_t data_bytes, const char *says)
{
    char file[4096] = {0};
    const size_t n = strlen(header);
    for (int i = 0; i < 8; i++) file[i] = (char)(announced >> (8 * i));
    memcpy(file + 8, header, n);
    write_bytes(file, 8 + n + data_bytes);
    SafetensorsFile s = {0};
    const Status status = safetensors_open(path, &s);
    check(status == STATUS_DATA && strstr(status_message(), says), "%s", status_message());
    if (!status) safetensors_close(&s);
}

#define SAFE(header, data, says) safe(header, strlen(header), data, says)

static void hostile_safetensors(void)
{
    SAFE("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 15, "outside the file");
    SAFE("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[8,4]}}", 16, "outside");
    SAFE("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-8,8]}}", 16, "outside");
    SAFE("{\"a\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,16]}}", 16, "another size");
    SAFE("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,16]}}", 16,
         "impossible shape");
    SAFE("{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,16]}}", 16,
         "impossible shape");
    SAFE("{\"a\":{\"dtype\":\"F32\",\"shape\":[-4],\"data_offsets\":[0,16]}}", 16, "impossible shape");
    SAFE("{\"a\":{\"dtype\":\"Q4\",\"shape\":[4],\"data_offsets\":[0,16]}}", 16, "dtype");
    SAFE("{\"a\":{\"shape\":[4],\"data_offsets\":[0,16]}}", 16, "dtype");
    SAFE("{\"a\":7}", 16, "dtype");
    SAFE("[1]", 0, "object");
    SAFE("{\"a\":", 0, "JSON");
    SAFE("{\"a\":{},\"a\":{}}", 0, "JSON");
    SAFE("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
         12, "before the end of the one before");
    SAFE("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}",
         16, "4 bytes after the end of the one before");
    SAFE("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9, "1 bytes at its end belong to no");
    safe("{}", 1ull << 62, 0, "announces");
    safe("{}", 1000, 0, "announces");
    write_bytes("abc", 3);
    SafetensorsFile s = {0};
    check(safetensors_open(path, &s) == STATUS_DATA, "%s", status_message());
    const char good[] = "{\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}";
    char file[200] = {0};
    file[0] = (char)strlen(good);
    memcpy(file + 8, good, strlen(good));
    file[8 + strlen(good)] = (char)0x80, file[9 + strlen(good)] = 0x7F; /* +inf */
    write_bytes(file, 10 + strlen(good));
    float value;
    check(!safetensors_open(path, &s) && safetensors_read_f32(&s, &s.tensor[0], &value) == STATUS_DATA, "%s",
          status_message());
    safetensors_close(&s);
}

static void half_floats(void)
{
    static const struct {
        uint16_t half;
        float value;
    } f16[] = {{0x3C00, 1},     {0xC000, -2},    {0x0001, 5.9604645e-8f}, {0x03FF, 6.097555e-5f},
               {0x7BFF, 65504}, {0x8000, -0.0f}, {0x3555, 0.33325195f}};
    const char header[] = "{\"a\":{\"dtype\":\"F16\",\"shape\":[7],\"data_offsets\":[0,14]}}";
    char file[200] = {0};
    file[0] = (char)strlen(header);
    memcpy(file + 8, header, strlen(header));
    for (int i = 0; i < 7; i++) memcpy(file + 8 + strlen(header) + 2 * i, &f16[i].half, 2);
    write_bytes(file, 8 + strlen(header) + 14);
    SafetensorsFile s = {0};
    float value[7];
    bool same = !safetensors_open(path, &s) && !safetensors_read_f32(&s, &s.tensor[0], value);
    for (int i = 0; same && i < 7; i++) same = value[i] == f16[i].value;
    check(same, "F16: normal, subnormal, largest, negative zero");
    safetensors_close(&s);
}

static Status write_h5(const float *x, int64_t n)
{
    H5File *f;
    const char *const words[] = {"he", "she"};
    TRY(h5_create(path, &f));
    Status status = h5_write_header(f, "collapse-model", "test", "");
    if (!status) status = h5_write(f, "/deep/down/x", H5_F32, 1, &n, "token", x);
    if (!status) status = h5_write_texts(f, "/words", words, 2, "id");
    Status closed = h5_close(&f);
    return status ? status : closed;
}

/* STATUS_OK only if everything reads back as written. */
static Status read_h5(const float *x, int64_t n)
{
    H5File *f;
    float *back = malloc((size_t)n * sizeof *back);
    char **word = NULL;
    int64_t n_words = 0;
    Status status = h5_open(path, &f);
    if (!status) {
        status = h5_check_format(f, "collapse-model", "cure");
        if (!status) status = h5_read(f, "/deep/down/x", H5_F32, n, back);
        if (!status && memcmp(back, x, (size_t)n * sizeof *x) != 0) status = STATUS_INTERNAL; /* a silent change */
        if (!status) status = h5_read_texts(f, "/words", &word, &n_words);
        if (!status && (n_words != 2 || strcmp(word[1], "she") != 0)) status = STATUS_INTERNAL;
        for (int64_t i = 0; i < n_words && word; i++) free(word[i]);
        free(word);
        h5_close(&f);
    }
    free(back);
    return status;
}

static void damaged_h5(void)
{
    enum { N = 500 };
    float x[N];
    for (int i = 0; i < N; i++) x[i] = (float)i * 0.37f;
    check(!write_h5(x, N) && !read_h5(x, N), "an intact file reads back: %s", status_message());
    char *file;
    size_t length;
    if (file_read(path, &file, &length)) return;
    int silent = 0, refused = 0, harmless = 0;
    for (size_t at = 0; at < length; at += 3) {
        file[at] ^= (char)(1 << (at / 3 % 8));
        write_bytes(file, length);
        file[at] ^= (char)(1 << (at / 3 % 8));
        const Status status = read_h5(x, N);
        silent += status == STATUS_INTERNAL;
        refused += status == STATUS_DATA || status == STATUS_IO;
        harmless += status == STATUS_OK; /* a byte that carries nothing, or the time stamp */
    }
    check(silent == 0 && refused > (int)N * 4 / 3,
          "one bit flipped: %d refused, %d without effect, %d unnoticed changes", refused, harmless, silent);
    int accepted = 0;
    for (size_t cut = 0; cut < length; cut += length / 97 + 1) {
        write_bytes(file, cut);
        accepted += read_h5(x, N) == STATUS_OK;
    }
    check(accepted == 0, "cut short: refused at every length");
    free(file);
}

static void foreign_h5(void)
{
    H5File *f;
    h5_create(path, &f);
    h5_put_text(f, "/", "format", "something-else");
    h5_close(&f);
    h5_open(path, &f);
    check(h5_check_format(f, "collapse-model", "use collapse-import") == STATUS_DATA &&
              strstr(status_message(), "something-else"),
          "%s", status_message());
    h5_close(&f);
    check(h5_open("/nonexistent.h5", &f) == STATUS_IO, "%s", status_message());
    write_bytes("not hdf5", 8);
    check(h5_open(path, &f) == STATUS_DATA, "%s", status_message());
}

static Status note_path(H5File *file, const char *name, void *seen)
{
    (void)file;
    strcat(seen, name);
    strcat(seen, " ");
    return STATUS_OK;
}

/* Every dataset is seen: a walk that sees none would call any file sound. */
static void walked_h5(void)
{
    const float x[2] = {1, 2};
    char seen[256] = "";
    H5File *f;
    write_h5(x, 2);
    h5_open(path, &f);
    const Status status = h5_visit_datasets(f, note_path, seen);
    h5_close(&f);
    check(!status && strcmp(seen, "/deep/down/x /words ") == 0, "a walk sees every dataset: %s", seen);
    h5_create(path, &f);
    h5_write_header(f, "collapse-model", "test", "");
    h5_close(&f);
    h5_open(path, &f);
    check(h5_visit_datasets(f, note_path, seen) == STATUS_DATA && strstr(status_message(), "no dataset"), "%s",
          status_message());
    h5_close(&f);
}

static void full_disk(void)
{
    if (access("/dev/full", W_OK) != 0) {
        skip("no /dev/full");
        return;
    }
    char name[4200];
    snprintf(name, sizeof name, "%s.text", path);
    char *partial = file_partial_name(name);
    unlink(partial);
    if (symlink("/dev/full", partial) != 0) return;
    file_write_text(name, "before", 6); /* through the link: fails, and takes the link away */
    check(!file_exists(name) && !file_exists(partial), "a full disk: no file appears, nothing half-written stays: %s",
          status_message());
    check(!file_write_text(name, "before", 6) && file_exists(name), "with room again it is written");
    free(partial);
    unlink(name);
}

int main(void)
{
    snprintf(path, sizeof path, "%s/test_files.bin", getenv("TMP") ? getenv("TMP") : "/tmp");
    hostile_safetensors();
    half_floats();
    damaged_h5();
    foreign_h5();
    walked_h5();
    full_disk();
    unlink(path);
    return harness_done();
}
