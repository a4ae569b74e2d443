/* The waiting line of one name. What keeps two holders apart is the lock; here it is about who is told, and who overtakes.

   Waiter(p)   a session with one that waits: try, line_up, is_next, watch, pass_on, leave_line; it may give up at any time
   Passer      a try of a session that waits for nothing: it respects the line
   Death       ends sessions; then, and only then, is anybody in need of the look that each process takes every second */

#ifndef WAITERS
#define WAITERS 3
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#define NOBODY 9
#define ONE(p) (1 << (p))
#define BIT(t) (1 << (t))

byte key = NOBODY;             /* who holds the lock */
byte line_shared;              /* the sessions that hold the line key in share mode */
byte line_alone = NOBODY;      /* a try that is passing it */
byte alive = (1 << WAITERS) - 1;
byte tickets;                  /* the sequence they are drawn from */
byte of_ticket[8];             /* whose a ticket is */
byte rows;                     /* the committed rows of waiters, as a set of tickets */
byte called;                   /* the tickets whose session has been notified, and has not seen it yet */
byte dying, deaths;

/* first_in_line: the first row between two tickets whose session lives; those of the dead on the way are taken away. */
#ifdef DEAD_COUNT
#define LIVES(t) true
#else
#define LIVES(t) (of_ticket[t] == me || (alive & ONE(of_ticket[t])))
#endif

#define STANDS(t) ((rows & BIT(t)) && LIVES(t))
#define STANDS_BEFORE(t) ((t > 1 && STANDS(1)) || (t > 2 && STANDS(2)))

inline first_in_line(after, before) {
  d_step {
    first = 0; i = after + 1;
    do
    :: i >= before || first != 0 -> break
    :: else ->
       if
       :: (rows & BIT(i)) && LIVES(i) -> first = i
       :: (rows & BIT(i)) && !LIVES(i) -> rows = rows & ~BIT(i)
       :: else
       fi;
       i++
    od;
    i = 0
  }
}

/* pass_on, and tellNext for a ticket that has been given back already. */
inline pass_on(t) {
#ifdef CALLS_FIRST
  first_in_line(t, 8);
  atomic { if :: first != 0 -> called = called | BIT(first) :: else fi; first = 0 };
  rows = rows & ~BIT(t)
#else
  rows = rows & ~BIT(t);                                                  /* the commit */
  first_in_line(t, 8);
  atomic { if :: first != 0 -> called = called | BIT(first) :: else fi; first = 0 }
#endif
}

inline let_go_of_line() {
  atomic { line_shared = line_shared & ~ONE(me) }
}

proctype Waiter(byte me) {
  byte ticket, first, i;
  bool is_next, gives_up;                                                  /* somebody who does not would wait for ever if it is not told */
  {
    if :: gives_up = true :: true fi;
    /* line_up: the line key, the ticket, the commit, and only then whether nobody stands before it */
#ifndef LINE_KEY_NOT_HELD
    atomic { line_alone == NOBODY -> line_shared = line_shared | ONE(me) };
#endif
    atomic { tickets++; ticket = tickets; of_ticket[ticket] = me };
#ifdef LOOKS_BEFORE_COMMIT
    first_in_line(0, ticket);
    rows = rows | BIT(ticket);
#else
    rows = rows | BIT(ticket);
    first_in_line(0, ticket);
#endif
    atomic { is_next = (first == 0); first = 0 };
    do
    :: is_next -> break
    :: called & BIT(ticket) -> atomic { called = called & ~BIT(ticket); is_next = true }
    :: deaths > 0 && !is_next && !STANDS_BEFORE(ticket) -> first_in_line(0, ticket); is_next = true        /* it looks each second */
    :: !is_next && gives_up -> goto left                                           /* perhaps it is being called just now */
    od;
    /* watches, as the first of all, until it is granted */
    if
    :: atomic { key == NOBODY -> key = me }
    :: gives_up
    fi;
    pass_on(ticket);
    let_go_of_line();
    goto granted;
left:
    rows = rows & ~BIT(ticket);                                            /* leave_line: nobody is told */
    let_go_of_line();
granted:
    if :: key == me -> key = NOBODY :: else fi;
end_left:
    do
    :: called & BIT(ticket) ->                                             /* called after it has left: it tells the next */
       called = called & ~BIT(ticket);
       pass_on(ticket)
    od
  } unless {
    atomic {
      dying & ONE(me) ->
      /* its ticket stays: nobody takes it away but those who meet it */
      alive = alive & ~ONE(me); line_shared = line_shared & ~ONE(me);
      if :: key == me -> key = NOBODY :: else fi
    }
  }
}

#ifdef PASSERS
active proctype Passer() {
  byte me = 7, i;
  do
  :: atomic { key == NOBODY -> key = me };
#ifdef TRY_LOOKS_AT_ROWS
     if
     :: atomic { rows == 0 -> break }
     :: atomic { rows != 0 -> key = NOBODY }
     fi;
#else
     if
     :: atomic { line_shared == 0 -> line_alone = me; break }
     :: atomic { line_shared != 0 -> key = NOBODY }
     fi;
#endif
     /* busy: asked again when there is reason to */
#ifdef TRY_LOOKS_AT_ROWS
     rows == 0
#else
     line_shared == 0
#endif
  od;
  /* granted: nobody who lives, and has its ticket, is overtaken */
  atomic {
    i = 1;
    do
    :: i > WAITERS -> break
    :: else -> assert(!(rows & BIT(i)) || !(alive & ONE(of_ticket[i]))); i++
    od;
    line_alone = NOBODY
  };
  key = NOBODY
}
#endif

#if DEATHS
active proctype Death() {
end_none:
  do
  :: atomic { deaths < DEATHS && !(dying & 1) -> deaths++; dying = dying | 1 }
  :: atomic { deaths < DEATHS && !(dying & 2) -> deaths++; dying = dying | 2 }
  od
}
#endif

init {
  byte p;
  atomic {
    do
    :: p < WAITERS -> run Waiter(p); p++
    :: else -> break
    od
  }
}
