/* test_toy_task.c: an evaluation in one file, added by a test, on the scorer as it is (docs/add-a-task.md): a key of
 * its own, one masked sequence per line, states, a skipped line, items with numbers and texts. ranks: 1 2 3 */
#include <stddef.h>

#include "base/log.h"
#include "data/wordpiece.h"
#include "evaluate/task.h"
#include "tiny_model.h"

/* --- the task: the mean log-probability of a word at the end of every line --------------------------- */

typedef struct {
    const char *word;
} ToyOptions;

typedef struct {
    int64_t *answer; /* owned [n]; -1: skipped */
    char **text;     /* owned [n] */
    size_t n, answers, texts;
    int64_t n_states;
} Toy;

static const Setting toy_key[] = {
    {"toy-word", SETTING_TEXT, "a", "", 0, 0, offsetof(ToyOptions, word), "toy: the word that is scored"}};
static const char *const toy_metric[] = {"toy.mean", "toy.states", NULL};

static void toy_add_line(TaskRun *run, int word, Table *table, Slice line)
{
    Toy *toy = run->own;
    const Vocabulary *v = run->model.vocabulary;
    IdList id = {0};
    id_list_add(&id, vocabulary_special(v, SPECIAL_CLS));
    wordpiece_encode(v, line, &id);
    id_list_add(&id, vocabulary_special(v, SPECIAL_MASK));
    memory_reserve((void **)&toy->answer, &toy->answers, toy->n + 1, sizeof *toy->answer);
    memory_reserve((void **)&toy->text, &toy->texts, toy->n + 1, sizeof *toy->text);
    toy->answer[toy->n] = -1;
    if (id.n <= 5) { /* longer ones are left out */
        queries_add(&run->queries, (int)id.n, id.id, NULL, table->line);
        toy->answer[toy->n] = queries_ask(&run->queries, ASK_LOG_P, (int)id.n - 1, word);
        queries_ask(&run->queries, ASK_STATE, 0, 0);
        run->result->n_items++;
    }
    toy->text[toy->n++] = result_keep_text(line);
    free(id.id);
}

static Status toy_read(TaskRun *run)
{
    const ToyOptions *o = run->options;
    IdList word = {0};
    Table table;
    int place;
    bool more = true;
    wordpiece_encode(run->model.vocabulary, slice_of(o->word), &word);
    const int id = word.n == 1 ? word.id[0] : -1;
    free(word.id);
    CHECK(id >= 0, STATUS_USAGE, "toy-word = '%s' is not one piece", o->word);
    TRY(table_open(run->data, run->format, &table));
    Status status = table_want(&table, run->column, &place);
    while (!status && !(status = table_next(&table, &more)) && more) toy_add_line(run, id, &table, table.field[place]);
    table_close(&table);
    const Toy *toy = run->own;
    result_skip(run->result, "a line of more than three words", (int64_t)toy->n - run->result->n_items);
    return status;
}

static void toy_visit(TaskRun *run, int n, const real *x, const int *number)
{
    Toy *toy = run->own;
    (void)x, (void)number;
    toy->n_states += n;
}

static Status toy_aggregate(TaskRun *run)
{
    Toy *toy = run->own;
    EvaluationResult *r = run->result;
    double sum = 0, *value = memory_alloc(toy->n, sizeof *value);
    r->n_rows = (int64_t)toy->n;
    r->row = memory_alloc(toy->n, sizeof *r->row);
    r->is_skipped = memory_alloc(toy->n, sizeof *r->is_skipped);
    for (size_t i = 0; i < toy->n; i++) {
        r->row[i] = (int64_t)i;
        r->is_skipped[i] = toy->answer[i] < 0;
        value[i] = toy->answer[i] < 0 ? (double)NAN : run->queries.answer[toy->answer[i]];
        if (toy->answer[i] >= 0) sum += value[i];
    }
    result_add(r, "toy.mean", r->n_items ? sum / (double)r->n_items : (double)NAN);
    result_add(r, "toy.states", (double)toy->n_states);
    result_add_field(r, "log_p", value);
    result_add_texts(r, "text", toy->text);
    toy->text = NULL;
    return STATUS_OK;
}

static void toy_close(TaskRun *run)
{
    Toy *toy = run->own;
    for (size_t i = 0; toy->text && i < toy->n; i++) free(toy->text[i]);
    free(toy->text);
    free(toy->answer);
}

static const Task toy_task = {.name = "toy",
                              .summary = "a word at the end of every line",
                              .help = "  toy.mean  mean ln p(word)\n",
                              .key = toy_key,
                              .n_keys = 1,
                              .options_bytes = sizeof(ToyOptions),
                              .own_bytes = sizeof(Toy),
                              .metric = toy_metric,
                              .read = toy_read,
                              .visit = toy_visit,
                              .aggregate = toy_aggregate,
                              .close = toy_close};

/* --- the test --------------------------------------------------------------------------------------- */

static double metric(const EvaluationResult *r, const char *name)
{
    for (size_t i = 0; i < r->n_metrics; i++)
        if (strcmp(r->metric[i].name, name) == 0) return r->metric[i].value;
    return (double)NAN;
}

static Status run(const Comm *comm, const char *model, const char *data, const char *word, EvaluationResult *result)
{
    const ToyOptions options = {word};
    TaskRun task = {.task = task_find("toy"), .options = &options, .model_path = model, .data = data, .column = "text"};
    return task_run(comm, &task, result);
}

static void check_result(const Comm *comm, const char *folder, const EvaluationResult *r)
{
    const double mean = metric(r, "toy.mean");
    double sum = 0;
    for (int i = 0; i < r->n_rows; i++)
        if (!r->is_skipped[i]) sum += r->field[0].number[i];
    check(r->n_items == 3 && r->n_skipped == 1 && near(metric(r, "toy.states"), 3, 0) && near(sum / 3, mean, 1e-12) &&
              mean < 0,
          "three lines are scored, one is skipped, three states are seen: %.6f", mean);
    check(r->n_rows == 4 && isnan(r->field[0].number[2]) && strcmp(r->field[1].text[2], "a b c d e f") == 0,
          "items keep numbers and texts");
    char *path = memory_print("%s/mean", folder);
    FILE *f = fopen(path, comm->n_ranks == 1 ? "w" : "r");
    double one = 0;
    if (comm->n_ranks == 1) fwrite(&mean, sizeof mean, 1, f);
    else check(f && fread(&one, sizeof one, 1, f) == 1 && memcmp(&one, &mean, sizeof one) == 0, "the bits of one rank");
    if (f) fclose(f);
    free(path);
}

int main(int argc, char **argv)
{
    Comm comm;
    if (comm_init(&argc, &argv, &comm)) return 1;
    harness_speaks = comm.rank == 0;
    log_init(false);
    check(runtime_init(&comm, 1, &(GemmChoice){0}, true) == STATUS_OK, "the same kernels everywhere");
    task_add(&toy_task);
    check(strstr(task_names(), "toy") && task_find("toy") == &toy_task && !task_find("toi"), "it is in the table: %s",
          task_names());
    const char *base = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char *folder = memory_print("%s/toy-task", base),
         *model = comm.n_ranks == 1 ? tiny_model(&comm, folder) : memory_print("%s/model.h5", folder),
         *data = memory_print("%s/lines.txt", folder);
    if (comm.rank == 0) tiny_write(folder, "lines.txt", "a b\nc\na b c d e f\nh g f\n");
    comm_barrier(&comm);
    EvaluationResult result = {0};
    Status status = run(&comm, model, data, "b", &result);
    check(status == STATUS_OK, "the toy is evaluated%s%s", status ? ": " : "", status ? status_message() : "");
    if (!status && comm.rank == 0) check_result(&comm, folder, &result);
    result_free(&result);
    status = run(&comm, model, data, "a b", &result);
    check(status == STATUS_USAGE, "a fault of its own reaches all ranks: %s", status ? status_message() : "none");
    result_free(&result);
    free(folder), free(model), free(data);
    const int code = harness_done();
    comm_finalize(&comm);
    return code;
}
