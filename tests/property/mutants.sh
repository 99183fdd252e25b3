#!/bin/sh
# mutants.sh -- owns the proof that the property tests find bugs: plants one at a time in a copy, and wants the test to fail.
#   tests/property/mutants.sh [SEEDS [PROGRAM [TEXT]]]   from the top folder, after `make test-programs`; the tree itself is not touched
# SEEDS (default 20) for each bug at most; PROGRAM: only those of test_contacts, test_carts or test_converge; TEXT: only those with it.
set -eu
seeds=${1:-20} only=${2:-} with=${3:-}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -a Makefile src verify tools routes tests build "$copy"
cd "$copy"
survived=0 n=0 program=test_contacts

plant() { # plant FILE SED-EXPRESSION: what was written there, and what a tired programmer would write
    [ -z "$only" ] || [ "$only" = "$program" ] || return 0
    case "$1 $2" in *"$with"*) ;; *) return 0 ;; esac
    n=$((n + 1))
    cp -p "$1" original
    sed -i "$2" "$1"
    if cmp -s "$1" original; then
        echo "mutants: $2 changes nothing in $1" >&2
        survived=$((survived + 1))
    elif ! make --no-print-directory "build/tests/property/$program" >make.log 2>&1; then
        tail -5 make.log >&2
        survived=$((survived + 1))
    elif SEEDS=$seeds SHRINK=0 "build/tests/property/$program" >test.log 2>&1; then
        echo "not found: $1 $2"
        survived=$((survived + 1))
    else
        echo "found:     $1 $2 ($(sed -n 's/^seed \([0-9]*\):.*/seed \1/p' test.log | head -1))"
    fi
    cp original "$1"
}

sound() { # the program passes as it is
    [ -z "$only" ] || [ "$only" = "$program" ] || return 0
    make --no-print-directory "build/tests/property/$program" >make.log 2>&1
    SEEDS=20 SHRINK=0 "build/tests/property/$program" >test.log 2>&1 || { echo "mutants: $program fails as it is" >&2; exit 1; }
}

sound
plant src/model/version.c 's/return str_cmp(a.receipt, b.receipt);/return 0;/' # O2: of equal times the first stays, as with < for <=
plant src/model/view_consent.c 's/p->joined_us \&\& i < p->n/false/' # M8: a refusal is lost in a merge
plant src/model/apply_consent.c '/^static bool is_weak/,/^}/s/return true;/return false;/' # C4: an order's box and a row relax
plant src/model/group.c 's/g->placed\[l->customer\] \&\& g->groups\[right\].is_of_person/l->claim->changed \&\& g->groups[right].is_of_person/' # H2 by arrival
plant src/model/group.c 's/graph_join(&g, STEP_OPERATOR, STEP_OPERATOR);/if (!s->customers->changed) &/'
plant src/model/apply.c 's/^            claim_said(claim_of(s, c, a->refs->email), class, a->v, a->refs->email_shown);/            if (class == CLAIM_JOIN)\n    &/'
plant src/model/apply.c 's/a->v.at_us < claim->first_us/false/'
plant src/model/view_order.c 's/v->over_refunded ? 0 : o->total - v->refunded/o->total - v->refunded/'
plant src/model/apply_order.c 's/if (!version_replaces(a->v, r->v))/if (version_is_set(r->v))/'

program=test_converge
sound
plant src/model/version.c 's/version_cmp(next, now) > 0/version_cmp(next, now) != 0/'
plant src/model/consent.c 's/opt_in->at_us <= restrict_->at_us/opt_in->at_us < restrict_->at_us/'
plant src/model/consent.c 's/return a->at_us > b->at_us;/return true;/'
plant src/model/consent.c 's/return a->state < b->state;/return true;/'
plant src/model/apply.c 's/a->v.at_us < claim->first_us/false/'
plant src/model/apply.c 's/(\*slot == 0 || at < \*slot)/*slot == 0/'
plant src/model/apply.c 's/if (!f || !version_replaces(a->v, f->v))/if (!f)/'
plant src/model/apply.c 's/if (!version_replaces(a->v, c->deleted_v))/if (version_is_set(c->deleted_v))/'
plant src/model/apply_order.c 's/if (version_replaces(a->v, o->v))/if (true)/'
plant src/model/apply_order.c 's/if (!version_replaces(a->v, r->v))/if (version_is_set(r->v))/'
plant src/model/apply_cart.c 's/if (c->first_us == 0 || a->v.at_us < c->first_us)/if (c->first_us == 0)/'
plant src/model/apply_cart.c 's/ && version_replaces(a->v, c->owner_v)//'
plant src/model/apply_cart.c 's/if (!version_replaces(a->v, v->v))/if (version_is_set(v->v))/'
plant src/model/group.c 's/^    int c;$/    int c;\n\n    if (a->claim \&\& b->claim)\n        return 0;/'
plant src/model/group.c '/^static bool may_join/,/^}/s/return false;/return true;/'
plant src/model/group.c 's/if (a->step != b->step)/if (false)/'
plant src/model/apply_consent.c '/^static bool is_weak/,/^}/s/return true;/return false;/'

program=test_carts
sound
plant src/engine/cart_sweep.c 's/.episode_us = cart_episode(look->cart->cart)/.episode_us = r->now_us/' # a cart fired twice
plant src/engine/cart_sweep.c 's/ && due\[i\].look_us < r->first_past_us//'
plant src/model/cart_find.c 's/now_us - f->fired_us < cooldown_us/now_us - f->fired_us > cooldown_us/'
plant src/model/apply_cart.c 's/at_us > \*slot ||/at_us ||/'
plant src/store/scope_save.c 's/look_us = CASE WHEN cart.look_us = 1 THEN 1 ELSE excluded.look_us END/look_us = excluded.look_us/'
plant src/store/cart.c 's/        if (o->changed)/        if (!o->changed)/'
echo "$n planted, $survived not found"
[ "$survived" -eq 0 ]
