package io.ltxfs.node.roles;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A node without a cluster ({@code lease.url: local}): it is the primary, and stays so. */
public final class AloneRoles implements Roles {
    private final ClusterView.Member self;
    private final BooleanSupplier serving;
    private final Supplier<List<String>> warnings;

    /**
     * A node's role.
     *
     * @param serving whether the mount is there
     * @param warnings what is wrong with what its commits wait for
     */
    public AloneRoles(ClusterView.Member self, BooleanSupplier serving, Supplier<List<String>> warnings) {
        this.self = self;
        this.serving = serving;
        this.warnings = warnings;
    }

    @Override
    public ClusterView view() {
        return ClusterView.alone(serving.getAsBoolean(), self, warnings.get());
    }

    @Override
    public CompletableFuture<String> promote(boolean force) {
        return CompletableFuture.completedFuture(self.node() + " is alone, and always the primary");
    }

    @Override
    public CompletableFuture<String> handOff(Optional<String> node) {
        return CompletableFuture.failedFuture(new RoleException(
                "this node is alone: lease.url is local", "give all nodes the same lease.url to make them a cluster"));
    }
}
