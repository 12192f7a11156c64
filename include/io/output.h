/* output.h: may this file be written? Asked by every command and tool before its work. Local.
 *
 * An output that is one of the inputs (the same file, through links of any kind) is always refused. An existing file is
 * replaced without a word only by one of its own kind, so that the same command line can be given twice; anything else
 * is refused unless the user says --overwrite. Folders, devices and pipes are never replaced. */
#ifndef IO_OUTPUT_H
#define IO_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define OUTPUT_OVERWRITE_HELP "replace an existing output that is no older one of this command"

typedef struct {
    const char *name;      /* "a report of collapse-report" */
    const char *format;    /* of HDF5 files: values of the `format` attribute, separated by commas; or: */
    const char *beginning; /* of text files: how they begin */
    bool may_be_damaged;   /* an HDF5 file that cannot be read counts as one of the kind */
} OutputKind;

/* A file, or a folder whose files are read ("" is passed over), and its name for the user: "--text", "the model". */
typedef struct {
    const char *role, *path;
} Input;

/* As many as there are. */
typedef struct {
    Input *input; /* owned [n]: roles borrowed, paths owned */
    int n;
    size_t capacity;
} Inputs;

void inputs_add(Inputs *inputs, const char *role, const char *path); /* "" is passed over */
void inputs_free(Inputs *inputs);

/* Check `path`, given by the key or flag `role`; remove what killed writers left half-written beside it, and see that
 * something can be written there. inputs [n]. */
Status output_check(const char *role, const char *path, const OutputKind *kind, bool overwrite, const Input *inputs,
                    int n);
/* Its parts: is path one of the inputs; and is what exists ours to replace? */
Status output_check_inputs(const char *role, const char *path, const Input *inputs, int n);
Status output_check_existing(const char *role, const char *path, const OutputKind *kind, bool overwrite,
                             const Input *inputs, int n);
/* Is an existing file of this kind? An empty one is of every kind: it holds nothing. */
bool output_is_kind(const char *path, const OutputKind *kind);

#endif
