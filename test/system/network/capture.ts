import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { LabNode } from './lab.ts';

/** What was on a node's wire. */
export interface Capture {
  /** All packets, as text as far as they are any. */
  readonly text: string;
  /** `udp/4797`, `tcp/80`, `icmp`: of every packet, by where it went. */
  readonly flows: ReadonlySet<string>;
}

/** Has tcpdump listen on the node's wire, to one other node where that is given, while the work is done. */
export async function capture(
  node: Pick<LabNode, 'inside'>,
  other: LabNode | undefined,
  work: () => Promise<void>,
): Promise<Capture> {
  const filter = other === undefined ? ['ip', 'or', 'ip6'] : ['host', other.address, 'and', 'ip'];
  const [command = '', ...args] = node.inside('tcpdump', '-i', 'eth0', '--immediate-mode', '-U', '-w', '-', ...filter);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(child, 'close');
  // It says so when it listens.
  await once(child.stderr, 'data');
  try {
    await work();
  } finally {
    child.kill('SIGINT');
    await ended;
  }
  const bytes = Buffer.concat(chunks);
  return { text: bytes.toString('latin1'), flows: new Set(packets(bytes).map(flowOf)) };
}

/** The IP packets of a capture on an Ethernet device; see pcap-savefile(5). */
function packets(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const length = file.readUInt32LE(at + 8);
    found.push(file.subarray(at + 16 + 14, at + 16 + length));
    at += 16 + length;
  }
  return found;
}

function flowOf(packet: Buffer): string {
  const start = ((packet[0] ?? 0) & 15) * 4;
  const protocol = packet[9] ?? 0;
  const name = { 1: 'icmp', 6: 'tcp', 17: 'udp' }[protocol] ?? `protocol ${protocol}`;
  return protocol === 6 || protocol === 17 ? `${name}/${packet.readUInt16BE(start + 2)}` : name;
}
