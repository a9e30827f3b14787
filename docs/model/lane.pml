//  A lane: how a gateway finds out which frames were lost on the way to their partition's owner.
//  One gateway, one processor, links that are first in, first out, and FAULTS faults.
//  README.md explains the model.
//  SPDX-License-Identifier: Apache-2.0
#ifndef FAULTS
#define FAULTS 1
#endif
#define FRAMES 3
#define WINDOW 2
#define LINK 12

//  Mistakes that the code must not make: with any of these defined, the check must fail.
#ifdef NO_REPEATED_ACKS
#define MAY_REPEAT false
#else
#define MAY_REPEAT true
#endif
#ifdef NO_LINK_WATCH
#define LINK_NOW 0
#define IS_BROKEN_NOW false
#else
#define LINK_NOW link_changes
#define IS_BROKEN_NOW is_broken
#endif
#ifdef NO_EPOCH_IN_SESSION
#define EPOCH_NOW 0
#else
#define EPOCH_NOW epoch
#endif

#define NONE FRAMES

byte id;                           //  of the processor: new at every start
byte epoch;                        //  of its present or last ownership of the partition
bool is_owner;
byte unsaved;                      //  frames that it has taken in, a bit each
byte last_taken = NONE;            //  the last frame of those
byte last_saved = NONE;            //  the last frame that it has saved under this epoch
chan link = [LINK] of { byte };    //  numbers of frames
bool is_broken;                    //  the link: frames sent now are lost
byte link_changes;                 //  counts breaks and returns of the link
chan acks = [LINK] of { byte, byte };  //  a processor's id, and the frames of a save

bool is_known;                     //  the gateway has heard of the processor, and of:
byte known_id;
byte known_epoch;
bool is_known_owner;
byte known_link;
bool is_known_broken;
byte session;
byte route_id, route_epoch, route_link;  //  the peer, epoch and link of the session
byte kept = (1 << FRAMES) - 1;     //  frames that are not acknowledged, a bit each
byte stamps[FRAMES];               //  of a frame in flight; 0: it is waiting
byte sent_id[FRAMES];              //  the id that it was sent to last, plus one; 0: none
byte sent_epoch[FRAMES];           //  and the epoch at that time
byte lane_session;
byte acked_stamp;
byte sendings;
bool has_moved;                    //  known to the model only: there was a session before
byte faults_left = FAULTS;

#define BIT(frame) (1 << (frame))
#define IS_NEWS (!is_known || known_id != id || known_epoch != EPOCH_NOW || is_known_owner != is_owner || \
    known_link != LINK_NOW || is_known_broken != IS_BROKEN_NOW)
#define SESSION (is_known && is_known_owner && !is_known_broken -> session : 0)
#define IS_NEW_SESSION (SESSION && lane_session != SESSION)
#define IS_OLD(frame) (stamps[frame] && stamps[frame] < acked_stamp)
#define IS_ANY_OLD (IS_OLD (0) || IS_OLD (1) || IS_OLD (2))
#define IN_FLIGHT ((stamps[0] > 0) + (stamps[1] > 0) + (stamps[2] > 0))
#define IS_WAITING(frame) ((kept & BIT (frame)) && !stamps[frame])
#define IS_ANY_WAITING (IS_WAITING (0) || IS_WAITING (1) || IS_WAITING (2))
#define CAN_SEND \
    (SESSION && !IS_NEW_SESSION && !IS_ANY_OLD && IN_FLIGHT < WINDOW && IS_ANY_WAITING)
//  The model has no time: time passes when no other step is possible.
#define IS_QUIET (!IS_NEWS && SESSION && !IS_NEW_SESSION && !IS_ANY_OLD && !CAN_SEND && \
    empty (link) && empty (acks) && !unsaved)
//  kept.c, s_is_entitled.
#define IS_ENTITLED(frame) (sent_id[frame] == acked_id + 1 && known_id == acked_id && \
    (!(is_known && is_known_owner) || sent_epoch[frame] == known_epoch))

//  directory.c, s_take_announcement, s_look_at_links; owners.c, s_make_owner: another process, another
//  epoch or another link is a new session. Silence is not.
inline hear () {
    d_step { IS_NEWS ->
        is_known = true;
        known_id = id;
        known_epoch = EPOCH_NOW;
        is_known_owner = is_owner;
        known_link = LINK_NOW;
        is_known_broken = IS_BROKEN_NOW;
        if
        :: is_owner && (!session || route_id != id || route_epoch != EPOCH_NOW || route_link != LINK_NOW) ->
            session++;
            route_id = id;
            route_epoch = EPOCH_NOW;
            route_link = LINK_NOW
        :: else
        fi;
        printf ("the gateway hears: session %d, owner %d, broken %d\n", session, is_owner, is_known_broken) }
}

//  lane_acknowledge, for each frame that the ack names and that was sent to the ack's processor.
inline hear_ack () {
    d_step { acks ? acked_id, acked ->
        for (frame : 0 .. FRAMES - 1) {
            if
            :: (acked & kept & BIT (frame)) && IS_ENTITLED (frame) ->
                acked_stamp = (stamps[frame] > acked_stamp -> stamps[frame] : acked_stamp);
                stamps[frame] = 0;
                sent_id[frame] = 0;
                sent_epoch[frame] = 0;
                kept = kept & ~BIT (frame)
            :: else
            fi
        }
        printf ("the gateway hears acks %d: left are %d\n", acked, kept);
        acked = 0;
        acked_id = 0;
        frame = 0 }
}

//  lane_run, s_take_back: the gateway cannot know which frames the last session took in.
inline follow_session () {
    d_step { kept && IS_NEW_SESSION ->
        has_moved = has_moved || lane_session;
        for (frame : 0 .. FRAMES - 1) { stamps[frame] = 0 }
        lane_session = SESSION;
        printf ("the gateway takes all back: session %d\n", lane_session);
        frame = 0 }
}

//  lane_run, s_take_back: a later frame is acknowledged. Within a session the frame is certainly lost,
//  unless its ack was lost.
inline take_back () {
    d_step { SESSION && !IS_NEW_SESSION && IS_ANY_OLD ->
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

//  s_send_waiting. The frame is lost on a broken link, if the gateway has not noticed the break.
inline send () {
    d_step { CAN_SEND ->
        frame = (IS_WAITING (0) -> 0 : (IS_WAITING (1) -> 1 : 2));
        sendings++;
        stamps[frame] = sendings;
        sent_id[frame] = known_id + 1;
        sent_epoch[frame] = known_epoch;
        if :: is_broken :: else -> link ! frame fi;
        printf ("the gateway sends frame %d\n", frame);
        frame = 0 }
}

active proctype gateway () {
    byte acked, acked_id, frame;
end:
    do
    :: hear ()
    :: hear_ack ()
    :: follow_session ()
    :: take_back ()
    :: send ()
    :: d_step { faults_left && is_known -> faults_left--;
        is_known = false;
        printf ("FAULT: the processor is silent\n") }
    od
}

//  The frames that it has taken in are gone, and so is its memory of the last ones.
inline forget () {
    is_owner = false;
    unsaved = 0;
    last_taken = NONE;
    last_saved = NONE
}

active proctype processor () {
    byte taken;
end:
    do
    :: d_step { !is_owner && !unsaved -> is_owner = true;
        epoch++;
        last_taken = NONE;
        last_saved = NONE;
        printf ("the processor takes the partition under epoch %d\n", epoch) }
    :: d_step { link ? taken ->
        unsaved = unsaved | (is_owner -> BIT (taken) : 0);
        last_taken = (is_owner -> taken : last_taken);
        printf ("the processor takes in frame %d: unsaved %d\n", taken, unsaved);
        taken = 0 }
    :: d_step { unsaved -> acks ! id, unsaved;
        printf ("the processor saves and acknowledges %d\n", unsaved);
        last_saved = last_taken;
        unsaved = 0 }
        //  saved_tails.c: the processor repeats the ack of the last frame. The model leaves out repeats
        //  that change nothing.
    :: d_step { MAY_REPEAT && is_owner && last_saved != NONE && IS_QUIET && (kept & BIT (last_saved)) ->
        acks ! id, BIT (last_saved);
        printf ("the processor acknowledges frame %d again\n", last_saved) }
    :: d_step { is_broken -> is_broken = false;
        link_changes++;
        printf ("the link is back\n") }
        //  keeper.c: it saves the frames that it has, and then may take the partition again.
    :: d_step { faults_left && is_owner -> faults_left--;
        is_owner = false;
        printf ("FAULT: the processor lets the partition go\n") }
        //  Killed and started again; or fenced: then it keeps its id and loses the frames that it took in.
    :: atomic { faults_left -> faults_left--;
        if :: id++ :: skip fi;
        forget ();
        printf ("FAULT: the processor loses its memory; its id is %d\n", id) }
        //  The frames on the link are lost, except those that have arrived.
    :: d_step { faults_left && !is_broken -> faults_left--;
        do :: link ? taken :: empty (link) -> break od;
        is_broken = true;
        link_changes++;
        printf ("FAULT: the link breaks\n");
        taken = 0 }
    :: d_step { faults_left && nempty (acks) -> faults_left--;
        acks ? _, taken;
        printf ("FAULT: acks %d are lost\n", taken);
        taken = 0 }
    od
}

//  When no step is possible.
active proctype rest () {
    timeout -> assert (kept == 0)
}
