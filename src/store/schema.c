/* schema.c -- owns the list of migrations that make the contact database. */
#include "store/schema.h"

#include "store/migrations/0001_source.h"
#include "store/migrations/0002_contact.h"
#include "store/migrations/0003_cart_owner.h"
#include "store/migrations/0004_source_key.h"
#include "store/migrations/0005_activity.h"
#include "store/migrations/0006_master_key.h"
#include "store/migrations/0007_fetch_task.h"
#include "store/migrations/0008_visits.h"
#include "store/migrations/0009_erase_task.h"
#include "store/migrations/0010_cart_timers.h"
#include "store/migrations/0011_notice.h"
#include "store/migrations/0012_account.h"
#include "store/migrations/0013_list.h"
#include "store/migrations/0014_identity.h"
#include "store/migrations/0015_privacy_request.h"
#include "store/migrations/0016_field.h"
#include "store/migrations/0017_trigger.h"
#include "store/migrations/0018_contact_limit.h"
#include "store/migrations/0019_merged.h"
#include "store/migrations/0020_parked_caller.h"
#include "store/migrations/0021_anonymous_order.h"

const struct db_migration schema_migrations[] = {
    {1, "source", migration_0001_source},
    {2, "contact", migration_0002_contact},
    {3, "cart_owner", migration_0003_cart_owner},
    {4, "source_key", migration_0004_source_key},
    {5, "activity", migration_0005_activity},
    {6, "master_key", migration_0006_master_key},
    {7, "fetch_task", migration_0007_fetch_task},
    {8, "visits", migration_0008_visits},
    {9, "erase_task", migration_0009_erase_task},
    {10, "cart_timers", migration_0010_cart_timers},
    {11, "notice", migration_0011_notice},
    {12, "account", migration_0012_account},
    {13, "list", migration_0013_list},
    {14, "identity", migration_0014_identity},
    {15, "privacy_request", migration_0015_privacy_request},
    {16, "field", migration_0016_field},
    {17, "trigger", migration_0017_trigger},
    {18, "contact_limit", migration_0018_contact_limit},
    {19, "merged", migration_0019_merged},
    {20, "parked_caller", migration_0020_parked_caller},
    {21, "anonymous_order", migration_0021_anonymous_order},
};
const size_t schema_migrations_n = sizeof(schema_migrations) / sizeof(*schema_migrations);
