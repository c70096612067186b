package dev.rejoin.consistency.postgres;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What one user has written: the token of the last write. Lives as long as the user's session; its token travels with them, in a cookie or
 * a header, from request to request and from server to server. For any thread.
 */
public final class LsnSession {
    private final AtomicReference<@Nullable LsnToken> token;

    private LsnSession(@Nullable LsnToken token) {
        this.token = new AtomicReference<>(token);
    }

    /** A session that has written nothing yet. */
    public static LsnSession create() {
        return new LsnSession(null);
    }

    /** A session that goes on from a token, its own or one that was handed to it with a link to what another user wrote. */
    public static LsnSession from(LsnToken token) {
        return new LsnSession(token);
    }

    /** The token to keep for the next request; empty if nothing was written. */
    public Optional<LsnToken> token() {
        return Optional.ofNullable(token.get());
    }

    /** Takes note of a write, here or elsewhere: from now on reads must show it. Of two positions in one log the later counts. */
    public void observe(LsnToken written) {
        token.accumulateAndGet(written, LsnSession::later);
    }

    private static LsnToken later(@Nullable LsnToken known, @Nullable LsnToken written) {
        LsnToken fresh = Objects.requireNonNull(written);
        if (known == null || known.systemId() != fresh.systemId()) {
            return fresh;
        }
        if (known.timeline() != fresh.timeline()) {
            return known.timeline() > fresh.timeline() ? known : fresh;
        }
        return known.isReachedBy(fresh) ? fresh : known;
    }

    /** Goes on from the primary's position, when what it stood for can no longer be asked for. */
    void restart(LsnToken from) {
        token.set(from);
    }
}
