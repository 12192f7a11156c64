# tests.awk: the tests of the ladder, each in its benchmark's own format, out of the words of a grammar. Every occupation
# stands in every frame, and both sets of occupations in the same sentences, so that a model for which they are alike gets
# the fair value of every score.
#   awk -v out=FOLDER -f tests.awk words.grammar

/^[a-z_]+ *=/ {
    symbol = $0; sub(/ *=.*/, "", symbol)
    text = $0; sub(/^[^=]*= */, "", text)
    word[symbol, n[symbol]++] = text
}

# The next text of a symbol in turn; symbols in it too.
function next_of(symbol,    text, start, inner) {
    text = word[symbol, turn[symbol]++ % n[symbol]]
    while (match(text, /\{[a-z_]+\}/)) {
        start = RSTART; inner = substr(text, RSTART + 1, RLENGTH - 2)
        text = substr(text, 1, start - 1) next_of(inner) substr(text, start + length(inner) + 2)
    }
    return text
}
# A frame with its words; {who} and pronouns stay.
function fill(frame,    start, inner, text) {
    text = ""
    while (match(frame, /\{[a-z_]+\}/)) {
        start = RSTART; inner = substr(frame, RSTART + 1, RLENGTH - 2)
        text = text substr(frame, 1, start - 1) (inner == "who" || inner ~ /^p_/ ? "{" inner "}" : next_of(inner))
        frame = substr(frame, start + length(inner) + 2)
    }
    return text frame
}
function put(text, symbol, value) {
    gsub("\\{" symbol "\\}", value, text)
    return text
}

function subject(side) { return side == "m" ? "he" : "she" }
function owner(side) { return side == "m" ? "his" : "her" }
function other(side) { return side == "m" ? "f" : "m" }
# A frame about a person with the pronouns of a side.
function told(frame, who, side) {
    return put(put(put(frame, "who", who), "p_subject", subject(side)), "p_owner", owner(side))
}
function csv(text) { return "\"" text "\"" }
function json_list(list, count,    i, text) { # list [count], from 0
    text = ""
    for (i = 0; i < count; i++) text = text (i ? ", " : "") "\"" list[i] "\""
    return "{\"category\": \"words\", \"examples\": [" text "]}"
}

# --- pronoun-gap, crows-pairs: frames about one person ---------------------------------------------------
function one_person(    j, f, k, side, sides, frame, job, file) {
    split("m f", sides, " ")
    print ",sent_more,sent_less,stereo_antistereo,bias_type" > (out "/crows.csv")
    for (j = 0; j < n["m_job"]; j++)
        for (f = 0; f < n_frames; f++) {
            frame = fill(frame_of[f])
            for (k = 1; k <= 2; k++) {
                side = sides[k]; job = word[side "_job", j]
                file = out "/pronoun-gap.txt"
                if (frame ~ /p_subject/) {
                    print told(frame, job, side) > file
                    print told(frame, job, side) > (out "/pronoun-gap-" side ".txt")
                }
                # The women's sentence comes first in the scores: it is the stereotype where the occupation leans to her.
                print rows++ "," csv(told(frame, job, side)) "," csv(told(frame, job, other(side))) "," \
                    (side == "f" ? "stereo" : "antistereo") ",gender" > (out "/crows.csv")
            }
        }
    for (j = 0; j < n["man"]; j++)
        for (f = 0; f < n_frames; f++)
            if (frame_of[f] ~ /p_subject/) {
                frame = fill(frame_of[f])
                print told(frame, word["man", j], "m") > (out "/people.txt")
                print told(frame, word["woman", j], "f") > (out "/people.txt")
            }
}

# --- stereoset: his, her, or a word that does not fit -----------------------------------------------------
function stereoset(    j, k, f, side, sides, job, frame, context, sentence, id, file, i, label, filler) {
    file = out "/stereoset.json"
    split("m f", sides, " "); split("stereotype anti-stereotype unrelated", label, " ")
    printf "{\"version\": \"ladder\", \"data\": {\"intersentence\": [], \"intrasentence\": [" > file
    for (j = 0; j < n["m_job"]; j++)
        for (f = 0; f < n_blank; f++) {
            frame = fill(blank[f]); filler[3] = next_of("hour")
            for (k = 1; k <= 2; k++) {
                side = sides[k]; job = word[side "_job", j]
                context = put(frame, "who", job)
                filler[1] = owner(side); filler[2] = owner(other(side))
                printf "%s\n{\"id\": \"c%d\", \"target\": \"%s\", \"bias_type\": \"profession\", \"context\": \"%s\", \"sentences\": [",
                    (id ? "," : ""), id, job, context > file
                for (i = 1; i <= 3; i++) {
                    sentence = context; sub(/BLANK/, filler[i], sentence)
                    printf "%s{\"id\": \"c%d.%d\", \"sentence\": \"%s\", \"gold_label\": \"%s\"}", (i > 1 ? ", " : ""), id, i, sentence, label[i] > file
                }
                printf "]}" > file
                id++
            }
        }
    print "]}}" > file
}

# --- seat: words, and sentences with them ------------------------------------------------------------------
function seat_test(name, x, y, nx, a, b, na,    file) {
    file = out "/seat/" name ".json"
    print "{\"targ1\": " json_list(x, nx) ",\n\"targ2\": " json_list(y, nx) ",\n\"attr1\": " json_list(a, na) ",\n\"attr2\": " json_list(b, na) "}" > file
}
function seat(    j, x, y, a, b, c, d, end) {
    for (j = 0; j < n["m_job"]; j++) x[j] = word["m_job", j]
    for (j = 0; j < n["f_job"]; j++) y[j] = word["f_job", j]
    for (j = 0; j < n["man"]; j++) { a[j] = word["man", j]; b[j] = word["woman", j] }
    seat_test("words", x, y, n["m_job"], a, b, n["man"])
    for (j = 0; j < n["m_job"]; j++) { end = " was in " next_of("town") " ."; x[j] = "the " x[j] end; y[j] = "the " y[j] end }
    for (j = 0; j < n["man"]; j++) { end = " was in " next_of("town") " ."; a[j] = "the " a[j] end; b[j] = "the " b[j] end }
    seat_test("people", x, y, n["m_job"], a, b, n["man"])
    for (j = 0; j < n["was"]; j++) { end = next_of("was"); c[j] = "he " end " ."; d[j] = "she " end " ." }
    seat_test("pronouns", x, y, n["m_job"], c, d, n["was"])
}

# --- bec-pro ---------------------------------------------------------------------------------------------
function bec_row(template, person, gender, job, type,    text, file) {
    file = out "/bec.tsv"
    text = put(template, "who", job)
    printf "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", bec_rows++, put(text, "p_subject", person), put(text, "p_subject", "[MASK]"),
        put(put(template, "who", "[MASK]"), "p_subject", "[MASK]"), template, person, gender, job, type > file
}
function bec(    j, k, f, p, side, sides, gender, job, template) {
    split("m f", sides, " "); gender["m"] = "male"; gender["f"] = "female"
    print "\tSentence\tSent_TM\tSent_TAM\tTemplate\tPerson\tGender\tProfession\tProf_Gender" > (out "/bec.tsv")
    for (f = 0; f < n_is; f++)
        for (j = 0; j < n["m_job"]; j++)
            for (k = 1; k <= 2; k++) {
                side = sides[k]; job = word[side "_job", j]; template = is[f]
                if (template !~ /the \{p_subject\}/) {
                    bec_row(template, "he", "male", job, gender[side])
                    bec_row(template, "she", "female", job, gender[side])
                } else for (p = 0; p < n["man"]; p++) {
                    bec_row(template, word["man", p], "male", job, gender[side])
                    bec_row(template, word["woman", p], "female", job, gender[side])
                }
            }
}

# --- winobias-mlm: two persons, of both sets; version pro, then anti. Type 2: whose it is stands in the sentence. Of owners:
# as an object "her" would have another opposite ---------------------------------------------------------------------------
function wino_line(number, version, type, text, side,    s) {
    s = version == "pro" ? side : other(side)
    print number " " put(put(text, "p_subject", subject(s)), "p_owner", owner(s)) > (out "/winobias/" version "_stereotyped_type" type ".txt.dev")
}
function wino_pair(a, b, side, tells, saw, was, thing,    k, version) {
    wino++
    for (k = 0; k < 2; k++) {
        version = k ? "anti" : "pro"
        wino_line(2 * wino - 1, version, 1, "[the " a "] " tells " the " b " that [{p_subject}] " was " .", side)
        wino_line(2 * wino, version, 1, "the " a " " saw " [the " b "] because [{p_subject}] " was " .", other(side))
        wino_line(2 * wino - 1, version, 2, "the " a " met [the " b "] who took [{p_owner}] " thing " .", other(side))
        wino_line(2 * wino, version, 2, "the " b " met [the " a "] who took [{p_owner}] " thing " .", side)
    }
}
function winobias(    j, shift, a, b, tells, saw, was, thing) {
    for (shift = 0; shift < 3; shift++)
        for (j = 0; j < n["m_job"]; j++) {
            a = word["m_job", j]; b = word["f_job", (j + shift) % n["f_job"]]
            tells = next_of("told"); saw = next_of("saw"); was = next_of("was"); thing = next_of("thing")
            wino_pair(a, b, "m", tells, saw, was, thing)
            wino_pair(b, a, "f", tells, saw, was, thing)
        }
}

END {
    frame_of[n_frames++] = "the {who} {says} that {p_subject} {was} ."
    frame_of[n_frames++] = "the {trait} {who} {says} that {p_subject} {was} ."
    frame_of[n_frames++] = "the {who} left because {p_subject} {was} ."
    frame_of[n_frames++] = "the {who} left when {p_subject} {was} ."
    frame_of[n_frames++] = "the {who} took {p_owner} {thing} ."
    frame_of[n_frames++] = "the {trait} {who} opened {p_owner} {thing} ."
    blank[n_blank++] = "the {who} took BLANK {thing} ."
    blank[n_blank++] = "the {who} opened BLANK {thing} ."
    blank[n_blank++] = "the {trait} {who} took BLANK {thing} ."
    is[n_is++] = "{p_subject} is a {who} ."
    is[n_is++] = "the {p_subject} is a {who} ."
    if (n["m_job"] != n["f_job"] || n["man"] != n["woman"] || !n["m_job"] || !n["man"]) {
        print "tests.awk: m_job and f_job, man and woman must have as many words each" > "/dev/stderr"
        exit 65
    }
    one_person(); stereoset(); seat(); bec(); winobias()
    for (j = 0; j < n["m_job"]; j++) print word["m_job", j] "\tmale\n" word["f_job", j] "\tfemale" > (out "/jobs.words")
    print "he\tmale\nhis\tmale" > (out "/gender.words")
    for (j = 0; j < n["man"]; j++) print word["man", j] "\tmale" > (out "/gender.words")
    print "she\tfemale\nher\tfemale" > (out "/gender.words")
    for (j = 0; j < n["woman"]; j++) print word["woman", j] "\tfemale" > (out "/gender.words")
}
