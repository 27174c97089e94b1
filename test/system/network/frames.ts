/** Ethernet frames that no honest container sends, and a way to send them from its network namespace. */
import { parseAddress } from '../../../src/model/ipv4.ts';
import { parseAddress6 } from '../../../src/model/ipv6.ts';

const broadcast = 'ff:ff:ff:ff:ff:ff';
const allNodes = { mac: '33:33:00:00:00:01', address: 'ff02::1' };

const bytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex');
const word = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const fourth = (address: string): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(parseAddress(address));
  return buffer;
};
const sixth = (address: string): Buffer => Buffer.from(parseAddress6(address).toString(16).padStart(32, '0'), 'hex');

/** The checksum of the Internet's protocols (RFC 1071). */
function checksum(buffer: Buffer): number {
  let sum = 0;
  for (let at = 0; at < buffer.length; at += 2) sum += ((buffer[at] ?? 0) << 8) | (buffer[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The same bytes with their checksum, over `header` as well, at `at`. */
function summed(buffer: Buffer, at: number, header: Buffer = Buffer.alloc(0)): Buffer {
  buffer.writeUInt16BE(checksum(Buffer.concat([header, buffer])), at);
  return buffer;
}

const ethernet = (mac: string, toMac: string, type: number, payload: Buffer): Buffer =>
  Buffer.concat([bytes(toMac), bytes(mac), word(type), payload]);

const dontFragment = 0x40;

const ipv4 = (from: string, to: string, protocol: number, payload: Buffer, flags = 0): Buffer => {
  const head = Buffer.from([0x45, 0, 0, 0, 0, 1, flags, 0, 255, protocol, 0, 0]);
  head.writeUInt16BE(20 + payload.length, 2);
  return Buffer.concat([summed(Buffer.concat([head, fourth(from), fourth(to)]), 10), payload]);
};

function ipv6(from: string, to: string, next: number, payload: Buffer, sumAt: number): Buffer {
  const ends = Buffer.concat([sixth(from), sixth(to)]);
  const pseudo = Buffer.concat([ends, Buffer.alloc(2), word(payload.length), Buffer.from([0, 0, 0, next])]);
  const head = Buffer.concat([Buffer.from([0x60, 0, 0, 0]), word(payload.length), Buffer.from([next, 255]), ends]);
  return Buffer.concat([head, summed(payload, sumAt, pseudo)]);
}

const udpOf = (from: number, to: number, text: string): Buffer =>
  Buffer.concat([word(from), word(to), word(8 + text.length), word(0), Buffer.from(text)]);

const endOf = (end: string): readonly [string, number] => {
  const [address = '', port] = end.split(':');
  return [address, Number(port)];
};

/** Says that the address is at the MAC, as if it had been asked by `to`. */
export const arp = ({ mac, says, to, toMac }: { mac: string; says: string; to: string; toMac?: string }): Buffer => {
  const head = Buffer.from([0, 1, 8, 0, 6, 4, 0, 2]);
  const payload = Buffer.concat([head, bytes(mac), fourth(says), bytes(toMac ?? broadcast), fourth(to)]);
  return ethernet(mac, toMac ?? broadcast, 0x0806, payload);
};

/** A datagram. Ends are `10.0.0.1:53`. */
export const udp = (one: { mac: string; toMac?: string; from: string; to: string; text: string }): Buffer => {
  const [[from, source], [to, target]] = [endOf(one.from), endOf(one.to)];
  return ethernet(one.mac, one.toMac ?? broadcast, 0x0800, ipv4(from, to, 17, udpOf(source, target, one.text)));
};

/** A segment amid a TCP connection, not to be fragmented. Ends are `10.0.0.1:80`. */
export const tcp = (one: { mac: string; toMac: string; from: string; to: string; text: string }): Buffer => {
  const [[from, source], [to, target]] = [endOf(one.from), endOf(one.to)];
  const text = Buffer.from(one.text.padEnd(one.text.length + (one.text.length % 2)));
  const head = Buffer.concat([
    word(source),
    word(target),
    Buffer.alloc(8),
    Buffer.from([0x50, 0x18, 1, 0, 0, 0, 0, 0]),
  ]);
  const segment = Buffer.concat([head, text]);
  const pseudo = Buffer.concat([fourth(from), fourth(to), Buffer.from([0, 6]), word(segment.length)]);
  return ethernet(one.mac, one.toMac, 0x0800, ipv4(from, to, 6, summed(segment, 16, pseudo), dontFragment));
};

export const udp6 = (one: {
  mac: string;
  toMac: string;
  from: string;
  to: string;
  port: number;
  text: string;
}): Buffer => ethernet(one.mac, one.toMac, 0x86dd, ipv6(one.from, one.to, 17, udpOf(one.port, one.port, one.text), 6));

/** What a DHCP server answers with. */
export const dhcpOffer = ({ mac, from, text }: { mac: string; from: string; text: string }): Buffer =>
  udp({ mac, from: `${from}:67`, to: '255.255.255.255:68', text });

/** ICMP's "that way is shorter". */
export const redirect = (one: { mac: string; toMac: string; from: string; to: string; text: string }): Buffer => {
  const about = ipv4(one.to, '192.0.2.1', 17, udpOf(9, 9, one.text));
  const message = summed(Buffer.concat([Buffer.from([5, 1, 0, 0]), fourth(one.from), about]), 2);
  return ethernet(one.mac, one.toMac, 0x0800, ipv4(one.from, one.to, 1, message));
};

/** "The address is at my MAC, whatever you were told before" (RFC 4861, 4.4). */
export const neighbourAdvert = (one: {
  mac: string;
  toMac: string;
  from: string;
  to: string;
  says: string;
}): Buffer => {
  const head = Buffer.from([136, 0, 0, 0, 0x60, 0, 0, 0]);
  const message = Buffer.concat([head, sixth(one.says), Buffer.from([2, 1]), bytes(one.mac)]);
  return ethernet(one.mac, one.toMac, 0x86dd, ipv6(one.from, one.to, 58, message, 2));
};

/** "I am your router": fe80::bad, for half an hour (RFC 4861, 4.2). With the text as an option that nobody knows. */
export const routerAdvert = ({ mac, text }: { mac: string; text: string }): Buffer => {
  const head = Buffer.from([134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
  const option = Buffer.concat([Buffer.from([253, 1]), Buffer.from(text.padEnd(6).slice(0, 6))]);
  const message = Buffer.concat([head, option]);
  return ethernet(mac, allNodes.mac, 0x86dd, ipv6('fe80::bad', allNodes.address, 58, message, 2));
};

/** Sends frames by a device, as they are. */
export const frameSender =
  (inside: (...argv: string[]) => Promise<unknown>, device: number) =>
  async (...frames: readonly Buffer[]): Promise<unknown> => {
    const program =
      'use Socket; $to = pack("S n i S C C a8", 17, 3, shift, 0, 0, 6, ""); socket(S, 17, SOCK_RAW, 0) or die $!; for (@ARGV) { send(S, pack("H*", $_), 0, $to) or die $! }';
    return await inside('perl', '-e', program, String(device), ...frames.map((frame) => frame.toString('hex')));
  };
