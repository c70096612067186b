package dev.rejoin.consistency.postgres;

import java.time.Duration;

/**
 * How one read was served, for metrics and for whoever wants to know why the primary is busy.
 *
 * @param server name of the replica, or {@code primary}
 * @param outcome why there
 * @param waited how long the read paused for a replica
 */
public record ReadReport(String server, Outcome outcome, Duration waited) {
    /** The name of the primary in reports. */
    public static final String PRIMARY = "primary";

    /** Why a read was served where it was. */
    public enum Outcome {
        /** The session has written nothing: any replica will do. */
        NOTHING_WRITTEN,
        /** The replica had replayed the session's last write. */
        CAUGHT_UP,
        /** It had after a short wait. */
        CAUGHT_UP_AFTER_WAIT,
        /** No replica had within the wait: the primary was asked. */
        BEHIND,
        /** No replica could be asked, or none said on which timeline it is. */
        NO_REPLICA,
        /** The replica failed or cancelled the read: the primary was asked again. */
        REPLICA_FAILED,
        /**
         * The primary has changed since the session wrote, in a failover or a restore, and the write may not have survived. The
         * session goes on from the new primary's position, so this is reported once.
         */
        TIMELINE_CHANGED
    }
}
