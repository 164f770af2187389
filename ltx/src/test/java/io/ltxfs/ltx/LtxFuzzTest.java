package io.ltxfs.ltx;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Coverage-guided fuzzing. A normal test run goes through the seeds only. To search, for as long as the annotation
 * says:
 *
 * <pre>
 * JAZZER_FUZZ=1 mvn -pl ltx test -Djazzer.hooks=true -Dtest=LtxFuzzTest#reads
 * </pre>
 *
 * <p>What it finds is left below {@code src/test/resources}, where every later test run tries it again.
 */
final class LtxFuzzTest {
    static Stream<Arguments> files() {
        return Stream.of(Golden.DIR, Golden.EXAMPLES)
                .flatMap(dir -> Golden.filesBelow(dir).stream())
                .map(file -> Arguments.of((Object) Golden.bytes(file)));
    }

    static Stream<Arguments> pairs() {
        List<byte[]> files = Golden.files().stream()
                .map(Golden::bytes)
                .filter(bytes -> bytes.length < 5000)
                .toList();
        return Stream.iterate(0, i -> i + 1 < files.size(), i -> i + 1)
                .map(i -> Arguments.of((Object) FuzzTargets.join(files.get(i), files.get(i + 1))));
    }

    @MethodSource("files")
    @FuzzTest(maxDuration = "10m")
    void reads(byte[] file) {
        FuzzTargets.run(file, FuzzTargets::read);
    }

    @MethodSource("files")
    @FuzzTest(maxDuration = "10m")
    void readsRepaired(byte[] file) {
        FuzzTargets.run(file, FuzzTargets::readRepaired);
    }

    @MethodSource("files")
    @FuzzTest(maxDuration = "10m")
    void readsByIndex(byte[] file) {
        FuzzTargets.run(file, FuzzTargets::readByIndex);
    }

    @MethodSource("pairs")
    @FuzzTest(maxDuration = "10m")
    void compacts(byte[] files) {
        FuzzTargets.run(files, FuzzTargets::compact);
    }
}
