import { TuttiError } from '../../model/errors.ts';
import type { AgentMessage, ManagerMessage } from '../../model/protocol.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Channel, ChannelHandlers } from '../transport.ts';
import { createLink } from './link.ts';
import type { Link } from './link.ts';

type Packet<Message> =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'end'; readonly reason: TuttiError | undefined };

interface End<Out, In> {
  readonly channel: Channel<Out>;
  attach(handlers: ChannelHandlers<In>): void;
  /** The connection is lost, as this end sees it. */
  lose(reason: TuttiError): void;
  readonly deliver: (packet: Packet<In>) => void;
  readonly drained: () => void;
}

const createEnd = <Out, In>(link: () => Link<Packet<Out>>, ended: () => void): End<Out, In> => {
  let handlers: ChannelHandlers<In> | undefined;
  let open = true;
  const finish = (reason: TuttiError | undefined) => {
    if (!open) return;
    open = false;
    handlers?.closed(reason);
    ended();
  };
  return {
    channel: {
      send: (message) => (open ? link().send({ kind: 'message', message }) : true),
      close: (reason) => {
        if (!open) return;
        link().send({ kind: 'end', reason: reason && new TuttiError('unavailable', 'the other end broke the stream') });
        finish(reason);
      },
    },
    attach: (given) => {
      handlers = given;
    },
    lose: finish,
    deliver: (packet) => {
      if (!open) return;
      handlers?.heard?.();
      if (packet.kind === 'message') handlers?.message(packet.message);
      else finish(packet.reason);
    },
    drained: () => {
      if (open) handlers?.drain();
    },
  };
};

/** Both ends of one stream between an agent and a manager. */
export interface Connection {
  readonly agent: End<AgentMessage, ManagerMessage>;
  readonly manager: End<ManagerMessage, AgentMessage>;
  /** Nothing goes through any more. `told`: which ends notice it now. */
  break(told: { readonly agent: boolean; readonly manager: boolean }): void;
}

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly delay: () => number;
  readonly cut: () => boolean;
  /** Both ends are closed. */
  readonly ended: () => void;
}

export const createConnection = (options: ConnectionOptions): Connection => {
  let endings = 0;
  const ended = () => {
    endings += 1;
    if (endings === 2) options.ended();
  };
  const agent: Connection['agent'] = createEnd<AgentMessage, ManagerMessage>(() => up, ended);
  const manager: Connection['manager'] = createEnd<ManagerMessage, AgentMessage>(() => down, ended);
  const { clock, delay, cut } = options;
  const up = createLink<Packet<AgentMessage>>({
    clock,
    delay,
    cut,
    deliver: manager.deliver,
    drained: agent.drained,
  });
  const down = createLink<Packet<ManagerMessage>>({
    clock,
    delay,
    cut,
    deliver: agent.deliver,
    drained: manager.drained,
  });
  return {
    agent,
    manager,
    break: (told) => {
      up.break();
      down.break();
      const reason = new TuttiError('unavailable', 'the connection was lost');
      if (told.agent) agent.lose(reason);
      if (told.manager) manager.lose(reason);
    },
  };
};
