/** What an engine says of a container's state, with the time in it taken out: `Up 3 minutes (healthy)`. */
export interface TimedStatus {
  readonly before: string;
  readonly after: string;
  /** The time that it is counted from. */
  readonly from: 'started' | 'finished';
  readonly duration: string;
}

const shape =
  /^(?:(Up )|((?:Exited|Restarting) \(-?\d+\) ))((?:Less than a|1|\d+) seconds?|About an? (?:minute|hour)|\d+ (?:minutes|hours|days|weeks|months|years))( ago)?( \([^()]*\))?$/;

/** Undefined where there is no time in it, or it is written otherwise. */
export const timedStatus = (status: string): TimedStatus | undefined => {
  const found = shape.exec(status);
  if (found === null) return undefined;
  const [, up, ended = '', duration = '', ago = '', more = ''] = found;
  return { before: up ?? ended, after: ago + more, from: up === undefined ? 'finished' : 'started', duration };
};

/** Statuses that stay as they are for as long as the state does. */
export const isTimeless = (status: string): boolean =>
  status === 'Created' || status === 'Dead' || status === 'Removal In Progress';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** As engines write it (github.com/docker/go-units, HumanDuration). */
export const durationText = (ms: number): string => {
  const seconds = Math.floor(ms / second);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(ms / minute);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(ms / hour + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(Math.floor(ms / hour) / 24 / 365)} years`;
};
