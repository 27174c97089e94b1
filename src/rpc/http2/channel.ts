import { constants, type Http2Stream } from 'node:http2';
import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import { createFrameReader, encodeFrame } from '../frames.ts';
import type { Channel, ChannelHandlers } from '../transport.ts';

export interface StreamChannelOptions<In> {
  readonly stream: Http2Stream;
  readonly clock: Clock;
  /** Longest message taken. */
  readonly maxBytes: number;
  /** Undefined: a message of a kind that is not known here. Throws what is not valid. */
  readonly parse: (text: string) => In | undefined;
}

export interface StreamChannel<Out, In> {
  readonly channel: Channel<Out>;
  readonly attach: (handlers: ChannelHandlers<In>) => void;
}

/**
 * The last frame of an orderly end. HTTP/2's own end of a stream does not do: a connection that is torn down looks the
 * same at times.
 */
const endFrame = '{"kind":"end"}';

/** How long an orderly end may take before the connection is broken off. */
const lingerMs = 2000;

/**
 * A channel on one HTTP/2 stream that has its connection to itself. `attach` begins the delivery. Whatever goes wrong
 * with the other end's bytes ends this channel and nothing else.
 */
export const createStreamChannel = <Out, In>(options: StreamChannelOptions<In>): StreamChannel<Out, In> => {
  const { stream, clock } = options;
  let handlers: ChannelHandlers<In> | undefined;
  let open = true;

  const finish = (reason: TuttiError | undefined) => {
    if (!open) return;
    open = false;
    handlers?.closed(reason);
  };
  const breakOff = (reason: TuttiError) => {
    finish(reason);
    const { session } = stream;
    stream.close(constants.NGHTTP2_CANCEL);
    session?.destroy();
  };
  const endOrderly = () => {
    finish(undefined);
    stream.end(`${endFrame}\n`);
    stream.session?.close();
    clock.after(lingerMs, () => stream.session?.destroy());
  };
  const read = createFrameReader(options.maxBytes, (text) => {
    if (!open) return;
    if (text === endFrame) {
      endOrderly();
      return;
    }
    const message = options.parse(text);
    if (message !== undefined) handlers?.message(message);
  });
  const take = (chunk: Buffer) => {
    if (!open) return;
    handlers?.heard?.();
    try {
      read(chunk);
    } catch (error) {
      breakOff(TuttiError.from(error));
    }
  };
  const lost = () => {
    finish(new TuttiError('unavailable', 'the connection was lost'));
    stream.session?.destroy();
  };

  const attach = (given: ChannelHandlers<In>) => {
    handlers = given;
    stream.on('drain', () => {
      if (open) given.drain();
    });
    stream.on('data', take);
    stream.on('end', lost);
    stream.on('close', lost);
    if (stream.destroyed) lost();
  };
  // Said by 'close' too; an error without a listener would end the process.
  stream.on('error', () => undefined);

  return {
    attach,
    channel: {
      send: (message) => (open && !stream.writableEnded ? stream.write(encodeFrame(message)) : true),
      close: (reason) => {
        if (!open) return;
        if (reason === undefined) endOrderly();
        else breakOff(reason);
      },
    },
  };
};
