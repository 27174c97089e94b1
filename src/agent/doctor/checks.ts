import { TuttiError } from '../../model/errors.ts';
import type { NodeCheck } from '../../model/doctor.ts';
import type { DoctorPorts } from './ports.ts';

type Check = (ports: DoctorPorts, signal: AbortSignal) => Promise<NodeCheck | undefined>;

const engine: Check = async ({ engine: { version }, clock }, signal) => {
  const began = clock.monotonic();
  const found = await version(AbortSignal.any([signal, AbortSignal.timeout(3_000)]));
  return { name: 'engine', ok: true, detail: `Docker ${found} answers in ${Math.round(clock.monotonic() - began)} ms` };
};

const kernel: Check = async ({ network }) => {
  const before = network.view().findings.length;
  await network.compare();
  const found = network.view().findings.slice(before);
  const mended = found.reduce((sum, { count }) => sum + count, 0);
  const detail =
    mended === 0 ? 'links, routes, neighbours and rules are as they should be' : `${mended} mended just now`;
  return { name: 'kernel', ok: true, detail };
};

const resolver: Check = async ({ network, resolves }) => {
  const { self, networks, endpoints } = network.view();
  // A network that nothing here is on yet, such as the one for published ports, may not be on this node.
  const here = new Set(endpoints.filter(({ nodeId }) => nodeId === self?.id).map(({ networkId }) => networkId));
  const gateway = networks.find(({ id, internal }) => !internal && here.has(id))?.gateway;
  if (gateway === undefined) return undefined;
  const ok = await resolves(gateway);
  return {
    name: 'resolver',
    ok,
    detail: ok ? `answers on ${gateway}` : `does not answer on ${gateway}: see resolver.log`,
  };
};

const encryption: Check = async ({ network }, signal) => {
  const { self, peers, seals } = network.view();
  if (self === undefined) return undefined;
  const mode = self.encryption ?? 'off';
  const able = (await network.publicKey(signal)) !== undefined;
  const name = 'encryption';
  if (!able && mode === 'on') {
    return { name, ok: false, detail: 'on, and there is no WireGuard here: install wireguard-tools and wireguard-go' };
  }
  const clear = peers.filter(({ address, machine }) => {
    return machine !== self.machine && seals.get(address)?.wanted !== true;
  });
  if (mode === 'auto' && clear.length > 0) {
    const names = clear.slice(0, 5).map((peer) => peer.name);
    return { name, ok: false, detail: `in clear with ${names.join(', ')}: WireGuard is missing here or there` };
  }
  const sealed = [...seals.values()].filter(({ seal }) => seal === 'sealed').length;
  return { name, ok: true, detail: `${mode}; ${sealed} of ${peers.length} other nodes sealed` };
};

const tools: Check = async ({ exec }, signal) => {
  const wanted = ['conntrack', 'iptables', 'nft', 'ip', 'bridge', 'ping', 'nsenter'];
  const script = 'for t in "$@"; do command -v "$t" >/dev/null || echo "$t"; done';
  const { stdout } = await exec('sh', ['-c', script, 'sh', ...wanted], { timeoutMs: 3_000, signal });
  const missing = stdout.split('\n').filter((line) => line !== '');
  const detail = missing.length === 0 ? 'all there' : `missing: ${missing.join(', ')}`;
  return { name: 'tools', ok: missing.length === 0, detail };
};

const door: Check = async ({ doorProblem }) => {
  const problem = doorProblem?.();
  return problem === undefined ? undefined : { name: 'front door', ok: false, detail: problem.slice(0, 4096) };
};

const reach: Check = async ({ unreachable }) => {
  const names = unreachable?.() ?? [];
  if (names.length === 0) return undefined;
  const detail = `${names.slice(0, 5).join(', ')} not reached: its tasks are given nothing while others are reached`;
  return { name: 'other nodes', ok: false, detail };
};

const checks: Readonly<Record<string, Check>> = { engine, kernel, resolver, encryption, tools, door, reach };

/** All checks at once; one that throws is one that failed. */
export async function runChecks(ports: DoctorPorts, signal: AbortSignal): Promise<NodeCheck[]> {
  const one = async ([name, check]: [string, Check]): Promise<NodeCheck | undefined> => {
    try {
      return await check(ports, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      return { name, ok: false, detail: TuttiError.from(thrown).message };
    }
  };
  return (await Promise.all(Object.entries(checks).map(one))).filter((check) => check !== undefined);
}
