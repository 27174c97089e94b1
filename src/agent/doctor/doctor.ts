import type { NodeReport } from '../../model/doctor.ts';
import { runChecks } from './checks.ts';
import type { DoctorPorts } from './ports.ts';
import { createPing, mostPeers, reachPeers, reachTasks } from './reach.ts';

/** Looks at this node now, and gives what it found. */
export type Doctor = (signal: AbortSignal) => Promise<NodeReport>;

export const createDoctor =
  (ports: DoctorPorts): Doctor =>
  async (signal) => {
    const ping = createPing(ports.exec, signal);
    const at = ports.clock.now();
    // What was wiped is back before anything is tried.
    const checks = await runChecks(ports, signal);
    const view = ports.network.view();
    const [peers, tasks] = await Promise.all([reachPeers(view, ping), reachTasks(view, ports, ping, signal)]);
    const { findings } = ports.network.view();
    const untried = Math.max(0, view.peers.length - mostPeers);
    return {
      at,
      checks,
      peers,
      untried,
      tasks,
      findings: findings.map(({ details, ...others }) => ({ ...others, details: [...details] })),
    };
  };
