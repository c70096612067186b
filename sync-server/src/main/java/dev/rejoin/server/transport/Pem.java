package dev.rejoin.server.transport;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * One block of a PEM file (RFC 7468); what stands between blocks is no part of any.
 *
 * @param label the words after BEGIN
 * @param encrypted whether it says that only a password makes it readable
 * @param content the bytes, in DER
 */
record Pem(String label, boolean encrypted, byte[] content) {
    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";

    /**
     * The blocks of a file, in their order; one that does not end is none.
     *
     * @throws IllegalArgumentException if the inside of one is no Base64
     */
    static List<Pem> blocks(byte[] file) {
        List<Pem> blocks = new ArrayList<>();
        String label = "";
        boolean encrypted = false;
        StringBuilder inside = new StringBuilder();
        for (String raw : (Iterable<String>) new String(file, StandardCharsets.ISO_8859_1).lines()::iterator) {
            String line = raw.strip();
            if (line.startsWith(BEGIN) && line.endsWith(DASHES)) {
                label = line.substring(BEGIN.length(), line.length() - DASHES.length());
                encrypted = label.startsWith("ENCRYPTED");
                inside.setLength(0);
            } else if (line.startsWith(END) && !label.isEmpty()) {
                blocks.add(new Pem(label, encrypted, Base64.getDecoder().decode(inside.toString())));
                label = "";
            } else if (line.indexOf(':') >= 0) {
                // a header of the form before RFC 7468: Proc-Type: 4,ENCRYPTED
                encrypted |= line.endsWith("ENCRYPTED");
            } else {
                inside.append(line);
            }
        }
        return blocks;
    }
}
