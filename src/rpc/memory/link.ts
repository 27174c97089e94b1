import type { Clock, Timer } from '../../platform/ports.ts';

/** One direction of a connection: keeps order, delays, and sends again what is lost while the way is cut, when TCP would. */
export interface Link<Message> {
  send(message: Message): boolean;
  /** Forgets what is under way; nothing is delivered any more. */
  break(): void;
}

export interface LinkOptions<Message> {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
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

interface Item<Message> {
  readonly message: Message;
  /** How long it is under way each time, in milliseconds. */
  readonly takes: number;
  sentAt: number;
  /** Since it was sent last: the way was cut at its beginning or at its end. */
  lost: boolean;
  /** Until it is sent again, should it be lost. */
  pause: number;
}

export const createLink = <Message>({ clock, cut, ...options }: LinkOptions<Message>): Link<Message> => {
  let queue: readonly Item<Message>[] = [];
  let full = false;
  let broken = false;
  let timer: Timer | undefined;

  const dueAt = ({ lost, sentAt, takes, pause }: Item<Message>): number => sentAt + (lost ? pause : takes);
  /** The first of the queue is all that is waited for: what is behind it comes after it. */
  const schedule = () => {
    const first = queue[0];
    if (first === undefined || timer !== undefined || broken) return;
    timer = clock.after(Math.max(0, dueAt(first) - clock.monotonic()), () => {
      timer = undefined;
      if (first.lost) sendAgain(first);
      else arrive();
      schedule();
    });
  };
  const sendAgain = (item: Item<Message>) => {
    item.sentAt = clock.monotonic();
    item.lost = cut();
    item.pause *= 2;
  };
  const arrive = () => {
    const now = clock.monotonic();
    for (let first = queue[0]; first !== undefined && !first.lost && dueAt(first) <= now; first = queue[0]) {
      first.lost = cut();
      if (first.lost) return;
      queue = queue.slice(1);
      // This may break the link.
      options.deliver(first.message);
    }
    if (!full || broken || queue.length > 0) return;
    full = false;
    options.drained();
  };

  return {
    send: (message) => {
      if (broken) return true;
      const item = { message, takes: options.delay(), sentAt: clock.monotonic(), lost: cut(), pause: retransmitMs };
      queue = [...queue, item];
      schedule();
      if (queue.length >= window) full = true;
      return !full;
    },
    break: () => {
      broken = true;
      queue = [];
      timer?.cancel();
    },
  };
};
