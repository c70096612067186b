package dev.rejoin.server.replication;

import dev.rejoin.server.room.Admitted;
import dev.rejoin.server.room.DocumentNotice;
import dev.rejoin.server.room.DocumentUnavailableException;
import dev.rejoin.server.room.Excerpt;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.session.FollowedEffects;
import dev.rejoin.sync.session.FollowedSession;
import dev.rejoin.sync.session.LinkFailure;
import dev.rejoin.sync.wire.FailureCode;
import dev.rejoin.sync.wire.LinkMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A peer that follows this server: it is told of every entry, and answered what it asks. Belongs to the loop of the replication. */
final class Followed implements LineEnd, FollowedEffects {
    /* A slow peer costs O(1)
     * ----------------------
     * While its line has no room nothing is queued for it. What it is not told of is remembered by the name of the document, and beyond a
     * bound not even that: it is told then to compare all of them. It gets no heartbeat before it has been told so, because a heartbeat says
     * that everything before it has been sent.
     */
    private static final Logger LOG = LoggerFactory.getLogger(Followed.class);
    private static final byte[] NOTHING = {};
    private static final int PAGE = 256;
    private static final int OVERHEAD_BYTES = 128;

    /** Larger entries are not sent but fetched. */
    private static final int MAX_CHANGE_BYTES = 4 << 20;

    private final Replication home;
    private final Line line;
    private final FollowedSession session;
    private long follower;
    private long followerOpening;
    private long changes;
    private boolean behind;
    private boolean compareAll;
    private final Map<String, LinkMessage.Standing> untold = new LinkedHashMap<>();

    /** Documents that somebody is at there. */
    private final Set<String> attends = new HashSet<>();

    /** Of these, those of which it is to be told who is at them here. */
    private final Set<String> owed = new LinkedHashSet<>();

    private boolean telling;
    private final ArrayDeque<LinkMessage.Pull> asked = new ArrayDeque<>();
    private boolean answering;
    private @Nullable String listing;
    private boolean listed;

    Followed(Replication home, Line line) {
        this.home = home;
        this.line = line;
        this.session = new FollowedSession(
                home.linkOptions(),
                home.secret(),
                this,
                home.nonce(),
                home.time()::millis,
                home.loop().millis());
    }

    long follower() {
        return follower;
    }

    boolean isOpen() {
        return session.isOpen();
    }

    @Override
    public void received(byte[] frame) {
        session.received(frame, home.loop().millis());
    }

    @Override
    public void drained() {
        if (behind && line.hasRoom()) {
            catchUp();
        }
        answer();
        list();
        tellOwed();
    }

    /** It does not follow any more. */
    private void left() {
        home.presence().unwant(attends);
        attends.clear();
        owed.clear();
        home.left(this);
    }

    @Override
    public void closed() {
        session.disconnected();
        left();
    }

    @Override
    public void send(byte[] frame) {
        line.send(frame);
    }

    @Override
    public void ended(LinkFailure why, String message) {
        LOG.info("a peer does not follow any more: {}: {}", why, message);
        line.close();
        left();
    }

    void fail(LinkFailure why, String message) {
        session.fail(why, message);
    }

    void tick(long now) {
        session.tick(now);
    }

    @Override
    public Optional<LinkFailure> admit(LinkMessage.Hello hello) {
        return Optional.empty();
    }

    @Override
    public void linked(LinkMessage.Hello hello) {
        follower = hello.log();
        followerOpening = hello.opening();
        home.follows(this);
    }

    long followerOpening() {
        return followerOpening;
    }

    /** An entry has become durable here. */
    void admitted(Admitted entry) {
        if (!session.isOpen()) {
            return;
        }
        if (behind || !line.hasRoom()) {
            missed(new LinkMessage.Standing(entry.document(), entry.epoch(), entry.sequence(), false));
            return;
        }
        LinkMessage.Change change = home.message(entry);
        if (size(change) > MAX_CHANGE_BYTES) {
            session.standings(
                    List.of(new LinkMessage.Standing(entry.document(), entry.epoch(), entry.sequence(), false)),
                    false,
                    false);
            return;
        }
        changes++;
        session.tell(change);
    }

    /** A document has begun or ended here. */
    void noticed(DocumentNotice notice) {
        LinkMessage.Standing standing = new LinkMessage.Standing(
                notice.document(),
                notice.epoch(),
                notice.position().sequence(),
                notice.kind() == DocumentNotice.Kind.DELETED);
        if (!session.isOpen()) {
            return;
        }
        if (behind || !line.hasRoom()) {
            missed(standing);
        } else {
            session.standings(List.of(standing), false, false);
        }
    }

    private void missed(LinkMessage.Standing standing) {
        if (!behind) {
            behind = true;
            home.observer().fellBehind();
        }
        if (compareAll) {
            return;
        }
        untold.put(standing.document(), standing);
        if (untold.size() > home.options().maxDueDocuments()) {
            compareAll = true;
            untold.clear();
        }
    }

    private void catchUp() {
        if (compareAll) {
            compareAll = false;
            // "no documents come after these" of news, of which there are none: compare all
            session.standings(List.of(), false, true);
        }
        while (!untold.isEmpty() && line.hasRoom()) {
            List<LinkMessage.Standing> some = new ArrayList<>();
            Iterator<LinkMessage.Standing> each = untold.values().iterator();
            while (each.hasNext() && some.size() < PAGE) {
                some.add(each.next());
                each.remove();
            }
            session.standings(some, false, false);
        }
        behind = !untold.isEmpty();
    }

    /** Says that everything admitted so far has been told, if it has. */
    void beat(long number) {
        if (session.isOpen() && !behind && line.hasRoom()) {
            session.heartbeat(number, changes);
        }
    }

    @Override
    public void attend(LinkMessage.Attend attend) {
        for (String document : attend.documents()) {
            if (!attend.present()) {
                owed.remove(document);
                if (attends.remove(document)) {
                    home.presence().unwant(List.of(document));
                }
            } else if (attends.size() < home.options().maxAttended() && attends.add(document)) {
                home.presence().want(document);
                owed.add(document);
            }
        }
        tellOwed();
    }

    /** Who is at a document; the first that is left out when the peer does not keep up. */
    void present(LinkMessage.Presence presence) {
        String document = presence.document();
        if (!session.isOpen() || !attends.contains(document)) {
            return;
        }
        if (behind || !line.hasRoom()) {
            owed.add(document);
        } else if (presence.all() || !owed.contains(document)) {
            session.tell(presence);
        }
    }

    /** One document at a time, and each only when the one before has left. */
    private void tellOwed() {
        if (owed.isEmpty() || telling || behind || !line.hasRoom() || !session.isOpen()) {
            return;
        }
        String document = owed.iterator().next();
        owed.remove(document);
        telling = true;
        home.presence().everybody(document, this, () -> {
            telling = false;
            tellOwed();
        });
    }

    @Override
    public void list(String after) {
        listing = after;
        list();
    }

    private void list() {
        String after = listing;
        if (after == null || listed || !line.hasRoom()) {
            return;
        }
        listing = null;
        listed = true;
        home.then(home.rooms().list("", after, PAGE), (entries, failure) -> {
            listed = false;
            if (entries == null) {
                LOG.warn("the list of documents could not be read for a peer", failure);
                session.fail(LinkFailure.OVERLOADED, "the list of documents cannot be read now");
                return;
            }
            List<LinkMessage.Standing> standings = entries.stream()
                    .filter(entry -> !entry.damaged())
                    .map(entry -> new LinkMessage.Standing(
                            entry.document(), entry.epoch(), entry.sequence(), entry.deleted()))
                    .toList();
            session.standings(standings, true, entries.size() < PAGE);
            list();
        });
    }

    @Override
    public void pull(LinkMessage.Pull pull) {
        if (asked.size() >= home.options().maxAsked()) {
            session.fail(
                    LinkFailure.PROTOCOL_ERROR,
                    "more than " + home.options().maxAsked() + " documents are asked for at a time");
            return;
        }
        asked.add(pull);
        answer();
    }

    /** One document at a time, and each only when the one before has left. */
    private void answer() {
        if (answering || asked.isEmpty() || !line.hasRoom() || !session.isOpen()) {
            return;
        }
        LinkMessage.Pull pull = asked.remove();
        answering = true;
        DocumentName document = DocumentName.of(pull.document());
        home.then(
                home.rooms().excerpt(document, pull.epoch(), pull.version(), pull.stateVector(), pull.headsOnly()),
                (found, failure) -> {
                    answering = false;
                    if (failure == null && found != null) {
                        state(pull, found);
                        answer();
                    } else if (failure instanceof DocumentUnavailableException cause
                            && cause.code() == FailureCode.DOCUMENT_DELETED) {
                        tombstone(pull, document);
                    } else {
                        unavailable(pull, failure);
                    }
                });
    }

    private void state(LinkMessage.Pull pull, Optional<Excerpt> found) {
        if (found.isEmpty()) {
            session.state(new LinkMessage.StateHead(pull.request(), false, false, 0, NOTHING, 0, 0), NOTHING, NOTHING);
            return;
        }
        Excerpt excerpt = found.get();
        session.state(
                new LinkMessage.StateHead(
                        pull.request(),
                        true,
                        false,
                        excerpt.epoch(),
                        excerpt.held().encode(),
                        excerpt.fragment().length,
                        excerpt.update().length),
                excerpt.fragment(),
                excerpt.update());
    }

    private void tombstone(LinkMessage.Pull pull, DocumentName document) {
        answering = true;
        home.then(home.rooms().holding(document), (holding, failure) -> {
            answering = false;
            if (holding == null || holding.isEmpty()) {
                unavailable(pull, failure);
                return;
            }
            session.state(
                    new LinkMessage.StateHead(
                            pull.request(),
                            true,
                            holding.get().deleted(),
                            holding.get().epoch(),
                            NOTHING,
                            0,
                            0),
                    NOTHING,
                    NOTHING);
            answer();
        });
    }

    /** Said as "not found", which the follower looks at again when it compares all documents. */
    private void unavailable(LinkMessage.Pull pull, @Nullable Throwable failure) {
        LOG.info("document '{}' is not given to a peer now: {}", pull.document(), String.valueOf(failure));
        state(pull, Optional.empty());
        answer();
    }

    /** What a message that says this costs on the line, roughly. */
    static int size(LinkMessage.Change change) {
        return OVERHEAD_BYTES + change.fragment().length + change.update().length;
    }
}
