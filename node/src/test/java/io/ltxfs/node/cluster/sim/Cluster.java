package io.ltxfs.node.cluster.sim;

import io.ltxfs.node.cluster.Peer;
import java.util.ArrayList;
import java.util.List;

/** The machines of a run and what is between them. */
final class Cluster {
    final World world;
    final Plan plan;
    final Network network;
    final Store store;
    final Judge judge;
    final Trouble trouble;
    final List<Machine> machines = new ArrayList<>();
    final boolean loud;
    private int runs;

    Cluster(long seed, String profile, boolean loud) {
        this.loud = loud;
        this.world = new World(seed, loud);
        this.plan = new Plan(world, profile);
        this.network = new Network(world, plan.networkDelayMax, plan.lossOneIn);
        this.judge = new Judge(this);
        this.store = new Store(world, plan.storeFaultOneIn, plan.storeDelayMax, judge::writes);
        this.trouble = new Trouble(this);
        for (int i = 0; i < plan.nodes; i++) {
            machines.add(new Machine(world, String.valueOf((char) ('A' + i)), Plan.RATE_ERROR / 2));
        }
    }

    Machine machine(Peer peer) {
        return machines.get(peer.node().charAt(0) - 'A');
    }

    /** Starts a node on a machine where none runs. */
    void start(Machine machine) {
        if (machine.process == null || machine.process.dead()) {
            machine.disk.recover();
            Node node = new Node(this, machine, ++runs);
            machine.process = node;
            node.start();
        }
    }

    /** The node on a machine ends, at once; a power cut loses what was not flushed. */
    void kill(Machine machine, boolean powerCut) {
        Process process = machine.process;
        if (process != null && !process.dead()) {
            world.note("{} dies{}", process, powerCut ? ", power cut" : "");
            process.die();
            network.died(process);
        }
        if (powerCut) {
            machine.disk.crash(world);
        }
    }
}
