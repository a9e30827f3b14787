//  Leases and fences in a database: one partition, two processors that want it, a server with a
//  replica, up to two messages for one rocket, and FAULTS faults. README.md explains the model.
//
//  A message is its mark, 1 or 4. A row's `numbers` holds the marks of the counted messages, and each
//  message adds its mark to the row's `speed`. So a row is right exactly when the two are equal.
//  A frame holds one message and has its mark as its name. The gateway never dies here: ownership.pml
//  has gateways that do.
//
//  The model has no clock. A lease may run out at any step, however early the server's clock says so,
//  and an owner may go on for any number of steps without a look at its lease.
//  SPDX-License-Identifier: Apache-2.0
#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef MESSAGES
#define MESSAGES 2
#endif

//  The server confirms a save or a take when the replica has it too; with REPLICA_BEHIND at once. Then
//  a failover may lose messages: exactly those that were confirmed and that the replica does not have.
#ifdef REPLICA_BEHIND
#define IS_SAFE true
#define MAY_LOSE(messages) (messages)
#else
#define IS_SAFE (is_replicated)
#define MAY_LOSE(messages) 0
#endif

//  Mistakes that the code must not make: with any of these defined, the check must fail.
#ifdef NO_FENCE
#define IS_EXPECTED(save) true
#else
#ifdef FENCE_BY_EPOCH
#define IS_EXPECTED(save) IS_EPOCH (save)
#else
#ifdef NO_WRITER_IN_FENCE
#define IS_EXPECTED(save) (IS_EPOCH (save) && IS_POSITION (save))
#else
#ifdef NO_POSITION_IN_FENCE
#define IS_EXPECTED(save) (IS_EPOCH (save) && IS_WRITER (save))
#else
#define IS_EXPECTED(save) (IS_EPOCH (save) && IS_WRITER (save) && IS_POSITION (save))
#endif
#endif
#endif
#endif
#define IS_EPOCH(save) (server.epoch == save.epoch)
#define IS_WRITER(save) (server.writer == save.writer)
#define IS_POSITION(save) (server.position >= save.low && server.position <= save.high)
#ifdef LOAD_BEFORE_EPOCH
#define TAKE_FIRST load
#define TAKE_THEN raise_epoch
#else
#define TAKE_FIRST raise_epoch
#define TAKE_THEN load
#endif
#ifdef ACK_BEFORE_SAVE
#define ACKED_AT_ONCE(frame) (frame)
#else
#define ACKED_AT_ONCE(frame) 0
#endif
#ifdef ACK_UNKNOWN_SAVE
#define ACKED_UNKNOWN(frames) (frames)
#else
#define ACKED_UNKNOWN(frames) 0
#endif
#ifdef EPOCH_MAY_REPEAT
#define LAST_EPOCH server.epoch
#else
#define LAST_EPOCH (server.epoch > ME.last_epoch -> server.epoch : ME.last_epoch)
#endif
#ifdef LOSE_NOTHING_TO_A_REPLICA_BEHIND
#undef MAY_LOSE
#define MAY_LOSE(messages) 0
#endif

#if MESSAGES == 2
#define ALL 5
#else
#define ALL 1
#endif
#define NOBODY 2

//  The phases of keeper.h. HELD and TAKING: before and after the first of two steps.
mtype = { DOWN, IDLE, HELD, TAKING, OWNER, LEAVING };
//  Of a save.
mtype = { NONE, SENT, DONE, FENCED };

typedef database_t {
    byte numbers;
    byte speed;
    byte epoch;
    byte writer;
    byte position;
    byte take           //  known to the model only: the number of the take that raised the epoch
}

//  A statement: the row that it writes, and what it must find.
typedef save_t {
    mtype state = NONE;
    byte numbers;
    byte speed;
    byte epoch;
    byte writer;
    byte low;           //  the lowest and the highest position that it may find
    byte high;
    byte take
}

typedef processor_t {
    mtype phase;
    bool is_gone;       //  it never starts again
    byte id;            //  new at every start
    byte epoch;
    byte last_epoch;    //  the highest epoch that it has had
    byte take;
    byte numbers;       //  the row in memory
    byte speed;
    byte low;           //  the positions that may be in the database, as it knows
    byte high;
    byte unsaved;       //  frames taken in, which the next save acknowledges
    byte saved_frames;  //  frames that the present save acknowledges
    save_t save;        //  the present one
    save_t late         //  one whose link was lost: the server may still execute it
}

database_t server;
database_t replica;
database_t nothing;
bool is_replicated = true;  //  the replica has everything that the server has
byte lease = NOBODY;        //  its owner
bool is_live[2];            //  the lease of this member has not run out
byte journal = ALL;
processor_t processors[2];
byte acks;                  //  frames whose acks are on the way back
bool is_begun;              //  the messages are alike, so message 1 is sent first
byte takes;                 //  known to the model only
byte lost;                  //  known to the model only: messages that a failover has lost
byte faults_left = FAULTS;

#define ME processors[p]
//  own_by_leases.c: if both are members, processor 0 should own this partition.
#define SHOULD_OWN(p) (is_live[p] && (p == 0 || !is_live[0]))
#define IS_ANOTHERS(p) (lease != p || is_live[p] && !SHOULD_OWN (p))
#define IS_FREE(p) (lease == NOBODY || lease == p || !is_live[lease])

#define NOTHING_IS_LOST ((server.numbers | journal | lost) == ALL)
#define EACH_COUNTS_ONCE (server.numbers == server.speed)

//  ---- gateway/ -------------------------------------------------------------------------------

//  frame_receiver.c: the owner takes the frame in, unless it has it already. rocket.c: a number that was
//  counted changes nothing. Any processor that owns the partition, or believes so, may get the frame.
inline send (p, frame) {
    d_step { (journal & frame) && (frame == 1 || is_begun) && ME.phase == OWNER &&
        !((acks | ME.unsaved | ME.saved_frames) & frame) ->
        if
        :: ME.numbers & frame
        :: else ->
            ME.numbers = ME.numbers | frame;
            ME.speed = ME.speed + frame
        fi;
        is_begun = true;
        ME.unsaved = ME.unsaved | frame;
        acks = acks | ACKED_AT_ONCE (frame);
        printf ("processor %d takes frame %d: speed %d\n", p, frame, ME.speed) }
}

inline forget (frame) {
    d_step { acks & frame ->
        acks = acks & ~frame;
        journal = journal & ~frame;
        printf ("the gateway hears the ack of frame %d\n", frame);
        assert (NOTHING_IS_LOST) }
}

active proctype gateway () {
end:
    do
    :: send (0, 1)
    :: send (0, 4)
    :: send (1, 1)
    :: send (1, 4)
    :: forget (1)
    :: forget (4)
    od
}

//  ---- the database ---------------------------------------------------------------------------

inline copy_database (to, from) {
    to.numbers = from.numbers;
    to.speed = from.speed;
    to.epoch = from.epoch;
    to.writer = from.writer;
    to.position = from.position;
    to.take = from.take
}

inline clear (statement) {
    statement.state = NONE;
    statement.numbers = 0;
    statement.speed = 0;
    statement.epoch = 0;
    statement.writer = 0;
    statement.low = 0;
    statement.high = 0;
    statement.take = 0
}

//  A late statement that the server must refuse now must be refused for good: the model drops it.
inline drop_late (q) {
    if
    :: processors[q].late.state == SENT && !IS_EXPECTED (processors[q].late) ->
        clear (processors[q].late)
    :: else
    fi
}

//  store_postgres.c, s_save_sql: the fence, the position and the rocket in one statement. Only the last
//  take may save, and a save must not undo another one.
inline execute (statement) {
    if
    :: IS_EXPECTED (statement) ->
        printf ("the server saves numbers %d, speed %d of processor %d under epoch %d\n",
            statement.numbers, statement.speed, p, statement.epoch);
        assert (statement.take == server.take);
        assert ((server.numbers & ~statement.numbers) == 0);
        server.numbers = statement.numbers;
        server.speed = statement.speed;
        server.position = statement.high + 1;
        is_replicated = (faults_left == 0);
        statement.state = DONE;
        assert (EACH_COUNTS_ONCE);
        drop_late (0);
        drop_late (1)
    :: else ->
        printf ("the server refuses a save of processor %d under epoch %d\n", p, statement.epoch);
        statement.state = FENCED
    fi
}

//  Without further faults there is no failover: then the model needs no replica.
inline forget_replica () {
    if
    :: faults_left == 0 ->
        copy_database (replica, nothing);
        is_replicated = true
    :: else
    fi
}

active proctype replication () {
end:
    do
    :: d_step { !is_replicated ->
        copy_database (replica, server);
        is_replicated = true;
        printf ("the replica has what the server has\n") }
    od
}

//  ---- processor/ -----------------------------------------------------------------------------

//  keeper.c, s_release: free the shard.
inline forget_all () {
    ME.phase = IDLE;
    ME.epoch = 0;
    ME.take = 0;
    ME.numbers = 0;
    ME.speed = 0;
    ME.low = 0;
    ME.high = 0;
    ME.unsaved = 0;
    ME.saved_frames = 0;
    clear (ME.save)
}

//  Give the lease back, if the processor still has it.
inline let_go () {
    forget_all ();
    lease = (lease == p -> NOBODY : lease)
}

//  store_postgres.c, s_take_sql and s_rows_sql.
inline raise_epoch () {
    takes++;
    server.epoch = LAST_EPOCH + 1;
    server.writer = ME.id;
    server.take = takes;
    is_replicated = (faults_left == 0);
    ME.epoch = server.epoch;
    ME.low = server.position;
    ME.high = server.position;
    ME.take = takes;
    drop_late (0);
    drop_late (1);
    printf ("processor %d raises the epoch to %d, position %d\n", p, ME.epoch, ME.low)
}

inline load () {
    ME.numbers = server.numbers;
    ME.speed = server.speed;
    printf ("processor %d loads numbers %d, speed %d\n", p, ME.numbers, ME.speed)
}

//  A gateway tells a session by the processor and the epoch, so no processor may own under an epoch
//  twice: lane.pml has the reason.
inline own () {
    assert (ME.epoch > ME.last_epoch);
    ME.last_epoch = ME.epoch;
    ME.phase = OWNER
}

//  store_postgres.c: each save has a new position, whether or not earlier ones are known to be done.
inline begin_save () {
    d_step { (ME.phase == OWNER || ME.phase == LEAVING) && ME.save.state == NONE && ME.unsaved ->
        ME.save.state = SENT;
        ME.save.numbers = ME.numbers;
        ME.save.speed = ME.speed;
        ME.save.epoch = ME.epoch;
        ME.save.writer = ME.id;
        ME.save.low = ME.low;
        ME.save.high = ME.high;
        ME.save.take = ME.take;
        ME.high++;
        ME.saved_frames = ME.unsaved;
        ME.unsaved = 0;
        printf ("processor %d sends a save of numbers %d\n", p, ME.numbers) }
}

inline end_save () {
    d_step { ME.save.state == DONE && IS_SAFE ->
        acks = acks | ME.saved_frames & journal;
        ME.low = ME.high;
        ME.saved_frames = 0;
        clear (ME.save);
        printf ("processor %d hears that it has saved\n", p) }
}

//  The result of a save or of a take stays unknown. The next save includes what this one had.
inline lose_link (p) {
    if
    :: ME.phase == TAKING -> ME.phase = HELD
    :: else ->
        acks = acks | ACKED_UNKNOWN (ME.saved_frames & journal);
        ME.unsaved = ME.unsaved | ME.saved_frames;
        ME.saved_frames = 0;
        clear (ME.save)
    fi
}

//  The statement is with the server, or on its way.
inline keep_late () {
    ME.late.state = SENT;
    ME.late.numbers = ME.save.numbers;
    ME.late.speed = ME.save.speed;
    ME.late.epoch = ME.save.epoch;
    ME.late.writer = ME.save.writer;
    ME.late.low = ME.save.low;
    ME.late.high = ME.save.high;
    ME.late.take = ME.save.take;
    drop_late (p)
}

proctype processor (byte p) {
end:
    do
    :: d_step { ME.phase == DOWN && !ME.is_gone ->
        ME.phase = IDLE;
        is_live[p] = true;
        printf ("processor %d joins\n", p) }
        //  own_by_leases.c: renew, claim, give back. A look at the lease long ago is a pause.
    :: d_step { ME.phase != DOWN && !is_live[p] ->
        is_live[p] = true;
        printf ("processor %d renews its leases\n", p) }
    :: d_step { ME.phase == IDLE && SHOULD_OWN (p) && IS_FREE (p) ->
        lease = p;
        ME.phase = HELD;
        printf ("processor %d has the lease\n", p) }
    :: d_step { ME.phase == IDLE && lease == p && is_live[p] && !SHOULD_OWN (p) ->
        lease = NOBODY;
        printf ("processor %d gives the lease back\n", p) }
    :: d_step { ME.phase == HELD -> TAKE_FIRST (); ME.phase = TAKING }
    :: d_step { ME.phase == TAKING && IS_SAFE -> TAKE_THEN (); own () }
    :: d_step { (ME.phase == HELD || ME.phase == TAKING) && IS_ANOTHERS (p) ->
        let_go ();
        printf ("processor %d stops taking the partition\n", p) }
    :: begin_save ()
    :: d_step { ME.save.state == SENT -> execute (ME.save);
        if
        :: ME.save.state == FENCED ->
            let_go ();
            printf ("processor %d may not save, and lets go\n", p)
        :: else
        fi }
    :: end_save ()
        //  The server reaches a statement whose sender has lost its link, or is dead.
    :: d_step { ME.late.state == SENT -> execute (ME.late); clear (ME.late) }
    :: d_step { ME.phase == OWNER && IS_ANOTHERS (p) ->
        ME.phase = LEAVING;
        printf ("processor %d takes no more frames\n", p) }
    :: d_step { ME.phase == LEAVING && !ME.unsaved && ME.save.state == NONE ->
        let_go ();
        printf ("processor %d has saved, and lets go\n", p) }
        //  Time passes.
    :: d_step { ME.phase == DOWN && is_live[p] ->
        is_live[p] = false;
        printf ("the leases of processor %d run out, as it is dead\n", p) }
    od
}

//  ---- faults ---------------------------------------------------------------------------------

#define GOES_WRONG(what) atomic { faults_left && (what) -> faults_left--
//  A message is lost if its save is lost and its ack is on its way, or was heard.
#define LOST_BY_FAILOVER (server.numbers & ~replica.numbers & ~(journal & ~acks))

proctype processor_trouble (byte p) {
end:
    do
        //  kill -9, or the end of a host, maybe for good. Its statement may be with the server.
    :: GOES_WRONG (ME.phase != DOWN);
        if
        :: ME.save.state == SENT && ME.late.state == NONE -> keep_late ()
        :: else
        fi;
        forget_all ();
        ME.phase = DOWN;
        ME.id = ME.id + 2;
        ME.last_epoch = 0;
        if :: !processors[1 - p].is_gone -> ME.is_gone = true :: skip fi;
        forget_replica ();
        printf ("FAULT: processor %d is killed, gone %d\n", p, ME.is_gone) }
        //  It is paused or cut off, or the server's clock jumps forward. It goes on later.
    :: GOES_WRONG (ME.phase != DOWN && is_live[p]);
        is_live[p] = false;
        forget_replica ();
        printf ("FAULT: the leases of processor %d run out\n", p) }
        //  The server's clock jumps back.
    :: GOES_WRONG (ME.phase == DOWN && !is_live[p]);
        is_live[p] = true;
        forget_replica ();
        printf ("FAULT: the leases of processor %d are live again\n", p) }
        //  It does not hear of it: it takes the partition again, or has given up.
    :: GOES_WRONG (!ME.is_gone);
        takes++;
        server.epoch = LAST_EPOCH + 1;
        server.writer = ME.id;
        server.take = takes;
        is_replicated = (faults_left == 0);
        drop_late (0);
        drop_late (1);
        forget_replica ();
        printf ("FAULT: a late take of processor %d raises the epoch to %d\n", p, server.epoch) }
    :: GOES_WRONG (ME.save.state == SENT && ME.late.state == NONE);
        keep_late ();
        lose_link (p);
        forget_replica ();
        printf ("FAULT: processor %d loses its link before its save is executed\n", p) }
    :: GOES_WRONG (ME.save.state == DONE || ME.phase == TAKING);
        lose_link (p);
        forget_replica ();
        printf ("FAULT: processor %d loses its link before it hears the result\n", p) }
    od
}

active proctype other_trouble () {
end:
    do
    :: GOES_WRONG (acks);
        acks = 0;
        forget_replica ();
        printf ("FAULT: acks are lost\n") }
        //  The replica is promoted. Statements that the old server has are gone with it, and so may be
        //  the newest changes of leases; the clock may be another one.
    :: GOES_WRONG (true);
        lost = lost | MAY_LOSE (LOST_BY_FAILOVER);
        copy_database (server, replica);
        is_replicated = true;
        lose_link (0);
        lose_link (1);
        clear (processors[0].late);
        clear (processors[1].late);
        if :: lease = NOBODY :: lease = 0 :: lease = 1 fi;
        if :: is_live[0] = false :: skip fi;
        forget_replica ();
        printf ("FAULT: the replica is promoted: numbers %d, epoch %d, position %d; lost %d\n",
            server.numbers, server.epoch, server.position, lost);
        assert (EACH_COUNTS_ONCE);
        assert (NOTHING_IS_LOST) }
    od
}

//  When no step is possible.
active proctype rest () {
    timeout -> assert ((server.numbers | lost) == ALL && journal == 0)
}

//  The messages were answered with 202. Processor 1 is the owner; processor 0, which should own, comes
//  later.
init {
    atomic {
        processors[0].phase = DOWN;
        processors[1].phase = OWNER;
        processors[1].id = 1;
        processors[1].epoch = 1;
        processors[1].last_epoch = 1;
        lease = 1;
        is_live[1] = true;
        server.epoch = 1;
        server.writer = 1;
        copy_database (replica, server);
        run processor (0); run processor_trouble (0);
        run processor (1); run processor_trouble (1)
    }
}
