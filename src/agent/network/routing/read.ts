import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { OverlayLink, Paths, Routing, SixthRouting } from '../kernel-state.ts';
import { routeProtocol, rulePriority, steerIndexOfTable } from '../names.ts';
import { endRule, localRule, skipRule } from './paths.ts';

const address = z.object({ family: z.string().optional(), local: z.string().optional(), scope: z.string().optional() });
const devices = z.array(
  z.object({
    ifname: z.string().optional(),
    flags: z.array(z.string()).default([]),
    mtu: z.number().optional(),
    address: z.string().optional(),
    linkinfo: z
      .object({
        info_kind: z.string().optional(),
        info_data: z.object({ id: z.number(), local: z.string().optional(), port: z.number().optional() }).optional(),
      })
      .optional(),
    addr_info: z.array(address).default([]),
  }),
);
const neighbours = z.array(z.object({ dst: z.string(), lladdr: z.string().optional() }));
const routes = z.array(z.object({ dst: z.string(), gateway: z.string().optional(), table: z.string().optional() }));
const rules = z.array(
  z.object({ priority: z.number(), table: z.string().optional(), protocol: z.string().optional() }),
);
const forwarding = z.array(z.object({ mac: z.string(), dst: z.string().optional() }));

/** What the tools printed, by tool; undefined where the device is not there. */
export interface PathListing {
  readonly neighbours: string | undefined;
  readonly routes: string | undefined;
  readonly rules: string;
}

export interface RoutingListing extends PathListing {
  readonly device: string | undefined;
  readonly forwarding: string | undefined;
}

/** @throws TuttiError `internal` when a tool prints something else than it used to. */
export function parseRouting(listing: RoutingListing): Routing {
  return {
    link: overlayLink(parse('ip addr', devices, listing.device)),
    forwarding: pairs(parse('bridge fdb', forwarding, listing.forwarding), ({ mac, dst }) => [mac, dst]),
    ...parsePaths(listing),
  };
}

/** As `parseRouting`; `device` is what lists the device's addresses. */
export const parseSixthRouting = (listing: PathListing & Pick<RoutingListing, 'device'>): SixthRouting => ({
  address:
    parse('ip addr', devices, listing.device)
      .flatMap(({ addr_info }) => addr_info)
      .find(({ family, scope }) => family === 'inet6' && scope === 'global')?.local ?? '',
  ...parsePaths(listing),
});

function parsePaths(listing: PathListing): Paths {
  const main = new Map<string, string>();
  const returns = new Map<number, string>();
  for (const { dst, gateway = '', table } of parse('ip route', routes, listing.routes)) {
    const index = table === undefined ? undefined : steerIndexOfTable(Number(table));
    if (index !== undefined && dst === 'default') returns.set(index, gateway);
    else if (table === undefined || table === 'main') main.set(dst, gateway);
  }
  return {
    neighbours: pairs(parse('ip neigh', neighbours, listing.neighbours), ({ dst, lladdr }) => [dst, lladdr]),
    routes: main,
    returns,
    rules: new Set(parse('ip rule', rules, listing.rules).flatMap(ruleIndex)),
  };
}

function ruleIndex({ priority, table, protocol }: z.infer<typeof rules>[number]): number[] {
  if (protocol !== String(routeProtocol)) return [];
  if (priority === rulePriority.local) return [localRule];
  if (priority === rulePriority.skip) return [skipRule];
  if (priority === rulePriority.end) return [endRule];
  const index = steerIndexOfTable(Number(table));
  return priority === rulePriority.steer && index !== undefined ? [index] : [];
}

/** A device that is down, or is no VXLAN device, does not count: it is made anew. */
function overlayLink(found: z.infer<typeof devices>): OverlayLink | undefined {
  const device = found.find(({ ifname }) => ifname !== undefined);
  if (device === undefined) return undefined;
  const data = device.linkinfo?.info_kind === 'vxlan' ? device.linkinfo.info_data : undefined;
  const up = device.flags.includes('UP');
  return {
    vni: up ? (data?.id ?? 0) : 0,
    port: data?.port ?? 0,
    local: data?.local ?? '',
    mac: device.address ?? '',
    mtu: device.mtu ?? 0,
    address: device.addr_info.find(({ family }) => family === 'inet')?.local ?? '',
  };
}

function parse<Row>(tool: string, schema: z.ZodType<Row[]>, text: string | undefined): Row[] {
  if (text === undefined || text.trim() === '') return [];
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new TuttiError('internal', `${tool} listed in an unknown form: ${parsed.error.message}`);
}

function pairs<Row>(rows: readonly Row[], pair: (row: Row) => [string, string | undefined]): Map<string, string> {
  return new Map(rows.map(pair).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
}
