import type { OverlayLink, Paths, Routing, SixthRouting } from '../kernel-state.ts';
import { overlayDevice, routeProtocol, rulePriority, steerMark, steerMask, steerTable } from '../names.ts';
import { endRule, localRule, skipRule } from './paths.ts';

/** Lines for `ip -batch` and `bridge -batch`. */
export interface RoutingBatch {
  readonly ip: readonly string[];
  readonly bridge: readonly string[];
}

const noPaths: Paths = { neighbours: new Map(), routes: new Map(), returns: new Map(), rules: new Set() };
export const emptyRouting: Routing = { link: undefined, forwarding: new Map(), ...noPaths };
export const emptySixthRouting: SixthRouting = { address: '', ...noPaths };

/** What turns the kernel's routing into the desired one: only what differs. */
export function routingBatch(found: Routing, desired: Routing): RoutingBatch {
  const remade = desired.link !== undefined && found.link !== undefined && !isSameDevice(found.link, desired.link);
  // A device that is made anew takes its routes and neighbours with it; rules stay.
  const actual = found.link === undefined || remade ? { ...emptyRouting, rules: found.rules } : found;
  const neighbours = isReaddressed(actual, desired) ? new Map<string, string>() : actual.neighbours;
  const forwarding = difference(actual.forwarding, desired.forwarding);
  const dev = `dev ${overlayDevice}`;
  return {
    ip: [...linkCommands(actual.link, desired.link, remade), ...pathCommands({ ...actual, neighbours }, desired, 32)],
    bridge: [
      ...forwarding.gone.map((mac) => `fdb del ${mac} ${dev} dst ${actual.forwarding.get(mac)}`),
      ...forwarding.put.map(([mac, address]) => `fdb replace ${mac} ${dev} dst ${address}`),
    ],
  };
}

/** What is known of the device and of IPv6 on it, or wanted there. */
export interface DualRouting {
  readonly routing: Routing;
  readonly sixth: SixthRouting;
}

/** Lines for `ip -6 -batch`, when the device is as it should be. */
export function sixthBatch(found: DualRouting, desired: DualRouting): readonly string[] {
  const before = found.routing.link;
  const after = desired.routing.link;
  const kept = before !== undefined && after !== undefined && isSameDevice(before, after);
  const readdressed = kept && before.mac !== after.mac;
  const actual: SixthRouting = kept
    ? { ...found.sixth, ...(readdressed && { neighbours: new Map() }) }
    : { ...emptySixthRouting, rules: found.sixth.rules };
  const { address } = desired.sixth;
  return [
    ...(actual.address !== '' && actual.address !== address
      ? [`addr del ${actual.address}/128 dev ${overlayDevice}`]
      : []),
    ...(address === '' || actual.address === address ? [] : [`addr replace ${address}/128 dev ${overlayDevice} nodad`]),
    ...pathCommands(actual, desired.sixth, 128),
  ];
}

const isReaddressed = (actual: Routing, desired: Routing): boolean =>
  actual.link !== undefined && actual.link.mac !== desired.link?.mac;

/** `length`: that of the prefix of one address. */
function pathCommands(actual: Paths, desired: Paths, length: 32 | 128): readonly string[] {
  const neighbours = difference(actual.neighbours, desired.neighbours);
  const routes = difference(actual.routes, desired.routes);
  const returns = difference(actual.returns, desired.returns);
  const dev = `dev ${overlayDevice}`;
  const proto = `proto ${routeProtocol}`;
  return [
    ...neighbours.put.map(([address, mac]) => `neigh replace ${address} lladdr ${mac} ${dev} nud permanent`),
    ...byDependency(routes.put).map(([to, via]) => `route replace ${to}/${length} ${hop(via)}${dev} ${proto}`),
    ...returns.put.map(([index, via]) => `route replace default ${hop(via)}${dev} ${proto} table ${steerTable(index)}`),
    ...[...desired.rules].filter((rule) => !actual.rules.has(rule)).map((rule) => `rule add ${ruleText(rule)}`),
    ...[...actual.rules].filter((rule) => !desired.rules.has(rule)).map((rule) => `rule del ${ruleText(rule)}`),
    ...returns.gone.map((index) => `route del default ${dev} table ${steerTable(index)}`),
    ...routes.gone.map((to) => `route del ${to}/${length} ${dev}`),
    ...neighbours.gone.map((address) => `neigh del ${address} ${dev}`),
  ];
}

const hop = (via: string): string => (via === '' ? '' : `via ${via} onlink `);

/** Peers themselves first, then what is reached by way of them. */
const byDependency = (routes: readonly (readonly [string, string])[]): (readonly [string, string])[] => [
  ...routes.filter(([, via]) => via === ''),
  ...routes.filter(([, via]) => via !== ''),
];

function ruleText(rule: number): string {
  const mask = `0x${steerMask.toString(16)}`;
  const protocol = `protocol ${routeProtocol}`;
  // Only replies of containers are steered. VXLAN's outer packet inherits whatever mark the inner one has, others' too.
  if (rule === localRule) return `pref ${rulePriority.local} iif lo goto ${rulePriority.end} ${protocol}`;
  if (rule === skipRule) return `pref ${rulePriority.skip} fwmark 0/${mask} goto ${rulePriority.end} ${protocol}`;
  if (rule === endRule) return `pref ${rulePriority.end} nop ${protocol}`;
  const mark = `0x${steerMark(rule).toString(16)}`;
  return `pref ${rulePriority.steer} fwmark ${mark}/${mask} lookup ${steerTable(rule)} ${protocol}`;
}

const isSameDevice = (a: OverlayLink, b: OverlayLink): boolean =>
  a.vni === b.vni && a.port === b.port && a.local === b.local;

function linkCommands(actual: OverlayLink | undefined, desired: OverlayLink | undefined, remade: boolean): string[] {
  const removal = remade || (actual !== undefined && desired === undefined) ? [`link del ${overlayDevice}`] : [];
  if (desired === undefined) return removal;
  const { vni, port, local, mac, mtu, address } = desired;
  const made =
    actual === undefined
      ? [`link add ${overlayDevice} type vxlan id ${vni} local ${local} dstport ${port} nolearning`]
      : [];
  // An address that is set, be it the one that is there, takes the neighbours with it.
  const set = [...(actual?.mac === mac ? [] : [`address ${mac}`]), ...(actual?.mtu === mtu ? [] : [`mtu ${mtu}`])];
  return [
    ...removal,
    ...made,
    ...(set.length > 0 ? [`link set ${overlayDevice} ${set.join(' ')} up`] : []),
    ...(actual !== undefined && actual.address !== '' && actual.address !== address
      ? [`addr del ${actual.address}/32 dev ${overlayDevice}`]
      : []),
    ...(actual?.address === address ? [] : [`addr replace ${address}/32 dev ${overlayDevice}`]),
  ];
}

function difference<Key>(
  actual: ReadonlyMap<Key, string>,
  desired: ReadonlyMap<Key, string>,
): { readonly put: (readonly [Key, string])[]; readonly gone: Key[] } {
  return {
    put: [...desired].filter(([key, value]) => actual.get(key) !== value),
    gone: [...actual.keys()].filter((key) => !desired.has(key)),
  };
}
