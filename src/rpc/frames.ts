import { TuttiError } from '../model/errors.ts';

const lineFeed = 0x0a;

/**
 * Cuts a byte stream into frames: one JSON value per line. `maxBytes` bounds what a sender can make the reader hold; a
 * longer frame throws `resource-exhausted`.
 */
export const createFrameReader = (maxBytes: number, frame: (text: string) => void): ((chunk: Buffer) => void) => {
  let held: Buffer[] = [];
  let heldBytes = 0;
  const hold = (part: Buffer) => {
    heldBytes += part.length;
    if (heldBytes > maxBytes) {
      held = [];
      throw new TuttiError('resource-exhausted', `a message is longer than ${maxBytes} bytes`);
    }
    if (part.length > 0) held.push(part);
  };
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      hold(chunk.subarray(start, end));
      const whole = held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held);
      held = [];
      heldBytes = 0;
      start = end + 1;
      if (whole.length > 0) frame(whole.toString('utf8'));
    }
    hold(chunk.subarray(start));
  };
};

/** One frame. JSON never has a bare line feed in it. */
export const encodeFrame = (message: unknown): string => `${JSON.stringify(message)}\n`;
