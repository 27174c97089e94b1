import { bridgeName } from '../names.ts';
import type { KernelSettings } from '../ports.ts';

/**
 * Lets a container be given a connection that it made itself, through a port that its own service publishes: with
 * Docker's bridge-nf-call-iptables such a packet is bridged, and a bridge sends nothing back where it came from unless
 * the port is a hairpin. Gives a function for the networks whose ports are published; ports done once are remembered.
 */
export function createHairpins(settings: KernelSettings): (networkIds: Iterable<string>) => void {
  const done = new Map<string, Set<string>>();
  return (networkIds) => {
    for (const id of networkIds) {
      const directory = `/sys/class/net/${bridgeName(id)}/brif`;
      const before = done.get(id);
      const now = settings.list(directory).filter((port) => {
        return before?.has(port) === true || settings.write(`${directory}/${port}/hairpin_mode`, '1');
      });
      done.set(id, new Set(now));
    }
  };
}
