/* Sealwright's payment channel: payer, payee, ledger, bearer, time. DESIGN: "The ledger", "Peers", "Journal".
   Amounts are in steps of service. README.md says what is left out and what each property is. */

#ifndef CAP
#define CAP 2   /* capacity, steps; at most 3 */
#endif
#ifndef E
#define E 3     /* when the channel expires, ticks of time */
#endif
#ifndef W
#define W 2     /* dispute window */
#endif
#ifndef D
#define D 1     /* an honest payee presents what it holds within D of its last look at the ledger */
#endif
#define LAST (E + W + 1)
#define NONE 255

#ifdef FIRST_RULE
#define SEQ_DECIDES
#define REFUND_AT_CLOSE
#define REFUSE_AFTER_EXPIRY
#define TICKS_RESERVE
#endif

#define OPEN 0
#define BARE 1
#define CLAIMS 2

byte now;
bool payer_lies, payee_lies, payee_died;
byte kept0, kept1;      /* payer's flash: reserved in lane 0, ticks reserved in lane 1 */
byte sent0, sent1;      /* signed: whoever wants can have these and every one before */
byte got, receipt;      /* payer: steps of service, and the total that the payee gave a receipt for */
byte payer_close = OPEN;
byte held0, held_seq, held1;    /* payee's flash: its best voucher, its best tick */
byte dlv, receipted;            /* payee: steps delivered, total of its newest receipt */
byte payee_close = OPEN, claim;
byte seen = NONE;       /* payee: as of when it knows that the ledger has no close */
bool sees_close, unshown;
byte shown;             /* ghost: the best total that the payee presented in time */

#include "ledger.pml"

#if CAP > 2
#define EACH_AMOUNT(X) X(1) X(2) X(3)
#define EACH_VOUCHER(X) X(1,1) X(1,2) X(1,3) X(2,1) X(2,2) X(2,3) X(3,1) X(3,2) X(3,3)
#else
#define EACH_AMOUNT(X) X(1) X(2)
#define EACH_VOUCHER(X) X(1,1) X(1,2) X(2,1) X(2,2)
#endif

/* Signatures are perfect; the air forgets nothing. An honest payer's n-th voucher is worth n, a liar has signed all. */
#define VOUCHER_EXISTS(seq, amount) (payer_lies || (seq == amount && amount <= sent0))
#define TICK_EXISTS(count) (payer_lies || count <= sent1)

#define IN_TIME (now < LAST)   /* after it every claim's end is past, and only the ledger has something left to do */

#define PROMISED (kept0 + kept1)
#define SIGNED (kept0 == sent0 && kept1 == sent1)
#define AT_MOST_ONE_AHEAD (PROMISED <= got && receipt == PROMISED)
#define MAY_PROMISE (!payer_lies && payer_close == OPEN && SIGNED && PROMISED < CAP && AT_MOST_ONE_AHEAD)

inline check_ahead() { HOLDS(payer_is_one_ahead, sent0 + sent1 <= got + 1) }

/* Reserve, then sign. A power cut between the two finds the reserved number on flash and signs it again.
   A device that sleeps does nothing for a while, which every interleaving allows already. */
active proctype Payer() {
end:
    do
#ifdef SIGN_BEFORE_FLASH
    :: d_step { IN_TIME && MAY_PROMISE -> sent0 = kept0 + 1; printf("t=%d payer: signs, then loses power\n", now) }
    :: d_step { IN_TIME && !payer_lies && sent0 > kept0 -> kept0 = sent0 }
    :: d_step { IN_TIME && !payer_lies && sent0 > kept0 && kept1 == sent1 && AT_MOST_ONE_AHEAD ->
        kept1++; sent1 = kept1; printf("t=%d payer: forgot, pays a tick\n", now); check_ahead() }
#else
    :: d_step { IN_TIME && MAY_PROMISE -> kept0++ }
    :: d_step { IN_TIME && MAY_PROMISE -> kept1++ }
    :: d_step { IN_TIME && !payer_lies && !SIGNED -> sent0 = kept0; sent1 = kept1;
        printf("t=%d payer: signs %d + %d\n", now, sent0, sent1); check_ahead() }
#endif
    :: d_step { IN_TIME && got < dlv -> got++ }
    :: d_step { IN_TIME && receipt < receipted && !payer_lies -> receipt = receipted;
        HOLDS(receipt_is_kept, payee_lies || receipt <= held0 + held1) }
    :: d_step { IN_TIME && payer_close == OPEN && !payer_lies && SIGNED -> payer_close = BARE }
    :: d_step { IN_TIME && payer_close == OPEN && !payer_lies && SIGNED -> payer_close = CLAIMS }
#ifdef PAYER_MAY_LIE
    :: d_step { IN_TIME && !payer_lies -> payer_lies = true; printf("t=%d payer: turns hostile\n", now);
        kept0 = 0; kept1 = 0; sent0 = 0; sent1 = 0; receipt = 0; payer_close = OPEN }
#endif
#ifdef MAY_DIE
    :: IN_TIME -> break
#endif
    od
}

/* An honest payee trades only on news from the ledger that is no older than D; funding is such news, as of its time. */
#ifdef TRUSTS_OLD_LOOK
#define FRESH (seen != NONE)
#elif defined(NO_FUNDING_CHECK)
#define FRESH true
#else
#define FRESH (seen != NONE && now <= seen + D)
#endif
#define TRADES (!payee_lies && payee_close == OPEN && !sees_close && FRESH && now < E)

#define TAKE_VOUCHER(seq, amount) \
    :: d_step { TRADES && VOUCHER_EXISTS(seq, amount) && seq > held_seq && amount > held0 && amount + held1 <= CAP -> \
        KEEP(held0 = amount; held_seq = seq, amount + held1); \
        printf("t=%d payee: takes seq %d amount %d\n", now, seq, amount) }
#define TAKE_TICKS(count) \
    :: d_step { TRADES && TICK_EXISTS(count) && count > held1 && held0 + count <= CAP -> \
        KEEP(held1 = count, held0 + count); printf("t=%d payee: takes %d ticks\n", now, count) }
#ifdef RECEIPT_BEFORE_FLASH
#define KEEP(store, total) receipted = total
#else
#define KEEP(store, total) store; unshown = true
#endif

/* The payee with its watcher: while the device sleeps, the watcher looks at the ledger and presents. */
active proctype Payee() {
end:
    do
    :: d_step { IN_TIME && funded && seen == NONE && !payee_lies ->
        seen = fund_at; printf("t=%d payee: reads funding\n", now) }
    :: d_step { TRADES && dlv <= held0 + held1 && dlv < CAP ->
        dlv++; printf("t=%d payee: delivers step %d\n", now, dlv) }
    EACH_VOUCHER(TAKE_VOUCHER)
    EACH_AMOUNT(TAKE_TICKS)
    :: d_step { IN_TIME && !payee_lies && receipted < held0 + held1 -> receipted = held0 + held1 }
    :: d_step { IN_TIME && !payee_lies && funded && seen != NONE && (unshown || (seen < now && !sees_close)) ->
        printf("t=%d payee: looks, presents %d + %d\n", now, held0, held1);
        if :: COUNTS -> shown = held0 + held1 :: else -> skip fi;
        take_voucher(held_seq, held0);
        if :: held1 -> take_ticks(held1) :: else -> skip fi;
        unshown = false; seen = now; sees_close = (closed_at != NONE || OVER) }
    :: d_step { IN_TIME && !payee_lies && payee_close == OPEN -> payee_close = BARE }
    :: d_step { IN_TIME && !payee_lies && payee_close == OPEN && seen != NONE ->
        payee_close = CLAIMS; claim = held0 + held1 }
#ifdef PAYEE_MAY_LIE
    :: d_step { IN_TIME && !payee_lies -> payee_lies = true; printf("t=%d payee: turns hostile\n", now);
        held0 = 0; held_seq = 0; held1 = 0; unshown = false; seen = NONE; sees_close = false; claim = 0;
        payee_close = OPEN }
    :: d_step { IN_TIME && payee_lies && receipted < CAP -> receipted = CAP }
    :: d_step { IN_TIME && payee_lies && dlv < CAP -> dlv++ }
#endif
#ifdef MAY_DIE
    :: d_step { IN_TIME -> payee_died = true; printf("t=%d payee: dies\n", now) }; break
#endif
    od
}

#define BEAR_VOUCHER(seq, amount) :: d_step { IN_TIME && funded && VOUCHER_EXISTS(seq, amount) -> \
        take_voucher(seq, amount) }
#define BEAR_TICKS(count) :: d_step { IN_TIME && funded && TICK_EXISTS(count) -> take_ticks(count) }
#define BEAR_CLAIM(amount) :: d_step { IN_TIME && funded && payee_lies -> take_claims(amount) }

/* Anyone who has seen a message: any order, any number of times. What comes before the funding is refused and may
   come again. */
active proctype Bearer() {
end:
    do
    :: d_step { IN_TIME -> lock() }
    EACH_VOUCHER(BEAR_VOUCHER)
    EACH_AMOUNT(BEAR_TICKS)
#ifdef TICKS_RESERVE
    :: d_step { IN_TIME && funded && payer_lies ->
        chained = true; printf("t=%d ledger: a chain, nothing revealed\n", now) }
#endif
    :: d_step { IN_TIME && funded && (payer_lies || payee_lies || payer_close == BARE || payee_close == BARE) ->
        take_close() }
    :: d_step { IN_TIME && funded && payer_close == CLAIMS ->
        take_voucher(kept0, kept0); if :: kept1 -> take_ticks(kept1) :: else -> skip fi; take_close() }
    :: d_step { IN_TIME && funded && payee_close == CLAIMS -> take_claims(claim) }
    BEAR_CLAIM(0)
    EACH_AMOUNT(BEAR_CLAIM)
    :: d_step { IN_TIME && funded && closed_at == NONE -> printf("issuer revokes the payer\n"); take_close() }
    od
}

#ifndef NO_REFUND
active proctype Ledger() {
end:
    do
    :: d_step { funded && OVER && !final -> give_back() }; break
    od
}
#endif

/* The one thing asked of an honest payee: it presents within D of its last look. */
#define DUE (unshown && !payee_lies && !payee_died && now >= seen + D)

active proctype Clock() {
end:
    do
    :: d_step { now < LAST && !DUE -> now++;
        HOLDS(closes_in_time, first_close == NONE || now < first_close + W || OVER);
        HOLDS(ends_after_expiry, !funded || now < E + W || OVER);
        if :: now == LAST -> check_end() :: else -> skip fi }
    od
}

ltl nothing_stuck { [] (funded -> <> (paid + refunded == CAP)) }
