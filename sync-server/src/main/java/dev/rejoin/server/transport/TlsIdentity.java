package dev.rejoin.server.transport;

import dev.rejoin.server.transport.UnusableTlsException.Setting;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;

/**
 * A certificate with its key, and how it is spoken for: TLS 1.3 and 1.2, with forward secrecy and authenticated ciphers only,
 * HTTP/1.1 if the peer asks by ALPN. Immutable.
 *
 * @param expiresAtMillis when the server's own certificate expires; those of its issuers are the clients' business
 */
record TlsIdentity(SslContext context, long expiresAtMillis) {
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final List<String> CIPHERS = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    /**
     * Checks everything that can be checked before a client comes.
     *
     * @param certificateFile PEM: the server's certificate, then those of its issuers
     * @param keyFile PEM: the key of the server's certificate
     * @throws UnusableTlsException if the certificate is not valid now, or the key is none or another one's
     */
    static TlsIdentity of(Path certificateFile, byte[] certificates, Path keyFile, byte[] key, long nowMillis) {
        List<X509Certificate> chain = chain(certificateFile, certificates);
        X509Certificate own = chain.get(0);
        if (nowMillis > own.getNotAfter().getTime()) {
            throw bad(
                    certificateFile,
                    "its certificate has expired, at " + own.getNotAfter().toInstant());
        }
        if (nowMillis < own.getNotBefore().getTime()) {
            throw bad(
                    certificateFile,
                    "its certificate is not valid before " + own.getNotBefore().toInstant());
        }
        PrivateKey privateKey;
        try {
            privateKey = PrivateKeys.of(Pem.blocks(key));
        } catch (InvalidKeySpecException failure) {
            throw badKey(keyFile, String.valueOf(failure.getMessage()));
        } catch (IllegalArgumentException noBase64) {
            throw badKey(keyFile, "its key is no PEM");
        }
        if (!belong(own.getPublicKey(), privateKey)) {
            throw badKey(keyFile, "its key is not that of the first certificate in " + certificateFile);
        }
        return new TlsIdentity(
                context(keyFile, privateKey, chain), own.getNotAfter().getTime());
    }

    private static List<X509Certificate> chain(Path file, byte[] content) {
        List<X509Certificate> chain = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Pem block : Pem.blocks(content)) {
                if (block.label().equals("CERTIFICATE")) {
                    chain.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.content())));
                }
            }
        } catch (CertificateException | IllegalArgumentException failure) {
            throw bad(file, "one of its certificates is broken: " + failure.getMessage());
        }
        if (chain.isEmpty()) {
            throw bad(file, "there is no certificate in PEM in it");
        }
        return chain;
    }

    /** Whether what the one signs is what the other verifies. */
    private static boolean belong(PublicKey certified, PrivateKey key) {
        String algorithm = key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA";
        byte[] message = {1};
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(message);
            byte[] signed = signature.sign();
            signature.initVerify(certified);
            signature.update(message);
            return signature.verify(signed);
        } catch (GeneralSecurityException ofDifferentKinds) {
            return false;
        }
    }

    private static SslContext context(Path keyFile, PrivateKey key, List<X509Certificate> chain) {
        try {
            return SslContextBuilder.forServer(key, chain)
                    .sslProvider(SslProvider.JDK)
                    .protocols(PROTOCOLS)
                    .ciphers(CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
                    .applicationProtocolConfig(new ApplicationProtocolConfig(
                            Protocol.ALPN,
                            SelectorFailureBehavior.FATAL_ALERT,
                            SelectedListenerFailureBehavior.ACCEPT,
                            ApplicationProtocolNames.HTTP_1_1))
                    .build();
        } catch (SSLException | IllegalArgumentException failure) {
            throw badKey(keyFile, "its key and certificate cannot be used for TLS: " + failure.getMessage());
        }
    }

    private static UnusableTlsException bad(Path file, String why) {
        return new UnusableTlsException(Setting.CERTIFICATE, file + ": " + why);
    }

    private static UnusableTlsException badKey(Path file, String why) {
        return new UnusableTlsException(Setting.KEY, file + ": " + why);
    }
}
