/* winobias_text.c: a line is cut at its brackets. */
#include "evaluate/winobias_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "io/text_file.h"

static const char *const form[][2] = {
    {"he", "she"}, {"him", "her"}, {"his", "her"}, {"his", "hers"}, {"himself", "herself"}};
enum { N_FORMS = sizeof form / sizeof form[0] };

int wino_pronoun_pair(const char *a, const char *b)
{
    for (int f = 0; f < N_FORMS; f++) {
        if (strcasecmp(a, form[f][0]) == 0 && strcasecmp(b, form[f][1]) == 0) return 1;
        if (strcasecmp(a, form[f][1]) == 0 && strcasecmp(b, form[f][0]) == 0) return -1;
    }
    return 0;
}

static bool is_pronoun(Slice word)
{
    bool is = false;
    for (int f = 0; f < N_FORMS && !is; f++)
        for (int k = 0; k < 2; k++)
            is = is || (strlen(form[f][k]) == word.length && strncasecmp(word.start, form[f][k], word.length) == 0);
    return is;
}

static void append(char **text, Slice more)
{
    char *longer = memory_print("%s%.*s", *text, (int)more.length, more.start);
    free(*text);
    *text = longer;
}

/* What stands between two brackets, or in front of them. */
static Status add_part(const char *path, WinoSentence *s, Slice part, bool in_brackets, const char *mask)
{
    const Slice word = slice_trim(part);
    append(&s->text, part);
    if (!in_brackets || !is_pronoun(word)) {
        append(&s->masked, part);
        return STATUS_OK;
    }
    CHECK(s->n_pronouns < WINO_PRONOUNS, STATUS_DATA, "%s: line %lld has more than %d pronouns in brackets", path,
          (long long)s->line, WINO_PRONOUNS);
    s->pronoun[s->n_pronouns++] = slice_copy(word);
    append(&s->masked, slice_of(mask));
    return STATUS_OK;
}

static Status read_number(const char *path, Slice *line, WinoSentence *s)
{
    Slice first;
    slice_next_field(line, ' ', &first);
    char *text = slice_copy(first);
    const bool is_number = text_to_int64(text, &s->number) && s->number >= 1 && s->number <= 1 << 24;
    free(text);
    CHECK(is_number, STATUS_DATA, "%s: line %lld begins with '%.*s'; a sentence of WinoBias begins with its number",
          path, (long long)s->line, (int)(first.length < 40 ? first.length : 40), first.start);
    return STATUS_OK;
}

static Status read_sentence(const char *path, Slice line, const char *mask, WinoSentence *s)
{
    s->text = memory_copy_text("");
    s->masked = memory_copy_text("");
    TRY(read_number(path, &line, s));
    bool in_brackets = false;
    for (size_t at = 0, end; at <= line.length; at = end + 1) {
        for (end = at; end < line.length && line.start[end] != (in_brackets ? ']' : '[');) end++;
        CHECK(!in_brackets || end < line.length, STATUS_DATA, "%s: line %lld has a bracket that is not closed", path,
              (long long)s->line);
        TRY(add_part(path, s, (Slice){line.start + at, end - at}, in_brackets, mask));
        in_brackets = !in_brackets && end < line.length;
    }
    CHECK(s->n_pronouns > 0, STATUS_DATA, "%s: line %lld has no pronoun in brackets: '%s'", path, (long long)s->line,
          s->text);
    return STATUS_OK;
}

Status wino_file_read(const char *path, const char *mask, WinoFile *f)
{
    char *data;
    size_t length;
    *f = (WinoFile){.path = memory_copy_text(path)};
    TRY(text_file_read(path, &data, &length));
    LineCursor cursor = line_cursor((Slice){data, length});
    Slice line;
    Status status = STATUS_OK;
    for (int64_t number = 1; !status && line_cursor_next(&cursor, &line); number++) {
        line = slice_trim(line);
        if (line.length == 0) continue;
        memory_reserve((void **)&f->sentence, &f->capacity, f->n + 1, sizeof *f->sentence);
        WinoSentence *s = &f->sentence[f->n++];
        *s = (WinoSentence){.line = number};
        status = read_sentence(path, line, mask, s);
        if (!status && wino_file_find(f, s->number) != s)
            status = status_set(STATUS_DATA, __FILE__, __LINE__, "%s: line %lld has number %lld, as a line before it",
                                path, (long long)number, (long long)s->number);
    }
    free(data);
    TRY(status);
    CHECK(f->n > 0, STATUS_DATA, "%s: holds no sentence", path);
    return STATUS_OK;
}

void wino_file_close(WinoFile *f)
{
    for (size_t i = 0; i < f->n; i++) {
        WinoSentence *s = &f->sentence[i];
        for (int k = 0; k < s->n_pronouns; k++) free(s->pronoun[k]);
        free(s->text), free(s->masked);
    }
    free(f->sentence);
    free(f->path);
    *f = (WinoFile){0};
}

const WinoSentence *wino_file_find(const WinoFile *f, int64_t number)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->sentence[i].number == number) return &f->sentence[i];
    return NULL;
}
