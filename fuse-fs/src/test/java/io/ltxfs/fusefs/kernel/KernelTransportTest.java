package io.ltxfs.fusefs.kernel;

import io.ltxfs.fusefs.transport.Transport;

final class KernelTransportTest extends TransportContract {
    @Override
    Transport transport() {
        return new KernelTransport();
    }
}
