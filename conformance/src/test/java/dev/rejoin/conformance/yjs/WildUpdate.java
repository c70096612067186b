package dev.rejoin.conformance.yjs;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Updates of version 1 that are well-formed as bytes and may claim anything: wrong parents, crossed origins, holes, clashes. */
final class WildUpdate {
    private static final String[] ROOTS = {"t", "p", "a", "m", "x", "z", ""};

    private final Random random;
    private final long[] clients;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private WildUpdate(Random random, long[] clients) {
        this.random = random;
        this.clients = clients;
    }

    /** An update that speaks of some clients as if it knew them. */
    static byte[] of(Random random, long... clients) {
        WildUpdate update = new WildUpdate(random, clients);
        update.write();
        return update.out.toByteArray();
    }

    private void write() {
        int sections = 1 + random.nextInt(3);
        number(sections);
        for (int i = 0; i < sections; i++) {
            int structs = random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(4);
            number(structs);
            number(client());
            number(clock());
            for (int j = 0; j < structs; j++) {
                struct();
            }
        }
        int deleting = random.nextInt(3);
        number(deleting);
        for (int i = 0; i < deleting; i++) {
            number(client());
            int ranges = random.nextInt(3);
            number(ranges);
            for (int j = 0; j < ranges; j++) {
                number(clock());
                number(random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(6));
            }
        }
    }

    private long client() {
        return random.nextInt(10) == 0 ? 1 + random.nextInt(5) : clients[random.nextInt(clients.length)];
    }

    private long clock() {
        return switch (random.nextInt(12)) {
            case 0 -> random.nextInt(1000);
            case 1 -> 0;
            default -> random.nextInt(12);
        };
    }

    private void struct() {
        int kind = random.nextInt(14);
        if (kind > 10) {
            kind = 4;
        }
        if (kind == 0 || kind == 10) {
            out.write(kind);
            number(random.nextInt(10) == 0 ? 0 : 1 + random.nextInt(5));
            return;
        }
        int info = kind;
        if (random.nextInt(3) > 0) {
            info |= 0x80;
        }
        if (random.nextInt(3) == 0) {
            info |= 0x40;
        }
        if (random.nextInt(5) == 0) {
            info |= 0x20;
        }
        out.write(info);
        if ((info & 0x80) != 0) {
            id();
        }
        if ((info & 0x40) != 0) {
            id();
        }
        if ((info & 0xc0) == 0) {
            boolean root = random.nextInt(4) > 0;
            number(root ? 1 : 0);
            if (root) {
                string(ROOTS[random.nextInt(ROOTS.length)]);
            } else {
                id();
            }
            if ((info & 0x20) != 0) {
                string("k" + random.nextInt(2));
            }
        }
        content(kind);
    }

    private void content(int kind) {
        switch (kind) {
            case 1 -> number(random.nextInt(10) == 0 ? 0 : 1 + random.nextInt(4));
            case 2 -> {
                int values = random.nextInt(10) == 0 ? 0 : 1 + random.nextInt(3);
                number(values);
                for (int i = 0; i < values; i++) {
                    string(random.nextBoolean() ? "undefined" : "{\"a\":[1,null]}");
                }
            }
            case 3 -> {
                int length = random.nextInt(3);
                number(length);
                for (int i = 0; i < length; i++) {
                    out.write(random.nextInt(256));
                }
            }
            case 4 -> string(random.nextInt(10) == 0 ? "" : "wild".substring(random.nextInt(4)));
            case 5 -> string(random.nextBoolean() ? "{\"i\":1}" : "[]");
            case 6 -> {
                string("b");
                string(random.nextBoolean() ? "true" : "null");
            }
            case 7 -> {
                int type = random.nextInt(7);
                number(type);
                if (type == 3 || type == 5) {
                    string("n");
                }
            }
            case 8 -> {
                int values = random.nextInt(10) == 0 ? 0 : 1 + random.nextInt(3);
                number(values);
                for (int i = 0; i < values; i++) {
                    out.write(random.nextBoolean() ? 126 : 120);
                }
            }
            default -> {
                string("guid");
                out.write(118);
                number(0);
            }
        }
    }

    private void id() {
        number(client());
        number(clock());
    }

    private void number(long number) {
        long rest = number;
        for (; rest > 0x7f; rest >>>= 7) {
            out.write((int) (rest & 0x7f) | 0x80);
        }
        out.write((int) rest);
    }

    private void string(String string) {
        byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
        number(bytes.length);
        out.writeBytes(bytes);
    }
}
