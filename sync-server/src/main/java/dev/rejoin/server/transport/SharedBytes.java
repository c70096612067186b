package dev.rejoin.server.transport;

import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * A large array on its way to a socket, perhaps to many at the same time. The socket takes it in pieces as it drains, so that
 * whoever waits for its rest costs no copy of it.
 */
final class SharedBytes extends AbstractReferenceCounted implements FileRegion {
    private static final int PIECE_BYTES = 64 << 10;

    private final byte[] bytes;
    private int transferred;

    /** @param bytes not to be changed */
    SharedBytes(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public long transferTo(WritableByteChannel target, long position) throws IOException {
        int from = (int) position;
        int at = from;
        while (at < bytes.length) {
            int piece = Math.min(PIECE_BYTES, bytes.length - at);
            int taken = target.write(ByteBuffer.wrap(bytes, at, piece));
            at += Math.max(0, taken);
            if (taken < piece) {
                break;
            }
        }
        transferred = at;
        return at - from;
    }

    @Override
    public long position() {
        return 0;
    }

    @Override
    @Deprecated
    public long transfered() {
        return transferred;
    }

    @Override
    public long transferred() {
        return transferred;
    }

    @Override
    public long count() {
        return bytes.length;
    }

    @Override
    protected void deallocate() {}

    @Override
    public FileRegion retain() {
        super.retain();
        return this;
    }

    @Override
    public FileRegion retain(int increment) {
        super.retain(increment);
        return this;
    }

    @Override
    public FileRegion touch() {
        return this;
    }

    @Override
    public FileRegion touch(Object hint) {
        return this;
    }
}
