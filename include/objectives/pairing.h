/* pairing.h: which state belongs to which class: nc-align, nc-space, nc-pieces and nc-ids, the same keys with the same
 * defaults in train, geometry and evaluate. A model carries those it was trained with, as attributes of /training, and
 * what measures it takes them unless told otherwise. */
#ifndef OBJECTIVES_PAIRING_H
#define OBJECTIVES_PAIRING_H

#include <stddef.h>

#include "data/wordlist.h"
#include "io/h5.h"
#include "io/settings.h"
#include "objectives/batch_states.h"
#include "parallel/comm.h"

typedef enum { SPACE_TRANSFORM, SPACE_HIDDEN } CollapseSpace;
typedef enum { IDS_TRUE, IDS_MASKED } CollapseIds;

typedef struct {
    int pieces; /* PieceRule */
    int align;  /* CollapseAlign */
    int space;  /* CollapseSpace */
    int ids;    /* CollapseIds */
} Pairing;

enum { N_PAIRING = sizeof(Pairing) / sizeof(int) };

/* Their rows in a table of settings: `at` is the offset of the field. */
#define PAIRING_PIECES(at)                                                                   \
    {                                                                                        \
        "nc-pieces", SETTING_CHOICE, "whole", "whole first", 0, 0, at,                       \
            "whole: only words that are one piece; first: a word stands for its first piece" \
    }
#define PAIRING_ALIGN(at)                                                                                      \
    {                                                                                                          \
        "nc-align", SETTING_CHOICE, "same", "same shift masked", 0, 0, at,                                     \
            "pair a state with the id at its position, at the next one, or at masked positions with the label" \
    }
#define PAIRING_SPACE(at)                                                      \
    {                                                                          \
        "nc-space", SETTING_CHOICE, "transform", "transform hidden", 0, 0, at, \
            "states: output of the head's transform, or of the last layer"     \
    }
#define PAIRING_IDS(at)                                                                            \
    {                                                                                              \
        "nc-ids", SETTING_CHOICE, "true", "true masked", 0, 0, at, "ids before masking, or as fed" \
    }
/* The rows of what measures a model: pairing, a Pairing of the struct type; compat, an int. */
#define PAIRING_MEASURES(type, pairing, compat)                                                                      \
    PAIRING_PIECES(offsetof(type, pairing.pieces)), PAIRING_ALIGN(offsetof(type, pairing.align)),                    \
        PAIRING_SPACE(offsetof(type, pairing.space)), PAIRING_IDS(offsetof(type, pairing.ids)),                      \
    {                                                                                                                \
        "compat", SETTING_CHOICE, "none", "none fnc", 0, 0, offsetof(type, compat),                                  \
            "fnc: nc-pieces, nc-align and nc-space as the published code measures (first, shift, transform); none: " \
            "those "                                                                                                 \
            "the model was trained with, else the defaults"                                                          \
    }

/* Name of the i-th key, and of its value. */
const char *pairing_key(int i);
const char *pairing_choice(const Pairing *pairing, int i);

/* The values as attributes of /training. Local. */
Status pairing_write(H5File *file, const Pairing *pairing);

/* What measures the model at path takes. asked: the table's values, of which those given in settings stay; else with
 * compat_fnc what the published code measures with, else what the model carries, else the default. Logs each value and
 * where it came from. path NULL: a model in memory, which carries nothing; nothing is logged. Collective: rank 0 reads
 * the file. */
Status pairing_resolve(const Comm *comm, const char *path, bool compat_fnc, const Settings *settings,
                       const Pairing *asked, Pairing *pairing);

/* Log what the model at path carries that is not as in pairing: a run that starts from it changes that. Collective. */
Status pairing_tell_changes(const Comm *comm, const char *path, const Pairing *pairing);

#endif
