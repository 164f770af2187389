package io.ltxfs.mutants;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Loads code once more with some source files changed, and with it the simulation that is to notice. */
public final class MutantLoader extends ClassLoader {
    private final Predicate<String> anew;
    private final Map<String, byte[]> changed;

    private MutantLoader(Predicate<String> anew, Map<String, byte[]> changed) {
        super(MutantLoader.class.getClassLoader());
        this.anew = anew;
        this.changed = changed;
    }

    /**
     * Compiles a mutant.
     *
     * @param name for people
     * @param sources where a source file is, by the name that edits give it
     * @param anew which classes are loaded once more, by their full names: the changed ones and all that use them
     * @throws IllegalStateException if an edit does not fit the source any more, or what comes out does not compile
     */
    public static MutantLoader of(String name, List<Edit> edits, Function<String, Path> sources, Predicate<String> anew)
            throws IOException {
        Map<String, String> texts = new TreeMap<>();
        for (Edit edit : edits) {
            String text = texts.get(edit.file());
            if (text == null) {
                text = Files.readString(sources.apply(edit.file()));
            }
            texts.put(edit.file(), replace(name, edit, text));
        }
        return new MutantLoader(anew, compile(name, texts));
    }

    private static String replace(String name, Edit edit, String text) {
        String pattern = Stream.of(edit.before().strip().split("\\s+"))
                .map(Pattern::quote)
                .collect(Collectors.joining("\\s+"));
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        long found = matcher.results().count();
        if (found != 1) {
            throw new IllegalStateException("mutant \"" + name + "\": its piece of code is found " + found
                    + " times in " + edit.file() + "; write the mutant anew: " + edit.before());
        }
        return matcher.reset().replaceFirst(Matcher.quoteReplacement(edit.after()));
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!anew.test(name)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        byte[] bytes = changed.get(name);
        if (bytes == null) {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                bytes = in.readAllBytes();
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
        return defineClass(name, bytes, 0, bytes.length);
    }

    private static Map<String, byte[]> compile(String mutant, Map<String, String> texts) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> messages = new DiagnosticCollector<>();
        Map<String, ByteArrayOutputStream> classes = new HashMap<>();
        List<JavaFileObject> sources = texts.entrySet().stream()
                .<JavaFileObject>map(entry -> new Source(entry.getKey(), entry.getValue()))
                .toList();
        try (StandardJavaFileManager standard = compiler.getStandardFileManager(messages, null, null)) {
            JavaFileManager memory = new ForwardingJavaFileManager<>(standard) {
                @Override
                public JavaFileObject getJavaFileForOutput(
                        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    classes.put(className, bytes);
                    return new SimpleJavaFileObject(URI.create("mutant:///" + className), kind) {
                        @Override
                        public OutputStream openOutputStream() {
                            return bytes;
                        }
                    };
                }
            };
            String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
            List<String> flags = List.of("-proc:none", "-nowarn", "-classpath", classPath);
            if (!compiler.getTask(null, memory, messages, flags, null, sources).call()) {
                throw new IllegalStateException(
                        "mutant \"" + mutant + "\" does not compile: " + messages.getDiagnostics());
            }
        }
        Map<String, byte[]> bytes = new HashMap<>();
        classes.forEach((name, out) -> bytes.put(name, out.toByteArray()));
        return bytes;
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String file, String text) {
            super(URI.create("mutant:///" + file), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }

        @Override
        public boolean isNameCompatible(String simpleName, Kind kind) {
            return true;
        }
    }
}
