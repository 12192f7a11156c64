/* records.c: the records of a text or table as io/table reads them, for tests and oracles.
 *   records FILE [FORMAT [COLUMN]]   one record a line: line number, record number, text with \n \r \t \\ escaped */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/table.h"

static TableFormat format_of(const char *name)
{
    for (int f = FORMAT_AUTO; f <= FORMAT_JSONL; f++)
        if (strcmp(name, table_format_name((TableFormat)f)) == 0) return (TableFormat)f;
    return FORMAT_AUTO;
}

static void print_escaped(Slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        const char c = text.start[i];
        if (c == '\n') fputs("\\n", stdout);
        else if (c == '\r') fputs("\\r", stdout);
        else if (c == '\t') fputs("\\t", stdout);
        else if (c == '\\') fputs("\\\\", stdout);
        else putchar(c);
    }
    putchar('\n');
}

static Status print_records(Table *table, const char *column)
{
    int place;
    TRY(table_want(table, column, &place));
    for (bool more;;) {
        TRY(table_next(table, &more));
        if (!more) return STATUS_OK;
        printf("%lld %lld ", (long long)table->line, (long long)table->record);
        print_escaped(table->field[place]);
    }
}

int main(int argc, char **argv)
{
    Table table;
    if (argc < 2) return STATUS_USAGE;
    Status status = table_open(argv[1], argc > 2 ? format_of(argv[2]) : FORMAT_AUTO, &table);
    if (!status) {
        status = print_records(&table, argc > 3 ? argv[3] : "Text");
        char *remark = table_remark(&table);
        if (!status && remark) fprintf(stderr, "%s\n", remark);
        free(remark);
        table_close(&table);
    }
    if (status) status_print("records");
    return (int)status;
}
