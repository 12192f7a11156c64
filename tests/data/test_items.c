/* test_items.c: records of tables to items. Oracle: data/sample_text, which encode and geometry read with, record by
 * record; texts by hand. ranks: 1 3 */
#include "data/items.h"

#include <stdio.h>
#include <stdlib.h>

#include "../harness.h"
#include "base/log.h"
#include "data/corpus.h"
#include "data/sample_text.h"

static const char *const pieces[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "e"};
static Vocabulary *vocabulary;
static char path[400];

static void write_file(const Comm *comm, const char *name, const char *text)
{
    const char *base = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/%s", base ? base : "/tmp", name);
    if (comm->rank == 0) {
        FILE *f = fopen(path, "w");
        fputs(text, f);
        fclose(f);
    }
    comm_barrier(comm);
}

/* Text `number` of the data is the sample that sample_text makes of the line. */
static bool is_sample(const Dataset *data, int number, const char *line, int max_length)
{
    SamplePack p = {0};
    const SampleRules rules = {vocabulary, max_length, 2, true, "by hand"};
    sample_pack_clear(&p);
    bool same = sample_pack_add(&rules, slice_of(line), 1, &p) == STATUS_OK;
    const int64_t at = data->offset[number];
    same = same && (int64_t)p.id.n == data->offset[number + 1] - at;
    for (size_t i = 0; same && i < p.id.n; i++)
        same =
            p.id.id[i] == data->id[at + (int64_t)i] && p.kind.id[i] == (data->kind ? data->kind[at + (int64_t)i] : 0);
    sample_pack_free(&p);
    return same;
}

static void gives(const Comm *comm, const char *what, const ItemsRequest *request, int n, const char *const *line)
{
    Dataset data;
    const Status status = items_read(comm, path, vocabulary, request, &data);
    int same = 0, longest = 0;
    for (int i = 0; !status && i < n * data.n_texts && i < dataset_texts(&data); i++) {
        same += is_sample(&data, i, line[i], request->max_length);
        if (dataset_length(&data, i) > longest) longest = dataset_length(&data, i);
    }
    check(!status && data.n == n && same == n * data.n_texts && longest == data.longest, "%s: %d of %d texts: %s", what,
          same, n, status ? status_message() : "");
    if (!status) dataset_free(&data);
}

static void refuses(const Comm *comm, const ItemsRequest *request, const char *says)
{
    Dataset data;
    const Status status = items_read(comm, path, vocabulary, request, &data);
    check(status == STATUS_DATA && strstr(status_message(), says), "%s", status ? status_message() : "was read");
}

int main(int argc, char **argv)
{
    Comm comm;
    if (comm_init(&argc, &argv, &comm)) return 1;
    harness_speaks = comm.rank == 0;
    log_init(false);
    Tokenizer tokenizer;
    if (tokenizer_plain("by hand", pieces, 10, true, &tokenizer)) return 1;
    vocabulary = vocabulary_from(&tokenizer);
    ItemsRequest pairs = {.n_columns = 2, .column = {"x", "y"}, .is_pair = true, .max_length = 8};
    static const char *const line[] = {"a b\tc", "a\tb c d e a b c", "a b c d e\ta b c d e", "d\td", "e"};
    write_file(&comm, "items.txt", "a b\tc\n\na\tb c d e a b c\n a b c d e \t a b c d e\nd\td\ne\n");
    gives(&comm, "plain text, a TAB between the texts of a pair, or none", &pairs, 5, line);
    write_file(&comm, "items.csv", "y,z,x\nc,1,a b\n\"b c d e a b c\",2,a\na b c d e,3,\"a b c d e\"\nd,4,d\n");
    gives(&comm, "columns by name", &pairs, 4, line);
    static const char *const four[] = {"a", "b c", "d", "e", "b", "a", "c d e a b c d e", "d"};
    const ItemsRequest texts = {.n_columns = 4, .max_length = 8};
    write_file(&comm, "four.csv", "p,q,r,s,more\na,b c,d,e,x\nb,a,c d e a b c d e,d,\n");
    gives(&comm, "four texts by place", &texts, 2, four);
    refuses(&comm, &pairs, "'x'");
    write_file(&comm, "three.csv", "p,q,r\na,b,c\n");
    refuses(&comm, &texts, "has 3 columns, but 4 are needed");
    write_file(&comm, "hole.csv", "p,q,r,s\na,b,c,d\na,b,,d\n");
    refuses(&comm, &texts, "record 2, line 3: text 3 of 4 is empty");
    write_file(&comm, "control.csv", "p,q,r,s\na,b,c,d\na,b,c,d\na,b,\001,d\n");
    refuses(&comm, &texts, "record 3: a text is nothing but control characters");
    write_file(&comm, "four.txt", "a b\n");
    refuses(&comm, &texts, "is plain text, but 4 texts an item need a table");
    vocabulary_free(vocabulary);
    tokenizer_free(&tokenizer);
    const int code = harness_done();
    comm_finalize(&comm);
    return code;
}
