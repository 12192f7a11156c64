/* streams.h: standard output and standard error under a launcher that carries both to its own.
 *
 * PMIx (Open MPI 5) reads 4096 bytes at a time, keeps a piece that does not end in a newline, and puts it before what
 * comes next, be it of the other stream (openpmix issue 3858): a table or an object that is longer loses its beginning
 * to the log. So what was written to one stream is read before the other is written. */
#ifndef BASE_STREAMS_H
#define BASE_STREAMS_H

/* Local. Once, before anything is printed: under such a launcher standard output is kept in memory until streams_flush
 * or streams_turn. */
void streams_init(void);
/* Local. What standard output holds goes out, with standard error read before and this read behind it. Returns what
 * fflush returns. */
int streams_flush(void);
/* Local. Before anything is written to standard error: as streams_flush, if standard output holds anything. */
void streams_turn(void);

#endif
