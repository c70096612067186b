package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.LinkMessage;

/** What the following side of a link asks of its server. Names of documents have been checked, nothing else that comes from the other side. */
public interface FollowerEffects extends LinkEffects {
    /** Both sides know who the other one is. */
    void linked(LinkMessage.Welcome welcome);

    /** Where some documents stand at the other side. */
    void standings(LinkMessage.Standings standings);

    /** The other side has admitted something. */
    void change(LinkMessage.Change change);

    /**
     * A document that was asked for has come.
     *
     * @param fragment of the objects; empty if nothing is lacking
     * @param update of the content; empty if nothing is lacking
     */
    void state(LinkMessage.StateHead head, byte[] fragment, byte[] update);

    /** Everything that the other side had admitted then has been sent. */
    void heartbeat(LinkMessage.Heartbeat heartbeat);

    /** The clocks were compared: a question left at {@code sent}, was answered at {@code answered} by the other clock, and it is now {@code received}. */
    void exchanged(long sent, long answered, long received);

    /** Who is at a document there, or has left it. */
    void presence(LinkMessage.Presence presence);
}
