package dev.rejoin.server.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.concurrent.Executor;

/** A whole store on its way out and in, for {@code /v1/export} and {@code /v1/import}. Blocks. */
public interface StoreExchange {
    /** Where it may block; throws {@link java.util.concurrent.RejectedExecutionException} when too much of it goes on. */
    Executor threads();

    /**
     * Writes all documents as an archive.
     *
     * @param salvage whether documents that are damaged are left out
     * @throws Failure if the store does not give them
     * @throws IOException if {@code out} fails
     */
    void exportTo(OutputStream out, boolean salvage) throws IOException;

    /**
     * Takes in the documents of an archive, all or none.
     *
     * @param existing {@code refuse}, {@code skip} or {@code replace} documents that are there
     * @param keepEpochs whether clients go on as if nothing had happened
     * @return how many were added, replaced and skipped
     * @throws Failure if the store does not take them
     * @throws IOException if {@code in} fails
     */
    Map<String, Long> importFrom(InputStream in, String existing, boolean keepEpochs) throws IOException;

    /** The store says no. */
    final class Failure extends IOException {
        private static final long serialVersionUID = 1;

        private final int status;
        private final String code;

        /**
         * Says why.
         *
         * @param status of the answer
         * @param code for programs
         */
        public Failure(int status, String code, String message) {
            super(message);
            this.status = status;
            this.code = code;
        }

        int status() {
            return status;
        }

        String code() {
            return code;
        }
    }
}
