/* writer.c: piece by piece under the partial name, then renamed. */
#include "io/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/streams.h"
#include "io/file.h"

Status writer_open(const char *path, Writer *w)
{
    *w = (Writer){.path = path};
    if (!path[0]) {
        w->stream = stdout;
        return STATUS_OK;
    }
    w->target = file_target(path);
    w->partial = file_partial_name(w->target);
    w->stream = fopen(w->partial, "wb");
    CHECK(w->stream, STATUS_IO, "%s: cannot be written: %s cannot be created: %s", path, w->partial, strerror(errno));
    return STATUS_OK;
}

static Status say_unwritten(const Writer *w)
{
    FAIL(STATUS_IO, "%s cannot be written: %s", w->path[0] ? w->path : "standard output", strerror(errno));
}

Status writer_add(Writer *w, Slice text)
{
    const bool wrote = !text.length || fwrite(text.start, 1, text.length, w->stream) == text.length;
    return wrote ? STATUS_OK : say_unwritten(w);
}

Status writer_close(Writer *w, bool keep)
{
    Status status = STATUS_OK;
    if (w->stream == stdout) {
        if (streams_flush() != 0 && keep) status = say_unwritten(w);
    } else if (w->stream) {
        if (fclose(w->stream) != 0 && keep) status = say_unwritten(w);
        if (keep && !status) status = file_commit(w->partial, w->target);
        if (!keep || status) unlink(w->partial);
    }
    free(w->partial);
    free(w->target);
    *w = (Writer){0};
    return status;
}

void csv_add_field(Buffer *row, Slice field)
{
    bool plain = !field.length || (field.start[0] != ' ' && field.start[field.length - 1] != ' ');
    for (size_t i = 0; i < field.length && plain; i++) plain = !strchr(",\"\r\n", field.start[i]);
    if (plain) {
        buffer_add_slice(row, field);
        return;
    }
    buffer_add_byte(row, '"');
    for (Slice rest = field; rest.length;) {
        const char *quote = memchr(rest.start, '"', rest.length);
        const size_t n = quote ? (size_t)(quote - rest.start) + 1 : rest.length;
        buffer_add(row, rest.start, n);
        if (quote) buffer_add_byte(row, '"');
        rest.start += n, rest.length -= n;
    }
    buffer_add_byte(row, '"');
}

void line_add_field(Buffer *row, Slice field)
{
    for (size_t i = 0; i < field.length; i++) {
        const char c = field.start[i];
        if (c == '\n' && i && field.start[i - 1] == '\r') continue;
        buffer_add_byte(row, c == '\t' || c == '\n' || c == '\r' ? ' ' : c);
    }
}
