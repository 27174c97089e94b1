import type { OptAnswer } from 'dns-packet';

/** What says that EDNS is spoken, with nothing more to it. */
export const opt: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};
