import * as z from 'zod';
import { TuttiError } from '../model/errors.ts';
import type { Exec } from './exec.ts';

/** An IPv4 address of this machine (of this network namespace, where there are several). */
export interface InterfaceAddress {
  readonly address: string;
  readonly interface: string;
  readonly mtu: number;
}

const links = z.array(
  z.object({
    ifname: z.string(),
    mtu: z.number(),
    flags: z.array(z.string()).default([]),
    addr_info: z
      .array(z.object({ family: z.string().optional(), local: z.string().optional(), scope: z.string().optional() }))
      .default([]),
  }),
);
const routes = z.array(z.object({ dst: z.string(), dev: z.string().optional() }));

/** What `ip -json address` and `ip -json route` say, the default route's interface first. */
export const parseAddresses = (addressJson: string, routeJson: string): readonly InterfaceAddress[] => {
  const standard = routes.parse(JSON.parse(routeJson || '[]')).find(({ dst }) => dst === 'default')?.dev;
  const found = links
    .parse(JSON.parse(addressJson || '[]'))
    .flatMap((link) =>
      link.flags.includes('UP') && !link.flags.includes('LOOPBACK')
        ? link.addr_info.flatMap(({ family, local, scope }) =>
            family === 'inet' && scope === 'global' && local !== undefined
              ? [{ address: local, interface: link.ifname, mtu: link.mtu }]
              : [],
          )
        : [],
    );
  return found.toSorted((a, b) => Number(b.interface === standard) - Number(a.interface === standard));
};

/** Bridges of engines, and of ours: several machines may have the same addresses there. */
const bridges = /^(docker0|br-|tutti0|veth)/;

/** What `ip -json -6 address` says of the machine's own IPv6 addresses, in one order; those of the link alone left out. */
export const parseAddresses6 = (addressJson: string): readonly string[] =>
  links
    .parse(JSON.parse(addressJson || '[]'))
    .filter(({ ifname, flags }) => flags.includes('UP') && !flags.includes('LOOPBACK') && !bridges.test(ifname))
    .flatMap(({ addr_info }) => addr_info)
    .flatMap(({ family, local, scope }) =>
      family === 'inet6' && scope === 'global' && local !== undefined ? [local] : [],
    )
    .toSorted();

/** Asks `ip`; none where IPv6 is switched off. */
export const readAddresses6 = async (exec: Exec): Promise<readonly string[]> => {
  const { code, stdout } = await exec('ip', ['-json', '-6', 'address', 'show']);
  return code === 0 ? parseAddresses6(stdout) : [];
};

/** Asks `ip` (iproute2). Throws `unavailable` where that is missing. */
export const readAddresses = async (exec: Exec): Promise<readonly InterfaceAddress[]> => {
  const [addresses, routing] = await Promise.all([
    exec('ip', ['-json', '-4', 'address', 'show']),
    exec('ip', ['-json', '-4', 'route', 'show', 'default']),
  ]);
  if (addresses.code !== 0) {
    throw new TuttiError(
      'unavailable',
      `"ip" cannot be run (${addresses.stderr.trim()}): install the package iproute2`,
    );
  }
  return parseAddresses(addresses.stdout, routing.code === 0 ? routing.stdout : '');
};
