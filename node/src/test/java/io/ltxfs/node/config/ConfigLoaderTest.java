package io.ltxfs.node.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.ArchiveOptions;
import io.ltxfs.ltx.PageCoding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigLoaderTest {
    /** The documentation's example: every key with its default. */
    private static final String DEFAULTS = """
            mount: /litefs
            data: /var/lib/ltxfs
            node: { id: host1, advertise: host1:20203 }
            archive:
              url: file:/var/lib/ltxfs/archive
              sync: 1s
              levels: [30s, 5m, 1h]
              history: 24h
              snapshots: { every: 24h, keep: 3d }
            lease: { url: local, ttl: 5s }
            durability: local
            durability-wait: { max: 10s, then: wait }
            capture: auto
            unjournaled: adopt
            replication: { listen: 127.0.0.1:20203, tls: { cert: , key: , ca: }, insecure: false }
            http: { listen: 127.0.0.1:20202 }
            log: { max-bytes: 1GiB }
            files: { owner: , group: , mode: }
            databases: []
            transport: auto
            stop-timeout: 20s
            on-daemon-death: restart
            """;

    @TempDir
    Path dir;

    @Test
    void theDefaultsAreTheDocumentedOnes() throws IOException {
        LtxfsConfig written = load(DEFAULTS).config();
        LtxfsConfig defaults = load("").config();
        assertEquals(written, defaults);
        assertEquals(Path.of("/litefs"), defaults.mount());
        assertEquals(Duration.ofSeconds(20), defaults.stopTimeout());
        assertEquals(1L << 30, defaults.logMaxBytes());
        assertEquals(
                List.of(Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofHours(1)),
                defaults.archive().levels());
    }

    @Test
    void othersThanRootHaveTheirOwnDirectories() {
        ConfigRequest request =
                new ConfigRequest(Optional.of(dir.resolve("ltxfs.yml")), List.of(), Map.of(), false, "h");
        write("");
        LtxfsConfig config = ConfigLoader.load(request).config();
        Path home = HomeDirectory.get();
        assertEquals(home.resolve("ltxfs"), config.mount());
        assertEquals(home.resolve(".local/share/ltxfs"), config.data());
        assertEquals(
                Optional.of(home.resolve(".local/share/ltxfs/archive")),
                config.archive().url().directory());
    }

    @Test
    void whatIsShownReadsBackTheSame() throws IOException {
        String yaml = """
                node.id: "a b"
                files: {mode: 0640, owner: "1000"}
                replication: {listen: "0.0.0.0:1", insecure: true}
                archive: {url: /a, levels: [2s, 90s]}
                databases:
                  - match: "tenants/**"
                    durability: archive
                    archive.path: t
                    durability-wait: {then: fail}
                  - { match: "x.db", unjournaled: refuse, files.mode: 0600 }
                """;
        LoadedConfig loaded = load(yaml);
        LoadedConfig again = load(loaded.yaml());
        assertEquals(loaded.config(), again.config());
        assertEquals(0640, loaded.config().files().mode().orElseThrow());
        assertEquals(Unjournaled.REFUSE, loaded.config().unjournaledFor("x.db"));
        assertEquals(Unjournaled.ADOPT, loaded.config().unjournaledFor("a/x.db"));
        assertTrue(loaded.config().databases().get(0).matches("tenants/a/b.db"));
    }

    @Test
    void theFirstRuleThatHasASettingCountsForADatabase() throws IOException {
        LtxfsConfig config = load("""
                archive: {sync: 2s, history: 1h, snapshots: {every: 3h, keep: 9d}, page-coding: frame,
                          log-full: refuse-writes, uploads: 3}
                databases:
                  - {match: "tenants/**", archive.sync: 5s, archive.path: moved}
                  - {match: tenants/a.db, archive.sync: 7s, archive.history: 2h, archive.path: /old/place/}
                  - {match: one.db, archive.path: /old/place/}
                """).config();
        ArchiveOptions options = config.archiveFor("tenants/a.db");
        assertEquals(Duration.ofSeconds(5), options.sync());
        assertEquals(Duration.ofHours(2), options.history());
        assertEquals(Duration.ofHours(3), options.snapshotsEvery());
        assertEquals(Duration.ofDays(9), options.snapshotsKeep());
        assertEquals(Duration.ofSeconds(2), config.archiveFor("b.db").sync());
        assertEquals(PageCoding.FRAME, config.archive().pageCoding());
        assertEquals(WhenLogIsFull.REFUSE_WRITES, config.archive().logFull());
        assertEquals(3, config.archive().uploads());
        assertEquals("moved/tenants/a.db", config.archivePlaceOf("tenants/a.db"));
        assertEquals("old/place", config.archivePlaceOf("one.db"));
        assertEquals("b.db", config.archivePlaceOf("b.db"));
        assertEquals(
                Optional.of("tenants/x/y.db"), config.databaseAtPlace("moved/tenants/x/y.db", "moved/tenants/x/y.db"));
        assertEquals(Optional.of("one.db"), config.databaseAtPlace("old/place", "old/place"));
        assertEquals(Optional.of("b.db"), config.databaseAtPlace("b.db", "b.db"));
        assertEquals(Optional.empty(), config.databaseAtPlace("one.db", "one.db"));
    }

    @Test
    void settingsOfTheCommandLineCountMost() throws IOException {
        LtxfsConfig config = load(
                        "archive: {sync: 3s}\ncapture: strict\n",
                        "archive.levels=[2s,5s]",
                        "archive.sync=7s",
                        "http={listen: \"127.0.0.1:0\"}")
                .config();
        assertEquals(Duration.ofSeconds(7), config.archive().sync());
        assertEquals(
                List.of(Duration.ofSeconds(2), Duration.ofSeconds(5)),
                config.archive().levels());
        assertEquals(CaptureMode.STRICT, config.capture());
        assertEquals(new Endpoint("127.0.0.1", 0), config.httpListen());
    }

    @Test
    void environmentVariablesAreExpanded() throws IOException {
        LtxfsConfig config =
                load("node: {id: \"${NAME}-${UNSET:-x}\"}\ndata: /d/$${NAME}\n").config();
        assertEquals("alpha-x", config.node().id());
        assertEquals(Path.of("/d/${NAME}"), config.data());
        String message = refused("mount: /m/${NOWHERE}\n");
        assertTrue(message.contains("NOWHERE") && message.contains(":1: "), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mont: /x | mont | mount",
                "archive: {synk: 1s} | archive.synk | archive.sync",
                "stop_timeout: 5s | stop_timeout | stop-timeout",
                "levels: [1s] | levels | archive.levels",
                "databases: [{match: x, capture: fast}] | capture | archive",
                "replication: {tls: {crt: x}} | replication.tls.crt | replication.tls.cert",
            })
    void anUnknownKeyIsRefusedWithTheNearest(String yaml, String named, String nearest) {
        String message = refused(yaml);
        assertTrue(message.contains(": " + named + ": is not a key"), message);
        if (!yaml.contains("databases")) {
            assertTrue(message.endsWith("the nearest one is " + nearest), message);
        }
        assertTrue(message.contains("ltxfs.yml:1"), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "archive: {sync: 5} | archive.sync | '5' is not a duration | 500ms",
                "archive: {sync: 0s} | archive.sync | less than 1ms | 500ms",
                "archive: {levels: [5m, 1m]} | archive.levels | not longer | growing",
                "capture: quick | capture | 'quick' is not known | auto, strict, fast",
                "durability: replica:0 | durability | 'replica:0' is not known | replica:N",
                "durability-wait: {then: panic} | durability-wait.then | 'panic' | wait, degrade, fail",
                "log: {max-bytes: 1GB} | log.max-bytes | not a size | GiB",
                "log: {max-bytes: 1KiB} | log.max-bytes | less than 1MiB | GiB",
                "http: {listen: 20202} | http.listen | not host:port | 127.0.0.1:20202",
                "http: {listen: '1.2.3.4:70000'} | http.listen | not host:port | 127.0.0.1:20202",
                "files: {mode: rw} | files.mode | 'rw' is not a file mode | 0640",
                "replication: {insecure: yes} | replication.insecure | 'yes' | true or false",
                "replication: {listen: '0.0.0.0:1'} | replication.listen | without encryption | insecure",
                "replication: {tls: {cert: /c}} | replication.tls | only one | both",
                "archive: {url: 'ftp://x'} | archive.url | not a store | s3://",
                "archive: {url: 'file:x'} | archive.url | no absolute path | none",
                "lease: {url: /shared/lease} | archive.url | local to this node | none",
                "data: /litefs/data | data | within each other | directories",
                "mount: / | data | within each other | directories",
                "archive: yes | archive | is a section | archive.sync",
                "mount: [a] | mount | is a list | directory",
                "mount: | mount | is empty | directory",
                "archive: {uploads: 0} | archive.uploads | not from 1 to | whole number",
                "archive: {log-full: wait} | archive.log-full | 'wait' | refuse-writes",
                "databases: [{match: x, archive.path: a/../b}] | databases[0].archive.path | '..' | below",
                "databases: x | databases | is not a list | match",
                "databases: [{durability: local}] | databases[0] | has no match | pattern",
                "databases: [{match: x, durability: far}] | databases[0].durability | 'far' | replica:N",
                "databases: [{match: '[x'}] | databases.match | not a pattern | tenants",
                "durability: archive | durability | x | x",
                "durability: replica:1 | durability | lease.url is local | give lease.url a store",
                "databases: [{match: x, durability: replica:1}] | databases[0].durability | no replicas | lease.url",
                "{lease: {url: /var/lib/ltxfs/l}, archive: {url: none}} | lease.url | own data directory | all nodes",
                "{lease: {url: /l}, archive: {url: none}, node: {advertise: '0.0.0.0:1'}} | node.advertise | no address | name",
                "replication: {tls: {cert: /c, key: /k}} | replication.tls | has no ca | ltxfs certs",
                "replication: {tls: {ca: /c}} | replication.tls | neither cert nor key | all three",
            })
    void aWrongValueNamesTheKeyAndWhatIsAllowed(String yaml, String key, String problem, String allowed) {
        if (problem.equals("x")) {
            String message = refused("durability: archive\narchive: {url: none}\n");
            assertTrue(message.contains("durability: is archive, but archive.url is none"), message);
            return;
        }
        String message = refused(yaml);
        assertTrue(message.contains(key + ": ") || message.contains(key + "\": "), message);
        assertTrue(message.contains(problem), message);
        assertTrue(message.contains(allowed), message);
    }

    @Test
    void brokenFilesAreNamedWithTheLine() {
        assertTrue(refused("mount: /a\nmount: /b\n").contains("ltxfs.yml:2: mount is given twice"));
        assertTrue(refused("mount: /a\n  bad: [\n").contains("ltxfs.yml:"));
        assertTrue(refused("- a\n").contains("is not a mapping"));
        ConfigException missing = assertThrows(
                ConfigException.class, () -> ConfigLoader.load(request(dir.resolve("nothing.yml"), List.of())));
        assertTrue(missing.getMessage().contains("no such file"), missing.getMessage());
    }

    @Test
    void wrongSettingsOfTheCommandLineAreNamed() {
        assertTrue(refused("", "archive.sync").contains("write --set KEY=VALUE"));
        assertTrue(refused("", "archive.synk=1s").contains("the nearest one is archive.sync"));
        assertTrue(refused("", "archive.sync=1y").startsWith("--set: archive.sync: '1y' is not a duration"));
        assertTrue(refused("", "archive.sync=[").contains("--set archive.sync: is not YAML"));
    }

    @Test
    void whatComesLaterIsSaid() throws IOException {
        assertEquals(List.of(), load("").notices());
        List<String> notices = load("capture: fast\n").notices();
        assertEquals(1, notices.size(), notices.toString());
        assertFalse(notices.stream().anyMatch(notice -> !notice.contains("later version")));
    }

    @Test
    void aNodeOfAClusterAdvertisesWhereItListens() throws IOException {
        String cluster = "lease: {url: /l}\narchive: {url: none}\n";
        assertEquals(new Endpoint("host1", 20203), load("").config().node().advertise());
        assertEquals(
                new Endpoint("127.0.0.1", 20203), load(cluster).config().node().advertise());
        assertEquals(
                new Endpoint("10.1.2.3", 7),
                load(cluster + "replication: {listen: '10.1.2.3:7', insecure: true}\n")
                        .config()
                        .node()
                        .advertise());
        Endpoint any = load(cluster + "replication: {listen: '0.0.0.0:0', insecure: true}\n")
                .config()
                .node()
                .advertise();
        assertEquals(new Endpoint("host1", 0), any);
        assertEquals(new Endpoint("host1", 4711), any.withPort(4711));
        LoadedConfig cutOff = load(cluster + "node: {advertise: 'db1:20203'}\n");
        assertEquals(1, cutOff.notices().size());
        assertTrue(cutOff.notices().get(0).contains("cannot connect"));
    }

    @Test
    void durabilityAndFilesAreThoseOfTheFirstRuleThatHasThem() throws IOException {
        LtxfsConfig config = load("""
                lease: {url: /l}
                archive: {url: /a}
                durability: replica:2
                files: {owner: app, mode: 0640}
                databases:
                  - {match: "tenants/**", durability-wait: {max: 1s}, files.mode: 0600}
                  - {match: tenants/a.db, durability: archive, durability-wait: {max: 2s, then: fail}}
                """).config();
        assertEquals(new Durability.Replica(2), config.durabilityFor("b.db"));
        assertEquals(new Durability.Archive(), config.durabilityFor("tenants/a.db"));
        assertEquals(
                new LtxfsConfig.DurabilityWait(Duration.ofSeconds(1), WhenWaitEnds.FAIL),
                config.durabilityWaitFor("tenants/a.db"));
        assertEquals(
                new LtxfsConfig.DurabilityWait(Duration.ofSeconds(10), WhenWaitEnds.WAIT),
                config.durabilityWaitFor("b.db"));
        assertEquals(Optional.of("app"), config.filesFor("tenants/a.db").owner());
        assertEquals(Optional.of(0600), config.filesFor("tenants/a.db").mode());
        assertEquals(Optional.of(0640), config.filesFor("b.db").mode());
    }

    private LoadedConfig load(String yaml, String... settings) throws IOException {
        return ConfigLoader.load(request(write(yaml), List.of(settings)));
    }

    private String refused(String yaml, String... settings) {
        Path file = write(yaml);
        return assertThrows(ConfigException.class, () -> ConfigLoader.load(request(file, List.of(settings))))
                .getMessage();
    }

    private Path write(String yaml) {
        try {
            return Files.writeString(dir.resolve("ltxfs.yml"), yaml);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static ConfigRequest request(Path file, List<String> settings) {
        return new ConfigRequest(Optional.of(file), settings, Map.of("NAME", "alpha"), true, "host1");
    }
}
