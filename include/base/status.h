/* status.h: how a function says that it failed.
 *
 * A function that can fail for a reason outside the program returns a Status. The numbers are the
 * exit codes of the program (sysexits.h), so they must never change. The sentence for the user is
 * stored beside the code, once, by the function that found the problem. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stddef.h>

typedef enum {
    STATUS_OK = 0,
    STATUS_USAGE = 64,    /* the command line or a setting is wrong */
    STATUS_DATA = 65,     /* a file's content is wrong */
    STATUS_INTERNAL = 70, /* our own bug */
    STATUS_MEMORY = 71,   /* the system gave no memory */
    STATUS_IO = 74,       /* the system refused to read or write */
    STATUS_STOPPED = 75,  /* time is up; run the same line again */
    STATUS_DIVERGED = 76, /* a loss, gradient, weight or moment is not finite */
    STATUS_ASKED = 77     /* stopped because somebody asked; not to be resubmitted by itself */
} Status;

/* Bytes of a sentence: room for two of the longest paths (4096 bytes) and words about them. A longer one ends in "...".
 */
enum { STATUS_MESSAGE = 16384 };

/* Store the sentence for the user and return code. Local. */
Status status_set(Status code, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Note that a failure passed through file:line (shown with COLLAPSE_TRACE=1). Local. */
Status status_trace(Status code, const char *file, int line);

/* The sentence of the last failure; "" if there was none. Valid until the next failure. */
const char *status_message(void);

/* Replace the sentence (used when the message of another rank is adopted). */
void status_adopt(const char *message);

/* Print "collapse: <message>" and, with COLLAPSE_TRACE=1, the trace to stderr. */
void status_print(const char *program);

/* For our own bugs: print one line that names the place, and end with STATUS_INTERNAL (status_end). */
_Noreturn void status_abort(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* End the process where no function can return: print one sentence, then exit with code, all ranks of a run with it. */
_Noreturn void status_end(Status code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How to end a run of several processes; without it, _exit. end does not return. */
void status_set_end(void (*end)(Status code));

#define FAIL(code, ...) return status_set((code), __FILE__, __LINE__, __VA_ARGS__)

/* Always on: wrong use or a broken file, with the value found and the cure. */
#define CHECK(condition, code, ...)                  \
    do {                                             \
        if (!(condition)) FAIL((code), __VA_ARGS__); \
    } while (0)

/* Return upward when call failed. */
#define TRY(call)                                                              \
    do {                                                                       \
        Status try_status_ = (call);                                           \
        if (try_status_) return status_trace(try_status_, __FILE__, __LINE__); \
    } while (0)

#endif
