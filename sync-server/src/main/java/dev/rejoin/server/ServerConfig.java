package dev.rejoin.server;

import dev.rejoin.server.access.SigningAlgorithm;
import dev.rejoin.server.transport.RateLimits;
import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;

/**
 * The settings of one server. {@link #OPTIONS} is the only table of them: the command line, the file and the environment are
 * read by it, and the page {@code docs/operating/configuration.md} is held to it. Immutable.
 */
public final class ServerConfig {
    private static final int MAX_WEBHOOKS = 16;
    private static final int MAX_PEERS = 16;

    /** Address to listen on. */
    public static final Option<String> HOST = new Option<>(
            "host",
            "ADDRESS",
            "a host name or an address",
            "127.0.0.1",
            "Address to listen on. 0.0.0.0 listens on all interfaces; the default can only be reached from this machine.",
            ServerConfig::nonEmpty);

    /** Port to listen on; 0 takes a free one. */
    public static final Option<Integer> PORT = new Option<>(
            "port",
            "NUMBER",
            "a number from 0 to 65535",
            "8080",
            "Port to listen on. 0 takes a free one and prints it.",
            number(port -> port >= 0 && port <= 65_535));

    /** The certificates that TLS begins with; empty speaks no TLS. */
    public static final Option<Optional<Path>> TLS_CERT = new Option<>(
            "tls-cert",
            "FILE",
            "a file that can be read",
            "",
            "The port speaks TLS only, with the certificate in this file (PEM), which those of its issuers follow. Read again when"
                    + " it changes.",
            ServerConfig::path);

    /** The key of the certificate. */
    public static final Option<Optional<Path>> TLS_KEY = new Option<>(
            "tls-key",
            "FILE",
            "a file that can be read",
            "",
            "The private key of that certificate (PEM, RSA or an elliptic curve, without a password). Read again when it changes.",
            ServerConfig::path);

    /** Directory of the documents; empty keeps them in memory. */
    public static final Option<Optional<Path>> DATA = new Option<>(
            "data",
            "DIR",
            "a directory",
            "",
            "Directory that the documents are kept in; created if it is not there. Without it they live in memory and end"
                    + " with the process.",
            ServerConfig::path);

    /** Directory of static files; empty serves none. */
    public static final Option<Optional<Path>> WEB = new Option<>(
            "web", "DIR", "a directory that exists", "", "Directory of static files to serve at /.", text -> {
                Optional<Path> directory = path(text);
                if (directory.isPresent() && !Files.isDirectory(directory.get())) {
                    throw new IllegalArgumentException(text);
                }
                return directory;
            });

    /** Origins besides the server's own whose pages may connect. */
    public static final Option<Set<String>> ALLOW_ORIGIN = new Option<>(
            "allow-origin",
            "ORIGINS",
            "origins like https://app.example.org, separated by commas",
            "",
            "Pages from these origins may connect besides the server's own. On a loopback address its own are those of loopback hosts, on any port.",
            ServerConfig::origins);

    /** The secret that tokens are signed with. */
    public static final Option<Optional<Path>> JWT_SECRET_FILE = new Option<>(
            "jwt-secret-file",
            "FILE",
            "a file that can be read",
            "",
            "Clients need a token signed with the secret in this file, of at least 32 bytes for HS256; a line break at its"
                    + " end does not count.",
            ServerConfig::path);

    /** The keys that tokens are signed with, in a file. */
    public static final Option<Optional<Path>> JWT_JWKS_FILE = new Option<>(
            "jwt-jwks-file",
            "FILE",
            "a file that can be read",
            "",
            "… or signed with a key of the JSON Web Key Set in this file, which is read again when it changes.",
            ServerConfig::path);

    /** The keys that tokens are signed with, at an address. */
    public static final Option<Optional<URI>> JWT_JWKS_URL = new Option<>(
            "jwt-jwks-url",
            "URL",
            "an address like https://id.example.org/jwks.json",
            "",
            "… or signed with a key of the JSON Web Key Set at this address, which is fetched every 5 minutes and for"
                    + " unknown keys.",
            ServerConfig::url);

    /** Algorithms that tokens may be signed with. */
    public static final Option<Set<SigningAlgorithm>> JWT_ALGORITHMS = new Option<>(
            "jwt-algorithms",
            "NAMES",
            "some of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, separated by"
                    + " commas",
            "",
            "Algorithms that tokens may be signed with. Without it HS256 for a secret, and RS256, ES256, EdDSA for a key set.",
            ServerConfig::algorithms);

    /** Who must have issued a token; empty is anybody with the key. */
    public static final Option<String> JWT_ISSUER = new Option<>(
            "jwt-issuer",
            "TEXT",
            "a text",
            "",
            "What iss of a token must be. Without it iss is not looked at.",
            Function.identity());

    /** Whom a token must be meant for; empty is anybody. */
    public static final Option<Set<String>> JWT_AUDIENCE = new Option<>(
            "jwt-audience",
            "TEXTS",
            "texts separated by commas",
            "",
            "One of these must be in aud of a token. Without it aud is not looked at, and tokens for other services of the"
                    + " same issuer are accepted.",
            text -> Set.copyOf(list(text)));

    /** Tokens and subjects that are not accepted any more. */
    public static final Option<Optional<Path>> JWT_REVOCATIONS_FILE = new Option<>(
            "jwt-revocations-file",
            "FILE",
            "a file that can be read",
            "",
            "File with a line jti ID or sub ID for each token and each subject that is not accepted any more. A change holds"
                    + " within a second.",
            ServerConfig::path);

    /** Whether everybody may write although others than this machine can reach the server. */
    public static final Option<Boolean> OPEN = new Option<>(
            "open",
            "true|false",
            "true or false",
            "false",
            "Everybody who reaches the port may write every document. Without this and without a setting for keys the server"
                    + " listens on loopback addresses only.",
            ServerConfig::truth);

    /** Who is told of changes. */
    public static final Option<List<URI>> WEBHOOK_URL = new Option<>(
            "webhook-url",
            "URLS",
            "at most 16 addresses like https://app.example.org/hooks/rejoin, separated by commas",
            "",
            "Each of these is told over HTTP which documents are created, changed or deleted.",
            ServerConfig::urls);

    /** What deliveries are signed with. */
    public static final Option<Optional<Path>> WEBHOOK_SECRET_FILE = new Option<>(
            "webhook-secret-file",
            "FILE",
            "a file that can be read",
            "",
            "Deliveries are signed with each secret in this file, a line of at least 24 bytes each; what follows whsec_ is"
                    + " base64.",
            ServerConfig::path);

    /** How long an event waits for others of its document. */
    public static final Option<Duration> WEBHOOK_DELAY = new Option<>(
            "webhook-delay",
            "TIME",
            "a time of at least 10ms, like 1s",
            "1s",
            "What happens to one document within this time is told in one delivery.",
            atLeast(Duration.ofMillis(10)));

    /** Addresses of the other servers of the cluster. */
    public static final Option<List<URI>> PEERS = new Option<>(
            "peers",
            "URLS",
            "at most 16 addresses like wss://b.example.org:8080, separated by commas",
            "",
            "The other servers of the cluster, each of which has a log of its own and holds the same documents. All of them need"
                    + " the same peer-secret-file.",
            ServerConfig::peers);

    /** A name whose addresses are those of the servers of the cluster. */
    public static final Option<String> PEER_DNS = new Option<>(
            "peer-dns",
            "HOST:PORT",
            "a name and a port like rejoin.internal:8080",
            "",
            "… or a name that resolves to all of them, this server included; resolved again every 10 s. It is for networks"
                    + " without TLS between servers.",
            ServerConfig::hostAndPort);

    /** The certificates that peers are known by. */
    public static final Option<Optional<Path>> PEER_CA = new Option<>(
            "peer-ca",
            "FILE",
            "a file that can be read",
            "",
            "Certificates (PEM) of which one must have issued that of a peer whose address begins with wss. Without it those that"
                    + " Java knows.",
            ServerConfig::path);

    /** What all servers of the cluster know. */
    public static final Option<Optional<Path>> PEER_SECRET_FILE = new Option<>(
            "peer-secret-file",
            "FILE",
            "a file that can be read",
            "",
            "Servers prove to each other that they know the secret in this file, of at least 32 bytes; a line break at its end does"
                    + " not count. With it others may follow this server, at /peers.",
            ServerConfig::path);

    /** The name of the cluster. */
    public static final Option<String> CLUSTER = new Option<>(
            "cluster",
            "NAME",
            "a text of 1 to 64 characters",
            "rejoin",
            "Servers of clusters with other names are refused, whatever secret they know.",
            ServerConfig::clusterName);

    /** What an application shows while it waits and when something fails. */
    public static final Option<Optional<Path>> FLOWS = new Option<>(
            "flows",
            "FILE",
            "a file that can be read",
            "",
            "Flow policies as JSON, served at /.well-known/rejoin/flows; without it the default ones. Checked at the start.",
            ServerConfig::path);

    /** What session tokens are sealed with. */
    public static final Option<Optional<Path>> SESSION_KEY_FILE = new Option<>(
            "session-key-file",
            "FILE",
            "a file that can be read",
            "",
            "Session tokens are sealed with the first key in this file and opened with any, at most 8, a line of base64 of at least"
                    + " 16 bytes each; the same in all servers of a cluster.",
            ServerConfig::path);

    /** Threads for sockets and documents; 0 is one for each core. */
    public static final Option<Integer> THREADS = new Option<>(
            "threads",
            "NUMBER",
            "a number from 0 to 1024",
            "0",
            "Threads that run sockets and documents. 0 is one for each core.",
            number(threads -> threads >= 0 && threads <= 1_024));

    /** How long a document without visitors stays in memory. */
    public static final Option<Duration> IDLE_UNLOAD = new Option<>(
            "idle-unload",
            "TIME",
            "a time like 60s, 5m or 1h",
            "60s",
            "A document that nobody has open leaves memory after this long.",
            Quantity::duration);

    /** Memory for contents that are engines, in bytes. */
    public static final Option<Long> HOT_CONTENT = new Option<>(
            "hot-content",
            "SIZE",
            "a size from 1MiB to 1TiB, like 256MiB",
            "256MiB",
            "Documents that editors write to may take about this much memory; beyond it the longest unused are kept as"
                    + " bytes.",
            size(1 << 20, 1L << 40));

    /** Bytes of log after which a document is stored anew as a whole. */
    public static final Option<Long> SNAPSHOT_BYTES = new Option<>(
            "snapshot-bytes",
            "SIZE",
            "a size of at least 1KiB, like 256KiB",
            "256KiB",
            "A document is stored anew as a whole when its log exceeds this and the size of its last snapshot.",
            size(1 << 10, Long.MAX_VALUE));

    /** Entries of log after which a document is stored anew as a whole. */
    public static final Option<Integer> SNAPSHOT_ENTRIES = new Option<>(
            "snapshot-entries",
            "NUMBER",
            "a number of at least 1",
            "1000",
            "… or when its log has more entries than this.",
            number(entries -> entries >= 1));

    /** Sockets open at a time. */
    public static final Option<Integer> MAX_CONNECTIONS = new Option<>(
            "max-connections",
            "NUMBER",
            "a number of at least 1",
            "10000",
            "Sockets open at a time. Further ones are closed at once.",
            number(connections -> connections >= 1));

    /** Sockets open at a time from one IPv4 address or IPv6 /64. */
    public static final Option<Integer> MAX_CONNECTIONS_PER_ADDRESS = new Option<>(
            "max-connections-per-address",
            "NUMBER",
            "a number of at least 1",
            "256",
            "Of these from one IPv4 address or IPv6 /64. This machine itself is exempt.",
            number(connections -> connections >= 1));

    /** Sockets that one address may open, in a second. */
    public static final Option<Integer> CONNECTION_RATE_PER_ADDRESS = rate(
            "connection-rate-per-address",
            10,
            "Sockets that one IPv4 address or IPv6 /64 may open in a second; five times as many at once. Further ones are closed at"
                    + " once, or through a proxy answered with 429.");

    /** WebSocket messages and requests from one address, in a second. */
    public static final Option<Integer> MESSAGE_RATE_PER_ADDRESS = rate(
            "message-rate-per-address",
            5_000,
            "Messages from one address in a second; five times as many at once. Beyond it nothing more is read from its WebSockets"
                    + " until that would be in order, and requests are answered with 429.");

    /** Bytes of these, in a second. */
    public static final Option<Long> BYTE_RATE_PER_ADDRESS =
            byteRate("byte-rate-per-address", "16MiB", "Bytes in these messages in a second, likewise.");

    /** Documents that one address may create, in a minute. */
    public static final Option<Integer> DOCUMENT_RATE_PER_ADDRESS = rate(
            "document-rate-per-address",
            600,
            "Documents that may be created from one address in a minute; five times as many at once. Further ones are refused with"
                    + " too-many-in-flight, over HTTP with 429.");

    /** Sockets open at a time for one principal. */
    public static final Option<Integer> MAX_CONNECTIONS_PER_PRINCIPAL = rate(
            "max-connections-per-principal",
            32,
            "WebSockets open at a time for one principal of the access policy, whatever its addresses; further ones are refused with"
                    + " too-many-in-flight. It does not hold for those who show no token, and neither do the rates below.");

    /** WebSocket messages and requests of one principal, in a second. */
    public static final Option<Integer> MESSAGE_RATE_PER_PRINCIPAL =
            rate("message-rate-per-principal", 200, "As message-rate-per-address, for one principal.");

    /** Bytes of these, in a second. */
    public static final Option<Long> BYTE_RATE_PER_PRINCIPAL =
            byteRate("byte-rate-per-principal", "2MiB", "As byte-rate-per-address, for one principal.");

    /** Documents that one principal may create, in a minute. */
    public static final Option<Integer> DOCUMENT_RATE_PER_PRINCIPAL =
            rate("document-rate-per-principal", 60, "As document-rate-per-address, for one principal.");

    /** Proxies that say whom a connection comes from. */
    public static final Option<Set<String>> TRUSTED_PROXIES = new Option<>(
            "trusted-proxies",
            "ADDRESSES",
            "addresses and networks like 10.0.0.0/8, separated by commas",
            "",
            "Proxies whose Forwarded and X-Forwarded-For say whom a request comes from. What others say there counts for nothing.",
            text -> new RateLimits(
                            RateLimits.DEFAULTS.address(), RateLimits.DEFAULTS.principal(), Set.copyOf(list(text)))
                    .trustedProxies());

    /** Largest message of a sync client, in bytes. */
    public static final Option<Long> MAX_FRAME = new Option<>(
            "max-frame",
            "SIZE",
            "a size from 64KiB to 16MiB, like 1MiB",
            "1MiB",
            "Largest message of a sync client. A session that sends a larger one is ended with too-large.",
            size(64 << 10, 16 << 20));

    /** Largest body of an HTTP request, in bytes. */
    public static final Option<Long> MAX_BODY = new Option<>(
            "max-body",
            "SIZE",
            "a size from 1KiB to 16MiB, like 1MiB",
            "1MiB",
            "Largest body of an HTTP request. A larger one is answered with 413.",
            size(1 << 10, 16 << 20));

    /** The highest bound of a document that can be set, in bytes. */
    static final long LARGEST_DOCUMENT_BYTES = 1 << 30;

    /** Size of a document, in bytes, above which it takes no more writes. */
    public static final Option<Long> MAX_DOCUMENT = new Option<>(
            "max-document",
            "SIZE",
            "a size from 64KiB to 1GiB, like 64MiB",
            "64MiB",
            "A document above this size, counted as its last snapshot and its log since, takes no more writes:"
                    + " document-full.",
            size(64 << 10, LARGEST_DOCUMENT_BYTES));

    /** How long a deleted document can be brought back, and its name is taken. */
    public static final Option<Duration> DELETED_RETENTION = new Option<>(
            "deleted-retention",
            "TIME",
            "a time of at least 1s, like 720h",
            "720h",
            "A deleted document can be brought back for this long, and nobody brings it back by writing. Then its data are"
                    + " gone and its name is as if never used.",
            atLeast(Duration.ofSeconds(1)));

    /** Bytes that may wait for the disk. */
    public static final Option<Long> MAX_BACKLOG = new Option<>(
            "max-backlog",
            "SIZE",
            "a size from 1MiB to 1GiB, like 64MiB",
            "64MiB",
            "What may wait for the disk. At the bound documents wait with it and read less from their clients; nothing is"
                    + " dropped.",
            size(1 << 20, 1 << 30));

    /** How often a quiet connection is asked for a sign of life. */
    public static final Option<Duration> HEARTBEAT = new Option<>(
            "heartbeat",
            "TIME",
            "a time from 1s to 1m, like 5s",
            "5s",
            "A connection that was quiet for this long is asked for a sign of life; one that gives none for 2.5 times as long is"
                    + " closed. Clients of the native protocol are told, and do the same.",
            Quantity.duration(Duration.ofSeconds(1), Duration.ofMinutes(1)));

    /** How far commits are apart while several documents are written to. */
    public static final Option<Duration> COMMIT_PACE = new Option<>(
            "commit-pace",
            "TIME",
            "a time from 0ms to 1s, like 4ms",
            "4ms",
            "While several documents are written to, a commit begins so long after the one before, so that one flush carries"
                    + " many. Who writes alone does not wait. 0ms commits at once.",
            Quantity.duration(Duration.ZERO, Duration.ofSeconds(1)));

    /** How long a peer may take nothing. */
    public static final Option<Duration> STALL_TIMEOUT = new Option<>(
            "stall-timeout",
            "TIME",
            "a time of at least 1s, like 30s",
            "30s",
            "A peer that takes nothing for this long is closed.",
            atLeast(Duration.ofSeconds(1)));

    /** Over how long an ending server closes its connections. */
    public static final Option<Duration> DRAIN = new Option<>(
            "drain",
            "TIME",
            "a time like 5s",
            "5s",
            "Over how long a server that is told to end closes its connections, one after the other, so that not all clients"
                    + " come back at once. 0s closes them together.",
            Quantity::duration);

    /** How long an ending server waits for its last commits. */
    public static final Option<Duration> SHUTDOWN_TIMEOUT = new Option<>(
            "shutdown-timeout",
            "TIME",
            "a time like 10s",
            "10s",
            "How long an ending server waits for its last commits.",
            Quantity::duration);

    /** Every option, in the order of the help page. */
    public static final List<Option<?>> OPTIONS = List.of(
            HOST,
            PORT,
            TLS_CERT,
            TLS_KEY,
            DATA,
            WEB,
            ALLOW_ORIGIN,
            JWT_SECRET_FILE,
            JWT_JWKS_FILE,
            JWT_JWKS_URL,
            JWT_ALGORITHMS,
            JWT_ISSUER,
            JWT_AUDIENCE,
            JWT_REVOCATIONS_FILE,
            OPEN,
            WEBHOOK_URL,
            WEBHOOK_SECRET_FILE,
            WEBHOOK_DELAY,
            PEERS,
            PEER_DNS,
            PEER_CA,
            PEER_SECRET_FILE,
            CLUSTER,
            FLOWS,
            SESSION_KEY_FILE,
            THREADS,
            IDLE_UNLOAD,
            HOT_CONTENT,
            SNAPSHOT_BYTES,
            SNAPSHOT_ENTRIES,
            MAX_CONNECTIONS,
            MAX_CONNECTIONS_PER_ADDRESS,
            CONNECTION_RATE_PER_ADDRESS,
            MESSAGE_RATE_PER_ADDRESS,
            BYTE_RATE_PER_ADDRESS,
            DOCUMENT_RATE_PER_ADDRESS,
            MAX_CONNECTIONS_PER_PRINCIPAL,
            MESSAGE_RATE_PER_PRINCIPAL,
            BYTE_RATE_PER_PRINCIPAL,
            DOCUMENT_RATE_PER_PRINCIPAL,
            TRUSTED_PROXIES,
            MAX_FRAME,
            MAX_BODY,
            MAX_DOCUMENT,
            DELETED_RETENTION,
            MAX_BACKLOG,
            HEARTBEAT,
            COMMIT_PACE,
            STALL_TIMEOUT,
            DRAIN,
            SHUTDOWN_TIMEOUT);

    /** The flag and variable that name the file. */
    static final Option<Optional<Path>> CONFIG = new Option<>(
            "config",
            "FILE",
            "a file that can be read",
            "",
            "File with one setting per line, like port = 8080. The environment and the command line come before it.",
            ServerConfig::path);

    /** What holds unless somebody says otherwise. */
    public static final ServerConfig DEFAULTS = new ServerConfig(Map.of());

    private final Map<Option<?>, Object> values;

    private ServerConfig(Map<Option<?>, Object> values) {
        this.values = Map.copyOf(values);
    }

    /** The value of a setting. */
    @SuppressWarnings("unchecked") // with() and put() store values of the option's own type only
    public <T> T get(Option<T> option) {
        Object value = values.get(option);
        return value == null ? option.standardValue() : (T) value;
    }

    /** The same settings but one. The value is taken as it is. */
    public <T> ServerConfig with(Option<T> option, T value) {
        Map<Option<?>, Object> changed = new HashMap<>(values);
        changed.put(option, value);
        return new ServerConfig(changed);
    }

    /**
     * Collects the settings: the command line wins over the environment, that over the file, that over the defaults.
     *
     * @param flags values given on the command line, by name of the option
     * @throws BadOptionException for the first one that cannot be used
     */
    static ServerConfig collect(Map<String, String> flags, Map<String, String> environment) {
        Map<Option<?>, Object> values = new LinkedHashMap<>();
        Found file = find(CONFIG, flags, environment).orElse(new Found("", ""));
        CONFIG.parse(file.text(), file.source()).ifPresent(path -> put(values, read(path, file)));
        for (Option<?> option : OPTIONS) {
            find(option, flags, environment)
                    .ifPresent(found -> values.put(option, option.parse(found.text(), found.source())));
        }
        return new ServerConfig(values);
    }

    private record Found(String text, String source) {}

    private static Optional<Found> find(Option<?> option, Map<String, String> flags, Map<String, String> environment) {
        String flag = flags.get(option.name());
        if (flag != null) {
            return Optional.of(new Found(flag, option.flag()));
        }
        return Optional.ofNullable(environment.get(option.variable()))
                .map(value -> new Found(value, "environment variable " + option.variable()));
    }

    private static Map<String, Found> read(Path path, Found file) {
        Properties lines = new Properties();
        try (Reader reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            lines.load(reader);
        } catch (IOException | IllegalArgumentException failure) {
            throw new BadOptionException(CONFIG.name() + ": expected " + CONFIG.expected() + ", got \"" + file.text()
                    + "\" (from " + file.source() + "; " + failure + ")");
        }
        Map<String, Found> found = new LinkedHashMap<>();
        lines.stringPropertyNames().stream()
                .sorted()
                .forEach(name -> found.put(name, new Found(lines.getProperty(name), "file " + path)));
        return found;
    }

    private static void put(Map<Option<?>, Object> values, Map<String, Found> settings) {
        Map<String, Option<?>> known = OPTIONS.stream().collect(Collectors.toMap(Option::name, Function.identity()));
        settings.forEach((name, found) -> {
            Option<?> option = known.get(name);
            if (option == null) {
                throw new BadOptionException(name + ": there is no such setting (from " + found.source()
                        + "); there are " + OPTIONS.stream().map(Option::name).collect(Collectors.joining(", ")));
            }
            values.put(option, option.parse(found.text(), found.source()));
        });
    }

    private static String nonEmpty(String text) {
        if (text.isEmpty() || text.chars().anyMatch(Character::isWhitespace)) {
            throw new IllegalArgumentException(text);
        }
        return text;
    }

    private static Optional<Path> path(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text));
    }

    private static Optional<URI> url(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        URI url = URI.create(text);
        boolean web = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
        if (!web || url.getHost() == null || url.getUserInfo() != null) {
            throw new IllegalArgumentException(text);
        }
        return Optional.of(url);
    }

    private static List<URI> urls(String text) {
        List<URI> urls = list(text).stream()
                .flatMap(each -> url(each).stream())
                .distinct()
                .toList();
        if (urls.size() > MAX_WEBHOOKS) {
            throw new IllegalArgumentException(text);
        }
        return urls;
    }

    private static List<URI> peers(String text) {
        List<URI> peers = list(text).stream().map(URI::create).distinct().toList();
        boolean spoken = peers.stream()
                .allMatch(peer -> ("ws".equals(peer.getScheme()) || "wss".equals(peer.getScheme()))
                        && peer.getHost() != null
                        && peer.getUserInfo() == null
                        && (peer.getRawPath().isEmpty() || peer.getRawPath().equals("/")));
        if (!spoken || peers.size() > MAX_PEERS) {
            throw new IllegalArgumentException(text);
        }
        return peers;
    }

    private static String hostAndPort(String text) {
        if (!text.isEmpty() && !text.matches("[A-Za-z0-9._-]+:[0-9]{1,5}")) {
            throw new IllegalArgumentException(text);
        }
        return text;
    }

    private static String clusterName(String text) {
        if (text.isEmpty() || text.length() > 64) {
            throw new IllegalArgumentException(text);
        }
        return text;
    }

    private static boolean truth(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(text);
        };
    }

    private static Set<SigningAlgorithm> algorithms(String text) {
        return list(text).stream()
                .map(name -> SigningAlgorithm.of(name).orElseThrow(() -> new IllegalArgumentException(name)))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static List<String> list(String text) {
        return Arrays.stream(text.split(","))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    private static Set<String> origins(String text) {
        List<String> origins = list(text);
        if (!origins.stream().allMatch(origin -> origin.matches("https?://[^/\\s]+"))) {
            throw new IllegalArgumentException(text);
        }
        return Set.copyOf(origins);
    }

    private static Function<String, Integer> number(LongPredicate allowed) {
        return text -> {
            int number = Integer.parseInt(text);
            if (!allowed.test(number)) {
                throw new IllegalArgumentException(text);
            }
            return number;
        };
    }

    private static Function<String, Long> size(long least, long most) {
        return text -> {
            long bytes = Quantity.bytes(text);
            if (bytes < least || bytes > most) {
                throw new IllegalArgumentException(text);
            }
            return bytes;
        };
    }

    private static Option<Integer> rate(String name, int standard, String help) {
        return new Option<>(
                name,
                "NUMBER",
                "a number, 0 for no bound",
                Integer.toString(standard),
                help,
                number(rate -> rate >= 0));
    }

    private static Option<Long> byteRate(String name, String standard, String help) {
        return new Option<>(
                name, "SIZE", "a size of at least 64KiB, like 2MiB", standard, help, size(64 << 10, Long.MAX_VALUE));
    }

    private static Function<String, Duration> atLeast(Duration least) {
        return Quantity.duration(least, Duration.ofMillis(Long.MAX_VALUE));
    }
}
