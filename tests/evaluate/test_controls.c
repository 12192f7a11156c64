/* test_controls.c: sentences denied by rule, and StereoSet's contexts with another group in them; worked out by hand.
 */
#include "../harness.h"
#include "base/memory.h"
#include "evaluate/negation.h"
#include "evaluate/stereoset_control.h"

static void denies(const char *sentence, const char *expected, const char *expected_rule)
{
    char rule[NEGATION_RULE] = "";
    char *found = negation_of(slice_of(sentence), rule);
    check(expected ? found && strcmp(found, expected) == 0 && strcmp(rule, expected_rule) == 0 : !found,
          "'%s': '%s' (%s)", sentence, found ? found : "none", rule);
    free(found);
}

static void check_negation(void)
{
    denies("The man is late.", "The man is not late.", "is +not");
    denies("The man is not late, he is here.", "The man is late, he is here.", "is -not");
    denies("She was never kind.", "She was kind.", "was -not");
    denies("Women don't know how to drive.", "Women do know how to drive.", "do -not");
    denies("Don't ask her, she is late.", "Do ask her, she is late.", "do -not");
    denies("I won't say he is \"late\".", "I will say he is \"late\".", "will -not");
    denies("He CANNOT drive", "He CAN drive", "can -not");
    denies("He can\u2019t drive", "He can drive", "can -not");
    denies("I'm poor.", "I'm not poor.", "'m +not");
    denies("He's poor, she is rich.", "He's not poor, she is rich.", "'s +not");
    denies("John's dog is big.", "John's dog is not big.", "is +not");
    denies("(They could) win.", "(They could not) win.", "could +not");
    denies("Who they are, not what they do", "Who they are not, not what they do", "are +not");
    denies("Is she late? She is.", "Is she late? She is not.", "is +not");
    denies("Is she late?", NULL, "");
    denies("He went home early.", NULL, "");
    denies("Incomprehensibilities are", "Incomprehensibilities are not", "are +not");
    denies("", NULL, "");
    denies("   ", NULL, "");
}

static void check_frames(void)
{
    static const struct {
        const char *context, *term;
        int type, target;
    } example[] = {{"She came from Spain BLANK.", "Spain", 0, 0},
                   {"From Syria, a BLANK place.", "Syria", 0, 1},
                   {"The Arab was BLANK.", "Arab", 0, 2},
                   {"He is from Arabia BLANK.", "Arab", 0, 2},
                   {"the nurse was BLANK", "nurse", 1, 3},
                   {"Nurses BLANK: the Nurse", "nurse", 1, 3},
                   {"I met the doctor, a BLANK.", "doctor", 1, 4},
                   {"the mover is BLANK", "mover", 1, 5},
                   {"My uncle lost his BLANK.", "uncle", 2, 6},
                   {"It was BLANK.", "aunt", 2, 7},
                   {"Doctor BLANK.", "doctor", 1, 4},
                   {"Movers BLANK, mover.", "mover", 1, 5}};
    enum { N = sizeof example / sizeof example[0] };
    static const int groups[N] = {1, 1, 0, 0, 2, 2, 2, 2, 1, 0, 0, 0};
    const char *const file[2] = {"pairs", NULL};
    StereoFrame frame[N];
    WordPairs pairs;
    Swapper swapper;
    check(!word_pairs_parse(file, slice_of("uncle aunt\n"), NULL, PAIRS_TWICE_REFUSED, &pairs), "a pair of words");
    swap_init(&swapper, &pairs, NULL);
    for (int i = 0; i < N; i++)
        frame[i] = stereo_frame_of(example[i].context, example[i].term, example[i].type, example[i].target,
                                   example[i].type == 2);
    char *found[N][STEREO_CONTROLS];
    int n[N];
    for (int i = 0; i < N; i++) {
        n[i] = stereo_frame_controls(frame, N, i, 10, &swapper, found[i]);
        check(n[i] == groups[i], "'%s': %d groups", example[i].context, n[i]);
    }
    check(n[0] == 1 && strcmp(found[0][0], "She came from Syria BLANK.") == 0, "%s", found[0][0]);
    check(n[1] == 1 && strcmp(found[1][0], "From Spain, a BLANK place.") == 0, "%s", found[1][0]);
    check(n[5] == 2 && strstr(found[5][0], "Nurses BLANK: the ") == found[5][0] &&
              strcmp(found[5][0], found[5][1]) != 0 && strchr("DM", found[5][0][18]),
          "as a capital as the term was: %s; %s", found[5][0], found[5][1]);
    check(n[8] == 1 && strcmp(found[8][0], "My aunt lost her BLANK.") == 0, "%s", found[8][0]);
    char *one[STEREO_CONTROLS];
    check(stereo_frame_controls(frame, N, 4, 1, &swapper, one) == 1 && strcmp(one[0], found[4][0]) == 0,
          "at most one: the first of them");
    free(one[0]);
    for (int i = 0; i < N; i++) {
        while (n[i] > 0) free(found[i][--n[i]]);
        free(frame[i].before);
    }
    swap_free(&swapper);
    word_pairs_free(&pairs);
}

static double metric(const EvaluationResult *r, const char *name)
{
    for (size_t i = 0; i < r->n_metrics; i++)
        if (strcmp(r->metric[i].name, name) == 0) return r->metric[i].value;
    return (double)NAN;
}

/* Term a: shares 1/2 and 0, own 1 and 0, group 1 and 0; term b: share 1, own 1, group 0. */
static void check_measure(void)
{
    const StereoControl example[] = {{0, 0, 2, 1, 1, {0.4, 1}, {0.1, 3}},
                                     {0, 0, 1, 0, 0, {-0.2, 2}, {-0.1, 5}},
                                     {0, 1, 3, 3, 0, {0.3, 3}, {0.3, 4}},
                                     {0, 1, 0, 0, 0, {1, 1}, {0, 0}}};
    Names types = {0}, targets = {0};
    EvaluationResult r = {0};
    names_number(&types, slice_of("x")), names_number(&targets, slice_of("a")), names_number(&targets, slice_of("b"));
    stereo_control_measure(4, example, &types, &targets, &r);
    check(near(metric(&r, "x.control.ss"), 62.5, 1e-12) && near(metric(&r, "x.control.own"), 75, 1e-12) &&
              near(metric(&r, "x.control.group"), 25, 1e-12),
          "means within terms, then over them: %.2f %.2f %.2f", metric(&r, "x.control.ss"), metric(&r, "x.control.own"),
          metric(&r, "x.control.group"));
    check(near(metric(&r, "overall.control.n"), 3, 0) && near(metric(&r, "overall.control.groups"), 6, 0) &&
              near(metric(&r, "overall.control.ties"), 1, 0) && near(metric(&r, "overall.control.rho"), 0.5, 1e-12),
          "counts; the correlation of (1, 3), (2, 5), (3, 4): %.3f", metric(&r, "overall.control.rho"));
    result_free(&r), names_free(&types), names_free(&targets);
}

int main(void)
{
    check_negation();
    check_frames();
    check_measure();
    return harness_done();
}
