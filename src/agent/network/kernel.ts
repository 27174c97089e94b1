import { TuttiError } from '../../model/errors.ts';
import { emptyRouting, routingBatch } from './routing-batch.ts';
import { parseRouting } from './routing-read.ts';
import type { KernelState, NftTable, NftView, Routing } from './kernel-state.ts';
import { overlayDevice, routeProtocol, tableName } from './names.ts';
import { parseNftTable } from './nft-read.ts';
import { nftScript, removalScript, viewOf } from './nft-script.ts';
import type { Exec, KernelSettings } from './ports.ts';

/** What the kernel has of ours. */
export interface FoundState {
  readonly routing: Routing;
  readonly tables: ReadonlyMap<NftTable['family'], NftView>;
}

/** Our part of the kernel's networking, by way of `ip`, `bridge` and `nft`. */
export interface Kernel {
  read(signal?: AbortSignal): Promise<FoundState>;
  /** Applies what differs, in three processes at most; gives what the kernel has then. */
  change(found: FoundState, desired: KernelState, signal?: AbortSignal): Promise<FoundState>;
  /** Removes everything of ours; what is not there is no fault. */
  clear(signal?: AbortSignal): Promise<void>;
}

export function createKernel(exec: Exec, settings: KernelSettings): Kernel {
  const run = async (command: string, args: readonly string[], input: string, signal?: AbortSignal): Promise<void> => {
    const result = await exec(command, args, { input, timeoutMs: 20_000, ...(signal && { signal }) });
    if (result.code === 0) return;
    const problem = result.stderr.trim().split('\n').slice(0, 3).join('; ');
    throw new TuttiError('unavailable', `${command} could not change the node's network: ${problem}`, {
      fields: { command, code: result.code },
    });
  };
  const batch = async (command: string, lines: readonly string[], signal?: AbortSignal): Promise<void> => {
    if (lines.length > 0) await run(command, ['-force', '-batch', '-'], `${lines.join('\n')}\n`, signal);
  };
  const nft = async (lines: readonly string[], signal?: AbortSignal): Promise<void> => {
    if (lines.length > 0) await run('nft', ['-f', '-'], `${lines.join('\n')}\n`, signal);
  };
  return {
    read: async (signal) => await readState(exec, signal),
    async change(found, desired, signal) {
      const { ip, bridge } = routingBatch(found.routing, desired.routing);
      await batch('ip', ip, signal);
      await batch('bridge', bridge, signal);
      for (const [name, value] of desired.settings) if (settings.read(name) !== value) settings.write(name, value);
      await nft(
        desired.tables.flatMap((table) => nftScript(found.tables.get(table.family), table)),
        signal,
      );
      return {
        routing: desired.routing,
        tables: new Map(desired.tables.map((table) => [table.family, viewOf(table)])),
      };
    },
    async clear(signal) {
      const { routing } = await readState(exec, signal);
      await batch('ip', routingBatch(routing, emptyRouting).ip.filter(isRemoval), signal);
      await nft([...removalScript('ip'), ...removalScript('bridge')], signal);
    },
  };
}

/** In the tools' own words, what it takes to make the one of the other. */
export function differences(
  found: FoundState,
  desired: KernelState,
): readonly { readonly what: string; readonly details: readonly string[] }[] {
  const { ip, bridge } = routingBatch(found.routing, desired.routing);
  const nft = desired.tables.flatMap((table) => nftScript(found.tables.get(table.family), table));
  return [
    { what: 'routes', details: [...ip, ...bridge] },
    { what: 'rules', details: nft },
  ].filter(({ details }) => details.length > 0);
}

/** Routes and neighbours go with the device; deleting them after it would only fail. */
const isRemoval = (line: string): boolean => line.startsWith('link del') || line.startsWith('rule del');

async function readState(exec: Exec, signal?: AbortSignal): Promise<FoundState> {
  const output = async (command: string, args: readonly string[]): Promise<string | undefined> => {
    const { code, stdout } = await exec(command, args, { timeoutMs: 20_000, ...(signal && { signal }) });
    signal?.throwIfAborted();
    return code === 0 ? stdout : undefined;
  };
  const dev = ['dev', overlayDevice];
  const [device, neighbours, routes, rules, forwarding, ip, bridge] = await Promise.all([
    output('ip', ['-j', '-d', 'addr', 'show', ...dev]),
    output('ip', ['-j', 'neigh', 'show', ...dev, 'nud', 'permanent']),
    output('ip', ['-j', 'route', 'show', 'table', 'all', ...dev, 'proto', String(routeProtocol)]),
    output('ip', ['-j', 'rule', 'show']),
    output('bridge', ['-j', 'fdb', 'show', ...dev]),
    output('nft', ['-j', 'list', 'table', 'ip', tableName]),
    output('nft', ['-j', 'list', 'table', 'bridge', tableName]),
  ]);
  if (rules === undefined) {
    throw new TuttiError('unavailable', 'the ip command does not work: install iproute2 and run the agent as root');
  }
  const tables = new Map<NftTable['family'], NftView>();
  if (ip !== undefined) tables.set('ip', parseNftTable(ip));
  if (bridge !== undefined) tables.set('bridge', parseNftTable(bridge));
  return { routing: parseRouting({ device, neighbours, routes, rules, forwarding }), tables };
}
