/* row_verdict.h -- owns what became of one row of an imported file, and the words in which the drainer notes it. */
#ifndef ENGINE_ROW_VERDICT_H
#define ENGINE_ROW_VERDICT_H

#include "model/contact.h"

enum row_fate { ROW_NEW, ROW_UPDATED, ROW_UNCHANGED, ROW_ERASED, ROW_SKIPPED, ROW_FATE__COUNT };

struct row_verdict {
    enum row_fate fate;   /* ERASED: the person was erased, nothing was taken (X3); SKIPPED: nobody to write to (G5) */
    bool consent_refused; /* it would have relaxed consent, which no import does (C4, N6) */
};

/* What contact_apply did: `made` says that it took a new contact id. */
struct row_verdict row_judge(const struct scope *scope, const struct outcome *outcome, bool made);

enum { ROW_VERDICT_CHARS = 24 };
/* "new", "updated refused"...; returns `out` as text. */
struct str row_verdict_text(struct row_verdict verdict, char out[ROW_VERDICT_CHARS + 1]);
/* ERR_SYNTAX for another text. */
enum err row_verdict_parse(struct str text, struct row_verdict *out) MUST_CHECK;
const char *row_fate_name(enum row_fate fate);

#endif
