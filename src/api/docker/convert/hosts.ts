import { TuttiError } from '../../../model/errors.ts';

/** Swarm writes extra hosts as hosts(5) does, `address name [name…]`; the model as `--add-host` does, `name:address`. */
export const hostsFrom = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => {
    const [address, ...names] = line.trim().split(/\s+/);
    if (address === undefined || address === '' || names.length === 0) {
      throw new TuttiError('invalid-argument', `Hosts: "${line}" is not "address name"`);
    }
    return names.map((name) => `${name}:${address}`);
  });

export const hostsTo = (hosts: readonly string[]): string[] =>
  hosts.map((host) => {
    const mark = host.indexOf(':');
    return `${host.slice(mark + 1)} ${host.slice(0, mark)}`;
  });
