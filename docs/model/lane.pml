//  A lane: how a gateway finds out which frames were lost on the way to their partition's owner.
//  One gateway, one processor, links that are first in, first out, FAULTS things that go wrong.
//  README.md says how to read this.
//  SPDX-License-Identifier: Apache-2.0
#ifndef FAULTS
#define FAULTS 1
#endif
#define FRAMES 3
#define WINDOW 2
#define LINK 12

//  What the code must not do: with any of these defined, the check must fail.
#ifdef NO_PROBE
#define MAY_PROBE false
#else
#define MAY_PROBE true
#endif

byte id;                           //  of the processor: new at every start
bool is_owner;
byte unsaved;                      //  frames it has taken in, a bit each
chan link = [LINK] of { byte };    //  numbers of frames
chan acks = [LINK] of { byte };    //  sets of frames: what a save acknowledges

bool is_known;                     //  the gateway has heard of the processor, and this:
byte known_id;
bool is_known_owner;
byte session;
byte kept = (1 << FRAMES) - 1;     //  frames that are not acknowledged, a bit each
byte stamps[FRAMES];               //  of a frame in flight; 0: it is waiting
byte lane_session;
byte acked_stamp;
byte sendings;
bool has_moved;                    //  known to the model only: there was a session before
byte faults_left = FAULTS;

#define BIT(frame) (1 << (frame))
#define IS_NEWS (!is_known || known_id != id || is_known_owner != is_owner)
#define SESSION (is_known && is_known_owner -> session : 0)
#define IS_NEW_SESSION (lane_session != SESSION)
#define IS_OLD(frame) (stamps[frame] && stamps[frame] < acked_stamp)
#define IN_FLIGHT ((stamps[0] > 0) + (stamps[1] > 0) + (stamps[2] > 0))
#define IS_WAITING(frame) ((kept & BIT (frame)) && !stamps[frame])
#define IS_ANY_WAITING (IS_WAITING (0) || IS_WAITING (1) || IS_WAITING (2))
#define CAN_SEND \
    (SESSION && !IS_NEW_SESSION && !IS_OLD (0) && !IS_OLD (1) && !IS_OLD (2))
//  There is no time here: it passes when all else has come to an end.
#define IS_QUIET (!IS_NEWS && empty (link) && empty (acks) && !unsaved)

//  directory.c, s_take_announcement: one that was silent, or is another one, is a new session.
inline hear () {
    d_step { IS_NEWS ->
        session = (!is_known || known_id != id -> session + 1 : session);
        is_known = true;
        known_id = id;
        is_known_owner = is_owner;
        printf ("the gateway hears: session %d, owner %d\n", session, is_owner) }
}

//  lane_acknowledge, for each frame that an ack names.
inline hear_ack () {
    d_step { acks ? acked ->
        for (frame : 0 .. FRAMES - 1) {
            if
            :: acked & kept & BIT (frame) ->
                acked_stamp = (stamps[frame] > acked_stamp -> stamps[frame] : acked_stamp);
                stamps[frame] = 0;
                kept = kept & ~BIT (frame)
            :: else
            fi
        }
        printf ("the gateway hears acks %d: left are %d\n", acked, kept);
        acked = 0;
        frame = 0 }
}

//  lane_run, s_take_back: nobody knows what the last session had.
inline follow_session () {
    d_step { kept && IS_NEW_SESSION ->
        has_moved = has_moved || lane_session;
        for (frame : 0 .. FRAMES - 1) { stamps[frame] = 0 }
        lane_session = SESSION;
        printf ("the gateway takes all back: session %d\n", lane_session);
        frame = 0 }
}

//  lane_run, s_take_back: a later frame is acknowledged. Within a session that is certain.
inline take_back () {
    d_step { !IS_NEW_SESSION && (IS_OLD (0) || IS_OLD (1) || IS_OLD (2)) ->
        for (frame : 0 .. FRAMES - 1) {
            if
            :: IS_OLD (frame) ->
                printf ("the gateway takes frame %d for lost\n", frame);
                assert (has_moved || !(link ?? [eval (frame)] || unsaved & BIT (frame)));
                stamps[frame] = 0
            :: else
            fi
        }
        frame = 0 }
}

//  s_send_waiting.
inline send () {
    d_step { CAN_SEND && IN_FLIGHT < WINDOW && IS_ANY_WAITING ->
        frame = (IS_WAITING (0) -> 0 : (IS_WAITING (1) -> 1 : 2));
        sendings++;
        stamps[frame] = sendings;
        link ! frame;
        printf ("the gateway sends frame %d\n", frame);
        frame = 0 }
}

//  s_probe: the newest is sent once more.
inline probe () {
    frame = (stamps[1] > stamps[0] -> 1 : 0);
    frame = (stamps[2] > stamps[frame] -> 2 : frame);
    link ! frame;
    printf ("the gateway probes with frame %d\n", frame);
    frame = 0
}

active proctype gateway () {
    byte acked, frame;
end:
    do
    :: hear ()
    :: hear_ack ()
    :: follow_session ()
    :: take_back ()
    :: send ()
    :: d_step { MAY_PROBE && CAN_SEND && IN_FLIGHT && IS_QUIET -> probe () }
    :: d_step { faults_left && CAN_SEND && IN_FLIGHT -> faults_left--;
        printf ("FAULT: the processor is only slow\n");
        probe () }
    :: d_step { faults_left && is_known -> faults_left--;
        is_known = false;
        printf ("FAULT: the processor is silent\n") }
    od
}

active proctype processor () {
    byte taken;
end:
    do
    :: d_step { !is_owner -> is_owner = true; printf ("the processor takes the partition\n") }
    :: d_step { link ? taken ->
        unsaved = unsaved | (is_owner -> BIT (taken) : 0);
        printf ("the processor takes in frame %d: unsaved %d\n", taken, unsaved);
        taken = 0 }
    :: d_step { unsaved -> acks ! unsaved;
        printf ("the processor saves and acknowledges %d\n", unsaved);
        unsaved = 0 }
    :: d_step { faults_left && is_owner -> faults_left--;
        is_owner = false;
        printf ("FAULT: the processor lets the partition go\n") }
        //  Killed and started again; or fenced, when it keeps its id and has lost what it took in.
    :: atomic { faults_left -> faults_left--;
        if :: id++ :: skip fi;
        is_owner = false;
        unsaved = 0;
        printf ("FAULT: the processor loses its memory; its id is %d\n", id) }
    :: d_step { faults_left && nempty (link) -> faults_left--;
        link ? taken;
        printf ("FAULT: frame %d is lost\n", taken);
        taken = 0 }
    :: d_step { faults_left && nempty (acks) -> faults_left--;
        acks ? taken;
        printf ("FAULT: acks %d are lost\n", taken);
        taken = 0 }
    od
}

//  When nothing can move any more.
active proctype rest () {
    timeout -> assert (kept == 0)
}
