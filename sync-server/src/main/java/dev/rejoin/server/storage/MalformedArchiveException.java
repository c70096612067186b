package dev.rejoin.server.storage;

import java.io.IOException;

/** These bytes are not an archive, not a whole one, or not one that this version reads. The message says where and why. */
public final class MalformedArchiveException extends IOException {
    private static final long serialVersionUID = 1;

    /** Says what is wrong. */
    public MalformedArchiveException(String message) {
        super(message);
    }
}
