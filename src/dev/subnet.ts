/** Development clusters live in 10.99.N.0/24, N from 0 up. */
export const subnetPrefix = (subnet: number): string => `10.99.${subnet}`;

/** The node with index 0 is .1, and so on. */
export const nodeAddress = (subnet: number, index: number): string => `${subnetPrefix(subnet)}.${index + 1}`;

/** This machine, as nodes see it. */
export const uplinkAddress = (subnet: number): string => `${subnetPrefix(subnet)}.253`;

export const switchAddress = (subnet: number): string => `${subnetPrefix(subnet)}.254`;

/** The IPv6 address that goes with an IPv4 one, where the cluster has both: fd99:N+1::K for 10.99.N.K. */
export const sixthAddress = (address: string): string => {
  const [, , subnet = 0, host = 0] = address.split('.').map(Number);
  return `fd99:${(subnet + 1).toString(16)}::${host.toString(16)}`;
};

/** The interface by which this machine reaches the nodes. */
export const uplinkName = (subnet: number): string => `tutti-${subnet}`;

export const maximumNodes = 250;

/** The subnets that no route of this machine (`ip -4 route show table all`) touches, lowest first. */
export function freeSubnets(routes: string): readonly number[] {
  const taken = new Set([...routes.matchAll(/\b10\.99\.(\d{1,3})\.\d{1,3}/g)].map((match) => Number(match[1])));
  return Array.from({ length: 256 }, (_, subnet) => subnet).filter((subnet) => !taken.has(subnet));
}

/** The hardware address of the node that has an IPv4 address: locally administered, its last four bytes the address. */
export const hardwareAddress = (address: string): string =>
  ['02', '74', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
