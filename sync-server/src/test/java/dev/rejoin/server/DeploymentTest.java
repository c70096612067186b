package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files in {@code deploy} say what the server does: its settings, its exit codes, how long it takes to end. */
final class DeploymentTest {
    private static final Path DEPLOY = Path.of("deploy");

    @TempDir
    Path directory;

    @Test
    void theExampleFileHasEverySettingWithItsDefault() throws IOException {
        StringBuilder file = new StringBuilder();
        file.append(
                "# Settings of the sync server, each with its default. Name this file in --config or REJOIN_CONFIG.\n");
        file.append("# The command line and the environment come before it. Page: docs/operating/configuration.md\n");
        for (Option<?> option : ServerConfig.OPTIONS) {
            file.append('\n');
            file.append((option.description() + " Value: " + option.expected() + ".")
                    .replaceAll("(.{1,98})(?: +|$)", "# $1\n"));
            file.append(("#" + option.name() + " = " + option.standard()).strip())
                    .append('\n');
        }
        String example = Files.readString(DEPLOY.resolve("rejoin.properties"));
        assertEquals(file.toString(), example, () -> "deploy/rejoin.properties must be\n" + file);
    }

    @Test
    void theExampleFileWithEverySettingInForceIsTheDefaults() throws IOException {
        String all = Files.readString(DEPLOY.resolve("rejoin.properties")).replaceAll("(?m)^#(?=\\S)", "");
        Properties settings = new Properties();
        settings.load(new StringReader(all));
        assertEquals(ServerConfig.OPTIONS.size(), settings.size());
        Path file = Files.writeString(directory.resolve("all.properties"), all);
        ServerConfig config = ServerConfig.collect(Map.of("config", file.toString()), Map.of());
        for (Option<?> option : ServerConfig.OPTIONS) {
            assertEquals(ServerConfig.DEFAULTS.get(option), config.get(option), option.name());
        }
    }

    @Test
    void theUnitRestartsWhatMayWorkTheNextTimeOnly() throws IOException {
        String unit = Files.readString(DEPLOY.resolve("rejoin.service"));
        assertEquals("on-failure", value(unit, "Restart"));
        assertEquals(String.valueOf(Main.BAD_OPTION), value(unit, "RestartPreventExitStatus"));
        // whoever is told to end ends with 0: MainIT.aProcessThatIsTerminatedEndsCleanlyAndKeepsItsDocuments
        assertTrue(!unit.contains("SuccessExitStatus"), unit);
    }

    @Test
    void theUnitWaitsLongerThanTheServerDoes() throws IOException {
        Duration patience =
                Quantity.duration(value(Files.readString(DEPLOY.resolve("rejoin.service")), "TimeoutStopSec"));
        Duration longest = ServerConfig.DEFAULTS
                .get(ServerConfig.SHUTDOWN_TIMEOUT)
                .plus(ServerConfig.DEFAULTS.get(ServerConfig.DRAIN));
        assertTrue(patience.compareTo(longest.plusSeconds(10)) >= 0, patience.toString());
    }

    @Test
    void theUnitWritesWhereTheServerMayOnly() throws IOException {
        String unit = Files.readString(DEPLOY.resolve("rejoin.service"));
        assertEquals("strict", value(unit, "ProtectSystem"));
        assertEquals("rejoin", value(unit, "StateDirectory"));
        assertTrue(unit.contains("\nEnvironment=REJOIN_DATA=/var/lib/rejoin\n"), unit);
        assertEquals("yes", value(unit, "PrivateTmp"));
        assertEquals("yes", value(unit, "NoNewPrivileges"));
        assertEquals("", value(unit, "CapabilityBoundingSet"));
        assertEquals("rejoin", value(unit, "User"));
    }

    @Test
    void systemdUnderstandsTheUnitAndFindsLittleExposed() throws Exception {
        // whatever java is called on this machine
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Path unit = directory.resolve("rejoin.service");
        Files.writeString(
                unit, Files.readString(DEPLOY.resolve("rejoin.service")).replace("/usr/bin/java", java));
        // it speaks of other units of this machine too
        String complaints = systemdAnalyze("verify", "--man=no", unit.toString())
                .lines()
                .filter(line -> line.contains("rejoin"))
                .collect(Collectors.joining("\n"));
        assertEquals("", complaints);
        Matcher version = Pattern.compile("systemd (\\d+)").matcher(systemdAnalyze("--version"));
        assertTrue(version.find());
        if (Integer.parseInt(version.group(1)) < 250) {
            return; // cannot tell how exposed a unit is that does not run
        }
        // exits with an error above this exposure, in tenths
        systemdAnalyze("security", "--offline=true", "--threshold=20", "--no-pager", unit.toString());
    }

    @Test
    void theLauncherFindsTheJarAndPassesEverythingOn() throws Exception {
        Path home = Files.createDirectories(directory.resolve("home"));
        Path bin = Files.createDirectories(directory.resolve("bin"));
        Path launcher = Files.copy(DEPLOY.resolve("rejoin"), home.resolve("rejoin"));
        assertTrue(launcher.toFile().setExecutable(true));
        Path java = Files.writeString(bin.resolve("java"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\nexit 7\n");
        assertTrue(java.toFile().setExecutable(true));
        Path link = Files.createSymbolicLink(bin.resolve("rejoin"), launcher);
        ProcessBuilder run = new ProcessBuilder(link.toString(), "backup", "a b");
        run.environment().put("PATH", bin + ":" + System.getenv("PATH"));
        run.environment().remove("JAVA_HOME");
        run.environment().put("REJOIN_JAR", home.resolve("none.jar").toString());
        Process missing = run.redirectErrorStream(true).start();
        String said = new String(missing.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(1, missing.waitFor(), said);
        assertTrue(said.contains("REJOIN_JAR"), said);
        Path jar = Files.createFile(home.resolve("rejoin-server.jar"));
        run.environment().remove("REJOIN_JAR");
        Process found = run.start();
        List<String> passed = new String(found.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertEquals(7, found.waitFor());
        assertEquals(
                List.of("-jar", jar.toRealPath().toString(), "backup", "a b"),
                passed.subList(passed.size() - 4, passed.size()));
    }

    private static String systemdAnalyze(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("systemd-analyze"));
        command.addAll(List.of(arguments));
        Process run;
        try {
            run = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException missing) {
            System.err.println("Skipped: no systemd-analyze to check the unit with");
            return Assumptions.abort(missing.getMessage());
        }
        String said = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(run.waitFor(60, TimeUnit.SECONDS), said);
        assertEquals(0, run.exitValue(), said);
        return said;
    }

    private static String value(String unit, String key) {
        Matcher line = Pattern.compile("(?m)^" + Pattern.quote(key) + "=(.*)$").matcher(unit);
        assertTrue(line.find(), key + " is missing");
        String value = line.group(1);
        assertTrue(!line.find(), key + " is there twice");
        return value;
    }
}
