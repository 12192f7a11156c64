/* log.h: one line per event on stderr, from rank 0 only; errors are printed by the command. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

void log_init(bool speaks); /* speaks: true on the one rank that prints */
bool log_speaks(void);
bool log_is_terminal(void); /* there is a terminal to draw on, and this rank speaks */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Redraw the line at the bottom of a terminal; nothing elsewhere. An empty text removes it. */
void log_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How far a long piece of work has come: the line at the bottom of a terminal, elsewhere a plain line every 30 s. Begin
 * with share 0. One thread at a time. */
void log_share(const char *what, double share);

#endif
