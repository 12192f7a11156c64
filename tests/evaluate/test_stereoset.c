/* test_stereoset.c: LMS, SS and ICAT from published scores of sentences, equal to the published values, and how many
 * masked sequences the published files make. A worked example stands in for them where ../shared is absent. */
#include "../harness.h"
#include "base/memory.h"
#include "evaluate/stereoset.h"
#include "evaluate/stereoset_measure.h"
#include "io/json.h"

static double metric(const EvaluationResult *r, const char *name)
{
    for (size_t i = 0; i < r->n_metrics; i++)
        if (strcmp(r->metric[i].name, name) == 0) return r->metric[i].value;
    return (double)NAN;
}

/* Three terms in two types, one of them in both; term a of two examples, one a tie. */
static void check_worked(void)
{
    const double score[][3] = {{3, 1, 2}, {2, 2, 1}, {1, 3, 2}, {3, 2, 1}, {(double)NAN, 1, 2}};
    const int type[] = {0, 0, 0, 1, 1}, target[] = {0, 0, 1, 1, 2};
    StereoExample example[5];
    Names types = {0}, targets = {0};
    EvaluationResult r = {0};
    names_number(&types, slice_of("x")), names_number(&types, slice_of("y"));
    for (int t = 0; t < 3; t++) names_number(&targets, (Slice){&"abc"[t], 1});
    for (int i = 0; i < 5; i++) {
        example[i] = (StereoExample){.type = type[i], .target = target[i]};
        for (int k = 0; k < N_STEREO_SCORINGS; k++) memcpy(example[i].score[k], score[i], sizeof score[i]);
    }
    stereoset_measure(5, example, &types, &targets, &r);
    check(near(metric(&r, "x.ss"), 25, 1e-12) && near(metric(&r, "x.lms"), 62.5, 1e-12) &&
              near(metric(&r, "x.icat"), 31.25, 1e-12) && near(metric(&r, "x.ties"), 1, 0),
          "means within terms, then over terms; a tie is no stereotype: %.4f %.4f", metric(&r, "x.ss"),
          metric(&r, "x.lms"));
    check(near(metric(&r, "x.micro.ss"), 100.0 / 3, 1e-12) && near(metric(&r, "x.micro.lms"), 200.0 / 3, 1e-12),
          "means over examples");
    check(near(metric(&r, "overall.ss"), 50, 1e-12) && near(metric(&r, "overall.terms"), 2, 0) &&
              near(metric(&r, "overall.n"), 4, 0) && near(metric(&r, "y.n"), 1, 0),
          "a term of two types is one overall; an example without a score is left out");
    result_free(&r), names_free(&types), names_free(&targets);
}

/* The score of a sentence in lines "id TAB score"; NaN: not there. */
static double score_of(const char *text, const char *id)
{
    const char *at = strstr(text, id);
    return at && at[strlen(id)] == '\t' ? strtod(at + strlen(id), NULL) : (double)NAN;
}

static void check_published(const char *folder, const char *data, const char *scores, const double want[5])
{
    static const char *const label[] = {"stereotype", "anti-stereotype", "unrelated"}, *const name[] = {
                                                                                           "gender.lms", "gender.ss",
                                                                                           "gender.icat",
                                                                                           "gender.micro.lms",
                                                                                           "gender.micro.ss"};
    char *data_path = memory_print("%s/data/eval/stereoset/%s", folder, data),
         *score_path = memory_print("%s/data/eval/stereoset/%s", folder, scores), *text = NULL;
    size_t length, i, k;
    json_t *root = NULL, *object, *sentence;
    if (json_read_file(data_path, &root) || text_file_read(score_path, &text, &length)) {
        check(false, "%s", status_message());
        return;
    }
    json_t *list = json_object_get(json_object_get(root, "data"), "intrasentence");
    StereoExample *example = memory_alloc(json_array_size(list), sizeof *example);
    Names types = {0}, targets = {0};
    json_array_foreach(list, i, object)
    {
        example[i].type = names_number(&types, slice_of(json_string_value(json_object_get(object, "bias_type"))));
        example[i].target = names_number(&targets, slice_of(json_string_value(json_object_get(object, "target"))));
        json_array_foreach(json_object_get(object, "sentences"), k, sentence)
        {
            int l = 0;
            while (strcmp(json_string_value(json_object_get(sentence, "gold_label")), label[l]) != 0) l++;
            example[i].score[0][l] = example[i].score[1][l] =
                score_of(text, json_string_value(json_object_get(sentence, "id")));
        }
    }
    EvaluationResult r = {0};
    stereoset_measure((int)json_array_size(list), example, &types, &targets, &r);
    double worst = 0;
    for (k = 0; k < 5; k++) worst = fmax(worst, fabs(metric(&r, name[k]) - want[k]));
    check(near(worst, 0, 1e-10) && !isnan(metric(&r, "gender.ss")),
          "%s with %s: LMS %.10f, SS %.10f, ICAT %.10f: %.1e apart", data, scores, metric(&r, name[0]),
          metric(&r, name[1]), metric(&r, name[2]), worst);
    bool holds = true;
    for (size_t m = 0; m < r.n_metrics; m++)
        if (r.metric[m].has_interval && !isnan(r.metric[m].low) && strstr(r.metric[m].name, "icat") == NULL)
            holds = holds && r.metric[m].low < r.metric[m].value && r.metric[m].value < r.metric[m].high;
    check(holds, "values lie within their intervals");
    result_free(&r), names_free(&types), names_free(&targets), json_decref(root), free(text), free(example);
    free(data_path), free(score_path);
}

static void check_sequences(const char *folder, const char *data, int want)
{
    char *vocab = memory_print("%s/models/minilm-mlm/vocab.txt", folder),
         *path = memory_print("%s/data/eval/stereoset/%s", folder, data);
    EvaluationResult result = {0};
    TaskRun run = {.task = &task_stereoset, .data = path, .result = &result};
    run.model.config.positions = 512;
    run.own = memory_alloc(task_stereoset.own_bytes, 1);
    Status status = vocabulary_read(vocab, CASE_LOWER, &run.model.vocabulary);
    if (!status) status = task_stereoset.read(&run);
    check(!status && run.queries.pack.n_samples == want && result.n_skipped == 0, "%s: %d masked sequences%s", data,
          run.queries.pack.n_samples, status ? status_message() : "");
    task_stereoset.close(&run);
    vocabulary_free(run.model.vocabulary), queries_free(&run.queries), result_free(&result);
    free(run.own), free(vocab), free(path);
}

int main(void)
{
    const char *shared = harness_shared();
    const double dev[] = {82.50328729241772, 61.48204661682922, 63.55715547775384, 82.35294117647058,
                          61.568627450980394},
                 test[] = {85.24625940073217, 57.63231033963168, 72.23374125994953, 85.14915693904021,
                           57.5875486381323};
    check_worked();
    if (!shared) {
        skip("published scores: no ../shared");
        return harness_done();
    }
    check_published(shared, "gender_dev.json", "oracle_gender_dev_bert-base-cased.tsv", dev);
    check_published(shared, "gender_test.json", "oracle_gender_test_mabel-repo.tsv", test);
    check_sequences(shared, "gender_test.json", 2851);
    check_sequences(shared, "gender_dev.json", 1000);
    return harness_done();
}
