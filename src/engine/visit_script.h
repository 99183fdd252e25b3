/* visit_script.h -- owns the script that shops put into their pages: its text, its tag, how it is served. */
#ifndef ENGINE_VISIT_SCRIPT_H
#define ENGINE_VISIT_SCRIPT_H

#include "net/server.h"

enum { VISIT_SCRIPT_MAX_BYTES = 2048 };

/* The text of visit.js; static. */
struct str visit_script(void);
/* Answers GET and HEAD of the script: 200, or 304 when the browser has it. */
void visit_script_answer(struct http_exchange *x);

#endif
