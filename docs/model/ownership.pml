//  Owners, saves and journals: one partition, two processors that want it, up to two gateways and
//  two messages for one rocket, and FAULTS things that go wrong. README.md says how to read this.
//
//  A message is its mark, 1 or 4: with it in a row's `numbers` the message was counted, and it adds
//  its mark to the row's `speed`. So a row is right exactly when the two are equal: one message not
//  applied makes the speed less, one applied twice makes it more.
//  A frame holds one message, and is named by that and its gateway, 0 or 1: mark << gateway.
//
//  Nobody ever has to move, so anybody may be paused anywhere, for as long as it takes the others.
//  SPDX-License-Identifier: Apache-2.0
#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef GATEWAYS
#define GATEWAYS 2
#endif
#ifndef MESSAGES
#define MESSAGES 2
#endif

//  What the code must not do: with any of these defined, the check must fail.
#ifdef NO_EPOCH_CHECK
#define IS_FENCED false
#else
#define IS_FENCED (ME.epoch != store_epoch)
#endif
#ifdef NO_DEDUPLICATION
#define WAS_COUNTED(message) false
#else
#define WAS_COUNTED(message) (ME.row.numbers & (message))
#endif
#ifdef ACK_BEFORE_SAVE
#define ACKED_AT_ONCE(frame) (frame)
#else
#define ACKED_AT_ONCE(frame) 0
#endif
#ifdef LOAD_BEFORE_EPOCH
#define TAKE_FIRST load
#define TAKE_THEN raise_epoch
#else
#define TAKE_FIRST raise_epoch
#define TAKE_THEN load
#endif

#if MESSAGES == 2
#define ALL 5
#else
#define ALL 1
#endif
#define FRAMES_OF(gateway) (ALL << (gateway))
#define MESSAGES_IN(frames) (((frames) | (frames) >> 1) & ALL)
#define NOBODY 2

//  The phases of keeper.h: LOCKED and TAKING are loading, before and after the first of
//  two steps.
mtype = { DOWN, IDLE, LOCKED, TAKING, OWNER, LEAVING };

typedef row_t {
    byte numbers;
    byte speed
}

typedef processor_t {
    mtype phase;
    bool is_member;     //  its member file is locked
    bool is_gone;       //  nobody starts it again
    byte epoch;
    row_t row;          //  in memory
    byte unsaved;       //  frames taken in, to be acknowledged after the next save
    bool is_saving;     //  its background thread is
    row_t saved_row;    //  what that save writes
    byte saved_frames   //  what is acknowledged after it
}

typedef gateway_t {
    bool is_up;
    bool is_gone;
    bool is_inheriting  //  it holds the other's slot, and has taken in what was there
}

row_t store;            //  on disk
byte store_epoch;
byte journal;           //  on disk: frames
byte lock = NOBODY;     //  in the kernel: who holds the partition's
processor_t processors[2];
gateway_t gateways[2];
byte links[2];          //  frames on the way to each processor
byte acks[2];           //  frames whose acks are on the way back from each
byte loaded_epoch;      //  known to the model only: the newest epoch under which the store was read
byte faults_left = FAULTS;

//  own_by_files.c: if both are members, this partition is to be processor 0's.
#define SHOULD_OWN(p) (processors[p].is_member && (p == 0 || !processors[0].is_member))
//  What one that was cut off does not know.
#define IS_ANOTHERS(p) (processors[p].is_member && !SHOULD_OWN (p))

#define NOTHING_IS_LOST ((store.numbers | MESSAGES_IN (journal)) == ALL)
#define EACH_COUNTS_ONCE (store.numbers == store.speed)
#define IS_NEWEST_OWNER (ME.epoch >= loaded_epoch)
#define TAKES_NOTHING_BACK ((store.numbers & ~ME.saved_row.numbers) == 0)

//  ---- gateway/ -------------------------------------------------------------------------------

//  lane.c: to whoever says now that it owns the partition, unless it has the frame already. What a
//  gateway sends later, believing an old announcement, is a frame that is long on its way here.
inline send (p, frame) {
    d_step { gateways[g].is_up && (journal & frame) && processors[p].phase == OWNER &&
        !((links[p] | acks[p] | processors[p].unsaved | processors[p].saved_frames) & frame) ->
        links[p] = links[p] | frame;
        printf ("gateway %d sends frame %d to processor %d\n", g, frame, p) }
}

//  publish_zmq.c, s_ack. No frame gets that sequence again, so older acks of it mean nothing.
inline forget (frame) {
    d_step { gateways[g].is_up && ((acks[0] | acks[1]) & frame) ->
        acks[0] = acks[0] & ~frame;
        acks[1] = acks[1] & ~frame;
        journal = journal & ~frame;
        printf ("gateway %d hears the ack of frame %d\n", g, frame);
        assert (NOTHING_IS_LOST) }
}

//  inherit.c: what a gateway that is gone has left is kept here first, and then removed there.
inline inherit () {
    d_step { gateways[g].is_up && !gateways[g].is_inheriting && !gateways[1 - g].is_up &&
        (journal & FRAMES_OF (1 - g)) ->
        journal = journal | MESSAGES_IN (journal & FRAMES_OF (1 - g)) << g;
        gateways[g].is_inheriting = true;
        printf ("gateway %d takes in what the other left\n", g) }
}

inline end_inheriting () {
    d_step { gateways[g].is_inheriting ->
        journal = journal & ~FRAMES_OF (1 - g);
        gateways[g].is_inheriting = false;
        printf ("gateway %d removes what the other left\n", g);
        assert (NOTHING_IS_LOST) }
}

proctype gateway (byte g) {
end:
    do
    :: d_step { !gateways[g].is_up && !gateways[g].is_gone && !gateways[1 - g].is_inheriting ->
        gateways[g].is_up = true;
        printf ("gateway %d starts\n", g) }
    :: send (0, (1 << g))
    :: send (0, (4 << g))
    :: send (1, (1 << g))
    :: send (1, (4 << g))
    :: forget ((1 << g))
    :: forget ((4 << g))
    :: inherit ()
    :: end_inheriting ()
    od
}

//  ---- processor/ -----------------------------------------------------------------------------

#define ME processors[p]

inline clear_save () {
    ME.is_saving = false;
    ME.saved_row.numbers = 0;
    ME.saved_row.speed = 0;
    ME.saved_frames = 0
}

//  keeper.c, s_release: the shard is gone, and the lock, if it is still ours, is dropped.
inline let_go () {
    ME.phase = IDLE;
    ME.epoch = 0;
    ME.row.numbers = 0;
    ME.row.speed = 0;
    ME.unsaved = 0;
    clear_save ();
    lock = (lock == p -> NOBODY : lock)
}

//  store_sqlite.c, s_raise_epoch and s_load.
inline raise_epoch () {
    store_epoch++;
    ME.epoch = store_epoch;
    printf ("processor %d raises the epoch to %d\n", p, ME.epoch)
}

inline load () {
    ME.row.numbers = store.numbers;
    ME.row.speed = store.speed;
    loaded_epoch = (ME.epoch > loaded_epoch -> ME.epoch : loaded_epoch);
    printf ("processor %d loads numbers %d, speed %d\n", p, ME.row.numbers, ME.row.speed)
}

//  frame_receiver.c: frames for a partition that is not ours are left alone. rocket.c: a number that
//  was counted changes nothing.
inline take (frame) {
    d_step { ME.phase != DOWN && (links[p] & frame) ->
        links[p] = links[p] & ~frame;
        if
        :: ME.phase == OWNER ->
            if
            :: WAS_COUNTED (MESSAGES_IN (frame))
            :: else ->
                ME.row.numbers = ME.row.numbers | MESSAGES_IN (frame);
                ME.row.speed = ME.row.speed + MESSAGES_IN (frame)
            fi;
            ME.unsaved = ME.unsaved | frame;
            acks[p] = acks[p] | ACKED_AT_ONCE (frame);
            printf ("processor %d takes frame %d: speed %d\n", p, frame, ME.row.speed)
        :: else -> printf ("processor %d ignores frame %d\n", p, frame)
        fi }
}

//  shard_saver.c, s_begin.
inline begin_save () {
    d_step { (ME.phase == OWNER || ME.phase == LEAVING) && !ME.is_saving && ME.unsaved ->
        ME.saved_row.numbers = ME.row.numbers;
        ME.saved_row.speed = ME.row.speed;
        ME.saved_frames = ME.unsaved;
        ME.unsaved = 0;
        ME.is_saving = true;
        printf ("processor %d begins to save\n", p) }
}

//  store_sqlite.c, s_save: one transaction, that checks the epoch. s_settle: then the acks go out.
inline end_save () {
    d_step { ME.is_saving ->
        if
        :: IS_FENCED ->
            let_go ();
            ME.is_member = true;
            printf ("processor %d may not save, and lets go\n", p)
        :: else ->
            printf ("processor %d saves numbers %d, speed %d under epoch %d\n", p,
                ME.saved_row.numbers, ME.saved_row.speed, ME.epoch);
            assert (IS_NEWEST_OWNER);
            assert (TAKES_NOTHING_BACK);
            store.numbers = ME.saved_row.numbers;
            store.speed = ME.saved_row.speed;
            acks[p] = acks[p] | ME.saved_frames & journal;
            clear_save ();
            assert (EACH_COUNTS_ONCE);
            assert (NOTHING_IS_LOST)
        fi }
}

proctype processor (byte p) {
end:
    do
        //  It starts, or was cut off while it owned nothing.
    :: d_step { !ME.is_member && (ME.phase == DOWN && !ME.is_gone || ME.phase == IDLE) ->
        ME.phase = IDLE;
        ME.is_member = true;
        printf ("processor %d joins\n", p) }
        //  keeper.c, s_try_to_load and s_load_more: the lock, the epoch, the rockets.
    :: d_step { ME.phase == IDLE && SHOULD_OWN (p) && lock == NOBODY ->
        lock = p;
        ME.phase = LOCKED;
        printf ("processor %d locks the partition\n", p) }
    :: d_step { ME.phase == LOCKED -> TAKE_FIRST (); ME.phase = TAKING }
    :: d_step { ME.phase == TAKING -> TAKE_THEN (); ME.phase = OWNER }
    :: d_step { ME.phase == TAKING && IS_ANOTHERS (p) ->
        let_go ();
        printf ("processor %d stops taking the partition\n", p) }
    :: take (1)
    :: take (2)
    :: take (4)
    :: take (8)
    :: begin_save ()
    :: end_save ()
        //  keeper.c, s_look_at: no more frames; what is there is saved; then it goes, even
        //  if it is to be ours again by then.
    :: d_step { ME.phase == OWNER && IS_ANOTHERS (p) ->
        ME.phase = LEAVING;
        printf ("processor %d takes no more frames\n", p) }
    :: d_step { ME.phase == LEAVING && !ME.unsaved && !ME.is_saving ->
        let_go ();
        printf ("processor %d has saved, and lets go\n", p) }
    od
}

//  ---- what goes wrong ------------------------------------------------------------------------

#define GOES_WRONG(what) atomic { faults_left && (what) -> faults_left--

proctype gateway_trouble (byte g) {
end:
    do
        //  kill -9, and it may be for good: its slot then is the other's to take. What was on the
        //  way to it is for a source that is no more.
    :: GOES_WRONG (gateways[g].is_up);
        acks[0] = acks[0] & ~FRAMES_OF (g);
        acks[1] = acks[1] & ~FRAMES_OF (g);
        gateways[g].is_up = false;
        gateways[g].is_inheriting = false;
        if :: GATEWAYS == 2 && !gateways[1 - g].is_gone -> gateways[g].is_gone = true :: skip fi;
        printf ("FAULT: gateway %d is killed, gone %d\n", g, gateways[g].is_gone) }
    :: GOES_WRONG (gateways[g].is_up);
        if :: journal = journal | 1 << g :: journal = journal | (4 & ALL) << g fi;
        printf ("FAULT: a client sends again, to gateway %d: journal %d\n", g, journal) }
    od
}

proctype processor_trouble (byte p) {
end:
    do
        //  kill -9, and it may be for good. The kernel drops the locks.
    :: GOES_WRONG (ME.phase != DOWN);
        let_go ();
        ME.phase = DOWN;
        ME.is_member = false;
        if :: acks[p] = 0 :: skip fi;
        if :: !processors[1 - p].is_gone -> ME.is_gone = true :: skip fi;
        printf ("FAULT: processor %d is killed, gone %d\n", p, ME.is_gone) }
        //  keeper.c, keeper_leave: first it is no member any more.
    :: GOES_WRONG (ME.is_member && ME.phase != LEAVING);
        ME.is_member = false;
        if
        :: ME.phase == OWNER -> ME.phase = LEAVING
        :: else -> let_go ()
        fi;
        printf ("FAULT: processor %d is told to stop, and then started again\n", p) }
        //  Its locks are lost, as those of a session of PostgreSQL can be, and it does not know.
    :: GOES_WRONG (ME.is_member);
        ME.is_member = false;
        lock = (lock == p -> NOBODY : lock);
        printf ("FAULT: processor %d is cut off\n", p) }
    :: GOES_WRONG (ME.is_saving);
        ME.unsaved = ME.unsaved | ME.saved_frames;
        clear_save ();
        printf ("FAULT: the disk of processor %d is full\n", p) }
    :: GOES_WRONG (ME.unsaved | ME.saved_frames);
        links[p] = links[p] | ME.unsaved | ME.saved_frames;
        printf ("FAULT: what processor %d has is sent to it again\n", p) }
    :: GOES_WRONG (links[p]);
        links[p] = 0;
        printf ("FAULT: frames to processor %d are lost\n", p) }
    :: GOES_WRONG (acks[p]);
        acks[p] = 0;
        printf ("FAULT: acks of processor %d are lost\n", p) }
    od
}

//  When nothing can move any more.
proctype rest () {
    timeout -> assert (store.numbers == ALL && journal == 0)
}

//  Both messages were answered with 202 by now. Processor 1 runs; 0, which should own, is to come.
init {
    atomic {
        gateways[0].is_up = true;
        run gateway (0); run gateway_trouble (0);
        if
        :: journal = FRAMES_OF (0)
        :: GATEWAYS == 2 && MESSAGES == 2 -> journal = 1 | 4 << 1
        fi;
        if
        :: GATEWAYS == 2 ->
            gateways[1].is_up = true;
            run gateway (1); run gateway_trouble (1)
        :: else
        fi;
        processors[0].phase = DOWN;
        processors[1].phase = IDLE;
        processors[1].is_member = true;
        run processor (0); run processor_trouble (0);
        run processor (1); run processor_trouble (1);
        run rest ()
    }
}
