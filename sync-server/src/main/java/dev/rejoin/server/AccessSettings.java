package dev.rejoin.server;

import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.JwtAccess;
import dev.rejoin.server.access.UnusableAccessException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Collectors;

/**
 * What the settings say about access. Without any of them everybody writes, and the server listens on a loopback address
 * only.
 */
final class AccessSettings {
    /* Each says where keys come from. */
    private static final List<Option<?>> KEYS =
            List.of(ServerConfig.JWT_SECRET_FILE, ServerConfig.JWT_JWKS_FILE, ServerConfig.JWT_JWKS_URL);

    /* Each means something with one of the others only. */
    private static final List<Option<?>> CHECKS = List.of(
            ServerConfig.JWT_ALGORITHMS,
            ServerConfig.JWT_ISSUER,
            ServerConfig.JWT_AUDIENCE,
            ServerConfig.JWT_REVOCATIONS_FILE);

    private final ServerConfig config;

    /**
     * Holds the settings against each other.
     *
     * @throws BadOptionException if they contradict each other or one lacks another
     */
    AccessSettings(ServerConfig config) {
        this.config = config;
        List<Option<?>> keys = KEYS.stream().filter(this::isSet).toList();
        List<Option<?>> checks = CHECKS.stream().filter(this::isSet).toList();
        if (keys.size() > 1) {
            throw new BadOptionException(
                    keys.get(1) + ": keys come from one place, and " + keys.get(0) + " is given already");
        }
        if (keys.isEmpty() && !checks.isEmpty()) {
            throw new BadOptionException(checks.get(0) + ": means nothing without one of " + names(KEYS));
        }
        if (isOpen() && !keys.isEmpty()) {
            throw new BadOptionException(ServerConfig.OPEN + ": contradicts " + keys.get(0));
        }
    }

    private boolean isSet(Option<?> option) {
        return !config.get(option).equals(option.standardValue());
    }

    private static String names(List<Option<?>> options) {
        return options.stream().map(Option::name).collect(Collectors.joining(", "));
    }

    /** Whether everybody was let in explicitly. */
    boolean isOpen() {
        return config.get(ServerConfig.OPEN);
    }

    /** Whether tokens are asked for. */
    boolean hasKeys() {
        return KEYS.stream().anyMatch(this::isSet);
    }

    /**
     * Whether the server may listen where it is told to.
     *
     * @throws BadOptionException if others than this machine could reach it while nobody has said who may do what
     */
    void requireLoopback() {
        String host = config.get(ServerConfig.HOST);
        if (!isLoopback(host)) {
            throw new BadOptionException(ServerConfig.HOST + ": expected a loopback address as long as access is not"
                    + " configured, got \"" + host + "\"; give one of " + names(KEYS) + ", or "
                    + ServerConfig.OPEN.flag()
                    + " to let everybody write");
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /**
     * The policy that they describe.
     *
     * @throws BadOptionException naming the setting whose file or address cannot be used
     */
    AccessPolicy policy(TimeSource time, ScheduledExecutorService scheduler) {
        if (!hasKeys()) {
            return AccessPolicy.OPEN;
        }
        JwtAccess.Builder builder = JwtAccess.builder(time, scheduler)
                .algorithms(config.get(ServerConfig.JWT_ALGORITHMS))
                .issuer(config.get(ServerConfig.JWT_ISSUER))
                .audiences(config.get(ServerConfig.JWT_AUDIENCE));
        config.get(ServerConfig.JWT_SECRET_FILE).ifPresent(builder::secretFile);
        config.get(ServerConfig.JWT_JWKS_FILE).ifPresent(builder::keySetFile);
        config.get(ServerConfig.JWT_JWKS_URL).ifPresent(builder::keySetUrl);
        config.get(ServerConfig.JWT_REVOCATIONS_FILE).ifPresent(builder::revocations);
        try {
            return builder.open();
        } catch (UnusableAccessException failure) {
            throw new BadOptionException(optionOf(failure.setting()) + ": " + failure.getMessage());
        }
    }

    private Option<?> optionOf(UnusableAccessException.Setting setting) {
        return switch (setting) {
            case KEYS -> KEYS.stream().filter(this::isSet).findFirst().orElseThrow();
            case ALGORITHMS -> ServerConfig.JWT_ALGORITHMS;
            case REVOCATIONS -> ServerConfig.JWT_REVOCATIONS_FILE;
        };
    }

    /** What the operator should know, in one line. */
    String summary() {
        if (hasKeys()) {
            return "by signed token";
        }
        return isOpen()
                ? "open: everybody writes every document"
                : "NONE: everybody on this machine writes every document";
    }
}
