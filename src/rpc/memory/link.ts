import type { Clock } from '../../platform/ports.ts';

/** One direction of a connection: keeps order, delays, and holds everything while the way is cut. */
export interface Link<Message> {
  send(message: Message): boolean;
  /** Tries again what was held: the way may be open. */
  wake(): void;
  /** Forgets what is under way; nothing is delivered any more. */
  break(): void;
}

export interface LinkOptions<Message> {
  readonly clock: Clock;
  /** Milliseconds that the next message takes. */
  readonly delay: () => number;
  readonly cut: () => boolean;
  readonly deliver: (message: Message) => void;
  readonly drained: () => void;
}

/** Messages that may be under way before `send` says that the other end does not keep up. */
const window = 64;

export const createLink = <Message>(options: LinkOptions<Message>): Link<Message> => {
  let queue: { readonly message: Message; readonly at: number }[] = [];
  let full = false;
  let broken = false;
  let waiting = false;

  const schedule = () => {
    const first = queue[0];
    if (first === undefined || waiting || broken || options.cut()) return;
    waiting = true;
    options.clock.after(Math.max(0, first.at - options.clock.monotonic()), run);
  };
  const run = () => {
    waiting = false;
    if (broken || options.cut()) return;
    const now = options.clock.monotonic();
    while (queue[0] !== undefined && queue[0].at <= now) {
      const { message } = queue[0];
      queue = queue.slice(1);
      options.deliver(message);
      if (isBroken()) return;
    }
    if (full && queue.length === 0) {
      full = false;
      options.drained();
    }
    schedule();
  };
  // A delivery may break the link.
  const isBroken = () => broken;

  return {
    send: (message) => {
      if (broken) return true;
      const last = queue.at(-1)?.at ?? 0;
      queue.push({ message, at: Math.max(last, options.clock.monotonic() + options.delay()) });
      schedule();
      if (queue.length >= window) full = true;
      return !full;
    },
    wake: schedule,
    break: () => {
      broken = true;
      queue = [];
    },
  };
};
