package dev.rejoin.crdt.yjs;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A whole document as bytes from which its root texts are read without building it: the texts as they read, and behind them everything as an update in the
 * second encoding. For whoever stores documents and mostly shows them. It takes the bytes of the update and those of the texts.
 *
 * <p>Layout: {@code RJY1}; CRC-32C of all that follows, 4 bytes, big-endian; how many texts; for each its root's name and its characters, both as lib0 writes
 * strings; the update. The sum finds damage, not forgery: {@link #document} compares, {@link #text} takes the writer's word. Immutable, for any thread, as long
 * as nobody writes to the bytes it was opened with.
 */
public final class YArchive {
    private static final int MAGIC = 0x524a5931;
    private static final int SUM_AT = 4;
    private static final int BODY_AT = 8;

    private final byte[] bytes;

    /** Where the characters of each text begin, by the name of its root. */
    private final Map<String, Integer> texts;

    private final int updateAt;

    private YArchive(byte[] bytes, Map<String, Integer> texts, int updateAt) {
        this.bytes = bytes;
        this.texts = texts;
        this.updateAt = updateAt;
    }

    /** The archive of a document, what waits in it for earlier updates included. O(items + characters) */
    public static byte[] encode(YDoc doc) {
        byte[] update = doc.encodeStateAsUpdateV2();
        Map<String, String> texts = new LinkedHashMap<>();
        Reader.roots(doc.store).forEach((name, kind) -> {
            if (kind == RootKind.TEXT) {
                texts.put(name, textOf(doc, name));
            }
        });
        Sink out = new Sink(64 + 2 * update.length);
        out.fixed32(MAGIC);
        out.fixed32(0);
        out.varUint(texts.size());
        texts.forEach((name, text) -> {
            out.varString(name);
            out.varString(text);
        });
        out.raw(update, 0, update.length);
        byte[] archive = out.toByteArray();
        int sum = sum(archive);
        for (int i = 0; i < 4; i++) {
            archive[SUM_AT + i] = (byte) (sum >>> (24 - 8 * i));
        }
        return archive;
    }

    /**
     * Opens an archive, whose bytes it keeps. O(bytes) for the sum, O(texts) beyond it
     *
     * @throws MalformedUpdateException if the bytes are no archive, or damaged
     */
    public static YArchive open(byte[] bytes) {
        if (bytes.length < BODY_AT || fixed32(bytes, 0) != MAGIC) {
            throw new MalformedUpdateException("not an archive of a document", 0);
        }
        if (fixed32(bytes, SUM_AT) != sum(bytes)) {
            throw new MalformedUpdateException("archive is damaged", SUM_AT);
        }
        ByteCursor in = new ByteCursor(bytes, BODY_AT, bytes.length);
        int count = in.count(2);
        Map<String, Integer> texts = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            int at = in.position();
            String name = in.varString();
            if (texts.put(name, in.position()) != null) {
                throw new MalformedUpdateException("root is there twice", at);
            }
            in.skipString();
        }
        return new YArchive(bytes, texts, in.position());
    }

    /** The roots whose text can be read. A root that has no content has none. */
    public Set<String> roots() {
        return Set.copyOf(texts.keySet());
    }

    /**
     * The text of a root, or null if {@link #roots} does not have it. O(characters)
     *
     * @throws MalformedUpdateException if it is not well-formed
     */
    @Nullable
    public String text(String root) {
        Integer at = texts.get(root);
        return at == null ? null : new ByteCursor(bytes, at, updateAt).varString();
    }

    /** All of the document as an update in the second encoding. O(bytes) */
    public byte[] update() {
        return Arrays.copyOfRange(bytes, updateAt, bytes.length);
    }

    /**
     * The document, to be edited. O(bytes)
     *
     * @throws MalformedUpdateException if its update is malformed, or makes other texts than those of the archive
     */
    public YDoc document(YDocOptions options) {
        YDoc doc = YDoc.create(options);
        doc.applyUpdateV2(update());
        for (Map.Entry<String, Integer> entry : texts.entrySet()) {
            if (!textOf(doc, entry.getKey()).equals(text(entry.getKey()))) {
                throw new MalformedUpdateException("text is not that of the document", entry.getValue());
            }
        }
        return doc;
    }

    /** Read without asking for the root, which would settle for good that it is a text. */
    private static String textOf(YDoc doc, String root) {
        Integer type = doc.store.roots().get(root);
        return type == null ? "" : Reader.text(doc.store, type);
    }

    private static int sum(byte[] archive) {
        CRC32C sum = new CRC32C();
        sum.update(archive, BODY_AT, archive.length - BODY_AT);
        return (int) sum.getValue();
    }

    private static int fixed32(byte[] bytes, int at) {
        return bytes[at] << 24 | (bytes[at + 1] & 0xff) << 16 | (bytes[at + 2] & 0xff) << 8 | bytes[at + 3] & 0xff;
    }
}
