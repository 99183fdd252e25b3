/* facts.c -- owns the facts that a batch works on: loaded once, changed in memory. How they are written: facts_write.c. */
#include "store/facts.h"

#include "store/scope_write.h"

enum { FIRST_ROOM = 16, FIRST_HASH = 512, PEOPLE_AROUND_MAX = 20000 };

/* -- memory ---------------------------------------------------------------------------------------------------------------------- */

/* Makes room for one more pointer. */
static bool grow(struct arena *arena, void *array, size_t n, size_t *room)
{
    void ***at = array, **more;
    size_t wanted = *room ? *room * 2 : FIRST_ROOM;

    if (n < *room)
        return true;
    more = arena_array(arena, wanted, sizeof(*more));
    if (!more)
        return false;
    if (n)
        memcpy(more, *at, n * sizeof(*more));
    *at = more;
    *room = wanted;
    return true;
}

static size_t hash_of(enum fact_index index, const struct fact_key *key)
{
    uint64_t h =
        str_hash(STR_HASH ^ (uint64_t)index ^ ((uint64_t)key->source_id << 8) ^ ((uint64_t)key->account_id << 24), key->text);

    return (size_t)(h ^ (h >> 29));
}

static bool is_key(const struct fact_key *a, const struct fact_key *b)
{
    return a->account_id == b->account_id && a->source_id == b->source_id && str_eq(a->text, b->text);
}

static bool rehash(struct facts *f)
{
    size_t n = f->n_hash ? f->n_hash * 4 : FIRST_HASH;
    struct fact_list **hash = arena_array(f->arena, n, sizeof(*hash));

    if (!hash)
        return false;
    for (size_t i = 0; i < f->n_hash; i++)
        for (struct fact_list *list = f->hash[i], *next; list; list = next) {
            struct fact_list **slot = &hash[hash_of(list->index, &list->key) % n];

            next = list->next;
            list->next = *slot;
            *slot = list;
        }
    f->hash = hash;
    f->n_hash = n;
    return true;
}

static struct fact_list *find_list(const struct facts *f, enum fact_index index, const struct fact_key *key)
{
    struct fact_list *list = f->n_hash ? f->hash[hash_of(index, key) % f->n_hash] : NULL;

    while (list && !(list->index == index && is_key(&list->key, key)))
        list = list->next;
    return list;
}

/* Finds or makes it; NULL without memory. */
static struct fact_list *ensure_list(struct facts *f, enum fact_index index, const struct fact_key *key)
{
    struct fact_list *list = find_list(f, index, key), **slot;

    if (list)
        return list;
    if (f->n_lists >= f->n_hash && !rehash(f))
        return NULL;
    list = arena_alloc(f->arena, sizeof(*list));
    if (!list)
        return NULL;
    slot = &f->hash[hash_of(index, key) % f->n_hash];
    *list = (struct fact_list){.next = *slot, .index = index, .key = *key};
    *slot = list;
    f->n_lists++;
    return list;
}

/* -- rows ------------------------------------------------------------------------------------------------------------------------ */

static bool list_add(struct facts *f, struct fact_list *list, struct fact *fact)
{
    if (!grow(f->arena, &list->at, list->n, &list->room))
        return false;
    list->at[list->n++] = fact;
    return true;
}

static enum fact_index home_of(enum fact_kind kind)
{
    int i = 0;

    while (fact_indexes[i].kind != kind)
        i++;
    return (enum fact_index)i;
}

static struct fact_key key_of(const struct fact *fact, enum fact_index index)
{
    struct fact_key key = {.account_id = fact->account_id};

    fact_indexes[index].key(fact->row, &key);
    return key;
}

static struct fact *find_fact(const struct facts *f, const struct fact *like)
{
    enum fact_index home = home_of(like->kind);
    struct fact_key key = key_of(like, home);
    struct fact_list *list = find_list(f, home, &key);

    for (size_t i = 0; list && i < list->n; i++)
        if (fact_types[like->kind].compare(list->at[i]->row, like->row) == 0)
            return list->at[i];
    return NULL;
}

/* Into every list that it belongs to, but those where `before` (NULL: nothing) had it. */
static enum err add_to_lists(struct facts *f, struct fact *fact, const struct fact *before)
{
    for (int i = home_of(fact->kind); i < FACT_INDEX__COUNT && fact_indexes[i].kind == fact->kind; i++) {
        struct fact_key key = key_of(fact, (enum fact_index)i), old = before ? key_of(before, (enum fact_index)i) : key;
        struct fact_list *list;

        if (key.text.len == 0 || (before && is_key(&key, &old)))
            continue;
        list = ensure_list(f, (enum fact_index)i, &key);
        if (!list || !list_add(f, list, fact))
            return ERR_MEMORY;
    }
    return OK;
}

static bool is_person(enum fact_kind kind)
{
    return kind == FACT_CUSTOMER || kind == FACT_ADDRESS || kind == FACT_CLAIM;
}

/* Takes the fact's row as it is. */
static enum err add_fact(struct facts *f, const struct fact *like, struct fact **out)
{
    struct fact *fact = arena_alloc(f->arena, sizeof(*fact));

    if (!fact)
        return ERR_MEMORY;
    *fact = *like;
    *out = fact;
    if (is_person(fact->kind)) {
        if (!grow(f->arena, &f->people, f->n_people, &f->people_room))
            return ERR_MEMORY;
        f->people[f->n_people++] = fact;
    }
    return add_to_lists(f, fact, NULL);
}

static void settle(enum fact_kind kind, void *row)
{
    if (fact_types[kind].changed)
        *(bool *)((char *)row + fact_types[kind].changed) = false;
    if (fact_types[kind].settle)
        fact_types[kind].settle(row);
}

static enum err note_changed(struct facts *f, struct fact *fact)
{
    if (fact->changed)
        return OK;
    if (!grow(f->arena, &f->changed, f->n_changed, &f->changed_room))
        return ERR_MEMORY;
    f->changed[f->n_changed++] = fact;
    fact->changed = true;
    return OK;
}

enum err facts_put(struct facts *f, enum fact_kind kind, const void *row, struct fact **out)
{
    struct fact like = {.kind = kind, .account_id = f->store->account_id, .row = arena_alloc(f->arena, fact_types[kind].size)},
                before;
    struct fact *fact;
    enum err err = like.row ? OK : ERR_MEMORY;

    if (err)
        return err;
    memcpy(like.row, row, fact_types[kind].size);
    settle(kind, like.row);
    fact = find_fact(f, &like);
    if (!fact) {
        err = add_fact(f, &like, &fact);
    } else {
        before = *fact;
        fact->row = like.row;
        err = add_to_lists(f, fact, &before);
    }
    if (!err)
        err = note_changed(f, fact);
    if (out)
        *out = fact;
    return err;
}

/* -- loading --------------------------------------------------------------------------------------------------------------------- */

static enum err want_in(struct facts *f, int64_t account_id, enum fact_index index, int64_t source_id, struct str text)
{
    struct fact_key key = {.account_id = account_id, .source_id = source_id, .text = text};
    struct fact_list *list;

    if (text.len == 0)
        return OK;
    list = ensure_list(f, index, &key);
    if (!list)
        return ERR_MEMORY;
    if (list->loaded || list->wanted)
        return OK;
    if (!grow(f->arena, &f->wanted, f->n_wanted, &f->wanted_room))
        return ERR_MEMORY;
    list->wanted = true;
    f->wanted[f->n_wanted++] = list;
    return OK;
}

enum err facts_want(struct facts *f, enum fact_index index, int64_t source_id, struct str text)
{
    return want_in(f, f->store->account_id, index, source_id, text);
}

static enum err want_around(struct facts *f, int64_t account_id, enum fact_kind kind, const void *row)
{
    const struct customer *customer = row;
    const struct address *address = row;
    const struct claim *claim = row;
    enum err err;

    if (kind == FACT_ADDRESS)
        return want_in(f, account_id, BY_CLAIM_ADDRESS, 0, address->key);
    if (kind == FACT_CLAIM) {
        err = want_in(f, account_id, BY_ADDRESS, 0, claim->address);
        return err ? err : want_in(f, account_id, BY_CUSTOMER, claim->source_id, claim->subject);
    }
    err = want_in(f, account_id, BY_CLAIM_CUSTOMER, customer->source_id, customer->subject);
    if (!err)
        err = want_in(f, account_id, BY_CUSTOMER, customer->source_id, customer->merged_into);
    return err ? err : want_in(f, account_id, BY_MERGED_INTO, customer->source_id, customer->subject);
}

enum err facts_want_around(struct facts *f, enum fact_kind kind, const void *row)
{
    return want_around(f, f->store->account_id, kind, row);
}

/* The look-ups of one index. */
struct asking {
    struct facts *facts;
    enum fact_index index;
    struct db_rows keys;
};

/* A row that was saved meanwhile is the newer one. */
static enum err take_row(void *arg, struct db_stmt *st, size_t set)
{
    struct asking *a = arg;
    enum fact_kind kind = fact_indexes[a->index].kind;
    struct row r = {.st = st, .arena = a->facts->arena, .column = 0, .err = OK};
    struct fact like = {.kind = kind, .row = arena_alloc(a->facts->arena, fact_types[kind].size)}, *added;

    if (!like.row)
        return ERR_MEMORY;
    like.account_id = db_rows_value(&a->keys, set, 0)->number;
    fact_types[kind].read(&r, like.row);
    settle(kind, like.row);
    if (r.err)
        return r.err;
    return find_fact(a->facts, &like) ? OK : add_fact(a->facts, &like, &added);
}

static enum err ask(struct asking asks[FACT_INDEX__COUNT], const struct fact_list *list)
{
    struct asking *a = &asks[list->index];

    if (fact_indexes[list->index].of_source)
        return db_rows_add(&a->keys, list->key.account_id, list->key.source_id, list->key.text);
    return db_rows_add(&a->keys, list->key.account_id, list->key.text);
}

enum err facts_load(struct facts *f)
{
    struct asking asks[FACT_INDEX__COUNT];
    struct db_many many[FACT_INDEX__COUNT];
    enum err err = OK;

    if (f->n_wanted == 0)
        return OK;
    for (int i = 0; i < FACT_INDEX__COUNT; i++) {
        asks[i] = (struct asking){.facts = f, .index = (enum fact_index)i};
        asks[i].keys = DB_ROWS(fact_indexes[i].of_source ? "iis" : "is", f->arena);
        many[i] = (struct db_many){.sql = fact_indexes[i].select, .rows = &asks[i].keys, .each = take_row, .arg = &asks[i]};
    }
    for (size_t i = 0; i < f->n_wanted && !err; i++)
        err = ask(asks, f->wanted[i]);
    if (!err)
        err = db_run_many(f->store->db, many, FACT_INDEX__COUNT);
    for (size_t i = 0; i < f->n_wanted; i++) {
        f->wanted[i]->wanted = false;
        f->wanted[i]->loaded = !err;
    }
    f->n_wanted = 0;
    return err;
}

enum err facts_load_wanted(struct store *store)
{
    struct facts *f = store->facts;
    enum err err = facts_load(f);

    while (!err && f->n_around < f->n_people && f->n_people < PEOPLE_AROUND_MAX) {
        while (f->n_around < f->n_people && !err) {
            struct fact *fact = f->people[f->n_around++];

            err = want_around(f, fact->account_id, fact->kind, fact->row);
        }
        if (!err)
            err = facts_load(f);
    }
    return err;
}

/* -- reading --------------------------------------------------------------------------------------------------------------------- */

const struct fact_list *facts_list(struct facts *f, enum fact_index index, int64_t source_id, struct str text)
{
    struct fact_key key = {.account_id = f->store->account_id, .source_id = source_id, .text = text};

    return text.len ? find_list(f, index, &key) : NULL;
}

void facts_next_scope(struct facts *f)
{
    f->scope++;
}

/* A customer that was merged into another one since is still in the list of the first. */
bool facts_take(struct facts *f, const struct fact_list *list, size_t i)
{
    struct fact *fact = list->at[i];
    struct fact_key key = key_of(fact, list->index);

    if (fact->scope == f->scope || !is_key(&key, &list->key))
        return false;
    fact->scope = f->scope;
    return true;
}

/* -- life ------------------------------------------------------------------------------------------------------------------------ */

static void make_empty(struct facts *f)
{
    struct store *store = f->store;
    struct arena *arena = f->arena;

    *f = (struct facts){.store = store, .arena = arena};
    f->contacts = DB_ROWS(CONTACT_TYPES, arena);
    f->dropped = DB_ROWS(DROPPED_TYPES, arena);
    f->visits = DB_ROWS(VISIT_TYPES, arena);
    f->activities = DB_ROWS(ACTIVITY_TYPES, arena);
    f->ledger = DB_ROWS(LEDGER_TYPES, arena);
    cart_wakes_init(&f->wakes, arena);
}

/* Somebody else's statement: it shall see what was saved, and what it changes shall be seen. */
static enum err before_others(void *arg, bool reads)
{
    struct facts *f = arg;
    enum err err = facts_write(f);

    if (!err && !reads)
        make_empty(f);
    return err;
}

struct facts *facts_of(struct store *store, struct facts *own, struct arena *arena)
{
    if (store->facts)
        return store->facts;
    *own = (struct facts){.store = store, .arena = arena};
    make_empty(own);
    return own;
}

enum err facts_begin(struct store *store, struct arena *arena)
{
    struct facts *f = calloc(1, sizeof(*f));

    if (!f)
        return ERR_MEMORY;
    f->store = store;
    f->arena = arena;
    make_empty(f);
    store->facts = f;
    db_gather(store->db, before_others, f);
    return OK;
}

enum err facts_flush(struct store *store)
{
    return facts_write(store->facts);
}

void facts_forget(struct store *store)
{
    make_empty(store->facts);
}

void facts_end(struct store *store)
{
    db_gather(store->db, NULL, NULL);
    free(store->facts);
    store->facts = NULL;
}
