package dev.rejoin.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.util.Base64URL;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;

/** Whatever is sent as a token, it is accepted only if every byte that was signed is there, and otherwise has a flaw. */
final class TokenFuzz {
    private static final long NOW = 1_700_000_000L;

    private final TokenCheck check = new TokenCheck(EnumSet.allOf(SigningAlgorithm.class), "", Set.of());
    private final KeySet keys;
    private final String good =
            TestKeys.sign(new JWSHeader(JWSAlgorithm.HS256), TestKeys.json(TestKeys.claims(NOW + 600)));

    TokenFuzz() throws UnusableKeysException {
        keys = KeySet.ofJwks(TestKeys.keySet(), EnumSet.allOf(SigningAlgorithm.class));
    }

    private boolean isAccepted(String token) {
        try {
            check.check(token, keys, NOW * 1_000);
            return true;
        } catch (TokenFlawException flaw) {
            return false;
        }
    }

    private void onlyTheSignedBytesPass(String token) {
        int signed = good.lastIndexOf('.') + 1;
        if (isAccepted(token)) {
            assertEquals(good.substring(0, signed), token.substring(0, Math.min(signed, token.length())));
            assertEquals(
                    new Base64URL(good.substring(signed)).decodeToString(),
                    new Base64URL(token.substring(signed)).decodeToString());
        }
    }

    @Property(tries = 20_000)
    void aGoodTokenWithAnythingReplaced(
            @ForAll @IntRange(max = 10_000) int at,
            @ForAll @IntRange(max = 20) int length,
            @ForAll @StringLength(max = 20) @CharRange(from = '-', to = 'z') String by) {
        int from = at % good.length();
        int to = Math.min(good.length(), from + length);
        onlyTheSignedBytesPass(good.substring(0, from) + by + good.substring(to));
    }

    @Property(tries = 10_000)
    void anyHeader(@ForAll @StringLength(max = 60) String more, @ForAll SigningAlgorithm algorithm) {
        String[] parts = good.split("\\.");
        String header = "{\"alg\":\"" + algorithm + "\"," + more;
        onlyTheSignedBytesPass(
                Base64URL.encode(header.getBytes(StandardCharsets.UTF_8)) + "." + parts[1] + "." + parts[2]);
    }

    @Property(tries = 10_000)
    void anyText(@ForAll String text) {
        assertEquals(false, isAccepted(text));
    }

    /** What the issuer signed may be nonsense too. */
    @Property(tries = 5_000)
    void anyClaims(@ForAll @StringLength(max = 100) String payload) {
        if (!payload.isEmpty()) {
            assertEquals(false, isAccepted(TestKeys.sign(new JWSHeader(JWSAlgorithm.HS256), payload)));
        }
    }
}
