/* sentences.c: the rules of the header, on UTF-8. */
#include "data/sentences.h"

#include <stdlib.h>
#include <string.h>

#include "base/unicode.h"

/* --- characters -------------------------------------------------------------------------------------- */

static bool is_one_of(uint32_t c, const char *set)
{
    for (; *set; set++)
        if ((unsigned char)*set == c) return true;
    return false;
}

static bool is_closing(uint32_t c)
{
    return is_one_of(c, "\"')]}") || c == 0x2019 || c == 0x201D || c == 0xBB;
}

static bool is_opening(uint32_t c)
{
    return is_one_of(c, "\"'([") || c == 0x2018 || c == 0x201C || c == 0xAB;
}

static uint32_t scalar_at(Slice text, size_t at, int *bytes)
{
    uint32_t scalar = 0;
    *bytes = 0;
    if (at < text.length) *bytes = utf8_decode(text.start + at, text.length - at, &scalar);
    return scalar;
}

/* The scalar that ends just before `at`. */
static uint32_t scalar_before(Slice text, size_t at, int *bytes)
{
    size_t start = at;
    uint32_t scalar = 0;
    *bytes = 0;
    if (!at) return 0;
    do start--;
    while (start && ((unsigned char)text.start[start] & 0xC0) == 0x80);
    utf8_decode(text.start + start, at - start, &scalar);
    *bytes = (int)(at - start);
    return scalar;
}

static size_t skip_space(Slice text, size_t at)
{
    int bytes;
    while (at < text.length && text.start[at] == ' ') at++; /* the usual case */
    uint32_t c = scalar_at(text, at, &bytes);
    for (; bytes && unicode_class(c) == CHARACTER_SPACE; c = scalar_at(text, at, &bytes)) at += (size_t)bytes;
    return at;
}

static size_t skip_closing(Slice text, size_t at)
{
    int bytes;
    uint32_t c = scalar_at(text, at, &bytes);
    for (; bytes && is_closing(c); c = scalar_at(text, at, &bytes)) at += (size_t)bytes;
    return at;
}

/* --- words that a full stop belongs to --------------------------------------------------------------- */

/* The lists are in the order of their bytes. Titles stand before a name, and the others before what they point to:
 * never an end. Capitals count: a rep. and the sun are words. */
static const char *const never_ends[] = {
    "Adm",  "Brig",  "Capt", "Cdr",  "Cf",   "Cmdr", "Col",    "Cpl",  "Cpt", "Dr",   "Drs",  "E.g",  "Fr", "Gen",
    "Gov",  "Hon",   "I.e",  "Insp", "Lt",   "Maj",  "Messrs", "Mlle", "Mme", "Mmes", "Mr",   "Mrs",  "Ms", "Pres",
    "Prof", "Profs", "Pvt",  "Rep",  "Reps", "Rev",  "Sen",    "Sens", "Sgt", "Sra",  "Srta", "Supt", "Vs", "approx",
    "ca",   "cf",    "dr",   "e.g",  "i.e",  "mr",   "mrs",    "prof", "v",   "viz",  "vs"};

/* Abbreviations that may end a sentence: states, months, days and companies stand inside and at the end. */
static const char *const may_end[] = {
    "Ala",   "Apr",  "Ariz", "Assn", "Aug",  "Ave",  "Blvd", "Bros", "Calif", "Cie",  "Co",  "Colo", "Conn",
    "Corp",  "Cos",  "Dec",  "Dept", "Esq",  "Etc",  "Feb",  "Fla",  "Fri",   "Ft",   "Ga",  "Inc",  "Jan",
    "Jr",    "Ky",   "Ltd",  "Md",   "Mich", "Minn", "Mt",   "Neb",  "Nev",   "Nov",  "Oct", "Okla", "Op",
    "Ore",   "Penn", "PhD",  "Rd",   "Sep",  "Sept", "Sr",   "St",   "Ste",   "Tenn", "Tex", "Thu",  "Thur",
    "Thurs", "Tue",  "Tues", "Univ", "Va",   "Vol",  "Vols", "Vt",   "Wed",   "Wis",  "Wyo", "al",   "ed",
    "eds",   "etc",  "hrs",  "inc",  "jr",   "ltd",  "pp",   "sr",   "vol"};

/* Words that begin sentences and are no names. */
static const char *const sentence_starters[] = {
    "A",      "According", "After",  "All",     "Also",    "Although",  "An",      "And",       "Another", "Are",
    "Around", "As",        "At",     "Because", "Before",  "Between",   "Both",    "But",       "By",      "Did",
    "Do",     "Does",      "During", "Each",    "Every",   "Following", "For",     "From",      "He",      "Her",
    "Here",   "His",       "How",    "However", "I",       "If",        "In",      "Initially", "Is",      "It",
    "Its",    "Later",     "Many",   "Most",    "My",      "Next",      "No",      "Nor",       "Not",     "Now",
    "On",     "Once",      "One",    "Or",      "Other",   "Our",       "Several", "She",       "Since",   "So",
    "Some",   "Soon",      "Such",   "That",    "The",     "Their",     "Then",    "There",     "These",   "They",
    "This",   "Those",     "Though", "Through", "Thus",    "To",        "Today",   "Two",       "Under",   "Unlike",
    "Until",  "Upon",      "Was",    "We",      "Were",    "What",      "When",    "Where",     "Whether", "Which",
    "While",  "Who",       "Why",    "With",    "Without", "Yet",       "You",     "Your"};

/* The order of word against an entry. */
static int compare(const void *key, const void *entry)
{
    const Slice *word = key;
    const char *listed = *(const char *const *)entry;
    const int order = strncmp(word->start, listed, word->length);
    return order ? order : listed[word->length] ? -1 : 0;
}

#define LISTED(word, list) (bsearch(&(word), list, sizeof(list) / sizeof(list)[0], sizeof(list)[0], compare) != NULL)

/* Is the ' that ends at `at` inside a word? */
static bool is_apostrophe(Slice text, size_t at)
{
    int bytes;
    if (text.start[at - 1] != '\'') return false;
    const uint32_t c = scalar_before(text, at - 1, &bytes);
    return bytes && unicode_class(c) == CHARACTER_OTHER;
}

enum { LONGEST_WORD = 24 /* bytes before a full stop that can be an abbreviation */ };

/* The letters and inner full stops before the full stop at `stop`; empty if they are too many, or if what stands before
 * them makes them a part of another word (don't., 4.5*m.). */
static Slice word_before(Slice text, size_t stop)
{
    size_t at = stop;
    int bytes;
    uint32_t c;
    for (;;) {
        c = scalar_before(text, at, &bytes);
        if (!bytes || (c != '.' && unicode_class(c) != CHARACTER_OTHER)) break;
        at -= (size_t)bytes;
        if (stop - at > LONGEST_WORD) return (Slice){NULL, 0};
    }
    while (at < stop && text.start[at] == '.') at++;
    const bool is_start = !bytes || (is_opening(c) && !is_apostrophe(text, at)) ||
                          unicode_class(c) == CHARACTER_SPACE || is_one_of(c, "`/") || c == 0x2013 || c == 0x2014;
    const bool joins = c == '-' && at >= 2 && text.start[at - 2] == '.'; /* J.-P. */
    return is_start || joins ? (Slice){text.start + at, stop - at} : (Slice){NULL, 0};
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* J, U.S, Ph.D: parts of at most three letters, with full stops between them; one part is one letter. */
static bool is_initials(Slice word)
{
    size_t part = 0, n_parts = 1;
    for (size_t i = 0; i < word.length; i++) {
        const char c = word.start[i];
        if (c == '.') part = 0, n_parts++;
        else if (!is_letter(c)) return false;
        else if (((unsigned char)c & 0xC0) != 0x80 && ++part > 3) return false;
    }
    return n_parts > 1 || part == 1;
}

/* Does a sentence surely begin at `at`? */
static bool begins_sentence(Slice text, size_t at)
{
    size_t end = at;
    while (end < text.length && end - at < LONGEST_WORD &&
           ((text.start[end] >= 'a' && text.start[end] <= 'z') || (text.start[end] >= 'A' && text.start[end] <= 'Z')))
        end++;
    if (end < text.length && text.start[end] == '.') return false; /* A. Smith */
    const Slice word = {text.start + at, end - at};
    return LISTED(word, sentence_starters);
}

/* The full stop at `stop` and a next word at `start`: does it end a sentence? */
static bool ends_sentence(Slice text, size_t stop, size_t start)
{
    const Slice word = word_before(text, stop);
    if (!word.length) return true;
    if (LISTED(word, never_ends)) return false;
    const bool abbreviates = is_initials(word) || LISTED(word, may_end);
    return !abbreviates || begins_sentence(text, start);
}

/* --- sentences --------------------------------------------------------------------------------------- */

/* at: just behind a full stop. Where the next sentence begins, or 0 if the sentence goes on; *end: where this one ends.
 */
static size_t next_start(SentenceRule rule, Slice text, size_t at, size_t *end)
{
    int bytes;
    *end = skip_closing(text, at);
    size_t start = skip_space(text, *end);
    if (start == *end) return 0;
    if (rule == SENTENCES_USUAL) { /* a quote between blanks closes */
        const size_t behind = skip_closing(text, start), next = skip_space(text, behind);
        if (behind > start && next > behind) *end = behind, start = next;
    }
    const uint32_t c = scalar_at(text, start, &bytes);
    const bool begins = unicode_is_upper(c) || is_opening(c) || (rule == SENTENCES_USUAL && c == '`');
    if (!bytes || !begins) return 0;
    const bool goes_on = rule == SENTENCES_USUAL && text.start[at - 1] == '.' && !ends_sentence(text, at - 1, start);
    return goes_on ? 0 : start;
}

bool sentences_next(SentenceRule rule, Slice *rest, Slice *sentence)
{
    *rest = slice_trim(*rest);
    if (!rest->length) return false;
    for (size_t i = 0; i < rest->length; i++) {
        const char c = rest->start[i];
        if (c != '.' && c != '!' && c != '?') continue;
        size_t end;
        const size_t start = next_start(rule, *rest, i + 1, &end);
        if (!start) continue;
        *sentence = (Slice){rest->start, end};
        *rest = (Slice){rest->start + start, rest->length - start};
        return true;
    }
    *sentence = *rest;
    *rest = (Slice){rest->start + rest->length, 0};
    return true;
}
