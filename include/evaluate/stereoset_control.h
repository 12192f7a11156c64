/* stereoset_control.h: control groups of StereoSet: the fillers of an example in its context with another group in it,
 * of which the stereotype is not. Pikuliak, Beňová and Bachratý 2023, EACL (arXiv 2302.12640), section 3. Local.
 *
 * A type named gender: the context with its genders swapped (data/swap). Others: the example's target term, where it
 * stands as a whole word, replaced by other terms of its type that stand in the file behind the same word ("from
 * Spain", not "from Spanish"), drawn by a fixed seed. */
#ifndef EVALUATE_STEREOSET_CONTROL_H
#define EVALUATE_STEREOSET_CONTROL_H

#include "data/swap.h"
#include "evaluate/stereoset_measure.h"

typedef struct {
    const char *context, *term; /* borrowed */
    int type, target;           /* numbers of names */
    bool is_gender;
    size_t at, length; /* where the term stands in context; length 0: it does not */
    char *before;      /* owned: the word before it in lower case; "" at the beginning */
} StereoFrame;

enum { STEREO_CONTROLS = 100 /* of an example, at most */ };

StereoFrame stereo_frame_of(const char *context, const char *term, int type, int target, bool is_gender);
/* Contexts of control groups of frame i, at most `most`; owned texts in context, whose number is returned. */
int stereo_frame_controls(const StereoFrame *frame, int n, int i, int most, Swapper *swapper,
                          char *context[STEREO_CONTROLS]);

/* Of an example: differences stereotype - anti-stereotype. */
typedef struct {
    int type, target, n;                                       /* n: its control groups; 0: none, and it is left out */
    int hits, ties;                                            /* of them: stereotype likelier; as likely */
    double own[N_STEREO_SCORINGS], control[N_STEREO_SCORINGS]; /* in its own context; mean over its control groups */
} StereoControl;

/* <TYPE>.control.ss .own .group .rho .n .groups .ties of every type and of "overall" (docs/scores.md); intervals as
 * stereoset_measure's. */
void stereo_control_measure(int n, const StereoControl *example, const Names *types, const Names *targets,
                            EvaluationResult *result);

#endif
