package dev.rejoin.sync.wire;

import java.util.List;

/**
 * What two servers of a cluster say to each other: one of them <em>follows</em>, the other one is followed. Byte arrays are neither copied nor
 * to be changed afterwards; what is in those called held, before and after is known to the servers, not to the protocol. The rules of the exchange
 * are in docs/reference/sync-protocol.md.
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
public sealed interface LinkMessage {

    /** Who a server is, and a challenge. */
    interface Greeting {
        /** The name of the cluster it belongs to. */
        String cluster();

        /** Names its log, for as long as that exists. */
        long log();

        /** Names this opening of its log. */
        long opening();

        /** 16 random bytes that the other side has to prove the secret over. */
        byte[] nonce();
    }

    /** First message of the one that follows, and only the first. */
    record Hello(String cluster, long log, long opening, byte[] nonce) implements LinkMessage, Greeting {}

    /**
     * Answer of the one that is followed.
     *
     * @param proof that it knows the secret, over both greetings
     */
    record Welcome(String cluster, long log, long opening, byte[] nonce, byte[] proof)
            implements LinkMessage, Greeting {}

    /** Second message of the one that follows: it knows the secret as well. */
    record Proof(byte[] proof) implements LinkMessage {}

    /** The sender ends the link. */
    record Failed(String code, String message) implements LinkMessage {}

    /** Asks for the time of the one that is followed; {@code sentMillis} is by the clock of the one that asks. */
    record Ping(long sentMillis) implements LinkMessage {}

    /** Answer to the ping that was sent at {@code sentMillis}. */
    record Pong(long sentMillis, long answeredMillis) implements LinkMessage {}

    /**
     * Everything that was admitted before it has been sent before it.
     *
     * @param number counts from 1 for each opening
     * @param millis by the clock of the sender
     * @param changes so many changes have been sent on this link
     */
    record Heartbeat(long number, long millis, long changes) implements LinkMessage {}

    /** Asks for the documents whose names come after this one; empty for the first. */
    record ListFrom(String after) implements LinkMessage {}

    /**
     * Where a document stands.
     *
     * @param sequence its last entry in the log of the sender
     */
    record Standing(String document, long epoch, long sequence, boolean deleted) {}

    /**
     * Where some documents stand.
     *
     * @param answer whether this answers {@link ListFrom}; otherwise it is news
     * @param last whether no documents come after these
     */
    record Standings(List<Standing> standings, boolean answer, boolean last) implements LinkMessage {
        /** Takes a copy of the list. */
        public Standings {
            standings = List.copyOf(standings);
        }
    }

    /**
     * One entry of the log of the sender.
     *
     * @param before what the sender held before it
     * @param after what it held with it
     * @param fragment what was done to the objects at the sender; empty if nothing
     * @param update what was done to the content at the sender; empty if nothing
     */
    record Change(
            String document, long epoch, long sequence, byte[] before, byte[] after, byte[] fragment, byte[] update)
            implements LinkMessage {}

    /**
     * Asks for what the follower lacks of a document.
     *
     * @param request names the answer; ascending
     * @param epoch 0 if it has nothing
     * @param version of its objects
     * @param stateVector of its content
     * @param headsOnly whether only what the sender holds is asked for
     */
    record Pull(long request, String document, long epoch, byte[] version, byte[] stateVector, boolean headsOnly)
            implements LinkMessage {}

    /**
     * The beginning of the answer to {@link Pull}; so many bytes follow in parts.
     *
     * @param found whether the sender has the document
     * @param held who joins the state holds this
     */
    record StateHead(
            long request, boolean found, boolean deleted, long epoch, byte[] held, long fragmentBytes, long updateBytes)
            implements LinkMessage {}

    /** The next bytes of the fragment, then of the update. */
    record StatePart(long request, byte[] bytes) implements LinkMessage {}

    /**
     * Somebody is at these documents at the follower, or nobody is any more.
     *
     * @param present whether somebody is; the answer is a {@link Presence} of all who are there at the other side
     */
    record Attend(List<String> documents, boolean present) implements LinkMessage {
        /** Takes a copy of the list. */
        public Attend {
            documents = List.copyOf(documents);
        }
    }

    /** What a session shows; an empty payload means that it has left. */
    record SessionPresence(long session, byte[] payload) {}

    /**
     * Who is at a document at the sender; never stored.
     *
     * @param all whether nobody else is
     * @param awareness of editors, one awareness update; empty if there is nothing
     * @param sessions of the native protocol
     */
    record Presence(String document, boolean all, byte[] awareness, List<SessionPresence> sessions)
            implements LinkMessage {
        /** Takes a copy of the list. */
        public Presence {
            sessions = List.copyOf(sessions);
        }
    }
}
