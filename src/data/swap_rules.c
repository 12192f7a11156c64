/* swap_rules.c: is "her" a possessive or an object, and does "his" stand alone? Rules on the words around, with lists
 * of English words, written by the authors. Closed classes are nearly whole; of open classes the words that matter
 * here. */
#include <stdbool.h>
#include <string.h>

#include "swap_words.h"

/* Lists: words with a blank around each. */

/* No noun phrase that "her" begins goes on with these. */
static const char closed[] =
    " a an the this that these those some any each every no another both either neither all enough my your its our "
    "their i you he she it we they me us them him her his hers mine yours ours theirs who whom whose which what "
    "whatever whoever why how when where whenever wherever while whether if because although though unless until "
    "till since as than and or nor but so yet for of in on at to with by from about into onto upon through "
    "throughout during without within against among amid around behind beneath beside besides between beyond "
    "despite except out per toward towards under underneath up via across along after before above below off away "
    "near too also again there here now today tomorrow yesterday tonight once twice soon anyway alone instead not "
    "never ever always often sometimes usually already just even together apart aside ahead forward afterwards "
    "afterward sooner someday meanwhile however indeed perhaps maybe therefore thus hence else anymore anyways "
    "everywhere somewhere anywhere nowhere is am are was were be been has have had do does did would shall should "
    "could may must isn't aren't wasn't weren't hasn't haven't hadn't don't doesn't didn't won't wouldn't can't "
    "cannot couldn't shouldn't mustn't myself yourself himself herself itself ourselves themselves something "
    "anything nothing everything someone anyone everyone somebody anybody nobody everybody ";
/* These may begin one or not, and mostly do not. */
static const char mostly_not[] = " down over inside outside like still well might can round ";

/* These may begin one or not, by rules of their own. */
static const char either[] = " home back past will being having more most less least better worse later now then ";

static const char preposition[] =
    " of in on at to with by from about into onto upon through throughout during without within against among amid "
    "around behind beneath beside besides between beyond despite except for under underneath via across along after "
    "before above below off near toward towards like unlike over past than inside outside per since until but ";
static const char conjunction[] =
    " and or but because when while if as that although though unless until since before after where whereas whether "
    "then so yet nor than once ";
static const char negation[] = " not never ever always often just also still only even ";

/* Verbs with two objects. */
static const char gives[] =
    " give gives gave given giving tell tells told telling ask asks asked asking show shows showed shown showing "
    "offer offers offered offering send sends sent sending bring brings brought bringing buy buys bought buying "
    "cost costs hand hands handed handing lend lends lent lending owe owes owed owing pay pays paid paying promise "
    "promises promised promising sell sells sold selling serve serves served serving teach teaches taught teaching "
    "throw throws threw thrown throwing toss tosses tossed pass passes passed passing deny denies denied denying "
    "refuse refuses refused save saves saved saving feed feeds fed feeding cook cooks cooked cooking bake bakes "
    "baked baking read reads reading write writes wrote written writing wish wishes wished wishing grant grants "
    "granted granting award awards awarded awarding leave leaves left leaving get gets got gotten getting find "
    "finds found finding make makes made making do does did doing done sing sings sang singing play plays played "
    "pour pours poured pouring build builds built building earn earns earned assign assigns assigned allow allows "
    "allowed allowing forgive forgives forgave forgiven envy envies envied charge charges charged fine fines fined "
    "bet bets guarantee guarantees guaranteed loan loans loaned mail mails mailed order orders ordered spare "
    "spares spared quote quotes quoted fetch fetches fetched fetching draw draws drew drawing knit knits knitted "
    "prepare prepares prepared email texted text emailed post posted pitch slip slipped won win wins call calls "
    "called calling name names named naming provide provides provided providing ";
/* Verbs with an object and what it becomes or is taken for. */
static const char complements[] =
    " make makes made making keep keeps kept keeping find finds found finding leave leaves left leaving drive drives "
    "drove driven driving render renders rendered consider considers considered considering think thinks thought "
    "thinking call calls called calling name names named naming elect elects elected appoint appoints appointed crown "
    "crowned declare declares declared deem deemed paint paints painted get gets got getting turn turns turned turning "
    "set sets setting hold holds held holding want wants wanted like likes liked prefer prefers preferred believe "
    "believed prove proved judge judged label labeled labelled see sees saw seen feel feels felt catch caught ";
/* Of these, such that name a noun: call her mother. */
static const char names[] =
    " call calls called calling name names named naming consider considers considered considering elect elects elected "
    "appoint appoints appointed crown crowned declare declares declared deem deemed label labeled labelled think "
    "thinks thought ";
/* Verbs with an object that does something: see her leave. */
static const char sees[] =
    " see sees saw seen seeing hear hears heard hearing watch watches watched watching feel feels felt feeling notice "
    "notices noticed let lets letting make makes made making have has had having help helps helped helping bid bids "
    "observe observes observed spot spotted ";
/* Verbs after which -ing says what the object does. */
static const char sees_doing[] =
    " see sees saw seen seeing hear hears heard hearing watch watches watched watching feel feels felt notice notices "
    "noticed keep keeps kept keeping find finds found finding catch catches caught catching leave leaves left leaving "
    "have has had having remember remembers remembered imagine imagines imagined picture pictured stop stops stopped "
    "stopping get gets got getting start started send sent set observe observes observed spot spotted mind minds "
    "minded want wants wanted prevent prevents prevented ";
/* Verbs of moving somebody, with "back" or "home" behind their object; and such that may own what is behind them. */
static const char moves[] =
    " drive drives drove driven driving take takes took taken taking bring brings brought bringing walk walks walked "
    "walking send sends sent sending follow follows followed following escort escorts escorted accompany accompanied "
    "call calls called calling carry carries carried carrying get gets got getting lead leads led leading invite "
    "invites invited fly flew drag dragged write writes wrote text texts texted phone phoned win wins won welcome "
    "welcomed pay pays paid ask asks asked allow allowed chase chased order ordered ";
static const char may_move[] =
    " see sees saw seen seeing help helps helped let lets want wants wanted hold holds held holding push pushes pushed "
    "pull pulls pulled hit hits love loves loved give gives gave kiss kissed keep keeps kept put puts pick picks "
    "picked find finds found like likes liked need needs needed have has had ride rode ";

/* Base forms behind see, let, make, help: the first are no nouns as a rule, the second may be. */
static const char base_verb[] =
    " go come be become get leave stay eat sing speak say tell know think feel see hear sit lie rise die live grow "
    "learn carry find give keep make put take bring bleed believe understand forget remember choose decide realize "
    "realise suffer apologize apologise disappear arrive enter explain happen wear write read pay lose forgive "
    "relax weep apply pack unpack climb swallow tremble blush shine fly identify settle enjoy improve solve "
    "achieve avoid recover complete develop obtain overcome organize organise reach manage adjust cope heal gain "
    "perform seem appear ";
static const char base_or_noun[] =
    " work dance cry walk smile sleep talk play drink run fall jump swim laugh fight drive move call turn step kick "
    "escape return rest stand wait pass try win sleep duck fail finish start stop wonder struggle wake study train "
    "travel ride dress cook plan hide sign prepare ";
/* Forms that are verbs and nothing else: his came first. */
static const char past_verb[] =
    " came went took gave ran got did said began became grew knew won stood sat fell told brought died arrived seemed "
    "remained comes goes takes gives gets makes seems remains ";

static const char adjective[] =
    " happy sad angry mad famous rich poor sick ill well warm cold hot safe free busy tired alive dead asleep awake "
    "afraid ashamed aware proud jealous nervous anxious calm quiet silent lonely alone comfortable uncomfortable "
    "responsible guilty innocent ready unhappy furious glad crazy insane unconscious speechless breathless pregnant "
    "attractive beautiful pretty ugly charming boring funny interesting difficult easy kind nice sweet cruel rude "
    "polite "
    "intelligent smart clever stupid brilliant talented qualified unfit suitable capable incapable popular powerful "
    "strong weak healthy hungry thirsty drunk sober young younger old older young-looking tall taller short thin fat "
    "better worse worthy unworthy unable able open shut wet dry clean dirty blind deaf lame bald pale red blue green "
    "homeless helpless hopeless hopeful cheerful upset worried confused surprised excited embarrassed frightened "
    "scared "
    "bored annoyed stranded waiting nauseous dizzy sleepy uneasy content private secret honest loyal faithful "
    "different "
    "good bad new long big small little great large high low hard soft late early ";
static const char mass_noun[] =
    " money cash advice permission time help food water credit information news luck trouble attention work love "
    "care comfort courage hope strength support respect dinner lunch breakfast supper tea coffee wine bread milk "
    "medicine homework music poetry history mathematics math maths english french spanish chess piano tennis "
    "everything access power control room space shelter access bail proof evidence mail email pocket change gold "
    "silver jewelry jewellery furniture clothing land property joy pleasure peace pain grief fun company custody "
    "asylum immunity citizenship praise encouragement feedback guidance tuition service good-bye goodbye goodnight "
    "farewell thanks grace mercy justice freedom hell word birthday christmas night software hardware equipment ";
/* Adverbs without -ly, where nothing follows. */
static const char flat_adverb[] =
    " hard tight close fast straight early late long high deep right wrong first last next better best worse more most "
    "less least half much little ";
/* -ly, but no adverb. */
static const char no_adverb[] =
    " family belly lily bully ally jelly reply supply assembly anomaly monopoly butterfly elderly lovely lonely early "
    "daily weekly monthly yearly likely friendly unfriendly ugly silly holy only curly costly deadly lively sickly "
    "womanly manly motherly fatherly sisterly brotherly heavenly earthly ghostly orderly homely scholarly cowardly "
    "worldly bodily melancholy italy emily sally molly polly kelly billy ";
/* -ing, but no verb. */
static const char noun_ing[] =
    " wedding evening morning building meeting feeling painting training upbringing clothing ring spring string wing "
    "thing sibling offspring ceiling drawing darling earring king sling swing sibling lightning pudding stocking "
    "stuffing bedding opening beginning ";
static const char modifier[] =
    " own other same one first second third fourth fifth last next only very entire whole many few several best worst "
    "latest final two three four five six seven eight nine ten eleven twelve dozen hundred thousand ";
static const char number[] =
    " one two three four five six seven eight nine ten eleven twelve dozen hundred thousand many few several ";
static const char time_word[] =
    " day night week weekend month year spring summer autumn fall winter monday tuesday wednesday thursday friday "
    "saturday "
    "sunday january february march april may june july august september october november december morning afternoon "
    "evening time ";
/* "a friend of his": people of whom one may have several. */
static const char relation[] =
    " friend friends colleague colleagues cousin cousins student students neighbor neighbors neighbour neighbours fan "
    "fans acquaintance acquaintances pupil pupils client clients relative relatives rival rivals partner partners "
    "contemporary contemporaries associate associates habit hobby idea book poem song painting ";

static bool holds(const char *list, Slice word)
{
    char key[40];
    if (!word.length || word.length + 3 > sizeof key) return false;
    key[0] = ' ';
    memcpy(key + 1, word.start, word.length);
    key[word.length + 1] = ' ';
    key[word.length + 2] = '\0';
    return strstr(list, key) != NULL;
}

static bool ends(Slice word, const char *ending)
{
    const size_t n = strlen(ending);
    return word.length > n && memcmp(word.start + word.length - n, ending, n) == 0;
}

static Slice base(const TextWord *w)
{
    return (Slice){w->lower.start, w->base};
}

/* --- what stands between two words -------------------------------------------------------------------- */

typedef enum { GAP_SPACE, GAP_OPENS /* a quote or bracket opens */, GAP_SLASH, GAP_BREAK } Gap;

/* skip: bytes behind the word that are passed over. */
static Gap gap_from(const TextWords *c, int i, size_t skip)
{
    static const char *const opening[] = {"\"",           "'",        "(", "[", "``", "`", "\xe2\x80\x9c",
                                          "\xe2\x80\x98", "\xc2\xab", "*", "_"};
    const size_t from = c->word[i].at + c->word[i].length + skip;
    if (i + 1 >= c->n) return GAP_BREAK;
    Slice gap = {c->text.start + from, c->word[i + 1].at - from};
    if (slice_is(gap, "/")) return GAP_SLASH;
    if (!gap.length || !strchr(" \t\n\r", gap.start[0])) return GAP_BREAK;
    gap = slice_trim(gap);
    if (!gap.length) return GAP_SPACE;
    for (size_t k = 0; k < sizeof opening / sizeof opening[0]; k++)
        if (slice_is(gap, opening[k])) return c->text.start[c->word[i + 1].at - 1] == ' ' ? GAP_BREAK : GAP_OPENS;
    return GAP_BREAK;
}

static Gap gap_behind(const TextWords *c, int i)
{
    return gap_from(c, i, 0);
}

/* Does the word stand in quotes of its own: "his" invention? */
static bool is_quoted(const TextWords *c, int i)
{
    const size_t at = c->word[i].at, end = at + c->word[i].length;
    const char quote = at > 0 && end < c->text.length ? c->text.start[at - 1] : '\0';
    return (quote == '"' || quote == '\'') && c->text.start[end] == quote;
}

/* What follows a word: the end of the clause, a word of a closed class, another one. */
typedef enum { TAIL_END, TAIL_CLOSED, TAIL_OPEN } Tail;

static bool is_closed(const TextWord *w)
{
    return holds(closed, base(w)) || holds(closed, w->lower) || holds(mostly_not, base(w)) || ends(w->lower, "n't") ||
           holds(either, base(w));
}

static Tail tail_of(const TextWords *c, int i)
{
    const Gap gap = gap_behind(c, i);
    if (gap == GAP_BREAK) return TAIL_END;
    return is_closed(&c->word[i + 1]) ? TAIL_CLOSED : TAIL_OPEN;
}

/* The word in front, an adverb like "never" passed over; length 0: none in this clause. */
static Slice left_of(const TextWords *c, int i)
{
    for (int k = i - 1; k >= 0 && k >= i - 2; k--) {
        const Gap gap = gap_behind(c, k);
        if (gap == GAP_BREAK || gap == GAP_SLASH) break;
        const Slice word = base(&c->word[k]);
        if (!holds(negation, word)) return word;
    }
    return (Slice){NULL, 0};
}

static bool is_adverb(Slice word)
{
    return ends(word, "ly") && !holds(no_adverb, word);
}

static bool is_plural(Slice word)
{
    return ends(word, "s") && !ends(word, "ss") && !ends(word, "us") && !ends(word, "is");
}

static bool is_verb_ing(Slice word)
{
    return word.length > 4 && ends(word, "ing") && !holds(noun_ing, word);
}

/* --- words that may go either way --------------------------------------------------------------------- */

typedef struct {
    const TextWords *c;
    int place, next;  /* the pronoun, the word behind it */
    Slice left, word; /* in front of the pronoun; behind it, in lower case */
    Tail tail;
    bool after_preposition, begins_clause;
    bool is_her; /* her, else his */
} Around;

/* first, last, next, two, only, very, own: a noun phrase goes on, unless nothing is left of it. */
static Phrase modifier_follows(const Around *a)
{
    if (slice_is(a->word, "own")) return PHRASE_YES;
    if (!a->is_her) return PHRASE_YES;
    if (a->tail == TAIL_OPEN) {
        const Slice then = base(&a->c->word[a->next + 1]);
        const bool is_time = (slice_is(a->word, "last") || slice_is(a->word, "next")) && holds(time_word, then);
        if (is_time) return a->after_preposition || a->begins_clause ? PHRASE_YES : PHRASE_MAYBE_NO;
        if (holds(gives, a->left) && holds(number, a->word)) return PHRASE_MAYBE_NO;
        if (holds(number, a->word) && holds(time_word, then)) return PHRASE_MAYBE_NO;
        return is_adverb(then) ? PHRASE_MAYBE_YES : PHRASE_YES;
    }
    return a->after_preposition || a->begins_clause ? PHRASE_YES : PHRASE_MAYBE_NO;
}

static Phrase comparison_follows(const Around *a)
{
    if (a->tail != TAIL_OPEN) return a->is_her ? PHRASE_NO : PHRASE_MAYBE_YES;
    return a->after_preposition || a->begins_clause || !a->is_her ? PHRASE_YES : PHRASE_MAYBE_YES;
}

/* home, back, past, will: nouns, or adverbs and verbs. */
static Phrase place_follows(const Around *a)
{
    if (a->after_preposition || a->begins_clause) return a->tail == TAIL_OPEN ? PHRASE_MAYBE_YES : PHRASE_YES;
    if (!a->is_her) return PHRASE_YES;
    if (slice_is(a->word, "will")) return a->tail == TAIL_END ? PHRASE_MAYBE_YES : PHRASE_MAYBE_NO;
    if (slice_is(a->word, "past")) return a->tail == TAIL_CLOSED ? PHRASE_MAYBE_NO : PHRASE_MAYBE_YES;
    if (holds(moves, a->left)) return a->tail == TAIL_OPEN ? PHRASE_MAYBE_NO : PHRASE_NO;
    return holds(may_move, a->left) ? PHRASE_MAYBE_NO : PHRASE_MAYBE_YES;
}

static Phrase with_doubt(Phrase phrase)
{
    return phrase == PHRASE_YES ? PHRASE_MAYBE_YES : phrase == PHRASE_NO ? PHRASE_MAYBE_NO : phrase;
}

static Phrase phrase_at(const TextWords *context, int place, bool is_her, bool is_second);

/* "her or his book", "him and her", "his/her": what holds for the second holds for both. */
static Phrase pair_follows(const Around *a, bool is_and, int other)
{
    const Slice word = base(&a->c->word[other]);
    if (holds(" hers him ", word)) return PHRASE_NO;
    if (slice_is(word, a->is_her ? "her" : "his")) return PHRASE_NO;
    const Phrase phrase = phrase_at(a->c, other, slice_is(word, "her"), true);
    return is_and ? with_doubt(phrase) : phrase;
}

static bool is_pair(const Around *a, int other)
{
    return other < a->c->n && holds(" her his hers him ", base(&a->c->word[other]));
}

/* --- her: behind a verb ------------------------------------------------------------------------------- */

static Phrase noun_behind_giving(const Around *a)
{
    if (a->c->word[a->next].is_capital || a->c->word[a->next].is_digit) return PHRASE_MAYBE_NO;
    enum { MOST = 3 /* words in front of the noun */ };
    int noun = a->next;
    while (noun < a->next + MOST && tail_of(a->c, noun) == TAIL_OPEN) noun++;
    const Slice word = base(&a->c->word[noun]);
    if (!is_plural(word) && !holds(mass_noun, word)) return PHRASE_YES;
    const bool is_moved =
        tail_of(a->c, noun) == TAIL_CLOSED && holds(" to back away for from on in ", base(&a->c->word[noun + 1]));
    return is_moved ? PHRASE_MAYBE_YES : PHRASE_MAYBE_NO;
}

static Phrase her_behind_verb(const Around *a)
{
    if (is_verb_ing(a->word)) return holds(sees_doing, a->left) ? PHRASE_MAYBE_NO : PHRASE_MAYBE_YES;
    if (holds(sees, a->left) && holds(base_verb, a->word)) return a->tail == TAIL_OPEN ? PHRASE_MAYBE_NO : PHRASE_NO;
    if (holds(sees, a->left) && holds(base_or_noun, a->word)) return PHRASE_MAYBE_NO;
    if (holds(adjective, a->word) && a->tail != TAIL_OPEN)
        return holds(complements, a->left) ? PHRASE_NO : PHRASE_MAYBE_NO;
    if (holds(complements, a->left) && holds(adjective, a->word)) {
        return is_adverb(base(&a->c->word[a->next + 1])) ? PHRASE_MAYBE_NO : PHRASE_MAYBE_YES;
    }
    if (holds(complements, a->left) && ends(a->word, "ed") && a->tail != TAIL_OPEN) return PHRASE_MAYBE_NO;
    if (holds(names, a->left)) return PHRASE_MAYBE_YES;
    if (holds(gives, a->left)) return noun_behind_giving(a);
    if (a->c->word[a->next].is_capital && holds(time_word, a->word)) return PHRASE_MAYBE_NO;
    if (a->c->word[a->next].is_digit) return PHRASE_MAYBE_YES;
    return PHRASE_YES;
}

static Phrase open_behind_her(const Around *a)
{
    const bool ends_here = a->tail != TAIL_OPEN;
    if (is_adverb(a->word) && ends_here) return PHRASE_NO;
    if (is_adverb(a->word)) return a->after_preposition || a->begins_clause ? PHRASE_YES : PHRASE_MAYBE_NO;
    if (a->after_preposition) return is_verb_ing(a->word) ? PHRASE_MAYBE_YES : PHRASE_YES;
    if (holds(flat_adverb, a->word) && ends_here && a->left.length) return PHRASE_MAYBE_NO;
    if (slice_is(a->left, "and") || slice_is(a->left, "or")) {
        const bool is_object = a->place > 1 && holds(" him them me us you ", base(&a->c->word[a->place - 2]));
        return is_object ? PHRASE_MAYBE_YES : PHRASE_YES;
    }
    if (a->begins_clause) return PHRASE_YES;
    return her_behind_verb(a);
}

/* --- his ---------------------------------------------------------------------------------------------- */

static Phrase open_behind_his(const Around *a)
{
    const TextWords *c = a->c;
    if (holds(past_verb, a->word)) return PHRASE_NO;
    const bool looks_past = ends(a->word, "ed") && a->tail != TAIL_OPEN;
    if (is_adverb(a->word) && a->tail != TAIL_OPEN) return PHRASE_MAYBE_NO;
    if (a->begins_clause && looks_past) return PHRASE_MAYBE_NO;
    const bool one_of = a->place > 1 && slice_is(a->left, "of") && holds(relation, base(&c->word[a->place - 2]));
    return one_of && (is_plural(a->word) || ends(a->word, "ed")) ? PHRASE_MAYBE_NO : PHRASE_YES;
}

/* --- the question ------------------------------------------------------------------------------------- */

static Phrase either_follows(const Around *a)
{
    if (holds(modifier, a->word)) return modifier_follows(a);
    if (holds(" more most less least better worse ", a->word)) return comparison_follows(a);
    if (holds(" home back past will ", a->word)) return place_follows(a);
    if (holds(" later now then ", a->word)) {
        if (a->tail != TAIL_OPEN) return PHRASE_NO;
        return a->after_preposition || a->begins_clause || !a->is_her ? PHRASE_YES : PHRASE_MAYBE_YES;
    }
    const bool is_sure = !a->is_her || a->begins_clause || a->after_preposition;
    return is_sure ? PHRASE_YES : PHRASE_MAYBE_YES; /* being, having */
}

static Phrase phrase_at(const TextWords *c, int i, bool is_her, bool is_second)
{
    const bool quoted = is_quoted(c, i);
    const Gap gap = gap_from(c, i, quoted);
    if (gap == GAP_BREAK) return PHRASE_NO;
    Around a = {.c = c, .place = i, .next = i + 1, .is_her = is_her};
    if (gap == GAP_SLASH) return !is_second && is_pair(&a, i + 1) ? pair_follows(&a, false, i + 1) : PHRASE_NO;
    a.word = base(&c->word[i + 1]);
    a.tail = tail_of(c, i + 1);
    a.left = left_of(c, i);
    a.after_preposition = holds(preposition, a.left);
    a.begins_clause = !a.left.length || (holds(conjunction, a.left) && !a.after_preposition);
    const bool is_and = slice_is(a.word, "and"), is_or = slice_is(a.word, "or");
    if (!is_second && (is_and || is_or) && gap_behind(c, i + 1) == GAP_SPACE && is_pair(&a, i + 2))
        return pair_follows(&a, is_and, i + 2);
    const bool is_compound = i + 2 < c->n && c->word[i + 2].at == c->word[i + 1].at + c->word[i + 1].length + 1 &&
                             c->text.start[c->word[i + 2].at - 1] == '-';
    if (is_compound) a.tail = TAIL_OPEN; /* her then-husband, his one-man show */
    else if (holds(either, a.word) || holds(modifier, a.word)) return either_follows(&a);
    if (!is_compound && is_closed(&c->word[i + 1])) {
        const bool may_begin = holds(mostly_not, a.word) && (a.begins_clause || a.after_preposition);
        return may_begin ? PHRASE_MAYBE_NO : PHRASE_NO;
    }
    const Phrase phrase = is_her ? open_behind_her(&a) : open_behind_his(&a);
    const bool may_quote = holds(gives, a.left) || holds(names, a.left) || holds(sees, a.left);
    return quoted || (gap == GAP_OPENS && may_quote) ? with_doubt(phrase) : phrase;
}

Phrase swap_phrase_of_her(const TextWords *context, int place)
{
    return phrase_at(context, place, true, false);
}

Phrase swap_phrase_of_his(const TextWords *context, int place)
{
    return phrase_at(context, place, false, false);
}
