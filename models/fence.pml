/* One name: who takes its lock, who writes under it, and what ends them. See README.md for what is left out.

   Session(p)  the backend that holds the lock: acquire, acquire_shared, try_lock, lock_in_transaction, unlock
   Guard(p)    a guarded transaction on another connection, with a token that p was told, at any time after it was
   Death       ends backends        Crash  ends the server        Collector  gc of shared_tokens        Evictor  evict

   Every step that PostgreSQL makes visible to others on its own is a step here. What is switched on, and the mutants,
   are listed in runs.js. Never write `:: atomic { if .. :: else .. fi }` as an option: pan flattens it, and the else never fires. */

#ifndef SESSIONS
#define SESSIONS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2               /* of session 0 */
#endif
#ifndef OTHERS_ROUNDS
#define OTHERS_ROUNDS ROUNDS
#endif
#ifndef GUARDED
#define GUARDED 1              /* so many of the sessions have guarded transactions */
#endif
#ifndef GUARDS
#define GUARDS 1               /* each so many */
#endif
#ifndef DEATHS
#define DEATHS 1
#endif

/* ---- the lock table of the server ---- */
#define ONE(p) (1 << (p))
#define PREPARED ONE(7)
#define EVICTOR 9
byte key_alone;                /* 1 + the session that holds the key exclusively, 0 if nobody does */
byte key_shared;               /* the sessions that hold it in share mode */
byte gate_closed;              /* 1 + who holds the gate exclusively */
byte gate_passed;              /* the guarded transactions that hold it in share mode */
byte mutex;                    /* 1 + who holds it */
byte token_key[3];             /* the token whose key a session holds, in the mode of the token; 0 for none */
byte probed, prober;           /* the token whose key a probe holds exclusively at this moment, and 1 + whose it is */
bool session_key[3];

#define HOLDS_KEY(p) (key_alone == (p) + 1 || (key_shared & ONE(p)))
#define HELD(t) (token_key[0] == (t) || token_key[1] == (t) || token_key[2] == (t) || probed == (t))
#define HELD_BY_ANOTHER(t) ((me != 0 && token_key[0] == (t)) || (me != 1 && token_key[1] == (t)) || (me != 2 && token_key[2] == (t)) || probed == (t))
#define BOTH(p, t) (token_key[p] == (t) && HOLDS_KEY(p))
#define HELD_WITH_KEY(t) (BOTH(0, t) || BOTH(1, t) || BOTH(2, t))
#define IS_SHARED(t) ((t) % 2 == 1)

/* ---- what is stored ---- */
byte sequence;                 /* unlogged */
byte epoch = 1;                /* logged; that its raise is on disk in time is the business of epoch.pml */
bool booted;                   /* unlogged */
byte row;                      /* the row of shared_tokens, unlogged */
#define PER_EPOCH 16

/* ---- what clients were told ---- */
byte told[3];                  /* the last token */
byte told_life[3];             /* and the session that had it: session keys are never used again */
byte told_generation[3];
bool told_in_transaction[3];   /* by lock_in_transaction, whose session has no key */
byte life[3];

/* ---- ghosts: they see everything, and change nothing ---- */
byte generation;               /* a new one with each grant that conflicts with those before */
bool is_alone;                 /* whether it is an exclusive holder's: those who share do not conflict */
byte newest;                   /* the largest token ever granted */
byte live;                     /* those who hold the lock: granted, not released, not evicted, not ended */
byte live_alone;               /* those of them who hold it exclusively */
byte passed[3];                /* 1 + the generation of a guarded transaction in flight that may commit */
byte prepared;                 /* the same for a prepared one */
byte evicted;                  /* the token that was */
byte ended[3], rolled_back[3];  /* somebody ended this backend; a crash ended this transaction */
byte deaths;

#define SAME(g) ((g) == 0 || (g) == 1 + generation)

inline draw() {
  sequence++;
  token = 2 * sequence;
}

inline granted() {
  if
  :: alone ->
     assert(live == 0);                                                /* P1 */
     assert(token > newest);                                           /* P2 */
     generation++;
  :: !alone && token == newest && generation > 0 -> assert(live_alone == 0)
  :: else ->
     assert(live == 0);                                                /* one token for all who share */
     assert(token > newest);                                           /* P2 */
     if :: is_alone || generation == 0 -> generation++ :: else fi
  fi;
  newest = token; is_alone = alone;
  assert(SAME(passed[0]) && SAME(passed[1]) && SAME(passed[2]) && SAME(prepared));    /* P3: it sees all that came before */
  told[me] = token; told_life[me] = life[me]; told_generation[me] = generation; told_in_transaction[me] = in_transaction;
  assert(token != evicted);                                           /* nobody is granted what was evicted */
  live = live | ONE(me);
  if :: alone -> live_alone = live_alone | ONE(me) :: else fi
}

inline no_longer_live() {
  live = live & ~ONE(me); live_alone = live_alone & ~ONE(me)
}

inline unlock_key() {
  if :: key_alone == me + 1 -> key_alone = 0 :: else fi;
  key_shared = key_shared & ~ONE(me)
}

/* The end of a transaction that takes or tries: what it holds in transaction form. */
inline end_transaction() {
  if :: gate_closed == me + 1 -> gate_closed = 0 :: else fi;
  if :: mutex == me + 1 -> mutex = 0 :: else fi;
  if :: !key_kept -> unlock_key() :: else fi
}

inline free_probe() {
  if :: prober == me + 1 -> probed = 0; prober = 0 :: else fi
}

/* shared_token: under the mutex, and with the key in share mode. Sets token, 0 for none.
   Another who probes holds the key too, so the lock table shows it with both. */
inline look_for_token() {
  atomic {
    token = row;
    if
    :: token == 0 || HELD_BY_ANOTHER(token) -> is_free = (token == 0)
    :: else -> probed = token; prober = me + 1; is_free = true
    fi
  };
#ifdef NO_MUTEX
  skip;
#endif
  atomic {
    free_probe();
    if
    :: is_free || !(HELD_BY_ANOTHER(token) && (HELD_WITH_KEY(token) || probed == token)) -> token = 0
    :: else
    fi;
    is_free = false
  }
}

inline take_mutex() {
#ifdef NO_MUTEX
  skip
#else
  atomic { mutex == 0 -> mutex = me + 1 }
#endif
}

inline free_mutex() {
#ifdef NO_MUTEX
  skip
#else
  mutex = 0
#endif
}

inline close_gate() {
  if
  :: atomic { gate_closed == 0 && gate_passed == 0 -> gate_closed = me + 1 }
  :: atomic { gate_closed != 0 || gate_passed != 0 -> end_transaction(); goto again }      /* busy, or the slice is over */
  fi
}

proctype Session(byte me) {
  byte token, round = (me == 0 -> ROUNDS : OTHERS_ROUNDS);
  bool alone, waits, is_free, key_kept, in_transaction, is_drawn;
  do
  :: round == 0 -> break
  :: else ->
     round--;
     {
       /* open_session: the epoch is raised before anything is drawn */
       atomic {
         session_key[me] = true;
#ifndef NO_EPOCH
         if :: !booted -> booted = true; sequence = epoch * (PER_EPOCH / 2); epoch++ :: else fi
#endif
       };
       /* what is wanted */
       atomic {
         alone = true;
#ifdef SHARED
         if :: alone = true :: alone = false fi;
#endif
         waits = true;
#ifdef IN_TRANSACTION
         if :: alone -> in_transaction = true :: true fi;
#endif
       };
#ifdef DRAW_FIRST
       draw(); is_drawn = true;
#endif
#ifdef GATE_BEFORE_KEY
       atomic { gate_closed == 0 && gate_passed == 0 -> skip };
#endif
       if
       :: alone ->
          atomic { key_alone == 0 && key_shared == 0 -> key_alone = me + 1 };
#ifndef GATE_BEFORE_KEY
          close_gate();
#endif
#ifdef GATE_OPENS_EARLY
          gate_closed = 0;
#endif
#ifndef DRAW_FIRST
          atomic { draw() }
#endif
       :: !alone ->
          /* acquire_shared waits for the key, and then for the mutex; tick_shared tries, the other way round */
          if
          :: waits = true;
             atomic { key_alone == 0 -> key_shared = key_shared | ONE(me) };
             take_mutex()
          :: waits = false;
             take_mutex();
             if
             :: atomic { key_alone == 0 -> key_shared = key_shared | ONE(me) }
             :: atomic { key_alone != 0 -> end_transaction(); goto again }
             fi
          fi;
          look_for_token();
          if
          :: token != 0
          :: token == 0 ->
             if :: waits -> free_mutex() :: else fi;
#ifdef SHARED_DRAWS_NONE
             atomic { token = newest; if :: token == 0 -> draw() :: else fi };
#else
             close_gate();
#ifdef GATE_OPENS_EARLY
             gate_closed = 0;
#endif
             /* Somebody else may have drawn it since. */
             if
             :: waits -> take_mutex(); look_for_token(); if :: token == 0 -> free_mutex() :: else fi
#ifndef ONE_LOOK
             :: !waits -> look_for_token()
#endif
             :: else
             fi;
             atomic { if :: token == 0 -> draw(); token++; is_drawn = true :: else fi }
#endif
          fi
       fi;
       /* the session forms: the token key, then the key */
       atomic { probed != token -> token_key[me] = token };
#ifdef CANCEL
       if
       :: true
       :: atomic { true -> end_transaction() };                          /* cancelled just here: whoever asked calls forget */
          atomic {
#ifndef FORGET_NEEDS_KEY
            token_key[me] = 0;
#endif
            goto again
          }
       fi;
#endif
       key_kept = true;
       /* try_lock tells the token before its caller's transaction has ended; the others at the commit */
       if
#ifdef CALLER
       :: alone ->
          atomic { granted() };
          atomic {
            end_transaction();
#ifdef ROLLBACK_UNDOES_DRAW
            sequence--
#endif
          }
#endif
       :: !in_transaction ->
          atomic {
            if :: !alone && is_drawn -> row = token :: else fi;
            granted(); end_transaction()
          }
       :: in_transaction -> atomic { granted() }
       fi;
       if
       :: in_transaction ->
          atomic { assert(!(live & ONE(me)) || told_generation[me] == generation); no_longer_live() };
          /* the end of its transaction lets go of all, one after the other */
          do
          :: gate_closed == me + 1 -> gate_closed = 0
          :: atomic { HOLDS_KEY(me) -> unlock_key() }
          :: token_key[me] != 0 -> token_key[me] = 0
          :: else -> break
          od
       :: else ->
          /* release: the token key first */
          atomic { no_longer_live(); token_key[me] = 0 };
          atomic { unlock_key() }
       fi
     } unless {
       ended[me] > 0 ->
       atomic { no_longer_live(); free_probe(); end_transaction(); ended[me] = 0 };
       /* The session key is of those that go first, the others follow one after the other. */
       session_key[me] = false;
       do
       :: atomic { HOLDS_KEY(me) -> unlock_key() }
       :: token_key[me] != 0 -> token_key[me] = 0
       :: else -> break
       od;
       atomic { life[me]++ }
     };
     again: atomic { token = 0; alone = false; waits = false; is_free = false; key_kept = false; in_transaction = false; is_drawn = false }
  od
}

/* ---- guard ---- */
inline refuse() {
  assert(!((live & ONE(me)) && told[me] == token && told_life[me] == its_life));      /* a live holder is never refused */
  gate_passed = gate_passed & ~ONE(me); passed[me] = 0;
  goto over
}

inline pass_gate() {
  atomic { gate_closed == 0 -> gate_passed = gate_passed | ONE(me) }
}

#ifdef NO_SESSION_KEY
#define IS_GOOD(t) HELD(t)
#else
#ifdef TOKEN_KEY_ALONE
#define IS_GOOD(t) HELD(t)
#else
#ifdef SHARED_TOKEN_KEY_ALONE
#define IS_GOOD(t) (HELD_WITH_KEY(t) || ((is_known || IS_SHARED(t)) && HELD(t)))
#else
/* Where nothing else says that its holder has not begun to end: one backend holds the token key and the key too. */
#define IS_GOOD(t) (HELD_WITH_KEY(t) || (is_known && !IS_SHARED(t) && HELD(t)))
#endif
#endif
#endif

inline check_token() {
  atomic {
    if
    :: IS_GOOD(token) -> skip
    :: else -> refuse()
    fi
  };
#ifndef NO_SESSION_KEY
  if
  :: is_known -> atomic {
       if
       :: session_key[me] && life[me] == its_life
       :: else -> refuse()
       fi
     }
  :: else
  fi
#endif
}

proctype Guard(byte me) {
  byte token, its_life, its_generation, times;
  bool is_known;
  do
  :: times == GUARDS -> break
  :: else ->
     times++;
end_untold:
     atomic {
       told[me] != 0 ->
       token = told[me]; its_life = told_life[me]; its_generation = told_generation[me];
       if :: !told_in_transaction[me] -> is_known = true :: is_known = false fi
     };
     {
#ifdef GUARD_READS_FIRST
       check_token(); pass_gate();
#else
       pass_gate(); check_token();
#endif
       atomic {
         assert(token != evicted);                                      /* nothing passes that was evicted */
         passed[me] = 1 + its_generation
       };
#ifdef GATE_FOR_STATEMENT
       gate_passed = gate_passed & ~ONE(me);
#endif
       if
       :: atomic {
            true ->
            assert(its_generation == generation);                       /* P3: a zombie cannot commit */
            gate_passed = gate_passed & ~ONE(me); passed[me] = 0
          }
       :: atomic { true -> gate_passed = gate_passed & ~ONE(me); passed[me] = 0 }
#ifdef PREPARE
       :: atomic {
            prepared == 0 ->
            prepared = passed[me]; passed[me] = 0; gate_passed = (gate_passed & ~ONE(me)) | PREPARED
          }
#endif
       fi
     } unless { atomic { rolled_back[me] > 0 -> rolled_back[me] = 0 } };
     over: atomic { token = 0; its_life = 0; its_generation = 0; is_known = false }
  od;
}

#ifdef PREPARE
active proctype CommitPrepared() {
end_none:
  do
  :: atomic { prepared != 0 -> assert(prepared == 1 + generation); prepared = 0; gate_passed = gate_passed & ~PREPARED }
  od
}
#endif

/* ---- what ends them ---- */
active proctype Death() {
end_waits:
  do
  :: atomic { deaths < DEATHS && ended[0] == 0 -> deaths++; ended[0] = 1 }
  :: atomic { deaths < DEATHS && ended[1] == 0 -> deaths++; ended[1] = 1 }
  :: deaths == DEATHS -> break
  od
}

#ifdef CRASHES
active proctype Crash() {
  byte crashes, i;
end_waits:
  do
  :: atomic {
       crashes < CRASHES -> crashes++;
       key_alone = 0; key_shared = 0; gate_closed = 0; mutex = 0; probed = 0; prober = 0;
#ifdef PREPARED_LOSES_GATE
       gate_passed = 0;
#else
       gate_passed = gate_passed & PREPARED;
#endif
       sequence = 0; booted = false; row = 0; live = 0; live_alone = 0;
       for (i : 0 .. SESSIONS - 1) { token_key[i] = 0; session_key[i] = false; passed[i] = 0; ended[i] = 1; rolled_back[i] = 1 }
       i = 0
     }
  :: crashes == CRASHES -> break
  od
}
#endif

#ifdef COLLECT
#define COLLECTOR 10
/* collect_shared_tokens: a row whose token nobody holds goes, under the mutex, so that nobody is about to share it. */
active proctype Collector() {
  byte seen;
end_waits:
#ifdef GC_NO_LOCK
  atomic { row != 0 -> seen = row };
#else
  atomic { row != 0 && mutex == 0 -> mutex = COLLECTOR; seen = row };
#endif
#ifdef GC_ANY
  skip;
#else
  if :: HELD(seen) -> goto over :: else fi;
#endif
  atomic { if :: row == seen -> row = 0 :: else fi };
over:
  if :: mutex == COLLECTOR -> mutex = 0 :: else fi
}
#endif

#ifdef EVICT
inline no_more() {
  if :: told[0] == token -> live = live & ~ONE(0); live_alone = live_alone & ~ONE(0) :: else fi;
  if :: told[1] == token -> live = live & ~ONE(1); live_alone = live_alone & ~ONE(1) :: else fi
}

/* Takes the lock away from whoever has it with the token that was seen, and ends those who do not let go by themselves. */
active proctype Evictor() {
  byte victim, token;
end_waits:
  atomic {
    live != 0 ->
    if :: live & ONE(0) -> victim = 0 :: live & ONE(1) -> victim = 1 fi;
    token = told[victim]
  };
#ifndef EVICT_WITHOUT_MUTEX
  /* request_eviction: who is about to share the token has done so, or finds none to share */
  if
  :: IS_SHARED(token) -> atomic { mutex == 0 -> if :: row == token -> row = 0 :: else fi; no_more() }
  :: else
  fi;
#endif
  atomic { gate_closed == 0 && gate_passed == 0 -> gate_closed = EVICTOR };
  atomic {
#ifndef EVICT_WITHOUT_COMPARE
    if
    :: !HELD(token) -> goto open                                          /* let go of, or passed on */
    :: else
    fi;
#endif
    evicted = token; no_more()
  };
#ifdef EVICT_OPENS_EARLY
  gate_closed = 0;
#endif
#ifdef EVICT_WITHOUT_COMPARE
  atomic { assert(!(live & ONE(victim))); ended[victim] = 1 };            /* an innocent successor is never hit */
#else
  do
  :: atomic { BOTH(0, token) && ended[0] == 0 -> assert(!(live & ONE(0))); ended[0] = 1 }
  :: atomic { BOTH(1, token) && ended[1] == 0 -> assert(!(live & ONE(1))); ended[1] = 1 }
  :: !HELD(token) -> break
  od;
#endif
open:
  if :: gate_closed == EVICTOR -> gate_closed = 0 :: else fi
}
#endif

init {
  byte p;
  atomic {
    do
    :: p < SESSIONS -> run Session(p); if :: p < GUARDED -> run Guard(p) :: else fi; p++
    :: else -> break
    od
  }
}
