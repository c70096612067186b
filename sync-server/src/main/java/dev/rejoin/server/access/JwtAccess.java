package dev.rejoin.server.access;

import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.server.file.WatchedFile;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Access by signed tokens (JSON Web Token, RFC 7519, checked as RFC 8725 advises). Keys, algorithms, issuer and audience are
 * fixed by configuration; what a token allows stands in its claims {@code documents} and {@code access}, described in
 * {@code docs/operating/access.md}. Files it was given are looked at every {@value #POLL_MILLIS} ms, and whoever a change
 * concerns is told. Checking a token for the first time costs one signature for each key that may have made it, 0.1 ms with
 * RSA and secrets, 1 to 5 ms with elliptic curves; after that, a hash of it. For any thread.
 */
public final class JwtAccess implements AccessPolicy {
    /** How often files are looked at, in milliseconds. */
    public static final long POLL_MILLIS = WatchedFile.POLL_MILLIS;

    /** Algorithms allowed with a secret if none are named. */
    public static final Set<SigningAlgorithm> SECRET_ALGORITHMS = Set.of(SigningAlgorithm.HS256);

    /** Algorithms allowed with a key set if none are named. */
    public static final Set<SigningAlgorithm> KEY_SET_ALGORITHMS =
            Set.of(SigningAlgorithm.RS256, SigningAlgorithm.ES256, SigningAlgorithm.EDDSA);

    private static final Logger LOG = LoggerFactory.getLogger(JwtAccess.class);

    private final TimeSource time;
    private final TokenCheck check;
    private final KeySource keys;
    private final @Nullable WatchedFile revocationsFile;
    private final FlawLog flaws;
    private final AccessListeners listeners = new AccessListeners();
    private final ScheduledFuture<?> polling;
    private volatile Revocations revocations;
    private boolean revocationsFailing;

    private JwtAccess(Builder builder) {
        time = builder.time;
        flaws = new FlawLog(time);
        Set<SigningAlgorithm> algorithms = builder.algorithms();
        check = new TokenCheck(algorithms, builder.issuer, builder.audiences);
        revocationsFile =
                builder.revocations == null ? null : new WatchedFile(builder.revocations, Revocations.MAX_BYTES);
        revocations = revocationsFile == null ? Revocations.NONE : firstRevocations(revocationsFile);
        keys = builder.openKeys(algorithms, () -> listeners.tell(AccessChange.ALL));
        polling = builder.scheduler.scheduleWithFixedDelay(this::poll, POLL_MILLIS, POLL_MILLIS, TimeUnit.MILLISECONDS);
    }

    /**
     * A builder.
     *
     * @param time the clock that expiry is held against
     * @param scheduler watches files and fetches; stays the caller's
     */
    public static Builder builder(TimeSource time, ScheduledExecutorService scheduler) {
        return new Builder(time, scheduler);
    }

    @Override
    public CompletionStage<Access> authorise(AccessRequest request) {
        try {
            return CompletableFuture.completedFuture(judge(request));
        } catch (TokenFlawException refused) {
            if (refused.flaw() != TokenFlaw.UNKNOWN_KEY) {
                return CompletableFuture.completedFuture(denied(refused.flaw()));
            }
        }
        return keys.refresh().thenApply(upToDate -> judgeAgain(request, upToDate));
    }

    private Access judgeAgain(AccessRequest request, boolean upToDate) {
        try {
            return judge(request);
        } catch (TokenFlawException refused) {
            Denied denied = denied(refused.flaw());
            return refused.flaw() == TokenFlaw.UNKNOWN_KEY && !upToDate ? Denied.of(Denied.UNAVAILABLE) : denied;
        }
    }

    private Access judge(AccessRequest request) throws TokenFlawException {
        Token token = check.check(request.token(), keys.current(), time.millis());
        if (revocations.contains(token)) {
            throw new TokenFlawException(TokenFlaw.REVOKED);
        }
        Capability capability = token.rights().of(request.document());
        if (capability == Capability.NONE) {
            return Denied.of(Denied.FORBIDDEN);
        }
        return new Grant(token.principal(), capability, token.expiresAtMillis(), token.id());
    }

    private Denied denied(TokenFlaw flaw) {
        flaws.log(flaw);
        return switch (flaw) {
            case EXPIRED -> new Denied(Denied.NEEDS_AUTH, "the token has expired", false);
            case MISSING -> Denied.of(Denied.NEEDS_AUTH);
            default -> new Denied(Denied.NEEDS_AUTH, "the token is not accepted", false);
        };
    }

    @Override
    public Subscription onChange(Consumer<AccessChange> listener) {
        return listeners.add(listener);
    }

    /** Stops watching. Answers stay what they were. */
    @Override
    public void close() {
        polling.cancel(false);
        keys.close();
    }

    private void poll() {
        if (keys instanceof FileKeys file && file.poll()) {
            listeners.tell(AccessChange.ALL);
        }
        if (revocationsFile != null) {
            pollRevocations(revocationsFile);
        }
    }

    /* A list that cannot be read revokes nothing less than the one before. */
    private void pollRevocations(WatchedFile file) {
        Optional<byte[]> content;
        try {
            content = file.changed();
            revocationsFailing = false;
        } catch (IOException failure) {
            if (!revocationsFailing) {
                LOG.error("{} cannot be read, the revocations read before stay: {}", file.path(), failure.toString());
            }
            revocationsFailing = true;
            return;
        }
        if (content.isEmpty()) {
            return;
        }
        Revocations now = Revocations.of(content.get());
        if (!now.unreadableLines().isEmpty()) {
            LOG.error("{}: lines {} are no revocations and revoke nothing", file.path(), now.unreadableLines());
        }
        List<AccessChange> changes = now.changesSince(revocations);
        revocations = now;
        LOG.info("{} revocations read from {}, {} of them new", now.size(), file.path(), changes.size());
        changes.forEach(listeners::tell);
    }

    private static Revocations firstRevocations(WatchedFile file) {
        try {
            Revocations read = Revocations.of(file.changed().orElseThrow(() -> new IOException("it was read before")));
            if (!read.unreadableLines().isEmpty()) {
                throw new UnusableAccessException(
                        UnusableAccessException.Setting.REVOCATIONS,
                        "line " + read.unreadableLines().get(0) + " of " + file.path()
                                + " is neither \"jti ID\" nor \"sub ID\" nor a comment");
            }
            return read;
        } catch (IOException failure) {
            throw new UnusableAccessException(
                    UnusableAccessException.Setting.REVOCATIONS, file.path() + " cannot be read: " + failure);
        }
    }

    /** Collects what tokens are held against. */
    public static final class Builder {
        private final TimeSource time;
        private final ScheduledExecutorService scheduler;
        private @Nullable Path secretFile;
        private @Nullable Path keySetFile;
        private @Nullable URI keySetUrl;
        private Set<SigningAlgorithm> algorithms = Set.of();
        private String issuer = "";
        private Set<String> audiences = Set.of();
        private @Nullable Path revocations;
        private UrlKeys.Timing timing = UrlKeys.Timing.STANDARD;

        private Builder(TimeSource time, ScheduledExecutorService scheduler) {
            this.time = time;
            this.scheduler = scheduler;
        }

        /** Tokens are signed with the secret in this file: its bytes without a line break at the end. */
        public Builder secretFile(Path file) {
            secretFile = file;
            return this;
        }

        /** Tokens are signed with a key of the JSON Web Key Set in this file. */
        public Builder keySetFile(Path file) {
            keySetFile = file;
            return this;
        }

        /** Tokens are signed with a key of the JSON Web Key Set at this address (http or https). */
        public Builder keySetUrl(URI url) {
            keySetUrl = url;
            return this;
        }

        /** Allows these algorithms, instead of the standard ones for the kind of key. */
        public Builder algorithms(Set<SigningAlgorithm> allowed) {
            algorithms = Set.copyOf(allowed);
            return this;
        }

        /** Accepts tokens of this issuer only; empty does not look at it. */
        public Builder issuer(String expected) {
            issuer = expected;
            return this;
        }

        /** Accepts tokens for one of these audiences only; empty does not look at it. */
        public Builder audiences(Set<String> expected) {
            audiences = Set.copyOf(expected);
            return this;
        }

        /** Does not accept what this file lists: lines {@code jti ID} and {@code sub ID}. */
        public Builder revocations(Path file) {
            revocations = file;
            return this;
        }

        Builder timing(UrlKeys.Timing other) {
            timing = other;
            return this;
        }

        /**
         * Reads the files, fetches the keys, and begins to watch them.
         *
         * @throws UnusableAccessException if something of it cannot be used
         */
        public JwtAccess open() {
            return new JwtAccess(this);
        }

        private Set<SigningAlgorithm> algorithms() {
            if (algorithms.isEmpty()) {
                return secretFile != null ? SECRET_ALGORITHMS : KEY_SET_ALGORITHMS;
            }
            for (SigningAlgorithm algorithm : EnumSet.copyOf(algorithms)) {
                if (secretFile != null && !algorithm.isSymmetric()) {
                    throw new UnusableAccessException(
                            UnusableAccessException.Setting.ALGORITHMS, algorithm + " takes no secret but a key set");
                }
                if (keySetUrl != null && algorithm.isSymmetric()) {
                    throw new UnusableAccessException(
                            UnusableAccessException.Setting.ALGORITHMS,
                            algorithm + " takes a secret, which is not fetched from an address");
                }
            }
            return algorithms;
        }

        private KeySource openKeys(Set<SigningAlgorithm> allowed, Runnable changed) {
            Object place = place();
            try {
                if (secretFile != null) {
                    return new FileKeys(
                            new WatchedFile(secretFile, FileKeys.MAX_BYTES), file -> KeySet.ofSecret(file, allowed));
                }
                KeyParser parser = json -> KeySet.ofJwks(json, allowed);
                return keySetFile != null
                        ? new FileKeys(new WatchedFile(keySetFile, FileKeys.MAX_BYTES), parser)
                        : new UrlKeys((URI) place, parser, scheduler, timing, changed);
            } catch (UnusableKeysException failure) {
                throw new UnusableAccessException(
                        UnusableAccessException.Setting.KEYS, place + ": " + failure.getMessage());
            } catch (IOException failure) {
                throw new UnusableAccessException(
                        UnusableAccessException.Setting.KEYS, place + " cannot be read: " + failure);
            }
        }

        private Object place() {
            Object place = secretFile != null ? secretFile : keySetFile != null ? keySetFile : keySetUrl;
            long places = Stream.of(
                            Optional.ofNullable(secretFile),
                            Optional.ofNullable(keySetFile),
                            Optional.ofNullable(keySetUrl))
                    .filter(Optional::isPresent)
                    .count();
            if (place == null || places != 1) {
                throw new IllegalStateException("keys come from one place, not from " + places);
            }
            return place;
        }
    }
}
