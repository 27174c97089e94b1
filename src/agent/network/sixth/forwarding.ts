import { overlayDevice } from '../names.ts';
import type { KernelSettings } from '../ports.ts';

const conf = '/proc/sys/net/ipv6/conf';
const forwarding = `${conf}/all/forwarding`;
/** What was there before stands where it is lost with what it is about: in the device's own remark. */
const remark = `/sys/class/net/${overlayDevice}/ifalias`;
const remarkStart = 'tutti: IPv6 forwarding was off, accept_ra was on: ';
const longestRemark = 250;

/** What was remarked on the device; the device may be made anew, and the remark with it. */
export const forwardingRemark = ({ read }: Pick<KernelSettings, 'read'>): string => read(remark) ?? '';

/**
 * Has the machine forward IPv6, once the overlay's device is there. A machine that forwards does not take its own route
 * from routers any more, unless it is told that it does (accept_ra 2). `before`: the remark that was there.
 */
export function keepForwarding(settings: KernelSettings, before: string): void {
  if (settings.read(forwarding) !== '0') {
    if (before !== '' && forwardingRemark(settings) !== before) settings.write(remark, before);
    return;
  }
  const listening = settings
    .list(conf)
    .filter((name) => !name.startsWith(overlayDevice) && !['all', 'default', 'lo'].includes(name))
    .filter((name) => settings.read(`${conf}/${name}/accept_ra`) === '1');
  for (const name of listening) settings.write(`${conf}/${name}/accept_ra`, '2');
  settings.write(forwarding, '1');
  settings.write(remark, `${remarkStart}${listening.join(',')}`.slice(0, longestRemark));
}

/** As it was before; unless something else on the machine has come to need it. */
export function restoreForwarding(settings: KernelSettings): void {
  const found = forwardingRemark(settings);
  if (!found.startsWith(remarkStart) || othersForward(settings)) return;
  settings.write(forwarding, '0');
  for (const name of found.slice(remarkStart.length).split(',')) {
    if (settings.read(`${conf}/${name}/accept_ra`) === '2') settings.write(`${conf}/${name}/accept_ra`, '1');
  }
}

/** Bridges of the engine, not ours, with an address that is not of the link alone. */
const othersForward = ({ read }: KernelSettings): boolean =>
  (read('/proc/net/if_inet6') ?? '').split('\n').some((line) => {
    const [, , , scope, , name = ''] = line.trim().split(/\s+/);
    return scope === '00' && (name.startsWith('docker') || name.startsWith('br-'));
  });
