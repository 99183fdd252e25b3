/* why_facts.h -- owns the facts behind one field, or behind the consent, of a contact, as `storehook why` tells them. */
#ifndef CLI_WHY_FACTS_H
#define CLI_WHY_FACTS_H

#include "cli/contacts.h"

/* What a contact was derived from, and what it is. */
struct why_facts {
    const struct contact_reader *reader;
    const struct scope *facts;
    const struct contact_view *view;
};

/* Returns owned: what each source says of the field, the one that counts first. An empty array when nobody ever said anything. */
json_t *why_field_json(const struct why_facts *w, struct str field);
/* Returns owned: every statement about consent, the refusals first, and the suppressions; those that decide are marked. */
json_t *why_consent_json(const struct why_facts *w);
/* Print the same as sentences. */
void why_field_print(const json_t *facts, struct str field);
void why_consent_print(const json_t *facts);

/* True when the line of the ledger is about the field, or about consent, lists and suppressions. */
bool why_line_is_of_field(const struct ledger_line *line, struct str field);
bool why_line_is_of_consent(const struct ledger_line *line);

#endif
