package dev.rejoin.benchmarks.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the operating system says of one process.
 *
 * @param userSeconds processor time in the program since it started, to 10 ms
 * @param kernelSeconds and in the kernel on its behalf
 */
record Usage(double userSeconds, double kernelSeconds) {
    private static final double TICKS_PER_SECOND = 100;
    private static final int USER_TICKS = 11;
    private static final int KERNEL_TICKS = 12;

    static Usage of(long pid) {
        String line = read(pid, "stat");
        // the name of the program may hold blanks; it ends with the last bracket
        String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
        return new Usage(
                Long.parseLong(fields[USER_TICKS]) / TICKS_PER_SECOND,
                Long.parseLong(fields[KERNEL_TICKS]) / TICKS_PER_SECOND);
    }

    double seconds() {
        return userSeconds + kernelSeconds;
    }

    Usage since(Usage before) {
        return new Usage(userSeconds - before.userSeconds, kernelSeconds - before.kernelSeconds);
    }

    /** Bytes of a process that are in memory. */
    static long residentBytes(long pid) {
        return kibibytes(pid, "status", "VmRSS:") << 10;
    }

    /** The same, with what it shares with others counted in part. */
    static long proportionalBytes(long pid) {
        return kibibytes(pid, "smaps_rollup", "Pss:") << 10;
    }

    /** The most bytes of it that were in memory since {@link #forgetPeak}. */
    static long peakBytes(long pid) {
        return kibibytes(pid, "status", "VmHWM:") << 10;
    }

    static void forgetPeak(long pid) {
        try {
            Files.writeString(Path.of("/proc/" + pid + "/clear_refs"), "5");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long kibibytes(long pid, String file, String field) {
        return read(pid, file)
                .lines()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no " + field + " of process " + pid));
    }

    private static String read(long pid, String file) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/" + file));
        } catch (IOException e) {
            throw new UncheckedIOException("the server has ended: process " + pid, e);
        }
    }
}
