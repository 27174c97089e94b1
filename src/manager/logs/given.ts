import type { AgentLogLine } from './gateway.ts';

type Stream = AgentLogLine['stream'];

/** How far a stream was given: the time of its last line, by the engine's clock, and how many bytes of that very time. */
interface Mark {
  readonly time: string;
  readonly bytes: number;
}

/**
 * What was given of a log, to go on behind it in the next answer. `inOrder`: the lines of one stream come in the same order
 * again, as those of one container do; else only their times tell. Lines without a time are not noted, and new each time.
 */
export class Given {
  readonly #inOrder: boolean;
  readonly #marks = new Map<Stream, Mark>();
  #last = '';
  #newest = '';

  constructor(inOrder: boolean) {
    this.#inOrder = inOrder;
  }

  note({ stream, time, data }: AgentLogLine): void {
    if (time === undefined) return;
    const mark = this.#marks.get(stream);
    if (!this.#inOrder && mark !== undefined && time < mark.time) return;
    const bytes = data.length + (time === mark?.time ? mark.bytes : 0);
    this.#marks.set(stream, { time, bytes });
    this.#last = this.#inOrder || time > this.#last ? time : this.#last;
    if (time > this.#newest) this.#newest = time;
  }

  /** From when on there may be more, in milliseconds since the epoch; undefined: no time was told. */
  since(): number | undefined {
    if (this.#marks.size === 0) return undefined;
    const times = [...this.#marks.values()].map(({ time }) => Date.parse(time));
    return this.#wentBack() ? Math.min(...times) : Math.max(...times);
  }

  /** Of each line of the next answer what was not given yet. */
  rest(): (line: AgentLogLine) => AgentLogLine | undefined {
    const marks = new Map(this.#marks);
    const reached = new Set<Stream>();
    const newest = this.#wentBack() ? this.#newest : undefined;
    return (line) => {
      const { stream, time, data } = line;
      const mark = marks.get(stream);
      if (mark === undefined || time === undefined) return line;
      if (time === mark.time) {
        reached.add(stream);
        marks.set(stream, { time, bytes: Math.max(0, mark.bytes - data.length) });
        return data.length > mark.bytes ? { ...line, data: data.subarray(mark.bytes) } : undefined;
      }
      // Before its mark is reached, what is not newer than all that was given was written before the clock went back.
      if (time <= (newest ?? mark.time) && !(this.#inOrder && reached.has(stream))) return undefined;
      if (this.#inOrder) marks.delete(stream);
      return line;
    };
  }

  /** The node's clock stepped back, and did not catch up since. */
  #wentBack(): boolean {
    return this.#last < this.#newest;
  }
}
