/* row_verdict.c -- owns what became of one row of an imported file, and the words in which the drainer notes it. */
#include "engine/row_verdict.h"

#include <stdio.h>

static const char *const names[ROW_FATE__COUNT] = {[ROW_NEW] = "new",
                                                   [ROW_UPDATED] = "updated",
                                                   [ROW_UNCHANGED] = "unchanged",
                                                   [ROW_ERASED] = "erased",
                                                   [ROW_SKIPPED] = "skipped"};

static const struct str refused_suffix = {" refused", 8};

const char *row_fate_name(enum row_fate fate)
{
    return names[fate];
}

struct row_verdict row_judge(const struct scope *scope, const struct outcome *outcome, bool made)
{
    struct row_verdict verdict = {.fate = ROW_UNCHANGED};
    size_t changes = 0;

    for (const struct ledger_row *row = scope->ledger; row; row = row->next) {
        bool refused = strcmp(row->what, "consent email refused") == 0 || strcmp(row->what, "consent sms refused") == 0;

        verdict.consent_refused |= refused;
        changes += !refused && !str_eq(row->new, STR("stale")) && strcmp(row->rule, "O7") != 0; /* a flag changes nothing */
    }
    if (outcome->effect == EFFECT_SKIPPED)
        verdict.fate = ROW_SKIPPED;
    else if (outcome->effect == EFFECT_NONE)
        verdict.fate = ROW_ERASED;
    else if (made)
        verdict.fate = ROW_NEW;
    else if (changes)
        verdict.fate = ROW_UPDATED;
    return verdict;
}

struct str row_verdict_text(struct row_verdict verdict, char out[ROW_VERDICT_CHARS + 1])
{
    snprintf(out, ROW_VERDICT_CHARS + 1, "%s%s", names[verdict.fate], verdict.consent_refused ? refused_suffix.p : "");
    return str_of(out);
}

enum err row_verdict_parse(struct str text, struct row_verdict *out)
{
    *out = (struct row_verdict){.consent_refused = str_ends(text, refused_suffix)};
    if (out->consent_refused)
        text = str_upto(text, text.len - refused_suffix.len);
    for (size_t i = 0; i < ROW_FATE__COUNT; i++)
        if (str_eq(text, str_of(names[i]))) {
            out->fate = (enum row_fate)i;
            return OK;
        }
    return ERR_SYNTAX;
}
