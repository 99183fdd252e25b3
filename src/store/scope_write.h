/* scope_write.h -- owns the statements for rows that are only added, with the types of their values; only src/store uses it. */
#ifndef STORE_SCOPE_WRITE_H
#define STORE_SCOPE_WRITE_H

extern const char scope_insert_contact[], scope_drop_contact[], scope_insert_visit[], scope_insert_activity[],
    scope_insert_ledger[];

#define CONTACT_TYPES "isi"
#define DROPPED_TYPES "sis"
#define VISIT_TYPES "iississsssss"
#define ACTIVITY_TYPES "iisissssssii"
#define LEDGER_TYPES "ississsssssiii"

#endif
