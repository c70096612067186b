package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.RootKind;
import dev.rejoin.crdt.yjs.YDocView;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * The content of a document as it durably is; immutable, for any thread.
 *
 * @param roots what each root is read as where nobody says otherwise
 * @param etag a name for exactly this content in this life of the document, in quotes
 */
public record ContentView(YDocView content, Map<String, RootKind> roots, String etag) {
    private static final int TAG_BYTES = 16;

    /** Linear in the items, since the deleted ones are part of the tag. */
    static ContentView of(long epoch, YDocView content) {
        Map<String, RootKind> roots = content.roots();
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, epoch));
            digest.update(content.stateVector().encode());
            digest.update(content.deleteSet().encode());
            // the kind of a root is no change of the content, yet it changes what is shown
            digest.update(new TreeMap<>(roots).toString().getBytes(StandardCharsets.UTF_8));
            return new ContentView(
                    content, roots, '"' + HexFormat.of().formatHex(digest.digest(), 0, TAG_BYTES) + "-c\"");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
