/* fuzz_safetensors.c: safetensors files with changed headers (make fuzz). The input is a recipe: tensors with names,
 * types, shapes and offsets that are right unless the recipe says otherwise, then bytes of the header that are
 * overwritten, and the length of the whole. What safetensors_open lets pass must be whole: every tensor inside the
 * file, none overlapping, and readable. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/safetensors.h"

static char path[64];

static void remove_file(void)
{
    unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    snprintf(path, sizeof path, "%s/fuzz_safetensors.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    const int descriptor = mkstemp(path);
    if (descriptor < 0) exit(1);
    close(descriptor);
    atexit(remove_file);
    return 0;
}

/* --- the recipe ---------------------------------------------------------------------------------------------- */

typedef struct {
    const uint8_t *at, *end;
} Recipe;

static unsigned next(Recipe *r)
{
    return r->at < r->end ? *r->at++ : 0;
}

typedef struct {
    char text[16384];
    size_t n;
} Header;

__attribute__((format(printf, 2, 3))) static void say(Header *h, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(h->text + h->n, sizeof h->text - h->n, format, arguments);
    va_end(arguments);
    h->n += n > 0 && (size_t)n < sizeof h->text - h->n ? (size_t)n : 0;
}

/* A number, or one that a hostile file would have in its place. */
static void say_number(Header *h, Recipe *r, unsigned long long right)
{
    static const char *const wrong[] = {"-1",
                                        "18446744073709551616",
                                        "9223372036854775807",
                                        "1e30",
                                        "\"4\"",
                                        "null",
                                        "[[]]",
                                        "4611686018427387905",
                                        "0.5",
                                        "-0",
                                        "true",
                                        "4294967297"};
    const unsigned choice = next(r);
    if (choice < 224) say(h, "%llu", right);
    else if (choice < 240) say(h, "%llu", right + next(r) - 128);
    else say(h, "%s", wrong[choice % 12]);
}

static void say_name(Header *h, Recipe *r, int i)
{
    const unsigned choice = next(r);
    if (choice < 200) say(h, "bert.encoder.layer.%d.output.dense.weight", i);
    else if (choice < 210) say(h, "%s", "cls.predictions.bias"); /* perhaps twice */
    else if (choice < 240)
        say(h, "%.*s", (int)(190 + choice - 210), /* about 200 bytes */
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxxxxxxxxxxxxxxx");
    else say(h, "%s", choice < 248 ? "\\u0000\\ud800" : "__metadata__");
}

/* One entry; returns where its data end. */
static unsigned long long say_tensor(Header *h, Recipe *r, int i, unsigned long long begin)
{
    static const struct {
        const char *name;
        int bytes;
    } type[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8}, {"I64", 8}, {"U8", 1}, {"F8_E4M3", 1}, {"", 4}};
    const unsigned t = next(r) % 8, rank = next(r) % 4;
    unsigned long long count = 1, dims[3];
    for (unsigned d = 0; d < rank; d++) count *= dims[d] = next(r) % 9;
    const unsigned long long end = begin + count * (unsigned)type[t].bytes;
    say(h, "%s\"", i ? "," : "");
    say_name(h, r, i);
    say(h, "\":{\"dtype\":\"%s\",\"shape\":[", type[t].name);
    for (unsigned d = 0; d < rank; d++) {
        if (d) say(h, ",");
        say_number(h, r, dims[d]);
    }
    say(h, "],\"data_offsets\":[");
    say_number(h, r, begin);
    say(h, ",");
    say_number(h, r, end);
    say(h, "]}");
    return end;
}

static void write_file(const Header *h, Recipe *r, unsigned long long data)
{
    unsigned long long length = h->n;
    const unsigned lie = next(r);
    if (lie >= 240) length = lie & 1 ? length + next(r) - 128 : ~0ULL >> (lie % 40);
    if (data > 1 << 16) data = 1 << 16;
    if (lie % 16 == 7) data -= data ? 1 : 0;
    FILE *f = fopen(path, "w");
    if (!f) exit(1);
    for (int i = 0; i < 8; i++) fputc((int)(length >> (8 * i) & 255), f);
    fwrite(h->text, 1, h->n, f);
    for (unsigned long long i = 0; i < data; i++) fputc(lie == 17 ? 0x7f : (int)(i * 31 % 61), f);
    fclose(f);
}

/* --- what must hold ------------------------------------------------------------------------------------------ */

static void demand(bool holds)
{
    if (!holds) abort();
}

static void read_all(void)
{
    SafetensorsFile file;
    if (safetensors_open(path, &file)) {
        demand(status_message()[0]);
        return;
    }
    int64_t bytes = 0;
    for (int i = 0; i < file.n; i++) {
        const SafeTensor *t = &file.tensor[i];
        demand(t->data >= file.map && t->bytes >= 0 && t->data + t->bytes <= file.map + file.length);
        demand(safetensors_find(&file, t->name) != NULL);
        bytes += t->bytes;
        if (t->dtype == DTYPE_OTHER || t->rank > 2) continue;
        float *x = malloc((size_t)t->count * sizeof *x + 1);
        if (safetensors_read_f32(&file, t, x) == STATUS_OK)
            for (int64_t k = 0; k < t->count; k++) demand(x[k] - x[k] == 0);
        free(x);
    }
    demand(bytes <= (int64_t)file.length);
    safetensors_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Header h;
    Recipe r = {data, data + size};
    h.n = 0;
    unsigned long long end = 0;
    const int n = (int)(next(&r) % 6);
    say(&h, "{");
    if (next(&r) % 4 == 0) say(&h, "\"__metadata__\":{\"format\":\"pt\"}%s", n ? "," : "");
    for (int i = 0; i < n; i++) end = say_tensor(&h, &r, i, end);
    say(&h, "}");
    for (unsigned blanks = next(&r) % 8; blanks; blanks--) say(&h, " ");
    for (unsigned changes = next(&r) % 4; changes; changes--) {
        const size_t at = (next(&r) | next(&r) << 8) % h.n;
        h.text[at] = (char)next(&r);
    }
    write_file(&h, &r, end);
    read_all();
    return 0;
}
