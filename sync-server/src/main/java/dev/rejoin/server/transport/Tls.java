package dev.rejoin.server.transport;

import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.server.file.WatchedFile;
import dev.rejoin.server.transport.UnusableTlsException.Setting;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate that a server shows and the key to it, in files that are read again when they change. Connections that are
 * open keep what they began with. For any thread.
 */
public final class Tls implements AutoCloseable {
    /** Largest file, in bytes. */
    static final int MAX_BYTES = 64 << 10;

    /** How long before the end of a certificate it is mentioned in the log. */
    static final long WARNING_MILLIS = TimeUnit.DAYS.toMillis(14);

    /* The two files cannot be replaced at the same moment, so nothing is said of a pair that fits at the next looks. */
    private static final int PATIENT_LOOKS = 4;

    private static final Logger LOG = LoggerFactory.getLogger(Tls.class);

    private final WatchedFile certificateFile;
    private final WatchedFile keyFile;
    private final TimeSource time;
    private final ScheduledFuture<?> polling;
    private byte[] certificate;
    private byte[] key;
    private int failedLooks;
    private boolean warned;
    private volatile TlsIdentity identity;

    private Tls(Path certificate, Path key, TimeSource time, ScheduledExecutorService scheduler) {
        this.certificateFile = new WatchedFile(certificate, MAX_BYTES);
        this.keyFile = new WatchedFile(key, MAX_BYTES);
        this.time = time;
        this.certificate = first(certificateFile, Setting.CERTIFICATE);
        this.key = first(keyFile, Setting.KEY);
        this.identity = TlsIdentity.of(certificate, this.certificate, key, this.key, time.millis());
        warnBeforeTheEnd();
        this.polling = scheduler.scheduleWithFixedDelay(
                this::poll, WatchedFile.POLL_MILLIS, WatchedFile.POLL_MILLIS, TimeUnit.MILLISECONDS);
    }

    /**
     * Reads both files and begins to watch them.
     *
     * @param certificate PEM: the server's certificate, then those of its issuers up to one that clients know
     * @param key PEM: the private key of the server's certificate, not encrypted; RSA or an elliptic curve, in PKCS#8 or the older
     *     form of its kind
     * @param time the clock that expiry is held against
     * @param scheduler looks at the files; stays the caller's
     * @throws UnusableTlsException if one of them cannot be read or used, or they do not belong together
     */
    public static Tls open(Path certificate, Path key, TimeSource time, ScheduledExecutorService scheduler) {
        return new Tls(certificate, key, time, scheduler);
    }

    private static byte[] first(WatchedFile file, Setting setting) {
        return look(file, setting)
                .orElseThrow(() -> new UnusableTlsException(setting, file.path() + " was read before"));
    }

    private static Optional<byte[]> look(WatchedFile file, Setting setting) {
        try {
            return file.changed();
        } catch (IOException failure) {
            throw new UnusableTlsException(setting, file.path() + " cannot be read: " + failure);
        }
    }

    /** How long the certificate is valid from now on, in seconds; negative once it has expired. */
    public double secondsToExpiry() {
        return (identity.expiresAtMillis() - time.millis()) / 1_000.0;
    }

    /** What the next connection begins with. */
    TlsHandler handler(ByteBufAllocator allocator) {
        return new TlsHandler(identity.context().newEngine(allocator));
    }

    /** Stops watching; what was read last stays. */
    @Override
    public void close() {
        polling.cancel(false);
    }

    private void poll() {
        try {
            Optional<byte[]> newCertificate = look(certificateFile, Setting.CERTIFICATE);
            certificate = newCertificate.orElse(certificate);
            Optional<byte[]> newKey = look(keyFile, Setting.KEY);
            key = newKey.orElse(key);
            if (newCertificate.isPresent() || newKey.isPresent() || failedLooks > 0) {
                take();
            }
            failedLooks = 0;
        } catch (RuntimeException failure) {
            if (++failedLooks == PATIENT_LOOKS) {
                LOG.error("the certificate read before stays in use: {}", failure.getMessage());
            }
        }
        warnBeforeTheEnd();
    }

    private void take() {
        identity = TlsIdentity.of(certificateFile.path(), certificate, keyFile.path(), key, time.millis());
        warned = false;
        LOG.info("new connections get the certificate in {}, which expires at {}", certificateFile.path(), expiry());
    }

    private void warnBeforeTheEnd() {
        if (!warned && identity.expiresAtMillis() - time.millis() < WARNING_MILLIS) {
            warned = true;
            LOG.warn("the certificate in {} expires at {}", certificateFile.path(), expiry());
        }
    }

    private Instant expiry() {
        return Instant.ofEpochMilli(identity.expiresAtMillis());
    }
}
