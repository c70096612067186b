package dev.rejoin.conformance.yjs;

import dev.rejoin.crdt.yjs.Updates;
import java.util.List;

/** Our functions on the bytes of updates, by version. */
final class Codec {
    private Codec() {}

    static byte[] merge(Version version, List<byte[]> updates) {
        return version == Version.V1 ? Updates.merge(updates) : Updates.mergeV2(updates);
    }

    static byte[] diff(Version version, byte[] update, byte[] stateVector) {
        return version == Version.V1 ? Updates.diff(update, stateVector) : Updates.diffV2(update, stateVector);
    }

    static byte[] stateVector(Version version, byte[] update) {
        return (version == Version.V1 ? Updates.stateVector(update) : Updates.stateVectorV2(update)).encode();
    }

    static byte[] convert(Version from, byte[] update) {
        return from == Version.V1 ? Updates.convertV1toV2(update) : Updates.convertV2toV1(update);
    }
}
