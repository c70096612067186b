package dev.rejoin.crdt;

import java.util.Arrays;
import java.util.HexFormat;

/** An immutable string of bytes; the value type for binary content. */
public final class Bytes {

    /** No bytes. */
    public static final Bytes EMPTY = new Bytes(new byte[0]);

    private final byte[] content;

    private Bytes(byte[] content) {
        this.content = content;
    }

    /** Returns a copy of {@code content}. */
    public static Bytes of(byte... content) {
        return content.length == 0 ? EMPTY : new Bytes(content.clone());
    }

    /** Returns {@code content} itself, which nobody may change any more. */
    static Bytes ofOwned(byte[] content) {
        return content.length == 0 ? EMPTY : new Bytes(content);
    }

    /**
     * Reads what {@link #toString} writes.
     *
     * @throws IllegalArgumentException if {@code hex} is not an even number of hexadecimal digits
     */
    public static Bytes ofHex(String hex) {
        return ofOwned(HexFormat.of().parseHex(hex));
    }

    /** Returns a copy of the bytes. */
    public byte[] toByteArray() {
        return content.clone();
    }

    /** Returns the bytes themselves; not to be changed. */
    byte[] content() {
        return content;
    }

    /** Returns the number of bytes. */
    public int length() {
        return content.length;
    }

    /**
     * Returns the byte at {@code index}.
     *
     * @throws IndexOutOfBoundsException if there is none
     */
    public byte byteAt(int index) {
        return content[index];
    }

    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof Bytes that && Arrays.equals(content, that.content);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(content);
    }

    /** Returns the bytes in lower-case hexadecimal. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(content);
    }
}
