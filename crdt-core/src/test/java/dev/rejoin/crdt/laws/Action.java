package dev.rejoin.crdt.laws;

import java.util.List;

/**
 * One step of a history. Steps are self-contained: numbers that point at replicas or waiting messages are taken modulo
 * what is there, so a history stays meaningful whichever steps are deleted from it.
 */
sealed interface Action {
    /** One transaction at one replica. */
    record Write(int who, List<Op> ops) implements Action {}

    /** A waiting message arrives and is gone. */
    record Deliver(int to, int pick) implements Action {}

    /** A waiting message arrives and stays, to arrive again. */
    record Duplicate(int to, int pick) implements Action {}

    /** A waiting message is lost. */
    record Drop(int to, int pick) implements Action {}

    /** Two waiting messages are joined on the way and arrive as one. */
    record Group(int to, int pick, int other) implements Action {}

    /** A whole state arrives. */
    record Sync(int from, int to) implements Action {}

    /** What the receiver's version lacks arrives. */
    record Since(int from, int to) implements Action {}

    /** The replica writes its state to disk. */
    record Save(int who) implements Action {}

    /** The replica crashes and comes back with what it saved, under a new id. */
    record Restart(int who) implements Action {}

    /** The replica's wall clock jumps, forwards or backwards. */
    record Clock(int who, long byMillis) implements Action {}
}
