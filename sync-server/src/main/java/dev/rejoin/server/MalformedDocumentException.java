package dev.rejoin.server;

import java.io.IOException;

/** What is given as a document is none. The message says which and why. */
final class MalformedDocumentException extends IOException {
    private static final long serialVersionUID = 1;

    MalformedDocumentException(String message) {
        super(message);
    }
}
