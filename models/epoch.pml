/* How tokens keep rising over crashes and promotions: one sequence, the boot marker, and the epoch.

   Session(p)  opens (ensure_epoch, a transaction of its own), then draws; what it drew is shown when its transaction is over
   Caller      takes a lock in a transaction of its own (try_lock), which may be rolled back after the token was shown
   Fault       crashes the server, or promotes a standby that may have lost the newest epochs

   A commit is seen by others once it is on disk, as PostgreSQL lets go of the locks of a transaction, and shows it, after the flush. */

#ifndef SESSIONS
#define SESSIONS 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#define PER_EPOCH 4
#define PER_TIMELINE 2         /* in place of 1024 */
#define FIRST (PER_TIMELINE * PER_EPOCH)

byte timeline = 1;
byte sequence;                 /* unlogged, and no transaction undoes what is done to it */
bool booted;                   /* unlogged: the marker that is committed */
byte newest, newest_timeline;  /* the newest row of epochs that is committed */
byte on_disk, on_disk_timeline;
byte standby, standby_timeline;    /* what an asynchronous standby has of it */
byte epoch_lock;               /* 1 + who holds it */
byte down[3];                  /* the server went down under this session */

/* ghosts */
int shown;                     /* the set of tokens that somebody was shown */
byte largest_before;           /* the largest of them at the last fault */
byte largest;

#ifdef SEQUENCE_TELLS
#define IS_BOOTED (sequence >= FIRST)
#else
#define IS_BOOTED (booted && sequence >= FIRST)
#endif

/* raise_epoch: the number of the new epoch, out of what is committed and of what the sequence has come to. */
inline compute() {
  if
  :: newest_timeline == timeline -> raised = newest + 1
  :: newest_timeline != timeline && newest >= timeline * PER_TIMELINE -> raised = newest + PER_TIMELINE
  :: else -> raised = timeline * PER_TIMELINE
  fi;
  if :: raised < sequence / PER_EPOCH + 1 -> raised = sequence / PER_EPOCH + 1 :: else fi
}

inline flush() {
  on_disk = newest; on_disk_timeline = newest_timeline
}

inline ensure_epoch() {
  if
  :: IS_BOOTED
  :: else ->
#ifdef EARLY_EPOCH
     atomic { compute() };
     atomic { epoch_lock == 0 -> epoch_lock = me + 1 };
#else
     atomic { epoch_lock == 0 -> epoch_lock = me + 1 };
     if
     :: IS_BOOTED -> epoch_lock = 0; goto opened                          /* whoever was here first has committed */
     :: else
     fi;
     atomic { compute() };
#endif
     sequence = raised * PER_EPOCH;                                       /* setval, seen by all at once */
     /* the commit */
#ifdef NOT_ON_DISK
     atomic { newest = raised; newest_timeline = timeline; booted = true; epoch_lock = 0 };
     atomic { flush() }
#else
     atomic { newest = raised; newest_timeline = timeline; flush(); booted = true; epoch_lock = 0 }
#endif
  fi
}

inline draw() {
  atomic { sequence++; token = sequence }
}

inline show_token() {
  assert(token >= FIRST);
  assert(!(shown & (1 << token)));                                        /* P2: none is handed out twice */
  assert(token > largest_before);                                         /* P2: larger than all before the fault */
  shown = shown | (1 << token);
  if :: token > largest -> largest = token :: else fi
}

proctype Session(byte me) {
  byte token, raised, lives;
  do
  :: lives > FAULTS -> break
  :: else ->
     lives++;
     {
#ifndef NO_EPOCH
       ensure_epoch();
#else
       atomic { if :: sequence < FIRST -> sequence = FIRST :: else fi };
#endif
       opened: draw();
       atomic { show_token() };
end_idle:
       false                                                              /* until the server goes down */
     } unless { atomic { down[me] > 0 -> down[me] = 0; token = 0; raised = 0 } }
  od
}

#ifdef CALLER
/* try_lock: the token is shown before the caller's transaction has ended, and nothing of that transaction may be needed afterwards. */
active proctype Caller() {
  byte token, raised, lives, me = 2;
  do
  :: lives > FAULTS -> break
  :: else ->
     lives++;
     {
#ifdef CALLER_RAISES
       /* what is committed afterwards is written down only if it is */
       if
       :: IS_BOOTED
       :: else ->
          atomic { epoch_lock == 0 -> epoch_lock = me + 1 };
          atomic { compute() };
          sequence = raised * PER_EPOCH
       fi;
#else
       if
       :: IS_BOOTED
       :: else -> goto refused                                            /* LK004 */
       fi;
#endif
       draw();
       atomic { show_token() };
       if
       :: raised != 0 -> atomic { newest = raised; newest_timeline = timeline; flush(); booted = true }
       :: true                                                            /* rolled back */
       fi;
       atomic { if :: epoch_lock == me + 1 -> epoch_lock = 0 :: else fi };
       refused: skip;
end_idle:
       false
     } unless { atomic { down[me] > 0 -> down[me] = 0; token = 0; raised = 0 } }
  od
}
#endif

active proctype Fault() {
  byte faults;
end_none:
  do
  :: faults < FAULTS ->
     atomic {
       faults++;
       sequence = 0; booted = false; epoch_lock = 0;
       newest = on_disk; newest_timeline = on_disk_timeline;
#ifdef PROMOTIONS
       /* a crash, or a promotion: the standby has what the primary had on disk, or what it had itself at the last fault */
       if
       :: true
#ifndef NO_TIMELINE
       :: timeline++;
#else
       :: true
#endif
          if :: newest = standby; newest_timeline = standby_timeline; flush() :: true fi
       fi;
       standby = on_disk; standby_timeline = on_disk_timeline;
#endif
       largest_before = largest;
       down[0] = 1; down[1] = 1; down[2] = 1
     }
  :: faults == FAULTS -> break
  od
}

init {
  byte p;
  atomic {
    do
    :: p < SESSIONS -> run Session(p); p++
    :: else -> break
    od
  }
}
