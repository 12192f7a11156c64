/* texts.h: the records of a file, dealt to the ranks. Rank 0 alone reads the file, so that all ranks see one and the
 * same, and a line break inside a quoted field is cut by nobody. */
#ifndef DATA_TEXTS_H
#define DATA_TEXTS_H

#include "io/table.h"
#include "parallel/comm.h"

typedef struct {
    Slice *text;   /* owned [n]: of this rank */
    int first, n;  /* this rank has records first ... first + n - 1 */
    int n_all;     /* records of the file */
    bool is_plain; /* lines of plain text, in which a TAB may separate a pair */
    char *block;   /* owned: what they are slices of; NULL on rank 0 */
    Table table;   /* rank 0 */
} Texts;

/* Collective. Fails alike on all ranks: as table_open and table_want, or no record. column: of a table. */
Status texts_read(const Comm *comm, const char *path, TableFormat format, const char *column, Texts *texts);
void texts_free(Texts *texts);

/* Deal n texts of rank 0 in even, contiguous parts: the same fields but table and is_plain. On rank 0 the slices stay
 * those of text. Collective. */
void texts_deal(const Comm *comm, const Slice *text, int n, Texts *texts);

/* A whole text file, read by rank 0, on all ranks; *data [*length + 1] is owned by the caller, NULL on failure.
 * Collective. */
Status texts_share(const Comm *comm, const char *path, char **data, size_t *length);

#endif
