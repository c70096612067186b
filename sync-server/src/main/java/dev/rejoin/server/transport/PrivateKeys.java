package dev.rejoin.server.transport;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.HexFormat;
import java.util.List;

/**
 * Private keys as other programs write them: PKCS#8 (RFC 5958), and the older forms of RSA (PKCS#1, RFC 8017) and of elliptic
 * curves (SEC 1, RFC 5915), which the JDK reads once they are wrapped in PKCS#8.
 */
final class PrivateKeys {
    /* Algorithms that the TLS of the JDK signs with. */
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "RSASSA-PSS");

    private static final byte[] VERSION_0 = HexFormat.of().parseHex("020100");
    private static final byte[] RSA_ENCRYPTION = HexFormat.of().parseHex("300d06092a864886f70d0101010500");
    private static final byte[] EC_PUBLIC_KEY = HexFormat.of().parseHex("06072a8648ce3d0201");
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    /* Of an EC key: the curve, which stands outside of the key in PKCS#8. */
    private static final int PARAMETERS = 0xa0;

    private PrivateKeys() {}

    /**
     * The first private key of a PEM file.
     *
     * @throws InvalidKeySpecException saying what is wrong, without a word of the key
     */
    static PrivateKey of(List<Pem> blocks) throws InvalidKeySpecException {
        Pem block = blocks.stream()
                .filter(one -> one.label().endsWith("PRIVATE KEY"))
                .findFirst()
                .orElseThrow(() -> new InvalidKeySpecException("there is no private key in PEM in it"));
        if (block.encrypted()) {
            throw new InvalidKeySpecException("its key is encrypted with a password; take one without");
        }
        return decode(
                switch (block.label()) {
                    case "PRIVATE KEY" -> block.content();
                    case "RSA PRIVATE KEY" -> wrapped(RSA_ENCRYPTION, block.content());
                    case "EC PRIVATE KEY" ->
                        wrapped(element(SEQUENCE, EC_PUBLIC_KEY, curve(block.content())), block.content());
                    default -> throw new InvalidKeySpecException("a " + block.label() + " cannot be used for TLS");
                });
    }

    private static PrivateKey decode(byte[] pkcs8) throws InvalidKeySpecException {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (GeneralSecurityException another) {
                // it is a key of another algorithm, or none
            }
        }
        throw new InvalidKeySpecException("its key is neither one of RSA nor one of an elliptic curve of the JDK");
    }

    private static byte[] wrapped(byte[] algorithm, byte[] key) {
        return element(SEQUENCE, VERSION_0, algorithm, element(OCTET_STRING, key));
    }

    /** The element of DER with this content, of less than 64 KiB; parts follow each other. */
    private static byte[] element(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        int length = content.size();
        ByteArrayOutputStream element = new ByteArrayOutputStream();
        element.write(tag);
        if (length >= 0x100) {
            element.write(0x82);
            element.write(length >> 8);
        } else if (length >= 0x80) {
            element.write(0x81);
        }
        element.write(length);
        element.writeBytes(content.toByteArray());
        return element.toByteArray();
    }

    /** The content of the parameters of an EC key: SEQUENCE { version, key, [0] parameters, … }. */
    private static byte[] curve(byte[] key) throws InvalidKeySpecException {
        ByteBuffer der = ByteBuffer.wrap(key);
        try {
            der.get();
            ByteBuffer fields = content(der);
            while (fields.hasRemaining()) {
                int tag = fields.get() & 0xff;
                ByteBuffer field = content(fields);
                if (tag == PARAMETERS) {
                    byte[] parameters = new byte[field.remaining()];
                    field.get(parameters);
                    return parameters;
                }
            }
        } catch (BufferUnderflowException broken) {
            throw new InvalidKeySpecException("its key is cut off", broken);
        }
        throw new InvalidKeySpecException("its key does not name its curve");
    }

    /** Reads length and content of an element. */
    private static ByteBuffer content(ByteBuffer der) {
        int length = der.get() & 0xff;
        if (length >= 0x80) {
            int digits = length & 0x7f;
            length = 0;
            for (int i = 0; i < digits; i++) {
                length = length << 8 | der.get() & 0xff;
            }
        }
        if (length < 0 || length > der.remaining()) {
            throw new BufferUnderflowException();
        }
        ByteBuffer content = der.slice(der.position(), length);
        der.position(der.position() + length);
        return content;
    }
}
