package dev.rejoin.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import dev.rejoin.server.file.WatchedFile;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class JwtAccessTest {
    private static final long NOW = 1_700_000_000L;

    @TempDir
    Path directory;

    private final AtomicLong clock = new AtomicLong(NOW * 1_000);
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private @Nullable JwtAccess access;

    @AfterEach
    void end() {
        if (access != null) {
            access.close();
        }
        scheduler.shutdownNow();
    }

    private JwtAccess.Builder builder() {
        return JwtAccess.builder(clock::get, scheduler);
    }

    private JwtAccess open(JwtAccess.Builder builder) {
        access = builder.open();
        return access;
    }

    private Path file(String name, byte[] content) {
        try {
            return Files.write(directory.resolve(name), content);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Path secret(String text) {
        return file("secret", text.getBytes(StandardCharsets.UTF_8));
    }

    private static String token(JWSAlgorithm algorithm, Consumer<Map<String, Object>> change) {
        Map<String, Object> claims = TestKeys.claims(NOW + 600);
        change.accept(claims);
        return TestKeys.sign(new JWSHeader(algorithm), TestKeys.json(claims));
    }

    private static Access ask(AccessPolicy policy, String document, String token) {
        return policy.authorise(new AccessRequest(document, token, "127.0.0.1"))
                .toCompletableFuture()
                .join();
    }

    private static String code(Access answer) {
        return assertInstanceOf(Denied.class, answer).code();
    }

    private static UnusableAccessException refusal(JwtAccess.Builder builder) {
        return assertThrows(UnusableAccessException.class, builder::open);
    }

    @Test
    void everyAlgorithmIsAcceptedWithAKeyOfItsOwn() {
        JwtAccess all = open(builder()
                .keySetFile(file("keys", TestKeys.keySet()))
                .algorithms(EnumSet.allOf(SigningAlgorithm.class)));
        for (SigningAlgorithm algorithm : SigningAlgorithm.values()) {
            Access answer = ask(all, "notes", token(algorithm.jose(), claims -> {}));
            assertEquals(
                    new Grant(new Principal("anna", "Anna"), Capability.WRITE, (NOW + 660) * 1_000, "t-1"),
                    answer,
                    algorithm.toString());
        }
    }

    @Test
    void withoutANamedAlgorithmTheCommonOnesAreAllowed() {
        JwtAccess published = open(builder().keySetFile(file("keys", TestKeys.keySet())));
        for (JWSAlgorithm good : List.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256, JWSAlgorithm.EdDSA)) {
            assertInstanceOf(Grant.class, ask(published, "notes", token(good, claims -> {})));
        }
        for (JWSAlgorithm bad : List.of(JWSAlgorithm.HS256, JWSAlgorithm.PS256, JWSAlgorithm.ES512)) {
            assertEquals(Denied.NEEDS_AUTH, code(ask(published, "notes", token(bad, claims -> {}))));
        }
    }

    @Test
    void aSecretIsTheFileWithoutItsLineBreak() {
        for (String end : List.of("", "\n", "\r\n")) {
            try (JwtAccess shared =
                    builder().secretFile(secret(TestKeys.SECRET + end)).open()) {
                assertInstanceOf(Grant.class, ask(shared, "notes", token(JWSAlgorithm.HS256, claims -> {})));
                assertEquals(Denied.NEEDS_AUTH, code(ask(shared, "notes", token(JWSAlgorithm.HS512, claims -> {}))));
                assertEquals(Denied.NEEDS_AUTH, code(ask(shared, "notes", token(JWSAlgorithm.RS256, claims -> {}))));
            }
        }
    }

    @Test
    void aKeyServesOnlyTheAlgorithmAndTheUseItIsMarkedFor() throws JOSEException {
        JWK marked = new RSAKey.Builder(TestKeys.RSA.toPublicJWK())
                .algorithm(JWSAlgorithm.PS256)
                .build();
        JwtAccess narrow = open(builder()
                .keySetFile(file("keys", TestKeys.keySet(marked, TestKeys.P256.toPublicJWK())))
                .algorithms(Set.of(SigningAlgorithm.RS256, SigningAlgorithm.PS256)));
        assertInstanceOf(Grant.class, ask(narrow, "notes", token(JWSAlgorithm.PS256, claims -> {})));
        assertEquals(Denied.NEEDS_AUTH, code(ask(narrow, "notes", token(JWSAlgorithm.RS256, claims -> {}))));
    }

    @Test
    void clientsLearnNeitherTheReasonNorWhetherADocumentExists() {
        JwtAccess some = open(builder().keySetFile(file("keys", TestKeys.keySet())));
        String token = token(JWSAlgorithm.ES256, claims -> {
            claims.remove("access");
            claims.put("documents", Map.of("notes/*", "read", "broken", "writ"));
        });
        Access forbidden = ask(some, "other", token);
        assertEquals(Denied.of(Denied.FORBIDDEN), forbidden);
        assertEquals(forbidden, ask(some, "broken", token));
        assertEquals(forbidden, ask(some, "notes", token));
        assertEquals(Denied.of(Denied.NEEDS_AUTH), ask(some, "notes/a", ""));
        Access refused = ask(some, "notes/a", token + "x");
        for (String bad : List.of("x", "a.b.c", token(JWSAlgorithm.HS256, claims -> {}))) {
            assertEquals(refused, ask(some, "notes/a", bad));
        }
        assertFalse(new AccessRequest("notes/a", token, "").toString().contains(token));
    }

    @Test
    void aGrantEndsWhenItsTokenDoes() {
        JwtAccess any = open(builder().keySetFile(file("keys", TestKeys.keySet())));
        String token = token(JWSAlgorithm.ES256, claims -> {});
        Grant grant = (Grant) ask(any, "notes", token);
        clock.set(grant.expiresAtMillis() - 1);
        assertInstanceOf(Grant.class, ask(any, "notes", token));
        assertTrue(grant.allows(Capability.WRITE, clock.get()));
        clock.set(grant.expiresAtMillis());
        assertEquals(new Denied(Denied.NEEDS_AUTH, "the token has expired", false), ask(any, "notes", token));
        assertFalse(grant.allows(Capability.READ, clock.get()));
    }

    @Test
    void newKeysOfAFileAreTakenAndOldOnesGivenUp() throws Exception {
        Path keys = file("keys", TestKeys.keySet(TestKeys.OTHER_RSA.toPublicJWK()));
        JwtAccess rotating = open(builder().keySetFile(keys));
        BlockingQueue<AccessChange> heard = new LinkedBlockingQueue<>();
        rotating.onChange(heard::add);
        String old = TestKeys.sign(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("other").build(),
                TestKeys.json(TestKeys.claims(NOW + 600)),
                new RSASSASigner(TestKeys.OTHER_RSA));
        String next = TestKeys.sign(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("rsa").build(),
                TestKeys.json(TestKeys.claims(NOW + 600)));
        assertInstanceOf(Grant.class, ask(rotating, "notes", old));
        assertEquals(Denied.NEEDS_AUTH, code(ask(rotating, "notes", next)));
        file("keys", TestKeys.keySet(TestKeys.OTHER_RSA.toPublicJWK(), TestKeys.RSA.toPublicJWK()));
        assertEquals(AccessChange.ALL, heard.poll(60, TimeUnit.SECONDS));
        assertInstanceOf(Grant.class, ask(rotating, "notes", old));
        assertInstanceOf(Grant.class, ask(rotating, "notes", next));
        file("keys", TestKeys.keySet(TestKeys.RSA.toPublicJWK()));
        assertEquals(AccessChange.ALL, heard.poll(60, TimeUnit.SECONDS));
        assertEquals(Denied.NEEDS_AUTH, code(ask(rotating, "notes", old)));
    }

    @Test
    void aFileThatBecomesUselessLeavesTheKeysInPlace() throws Exception {
        FileKeys keys = new FileKeys(
                new WatchedFile(file("keys", TestKeys.keySet()), FileKeys.MAX_BYTES),
                json -> KeySet.ofJwks(json, JwtAccess.KEY_SET_ALGORITHMS));
        KeySet good = keys.current();
        for (byte[] useless :
                new byte[][] {{}, "{".getBytes(StandardCharsets.UTF_8), new byte[FileKeys.MAX_BYTES + 1]}) {
            file("keys", useless);
            assertFalse(keys.poll());
            assertEquals(good, keys.current());
        }
        Files.delete(directory.resolve("keys"));
        assertFalse(keys.poll());
        assertEquals(good, keys.current());
        file("keys", TestKeys.keySet(TestKeys.P256.toPublicJWK()));
        assertTrue(keys.poll());
        assertEquals(1, keys.current().size());
    }

    @Test
    void whoIsRevokedIsDeniedAndTold() throws Exception {
        Path list = file("revoked", "# none yet\n".getBytes(StandardCharsets.UTF_8));
        JwtAccess revoking =
                open(builder().keySetFile(file("keys", TestKeys.keySet())).revocations(list));
        BlockingQueue<AccessChange> heard = new LinkedBlockingQueue<>();
        AccessPolicy.Subscription subscription = revoking.onChange(change -> {
            heard.add(change);
            throw new IllegalStateException("a listener that fails");
        });
        String anna = token(JWSAlgorithm.ES256, claims -> {});
        String annaAgain = token(JWSAlgorithm.ES256, claims -> claims.put("jti", "t-2"));
        String ben = token(JWSAlgorithm.ES256, claims -> claims.putAll(Map.of("sub", "ben", "jti", "t-3")));
        Grant grant = (Grant) ask(revoking, "notes", anna);

        replace(list, "jti t-1\n");
        AccessChange change = heard.poll(60, TimeUnit.SECONDS);
        assertEquals(AccessChange.token("t-1"), change);
        assertTrue(change.concerns("notes", grant));
        assertEquals(Denied.NEEDS_AUTH, code(ask(revoking, "notes", anna)));
        assertInstanceOf(Grant.class, ask(revoking, "notes", annaAgain));

        replace(list, "jti t-1\nsub\tanna\n");
        assertEquals(AccessChange.principal("anna"), heard.poll(60, TimeUnit.SECONDS));
        assertEquals(Denied.NEEDS_AUTH, code(ask(revoking, "notes", annaAgain)));
        assertInstanceOf(Grant.class, ask(revoking, "notes", ben));

        subscription.close();
        replace(list, "");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (ask(revoking, "notes", anna) instanceof Denied && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
        assertInstanceOf(Grant.class, ask(revoking, "notes", anna));
        assertTrue(heard.isEmpty());
    }

    private void replace(Path file, String content) throws IOException {
        Path next = Files.writeString(directory.resolve("next"), content);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void aRevocationListThatVanishesRevokesNothingLess() throws Exception {
        Path list = file("revoked", "jti t-1\n".getBytes(StandardCharsets.UTF_8));
        JwtAccess revoking =
                open(builder().keySetFile(file("keys", TestKeys.keySet())).revocations(list));
        Files.delete(list);
        Thread.sleep(4 * JwtAccess.POLL_MILLIS);
        assertEquals(Denied.NEEDS_AUTH, code(ask(revoking, "notes", token(JWSAlgorithm.ES256, claims -> {}))));
    }

    /** What a live session waits for is the poll: a change is heard within a second of the machine's own time. */
    @Test
    void filesAreLookedAtOftenEnoughForASecond() {
        assertTrue(JwtAccess.POLL_MILLIS * 2 <= 1_000);
    }

    @Test
    void manyRevocationsAreToldAsOneChange() {
        StringBuilder list = new StringBuilder();
        for (int i = 0; i <= Revocations.MAX_SINGLE_CHANGES; i++) {
            list.append("jti t-").append(i).append('\n');
        }
        Revocations many = Revocations.of(list.toString().getBytes(StandardCharsets.UTF_8));
        assertEquals(List.of(AccessChange.ALL), many.changesSince(Revocations.NONE));
        assertEquals(List.of(), many.changesSince(many));
        Revocations fewer = Revocations.of("jti t-0\nsub x\n\nnonsense\n".getBytes(StandardCharsets.UTF_8));
        assertEquals(List.of(AccessChange.principal("x")), fewer.changesSince(many));
        assertEquals(List.of(4), fewer.unreadableLines());
    }

    @Test
    void aSecretMustBeAsLongAsItsHash() {
        UnusableAccessException refused = refusal(builder().secretFile(secret("x".repeat(31) + "\n")));
        assertEquals(UnusableAccessException.Setting.KEYS, refused.setting());
        assertTrue(refused.getMessage().endsWith("HS256 takes a secret of at least 32 bytes, this one has 31"));
        assertFalse(refused.getMessage().contains("xxx"));
        for (Map.Entry<SigningAlgorithm, Integer> least :
                Map.of(SigningAlgorithm.HS384, 48, SigningAlgorithm.HS512, 64).entrySet()) {
            Set<SigningAlgorithm> only = Set.of(least.getKey());
            refusal(builder()
                    .secretFile(secret("x".repeat(least.getValue() - 1)))
                    .algorithms(only));
            builder()
                    .secretFile(secret("x".repeat(least.getValue())))
                    .algorithms(only)
                    .open()
                    .close();
        }
    }

    @Test
    void keysThatAreWeakPrivateOrForSomethingElseAreNotUsed() {
        JWK weak = TestKeys.rsa("weak", 2_048).toPublicJWK();
        List<JWK> useless = List.of(
                TestKeys.RSA,
                TestKeys.P256,
                TestKeys.OCTETS,
                TestKeys.P384.toPublicJWK(),
                new RSAKey.Builder((RSAKey) weak).keyUse(KeyUse.ENCRYPTION).build(),
                new RSAKey.Builder((RSAKey) weak).algorithm(JWSAlgorithm.RS512).build());
        UnusableAccessException refused =
                refusal(builder().keySetFile(file("keys", TestKeys.keySet(useless.toArray(JWK[]::new)))));
        assertEquals(UnusableAccessException.Setting.KEYS, refused.setting());
        assertTrue(refused.getMessage().contains("none of the 6 keys can be used"), refused.getMessage());
    }

    @Test
    void anRsaKeyBelow2048BitsIsNotUsed() throws Exception {
        var generator = java.security.KeyPairGenerator.getInstance("RSA");
        generator.initialize(1_024);
        JWK weak = new RSAKey.Builder((java.security.interfaces.RSAPublicKey)
                        generator.generateKeyPair().getPublic())
                .build();
        refusal(builder().keySetFile(file("keys", TestKeys.keySet(weak))));
    }

    @Test
    void aKeySetHasABound() {
        JWK[] keys = new JWK[KeySet.MAX_KEYS + 1];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = new com.nimbusds.jose.jwk.ECKey.Builder(TestKeys.P256.toPublicJWK())
                    .keyID("k" + i)
                    .build();
        }
        assertTrue(refusal(builder().keySetFile(file("keys", TestKeys.keySet(keys))))
                .getMessage()
                .contains("at most 32 keys"));
    }

    @Test
    void algorithmsMustSuitTheKindOfKeys() {
        for (JwtAccess.Builder bad : List.of(
                builder().secretFile(secret(TestKeys.SECRET)).algorithms(Set.of(SigningAlgorithm.RS256)),
                builder()
                        .keySetUrl(URI.create("http://localhost:1/"))
                        .algorithms(Set.of(SigningAlgorithm.ES256, SigningAlgorithm.HS256)))) {
            assertEquals(
                    UnusableAccessException.Setting.ALGORITHMS, refusal(bad).setting());
        }
    }

    @Test
    void filesThatCannotBeReadAreSaidAtTheStart() {
        Path nowhere = directory.resolve("nowhere");
        assertEquals(
                UnusableAccessException.Setting.KEYS,
                refusal(builder().secretFile(nowhere)).setting());
        assertEquals(
                UnusableAccessException.Setting.KEYS,
                refusal(builder().keySetFile(nowhere)).setting());
        assertEquals(
                UnusableAccessException.Setting.REVOCATIONS,
                refusal(builder().secretFile(secret(TestKeys.SECRET)).revocations(nowhere))
                        .setting());
        UnusableAccessException line = refusal(builder()
                .secretFile(secret(TestKeys.SECRET))
                .revocations(file("revoked", "jti a\njit b\n".getBytes(StandardCharsets.UTF_8))));
        assertTrue(line.getMessage().startsWith("line 2 of "), line.getMessage());
    }

    @Test
    void keysComeFromOnePlace() {
        assertThrows(IllegalStateException.class, () -> builder().open());
        assertThrows(
                IllegalStateException.class,
                () -> builder()
                        .secretFile(secret(TestKeys.SECRET))
                        .keySetFile(secret(TestKeys.SECRET))
                        .open());
    }

    @Test
    void twoSecretsServeWhileOneTakesTheOthersPlace() throws JOSEException {
        byte[] next = "f".repeat(32).getBytes(StandardCharsets.UTF_8);
        JWK second = new com.nimbusds.jose.jwk.OctetSequenceKey.Builder(next).build();
        JwtAccess both = open(builder()
                .keySetFile(file("keys", TestKeys.keySet(TestKeys.OCTETS, second)))
                .algorithms(Set.of(SigningAlgorithm.HS256)));
        assertInstanceOf(Grant.class, ask(both, "notes", token(JWSAlgorithm.HS256, claims -> {})));
        String signedByNext = TestKeys.sign(
                new JWSHeader(JWSAlgorithm.HS256), TestKeys.json(TestKeys.claims(NOW + 600)), new MACSigner(next));
        assertInstanceOf(Grant.class, ask(both, "notes", signedByNext));
    }
}
