/* test_table.c: records of lines, TSV, CSV and JSON lines, case by case. Expected values by hand from RFC 4180, RFC
 * 8259 and what pandas, R 4.2 and Excel write; tests/oracle/table.py compares thousands of random tables with those
 * programs themselves. */
#include <zlib.h>

#include "../harness.h"
#include "io/table.h"

enum { MOST = 4000 };

static char path_of_file[4096];

static const char *written(const char *name, const char *bytes, size_t n)
{
    snprintf(path_of_file, sizeof path_of_file, "%s/%s", getenv("TMP") ? getenv("TMP") : "/tmp", name);
    FILE *f = fopen(path_of_file, "w");
    fwrite(bytes, 1, n, f);
    fclose(f);
    return path_of_file;
}

/* The wanted column of a file as text: records with | behind each; or the sentence of its refusal. */
static const char *column_of(const char *path, TableFormat format, const char *column, Status *status)
{
    static char out[MOST];
    Table table;
    int place;
    bool more;
    size_t n = 0;
    *status = table_open(path, format, &table);
    if (*status) return status_message();
    *status = table_want(&table, column, &place);
    while (!*status && !(*status = table_next(&table, &more)) && more && n + 200 < sizeof out)
        n += (size_t)snprintf(out + n, sizeof out - n, "%.*s|", (int)table.field[place].length,
                              table.field[place].start);
    out[n] = '\0';
    table_close(&table);
    return *status ? status_message() : out;
}

typedef struct {
    const char *about, *name, *bytes, *expected;
} Case;

static void reads(const Case *c, int n)
{
    for (int i = 0; i < n; i++) {
        Status status;
        const char *got = column_of(written(c[i].name, c[i].bytes, strlen(c[i].bytes)), FORMAT_AUTO, "Text", &status);
        check(!status && strcmp(got, c[i].expected) == 0, "%s: %s", c[i].about,
              status || strcmp(got, c[i].expected) ? got : "as written");
    }
}

static void refuses(const Case *c, int n)
{
    for (int i = 0; i < n; i++) {
        Status status;
        const char *got = column_of(written(c[i].name, c[i].bytes, strlen(c[i].bytes)), FORMAT_AUTO, "Text", &status);
        check(status == STATUS_DATA && strstr(got, c[i].expected) && strchr(got, '\n') == NULL, "%s: %s", c[i].about,
              got);
    }
}

static const Case good[] = {
    {"TSV", "a.tsv", "ID\tText\n1\the, was\n2\tshe\n", "he, was|she|"},
    {"no line end behind the last row", "a.tsv", "ID\tText\n1\the", "he|"},
    {"CR LF", "a.tsv", "ID\tText\r\n1\the\r\n", "he|"},
    {"a lone CR", "a.tsv", "ID\tText\r1\the\r2\tshe", "he|she|"},
    {"rows by CR, a line feed inside quotes (Excel on a Mac)", "a.csv", "ID,Text\r1,\"a\nb\"\r2,c\r", "a\nb|c|"},
    {"upper-case ending", "A.TSV", "ID\tText\n1\the\n", "he|"},
    {".tab", "a.tab", "ID\tText\n1\the\n", "he|"},
    {"a byte order mark", "a.tsv", "\xef\xbb\xbfText\tID\nhe\t1\n", "he|"},
    {"blanks around a name", "a.tsv", "ID\t Text \n1\the\n", "he|"},
    {"quotes around a name, and blanks", "a.csv", "ID, Text\n1,he\n", "he|"},
    {"empty fields", "a.tsv", "ID\tText\n1\t\n2\tshe\n", "|she|"},
    {"a row of separators is a row, a blank line is none", "a.csv", "ID,Text\n\n,\n  \n1,he\n", "|he|"},
    {"one column", "a.csv", "Text\nhe\n\"a, b\"\n", "he|a, b|"},
    {"RFC 4180: quotes, separators, line breaks", "a.csv",
     "ID,Text\r\n1,\"he said \"\"no\"\", then\r\nleft\"\r\n2,b\r\n", "he said \"no\", then\r\nleft|b|"},
    {"a field of quotes", "a.csv", "Text,n\n\"\"\"\",1\n\"\",2\n\"\"\"\"\"\",3\n", "\"||\"\"|"},
    {"blanks behind a closing quote", "a.csv", "Text,n\n\"he\" ,1\n", "he|"},
    {"a quote inside a field is literal", "a.csv", "Text,n\n5\" nails,1\n a \"b\",2\n", "5\" nails| a \"b\"|"},
    {"a field that does not end with its quote is literal in TSV", "a.tsv",
     "Text\tn\n\"No,\" he said.\t1\n\"a\" \"b\"\t2\n", "\"No,\" he said.|\"a\" \"b\"|"},
    {"semicolons (Excel in Europe)", "a.csv", "\xef\xbb\xbfID;Text\r\n1;a, b\r\n", "a, b|"},
    {"quoted names, semicolons (R's write.csv2)", "a.csv", "\"ID\";\"Text\"\n1;\"a, b\"\n", "a, b|"},
    {"Excel's sep=", "a.csv", "sep=|\nID|Text\n1|he\n", "he|"},
    {"no hint of Excel's", "a.csv", "sep=\",Text\n1,he\n", "he|"},
    {"R: row names without a name, quotes by backslash", "a.tsv",
     "\"ID\"\t\"Text\"\n\"1\"\t1\t\"he said \\\"no\\\"\"\n\"2\"\t2\t\"\\\"\"\n\"3\"\t3\t\"back\\\"\n",
     "he said \"no\"|\"|back\\|"},
    {"R: the first text is empty", "a.tsv", "\"ID\"\t\"Text\"\n\"1\"\t1\t\"\"\n\"2\"\t2\t\"she\"\n", "|she|"},
    {"R: without quotes, the first text is empty", "a.tsv", "ID\tText\n1\t1\t\n2\t2\tshe\n", "|she|"},
    {"R: write.csv", "a.csv", "\"\",\"Text\"\n\"1\",\"he said \"\"no\"\"\"\n", "he said \"no\"|"},
    {"JSON lines", "a.jsonl", "{\"id\": 1, \"Text\": \"he\"}\n\n{\"Text\":\"she\",\"n\":[1,{\"Text\":\"x\"}]}\n",
     "he|she|"},
    {"escapes", "a.ndjson", "{\"Text\": \"\\\"a\\\" \\\\ \\/ \\u00e9 \\ud83d\\ude00 \\n\\t\"}",
     "\"a\" \\ / \xc3\xa9 \xf0\x9f\x98\x80 \n\t|"},
    {"an escaped key", "a.jsonl", "{\"\\u0054ext\": \"he\"}\r\n", "he|"},
    {"null is an empty text, numbers are text", "a.jsonl", "{\"Text\": null}\n{\"Text\": -1.50e3}\n{\"Text\": true}\n",
     "|-1.50e3|true|"},
    {"plain text keeps its TABs, quotes and commas", "a.txt", "\"he\",\tshe\n\nText\n", "\"he\",\tshe||Text|"},
    {"plain text with braces", "a.txt", "{a} b\n", "{a} b|"},
    {"other endings are plain text", "a.en", "Text, and more\nhe\n", "Text, and more|he|"},
    {"plain text by CR", "a", "a\rb\r\nc\n\nd", "a|b|c||d|"},
};

static const Case bad[] = {
    {"column", "a.tsv", "ID\tBody\n1\ta\n", "line 1 names no column 'Text'; it names: 'ID', 'Body'"},
    {"nearest", "a.csv", "ID,text\n1,a\n", "did you mean 'text'?"},
    {"twice", "a.csv", "Text,Text\n1,a\n", "names the column 'Text' twice"},
    {"commas under .tsv", "a.tsv", "ID,Text\n1,a\n", "looks like CSV"},
    {"TABs under .csv", "a.csv", "ID\tText\n1\ta\n", "looks like a table with TABs"},
    {"no separator", "a.csv", "he said so\nno\n", "no comma or semicolon"},
    {"fields", "a.tsv", "ID\tText\n1\ta\n\n2\n", "line 4 has 1 fields, the header has 2"},
    {"too many", "a.csv", "ID,Text\n1,a\n2,b,c\n", "line 3 has 3 fields, the header has 2"},
    {"line numbers count those inside quotes", "a.csv", "ID,Text\n1,\"a\nb\nc\"\n2\n", "line 5 has 1 fields"},
    {"a separator at every end", "a.csv", "ID,Text\n1,a,\n2,b,\n", "line 2 has 3 fields"},
    {"open quote, CSV", "a.csv", "ID,Text\n1,\"a\n2,b\n", "line 2: a field begins with a quote that is never closed"},
    {"open quote, TSV", "a.tsv", "ID\tText\n1\tb\n2\t\"a\n",
     "line 3: a field begins with a quote that is never closed"},
    {"open quote, TSV, with other quotes behind", "a.tsv", "ID\tText\n1\t\"a\n2\tso \"b\" c\n",
     "line 2: a field begins with a quote that is never closed"},
    {"text behind a quote", "a.csv", "ID,Text\n1,\"a\"b\n", "line 2: text follows the closing quote"},
    {"empty", "a.csv", "", "is empty"},
    {"blank", "a.tsv", " \n\n", "is empty"},
    {"JSON lines under .txt", "a.txt", "{\"Text\": \"a\"}\n", "looks like JSON lines; give it a .jsonl name"},
    {"JSON lines under .csv", "a.csv", "{\"id\": 1, \"Text\": \"a\"}\n", "looks like JSON lines"},
    {"one JSON document", "a.json", "[\n {\"Text\": \"a\"}\n]\n", "one JSON document"},
    {"TSV under .txt", "a.txt", "ID\tText\n1\ta\n", "looks like a table with TABs"},
    {"CSV under .txt", "a.txt", "ID,Text\n1,\"a, b\"\n", "looks like CSV"},
    {"R's default under .txt", "a.txt", "\"ID\" \"Text\"\n\"1\" 1 \"a b\"\n", "R's write.table"},
    {"R's default under .tsv", "a.tsv", "\"ID\" \"Text\"\n\"1\" 1 \"a b\"\n", "R's write.table"},
    {"text under .jsonl", "a.jsonl", "he was\n", "line 1, column 1: not valid JSON lines: not an object"},
    {"an array", "a.jsonl", "[{\"Text\": \"a\"}]\n", "is a JSON array"},
    {"an object over lines", "a.jsonl", "{\n \"Text\": \"a\"\n}\n", "the line ends inside the object"},
    {"a key", "a.jsonl", "{\"Body\": \"a\"}\n", "names no key 'Text'; it names: 'Body'"},
    {"a key, later", "a.jsonl", "{\"Text\": \"a\"}\n\n{\"Body\": \"a\"}\n", "line 3 has no key 'Text'"},
    {"a list", "a.jsonl", "{\"Text\": [\"a\"]}\n", "a list or an object where text is wanted"},
    {"a key twice", "a.jsonl", "{\"Text\": \"a\"}\n{\"Text\": \"a\", \"Text\": \"b\"}\n",
     "line 2, column 26: not valid JSON lines: a key stands twice"},
    {"half a pair", "a.jsonl", "{\"Text\": \"\\ud83d\"}\n", "half a pair"},
    {"NUL as an escape", "a.jsonl", "{\"Text\": \"\\u0000\"}\n", "NUL"},
    {"numbers", "a.jsonl", "{\"Text\": 01}\n", "column 11"},
    {"text behind", "a.jsonl", "{\"Text\": \"a\"} {}\n", "text behind the object"},
    {"UTF-16", "a.txt", "\xff\xfeh", "is UTF-16"},
    {"Latin-1", "a.tsv", "ID\tText\n1\tcaf\xe9\n", "line 2: byte 0xe9"},
    {"a workbook", "a.csv", "PK\3\4x", "a zip file"},
    {"bzip2", "a.csv", "BZh91", "bzip2"},
    {"Git LFS", "a.csv", "version https://git-lfs.github.com/spec/v1\n", "git lfs pull"},
};

/* A format that is told wins over the name, and content is not doubted. */
static void told(void)
{
    static const struct {
        const char *name, *bytes, *expected;
        TableFormat format;
    } c[] = {{"a.txt", "ID\tText\n1\ta\n", "a|", FORMAT_TSV},
             {"a.tsv", "ID,Text\n1,a\n", "a|", FORMAT_CSV},
             {"a.txt", "{\"Text\": \"a\"}\n", "a|", FORMAT_JSONL},
             {"a.csv", "ID,Text\n1,a\n", "ID,Text|1,a|", FORMAT_TEXT},
             {"a.txt", "{\"Text\": \"a\"}\n", "{\"Text\": \"a\"}|", FORMAT_TEXT}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        Status status;
        const char *got = column_of(written(c[i].name, c[i].bytes, strlen(c[i].bytes)), c[i].format, "Text", &status);
        check(!status && strcmp(got, c[i].expected) == 0, "format = %s for %s: %s", table_format_name(c[i].format),
              c[i].name, got);
    }
}

static const char *compressed(const char *name, const char *text, bool more)
{
    snprintf(path_of_file, sizeof path_of_file, "%s/%s", getenv("TMP") ? getenv("TMP") : "/tmp", name);
    const char mode[] = {more ? 'a' : 'w', 'b', '6', '\0'}; /* a: another member */
    gzFile f = gzopen(path_of_file, mode);
    gzwrite(f, text, (unsigned)strlen(text));
    gzclose(f);
    return path_of_file;
}

static void gzip(void)
{
    Status status;
    compressed("m.csv.GZ", "\xef\xbb\xbfID,Text\n1,\"a", false);
    const char *path = compressed("m.csv.GZ", "\nb\"\n", true), *got = column_of(path, FORMAT_AUTO, "Text", &status);
    check(!status && strcmp(got, "a\nb|") == 0, "two members, the format by the ending before .GZ: %s", got);
    got = column_of(compressed("m.txt", "a\nb\n", false), FORMAT_AUTO, "Text", &status);
    check(!status && strcmp(got, "a|b|") == 0, "gzip under .txt: %s", got);
    got = column_of(written("plain.tsv.gz", "Text\na\n", 7), FORMAT_AUTO, "Text", &status);
    check(!status && strcmp(got, "a|") == 0, "a .gz name without gzip: %s", got);
    char bytes[400];
    FILE *f = fopen(compressed("cut.txt.gz", "he was late and so was she\n", false), "r");
    const size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    got = column_of(written("cut2.gz", bytes, n - 9), FORMAT_AUTO, "Text", &status);
    check(status == STATUS_DATA && strstr(got, "end too early"), "cut short: %s", got);
    bytes[n - 8] ^= 1; /* of the checksum */
    got = column_of(written("bad.gz", bytes, n), FORMAT_AUTO, "Text", &status);
    check(status == STATUS_DATA && strstr(got, "damaged"), "another checksum: %s", got);
    bytes[n - 8] ^= 1;
    memset(bytes + n, 0, 100);
    got = column_of(written("padded.gz", bytes, n + 100), FORMAT_AUTO, "Text", &status);
    check(!status && strcmp(got, "he was late and so was she|") == 0, "padding with zeros: %s", got);
}

static void numbers(void)
{
    Table table;
    int place, other;
    bool more;
    const char *text = "ID,Text\n\n7,\"a\nb\"\n8,\n9,c\n";
    Status status = table_open(written("n.csv", text, strlen(text)), FORMAT_AUTO, &table);
    if (!status) status = table_want(&table, "Text", &place);
    if (!status) status = table_want(&table, "ID", &other);
    const int64_t line[] = {3, 5, 6};
    int64_t sum = 0;
    for (int i = 0; i < 3 && !status; i++) {
        status = table_next(&table, &more);
        check(!status && more && table.record == i && table.line == line[i], "record %lld begins in line %lld",
              (long long)table.record, (long long)table.line);
        sum += table.field[other].start[0] - '0';
    }
    check(!status && sum == 24, "two columns of one row");
    check(!table_next(&table, &more) && !more && !table_next(&table, &more) && !more,
          "behind the last there is none, also when asked again");
    table_close(&table);
    table_open(written("n.tsv", "Text\n\"a\" b\n", 11), FORMAT_AUTO, &table);
    table_want(&table, "Text", &place);
    while (!table_next(&table, &more) && more) {
    }
    char *remark = table_remark(&table);
    check(remark && strstr(remark, "1 fields begin with a quote"), "said: %s", remark ? remark : "nothing");
    free(remark);
    table_close(&table);
}

static void remarks(void)
{
    static const struct {
        const char *name, *bytes, *column, *says;
    } c[] = {{"n.csv", "ID;Body\n1;a\n", "Body", "separated by ';'"},
             {"n.txt", "a\n", "Body", "is plain text and has no column 'Body'"},
             {"n.txt", "a\n", "Text", NULL},
             {"n.csv", "ID,Body\n1,a\n", "Body", NULL}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        Table table;
        int place;
        bool more;
        table_open(written(c[i].name, c[i].bytes, strlen(c[i].bytes)), FORMAT_AUTO, &table);
        table_want(&table, c[i].column, &place);
        while (!table_next(&table, &more) && more) {
        }
        char *remark = table_remark(&table);
        check(c[i].says ? remark && strstr(remark, c[i].says) : !remark, "%s, column %s: %s", c[i].name, c[i].column,
              remark ? remark : "nothing to say");
        free(remark);
        table_close(&table);
    }
}

/* Time grows with the length, not with its square: a wide header, lines by CR alone, a quote that opens every field.
 * Squares of these sizes would outlast the test's limit. */
static void large(void)
{
    enum { COLUMNS = 1000000, LINES = 4000000 };
    Table table;
    int place;
    bool more;
    char *text = malloc(2 * 9 * COLUMNS + 100), *at = text;
    for (int i = 0; i < COLUMNS; i++) at += sprintf(at, "c%d\t", i);
    at = stpcpy(at, "Text\n");
    for (int i = 0; i < COLUMNS; i++) *at++ = '\t';
    at = stpcpy(at, "he\n");
    Status status = table_open_text("wide.tsv", text, (size_t)(at - text), FORMAT_AUTO, &table);
    if (!status) status = table_want(&table, "Text", &place);
    if (!status) status = table_next(&table, &more);
    check(!status && more && slice_is(table.field[place], "he"), "a header of a million columns");
    table_close(&table);
    static const char *const unit[] = {"a\r", "\"a\" b\tb\n", "\"\"\"a\"\tb\n", "\"\\\"\"\tb\n"};
    static const char *const about[] = {"lines by CR", "open quotes", "doubled quotes", "escaped quotes"};
    for (int u = 0; u < 4; u++) {
        const size_t n = strlen(unit[u]);
        text = malloc(n * LINES + 20);
        at = stpcpy(text, u ? "Text\tb\n" : "Text\r");
        for (int i = 0; i < LINES; i++) at = stpcpy(at, unit[u]);
        int64_t rows = 0;
        status = table_open_text(u ? "a.tsv" : "a.csv", text, (size_t)(at - text), FORMAT_AUTO, &table);
        if (!status) status = table_want(&table, "Text", &place);
        while (!status && !(status = table_next(&table, &more)) && more) rows++;
        check(!status && rows == LINES, "%d rows, %s: %lld%s%s", LINES, about[u], (long long)rows, status ? ": " : "",
              status ? status_message() : "");
        table_close(&table);
    }
}

int main(void)
{
    reads(good, sizeof good / sizeof good[0]);
    refuses(bad, sizeof bad / sizeof bad[0]);
    told();
    gzip();
    numbers();
    remarks();
    large();
    return harness_done();
}
