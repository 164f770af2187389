import io.ltxfs.node.cli.Cli;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * Exports one database after the other in one JVM, for {@code check_databases.py}: {@code java -cp ltxfs.jar
 * Exports.java DATA}. A line of standard input is a database, a tab, and the file to write; a line of output the exit
 * code of {@code ltxfs export}.
 */
final class Exports {
    private Exports() {}

    public static void main(String[] args) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split("\t", 2);
            System.out.println(Cli.run("export", words[0], "-o", words[1], "--data", args[0]));
        }
    }
}
