package dev.rejoin.consistency.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A real PostgreSQL primary and its streaming standby, in a folder of their own, on loopback. The servers do not run as root, which they refuse; if the
 * tests do, they belong to nobody.
 */
final class PostgresPair implements AutoCloseable {
    private static final int LOWEST_PORT = 15_000;
    private static final int HIGHEST_PORT = 30_000;
    private static final String NOBODY = "65534";

    private final Path directory;
    private final Server primary;
    private final Server standby;

    private PostgresPair(Path directory, Server primary, Server standby) {
        this.directory = directory;
        this.primary = primary;
        this.standby = standby;
    }

    static PostgresPair start() throws Exception {
        Path directory = Files.createTempDirectory("rejoin-postgres");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        unpack(directory);
        if (isRoot()) {
            command(directory, List.of("chown", "-R", NOBODY, directory.toString()));
        }
        Path first = directory.resolve("primary");
        Path second = directory.resolve("standby");
        asServer(
                directory,
                directory.resolve("bin/initdb").toString(),
                "-D",
                first.toString(),
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync");
        asServer(directory, "cp", "-a", first.toString(), second.toString());
        asServer(directory, "touch", second.resolve("standby.signal").toString());
        int port = freePort();
        int other = port;
        while (other == port) {
            other = freePort();
        }
        Server primary = new Server(directory, first, port);
        Server standby = new Server(directory, second, other);
        configure(primary, "");
        configure(
                standby,
                "primary_conninfo = 'host=127.0.0.1 port=" + primary.port
                        + " user=postgres application_name=standby'\n");
        PostgresPair pair = new PostgresPair(directory, primary, standby);
        try {
            primary.start();
            standby.start();
            primary.execute("CREATE ROLE app LOGIN", "CREATE ROLE stranger LOGIN");
            primary.execute("GRANT pg_read_all_stats TO app", "GRANT CREATE, USAGE ON SCHEMA public TO app, stranger");
            primary.execute("CREATE TABLE item (id int PRIMARY KEY, value int NOT NULL)");
            primary.execute("GRANT ALL ON item TO app, stranger", "INSERT INTO item VALUES (1, 52)");
            pair.awaitReplay();
            return pair;
        } catch (Exception | Error failure) {
            pair.close();
            throw failure;
        }
    }

    private static void unpack(Path directory) throws IOException {
        try (InputStream packed = Objects.requireNonNull(
                        PostgresPair.class.getResourceAsStream("/postgres-linux-x86_64.txz"),
                        "PostgreSQL for Linux on x86-64 is not on the class path");
                TarArchiveInputStream tar = new TarArchiveInputStream(new XZCompressorInputStream(packed))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path target = directory.resolve(entry.getName()).normalize();
                if (!target.startsWith(directory)) {
                    throw new IOException("an entry outside: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(target);
                } else if (entry.isSymbolicLink()) {
                    Files.createDirectories(Objects.requireNonNull(target.getParent()));
                    Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
                } else {
                    Files.createDirectories(Objects.requireNonNull(target.getParent()));
                    Files.copy(tar, target);
                    if ((entry.getMode() & 0100) != 0) {
                        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
                    }
                }
            }
        }
    }

    private static void configure(Server server, String more) throws IOException {
        Files.writeString(
                server.data.resolve("postgresql.conf"),
                "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nport = " + server.port
                        + "\nfsync = on\nwal_level = replica\nhot_standby = on\nshared_buffers = '16MB'\n"
                        + "max_standby_streaming_delay = '1s'\nwal_retrieve_retry_interval = '100ms'\n"
                        + "wal_writer_delay = '10s'\nautovacuum = off\n" + more);
    }

    /** A port of loopback that is free now and that the kernel gives to nobody who does not ask for it. */
    private static int freePort() throws IOException {
        Random random = new Random();
        for (int attempt = 0; attempt < 100; attempt++) {
            int port = LOWEST_PORT + random.nextInt(HIGHEST_PORT - LOWEST_PORT);
            try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return probe.getLocalPort();
            } catch (IOException taken) {
                continue;
            }
        }
        throw new IOException("no port is free");
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static void asServer(Path directory, String... command) throws Exception {
        List<String> all = new ArrayList<>();
        if (isRoot()) {
            all.addAll(List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
        }
        all.addAll(List.of(command));
        command(directory, all);
    }

    private static void command(Path directory, List<String> command) throws Exception {
        Path output = Files.createTempFile("rejoin-postgres", ".txt");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(90, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroy();
                throw new IOException(command + " failed: " + Files.readString(output, StandardCharsets.UTF_8));
            }
        } finally {
            Files.delete(output);
        }
    }

    Server primary() {
        return primary;
    }

    Server standby() {
        return standby;
    }

    /** Waits until the standby shows everything that has been committed so far. */
    void awaitReplay() throws Exception {
        LsnToken all;
        try (Connection connection = primary.source("postgres").getConnection();
                Statement statement = connection.createStatement()) {
            // flushes what asynchronous commits have left
            statement.execute("SET synchronous_commit = on");
            statement.execute("SELECT pg_logical_emit_message(true, 'flush', '')");
            all = ServerLog.insertPosition(connection);
        }
        await("the standby has caught up", () -> {
            try (Connection connection = standby.source("postgres").getConnection()) {
                return PostgresReadYourWrites.isVisible(connection, all);
            }
        });
    }

    static void await(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain until " + what);
            }
            Thread.sleep(5);
        }
    }

    @Override
    public void close() throws IOException {
        standby.stop();
        primary.stop();
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** One of the two servers. */
    static final class Server {
        private final Path directory;
        private final Path data;
        private final int port;
        private boolean running;

        private Server(Path directory, Path data, int port) {
            this.directory = directory;
            this.data = data;
            this.port = port;
        }

        private void control(String... arguments) throws Exception {
            List<String> command = new ArrayList<>();
            command.add(directory.resolve("bin/pg_ctl").toString());
            command.addAll(List.of("-D", data.toString(), "-w", "-l", data + ".log"));
            command.addAll(List.of(arguments));
            asServer(directory, command.toArray(new String[0]));
        }

        void start() throws Exception {
            control("start");
            running = true;
        }

        /** Ends it without a checkpoint, as a crash does. */
        void crash() throws Exception {
            control("stop", "-m", "immediate");
            running = false;
        }

        void promote() throws Exception {
            control("promote");
        }

        private void stop() throws IOException {
            if (running) {
                try {
                    crash();
                } catch (Exception failure) {
                    throw new IOException(failure);
                }
            }
        }

        PGSimpleDataSource source(String role) {
            PGSimpleDataSource source = new PGSimpleDataSource();
            source.setServerNames(new String[] {"127.0.0.1"});
            source.setPortNumbers(new int[] {port});
            source.setDatabaseName("postgres");
            source.setUser(role);
            source.setConnectTimeout(5);
            return source;
        }

        void execute(String... statements) throws SQLException {
            try (Connection connection = source("postgres").getConnection();
                    Statement statement = connection.createStatement()) {
                for (String sql : statements) {
                    statement.execute(sql);
                }
            }
        }

        String ask(String query) throws SQLException {
            try (Connection connection = source("postgres").getConnection()) {
                return PostgresPair.ask(connection, query);
            }
        }
    }

    /** The first column of the first row. */
    static String ask(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            String value = row.getString(1);
            return value == null ? "" : value;
        }
    }
}
