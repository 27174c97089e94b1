import type { LogLine } from '../../manager/manager.ts';

/** Which of Docker's streams a frame belongs to; `system` tells of faults in the middle of a log. */
const streams = { stdout: 1, stderr: 2, system: 3 } as const;

const headerSize = 8;

/** One frame of Docker's multiplexed stream: `[stream, 0, 0, 0, length (32 bits, big-endian)]` and the payload. */
export const frameOf = (stream: keyof typeof streams, payload: Uint8Array): Buffer => {
  const frame = Buffer.alloc(headerSize + payload.length);
  frame.writeUInt8(streams[stream], 0);
  frame.writeUInt32BE(payload.length, 4);
  frame.set(payload, headerSize);
  return frame;
};

/** What clients read the task and node of a line from, in front of it: sorted `key=value` pairs. */
export const detailsOf = ({ task }: LogLine): string =>
  [
    `com.docker.swarm.node.id=${task.nodeId ?? ''}`,
    `com.docker.swarm.service.id=${task.serviceId}`,
    `com.docker.swarm.task.id=${task.id}`,
  ].join(',');

const space = 0x20;

/** The line as a client gets it: `[timestamp ][details ]text`. A line with timestamps begins with its own. */
export const textOf = (line: LogLine, options: { readonly details: boolean; readonly timestamps: boolean }): Buffer => {
  const data = Buffer.from(line.data);
  if (!options.details) return data;
  const details = Buffer.from(`${detailsOf(line)} `);
  const mark = options.timestamps ? data.indexOf(space) + 1 : 0;
  return Buffer.concat([data.subarray(0, mark), details, data.subarray(mark)]);
};
