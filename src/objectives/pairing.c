/* pairing.c: names of the choices, and where a measurement takes them from. */
#include "objectives/pairing.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

static const struct {
    const char *key, *choice[3];
} table[N_PAIRING] = {{"nc-pieces", {"whole", "first"}},
                      {"nc-align", {"same", "shift", "masked"}},
                      {"nc-space", {"transform", "hidden"}},
                      {"nc-ids", {"true", "masked"}}};

/* The published programs measure the transform's output with the id of the next piece, and a word by its first piece;
 * nothing is masked there. */
static const Pairing published = {PIECES_FIRST, ALIGN_SHIFT, SPACE_TRANSFORM, IDS_TRUE};

static int *value_at(Pairing *p, int i)
{
    int *const value[N_PAIRING] = {&p->pieces, &p->align, &p->space, &p->ids};
    return value[i];
}

const char *pairing_key(int i)
{
    return table[i].key;
}

const char *pairing_choice(const Pairing *pairing, int i)
{
    Pairing copy = *pairing;
    return table[i].choice[*value_at(&copy, i)];
}

Status pairing_write(H5File *file, const Pairing *pairing)
{
    for (int i = 0; i < N_PAIRING; i++) TRY(h5_put_text(file, "/training", table[i].key, pairing_choice(pairing, i)));
    return STATUS_OK;
}

static Status read_choice(H5File *file, int i, int *choice)
{
    *choice = -1;
    if (!h5_has_attribute(file, "/training", table[i].key)) return STATUS_OK;
    char *text;
    TRY(h5_get_text(file, "/training", table[i].key, &text));
    for (int c = 0; c < 3; c++)
        if (table[i].choice[c] && strcmp(table[i].choice[c], text) == 0) *choice = c;
    Status status = STATUS_OK;
    if (*choice < 0)
        status = status_set(STATUS_DATA, __FILE__, __LINE__,
                            "%s: was trained with %s = '%s', which this version does not know", h5_path(file),
                            table[i].key, text);
    free(text);
    return status;
}

/* carried [N_PAIRING]: -1 where the file carries nothing. */
static Status read_carried(const char *path, int *carried)
{
    H5File *file;
    TRY(h5_open(path, &file));
    Status status = STATUS_OK;
    for (int i = 0; i < N_PAIRING && !status; i++) status = read_choice(file, i, &carried[i]);
    h5_close(&file);
    return status;
}

static Status share_carried(const Comm *comm, const char *path, int *carried)
{
    TRY(comm_agree(comm, comm->rank == 0 ? read_carried(path, carried) : STATUS_OK));
    comm_broadcast(comm, carried, N_PAIRING * sizeof *carried);
    return STATUS_OK;
}

Status pairing_resolve(const Comm *comm, const char *path, bool compat_fnc, const Settings *settings,
                       const Pairing *asked, Pairing *pairing)
{
    int carried[N_PAIRING] = {-1, -1, -1, -1};
    if (path) TRY(share_carried(comm, path, carried));
    Pairing fnc = published;
    *pairing = *asked;
    char *line = memory_copy_text("");
    for (int i = 0; i < N_PAIRING; i++) {
        const bool given = settings_is_given(settings, table[i].key);
        const char *origin = given             ? "given"
                             : compat_fnc      ? "compat = fnc"
                             : carried[i] >= 0 ? "the model's own"
                                               : "default";
        if (!given && compat_fnc) *value_at(pairing, i) = *value_at(&fnc, i);
        else if (!given && carried[i] >= 0) *value_at(pairing, i) = carried[i];
        char *longer =
            memory_print("%s%s%s = %s (%s)", line, i ? ", " : "", table[i].key, pairing_choice(pairing, i), origin);
        free(line);
        line = longer;
    }
    if (path) log_line("%s: %s", path, line);
    free(line);
    return STATUS_OK;
}

Status pairing_tell_changes(const Comm *comm, const char *path, const Pairing *pairing)
{
    int carried[N_PAIRING];
    TRY(share_carried(comm, path, carried));
    Pairing now = *pairing;
    for (int i = 0; i < N_PAIRING; i++)
        if (carried[i] >= 0 && carried[i] != *value_at(&now, i))
            log_line("%s was trained with %s = %s, this run has %s", path, table[i].key, table[i].choice[carried[i]],
                     pairing_choice(pairing, i));
    return STATUS_OK;
}
