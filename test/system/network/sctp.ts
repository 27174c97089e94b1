import assert from 'node:assert/strict';
import { systemExec } from '../../../src/platform/exec.ts';

/** The first packet of an SCTP association: header and INIT; see RFC 9260, 3.3.2. For kernels that have no SCTP of their own. */
export function sctpInit(from: number, to: number): Buffer {
  const packet = Buffer.alloc(32);
  packet.writeUInt16BE(from, 0);
  packet.writeUInt16BE(to, 2);
  packet.writeUInt8(1, 12);
  packet.writeUInt16BE(20, 14);
  packet.writeUInt32BE(0x1234_5678, 16);
  packet.writeUInt32BE(65_536, 20);
  packet.writeUInt16BE(1, 24);
  packet.writeUInt16BE(1, 26);
  packet.writeUInt32LE(crc32c(packet), 8);
  return packet;
}

function crc32c(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

/** Sends it as the contents of an IP packet of protocol 132, which node has no sockets for. */
export async function sendRaw(address: string, packet: Buffer): Promise<void> {
  const program =
    'use Socket qw(:all); $to = $ARGV[0] =~ /:/ ? pack_sockaddr_in6(0, inet_pton(AF_INET6, $ARGV[0])) : pack_sockaddr_in(0, inet_aton($ARGV[0])); socket(S, sockaddr_family($to), SOCK_RAW, 132) or die $!; send(S, pack("H*", $ARGV[1]), 0, $to) or die $!';
  const { code, stderr } = await systemExec('perl', ['-e', program, address, packet.toString('hex')]);
  assert.equal(code, 0, stderr);
}
