package dev.rejoin.server.webhook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Signatures are those of Standard Webhooks. */
class WebhookSecretsTest {
    /** The example that its libraries are tested with. */
    @Test
    void theExampleOfTheSpecificationSignsAsItSays() {
        WebhookSecrets secrets = WebhookSecrets.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
        assertEquals(
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                secrets.sign(
                        "msg_p5jXN8AQM9LWM0D4loKWxJek",
                        1_614_265_330,
                        "{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void eachSecretSigns() {
        WebhookSecrets two = WebhookSecrets.parse("a secret of 24 characters\r\n\nanother one, just as long as that\n");
        String[] signatures = two.sign("id", 1, new byte[0]).split(" ");
        assertEquals(2, signatures.length);
        assertEquals(
                signatures[1],
                WebhookSecrets.parse("another one, just as long as that").sign("id", 1, new byte[0]));
    }

    @Test
    void whatCannotBeASecretIsRefusedWithoutSayingIt() {
        for (String bad :
                new String[] {"", "short", "whsec_no base64!", "whsec_c2hvcnQ=", "a secret of 24 characters\n".repeat(5)
                }) {
            IllegalArgumentException refusal =
                    assertThrows(IllegalArgumentException.class, () -> WebhookSecrets.parse(bad));
            assertFalse(String.valueOf(refusal.getMessage()).contains("base64!"), refusal.getMessage());
        }
    }
}
