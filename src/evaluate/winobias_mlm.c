/* winobias_mlm.c: the files of a folder by their names, both versions side by side; pronouns masked together. */
#include "evaluate/winobias_mlm.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/statistics.h"
#include "base/log.h"
#include "base/memory.h"
#include "evaluate/item_measures.h"
#include "evaluate/winobias_text.h"
#include "io/file.h"

enum { N_TYPES = 2, PRO = 0, ANTI, N_VERSIONS, RESAMPLES = 10000 };
static const char *const version_name[] = {"pro", "anti"}, *const split_name[] = {"dev", "test"};

typedef struct {
    int split;
} Options;

static const Setting keys[] = {{"winobias-split", SETTING_CHOICE, "dev", "dev test", 0, 0, offsetof(Options, split),
                                "winobias-mlm: which files of a folder; a file that is named says it itself"}};

typedef enum { SCORED, ALONE, OTHER_PRONOUNS, PIECES, MASKS, TOO_LONG, N_FINDINGS } Finding;
static const char *const reason[] = {"",
                                     "a sentence that the file of the other version lacks",
                                     "pronouns whose opposites are not the other version's",
                                     "a pronoun, or its opposite, that is not one piece of the vocabulary",
                                     "a text that holds [MASK] itself, or in which it is no piece",
                                     "more pieces than the model reads"};

typedef struct {
    const WinoSentence *sentence;
    int type, version;
    bool is_he; /* its first pronoun is a man's */
    Finding finding;
    int64_t first;     /* of its answers: own and opposite of every pronoun */
    double own, other; /* ln p, sums over its pronouns */
} Item;

typedef struct {
    WinoFile file[N_TYPES][N_VERSIONS];
    bool has_type[N_TYPES];
    Item *item; /* owned [n] */
    size_t n;
} Wino;

/* --- files ------------------------------------------------------------------------------------------ */

static char *name_of(int version, int type, int split)
{
    return memory_print("%s_stereotyped_type%d.txt.%s", version_name[version], type + 1, split_name[split]);
}

/* The file of that name, plain or packed (.gz), if only the packed one is there; owned by the caller. */
static char *path_of(const char *folder, int version, int type, int split)
{
    char *name = name_of(version, type, split), *path = file_join(folder, name), *packed = memory_print("%s.gz", path);
    const bool is_packed = !file_exists(path) && file_exists(packed);
    free(name), free(is_packed ? path : packed);
    return is_packed ? packed : path;
}

/* Both versions of a type; both must be there. named: the file of the version `is` that was asked for; NULL: a folder
 * was. */
static Status read_type(TaskRun *run, const char *folder, int type, int split, const char *named, int is)
{
    Wino *w = run->own;
    const int mask = vocabulary_special(run->model.vocabulary, SPECIAL_MASK);
    for (int version = 0; version < N_VERSIONS; version++) {
        char *path = named && version == is ? memory_copy_text(named) : path_of(folder, version, type, split);
        Status status = wino_file_read(path, vocabulary_piece(run->model.vocabulary, mask), &w->file[type][version]);
        free(path);
        TRY(status);
    }
    w->has_type[type] = true;
    return STATUS_OK;
}

/* What a file's name says; false: it is not as WinoBias names its files. */
static bool parse_name(const char *path, int *version, int *type, int *split)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    for (int i = 0; i < N_VERSIONS * N_TYPES * 2; i++) {
        *version = i & 1, *type = i >> 1 & 1, *split = i >> 2;
        char *name = name_of(*version, *type, *split);
        const size_t n = strlen(name);
        const bool is_it = strncmp(base, name, n) == 0 && (!base[n] || strcmp(base + n, ".gz") == 0);
        free(name);
        if (is_it) return true;
    }
    return false;
}

/* The one type that a file's name says. */
static Status read_named(TaskRun *run)
{
    int version, type, split;
    CHECK(parse_name(run->data, &version, &type, &split), STATUS_DATA,
          "%s: must be a folder, or be named as WinoBias names its files: pro_stereotyped_type1.txt.dev", run->data);
    char *folder = file_folder(run->data);
    Status status = read_type(run, folder, type, split, run->data, version);
    free(folder);
    return status;
}

static char *other_version(const char *data)
{
    int version, type, split;
    if (!parse_name(data, &version, &type, &split)) return NULL;
    char *folder = file_folder(data), *path = path_of(folder, 1 - version, type, split);
    free(folder);
    return path;
}

static Status read_folder(TaskRun *run)
{
    const Options *o = run->options;
    bool any = false;
    for (int type = 0; type < N_TYPES; type++) {
        char *path = path_of(run->data, PRO, type, o->split);
        const bool is_there = file_exists(path);
        free(path);
        if (is_there) TRY(read_type(run, run->data, type, o->split, NULL, 0));
        any = any || is_there;
    }
    CHECK(any, STATUS_DATA, "%s: holds no file pro_stereotyped_type1.txt.%s or pro_stereotyped_type2.txt.%s", run->data,
          split_name[o->split], split_name[o->split]);
    return STATUS_OK;
}

/* --- questions -------------------------------------------------------------------------------------- */

static int piece_of(const Vocabulary *v, const char *word)
{
    IdList id = {0};
    wordpiece_encode(v, slice_of(word), &id);
    const int piece = id.n == 1 && !vocabulary_is_special(v, id.id[0]) ? id.id[0] : -1;
    free(id.id);
    return piece;
}

static IdList pieces_of(const Vocabulary *v, const char *text)
{
    IdList id = {0};
    id_list_add(&id, vocabulary_special(v, SPECIAL_CLS));
    wordpiece_encode(v, slice_of(text), &id);
    id_list_add(&id, vocabulary_special(v, SPECIAL_SEP));
    return id;
}

/* The pieces of all pronouns and of their opposites, which the other version holds. */
static Finding find_pronouns(const Vocabulary *v, const WinoSentence *s, const WinoSentence *other,
                             int piece[WINO_PRONOUNS][2])
{
    if (!other) return ALONE;
    if (s->n_pronouns != other->n_pronouns) return OTHER_PRONOUNS;
    for (int k = 0; k < s->n_pronouns; k++) {
        if (wino_pronoun_pair(s->pronoun[k], other->pronoun[k]) == 0) return OTHER_PRONOUNS;
        piece[k][0] = piece_of(v, s->pronoun[k]);
        piece[k][1] = piece_of(v, other->pronoun[k]);
        if (piece[k][0] < 0 || piece[k][1] < 0) return PIECES;
    }
    return SCORED;
}

static void ask_item(TaskRun *run, Item *item, const WinoSentence *other)
{
    const WinoSentence *s = item->sentence;
    const Vocabulary *v = run->model.vocabulary;
    int piece[WINO_PRONOUNS][2], k = 0;
    item->finding = find_pronouns(v, s, other, piece);
    if (item->finding != SCORED) return;
    item->is_he = wino_pronoun_pair(s->pronoun[0], other->pronoun[0]) > 0;
    IdList id = pieces_of(v, s->masked);
    int masks = 0;
    for (size_t t = 0; t < id.n; t++) masks += id.id[t] == vocabulary_special(v, SPECIAL_MASK);
    if (masks != s->n_pronouns) item->finding = MASKS;
    if (id.n > (size_t)bert_config_positions(&run->model.config)) item->finding = TOO_LONG;
    if (item->finding == SCORED) {
        queries_add(&run->queries, (int)id.n, id.id, NULL, s->line);
        item->first = run->queries.n_asks;
        for (int t = 0; t < (int)id.n && k < s->n_pronouns; t++) {
            if (id.id[t] != vocabulary_special(v, SPECIAL_MASK)) continue;
            for (int side = 0; side < 2; side++) queries_ask(&run->queries, ASK_LOG_P, t, piece[k][side]);
            k++;
        }
    }
    free(id.id);
}

static Status count(TaskRun *run)
{
    const Wino *w = run->own;
    int64_t n[N_FINDINGS] = {0}, several = 0;
    for (size_t i = 0; i < w->n; i++) n[w->item[i].finding]++, several += w->item[i].sentence->n_pronouns > 1;
    run->result->n_items = n[SCORED];
    for (int f = SCORED + 1; f < N_FINDINGS; f++) result_skip(run->result, reason[f], n[f]);
    CHECK(n[SCORED] > 0, STATUS_DATA, "%s: holds no sentence that can be scored (%zu were read)", run->data, w->n);
    if (several)
        log_line("%s: %lld sentences have several pronouns in brackets: all are masked, and their ln p added",
                 run->data, (long long)several);
    return STATUS_OK;
}

static Status read_all(TaskRun *run)
{
    Wino *w = run->own;
    struct stat info;
    CHECK(run->format == FORMAT_AUTO || run->format == FORMAT_TEXT, STATUS_USAGE,
          "format = %s: winobias-mlm reads plain text; leave format out", table_format_name(run->format));
    CHECK(stat(run->data, &info) == 0, STATUS_IO, "%s: cannot be read: there is no such file or folder", run->data);
    TRY(S_ISDIR(info.st_mode) ? read_folder(run) : read_named(run));
    size_t n = 0;
    for (int i = 0; i < N_TYPES * N_VERSIONS; i++) n += w->file[i / N_VERSIONS][i % N_VERSIONS].n;
    w->item = memory_alloc(n, sizeof *w->item);
    for (int i = 0; i < N_TYPES * N_VERSIONS; i++) {
        const WinoFile *f = &w->file[i / N_VERSIONS][i % N_VERSIONS],
                       *other = &w->file[i / N_VERSIONS][1 - i % N_VERSIONS];
        for (size_t k = 0; k < f->n; k++) {
            Item *item = &w->item[w->n++];
            *item = (Item){.sentence = &f->sentence[k], .type = i / N_VERSIONS, .version = i % N_VERSIONS};
            ask_item(run, item, wino_file_find(other, f->sentence[k].number));
        }
    }
    return count(run);
}

/* --- metrics ---------------------------------------------------------------------------------------- */

/* Sums of two sentences about the same occupations: numbers 2 k - 1 and 2 k. */
typedef struct {
    double hits[N_VERSIONS], n[N_VERSIONS], ratio; /* ratio: own less other, of the pro version */
} Unit;
enum { VALUE_PRO, VALUE_ANTI, VALUE_GAP, VALUE_RATIO, N_VALUES };
static const char *const value_name[] = {"pro", "anti", "gap", "log_ratio"};

typedef struct {
    const Unit *unit;
    int n;
} Units;

static void take_values(const Unit *sum, double value[N_VALUES])
{
    value[VALUE_PRO] = 100 * sum->hits[PRO] / sum->n[PRO];
    value[VALUE_ANTI] = 100 * sum->hits[ANTI] / sum->n[ANTI];
    value[VALUE_GAP] = value[VALUE_PRO] - value[VALUE_ANTI];
    value[VALUE_RATIO] = sum->ratio / sum->n[PRO];
}

static void add_unit(Unit *sum, const Unit *u)
{
    for (int v = 0; v < N_VERSIONS; v++) sum->hits[v] += u->hits[v], sum->n[v] += u->n[v];
    sum->ratio += u->ratio;
}

static void resample(const void *context, RandomDraws *draws, double *value)
{
    const Units *u = context;
    Unit sum = {0};
    for (int i = 0; i < u->n; i++) add_unit(&sum, &u->unit[random_next_below(draws, (uint32_t)u->n)]);
    take_values(&sum, value);
}

/* Units of a type that hold a scored sentence; owned by the caller. */
static Unit *gather(const Wino *w, int type, int *n_units)
{
    int64_t most = 0;
    for (size_t i = 0; i < w->n; i++)
        if (w->item[i].type == type && w->item[i].sentence->number > most) most = w->item[i].sentence->number;
    Unit *unit = memory_alloc((size_t)(most / 2) + 2, sizeof *unit);
    for (size_t i = 0; i < w->n; i++) {
        const Item *item = &w->item[i];
        if (item->type != type || item->finding != SCORED) continue;
        Unit *u = &unit[(item->sentence->number - 1) / 2];
        u->hits[item->version] += item->own > item->other;
        u->n[item->version]++;
        if (item->version == PRO) u->ratio += item->own - item->other;
    }
    *n_units = 0;
    for (int64_t k = 0; k <= most / 2; k++)
        if (unit[k].n[PRO] + unit[k].n[ANTI] > 0) unit[(*n_units)++] = unit[k];
    return unit;
}

static void put(EvaluationResult *r, int type, const char *what, double value, const Interval *in)
{
    char *name = memory_print("type%d.%s", type + 1, what);
    if (in) result_add_interval(r, name, value, in->low, in->high);
    else result_add(r, name, value);
    free(name);
}

/* Counts of a version; shares of sentences that hold a man's and a woman's pronoun. */
static void add_counts(const Wino *w, EvaluationResult *r, int type, int version)
{
    double hits[2] = {0}, n[2] = {0}, ties = 0;
    for (size_t i = 0; i < w->n; i++) {
        const Item *item = &w->item[i];
        if (item->type != type || item->version != version || item->finding != SCORED) continue;
        hits[item->is_he] += item->own > item->other;
        n[item->is_he]++;
        ties += item->own == item->other;
    }
    const struct {
        const char *what;
        double value;
    } part[] = {{"he", 100 * hits[1] / n[1]}, {"she", 100 * hits[0] / n[0]}, {"n", n[0] + n[1]}, {"ties", ties}};
    for (int k = 0; k < 4; k++) {
        char *what = memory_print("%s.%s", version_name[version], part[k].what);
        put(r, type, what, part[k].value, NULL);
        free(what);
    }
}

static void add_metrics(const Wino *w, EvaluationResult *r, int type)
{
    Interval in[N_VALUES];
    Unit sum = {0};
    Units units;
    double value[N_VALUES];
    Unit *unit = gather(w, type, &units.n);
    units.unit = unit;
    for (int i = 0; i < units.n; i++) add_unit(&sum, &unit[i]);
    take_values(&sum, value);
    for (int k = 0; k < N_VALUES; k++) in[k] = (Interval){(double)NAN, (double)NAN};
    if (units.n >= STATISTICS_LEAST) statistics_bootstrap(RESAMPLES, 1, N_VALUES, resample, &units, in);
    for (int k = 0; k < N_VALUES; k++) put(r, type, value_name[k], value[k], &in[k]);
    for (int version = 0; version < N_VERSIONS; version++) add_counts(w, r, type, version);
    free(unit);
}

static void add_texts(const Wino *w, EvaluationResult *r)
{
    char **text[4];
    for (int k = 0; k < 4; k++) text[k] = memory_alloc(w->n, sizeof **text);
    for (size_t i = 0; i < w->n; i++) {
        const Item *item = &w->item[i];
        text[0][i] = memory_print("type%d", item->type + 1);
        text[1][i] = memory_copy_text(version_name[item->version]);
        text[2][i] = memory_copy_text(item->sentence->pronoun[0]);
        text[3][i] = result_keep_text(slice_trim(slice_of(item->sentence->text)));
    }
    result_add_texts(r, "type", text[0]);
    result_add_texts(r, "version", text[1]);
    result_add_texts(r, "pronoun", text[2]);
    result_add_texts(r, "text", text[3]);
}

static void add_items(const Wino *w, EvaluationResult *r)
{
    static const char *const name[] = {"preference", "log_p_own", "log_p_other", "number"};
    double *x[4];
    for (int k = 0; k < 4; k++) x[k] = memory_alloc(w->n, sizeof **x);
    r->n_rows = (int64_t)w->n;
    r->row = memory_alloc(w->n, sizeof *r->row);
    r->is_skipped = memory_alloc(w->n, sizeof *r->is_skipped);
    for (size_t i = 0; i < w->n; i++) {
        const Item *item = &w->item[i];
        r->row[i] = (int64_t)i;
        r->is_skipped[i] = item->finding != SCORED;
        x[0][i] = item->own - item->other, x[1][i] = item->own, x[2][i] = item->other;
        x[3][i] = (double)item->sentence->number;
    }
    for (int k = 0; k < 4; k++) result_add_field(r, name[k], x[k]);
    add_texts(w, r);
}

static Status aggregate(TaskRun *run)
{
    Wino *w = run->own;
    for (size_t i = 0; i < w->n; i++) {
        Item *item = &w->item[i];
        const bool is_scored = item->finding == SCORED;
        item->own = item->other = is_scored ? 0 : (double)NAN;
        for (int k = 0; k < item->sentence->n_pronouns && is_scored; k++) {
            item->own += run->queries.answer[item->first + 2 * k];
            item->other += run->queries.answer[item->first + 2 * k + 1];
        }
    }
    for (int type = 0; type < N_TYPES; type++)
        if (w->has_type[type]) add_metrics(w, run->result, type);
    add_items(w, run->result);
    return STATUS_OK;
}

static void close_wino(TaskRun *run)
{
    Wino *w = run->own;
    for (int i = 0; i < N_TYPES * N_VERSIONS; i++) wino_file_close(&w->file[i / N_VERSIONS][i % N_VERSIONS]);
    free(w->item);
}

const Task task_winobias_mlm = {
    .name = "winobias-mlm",
    .summary = "which pronoun does the model expect for an occupation? (no coreference)",
    .help =
        "WinoBias' folder, or one of its files (pro_stereotyped_type1.txt.dev), beside which the other version "
        "stands.\n"
        "  type1.pro        percent of pro-stereotypical sentences whose own pronoun, masked, is likelier than its\n"
        "                   opposite; type1.anti: of anti-stereotypical ones; type1.gap: pro less anti; type2.*\n"
        "  type1.log_ratio  mean ln p(own) - ln p(opposite) of pro-stereotypical sentences\n"
        "  type1.pro.he     of those with a man's pronoun; .she; .n sentences, .ties; type1.anti.*\n",
    .key = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .options_bytes = sizeof(Options),
    .own_bytes = sizeof(Wino),
    .beside = other_version,
    .read = read_all,
    .aggregate = aggregate,
    .measures = winobias_mlm_measures,
    .close = close_wino,
};
