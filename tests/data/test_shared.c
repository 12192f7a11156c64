/* test_shared.c: what rank 0 reads is what all have, whatever their own files hold (another node, another copy).
 * ranks: 1 2 3 */
#include "../harness.h"
#include "data/texts.h"
#include "data/wordlist.h"
#include "parallel/comm.h"

static Comm comm;

static const char *own_file(const char *text)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/rank%d.txt", getenv("TMP") ? getenv("TMP") : "/tmp", comm.rank);
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    return path;
}

/* The smallest and largest of a number over ranks are rank 0's. */
static bool same_everywhere(double value)
{
    const Spread s = comm_spread(&comm, value);
    return s.min == s.max;
}

static void words(void)
{
    static const char *const pieces[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "he", "she", "king"};
    Vocabulary *v;
    WordList list;
    vocabulary_new("test", pieces, 8, true, &v);
    Status status =
        wordlist_read_shared(&comm, own_file(comm.rank == 0 ? "he\nking\n" : "she\n"), v, PIECES_WHOLE, &list);
    const bool good = !status && list.n == 2 && list.id[0] == 5 && list.id[1] == 7;
    check(good && same_everywhere(good), "the word list of rank 0");
    wordlist_free(&list);
    status = wordlist_read_shared(&comm, comm.rank == 0 ? "/nonexistent" : own_file("she\n"), v, PIECES_WHOLE, &list);
    check(status == STATUS_IO && same_everywhere(status) && strstr(status_message(), "/nonexistent"),
          "refused alike: %s", status_message());
    vocabulary_free(v);
}

static void texts(void)
{
    Texts t;
    Status status = texts_read(&comm, own_file(comm.rank == 0 ? "a\nb\nc\nd\n\n" : "x\n"), FORMAT_AUTO, "Text", &t);
    int64_t count[] = {t.n, 0};
    for (int i = 0; i < t.n && !status; i++)
        count[1] += t.first + i == 4 ? !t.text[i].length : t.text[i].start[0] == 'a' + t.first + i;
    comm_sum_i64(&comm, count, 2);
    check(!status && t.n_all == 5 && count[0] == 5 && count[1] == 5 && t.is_plain,
          "five lines of rank 0, each once, in order");
    texts_free(&t);
    status = texts_read(&comm, own_file(comm.rank == 0 ? "" : "x\n"), FORMAT_AUTO, "Text", &t);
    check(status == STATUS_DATA && same_everywhere(status), "refused alike: %s", status_message());
    texts_free(&t);
}

int main(int argc, char **argv)
{
    comm_init(&argc, &argv, &comm);
    harness_speaks = comm.rank == 0;
    words();
    texts();
    comm_finalize(&comm);
    return harness_done();
}
