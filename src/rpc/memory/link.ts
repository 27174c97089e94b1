import type { Clock } from '../../platform/ports.ts';

/** One direction of a connection: keeps order, delays, and holds everything while the way is cut, and after that as long as TCP does. */
export interface Link<Message> {
  send(message: Message): boolean;
  /** The way may be open: what was held is sent again when it is due. */
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

/** The kernel sends again what was lost after so long, and each time after twice as long, whether the way is open or not. */
const retransmitMs = 200;

const retransmittedAt = (lostAt: number, now: number): number => {
  let at = lostAt;
  for (let pause = retransmitMs; at < now; pause *= 2) at += pause;
  return at;
};

export const createLink = <Message>(options: LinkOptions<Message>): Link<Message> => {
  let queue: { readonly message: Message; at: number }[] = [];
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
    wake: () => {
      const first = queue[0];
      if (first !== undefined && !waiting) first.at = retransmittedAt(first.at, options.clock.monotonic());
      schedule();
    },
    break: () => {
      broken = true;
      queue = [];
    },
  };
};
