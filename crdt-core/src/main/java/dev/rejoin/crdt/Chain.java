package dev.rejoin.crdt;

import java.util.zip.CRC32C;

/**
 * The checksum over the sequence of transactions that one replica has issued. Two histories that differ under one replica
 * id are told apart by it; it is no protection against forgery.
 */
public final class Chain {

    /** The checksum of no transactions. */
    public static final int START = 0;

    private Chain() {}

    /** Returns the checksum of a sequence with checksum {@code chain}, followed by the transaction {@code fragment}. */
    public static int extend(int chain, byte[] fragment) {
        CRC32C crc = new CRC32C();
        crc.update(chain >>> 24);
        crc.update(chain >>> 16);
        crc.update(chain >>> 8);
        crc.update(chain);
        crc.update(fragment, 0, fragment.length);
        return (int) crc.getValue();
    }
}
