/* collapse-show: what is in a file, for a person. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/model_file.h"
#include "tool.h"

static struct Options {
    bool all;
} options;

static const Setting table[] = {{"all", SETTING_SWITCH, "no", "", 0, 0, offsetof(struct Options, all),
                                 "list every dataset, with its smallest, mean and largest value"}};

static void show_attribute(H5File *file, const char *path, const char *name)
{
    char *text;
    if (h5_has_attribute(file, path, name) && h5_get_text(file, path, name, &text) == STATUS_OK) {
        printf("%-14s %s\n", name, text);
        free(text);
    }
}

static void show_integer(H5File *file, const char *path, const char *name)
{
    int64_t value;
    if (h5_exists(file, path) && h5_read(file, path, H5_I64, 1, &value) == STATUS_OK)
        printf("%-14s %lld\n", name, (long long)value);
}

static void show_model(H5File *file)
{
    BertConfig c;
    BertLayout layout;
    if (!h5_exists(file, "/model") || bert_config_read(file, &c) != STATUS_OK) return;
    bert_layout_init(&c, &layout);
    printf("%-14s BERT, %d layers, hidden %d, %d heads, intermediate %d, %d positions, %d pieces: %.1f M parameters\n",
           "model", c.layers, c.hidden, c.heads, c.intermediate, c.positions, c.vocab, 1e-6 * (double)layout.count);
    bert_layout_free(&layout);
}

/* The last line of the log, from /history. */
static void show_history(H5File *file)
{
    H5Shape shape;
    static const char *const name[] = {"loss", "task_loss", "nc_loss", "learning_rate", "grad_norm"};
    if (!h5_exists(file, "/history/step") || h5_shape(file, "/history/step", &shape) != STATUS_OK || shape.count == 0)
        return;
    double *value = memory_alloc((size_t)shape.count, sizeof *value);
    printf("%-14s %lld lines; the last:", "history", (long long)shape.count);
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "/history/%s", name[i]);
        if (h5_read(file, path, H5_F64, shape.count, value) == STATUS_OK)
            printf(" %s %s", name[i], tool_number("%.6g", value[shape.count - 1]));
    }
    printf("\n");
    free(value);
}

static void show_classes(H5File *file)
{
    H5Shape shape;
    if (!h5_exists(file, "/collapse/count") || h5_shape(file, "/collapse/count", &shape) != STATUS_OK) return;
    int64_t *count = memory_alloc((size_t)shape.count, sizeof *count), states = 0, met = 0;
    if (h5_read(file, "/collapse/count", H5_I64, shape.count, count) == STATUS_OK)
        for (int64_t k = 0; k < shape.count; k++) {
            states += count[k];
            met += count[k] > 0;
        }
    printf("%-14s %lld classes, %lld met, %lld states\n", "collapse", (long long)shape.count, (long long)met,
           (long long)states);
    free(count);
}

static void show_range(H5File *file, const char *path, const H5Shape *shape)
{
    double *value = memory_alloc((size_t)shape->count, sizeof *value), low = HUGE_VAL, high = -HUGE_VAL, sum = 0;
    float *narrow = (float *)value;
    const bool is_f32 = shape->kind == H5_F32;
    int64_t n = 0;
    if (shape->count && h5_read(file, path, shape->kind, shape->count, value) == STATUS_OK) {
        for (int64_t i = 0; i < shape->count; i++) {
            const double x = is_f32 ? (double)narrow[i] : value[i];
            if (isnan(x)) continue;
            low = x < low ? x : low;
            high = x > high ? x : high;
            sum += x;
            n++;
        }
        if (n) printf("  %11.4g %11.4g %11.4g", low, sum / (double)n, high);
        else printf("  %11s %11s %11s", "-", "-", "-");
        if (n < shape->count) printf("  %lld not a number", (long long)(shape->count - n));
    }
    free(value);
}

static Status show_dataset(H5File *file, const char *path, void *context)
{
    (void)context;
    static const char *const kind[] = {"f32", "f64", "i32", "i64", "u8", "text", "other"};
    H5Shape shape;
    TRY(h5_shape(file, path, &shape));
    char extent[64] = "";
    for (int i = 0; i < shape.rank; i++) {
        const size_t used = strlen(extent);
        snprintf(extent + used, sizeof extent - used, "%s%lld", i ? " x " : "", (long long)shape.dims[i]);
    }
    printf("%-70s %-5s %-14s", path, kind[shape.kind], extent);
    if (shape.kind == H5_F32 || shape.kind == H5_F64) show_range(file, path, &shape);
    printf("\n");
    return STATUS_OK;
}

/* Measures of geometry and scores files. */
static Status show_metric(H5File *file, const char *path, void *context)
{
    bool *titled = context;
    double value, bounds[2];
    if (strncmp(path, "/metric/", 8) != 0) return STATUS_OK;
    TRY(h5_read(file, path, H5_F64, 1, &value));
    if (!*titled) printf("measures       (95 %% bounds)\n");
    *titled = true;
    char *interval = memory_print("/interval/%s", path + 8);
    printf("  %-30s %-12s", path + 8, tool_number("%.6g", value));
    if (h5_exists(file, interval) && h5_read(file, interval, H5_F64, 2, bounds) == STATUS_OK)
        printf(" %s%s%s", tool_number("%.6g", bounds[0]), isnan(bounds[1]) ? "" : " to ",
               isnan(bounds[1]) ? "" : tool_number("%.6g", bounds[1]));
    printf("\n");
    free(interval);
    return STATUS_OK;
}

static Status show_file(H5File *file)
{
    static const char *const header[] = {"format",        "writer", "created", "command_line",
                                         "config_sha256", "task",   "model",   "data"};
    static const char *const training[] = {"nc-pieces", "nc-align", "nc-space", "nc-ids"};
    for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) show_attribute(file, "/", header[i]);
    show_attribute(file, "/", "file_xxh128");
    if (!h5_is_sealed(file))
        printf("%-14s none: written by an older version, its configuration is not covered by a hash\n", "file_xxh128");
    for (size_t i = 0; i < sizeof training / sizeof training[0]; i++) show_attribute(file, "/training", training[i]);
    show_model(file);
    show_integer(file, "/progress/step", "step");
    show_integer(file, "/progress/epoch", "epochs done");
    show_integer(file, "/progress/tokens", "tokens");
    show_history(file);
    show_classes(file);
    bool titled = false;
    TRY(h5_visit_datasets(file, show_metric, &titled));
    return options.all ? h5_visit_datasets(file, show_dataset, NULL) : STATUS_OK;
}

static Status run(const char *path, const char *command_line)
{
    (void)command_line;
    H5File *file;
    TRY(h5_open(path, &file));
    Status status = h5_check_format(
        file,
        MODEL_FORMAT
        "," CHECKPOINT_FORMAT
        ",collapse-encode,collapse-trace,collapse-scores,collapse-geometry,collapse-corpus,collapse-fisher",
        "collapse writes the files this program shows");
    if (!status) status = show_file(file);
    h5_close(&file);
    return status;
}

int main(int argc, char **argv)
{
    const Tool tool = {"collapse-show",
                       "collapse-show FILE.h5 [--all]",
                       "Show what is in a file written by collapse.",
                       table,
                       sizeof table / sizeof table[0],
                       &options,
                       "one file",
                       run,
                       NULL,
                       0,
                       0};
    return tool_main(&tool, argc, argv);
}
