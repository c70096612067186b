package dev.rejoin.conformance.yjs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Bytes from outside for a document that some good updates have made. */
record HostileInput(String name, Version version, boolean gc, List<byte[]> base, byte[] hostile) {
    private static final Path RESOURCES = Path.of("src/test/resources/dev/rejoin/conformance/yjs");
    private static final Path CORPUS = RESOURCES.resolve("DecoderFuzzInputs");

    /** As a question to yjs, which may think about it for so long. */
    Job job(int millis) {
        List<byte[]> all = new ArrayList<>(base);
        all.add(hostile);
        return Job.apply(gc, version, all, millis);
    }

    /** All that is needed to look at it again. */
    String text() {
        HexFormat hex = HexFormat.of();
        return name + ", " + version + ", gc " + gc + "\nbase "
                + base.stream().map(hex::formatHex).toList() + "\ninput " + hex.formatHex(hostile);
    }

    /** The input of a seed: updates of a schedule, and one of them damaged or one that was never any good. */
    static HostileInput made(long seed) {
        Random random = new Random(seed);
        Script script = ScriptGenerator.schedule(seed);
        Version version = Version.values()[random.nextInt(2)];
        List<byte[]> updates =
                new ArrayList<>(ScriptRun.of(script, List.of(), false).updates(version));
        String name = "seed " + seed;
        boolean gc = random.nextBoolean();
        if (updates.isEmpty() || random.nextInt(3) == 0) {
            long[] clients =
                    script.peers().stream().mapToLong(Script.Peer::client).toArray();
            byte[] wild = WildUpdate.of(random, clients);
            return new HostileInput(name, Version.V1, gc, version == Version.V1 ? updates : List.of(), wild);
        }
        int taken = random.nextInt(updates.size());
        byte[] damaged = damaged(updates.get(taken), updates.get(random.nextInt(updates.size())), random);
        return new HostileInput(name, version, gc, List.copyOf(updates.subList(0, taken)), damaged);
    }

    private static byte[] damaged(byte[] update, byte[] other, Random random) {
        byte[] bytes = update.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
            switch (bytes.length == 0 ? 3 : random.nextInt(7)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes = Arrays.copyOf(bytes, at);
                case 3 -> bytes = spliced(bytes, at, at, new byte[] {(byte) random.nextInt(256)});
                case 4 -> bytes = spliced(bytes, at, at + 1, new byte[0]);
                case 5 -> {
                    int from = random.nextInt(other.length + 1);
                    bytes = spliced(bytes, at, bytes.length, Arrays.copyOfRange(other, from, other.length));
                }
                default -> {
                    byte[] huge = {-1, -1, -1, -1, -1, -1, 15};
                    bytes = spliced(bytes, at, at + 1, Arrays.copyOfRange(huge, random.nextInt(7), 7));
                }
            }
        }
        return bytes;
    }

    private static byte[] spliced(byte[] bytes, int from, int to, byte[] middle) {
        byte[] spliced = new byte[from + middle.length + bytes.length - to];
        System.arraycopy(bytes, 0, spliced, 0, from);
        System.arraycopy(middle, 0, spliced, from, middle.length);
        System.arraycopy(bytes, to, spliced, from + middle.length, bytes.length - to);
        return spliced;
    }

    /** Inputs that once broke somebody. */
    static List<HostileInput> corpus() throws IOException {
        List<HostileInput> cases = new ArrayList<>();
        for (Version version : Version.values()) {
            try (Stream<Path> files = Files.list(CORPUS.resolve("update" + version))) {
                for (Path file : files.sorted().toList()) {
                    cases.add(new HostileInput(
                            file.getFileName().toString(), version, true, List.of(), Files.readAllBytes(file)));
                }
            }
        }
        try (Stream<Path> files = Files.list(RESOURCES.resolve("hostile"))) {
            for (Path file : files.sorted().toList()) {
                cases.add(parse(file.getFileName().toString(), Files.readAllLines(file)));
            }
        }
        return cases;
    }

    /** Version and {@code gc} or {@code all}, then the updates in hexadecimal, the hostile one last; # begins a remark. */
    private static HostileInput parse(String name, List<String> lines) {
        List<String> told = lines.stream().filter(line -> !line.startsWith("#")).toList();
        String[] head = told.get(0).split(" ");
        List<byte[]> updates =
                told.stream().skip(1).map(HexFormat.of()::parseHex).toList();
        int last = updates.size() - 1;
        return new HostileInput(
                name, Version.valueOf(head[0]), head[1].equals("gc"), updates.subList(0, last), updates.get(last));
    }
}
