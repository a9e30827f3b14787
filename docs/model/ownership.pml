//  Owners, saves and journals: one partition, two processors that want it, up to two gateways and
//  two messages for one rocket, and FAULTS faults. README.md explains the model.
//
//  A message is its mark, 1 or 4. A row's `numbers` holds the marks of the counted messages, and each
//  message adds its mark to the row's `speed`. So a row is right exactly when the two are equal: a
//  message that is not applied makes the speed less, one applied twice makes it more.
//  A frame holds one message; its name is the message and the gateway, 0 or 1: mark << gateway.
//
//  No process ever has to move, so each may pause anywhere, for any number of steps of the others.
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

//  Mistakes that the code must not make: with any of these defined, the check must fail.
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
    bool is_member;     //  it holds the lock of its member file
    bool is_gone;       //  it never starts again
    byte epoch;
    row_t row;          //  in memory
    byte unsaved;       //  frames taken in, which the next save acknowledges
    bool is_saving;     //  its background thread saves
    row_t saved_row;    //  the row that the save writes
    byte saved_frames   //  the frames that it acknowledges
}

typedef gateway_t {
    bool is_up;
    bool is_gone;
    bool is_inheriting  //  it holds the other's slot, and has taken in its frames
}

row_t store;            //  on disk
byte store_epoch;
byte journal;           //  on disk: frames
byte lock = NOBODY;     //  in the kernel: the holder of the partition's lock
processor_t processors[2];
gateway_t gateways[2];
byte links[2];          //  frames on the way to each processor
byte acks[2];           //  frames whose acks are on the way back from each
byte loaded_epoch;      //  known to the model only: the newest epoch of a processor that read the store
byte faults_left = FAULTS;

//  own_by_files.c: if both are members, processor 0 should own this partition.
#define SHOULD_OWN(p) (processors[p].is_member && (p == 0 || !processors[0].is_member))
//  A processor that was cut off does not notice this.
#define IS_ANOTHERS(p) (processors[p].is_member && !SHOULD_OWN (p))

#define NOTHING_IS_LOST ((store.numbers | MESSAGES_IN (journal)) == ALL)
#define EACH_COUNTS_ONCE (store.numbers == store.speed)
#define IS_NEWEST_OWNER (ME.epoch >= loaded_epoch)
#define TAKES_NOTHING_BACK ((store.numbers & ~ME.saved_row.numbers) == 0)

//  ---- gateway/ -------------------------------------------------------------------------------

//  lane.c: to a processor that claims the partition now, unless it has the frame already. A gateway
//  that believes an old announcement is here a frame that is on its way for long.
inline send (p, frame) {
    d_step { gateways[g].is_up && (journal & frame) && processors[p].phase == OWNER &&
        !((links[p] | acks[p] | processors[p].unsaved | processors[p].saved_frames) & frame) ->
        links[p] = links[p] | frame;
        printf ("gateway %d sends frame %d to processor %d\n", g, frame, p) }
}

//  kept.c, s_acknowledge. No other frame gets that sequence, so older acks of it mean nothing.
inline forget (frame) {
    d_step { gateways[g].is_up && ((acks[0] | acks[1]) & frame) ->
        acks[0] = acks[0] & ~frame;
        acks[1] = acks[1] & ~frame;
        journal = journal & ~frame;
        printf ("gateway %d hears the ack of frame %d\n", g, frame);
        assert (NOTHING_IS_LOST) }
}

//  inherit.c: a gateway keeps the frames of one that is gone first, and then removes them there.
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

//  keeper.c, s_release: free the shard, and drop the lock if the processor still holds it.
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

//  frame_receiver.c: the processor ignores frames of partitions that it does not own. rocket.c: a number
//  that was counted changes nothing.
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

//  store_sqlite.c, s_save: one transaction, which checks the epoch. s_settle: then the acks go out.
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
        //  It starts, or it was cut off while it owned nothing.
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
        //  keeper.c, s_look_at: take no more frames; save those that are there; then let go,
        //  even if this processor should own the partition again.
    :: d_step { ME.phase == OWNER && IS_ANOTHERS (p) ->
        ME.phase = LEAVING;
        printf ("processor %d takes no more frames\n", p) }
    :: d_step { ME.phase == LEAVING && !ME.unsaved && !ME.is_saving ->
        let_go ();
        printf ("processor %d has saved, and lets go\n", p) }
    od
}

//  ---- faults ---------------------------------------------------------------------------------

#define GOES_WRONG(what) atomic { faults_left && (what) -> faults_left--

proctype gateway_trouble (byte g) {
end:
    do
        //  kill -9, maybe for good: then the other one may take its slot. Acks on their way to it are
        //  for a source that is gone.
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
        //  kill -9, maybe for good. The kernel drops the locks.
    :: GOES_WRONG (ME.phase != DOWN);
        let_go ();
        ME.phase = DOWN;
        ME.is_member = false;
        if :: acks[p] = 0 :: skip fi;
        if :: !processors[1 - p].is_gone -> ME.is_gone = true :: skip fi;
        printf ("FAULT: processor %d is killed, gone %d\n", p, ME.is_gone) }
        //  keeper.c, keeper_leave: it leaves the members first.
    :: GOES_WRONG (ME.is_member && ME.phase != LEAVING);
        ME.is_member = false;
        if
        :: ME.phase == OWNER -> ME.phase = LEAVING
        :: else -> let_go ()
        fi;
        printf ("FAULT: processor %d is told to stop, and then started again\n", p) }
        //  It loses its locks without notice, as a session of PostgreSQL can.
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

//  When no step is possible.
proctype rest () {
    timeout -> assert (store.numbers == ALL && journal == 0)
}

//  Both messages were answered with 202. Processor 1 runs; processor 0, which should own, comes later.
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
