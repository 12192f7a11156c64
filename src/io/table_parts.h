/* table_parts.h: how io/table reads one record of each format, and what it tells from content. Local. */
#ifndef IO_TABLE_PARTS_H
#define IO_TABLE_PARTS_H

#include "io/table.h"

/* --- table_rows.c: fields between separators ------------------------------------------------------- */

/* Read the header line: separator of a .csv, names of the columns. */
Status rows_open(Table *table);
Status rows_next(Table *table, bool *more);
/* Of a stream: is the next row, or the end of the file, wholly in the window? */
bool rows_are_whole(const Table *table);
/* Would the text be a table with this separator, a column of this name and rows that fit? quoted: only if every name
 * in the header stands in quotes. */
bool rows_would_fit(const Table *table, char separator, bool quoted, const char *column);

/* --- table_json.c: one object a line --------------------------------------------------------------- */

Status json_lines_open(Table *table);
Status json_lines_next(Table *table, bool *more);
/* Is the first line that is not blank a JSON object with at least one key? */
bool json_lines_would_fit(const Table *table);

/* --- table.c --------------------------------------------------------------------------------------- */

void table_add_column(Table *table, char *name); /* takes name */
/* Pass over blank lines; false at the end of the text. */
bool table_skip_blank(Table *table);
/* Of a stream: does the window end where a record still may go on? */
bool table_is_cut(const Table *table);

#endif
