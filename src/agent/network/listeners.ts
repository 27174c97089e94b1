import type { Listener } from '../../model/listener.ts';
import type { Exec } from './ports.ts';

export interface ListenerPorts {
  readonly exec: Exec;
  /** Gateways of the networks here: the resolver that listens there makes way for nobody, and is in nobody's way. */
  readonly gateways: () => readonly string[];
}

/** Which of these ports processes of this machine listen on, containers and their proxies aside. */
export const findListeners = async (
  { exec, gateways }: ListenerPorts,
  ports: readonly number[],
  signal: AbortSignal,
): Promise<readonly Listener[]> => {
  const asked = new Set(ports);
  const list = async (options: string): Promise<readonly Listener[]> => {
    const { code, stdout } = await exec('ss', [options], { timeoutMs: 5_000, signal });
    const own = new Set(gateways());
    return code === 0 ? parseListeners(stdout).filter(({ port, address }) => asked.has(port) && !own.has(address)) : [];
  };
  // To whom they belong is costly to tell, and mostly nobody is there.
  if ((await list('-Hlntu')).length === 0) return [];
  // Which containers publish what, their engine tells.
  return (await list('-Hlntup')).filter(({ process }) => !process.startsWith('docker-proxy '));
};

/** From here on the kernel gives ports to whoever asks somebody else something by UDP. */
const firstEphemeralPort = 32_768;

/** Reads `ss -Hlntup`: `udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("named",pid=7,fd=3))`. */
export const parseListeners = (text: string): readonly Listener[] => {
  const found = text.split('\n').flatMap((line): readonly Listener[] => {
    const [protocol, , , , local = '', , users = ''] = line.trim().split(/\s+/);
    const [, host = '', number] = /^(.*):(\d+)$/.exec(local) ?? [];
    const port = Number(number);
    if ((protocol !== 'tcp' && protocol !== 'udp') || !(port > 0)) return [];
    if (protocol === 'udp' && port >= firstEphemeralPort) return [];
    const [, name, pid] = /\("([^"]*)",pid=(\d+)/.exec(users) ?? [];
    const address = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
    const process = name === undefined ? '' : `${name} (process ${pid})`;
    return [{ protocol, address: address === '*' ? '' : address, port, process }];
  });
  // Servers listen with several sockets at one address.
  return [...new Map(found.map((one) => [`${one.protocol} ${one.address} ${one.port}`, one])).values()];
};
