package dev.rejoin.server.replication;

import dev.rejoin.server.room.PresenceListener;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.session.LinkFailure;
import dev.rejoin.sync.wire.LinkFrames;
import dev.rejoin.sync.wire.LinkMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Who is at which document, between this server and its peers. Belongs to the loop of the replication, but for what the rooms call. */
final class PresenceExchange implements PresenceListener {
    /* Only where somebody looks
     * -------------------------
     * A server asks its peers about the documents that somebody is at here, and is told of those only: all who are there first, then what changes. Nothing
     * of it is stored or sent twice. A peer that does not keep up is told nothing; when it does again it is told of all who are there then, of each
     * document of which it has missed something. When a link ends, those who are at its other end have left.
     */
    private final Replication home;
    private final Set<String> attended = new LinkedHashSet<>();

    /** How many followers want to know of a document. */
    private final Map<String, Integer> wanted = new ConcurrentHashMap<>();

    PresenceExchange(Replication home) {
        this.home = home;
    }

    @Override
    public void attended(String document, boolean present) {
        home.loop().execute(() -> {
            boolean news = present
                    ? attended.size() < home.options().maxAttended() && attended.add(document)
                    : attended.remove(document);
            if (news) {
                home.followings().forEach(one -> one.attend(List.of(document), present));
            }
        });
    }

    @Override
    public boolean isWanted(String document) {
        return wanted.containsKey(document);
    }

    @Override
    public void changed(LinkMessage.Presence news) {
        home.loop().execute(() -> home.followers().forEach(one -> one.present(news)));
    }

    /** A link to a peer is there. */
    void linked(Following peer) {
        List<String> some = new ArrayList<>();
        for (String document : attended) {
            some.add(document);
            if (some.size() == LinkFrames.MAX_ATTENDED) {
                peer.attend(some, true);
                some.clear();
            }
        }
        if (!some.isEmpty()) {
            peer.attend(some, true);
        }
    }

    /** A link to a peer is gone. */
    void unlinked(Following peer) {
        home.rooms().lose(peer.number());
    }

    /** A peer has told of those who are there. */
    void told(Following peer, LinkMessage.Presence presence) {
        if (!attended.contains(presence.document())) {
            return; // was on its way when the last one left here
        }
        long life = peer.life();
        home.then(home.rooms().hear(peer.number(), presence), (heard, failure) -> {
            if (failure != null && life == peer.life()) {
                peer.fail(LinkFailure.MALFORMED, "who is there does not decode: " + failure.getMessage());
            }
        });
    }

    void want(String document) {
        wanted.merge(document, 1, Integer::sum);
    }

    void unwant(Collection<String> documents) {
        for (String document : documents) {
            wanted.computeIfPresent(document, (name, followers) -> followers == 1 ? null : followers - 1);
        }
    }

    /** Tells a follower of all who are at a document here, in order with what it is told of changes; calls {@code then} afterwards. */
    void everybody(String document, Followed follower, Runnable then) {
        home.rooms()
                .everybody(
                        DocumentName.of(document),
                        all -> home.loop().execute(() -> {
                            follower.present(all);
                            then.run();
                        }));
    }
}
