/* check_account.c -- owns the check of accounts: the number of contacts that is kept beside a limit, counted anew. */
#include "store/check_steps.h"

#include "store/account_limit.h"

enum err check_accounts(struct check *c)
{
    int64_t counted = 0, kept = 0;
    enum err err = contact_count_check(c->store, &counted, &kept);

    if (err == ERR_NOT_FOUND) /* an account that no row tells of is another step's finding */
        return OK;
    check_read(c, 1);
    if (err || kept == -1 || kept == counted)
        return err;
    err = check_where_int(c, "kept", kept);
    if (!err)
        err = check_where_int(c, "counted", counted);
    return err ? err
               : check_tell(c, "the number of contacts beside the account's limit is not how many there are",
                            "set the limit once more with `storehook account set`: that counts them anew");
}
