package dev.rejoin.sync.wire;

import java.util.Arrays;

/**
 * What came of an {@link Await}.
 *
 * @param id of the Await; {@link #OF_HELLO} for the token of the Hello
 * @param code why not; empty if everything that was asked for has been sent on this connection
 * @param path how it came to be at the server: {@code local}, {@code waited} or {@code pulled}; empty with a code
 * @param lost with {@code session-lost-writes}: an encoded vector of positions through which it is lost; else empty
 * @param surviving of the same origins what is left; else empty
 */
@SuppressWarnings("ArrayRecordComponent") // equality is defined below; the bytes are handed through without a copy
public record Answer(long id, String code, String path, byte[] lost, byte[] surviving) {
    /** Names the answer to what the Hello asked for. */
    public static final long OF_HELLO = 0;

    private static final byte[] NOTHING = {};

    /** It is here. */
    public static Answer shown(long id, String path) {
        return new Answer(id, "", path, NOTHING, NOTHING);
    }

    /** It is not, and why. */
    public static Answer failed(long id, String code) {
        return new Answer(id, code, "", NOTHING, NOTHING);
    }

    /** Whether what was asked for is here. */
    public boolean isShown() {
        return code.isEmpty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Answer that
                && id == that.id
                && code.equals(that.code)
                && path.equals(that.path)
                && Arrays.equals(lost, that.lost)
                && Arrays.equals(surviving, that.surviving);
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(id) + code.hashCode();
    }

    @Override
    public String toString() {
        return "Answer[id=" + id + (isShown() ? ", path=" + path : ", code=" + code) + "]";
    }
}
