/* test_table_stream.c: a table read window by window holds what the whole table holds. Oracle: table_open. The window
 * ends after every 2^18 bytes, so every snippet is moved over that place byte by byte. */
#include <zlib.h>

#include "../harness.h"
#include "base/memory.h"
#include "io/table.h"

enum { CHUNK = 1 << 18 };

typedef struct {
    char *text; /* fields of all records, each with its line */
    size_t length;
    Status status;
} Answer;

static Answer read_it(const char *path, TableFormat format, bool streams)
{
    Table t;
    Answer a = {0};
    int place;
    bool more;
    FILE *out = memory_stream(&a.text, &a.length);
    a.status = streams ? table_stream(path, format, 1, &t) : table_open(path, format, &t);
    if (!a.status) a.status = table_want(&t, "Text", &place);
    while (!a.status && !(a.status = table_next(&t, &more)) && more)
        fprintf(out, "%lld %lld %.*s|", (long long)t.line, (long long)t.record, (int)t.field[place].length,
                t.field[place].start);
    if (a.status) fprintf(out, "%s", status_message());
    else fprintf(out, "%lld literal", (long long)t.n_literal);
    memory_stream_close(out);
    table_close(&t);
    return a;
}

static void write_file(const char *path, const char *head, size_t filler, const char *unit, const char *snippet)
{
    FILE *f = fopen(path, "w");
    size_t n = strlen(head);
    fputs(head, f);
    for (; n + strlen(unit) <= filler; n += strlen(unit)) fputs(unit, f);
    for (; n < filler; n++) fputc('\n', f); /* blank lines */
    fputs(snippet, f);
    fclose(f);
}

/* What is no text is refused before the first record by one, behind the records before it by the other. */
static const char *sentence(const Answer *a)
{
    const char *bar = a->status ? strrchr(a->text, '|') : NULL;
    return bar ? bar + 1 : a->text;
}

/* Every place of the snippet at the window's end; returns the number of differences. */
static int differences(const char *path, TableFormat format, bool refused, const char *head, const char *unit,
                       const char *snippet)
{
    int wrong = 0;
    for (size_t before = 0; before <= strlen(snippet) + 1; before++) {
        write_file(path, head, CHUNK - before, unit, snippet);
        Answer whole = read_it(path, format, false), streamed = read_it(path, format, true);
        const bool same = whole.length == streamed.length && memcmp(whole.text, streamed.text, whole.length) == 0;
        wrong += (whole.status != STATUS_OK) != refused || whole.status != streamed.status ||
                 !(same || (whole.status && strcmp(whole.text, sentence(&streamed)) == 0));
        free(whole.text);
        free(streamed.text);
    }
    return wrong;
}

int main(void)
{
    static const struct {
        const char *about;
        TableFormat format;
        const char *head, *unit, *snippet;
    } c[] = {
        {"lines, CR LF, lone CR, blanks, UTF-8", FORMAT_TEXT, "", "a line\n",
         "b\r\nc\r\n\rd\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n \n\nlast"},
        {"CSV, quotes, line breaks inside", FORMAT_CSV, "ID,Text\n", "1,some text\n",
         "2,\"a \"\"b\"\",\r\nc\" \r\n3, \"d\ne\"\r\n\n4,\"\xe2\x82\xac\"\n5,\"\"\n"},
        {"CSV, a quote that R escaped", FORMAT_CSV, "ID,Text\n", "1,some text\n", "2,\"a \\\"b\\\" c\"\n3,\"d\"\n"},
        {"CSV, refused: text behind a quote", FORMAT_CSV, "ID,Text\n", "1,some text\n", "2,\"a\" b\n3,\"d\"\n"},
        {"CSV, refused: never closed", FORMAT_CSV, "ID,Text\n", "1,some text\n", "2,\"a b\n3,d\n"},
        {"CSV, refused: a field too many", FORMAT_CSV, "ID,Text\n", "1,some text\n", "2,a,b\n"},
        {"TSV, literal quotes", FORMAT_TSV, "ID\tText\n", "1\tsome text\n", "2\t\"a\" b\n3\t\"c \"d\" e\"\n4\tf\n"},
        {"JSON lines, escapes", FORMAT_JSONL, "", "{\"Text\": \"some text\"}\n",
         "{\"Text\": \"a \\\"b\\\" \\u20ac\"}\r\n\n{\"x\": 1, \"Text\": \"\xc3\xa9\"}"},
        {"JSON lines, refused: a line that ends too early", FORMAT_JSONL, "", "{\"Text\": \"some text\"}\n",
         "{\"Text\": \"a\n"},
        {"refused: not UTF-8", FORMAT_TEXT, "", "a line\n", "b\n\xe2\x82 c\n\xf0\x9f"},
        {"refused: half a character at the end", FORMAT_TEXT, "", "a line\n", "b\xe2\x82"},
        {"refused: a NUL byte", FORMAT_TSV, "ID\tText\n", "1\tsome text\n", "2\ta\n3\t\xff b\n"},
    };
    char path[4200];
    snprintf(path, sizeof path, "%s/stream", getenv("TMP") ? getenv("TMP") : "/tmp");
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++)
        check(differences(path, c[i].format, strstr(c[i].about, "refused"), c[i].head, c[i].unit, c[i].snippet) == 0,
              "%s: as the whole table", c[i].about);

    /* A record larger than windows, gzip, a byte order mark. */
    char *large = memory_alloc(5 * CHUNK, 1);
    char *at = stpcpy(large, "2,\"");
    memset(at, 'x', 3 * CHUNK);
    strcpy(at + 3 * CHUNK, "\"\"\n\"\n3,b\n");
    check(differences(path, FORMAT_CSV, false, "\xef\xbb\xbfID,Text\n", "1,some text\n", "2,b\n") == 0,
          "a byte order mark");
    write_file(path, "ID,Text\n", 1000, "1,some text\n", large);
    Answer whole = read_it(path, FORMAT_CSV, false), streamed = read_it(path, FORMAT_CSV, true);
    check(whole.length == streamed.length && memcmp(whole.text, streamed.text, whole.length) == 0 && !whole.status,
          "a record of three windows");
    free(streamed.text);
    char packed[4300];
    snprintf(packed, sizeof packed, "%s.gz", path);
    gzFile gz = gzopen(packed, "wb");
    gzputs(gz, "ID,Text\n");
    for (int i = 0; i < 1000 - 8 - 12; i += 12) gzputs(gz, "1,some text\n");
    gzputs(gz, "\n\n\n\n\n\n\n\n");
    gzputs(gz, large);
    gzclose(gz);
    streamed = read_it(packed, FORMAT_CSV, true);
    Answer packed_whole = read_it(packed, FORMAT_CSV, false);
    check(packed_whole.length == streamed.length && memcmp(packed_whole.text, streamed.text, streamed.length) == 0 &&
              !streamed.status,
          "compressed by gzip");
    free(whole.text), free(streamed.text), free(packed_whole.text), free(large);
    return harness_done();
}
