/* stereoset.c: every piece of a candidate behind those before it, one masked sequence each; a context and a sentence to
 * the next-sentence head. */
#include "evaluate/stereoset.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "evaluate/item_measures.h"
#include "evaluate/stereoset_control.h"
#include "evaluate/stereoset_measure.h"
#include "io/json.h"

typedef struct {
    int64_t controls; /* control groups of an example, at most */
} Options;

static const Setting keys[] = {
    {"stereoset-controls", SETTING_INTEGER, "0", "", 0, STEREO_CONTROLS, offsetof(Options, controls),
     "also score the fillers of an example in its context with other groups in it, at most this many"},
};

static const char *const label_name[] = {"stereotype", "anti-stereotype", "unrelated"};

typedef enum { SCORED, NO_FIELD, NO_PIECES, NO_MASK, TOO_LONG, NO_HEAD, N_FINDINGS } Finding;
static const char *const reason[] = {"",
                                     "a sentence with fewer words than its context, or another of its example",
                                     "a candidate without pieces, or another of its example",
                                     "a context in which [MASK] is no piece, or another of its example",
                                     "more pieces than the model reads, or another of its example",
                                     "an intersentence example, for which the model has no next-sentence head"};

typedef struct {
    int label, pieces;
    int64_t first; /* of its answers, one for each piece; of an intersentence one the only answer */
    char *id;      /* owned, as its texts */
    char *text;
    double score[N_STEREO_SCORINGS];
    double control; /* mean score over control groups; NaN: none */
} Sentence;

/* An example's context with another group in it: the first answers for its stereotype and its anti-stereotype. */
typedef struct {
    size_t example;
    int64_t first[2];
} Asked;

typedef struct {
    Sentence *sentence; /* owned [N_STEREO_LABELS n], in the order of the file */
    StereoExample *example;
    Finding *finding; /* owned [n]: of an example */
    size_t n, n_intra;
    Names types, targets;
    int64_t masked, several, unknown, twice; /* forwards; candidates; pieces; contexts */
    WordPairs pairs;                         /* for controls, as the next */
    Asked *control;                          /* owned [n_controls], those of an example side by side */
    size_t n_controls, control_capacity;
    int64_t control_masked;
} Stereo;

/* --- candidates ------------------------------------------------------------------------------------- */

/* Place of the last word between single blanks that holds BLANK, or -1. */
static int blank_of(const char *context)
{
    Slice rest = slice_of(context), field;
    int last = -1;
    for (int i = 0; slice_next_field(&rest, ' ', &field); i++) {
        char *word = slice_copy(field);
        if (strstr(word, "BLANK")) last = i;
        free(word);
    }
    return last;
}

/* The word at a place without ASCII punctuation, owned by the caller; NULL: there is none. */
static char *candidate_of(const char *sentence, int place)
{
    Slice rest = slice_of(sentence), field;
    for (int i = 0; slice_next_field(&rest, ' ', &field); i++) {
        if (i < place) continue;
        char *word = slice_copy(field), *end = word;
        for (size_t k = 0; k < field.length; k++)
            if (!ispunct((unsigned char)field.start[k])) *end++ = field.start[k];
        *end = '\0';
        return word;
    }
    return NULL;
}

/* The first n pieces as text: blanks between words, pieces that continue one glued to it; owned by the caller. The
 * candidate holds no punctuation, so that a tokenizer's cleaning of blanks has nothing to do. */
static char *decode(const Vocabulary *v, int n, const int32_t *id)
{
    const char *prefix = vocabulary_tokenizer(v)->prefix;
    const size_t skip = strlen(prefix);
    char *text = memory_copy_text("");
    for (int i = 0; i < n; i++) {
        const char *piece = vocabulary_piece(v, id[i]);
        const bool glued = i > 0 && skip && strncmp(piece, prefix, skip) == 0;
        char *longer = memory_print("%s%s%s", text, i == 0 || glued ? "" : " ", glued ? piece + skip : piece);
        free(text);
        text = longer;
    }
    return text;
}

/* The context with `filler` in the place of every BLANK; owned by the caller. */
static char *fill(const char *context, const char *filler)
{
    char *text = memory_copy_text("");
    for (const char *at = context, *next;; at = next + strlen("BLANK")) {
        next = strstr(at, "BLANK");
        char *longer =
            next ? memory_print("%s%.*s%s", text, (int)(next - at), at, filler) : memory_print("%s%s", text, at);
        free(text);
        text = longer;
        if (!next) return text;
    }
}

/* --- questions -------------------------------------------------------------------------------------- */

static void specials_around(const Vocabulary *v, const char *text, IdList *id)
{
    id_list_add(id, vocabulary_special(v, SPECIAL_CLS));
    wordpiece_encode(v, slice_of(text), id);
    id_list_add(id, vocabulary_special(v, SPECIAL_SEP));
}

/* Piece k of the candidate, behind those before it. */
static Finding ask_piece(TaskRun *run, const char *context, const IdList *piece, int k, int64_t example)
{
    Stereo *s = run->own;
    const Vocabulary *v = run->model.vocabulary;
    const int mask = vocabulary_special(v, SPECIAL_MASK);
    char *before = decode(v, k, piece->id), *filler = memory_print("%s%s", before, vocabulary_piece(v, mask)),
         *text = fill(context, filler);
    IdList id = {0};
    specials_around(v, text, &id);
    free(before), free(filler), free(text);
    size_t place = 0;
    while (place < id.n && id.id[place] != mask) place++;
    Finding found = place == id.n ? NO_MASK : SCORED;
    if (id.n > (size_t)bert_config_positions(&run->model.config)) found = TOO_LONG;
    if (found == SCORED) {
        queries_add(&run->queries, (int)id.n, id.id, NULL, example);
        queries_ask(&run->queries, ASK_LOG_P, (int)place, piece->id[k]);
        s->unknown += piece->id[k] == vocabulary_special(v, SPECIAL_UNK);
        s->masked++;
    }
    free(id.id);
    return found;
}

static Finding ask_candidate(TaskRun *run, const char *context, int place, int64_t example, Sentence *sentence)
{
    char *word = candidate_of(sentence->text, place);
    if (!word) return NO_FIELD;
    IdList piece = {0};
    wordpiece_encode(run->model.vocabulary, slice_of(word), &piece);
    free(word);
    Finding found = piece.n ? SCORED : NO_PIECES;
    sentence->pieces = (int)piece.n;
    sentence->first = run->queries.n_asks;
    for (int k = 0; k < (int)piece.n && found == SCORED; k++) found = ask_piece(run, context, &piece, k, example);
    ((Stereo *)run->own)->several += found == SCORED && piece.n > 1;
    free(piece.id);
    return found;
}

/* Does the sentence follow the context? One answer. */
static Finding ask_next(TaskRun *run, const char *context, int64_t example, Sentence *sentence)
{
    const Vocabulary *v = run->model.vocabulary;
    const BertConfig *c = &run->model.config;
    if (!c->next_sentence || c->types < 2) return NO_HEAD;
    IdList id = {0};
    specials_around(v, context, &id);
    const size_t first = id.n;
    wordpiece_encode(v, slice_of(sentence->text), &id);
    sentence->pieces = (int)(id.n - first);
    id_list_add(&id, vocabulary_special(v, SPECIAL_SEP));
    Finding found = sentence->pieces ? SCORED : NO_PIECES;
    if (id.n > (size_t)bert_config_positions(c)) found = TOO_LONG;
    if (found == SCORED) {
        int32_t *kind = memory_alloc(id.n, sizeof *kind);
        for (size_t i = 0; i < id.n; i++) kind[i] = i >= first;
        queries_add(&run->queries, (int)id.n, id.id, kind, example);
        sentence->first = queries_ask(&run->queries, ASK_NEXT, 0, 0);
        free(kind);
    }
    free(id.id);
    return found;
}

/* The stereotype and the anti-stereotype of example i in another context; left out where one of them cannot be asked
 * there. */
static void ask_control(TaskRun *run, const char *original, const char *context, size_t i)
{
    Stereo *s = run->own;
    const int64_t masked = s->masked, unknown = s->unknown;
    Asked asked = {.example = i};
    bool good = true;
    for (size_t k = N_STEREO_LABELS * i; k < N_STEREO_LABELS * (i + 1) && good; k++) {
        Sentence copy = s->sentence[k];
        if (copy.label == STEREO_UNRELATED) continue;
        good = ask_candidate(run, context, blank_of(original), (int64_t)i + 1, &copy) == SCORED;
        asked.first[copy.label] = copy.first;
    }
    s->control_masked += s->masked - masked;
    s->masked = masked, s->unknown = unknown;
    memory_reserve((void **)&s->control, &s->control_capacity, s->n_controls + 1, sizeof *s->control);
    if (good) s->control[s->n_controls++] = asked;
}

static void ask_controls(TaskRun *run, const json_t *list)
{
    Stereo *s = run->own;
    const Options *o = run->options;
    const json_t *object;
    size_t i;
    StereoFrame *frame = memory_alloc(s->n_intra + 1, sizeof *frame);
    Swapper swapper;
    swap_init(&swapper, &s->pairs, NULL);
    json_array_foreach((json_t *)list, i, object)
    {
        const StereoExample *e = &s->example[i];
        frame[i] = stereo_frame_of(json_string_value(json_object_get(object, "context")), s->targets.name[e->target],
                                   e->type, e->target, strcmp(s->types.name[e->type], "gender") == 0);
    }
    const int64_t several = s->several;
    for (i = 0; i < s->n_intra; i++) {
        char *context[STEREO_CONTROLS];
        int n = s->finding[i] == SCORED
                    ? stereo_frame_controls(frame, (int)s->n_intra, (int)i, (int)o->controls, &swapper, context)
                    : 0;
        while (n-- > 0) ask_control(run, frame[i].context, context[n], i), free(context[n]);
    }
    s->several = several;
    for (i = 0; i < s->n_intra; i++) free(frame[i].before);
    free(frame);
    swap_free(&swapper);
}

/* --- the file --------------------------------------------------------------------------------------- */

/* A text of an object; where: what the object is, for messages. */
static Status text_of(const TaskRun *run, const json_t *object, const char *key, const char *where, const char **text)
{
    *text = json_string_value(json_object_get(object, key));
    CHECK(*text, STATUS_DATA, "%s: %s has no text '%s'; every example of StereoSet has it", run->data, where, key);
    return STATUS_OK;
}

static Status read_sentence(TaskRun *run, const json_t *object, const char *where, Sentence *s)
{
    const char *id, *text, *label;
    TRY(text_of(run, object, "id", where, &id));
    TRY(text_of(run, object, "sentence", where, &text));
    TRY(text_of(run, object, "gold_label", where, &label));
    s->label = 0;
    while (s->label < N_STEREO_LABELS && strcmp(label, label_name[s->label]) != 0) s->label++;
    CHECK(s->label < N_STEREO_LABELS, STATUS_DATA,
          "%s: %s: gold_label is '%s'; it must be stereotype, anti-stereotype or unrelated", run->data, where, label);
    s->id = memory_copy_text(id);
    s->text = memory_copy_text(text);
    return STATUS_OK;
}

static Status read_sentences(TaskRun *run, const json_t *list, const char *where, Sentence sentence[N_STEREO_LABELS])
{
    bool seen[N_STEREO_LABELS] = {0};
    CHECK(json_array_size(list) == N_STEREO_LABELS, STATUS_DATA, "%s: %s has %zu sentences; it must have three",
          run->data, where, json_array_size(list));
    for (size_t i = 0; i < N_STEREO_LABELS; i++) {
        TRY(read_sentence(run, json_array_get(list, i), where, &sentence[i]));
        CHECK(!seen[sentence[i].label], STATUS_DATA,
              "%s: %s has two sentences labelled '%s'; it must have one of each label", run->data, where,
              label_name[sentence[i].label]);
        seen[sentence[i].label] = true;
    }
    return STATUS_OK;
}

/* Its three questions; the example is left out from the first that cannot be asked. */
static Status ask_example(TaskRun *run, size_t i, const char *context, const char *where)
{
    Stereo *s = run->own;
    const bool is_next = s->example[i].part == STEREO_INTER;
    const int place = is_next ? 0 : blank_of(context);
    CHECK(place >= 0, STATUS_DATA, "%s: %s: its context has no BLANK: '%s'", run->data, where, context);
    s->twice += !is_next && strstr(strstr(context, "BLANK") + 1, "BLANK") != NULL;
    for (size_t k = N_STEREO_LABELS * i; k < N_STEREO_LABELS * (i + 1) && s->finding[i] == SCORED; k++)
        s->finding[i] = is_next ? ask_next(run, context, (int64_t)i + 1, &s->sentence[k])
                                : ask_candidate(run, context, place, (int64_t)i + 1, &s->sentence[k]);
    return STATUS_OK;
}

static Status add_example(TaskRun *run, StereoPart part, const json_t *object, const char *where)
{
    Stereo *s = run->own;
    const char *context, *target, *type;
    const size_t i = s->n++;
    TRY(text_of(run, object, "context", where, &context));
    TRY(text_of(run, object, "target", where, &target));
    TRY(text_of(run, object, "bias_type", where, &type));
    CHECK(names_is_sound(slice_of(type)) && strcmp(type, "overall") != 0, STATUS_DATA,
          "%s: %s: bias_type is '%s'; it must be a name without '/', other than overall", run->data, where, type);
    s->example[i].part = part;
    s->example[i].type = names_number(&s->types, slice_of(type));
    s->example[i].target = names_number(&s->targets, slice_of(target));
    TRY(read_sentences(run, json_object_get(object, "sentences"), where, s->sentence + N_STEREO_LABELS * i));
    return ask_example(run, i, context, where);
}

static Status add_list(TaskRun *run, StereoPart part, const json_t *list)
{
    const json_t *object;
    size_t i;
    json_array_foreach((json_t *)list, i, object)
    {
        const char *id = json_string_value(json_object_get(object, "id"));
        char *where = memory_print("%sexample %zu%s%s", part == STEREO_INTER ? "intersentence " : "", i + 1,
                                   id ? ", id " : "", id ? id : "");
        Status status = add_example(run, part, object, where);
        free(where);
        TRY(status);
    }
    return STATUS_OK;
}

static bool wants_controls(const TaskRun *run)
{
    const Options *o = run->options;
    return o && o->controls > 0;
}

static Status add_examples(TaskRun *run, const json_t *root)
{
    Stereo *s = run->own;
    const json_t *data = json_object_get(root, "data"), *intra = json_object_get(data, "intrasentence"),
                 *inter = json_object_get(data, "intersentence");
    CHECK(json_is_array(intra), STATUS_DATA,
          "%s: is no file of StereoSet: it has no list 'intrasentence' in an object 'data'", run->data);
    CHECK(!inter || json_is_array(inter), STATUS_DATA, "%s: intersentence in data is no list", run->data);
    const size_t n = json_array_size(intra) + json_array_size(inter);
    s->example = memory_alloc(n + 1, sizeof *s->example);
    s->finding = memory_alloc(n + 1, sizeof *s->finding);
    s->sentence = memory_alloc(N_STEREO_LABELS * n + 1, sizeof *s->sentence);
    TRY(add_list(run, STEREO_INTRA, intra));
    s->n_intra = s->n;
    if (wants_controls(run)) ask_controls(run, intra);
    return add_list(run, STEREO_INTER, inter);
}

static Status count(TaskRun *run)
{
    Stereo *s = run->own;
    int64_t n[N_FINDINGS] = {0};
    for (size_t i = 0; i < s->n; i++) n[s->finding[i]] += N_STEREO_LABELS;
    run->result->n_items = n[SCORED];
    for (int f = SCORED + 1; f < N_FINDINGS; f++) result_skip(run->result, reason[f], n[f]);
    CHECK(n[SCORED] > 0, STATUS_DATA, "%s: holds no example that can be scored (%zu were read)", run->data, s->n);
    if (s->unknown)
        log_line("%s: %lld pieces of candidates are unknown to the vocabulary; they are scored as [UNK]", run->data,
                 (long long)s->unknown);
    if (s->twice)
        log_line("%s: %lld contexts hold BLANK twice: both are masked, and the first is scored", run->data,
                 (long long)s->twice);
    return STATUS_OK;
}

static Status read_examples(TaskRun *run)
{
    CHECK(run->format == FORMAT_AUTO, STATUS_USAGE, "format = %s: stereoset reads JSON; leave format out",
          table_format_name(run->format));
    char *text;
    size_t length;
    json_t *root;
    TRY(text_file_read(run->data, &text, &length));
    Status status = json_parse(run->data, text, length, &root);
    free(text);
    if (!status) status = add_examples(run, root);
    json_decref(root);
    return status ? status : count(run);
}

/* --- answers ---------------------------------------------------------------------------------------- */

/* The mean as the first and differences from it: equal numbers have exactly their mean. */
static double mean_of(int n, const double *log_p, StereoScoring scoring)
{
    double origin = 0, sum = 0;
    for (int k = 0; k < n; k++) {
        const double x = scoring == STEREO_MEAN_P ? exp(log_p[k]) : log_p[k];
        if (k == 0) origin = x;
        sum += x - origin;
    }
    return origin + sum / n;
}

static double score_of(const Sentence *one, StereoPart part, const Queries *q, StereoScoring scoring)
{
    const double *answer = q->answer + one->first;
    if (part == STEREO_INTRA) return mean_of(one->pieces, answer, scoring);
    return scoring == STEREO_MEAN_P ? 1 / (1 + exp(-*answer)) : -log1p(exp(-*answer)); /* of the odds */
}

static void score_examples(Stereo *s, const Queries *q)
{
    for (size_t i = 0; i < N_STEREO_LABELS * s->n; i++) {
        Sentence *one = &s->sentence[i];
        const bool is_scored = s->finding[i / N_STEREO_LABELS] == SCORED;
        for (StereoScoring k = 0; k < N_STEREO_SCORINGS; k++) {
            StereoExample *e = &s->example[i / N_STEREO_LABELS];
            one->score[k] = is_scored ? score_of(one, e->part, q, k) : (double)NAN;
            e->score[k][one->label] = one->score[k];
        }
    }
}

/* Preferences of examples, in their own contexts and in those of their control groups. */
static void measure_controls(Stereo *s, const Queries *q, EvaluationResult *r)
{
    StereoControl *example = memory_alloc(s->n + 1, sizeof *example);
    for (size_t i = 0; i < N_STEREO_LABELS * s->n; i++) s->sentence[i].control = (double)NAN;
    for (size_t i = 0; i < s->n; i++)
        example[i] = (StereoControl){.type = s->example[i].type, .target = s->example[i].target};
    for (size_t c = 0, n; c < s->n_controls; c += n) {
        const size_t i = s->control[c].example;
        Sentence *of[N_STEREO_LABELS];
        for (size_t k = N_STEREO_LABELS * i; k < N_STEREO_LABELS * (i + 1); k++)
            of[s->sentence[k].label] = &s->sentence[k];
        double sum[N_STEREO_SCORINGS][2] = {{0}};
        for (n = 0; c + n < s->n_controls && s->control[c + n].example == i; n++) {
            double x[N_STEREO_SCORINGS][2];
            for (StereoScoring k = 0; k < N_STEREO_SCORINGS; k++)
                for (int l = 0; l < 2; l++)
                    sum[k][l] += x[k][l] = mean_of(of[l]->pieces, q->answer + s->control[c + n].first[l], k);
            example[i].hits += x[STEREO_MEAN_P][0] > x[STEREO_MEAN_P][1];
            example[i].ties += x[STEREO_MEAN_P][0] == x[STEREO_MEAN_P][1];
        }
        example[i].n = (int)n;
        for (StereoScoring k = 0; k < N_STEREO_SCORINGS; k++) {
            example[i].own[k] = of[0]->score[k] - of[1]->score[k];
            example[i].control[k] = (sum[k][0] - sum[k][1]) / (double)n;
        }
        for (int l = 0; l < 2; l++) of[l]->control = sum[STEREO_MEAN_P][l] / (double)n;
    }
    stereo_control_measure((int)s->n, example, &s->types, &s->targets, r);
    result_add(r, "control_masked", (double)s->control_masked);
    free(example);
}

static void add_texts(const Stereo *s, EvaluationResult *r)
{
    static const char *const name[] = {"id", "part", "label", "type", "target", "text"};
    char **text[6];
    for (int k = 0; k < 6; k++) text[k] = memory_alloc((size_t)r->n_rows + 1, sizeof **text);
    for (size_t i = 0; i < (size_t)r->n_rows; i++) {
        const Sentence *one = &s->sentence[i];
        const StereoExample *e = &s->example[i / N_STEREO_LABELS];
        const char *const value[] = {one->id,
                                     e->part == STEREO_INTER ? "inter" : "intra",
                                     label_name[one->label],
                                     s->types.name[e->type],
                                     s->targets.name[e->target],
                                     one->text};
        for (int k = 0; k < 6; k++) text[k][i] = result_keep_text(slice_of(value[k]));
    }
    for (int k = 0; k < 6; k++) result_add_texts(r, name[k], text[k]);
}

static void add_control_scores(const Stereo *s, EvaluationResult *r)
{
    double *x = memory_alloc((size_t)r->n_rows, sizeof *x);
    for (size_t i = 0; i < (size_t)r->n_rows; i++) x[i] = s->sentence[i].control;
    result_add_field(r, "control_score", x);
}

static void add_items(const Stereo *s, bool has_controls, EvaluationResult *r)
{
    const size_t n = N_STEREO_LABELS * s->n;
    double *score = memory_alloc(n, sizeof *score), *log_score = memory_alloc(n, sizeof *log_score),
           *pieces = memory_alloc(n, sizeof *pieces);
    r->n_rows = (int64_t)n;
    r->row = memory_alloc(n, sizeof *r->row);
    r->is_skipped = memory_alloc(n, sizeof *r->is_skipped);
    for (size_t i = 0; i < n; i++) {
        r->row[i] = (int64_t)i;
        r->is_skipped[i] = s->finding[i / N_STEREO_LABELS] != SCORED;
        score[i] = s->sentence[i].score[STEREO_MEAN_P];
        log_score[i] = s->sentence[i].score[STEREO_MEAN_LOG_P];
        pieces[i] = r->is_skipped[i] ? (double)NAN : s->sentence[i].pieces;
    }
    result_add_field(r, "score", score);
    result_add_field(r, "log_score", log_score);
    result_add_field(r, "pieces", pieces);
    if (has_controls) add_control_scores(s, r);
    add_texts(s, r);
}

static Status aggregate(TaskRun *run)
{
    Stereo *s = run->own;
    score_examples(s, &run->queries);
    stereoset_measure((int)s->n, s->example, &s->types, &s->targets, run->result);
    result_add(run->result, "masked", (double)s->masked);
    result_add(run->result, "several_pieces", (double)s->several);
    result_add(run->result, "unknown", (double)s->unknown);
    result_add(run->result, "blank_twice", (double)s->twice);
    if (wants_controls(run)) measure_controls(s, &run->queries, run->result);
    add_items(s, wants_controls(run), run->result);
    return STATUS_OK;
}

static void close_stereo(TaskRun *run)
{
    Stereo *s = run->own;
    for (size_t i = 0; i < N_STEREO_LABELS * s->n; i++) free(s->sentence[i].id), free(s->sentence[i].text);
    free(s->sentence);
    free(s->example);
    free(s->finding);
    free(s->control);
    word_pairs_free(&s->pairs);
    names_free(&s->types);
    names_free(&s->targets);
}

static Status begin(const Comm *comm, TaskRun *run)
{
    if (!wants_controls(run)) return STATUS_OK;
    return word_pairs_read(comm, "", "", PAIRS_TWICE_REFUSED, &((Stereo *)run->own)->pairs);
}

static const char *const headline[] = {"overall.lms", "overall.ss", "overall.icat", NULL};

const Task task_stereoset = {
    .name = "stereoset",
    .summary = "does the model prefer a stereotype to its opposite, and either to nonsense?",
    .help =
        "the JSON of StereoSet. TYPE: a bias type, or overall.\n"
        "  TYPE.lms     percent of comparisons in which a meaningful filler is likelier than the unrelated one\n"
        "  TYPE.ss      percent of examples whose stereotype is likelier than the anti-stereotype; 50 is best\n"
        "  TYPE.icat    lms min(ss, 100 - ss) / 50; these are means over target terms of means within (macro)\n"
        "  TYPE.micro.* the same over examples; TYPE.log.*: by the mean ln p of a filler's pieces, not the mean p\n"
        "  TYPE.inter.* of the intersentence examples, by p that the sentence follows its context (the model must\n"
        "               have a next-sentence head); TYPE.both.*: the terms of both pooled\n"
        "  TYPE.n       examples that were scored; TYPE.terms, TYPE.ties (stereotype as likely as its opposite)\n"
        "  TYPE.control.ss with --stereoset-controls: percent of control groups whose stereotype is likelier (50: "
        "none);\n"
        "               .own: TYPE.ss of the same examples; .group: percent of examples whose own group raises the\n"
        "               stereotype (50: no group does); .rho: correlation of own and control preferences; .n, .groups, "
        ".ties\n"
        "  masked       sequences that were asked about; several_pieces, unknown, blank_twice: fillers of several\n"
        "               pieces, pieces [UNK] that were scored, contexts with two blanks\n",
    .headline = headline,
    .key = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .options_bytes = sizeof(Options),
    .own_bytes = sizeof(Stereo),
    .begin = begin,
    .read = read_examples,
    .aggregate = aggregate,
    .measures = stereoset_measures,
    .close = close_stereo,
};
