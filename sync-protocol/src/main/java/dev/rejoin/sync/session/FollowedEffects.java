package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.LinkMessage;
import java.util.Optional;

/** What the followed side of a link asks of its server. Names of documents have been checked, nothing else that comes from the other side. */
public interface FollowedEffects extends LinkEffects {
    /** Whether somebody who says to be this one may follow, before it has proved anything; empty if so. */
    Optional<LinkFailure> admit(LinkMessage.Hello hello);

    /** Both sides know who the other one is: it is to be told of everything that is admitted from now on. */
    void linked(LinkMessage.Hello hello);

    /** The documents whose names come after this one are asked for. */
    void list(String after);

    /** A document is asked for. */
    void pull(LinkMessage.Pull pull);

    /** Somebody is at these documents at the follower, or nobody is any more. */
    void attend(LinkMessage.Attend attend);
}
