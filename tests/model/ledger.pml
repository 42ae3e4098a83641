/* The ledger's rules: funding, worth, close, claim's end, refund. Every inline is one atomic act of the ledger.
   A -D switch named in README.md breaks one rule; none is set in the rules as they are. */

#define MIN(x, y) ((x) < (y) -> (x) : (y))
#define MAX(x, y) ((x) > (y) -> (x) : (y))

bool funded, final;          /* capacity is locked; the last refund is out */
byte locks;                  /* how often it was locked */
byte paid, refunded;
byte fund_at, closed_at = NONE;
byte first_close = NONE;     /* ghost: when the first close came */
byte worth0, seq0, worth1;   /* lane 0: vouchers. Lane 1: ticks revealed */
bool chained;                /* the tick lane's voucher came */
byte best0, best1;           /* ghosts: the best that came before the claim's end, whatever the ledger made of it */
bool claimed;                /* a payee's close with claims came */
byte owed;

#ifdef NO_CAP_AT_EXPIRY
#define FROM (closed_at == NONE -> E : closed_at)
#else
#define FROM MIN(closed_at, E)
#endif
#define OVER (now >= FROM + W)
#define COUNTS (funded && !final && !OVER)

#ifdef REFUSE_AFTER_EXPIRY
#define TAKES (COUNTS && now < E)
#else
#define TAKES COUNTS
#endif

/* The properties. One that fails names itself in the trail. -DONLY=NAME checks it alone. */
#define conservation 1
#define payer_loses_one 2
#define payer_is_one_ahead 3
#define receipt_is_kept 4
#define all_given_back 5
#define payee_is_paid 6
#define payee_loses_one 7
#define what_came_is_paid 8
#define set_decides 9
#define closes_in_time 10
#define ends_after_expiry 11
#define trade_is_unreachable 12
#define no_assertion 13
#ifndef ONLY
#define ONLY 0
#endif
#define HOLDS(name, e) \
    if \
    :: (e) || (ONLY && ONLY != name) -> skip \
    :: else -> printf("REFUTED "); printf(#name); printf("\n"); assert(false) \
    fi

inline check_money() {
    HOLDS(conservation, paid + refunded <= CAP && locks <= 1);
    HOLDS(payer_loses_one, payer_lies || paid <= got + 1)
}

inline lock() {
    if
#ifdef LOCKS_AGAIN
    :: now < E && locks < 2 -> locks++;
#else
    :: now < E && !funded -> locks++;
#endif
        if :: !funded -> funded = true; fund_at = now; printf("t=%d ledger: funds\n", now) :: else -> skip fi
    :: else -> skip
    fi;
    check_money()
}

inline pay() {
#ifdef TICKS_RESERVE
    owed = (chained -> worth1 : worth0 + worth1);   /* a chain of CAP ticks keeps all the room for itself */
#else
    owed = worth0 + worth1;
#endif
    owed = MIN(CAP, owed);
    owed = MIN(owed, CAP - refunded);
    paid = MAX(paid, owed);
    owed = 0;
    check_money()
}

inline take_voucher(seq, amount) {
    if :: COUNTS -> best0 = MAX(best0, amount) :: else -> skip fi;
    if
    :: TAKES ->
        printf("t=%d ledger: voucher seq %d amount %d\n", now, seq, amount);
#ifdef SEQ_DECIDES
        if :: seq > seq0 -> worth0 = amount; seq0 = seq :: else -> skip fi;
#else
        worth0 = MAX(worth0, amount);
#endif
#ifdef PAYS_AGAIN
        paid = MIN(CAP - refunded, paid + amount);
#endif
        pay()
    :: else -> skip
    fi
}

inline take_ticks(count) {
    if :: COUNTS -> best1 = MAX(best1, count) :: else -> skip fi;
    if
    :: TAKES ->
        printf("t=%d ledger: %d ticks\n", now, count);
#ifdef TICKS_RESERVE
        chained = true;
#endif
        worth1 = MAX(worth1, count);
        pay()
    :: else -> skip
    fi
}

inline open_window() {
    if :: first_close == NONE -> first_close = now :: else -> skip fi;
#ifdef LAST_CLOSE_COUNTS
    closed_at = now;
#else
    if :: closed_at == NONE -> closed_at = now :: else -> skip fi;
#endif
#ifdef REFUND_AT_CLOSE
    refunded = CAP - paid;
    final = true;
#endif
    check_money()
}

/* A payer's close, a payee's close without claims, or the payer's revocation. */
inline take_close() {
    if :: COUNTS -> printf("t=%d ledger: close\n", now); open_window() :: else -> skip fi
}

inline take_claims(claim) {
    if
    :: COUNTS ->
        printf("t=%d ledger: payee's close claims %d\n", now, claim);
        claimed = true;
        open_window();
#ifdef CLAIM_IS_PAID
        refunded = MAX(refunded, CAP - MIN(CAP, claim));
#else
        refunded = MAX(refunded, CAP - MAX(paid, MIN(CAP, claim)));
#endif
        check_money()
    :: else -> skip
    fi
}

inline give_back() {
    printf("t=%d ledger: refunds the rest\n", now);
#ifdef KEEPS_CLAIM
    if :: !claimed -> refunded = CAP - paid :: else -> skip fi;
#else
    refunded = CAP - paid;
#endif
    final = true;
    check_money();
    HOLDS(all_given_back, paid + refunded == CAP)
#ifdef REACH   /* the model is no use if a whole trade cannot happen in it */
    ; HOLDS(trade_is_unreachable, !(paid == CAP && got == CAP && worth0 && worth1 && !payer_lies && !payee_lies))
#endif
}

/* What must hold when time is past every claim's end. */
inline check_end() {
    HOLDS(payee_is_paid, payee_lies || payee_died || !funded || paid >= held0 + held1);
    HOLDS(payee_loses_one, payee_lies || payee_died || dlv <= paid + 1);
    HOLDS(what_came_is_paid, paid >= shown);
#ifdef ORDER_FREE
    HOLDS(set_decides, paid == MIN(CAP, best0 + best1))
#else
    HOLDS(set_decides, claimed || paid == MIN(CAP, best0 + best1))
#endif
}
