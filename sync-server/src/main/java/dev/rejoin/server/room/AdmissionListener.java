package dev.rejoin.server.room;

/** Hears of every durable entry of every document, in the order of each document. Called on the loops of the rooms: must be quick and must not throw. */
public interface AdmissionListener {
    /** Nobody listens. */
    AdmissionListener NONE = new AdmissionListener() {
        @Override
        public boolean isListening() {
            return false;
        }

        @Override
        public void admitted(Admitted entry) {}
    };

    /** Whether it is worth writing entries for it. */
    boolean isListening();

    /** An entry is durable. */
    void admitted(Admitted entry);
}
