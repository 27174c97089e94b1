import { TuttiError } from '../../model/errors.ts';
import type { KernelState } from './desired.ts';
import { emptyRouting, emptySixthRouting, routingBatch, sixthBatch } from './routing/batch.ts';
import type { DualRouting } from './routing/batch.ts';
import { parseRouting, parseSixthRouting } from './routing/read.ts';
import type { NftTable, NftView, Routing, SixthRouting } from './kernel-state.ts';
import { forwardingRemark, keepForwarding, restoreForwarding } from './sixth/forwarding.ts';
import { overlayDevice, routeProtocol, tableName } from './names.ts';
import { carryOut } from './nft/carry-out.ts';
import { parseNftTable } from './nft/read.ts';
import { nftScript, removalScript, viewOf } from './nft/script.ts';
import type { Exec, KernelSettings } from './ports.ts';

/** What the kernel has of ours. */
export interface FoundState {
  readonly routing: Routing;
  readonly sixth: SixthRouting;
  readonly tables: ReadonlyMap<NftTable['family'], NftView>;
}

/** Our part of the kernel's networking, by way of `ip`, `bridge` and `nft`. */
export interface Kernel {
  read(signal?: AbortSignal): Promise<FoundState>;
  /** Applies what differs, in three processes at most, in four with IPv6; gives what the kernel has then. */
  change(found: FoundState, desired: KernelState, signal?: AbortSignal): Promise<FoundState>;
  /** Removes everything of ours; what is not there is no fault. */
  clear(signal?: AbortSignal): Promise<void>;
}

const timeoutMs = 20_000;

/** @param touched Called whenever something is about to be changed. */
export function createKernel(exec: Exec, settings: KernelSettings, touched: () => void = () => undefined): Kernel {
  const run = async (command: string, args: readonly string[], input: string, signal?: AbortSignal): Promise<void> => {
    touched();
    const result = await exec(command, args, { input, timeoutMs, ...(signal && { signal }) });
    if (result.code === 0) return;
    const problem = result.stderr.trim().split('\n').slice(0, 3).join('; ');
    throw new TuttiError('unavailable', `${command} could not change the node's network: ${problem}`, {
      fields: { command, code: result.code },
    });
  };
  const batch = async (command: string, lines: readonly string[], signal?: AbortSignal): Promise<void> => {
    if (lines.length > 0) await run(command, ['-force', '-batch', '-'], `${lines.join('\n')}\n`, signal);
  };
  const batch6 = async (lines: readonly string[], signal?: AbortSignal): Promise<void> => {
    if (lines.length > 0) await run('ip', ['-6', '-force', '-batch', '-'], `${lines.join('\n')}\n`, signal);
  };
  const nft = async (lines: readonly string[], signal?: AbortSignal): Promise<void> => {
    if (lines.length === 0) return;
    touched();
    await carryOut(exec, lines, "nft could not change the node's network", { timeoutMs, ...(signal && { signal }) });
  };
  /** Whether there may be anything of IPv6: where nothing was ever wanted of it, nothing is asked for. */
  let hasSixth = true;
  return {
    read: async (signal) => await readState(exec, hasSixth, signal),
    async change(found, desired, signal) {
      const { ip, bridge } = routingBatch(found.routing, desired.routing);
      const remark = forwardingRemark(settings);
      await batch('ip', ip, signal);
      await batch6(sixthBatch(dualRouting(found), dualRouting(desired)), signal);
      if (desired.sixth !== undefined) keepForwarding(settings, remark);
      await batch('bridge', bridge, signal);
      for (const [name, value] of desired.settings) if (settings.read(name) !== value) settings.write(name, value);
      await nft(tableScripts(found, desired), signal);
      hasSixth = desired.sixth !== undefined;
      return {
        routing: desired.routing,
        sixth: sixthRouting(desired),
        tables: new Map(desired.tables.map((table) => [table.family, viewOf(table)])),
      };
    },
    async clear(signal) {
      const { routing, sixth, tables } = await readState(exec, true, signal);
      restoreForwarding(settings);
      const none = { routing: emptyRouting, sixth: emptySixthRouting };
      await batch6(sixthBatch({ routing, sixth }, none).filter(isRemoval), signal);
      await batch('ip', routingBatch(routing, emptyRouting).ip.filter(isRemoval), signal);
      const families = ['ip', 'bridge', ...(tables.has('ip6') ? ['ip6' as const] : [])] as const;
      await nft(
        families.flatMap((family) => removalScript(family)),
        signal,
      );
    },
  };
}

/** In the tools' own words, what it takes to make the one of the other. */
export function differences(
  found: FoundState,
  desired: KernelState,
): readonly { readonly what: string; readonly details: readonly string[] }[] {
  const { ip, bridge } = routingBatch(found.routing, desired.routing);
  const ip6 = sixthBatch(dualRouting(found), dualRouting(desired));
  const nft = tableScripts(found, desired);
  return [
    { what: 'routes', details: [...ip, ...ip6, ...bridge] },
    { what: 'rules', details: nft },
  ].filter(({ details }) => details.length > 0);
}

const tableScripts = (found: FoundState, desired: KernelState): string[] => [
  ...desired.tables.flatMap((table) => nftScript(found.tables.get(table.family), table)),
  // The last network with IPv6 is gone.
  ...(found.tables.has('ip6') && desired.sixth === undefined ? removalScript('ip6') : []),
];

const sixthRouting = ({ sixth }: KernelState): SixthRouting => sixth?.routing ?? emptySixthRouting;

const dualRouting = (state: KernelState | FoundState): DualRouting => ({
  routing: state.routing,
  sixth: 'publications' in state ? sixthRouting(state) : state.sixth,
});

/** Routes and neighbours go with the device; deleting them after it would only fail. */
const isRemoval = (line: string): boolean => line.startsWith('link del') || line.startsWith('rule del');

async function readState(exec: Exec, hasSixth: boolean, signal?: AbortSignal): Promise<FoundState> {
  const output = async (command: string, args: readonly string[]): Promise<string | undefined> => {
    const { code, stdout, stderr } = await exec(command, args, { timeoutMs, ...(signal && { signal }) });
    signal?.throwIfAborted();
    if (code >= 0) return code === 0 ? stdout : undefined;
    // What was not to be had is not what is not there: that would be made anew.
    throw new TuttiError(
      'unavailable',
      `${command} could not read the node's network (packages iproute2 and nftables, as root): ${stderr.trim()}`,
    );
  };
  const dev = ['dev', overlayDevice];
  const proto = ['proto', String(routeProtocol)];
  // One after the other: a change that is made beside this needs the processor more.
  const device = await output('ip', ['-j', '-d', 'addr', 'show', ...dev]);
  const rules = await output('ip', ['-j', 'rule', 'show']);
  const neighbours = await output('ip', ['-4', '-j', 'neigh', 'show', ...dev, 'nud', 'permanent']);
  const routes = await output('ip', ['-4', '-j', 'route', 'show', 'table', 'all', ...dev, ...proto]);
  const forwarding = await output('bridge', ['-j', 'fdb', 'show', ...dev]);
  const ip = await output('nft', ['-j', 'list', 'table', 'ip', tableName]);
  const bridge = await output('nft', ['-j', 'list', 'table', 'bridge', tableName]);
  const sixth = async (...args: readonly string[]) =>
    hasSixth ? await output('ip', ['-6', '-j', ...args]) : undefined;
  const neighbours6 = await sixth('neigh', 'show', ...dev, 'nud', 'permanent');
  const routes6 = await sixth('route', 'show', 'table', 'all', ...dev, ...proto);
  const rules6 = (await sixth('rule', 'show')) ?? '';
  const ip6 = hasSixth ? await output('nft', ['-j', 'list', 'table', 'ip6', tableName]) : undefined;
  if (rules === undefined) {
    throw new TuttiError('unavailable', 'the ip command does not work: install iproute2 and run the agent as root');
  }
  const tables = new Map<NftTable['family'], NftView>();
  if (ip !== undefined) tables.set('ip', parseNftTable(ip));
  if (ip6 !== undefined) tables.set('ip6', parseNftTable(ip6));
  if (bridge !== undefined) tables.set('bridge', parseNftTable(bridge));
  return {
    routing: parseRouting({ device, neighbours, routes, rules, forwarding }),
    sixth: parseSixthRouting({ device, neighbours: neighbours6, routes: routes6, rules: rules6 }),
    tables,
  };
}
